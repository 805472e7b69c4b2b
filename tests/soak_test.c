// SPDX-License-Identifier: GPL-2.0
/*
 * Soak: all CPUs make calls as fast as they can, for a long time (an hour, by check-full),
 * while one session is read by mmap() and another one as text. Memory stays
 * what it is, the counters are those of the callers to the last call, and the last
 * record is as right as the first.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "load.h"

#define CPUS_MAX 64
#define SAMPLES 12

/* What is looked at, in kB, and how much more of it there may be later on. */
static const struct measure {
	const char *name;	/* as in /proc/meminfo, or of which reader it is */
	long more;
} measures[] = {
	{ "Slab:", 1024 },
	{ "VmallocUsed:", 256 },
	{ "Percpu:", 256 },
	{ "KernelStack:", 256 },
	{ "PageTables:", 256 },
	{ "mmap reader", 64 },
	{ "text reader", 64 },
};

#define MEASURES ARRAY_SIZE(measures)
#define READERS 2

/* What the children find out, and when the callers are to end. */
struct found {
	bool enough;
	unsigned long made;
	unsigned long lines;
	unsigned long lost;
	char wrong[256];	/* a line */
};

/* The first record of a syscall on a CPU; the others differ in numbers and times. */
struct first {
	struct record_view v;
	char copy[2048];
};

FIXTURE(soak) {
	struct trace t;		/* read by mmap() */
	struct svmtrace_info info;
	char *ring[CPUS_MAX];
	struct svmtrace_consumer *consumer[CPUS_MAX];
	struct first first[CPUS_MAX][SVMTRACE_NR_SYSCALLS];
	struct ledger ledger;
	struct svmtrace_stats stats;
	struct found *found;
	int text;
	pid_t reader, caller;
	long sample[SAMPLES][MEASURES];
	unsigned int samples;
};

static int call_all_the_time(void *arg)
{
	struct _test_data_soak *self = arg;
	struct load *load = load_start(sysconf(_SC_NPROCESSORS_ONLN), 0, 0);

	while (!__atomic_load_n(&self->found->enough, __ATOMIC_RELAXED))
		usleep(10000);
	self->found->made = load_end(load);
	return 0;
}

/* How long calls are made. */
static long seconds(void)
{
	const char *soak = getenv("SOAK");

	return soak ? strtol(soak, NULL, 10) : 12;
}

/* One line of text: is it a call that was made, as it was? */
static bool line_is_right(struct found *found, const char *line)
{
	const char *gap = strstr(line, " --- ");
	unsigned long lost;

	if (gap && sscanf(gap, " --- %lu record", &lost) == 1) {
		found->lost += lost;
		return true;
	}
	found->lines++;
	if (strstr(line, " process_vm_writev("))
		return strstr(line, ", 0) = 8 ");
	/* Not every kernel has the names of errors. */
	return strstr(line, " vmsplice(-1 bad-fd, [], 0, 0) = -1 EBADF ") ||
	       strstr(line, " vmsplice(-1 bad-fd, [], 0, 0) = -1 errno 9 ");
}

/* Until the session is stopped. */
static int read_text(void *arg)
{
	struct _test_data_soak *self = arg;
	static char buf[65536 + 1];
	char *line, *next;
	ssize_t got;

	while ((got = read(self->text, buf, sizeof(buf) - 1)) > 0) {
		buf[got] = 0;
		for (line = buf; *line; line = next) {
			next = strchrnul(line, '\n');
			if (*next)
				*next++ = 0;
			if (!line_is_right(self->found, line) && !*self->found->wrong)
				snprintf(self->found->wrong, sizeof(self->found->wrong),
					 "%.200s", line);
		}
	}
	return got < 0;
}

static bool map_rings(struct _test_data_soak *self)
{
	unsigned int cpu;

	for (cpu = 0; cpu < self->stats.rings; cpu++) {
		off_t at = cpu * self->info.ring_stride;

		self->ring[cpu] = mmap(NULL, self->info.ring_stride, PROT_READ, MAP_SHARED,
				       self->t.fd, at);
		self->consumer[cpu] = mmap(NULL, self->info.page_size, PROT_READ | PROT_WRITE,
					   MAP_SHARED, self->t.fd, at);
		if (self->ring[cpu] == MAP_FAILED || self->consumer[cpu] == MAP_FAILED)
			return false;
	}
	return true;
}

FIXTURE_SETUP(soak)
{
	memset(self, 0, sizeof(*self));
	self->found = child_shared(sizeof(*self->found));
	self->text = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->text);
	ASSERT_EQ(0, ioctl(self->text, SVMTRACE_IOC_START, 0));
	ASSERT_EQ(0, trace_start(&self->t, NULL));
	self->info.size = sizeof(self->info);
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_GET_INFO, &self->info));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	ASSERT_GE(CPUS_MAX, self->stats.rings);
	ASSERT_TRUE(map_rings(self));
	self->reader = child_start(0, read_text, self);
	ASSERT_LT(0, self->reader);
	self->caller = child_start(0, call_all_the_time, self);
	ASSERT_LT(0, self->caller);
}

FIXTURE_TEARDOWN(soak)
{
	child_kill(self->caller);
	child_kill(self->reader);
	close(self->text);
	trace_end(&self->t);
}

/* What load.c does, and what came of it. */
static bool call_is_right(const struct _test_data_soak *self, const struct record_view *v)
{
	if (!v->call || !v->caller || v->caller->pid != (__u32)self->caller)
		return false;
	/* Another thread may have the lock of what it writes to, too. */
	if (v->record->marks & ~SVMTRACE_MARK_TARGET_BUSY)
		return false;
	if (v->record->syscall == SVMTRACE_NR_vmsplice)
		return (int)v->args[0] == -1 && !v->args[1] && !v->args[2] && !v->args[3] &&
		       v->call->ret == -EBADF && v->pipe->direction == SVMTRACE_PIPE_BAD_FD;
	return v->args[0] == v->caller->pid && v->args[2] == 1 && v->args[4] == 1 &&
	       v->call->ret == CALL_BYTES && v->target->pid == v->caller->pid &&
	       v->call->iovs == 1 && v->iov[0]->len == CALL_BYTES &&
	       v->call->remote_iovs == 1 && v->iov[1]->len == CALL_BYTES;
}

/* The same thread's first: all is the same from the arguments on. */
static bool same_as_first(struct _test_data_soak *self, const struct record_view *v)
{
	struct first *first = &self->first[v->record->cpu][v->record->syscall];
	size_t size = v->record->size, fixed = (char *)v->args - (char *)v->record;

	if (v->record->marks)
		return true;
	if (!first->v.record && size <= sizeof(first->copy)) {
		memcpy(first->copy, v->record, size);
		record_view(&first->v, first->copy, size);
	}
	return first->v.record && first->v.record->size == size &&
	       first->v.call->tid == v->call->tid &&
	       first->v.call->relation == v->call->relation &&
	       !memcmp(first->copy + fixed, v->args, size - fixed);
}

/* The records that are in a ring now. */
static const char *consume(struct _test_data_soak *self, unsigned int cpu)
{
	const struct svmtrace_producer *producer =
		(const void *)(self->ring[cpu] + self->info.page_size);
	const char *data = self->ring[cpu] + self->info.data_offset, *wrong = NULL;
	__u64 head = __atomic_load_n(&producer->head, __ATOMIC_ACQUIRE);
	__u64 tail = self->consumer[cpu]->tail;
	struct record_view v;
	long size;

	for (; tail != head && !wrong; tail += size) {
		size = record_view(&v, data + (tail & (self->info.ring_size - 1)), head - tail);
		if (size <= 0)
			return "no whole record";
		wrong = ledger_add(&self->ledger, &v);
		if (!v.gap && !wrong && (!call_is_right(self, &v) || !same_as_first(self, &v)))
			wrong = "a record is not right";
	}
	__atomic_store_n(&self->consumer[cpu]->tail, tail, __ATOMIC_RELEASE);
	return wrong;
}

static const char *consume_all(struct _test_data_soak *self)
{
	const char *wrong = NULL;
	unsigned int cpu;

	for (cpu = 0; cpu < self->stats.rings && !wrong; cpu++)
		wrong = consume(self, cpu);
	return wrong;
}

/*
 * kB of memory of its own that a process has, or -1. What it shares, such as its
 * program, comes little by little; and /proc/PID/statm is not exact since 6.2.
 */
static long anonymous(pid_t pid)
{
	char path[64], line[256];
	FILE *file;
	long kb = -1;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Anonymous: %ld", &kb);
	fclose(file);
	return kb;
}

static void take_sample(struct _test_data_soak *self)
{
	long *sample = self->sample[self->samples++];
	char line[256];
	unsigned int i;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file)) {
		for (i = 0; i < MEASURES - READERS; i++)
			if (!strncmp(line, measures[i].name, strlen(measures[i].name)))
				sscanf(line, "%*s %ld", &sample[i]);
	}
	if (file)
		fclose(file);
	sample[MEASURES - READERS] = anonymous(getpid());
	sample[MEASURES - 1] = anonymous(self->reader);
}

/* KASAN keeps what has been freed, for a while; but kmemleak looks for leaks there. */
static bool tells(const struct measure *measure)
{
	return strcmp(measure->name, "Slab:") || access("/sys/kernel/debug/kmemleak", F_OK);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* The mean of a third of the samples. */
static long mean(const struct _test_data_soak *self, unsigned int i, unsigned int third)
{
	unsigned int n;
	long sum = 0;

	for (n = 0; n < SAMPLES / 3; n++)
		sum += self->sample[third * SAMPLES / 3 + n][i];
	return sum / (SAMPLES / 3);
}

TEST_F_TIMEOUT(soak, nothing_drifts, 36000)
{
	struct pollfd pollfd = { .fd = self->t.fd, .events = POLLIN };
	struct svmtrace_stats text = { .size = sizeof(text) };
	const time_t begin = now();
	long first, last;
	unsigned int i;

	while (self->samples < SAMPLES) {
		poll(&pollfd, 1, 1000);
		ASSERT_EQ(NULL, consume_all(self));
		if (now() - begin >= seconds() / SAMPLES * (self->samples + 1))
			take_sample(self);
	}
	__atomic_store_n(&self->found->enough, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, child_wait(self->caller));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, ioctl(self->text, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(NULL, consume_all(self));
	ASSERT_EQ(0, child_wait(self->reader));

	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	ASSERT_EQ(0, ioctl(self->text, SVMTRACE_IOC_GET_STATS, &text));
	EXPECT_EQ(self->found->made, self->stats.entered);
	EXPECT_EQ(self->found->made, text.entered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	EXPECT_EQ(0, ledger_balance(&text));
	EXPECT_EQ(0, self->stats.missed);
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	EXPECT_EQ(ledger_lost(&self->stats), self->ledger.lost);
	EXPECT_EQ(text.delivered, self->found->lines);
	EXPECT_EQ(ledger_lost(&text), self->found->lost);
	EXPECT_STREQ("", self->found->wrong);
	TH_LOG("%lu calls; read by mmap() %llu, as text %llu", self->found->made,
	       self->stats.delivered, text.delivered);

	for (i = 0; i < MEASURES; i++) {
		first = mean(self, i, 0);
		last = mean(self, i, 2);
		TH_LOG("%s %ld kB, then %ld kB", measures[i].name, first, last);
		if (tells(&measures[i]))
			EXPECT_GE(first + measures[i].more, last);
	}
}

TEST_HARNESS_MAIN
