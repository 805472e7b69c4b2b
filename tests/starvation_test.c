// SPDX-License-Identifier: GPL-2.0
/*
 * Starvation: whoever blocks in the traced calls, in whatever numbers, makes no
 * other call invisible, and costs no other user its results.
 */
#include <linux/filter.h>
#include <sys/ioctl.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "crowd.h"
#include "int80.h"
#include "kernel.h"
#include "ledger.h"

#define CALLS 100
#define ERESTARTSYS 512
#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct svmtrace_filter_data, member))

FIXTURE(starvation) {
	struct trace t;
	struct svmtrace_stats stats;
	struct svmtrace_config config;
	struct crowd crowd;
	unsigned int instances;
};

FIXTURE_SETUP(starvation)
{
	memset(self, 0, sizeof(*self));
	self->instances = kernel_parameter("instances");
	ASSERT_LT(0, self->instances);
	trace_config(&self->config);
	self->config.ring_size = 4 << 20;
	self->config.watermark = 1 << 20;
	self->config.groups = SVMTRACE_GROUP_CALLER;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
}

FIXTURE_TEARDOWN(starvation)
{
	/* Or they would be in the way of the next test. */
	crowd_end(&self->crowd);
	EXPECT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_end(&self->t);
	EXPECT_EQ(NULL, kernel_left());
}

/* The same by int 0x80; what process_vm_writev() shall write is nothing. */
static int make_calls_int80(void *arg)
{
	uid_t uid = *(uid_t *)arg;
	unsigned int i;

	if (setuid(uid))
		return 1;
	for (i = 0; i < CALLS; i++) {
		if (i % 2 ? int80(IA32_VMSPLICE, -1, 0, 0, 0, 0) != -EBADF :
			    int80(IA32_PROCESS_VM_WRITEV, getpid(), 0, 0, 0, 0))
			return 1;
	}
	return 0;
}

/* Both syscalls, by turns, as user @arg; what vmsplice() is given cannot be read. */
static int make_calls(void *arg)
{
	uid_t uid = *(uid_t *)arg;
	unsigned int i;

	if (setuid(uid))
		return 1;
	for (i = 0; i < CALLS; i++) {
		if (i % 2 ? do_vmsplice(-1, NULL, 1, 0) != -EBADF : call_self() != CALL_BYTES)
			return 1;
	}
	return 0;
}

/* Of the records since @from, those of process @pid, with a right result or none. */
struct seen {
	unsigned int calls;
	unsigned int results;
	unsigned int wrong;
};

static long right_result(const struct record_view *v)
{
	if (v->record->marks & SVMTRACE_MARK_NO_RESULT)
		return 0;
	if (v->record->syscall == SVMTRACE_NR_vmsplice)
		return -EBADF;
	return v->call->abi == SVMTRACE_ABI_IA32 ? 0 : CALL_BYTES;
}

static struct seen seen_of(const struct trace *t, size_t from, pid_t pid)
{
	struct seen seen = {};
	size_t i;

	for (i = from; i < t->n; i++) {
		const struct record_view *v = &t->records[i];

		if (!v->call || v->caller->pid != (__u32)pid)
			continue;
		seen.calls++;
		seen.results += !(v->record->marks & SVMTRACE_MARK_NO_RESULT);
		seen.wrong += v->call->ret != right_result(v);
	}
	return seen;
}

/* Makes CALLS calls as user @uid, and tells what the session saw of them. */
static struct seen calls_by(struct trace *t, int (*fn)(void *arg), uid_t uid)
{
	size_t from = t->n;
	pid_t pid = child_start(0, fn, &uid);

	if (child_wait(pid) || trace_read(t) < 0)
		return (struct seen){};
	return seen_of(t, from, pid);
}

static struct seen calls_as(struct trace *t, uid_t uid)
{
	return calls_by(t, make_calls, uid);
}

static unsigned int killed(const struct trace *t, size_t from, pid_t pid)
{
	unsigned int n = 0;
	size_t i;

	for (i = from; i < t->n; i++)
		n += t->records[i].call && t->records[i].caller->pid == (__u32)pid &&
		     t->records[i].call->ret == -ERESTARTSYS;
	return n;
}

/* Half as many as there are hooks: a user has no right to so many. */
TEST_F_TIMEOUT(starvation, half_of_all_blocked, 600)
{
	const unsigned int size = self->instances / 2;
	__u64 hold, before;
	struct seen seen;
	pid_t crowd;
	size_t from;

	ASSERT_EQ(0, crowd_start(&self->crowd, size, 0));
	ASSERT_EQ(0, crowd_wait(&self->t, size));
	ASSERT_LT(0, trace_read(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	hold = self->stats.in_flight;
	EXPECT_EQ(size, hold + self->stats.no_result);
	/* So many got no return hook that the others cannot be by chance. */
	EXPECT_LE(size / 4, self->stats.no_result);
	EXPECT_LE(size / 4, hold);
	EXPECT_EQ(self->stats.no_result, self->stats.delivered);
	EXPECT_EQ(0, ledger_balance(&self->stats));

	/* The same user has no results any more, but is seen. */
	before = self->stats.no_result;
	seen = calls_as(&self->t, 0);
	EXPECT_EQ(CALLS, seen.calls);
	EXPECT_EQ(0, seen.wrong);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(size + CALLS, self->stats.entered);
	EXPECT_EQ(CALLS - seen.results, self->stats.no_result - before);

	/* Those that hold a hook have their record when they end. */
	from = self->t.n;
	crowd = self->crowd.pid;
	crowd_end(&self->crowd);
	ASSERT_LE(0, trace_read(&self->t));
	EXPECT_EQ(hold, killed(&self->t, from, crowd));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(self->stats.entered, self->stats.delivered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	EXPECT_EQ(0, self->stats.missed);

	/* And there are hooks again. */
	seen = calls_as(&self->t, 0);
	EXPECT_EQ(CALLS, seen.calls);
	EXPECT_EQ(CALLS, seen.results);
	EXPECT_EQ(0, seen.wrong);
}

/* Users share a share of the hooks by chance, one pair in 128. */
TEST_F_TIMEOUT(starvation, one_user_against_others, 600)
{
	const unsigned int size = self->instances / 4 * 5;
	unsigned int with_results = 0;
	struct seen seen;
	uid_t uid;

	ASSERT_EQ(0, crowd_start(&self->crowd, size, 1000));
	ASSERT_EQ(0, crowd_wait(&self->t, size));
	trace_drop(&self->t);
	for (uid = 1001; uid < 1006; uid++) {
		seen = calls_as(&self->t, uid);
		EXPECT_EQ(CALLS, seen.calls);
		EXPECT_EQ(0, seen.wrong);
		with_results += seen.results == CALLS;
	}
	EXPECT_LE(3, with_results);
	seen = calls_as(&self->t, 1000);
	EXPECT_EQ(CALLS, seen.calls);
	EXPECT_EQ(0, seen.wrong);
	crowd_end(&self->crowd);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(size + 6 * CALLS, self->stats.entered);
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

/*
 * Keeps what user @uid called that returned -EPERM, or was about so many bytes that it
 * failed to be read: nothing, if that is known.
 */
static int set_program(struct trace *t, uid_t uid, bool bytes, __u32 flags)
{
	struct sock_filter insns[] = {
		LOAD(caller.uid), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, uid, 0, 3),
		LOAD(call.ret), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, -EPERM, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	if (bytes) {
		insns[2] = (struct sock_filter)LOAD(call.bytes);
		insns[3].k = 1 << 20;
	}
	return trace_program(t, insns, ARRAY_SIZE(insns), flags);
}

/*
 * Of the calls of user 1000, how many a filter by user lets through; all are undecided.
 * -1 for any other, or if there is an entry of one that has no hook to return by.
 */
static int undecided(struct svmtrace_config config, uid_t uid, bool bytes)
{
	struct trace t;
	size_t i;
	int n = 0;

	config.flags |= SVMTRACE_CONFIG_ENTRIES;
	if (trace_start(&t, &config) || set_program(&t, uid, bytes, 0))
		return -1;
	calls_as(&t, 1000);
	for (i = 0; i < t.n && n >= 0; i++) {
		const struct svmtrace_record *record = t.records[i].record;

		if (record->marks & SVMTRACE_MARK_UNDECIDED)
			n++;
		else if (record->kind != SVMTRACE_KIND_ENTRY ||
			 record->syscall == SVMTRACE_NR_vmsplice)
			n = -1;
	}
	trace_end(&t);
	return n;
}

/* Is a flight recorder frozen that waits for a call by that user? -1: no, for an error. */
static int triggers(struct svmtrace_config config, uid_t uid, bool bytes)
{
	struct svmtrace_stats stats;
	struct trace t;

	config.flags |= SVMTRACE_CONFIG_FLIGHT;
	if (trace_start(&t, &config) || set_program(&t, uid, bytes, SVMTRACE_PROGRAM_TRIGGER))
		return -1;
	calls_as(&t, 1000);
	if (trace_stats(&t, &stats) || !stats.no_result)
		return -1;
	trace_end(&t);
	return stats.frozen;
}

/* A result that was lost is missed only by a filter whose verdict depends on it. */
TEST_F_TIMEOUT(starvation, filters_without_results, 600)
{
	const unsigned int size = self->instances / 4 * 5;
	int bytes;

	ASSERT_EQ(0, crowd_start(&self->crowd, size, 1000));
	ASSERT_EQ(0, crowd_wait(&self->t, size));
	for (bytes = 0; bytes < 2; bytes++) {
		EXPECT_EQ(0, undecided(self->config, 4711, bytes));
		EXPECT_LT(0, undecided(self->config, 1000, bytes));
		EXPECT_EQ(0, triggers(self->config, 4711, bytes));
		EXPECT_EQ(1, triggers(self->config, 1000, bytes));
	}
	crowd_end(&self->crowd);
}

/* Calls of i386 have hooks of their own, a quarter as many, and a share in them. */
TEST_F_TIMEOUT(starvation, one_user_by_int80, 600)
{
	const unsigned int size = self->instances / 4 / 4 * 5;
	unsigned int with_results = 0;
	struct seen seen;
	uid_t uid = 0;

	if (child_run(0, make_calls_int80, &uid) == 128 + SIGSEGV)
		SKIP(return, "the kernel has no ia32 calls");
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	ASSERT_EQ(CALLS, self->stats.entered);
	trace_drop(&self->t);
	self->crowd.int80 = true;
	ASSERT_EQ(0, crowd_start(&self->crowd, size, 1000));
	ASSERT_EQ(0, crowd_wait(&self->t, CALLS + size));
	trace_drop(&self->t);
	for (uid = 1001; uid < 1006; uid++) {
		seen = calls_by(&self->t, make_calls_int80, uid);
		EXPECT_EQ(CALLS, seen.calls);
		EXPECT_EQ(0, seen.wrong);
		with_results += seen.results == CALLS;
	}
	EXPECT_LE(3, with_results);
	seen = calls_by(&self->t, make_calls_int80, 1000);
	EXPECT_EQ(CALLS, seen.calls);
	EXPECT_GT(CALLS, seen.results);
	EXPECT_EQ(0, seen.wrong);
	/* What is not of i386 does not suffer from it. */
	seen = calls_as(&self->t, 1000);
	EXPECT_EQ(CALLS, seen.calls);
	EXPECT_EQ(CALLS, seen.results);
	EXPECT_EQ(0, seen.wrong);
	crowd_end(&self->crowd);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(size + 8 * CALLS, self->stats.entered);
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

/* Not killed, but let through: the results are theirs. */
TEST_F(starvation, blocked_then_let_through)
{
	const unsigned int size = 50;
	unsigned int i, through = 0;
	size_t from;

	ASSERT_EQ(0, crowd_start(&self->crowd, size, 1000));
	ASSERT_EQ(0, crowd_wait(&self->t, size));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(size, self->stats.in_flight);
	from = self->t.n;
	for (i = 0; i < 1000 && self->t.n < from + size; i++) {
		drain_pipe(self->crowd.fds[0]);
		trace_wait(&self->t, self->t.n + 1, 100);
	}
	EXPECT_EQ(from + size, self->t.n);
	for (; from < self->t.n; from++)
		through += self->t.records[from].call->ret == CROWD_BYTES;
	EXPECT_EQ(size, through);
	crowd_end(&self->crowd);
}

/* Stopping while they hold hooks, and starting again: hooks are not used up. */
TEST_F_TIMEOUT(starvation, stop_while_blocked, 600)
{
	const unsigned int size = self->instances * 3 / 8;
	struct seen seen;

	ASSERT_EQ(0, crowd_start(&self->crowd, size, 1000));
	ASSERT_EQ(0, crowd_wait(&self->t, size));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, ledger_balance(&self->stats));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_START, 0));
	trace_drop(&self->t);
	seen = calls_as(&self->t, 1000);
	EXPECT_EQ(CALLS, seen.calls);
	EXPECT_EQ(CALLS, seen.results);
	crowd_end(&self->crowd);
	seen = calls_as(&self->t, 1000);
	EXPECT_EQ(CALLS, seen.results);
	EXPECT_EQ(0, seen.wrong);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

TEST_HARNESS_MAIN
