// SPDX-License-Identifier: GPL-2.0
/*
 * format FILE - what it costs to write records to FILE as lines of text and of JSON,
 * and to copy the same lines, made before, to it by the same way. A row is as measure(1)
 * writes it, its call is what the record is of, and its bytes are those of a line.
 *
 * The records are two full ones, of a process that writes to its child and of one that
 * splices into a pipe; time, number and addresses change from record to record.
 */
#include <err.h>
#include <stdlib.h>
#include <time.h>

#include "../../tools/clock.h"
#include "../../tools/printer.h"

/* Lines that are made before, and how often they are written. */
#define LINES 1000
#define ROUNDS 20
/* As the buffer of the tool's output. */
#define BUFFER (256 * 1024)

struct write_record {
	struct svmtrace_record record;
	struct svmtrace_call call;
	__u64 args[6];
	struct svmtrace_caller caller;
	struct svmtrace_context context;
	struct svmtrace_target target;
	struct svmtrace_target_context target_context;
	struct svmtrace_iovec iov[2];
};

struct splice_record {
	struct svmtrace_record record;
	struct svmtrace_call call;
	__u64 args[4];
	struct svmtrace_caller caller;
	struct svmtrace_context context;
	struct svmtrace_pipe pipe;
	struct svmtrace_iovec iov[1];
};

#define CALLER { \
	.pid = 8120, .ppid = 811, .ns_pid = 8120, .ns_tid = 8120, .ns_ppid = 811, \
	.uid = 1000, .euid = 1000, .gid = 1000, .start_time = 69812345678, \
	.comm = "postgres", \
}

#define CONTEXT { \
	.loginuid = 1000, .session = 3, .pid_ns = 4026531836, .mnt_ns = 4026531841, \
	.user_ns = 4026531837, .exe_dev = 0x800001, .exe_ino = 1311768, .cgroup = 4711, \
}

static struct write_record write_record = {
	.record = { .kind = SVMTRACE_KIND_CALL, .syscall = SVMTRACE_NR_process_vm_writev,
		    .cpu = 1, .size = sizeof(write_record), .time = 73015622190 },
	.call = { .ret = 64, .bytes = 64, .remote_bytes = 64, .tid = 8120, .iovs = 1,
		  .relation = SVMTRACE_REL_CHILD, .remote_iovs = 1,
		  .groups = SVMTRACE_GROUPS_ALL & ~SVMTRACE_GROUP_PIPE },
	.args = { 8121, 0x7ffd2c105a10, 1, 0x7ffd2c105a20, 1, 0 },
	.caller = CALLER,
	.context = CONTEXT,
	.target = { .pid = 8121, .uid = 1000, .start_time = 69912345678, .comm = "postgres" },
	.target_context = { .pid_ns = 4026531836, .mnt_ns = 4026531841, .user_ns = 4026531837,
			    .exe_dev = 0x800001, .exe_ino = 1311768, .cgroup = 4711 },
	.iov = { { 0x55d0c2a0b2a0, 64 }, { 0x55d0c2a0b2e0, 64 } },
};

static struct splice_record splice_record = {
	.record = { .kind = SVMTRACE_KIND_CALL, .syscall = SVMTRACE_NR_vmsplice,
		    .cpu = 1, .size = sizeof(splice_record), .time = 73015622190 },
	.call = { .ret = 64, .bytes = 64, .tid = 8120, .iovs = 1,
		  .groups = SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_CONTEXT |
			    SVMTRACE_GROUP_PIPE },
	.args = { 5, 0x7ffd2c105a10, 1, 2 },
	.caller = CALLER,
	.context = CONTEXT,
	.pipe = { .ino = 71234, .direction = SVMTRACE_PIPE_WRITE, .slots = 16,
		  .used_before = 1, .used_after = 2 },
	.iov = { { 0x55d0c2a0b2a0, 64 } },
};

/* A kind of record, and the parts of it that change. */
struct sample {
	const char *name;
	struct svmtrace_record *record;
	struct svmtrace_call *call;
	struct svmtrace_iovec *iov;
};

static const struct sample samples[] = {
	{ "writev-child", &write_record.record, &write_record.call, write_record.iov },
	{ "vmsplice-in", &splice_record.record, &splice_record.call, splice_record.iov },
};

static struct record_view view;
static char *lines[LINES];
static size_t lengths[LINES];

static void print(FILE *file, const struct sample *s, unsigned int number,
		  const struct options *o)
{
	s->record->time = 73015622190 + number * 3217ULL;
	s->record->seq = number;
	s->call->entry_time = s->record->time - 1710 - number % 97;
	s->iov->base = 0x55d0c2a0b2a0 + number % 256 * 64;
	if (o->json)
		print_json(file, &view, o);
	else
		print_text(file, &view, o);
}

static void copy(FILE *file, const struct sample *s, unsigned int number,
		 const struct options *o)
{
	(void)s;
	(void)o;
	fwrite(lines[number], 1, lengths[number], file);
}

/* Finds the parts of the sample, too. Returns the bytes of all lines. */
static size_t make_lines(const struct sample *s, const struct options *o)
{
	size_t bytes = 0;
	unsigned int i;
	FILE *file;

	if (record_view(&view, s->record, s->record->size) <= 0)
		errx(EXIT_FAILURE, "%s: not a record", s->name);
	for (i = 0; i < LINES; i++) {
		free(lines[i]);
		file = open_memstream(&lines[i], &lengths[i]);
		if (!file)
			err(EXIT_FAILURE, "a line");
		print(file, s, i, o);
		fclose(file);
		bytes += lengths[i];
	}
	return bytes;
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void write_all(FILE *file, const struct sample *s, const struct options *o,
		      void (*one)(FILE *file, const struct sample *s, unsigned int number,
				  const struct options *o))
{
	unsigned int round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < LINES; i++)
			one(file, s, i, o);
	}
}

static void measure(const char *path, const char *what, const struct sample *s,
		    const struct options *o, bool copied)
{
	size_t bytes = make_lines(s, o);
	FILE *file = fopen(path, "w");
	long long begin, end;

	if (!file || setvbuf(file, NULL, _IOFBF, BUFFER))
		err(EXIT_FAILURE, "%s", path);
	begin = now();
	write_all(file, s, o, copied ? copy : print);
	if (fflush(file))
		err(EXIT_FAILURE, "%s", path);
	end = now();
	fclose(file);
	printf("%s-%s\t%s\t1\t%zu\t%d\t%.2f\t0\n", copied ? "copied" : "formatted", what,
	       s->name, bytes / LINES, LINES * ROUNDS,
	       (double)(end - begin) / (LINES * ROUNDS));
}

int main(int argc, char **argv)
{
	struct options o = { .trace = true };
	unsigned int i, json;

	if (argc != 2)
		errx(EXIT_FAILURE, "usage: format FILE");
	clock_set(1700000000123456789, "9d8a33ab-2d8e-4c3e-8d7a-31f5d3a1c0de");
	for (json = 0; json < 2; json++) {
		o.json = json;
		for (i = 0; i < 2; i++) {
			measure(argv[1], json ? "json" : "text", &samples[i], &o, true);
			measure(argv[1], json ? "json" : "text", &samples[i], &o, false);
		}
	}
	return 0;
}
