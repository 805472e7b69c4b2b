// SPDX-License-Identifier: GPL-2.0
/* Filters: sets of processes, and the syscalls that a session wants. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "load.h"

#define ADD SVMTRACE_PIDS_ADD
#define REMOVE SVMTRACE_PIDS_REMOVE
#define CLEAR SVMTRACE_PIDS_CLEAR
#define CALLER SVMTRACE_PIDS_CALLER
#define NOT_CALLER SVMTRACE_PIDS_NOT_CALLER
#define TARGET SVMTRACE_PIDS_TARGET
#define NOT_TARGET SVMTRACE_PIDS_NOT_TARGET
#define FOLLOW SVMTRACE_PIDS_FOLLOW

FIXTURE(filter) {
	struct trace t;
	__u32 me;
};

FIXTURE_SETUP(filter)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
	self->me = getpid();
}

FIXTURE_TEARDOWN(filter)
{
	trace_end(&self->t);
}

/* 0 or a negative errno. */
static int pids(const struct trace *t, __u32 op, __u32 set, __u32 flags, const __u32 *nrs,
		__u32 count)
{
	struct svmtrace_pids change = {
		.size = sizeof(change), .op = op, .set = set, .flags = flags,
		.count = count, .pids = (unsigned long)nrs,
	};

	return ioctl(t->fd, SVMTRACE_IOC_PIDS, &change) ? -errno : 0;
}

static int one_pid(const struct trace *t, __u32 op, __u32 set, __u32 flags, __u32 nr)
{
	return pids(t, op, set, flags, &nr, 1);
}

/* Records since the last time. */
static int seen(struct trace *t)
{
	int got = trace_read(t);

	trace_drop(t);
	return got;
}

static int call_once(void *arg)
{
	(void)arg;
	return call_self() != CALL_BYTES;
}

static int call_in_child(void *arg)
{
	return child_run(0, call_once, arg);
}

TEST_F(filter, caller)
{
	pid_t idle = child_idle(0);

	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, self->me));
	call_self();
	EXPECT_EQ(0, child_run(0, call_once, NULL));
	EXPECT_EQ(1, seen(&self->t));
	/* Not empty, but without the caller. */
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, idle));
	ASSERT_EQ(0, one_pid(&self->t, REMOVE, CALLER, 0, self->me));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	/* Emptied: all again. */
	ASSERT_EQ(0, one_pid(&self->t, REMOVE, CALLER, 0, idle));
	call_self();
	EXPECT_EQ(1, seen(&self->t));
	child_kill(idle);
}

TEST_F(filter, not_caller)
{
	ASSERT_EQ(0, one_pid(&self->t, ADD, NOT_CALLER, 0, self->me));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	EXPECT_EQ(0, child_run(0, call_once, NULL));
	EXPECT_EQ(1, seen(&self->t));
	ASSERT_EQ(0, pids(&self->t, CLEAR, NOT_CALLER, 0, NULL, 0));
	call_self();
	EXPECT_EQ(1, seen(&self->t));
}

/* In both: NOT_ is stronger. */
TEST_F(filter, caller_and_not_caller)
{
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, FOLLOW, self->me));
	ASSERT_EQ(0, one_pid(&self->t, ADD, NOT_CALLER, 0, self->me));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	EXPECT_EQ(0, child_run(0, call_once, NULL));
	EXPECT_EQ(1, seen(&self->t));
}

TEST_F(filter, target)
{
	pid_t a = child_idle(0), b = child_idle(0);

	ASSERT_EQ(0, one_pid(&self->t, ADD, TARGET, 0, a));
	call_to(a);
	EXPECT_EQ(1, seen(&self->t));
	call_to(b);
	call_self();
	/* It has no target, so none that is in the set. */
	do_vmsplice(-1, NULL, 0, 0);
	call_to(0x3fffff);
	EXPECT_EQ(0, seen(&self->t));

	ASSERT_EQ(0, pids(&self->t, CLEAR, TARGET, 0, NULL, 0));
	ASSERT_EQ(0, one_pid(&self->t, ADD, NOT_TARGET, 0, a));
	call_to(a);
	EXPECT_EQ(0, seen(&self->t));
	call_to(b);
	do_vmsplice(-1, NULL, 0, 0);
	call_to(0x3fffff);
	EXPECT_EQ(3, seen(&self->t));
	child_kill(a);
	child_kill(b);
}

static void *idle_thread(void *arg)
{
	pid_t *tid = arg;

	__atomic_store_n(tid, gettid(), __ATOMIC_RELEASE);
	pause();
	return NULL;
}

/* Return: its number, or 0. */
static __u32 idle_start(pthread_t *thread)
{
	__u32 tid = 0;

	if (pthread_create(thread, NULL, idle_thread, &tid))
		return 0;
	while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		sched_yield();
	return tid;
}

static void idle_end(pthread_t thread)
{
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

/* The number of a thread means its process as a target, and nothing as an entry. */
TEST_F(filter, threads)
{
	pthread_t thread;
	const __u32 tid = idle_start(&thread);

	ASSERT_NE(0, tid);
	EXPECT_EQ(-ESRCH, one_pid(&self->t, ADD, CALLER, 0, tid));
	EXPECT_EQ(-ESRCH, one_pid(&self->t, ADD, TARGET, 0, tid));
	ASSERT_EQ(0, one_pid(&self->t, ADD, TARGET, 0, self->me));
	call_to(tid);
	EXPECT_EQ(1, seen(&self->t));
	/* And all threads of a process are the process. */
	ASSERT_EQ(0, pids(&self->t, CLEAR, TARGET, 0, NULL, 0));
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, self->me));
	EXPECT_EQ(20, load_run(2, 10));
	EXPECT_EQ(20, seen(&self->t));
}

TEST_F(filter, follows_descendants)
{
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, FOLLOW, self->me));
	call_self();
	EXPECT_EQ(0, child_run(0, call_once, NULL));
	EXPECT_EQ(0, child_run(0, call_in_child, NULL));
	EXPECT_EQ(3, seen(&self->t));
	/* Added again, it is followed no longer. */
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, self->me));
	call_self();
	EXPECT_EQ(0, child_run(0, call_once, NULL));
	EXPECT_EQ(1, seen(&self->t));
}

/* A child that was there before. */

static int call_on_order(void *arg)
{
	int *go = arg;

	while (!__atomic_load_n(go, __ATOMIC_ACQUIRE))
		usleep(1000);
	return call_self() != CALL_BYTES;
}

TEST_F(filter, follows_earlier_children)
{
	int *go = child_shared(4096);
	pid_t before = child_start(0, call_on_order, go);

	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, FOLLOW, self->me));
	__atomic_store_n(go, 1, __ATOMIC_RELEASE);
	EXPECT_EQ(0, child_wait(before));
	EXPECT_EQ(1, seen(&self->t));
}

TEST_F(filter, follows_no_other)
{
	int *go = child_shared(4096);
	pid_t idle = child_idle(0);

	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, FOLLOW, idle));
	call_self();
	EXPECT_EQ(0, child_run(0, call_once, go));
	EXPECT_EQ(0, seen(&self->t));
	ASSERT_EQ(0, pids(&self->t, CLEAR, CALLER, 0, NULL, 0));
	ASSERT_EQ(0, one_pid(&self->t, ADD, NOT_CALLER, FOLLOW, idle));
	EXPECT_EQ(0, child_run(0, call_once, go));
	EXPECT_EQ(1, seen(&self->t));
	child_kill(idle);
}

/* Leaves behind a child that calls when the parent is gone. */
static int leave_orphan(void *arg)
{
	int *go = arg;

	if (!fork()) {
		while (!__atomic_load_n(go, __ATOMIC_ACQUIRE))
			usleep(1000);
		_exit(call_once(NULL));
	}
	return 0;
}

TEST_F(filter, follows_orphans_of_a_subreaper)
{
	int *go = child_shared(4096);
	int status;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, FOLLOW, self->me));
	ASSERT_EQ(0, child_run(0, leave_orphan, go));
	__atomic_store_n(go, 1, __ATOMIC_RELEASE);
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, seen(&self->t));
}

/* Whatever is wrong with it, a change that fails changes nothing. */
TEST_F(filter, failed_changes)
{
	pid_t idle = child_idle(0), dead = child_idle(0);
	__u32 nrs[3] = { self->me, idle, 0 };
	const __u32 bad[] = { 0, 0x3fffff, 0x7fffffff, 0x80000000, ~0U };
	unsigned int i, set;

	child_kill(dead);
	for (set = 0; set < SVMTRACE_PIDS_SETS; set++) {
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			nrs[2] = bad[i];
			EXPECT_EQ(-ESRCH, pids(&self->t, ADD, set, 0, nrs, 3));
			EXPECT_EQ(-ESRCH, one_pid(&self->t, REMOVE, set, 0, bad[i]));
		}
		nrs[2] = dead;
		EXPECT_EQ(-ESRCH, pids(&self->t, ADD, set, 0, nrs, 3));
		EXPECT_EQ(-ENOENT, one_pid(&self->t, REMOVE, set, 0, self->me));
		EXPECT_EQ(-EFAULT, pids(&self->t, ADD, set, 0, (void *)8, 2));
	}
	call_self();
	call_to(idle);
	do_vmsplice(-1, NULL, 0, 0);
	EXPECT_EQ(3, seen(&self->t));

	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, idle));
	EXPECT_EQ(-ENOENT, pids(&self->t, REMOVE, CALLER, 0, (__u32[]){ idle, self->me }, 2));
	EXPECT_EQ(-ESRCH, pids(&self->t, ADD, CALLER, 0, bad, 1));
	EXPECT_EQ(-ENOENT, one_pid(&self->t, REMOVE, CALLER, 0, self->me));
	nrs[1] = 0x3fffff;
	EXPECT_EQ(-ESRCH, pids(&self->t, ADD, CALLER, 0, nrs, 2));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	child_kill(idle);
}

/* As many processes as there are room for at once, in parts and as a whole. */
TEST_F_TIMEOUT(filter, many_processes, 300)
{
	enum { MANY = 1200 };
	static __u32 nrs[SVMTRACE_PIDS_MAX];
	static pid_t children[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		children[i] = child_idle(0);
		ASSERT_LT(0, children[i]);
		nrs[i] = children[i];
		if (i % 100 == 99)
			ASSERT_EQ(0, pids(&self->t, ADD, TARGET, 0, &nrs[i - 99], 100));
	}
	for (i = 0; i < MANY; i += 7)
		call_to(children[i]);
	EXPECT_EQ((MANY + 6) / 7, seen(&self->t));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	/* The same many times over is the same. */
	for (i = MANY; i < SVMTRACE_PIDS_MAX; i++)
		nrs[i] = nrs[i % MANY];
	EXPECT_EQ(0, pids(&self->t, ADD, TARGET, 0, nrs, SVMTRACE_PIDS_MAX));
	call_to(children[MANY - 1]);
	EXPECT_EQ(1, seen(&self->t));
	ASSERT_EQ(0, pids(&self->t, REMOVE, TARGET, 0, nrs, MANY / 2));
	for (i = 0; i < MANY; i++)
		call_to(children[i]);
	EXPECT_EQ(MANY / 2, seen(&self->t));
	for (i = 0; i < MANY; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < MANY; i++)
		child_wait(children[i]);
	/* All have ended, and the set is still in force. */
	call_self();
	EXPECT_EQ(0, seen(&self->t));
}

/* One of two has ended, the other is removed: still not an empty set. */
TEST_F(filter, ended_processes_leave_the_set_in_force)
{
	pid_t idle = child_idle(0);

	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, idle));
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, self->me));
	child_kill(idle);
	call_self();
	EXPECT_EQ(1, seen(&self->t));
	ASSERT_EQ(0, one_pid(&self->t, REMOVE, CALLER, 0, self->me));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	ASSERT_EQ(0, pids(&self->t, REMOVE, CALLER, 0, NULL, 0));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	ASSERT_EQ(0, pids(&self->t, CLEAR, CALLER, 0, NULL, 0));
	call_self();
	EXPECT_EQ(1, seen(&self->t));
}

/* A process that gets the number of one that was in the set is not in it. */
TEST_F(filter, reused_number)
{
	pid_t first = child_idle(0), again;

	ASSERT_LT(0, first);
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, first));
	child_kill(first);
	again = child_numbered(first, call_once, NULL);
	ASSERT_EQ(first, again);
	ASSERT_EQ(0, child_wait(again));
	EXPECT_EQ(0, seen(&self->t));
	/* By name it is another one, too. */
	again = child_numbered(first, call_once, NULL);
	EXPECT_EQ(-ENOENT, one_pid(&self->t, REMOVE, CALLER, 0, again));
	EXPECT_EQ(0, child_wait(again));
}

static int add_own_number(void *arg)
{
	const struct trace *t = arg;

	/* 1 in here. */
	return one_pid(t, ADD, CALLER, 0, getpid()) || call_once(NULL);
}

/* Numbers are those of the namespace of who says them. */
TEST_F(filter, pid_namespace)
{
	ASSERT_EQ(0, child_run(CLONE_NEWPID, add_own_number, &self->t));
	EXPECT_EQ(1, seen(&self->t));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
}

/* Each session has its own. */
TEST_F(filter, two_sessions)
{
	struct svmtrace_config config;
	struct svmtrace_stats stats;
	struct trace other;
	unsigned int i;

	trace_config(&config);
	config.syscalls = 1 << SVMTRACE_NR_vmsplice;
	ASSERT_EQ(0, trace_start(&other, &config));
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, self->me));
	ASSERT_EQ(0, one_pid(&other, ADD, NOT_CALLER, 0, self->me));
	for (i = 0; i < 10; i++) {
		call_self();
		do_vmsplice(-1, NULL, 0, 0);
		EXPECT_EQ(0, child_run(0, call_once, NULL));
	}
	EXPECT_EQ(20, seen(&self->t));
	EXPECT_EQ(0, seen(&other));
	ASSERT_EQ(0, pids(&other, CLEAR, NOT_CALLER, 0, NULL, 0));
	for (i = 0; i < 10; i++) {
		call_self();
		do_vmsplice(-1, NULL, 0, 0);
	}
	EXPECT_EQ(20, seen(&self->t));
	EXPECT_EQ(10, seen(&other));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(50, stats.entered);
	EXPECT_EQ(10, stats.filtered);
	EXPECT_EQ(0, ledger_balance(&stats));
	ASSERT_EQ(0, trace_stats(&other, &stats));
	EXPECT_EQ(50, stats.entered);
	EXPECT_EQ(40, stats.filtered);
	EXPECT_EQ(0, ledger_balance(&stats));
	trace_end(&other);
}

/* Changed again and again while calls enter. */
TEST_F(filter, changes_under_load)
{
	struct svmtrace_stats stats;
	struct ledger ledger = {};
	struct load *load = load_start(3, 3000, LOAD_ROAM);

	while (load_made(load) < 9000) {
		ASSERT_EQ(0, one_pid(&self->t, ADD, NOT_CALLER, FOLLOW, self->me));
		ASSERT_EQ(0, one_pid(&self->t, ADD, TARGET, 0, self->me));
		ASSERT_EQ(0, one_pid(&self->t, REMOVE, NOT_CALLER, 0, self->me));
		ASSERT_EQ(0, pids(&self->t, CLEAR, TARGET, 0, NULL, 0));
		ASSERT_EQ(NULL, ledger_take(&ledger, &self->t));
	}
	EXPECT_EQ(9000, load_end(load));
	ASSERT_EQ(NULL, ledger_take(&ledger, &self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(9000, stats.entered);
	EXPECT_LT(0, stats.filtered);
	EXPECT_EQ(stats.delivered, ledger.calls);
	EXPECT_EQ(0, ledger_balance(&stats));
}

/* A set can also mean a thread alone. */
TEST_F(filter, single_thread)
{
	pthread_t thread;
	const __u32 tid = idle_start(&thread);

	ASSERT_NE(0, tid);
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, SVMTRACE_PIDS_THREAD, tid));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, SVMTRACE_PIDS_THREAD, self->me));
	call_self();
	EXPECT_EQ(1, seen(&self->t));
	ASSERT_EQ(0, pids(&self->t, CLEAR, CALLER, 0, NULL, 0));
	ASSERT_EQ(0, one_pid(&self->t, ADD, TARGET, SVMTRACE_PIDS_THREAD, tid));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	call_to(tid);
	EXPECT_EQ(1, seen(&self->t));
	idle_end(thread);
}

/* A thread and its process are in a set side by side, and go one by one. */
TEST_F(filter, thread_beside_its_process)
{
	pthread_t thread;
	const __u32 tid = idle_start(&thread);

	ASSERT_NE(0, tid);
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, 0, self->me));
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, SVMTRACE_PIDS_THREAD, tid));
	call_self();
	EXPECT_EQ(1, seen(&self->t));
	ASSERT_EQ(0, one_pid(&self->t, REMOVE, CALLER, 0, self->me));
	call_self();
	EXPECT_EQ(0, seen(&self->t));
	EXPECT_EQ(-EINVAL, one_pid(&self->t, REMOVE, CALLER, SVMTRACE_PIDS_THREAD, tid));
	ASSERT_EQ(0, one_pid(&self->t, REMOVE, CALLER, 0, tid));
	EXPECT_EQ(-ENOENT, one_pid(&self->t, REMOVE, CALLER, 0, tid));
	call_self();
	EXPECT_EQ(1, seen(&self->t));
	idle_end(thread);
}

/* The first thread of a process that is in the set, and followed, adds nothing to that. */
TEST_F(filter, thread_of_followed_process)
{
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, FOLLOW, self->me));
	ASSERT_EQ(0, one_pid(&self->t, ADD, CALLER, SVMTRACE_PIDS_THREAD, self->me));
	EXPECT_EQ(2, load_run(2, 1));
	EXPECT_EQ(2, seen(&self->t));
	EXPECT_EQ(0, child_run(0, call_once, NULL));
	EXPECT_EQ(1, seen(&self->t));
}

TEST_HARNESS_MAIN
