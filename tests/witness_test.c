// SPDX-License-Identifier: GPL-2.0
/*
 * An independent witness: whatever strace sees of a program's calls, the records
 * say as well, call by call in every thread, and nothing more.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "strace.h"
#include "trace.h"

/* Of a line that strace wrote, so much is shown when it is not as expected. */
#define SHOWN 200

FIXTURE(witness) {
	struct trace t;
	char dir[32];
	char log[64];
};

FIXTURE_SETUP(witness)
{
	struct svmtrace_config config;

	if (system("command -v strace >/dev/null"))
		SKIP(return, "there is no strace");
	strcpy(self->dir, "/tmp/witness.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->log, sizeof(self->log), "%s/log", self->dir);
	trace_config(&config);
	config.iovs_max = SVMTRACE_IOVS_MAX;
	config.preview_max = SVMTRACE_PREVIEW_MAX;
	config.ring_size = 16 << 20;
	ASSERT_EQ(0, trace_start(&self->t, &config));
}

FIXTURE_TEARDOWN(witness)
{
	char command[64];

	trace_end(&self->t);
	snprintf(command, sizeof(command), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(command));
}

/* Runs a command under strace. Return: whether it could be run. */
static bool run(const char *const *strace, const char *log, const char *const *command)
{
	const char *argv[32];
	unsigned int n = 0;
	int status;
	pid_t pid;

	while (*strace)
		argv[n++] = *strace++;
	argv[n++] = "-o";
	argv[n++] = log;
	while (*command)
		argv[n++] = *command++;
	argv[n] = NULL;
	pid = fork();
	if (!pid) {
		/* strace tells there of every buffer that it cannot read. */
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) != 127;
}

/* The next record of a thread, from @from on; NULL if there is none. */
static const struct record_view *next_of(const struct trace *t, unsigned int tid, size_t *from)
{
	for (; *from < t->n; ++*from) {
		const struct record_view *v = &t->records[*from];

		if (v->call && v->call->tid == tid)
			return &t->records[(*from)++];
	}
	return NULL;
}

static void show(const char *line, const char *where, const struct record_view *v)
{
	unsigned int i;

	printf("# strace: %.*s\n", SHOWN, line);
	if (!v) {
		puts("# there is no such record");
		return;
	}
	printf("# not so: %.*s\n# record: %u:", SHOWN, where, v->record->syscall);
	for (i = 0; i < record_nr_args(v->record->syscall); i++)
		printf(" %#llx", v->args[i]);
	printf(", entries %u %u, marks %#x, result %lld\n", v->call->iovs,
	       v->call->remote_iovs, v->record->marks, v->call->ret);
}

/* Compares the log of one thread. Return: number of calls that agree, or -1. */
static long compare_thread(const struct trace *t, const char *path, bool raw)
{
	unsigned int tid = atoi(strrchr(path, '.') + 1);
	FILE *file = fopen(path, "r");
	size_t from = 0, size = 0;
	char *line = NULL;
	long calls = 0;

	if (!file)
		return -1;
	while (calls >= 0 && getline(&line, &size, file) > 0) {
		const struct record_view *v;
		const char *where;

		line[strcspn(line, "\n")] = 0;
		if (!strace_is_call(line))
			continue;
		v = next_of(t, tid, &from);
		where = v ? strace_agrees(line, raw, v) : line;
		if (where) {
			printf("# thread %u, call %ld\n", tid, calls);
			show(line, where, v);
		}
		calls = where ? -1 : calls + 1;
	}
	free(line);
	fclose(file);
	return calls;
}

/* Compares all. Return: number of calls, all of which agree, or -1. */
static long compare(const struct trace *t, const char *log, bool raw)
{
	char pattern[64];
	glob_t paths;
	long sum = 0;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s.*", log);
	if (glob(pattern, 0, NULL, &paths))
		return -1;
	for (i = 0; i < paths.gl_pathc; i++) {
		long calls = compare_thread(t, paths.gl_pathv[i], raw);

		sum = calls < 0 || sum < 0 ? -1 : sum + calls;
	}
	globfree(&paths);
	if (sum >= 0 && t->n != (size_t)sum) {
		printf("# %zu records, but strace saw %ld calls\n", t->n, sum);
		return -1;
	}
	return sum;
}

static long witnessed(struct trace *t, const char *log, bool raw, const char *const *command)
{
	static const char *const decoded[] = { STRACE_DECODED, NULL };
	static const char *const registers[] = { STRACE_RAW, NULL };

	long calls = -1;

	if (run(raw ? registers : decoded, log, command) && trace_read(t) >= 0)
		calls = compare(t, log, raw);
	printf("# %ld calls\n", calls);
	fflush(stdout);
	return calls;
}

/* At least @calls calls, all of which agree. */
#define WITNESS(calls, ...)							\
	ASSERT_LE(calls, witnessed(&self->t, self->log, variant->raw,		\
				   (const char *const []){ __VA_ARGS__, NULL }))

FIXTURE_VARIANT(witness) {
	bool raw;
};

FIXTURE_VARIANT_ADD(witness, decoded) {
	.raw = false,
};

FIXTURE_VARIANT_ADD(witness, raw) {
	.raw = true,
};

TEST_F_TIMEOUT(witness, calls_of_64_bits, 120)
{
	WITNESS(500, "/tests/abi/workload.64");
}

TEST_F_TIMEOUT(witness, calls_of_ia32, 120)
{
	WITNESS(500, "/tests/abi/workload.ia32");
}

TEST_F_TIMEOUT(witness, calls_of_x32, 120)
{
	if (system("/tests/abi/workload.x32 none"))
		SKIP(return, "the kernel has no x32 calls");
	WITNESS(500, "/tests/abi/workload.x32");
}

TEST_F_TIMEOUT(witness, stress_vm_rw, 120)
{
	if (system("command -v stress-ng >/dev/null"))
		SKIP(return, "there is no stress-ng");
	WITNESS(20, "stress-ng", "-q", "--vm-rw", "2", "--vm-rw-ops", "20",
		"--vm-rw-bytes", "1M");
}

TEST_F_TIMEOUT(witness, stress_vm_splice, 120)
{
	if (system("command -v stress-ng >/dev/null"))
		SKIP(return, "there is no stress-ng");
	WITNESS(20, "stress-ng", "-q", "--vm-splice", "2", "--vm-splice-ops", "50");
}

TEST_HARNESS_MAIN
