// SPDX-License-Identifier: GPL-2.0
/* The flight recorder: the newest records are kept, until it is frozen. */
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "load.h"
#include "program.h"
#include "trace.h"

#define RING_SIZE 8192

FIXTURE(flight) {
	struct svmtrace_config config;
	struct trace t;
	struct ledger ledger;
	struct svmtrace_stats stats;
};

/* Small rings, so that a few calls fill them. */
FIXTURE_SETUP(flight)
{
	load_pin(0);
	self->t.fd = -1;
	trace_config(&self->config);
	self->config.flags = SVMTRACE_CONFIG_FLIGHT;
	self->config.ring_size = RING_SIZE;
}

/* Whatever happened: the counters, and what could be read, add up. */
FIXTURE_TEARDOWN(flight)
{
	if (self->t.fd < 0)
		return;
	EXPECT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_end(&self->t);
}

static int freeze(struct trace *t)
{
	return ioctl(t->fd, SVMTRACE_IOC_FREEZE, 0) ? -errno : 0;
}

/* A call that can be told from others by its second argument. */
static void call_number(unsigned long number)
{
	do_writev(getpid(), NULL, 0, NULL, 0, number);
}

static void make_calls(unsigned long from, unsigned long to)
{
	for (; from < to; from++)
		call_number(from + 1);
}

/* Freezes the session on the first call whose flags are @number. */
static int set_trigger(struct trace *t, __u32 number, size_t also_load)
{
	struct sock_filter insns[] = {
		LOAD(also_load),
		LOAD(AT(args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct svmtrace_program program = {
		.size = sizeof(program), .len = ARRAY_SIZE(insns),
		.flags = SVMTRACE_PROGRAM_TRIGGER, .insns = (uintptr_t)insns,
	};

	return ioctl(t->fd, SVMTRACE_IOC_PROGRAM, &program) ? -errno : 0;
}

static __u64 number_of(const struct record_view *v)
{
	return v->args[5];
}

/*
 * Reads all: a gap, calls whose numbers follow, and perhaps a gap of what did not fit
 * once it was frozen. Return: number of the last call, or 0 if it is otherwise.
 */
static __u64 read_all(struct trace *t, __u64 *overwritten)
{
	__u64 number = 0;
	size_t i;

	if (trace_read(t) < 2 || !t->records[0].gap)
		return 0;
	*overwritten = t->records[0].gap->overwritten;
	for (i = 1; i < t->n; i++) {
		if (t->records[i].gap && i == t->n - 1)
			break;
		if (!t->records[i].call || (number && number_of(&t->records[i]) != number + 1))
			return 0;
		number = number_of(&t->records[i]);
	}
	return number;
}

TEST_F(flight, keeps_the_newest)
{
	struct pollfd pollfd;
	__u64 overwritten;
	char byte;

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	pollfd = (struct pollfd){ .fd = self->t.fd, .events = POLLIN };
	make_calls(0, 500);
	EXPECT_EQ(0, poll(&pollfd, 1, 50));
	EXPECT_EQ(-1, read(self->t.fd, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.frozen);
	EXPECT_EQ(500, self->stats.entered);
	EXPECT_EQ(500, self->stats.delivered + self->stats.lost_overwritten);
	EXPECT_LT(400, self->stats.lost_overwritten);

	EXPECT_EQ(0, freeze(&self->t));
	EXPECT_EQ(-EALREADY, freeze(&self->t));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(500, read_all(&self->t, &overwritten));
	EXPECT_EQ(self->stats.lost_overwritten, overwritten);
	EXPECT_EQ(self->stats.delivered, self->t.n - 1);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.frozen);
}

/* From then on it is a session like others: it keeps the oldest. */
TEST_F(flight, frozen_nothing_is_overwritten)
{
	__u64 overwritten;

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	make_calls(0, 100);
	ASSERT_EQ(0, freeze(&self->t));
	make_calls(100, 300);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_LT(150, self->stats.lost_ring_full);
	EXPECT_LE(100, read_all(&self->t, &overwritten));
	EXPECT_EQ(overwritten, self->stats.lost_overwritten);
	trace_drop(&self->t);
	make_calls(0, 1);
	EXPECT_NE(0, trace_read(&self->t));
}

TEST_F(flight, stop_freezes_and_start_goes_on)
{
	struct pollfd pollfd;
	__u64 overwritten;
	unsigned int i;

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	pollfd = (struct pollfd){ .fd = self->t.fd, .events = POLLIN };
	for (i = 0; i < 5; i++) {
		make_calls(0, 200);
		ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
		EXPECT_EQ(-EALREADY, freeze(&self->t));
		EXPECT_EQ(1, poll(&pollfd, 1, 0));
		EXPECT_FALSE(pollfd.revents & POLLHUP);
		ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
		EXPECT_EQ(1, self->stats.frozen);
		EXPECT_EQ(200, read_all(&self->t, &overwritten));
		trace_drop(&self->t);
		EXPECT_EQ(0, read(self->t.fd, &overwritten, sizeof(overwritten)));
		ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_START, 0));
		EXPECT_EQ(0, trace_read(&self->t));
	}
}

TEST_F(flight, trigger)
{
	__u64 overwritten, last;

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	ASSERT_EQ(0, set_trigger(&self->t, 400, AT(call.ret)));
	make_calls(0, 399);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.frozen);
	make_calls(399, 500);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.frozen);
	/* The call is there, and at most what fitted the rest of the ring. */
	last = read_all(&self->t, &overwritten);
	EXPECT_LE(400, last);
	EXPECT_GE(410, last);
}

static __u64 duration_of(const struct record_view *v)
{
	return v->record->time - v->call->entry_time;
}

/* Freezes the session on a call whose flags are @number and that takes longer than @ns. */
static int trigger_beyond(struct trace *t, __u32 number, __u32 ns)
{
	struct sock_filter insns[] = {
		LOAD(AT(args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 2),
		LOAD(AT(duration)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, ns, 1, 0),
		DROP,
		KEEP,
	};

	return trace_program(t, insns, ARRAY_SIZE(insns), SVMTRACE_PROGRAM_TRIGGER);
}

/* What it judges by is what the record says, as close as the two may be. */
TEST_F(flight, trigger_on_duration)
{
	unsigned int limit, triggered = 0;
	__u64 overwritten;

	/* A call takes longer than the first of these limits, but not than all of them. */
	for (limit = 250; limit < 32000; limit += limit / 12) {
		ASSERT_EQ(0, trace_start(&self->t, &self->config));
		ASSERT_EQ(0, trigger_beyond(&self->t, 201, limit));
		make_calls(0, 201);
		ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
		if (self->stats.frozen) {
			triggered++;
			ASSERT_EQ(201, read_all(&self->t, &overwritten));
			EXPECT_LT(limit, duration_of(&self->t.records[self->t.n - 1]));
		}
		trace_end(&self->t);
	}
	self->t.fd = -1;
	EXPECT_LT(0, triggered);
}

/* Removed, it does no harm; another one replaces it. */
TEST_F(flight, trigger_changes)
{
	struct svmtrace_program none = {
		.size = sizeof(none), .flags = SVMTRACE_PROGRAM_TRIGGER,
	};

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	ASSERT_EQ(0, set_trigger(&self->t, 7, AT(caller.uid)));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_PROGRAM, &none));
	call_number(7);
	ASSERT_EQ(0, set_trigger(&self->t, 8, AT(target.uid)));
	call_number(7);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.frozen);
	call_number(8);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.frozen);
}

/* What a call does not have is not what another call had in its place. */
TEST_F(flight, trigger_on_what_is_absent)
{
	struct sock_filter insns[] = {
		LOAD(AT(target.pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, getpid(), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct svmtrace_program program = {
		.size = sizeof(program), .len = ARRAY_SIZE(insns), .insns = (uintptr_t)insns,
	};
	struct trace other;

	/* A filter that asks for it leaves it behind. */
	ASSERT_EQ(0, trace_start(&other, NULL));
	ASSERT_EQ(0, ioctl(other.fd, SVMTRACE_IOC_PROGRAM, &program));
	call_self();
	trace_end(&other);

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	program.flags = SVMTRACE_PROGRAM_TRIGGER;
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_PROGRAM, &program));
	ASSERT_EQ(-ESRCH, call_to(0x3fffffff));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.frozen);
	call_self();
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.frozen);
}

static int trigger_later(void *arg)
{
	child_asleep(*(pid_t *)arg);
	call_number(77);
	return 0;
}

/* Who sleeps in poll() is woken up by the trigger, and by nothing before. */
TEST_F(flight, trigger_wakes_the_reader)
{
	struct pollfd pollfd;
	pid_t me = getpid(), child;

	self->config.watermark = RING_SIZE;
	self->config.flush_ms = 10000;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	ASSERT_EQ(0, set_trigger(&self->t, 77, AT(call.ret)));
	pollfd = (struct pollfd){ .fd = self->t.fd, .events = POLLIN };
	child = child_start(0, trigger_later, &me);
	ASSERT_LT(0, child);
	EXPECT_EQ(1, poll(&pollfd, 1, -1));
	EXPECT_LT(0, trace_read(&self->t));
	EXPECT_EQ(0, child_wait(child));
}

static void *map_data(struct trace *t)
{
	struct svmtrace_info info = { .size = sizeof(info) };

	if (ioctl(t->fd, SVMTRACE_IOC_GET_INFO, &info))
		return NULL;
	return mmap(NULL, RING_SIZE, PROT_READ, MAP_SHARED, t->fd, info.data_offset);
}

TEST_F(flight, mapped_when_frozen_only)
{
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	EXPECT_EQ(MAP_FAILED, map_data(&self->t));
	EXPECT_EQ(EBUSY, errno);
	make_calls(0, 300);
	ASSERT_EQ(0, freeze(&self->t));
	EXPECT_NE(MAP_FAILED, map_data(&self->t));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	/* Who has it mapped would see it change. */
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_START, 0));
	EXPECT_EQ(EBUSY, errno);
}

TEST_F(flight, not_one)
{
	self->config.flags = 0;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	EXPECT_EQ(-EINVAL, freeze(&self->t));
	ASSERT_EQ(0, set_trigger(&self->t, 1, AT(call.ret)));
	make_calls(0, 3);
	EXPECT_EQ(3, trace_read(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.frozen);
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_FREEZE, 1));
	EXPECT_EQ(EINVAL, errno);
}

/* Entry records are given up as well, and counted apart. */
TEST_F(flight, entries_are_overwritten_too)
{
	self->config.flags |= SVMTRACE_CONFIG_ENTRIES;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	make_calls(0, 500);
	ASSERT_EQ(0, freeze(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	EXPECT_EQ(self->stats.entries, self->ledger.entries);
	EXPECT_EQ(self->stats.lost_overwritten + self->stats.entries_lost, self->ledger.lost);
	EXPECT_EQ(1000, self->ledger.calls + self->ledger.entries + self->ledger.lost);
}

/*
 * Frozen in the midst of a load on all CPUs, again and again: no record is torn, none
 * is missing but those that gaps tell of.
 */
TEST_F_TIMEOUT(flight, frozen_under_load, 180)
{
	struct load *load;
	unsigned long made;
	unsigned int i;

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	load = load_start(3, LOAD_ENDLESS, LOAD_ROAM);
	for (i = 0; i < 50; i++) {
		usleep(20000);
		EXPECT_EQ(0, i % 2 ? freeze(&self->t) :
				     set_trigger(&self->t, 0, AT(call.tid)));
		ASSERT_EQ(NULL, ledger_some(&self->ledger, &self->t));
		ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
		ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
		ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
		EXPECT_EQ(0, ledger_balance(&self->stats));
		EXPECT_EQ(self->stats.delivered, self->ledger.calls);
		ASSERT_EQ(0, set_trigger(&self->t, ~0U, AT(call.tid)));
		ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_START, 0));
	}
	made = load_end(load);
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_LE(self->stats.entered, made + 3);
	EXPECT_LT(0, self->stats.lost_overwritten);
	EXPECT_EQ(ledger_lost(&self->stats) - self->stats.lost_nested, self->ledger.lost);
}

TEST_HARNESS_MAIN
