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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "strace.h"
#include "trace.h"

/* Of a line that strace wrote, so much is shown when it is not as expected. */
#define SHOWN 200

/* A strace that loses sight of a program is no witness: so often, it may try. */
#define TRIES 3

FIXTURE(witness) {
	struct trace t;
	char dir[32];
};

FIXTURE_SETUP(witness)
{
	struct svmtrace_config config;

	if (system("command -v strace >/dev/null"))
		SKIP_ALL("there is no strace");
	strcpy(self->dir, "/tmp/witness.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
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

/*
 * Runs a command under strace, up to the end of all that it has started, seen by strace
 * or not. Return: the exit status, or -1.
 */
static int run(const char *const *strace, const char *log, const char *const *command)
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
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		return -1;
	pid = fork();
	if (!pid) {
		/* strace tells there of every buffer that it cannot read. */
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	while (wait(NULL) > 0)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Does the log of a thread say how it ended? */
static bool is_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	bool ended = false;
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return false;
	while (getline(&line, &size, file) > 0)
		ended = !strncmp(line, "+++ ", 4);
	free(line);
	fclose(file);
	return ended;
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

static void show_record(const struct record_view *v)
{
	unsigned int i;

	if (!v->call) {
		printf("# record of kind %u\n", v->record->kind);
		return;
	}
	printf("# record of thread %u: %u:", v->call->tid, v->record->syscall);
	for (i = 0; i < record_nr_args(v->record->syscall); i++)
		printf(" %#llx", v->args[i]);
	printf(", entries %u %u, marks %#x, result %lld\n", v->call->iovs,
	       v->call->remote_iovs, v->record->marks, v->call->ret);
}

static void show(const char *line, const char *where, const struct record_view *v)
{
	printf("# strace: %.*s\n", SHOWN, line);
	if (!v) {
		puts("# there is no such record");
		return;
	}
	printf("# not so: %.*s\n", SHOWN, where);
	show_record(v);
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

/* Did strace see all threads to their ends? */
static bool are_whole(const glob_t *paths)
{
	size_t i;

	for (i = 0; i < paths->gl_pathc; i++) {
		if (!is_whole(paths->gl_pathv[i])) {
			printf("# %s is not whole\n", paths->gl_pathv[i]);
			return false;
		}
	}
	return paths->gl_pathc;
}

/* Compares all. Return: number of calls, all of which agree, or -1. */
static long compare(const struct trace *t, const glob_t *paths, bool raw)
{
	long sum = 0;
	size_t i;

	for (i = 0; i < paths->gl_pathc; i++) {
		long calls = compare_thread(t, paths->gl_pathv[i], raw);

		sum = calls < 0 || sum < 0 ? -1 : sum + calls;
	}
	if (sum >= 0 && t->n != (size_t)sum) {
		printf("# %zu records, but strace saw %ld calls\n", t->n, sum);
		for (i = 0; i < t->n; i++)
			show_record(&t->records[i]);
		return -1;
	}
	return sum;
}

/* One try. Return: number of calls, all of which agree, -1, or -EAGAIN: no witness. */
static long try_witness(struct trace *t, const char *log, bool raw,
			const char *const *command)
{
	static const char *const decoded[] = { STRACE_DECODED, NULL };
	static const char *const registers[] = { STRACE_RAW, NULL };
	int status = run(raw ? registers : decoded, log, command);
	long calls = -EAGAIN;
	char pattern[80];
	glob_t paths;

	snprintf(pattern, sizeof(pattern), "%s.*", log);
	if (glob(pattern, 0, NULL, &paths))
		return -1;
	if (!status && are_whole(&paths))
		calls = trace_read(t) >= 0 ? compare(t, &paths, raw) : -1;
	else
		printf("# strace ended with status %d\n", status);
	globfree(&paths);
	return calls;
}

static long witnessed(struct trace *t, const char *dir, bool raw, const char *const *command)
{
	char log[64];
	long calls;
	int i;

	for (i = 0; i < TRIES; i++) {
		snprintf(log, sizeof(log), "%s/%d", dir, i);
		calls = try_witness(t, log, raw, command);
		if (calls != -EAGAIN)
			break;
		trace_drop(t);
	}
	printf("# %ld calls\n", calls);
	fflush(stdout);
	return calls;
}

/* At least @calls calls, all of which agree. */
#define WITNESS(calls, ...)							\
	ASSERT_LE(calls, witnessed(&self->t, self->dir, variant->raw,		\
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
