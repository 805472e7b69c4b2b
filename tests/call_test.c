// SPDX-License-Identifier: GPL-2.0
/* What a record says of the call itself: arguments, result, times, order. */
#include <fcntl.h>
#include <linux/audit.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <time.h>

#include "patience.h"
#include "calls.h"
#include "child.h"
#include "trace.h"

#define MS 1000000ULL
/* What the kernel returns inside, and never shows to user space. */
#define ERESTARTSYS 512

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static long vmsplice_page(int fd)
{
	static alignas(4096) char page[4096] = "page";
	struct iovec iov = { page, sizeof(page) };

	return do_vmsplice(fd, &iov, 1, 0);
}

FIXTURE(call) {
	struct trace t;
};

FIXTURE_SETUP(call)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(call)
{
	trace_end(&self->t);
}

TEST_F(call, process_vm_writev)
{
	char from[3] = "ab", to[3];
	struct iovec local = { from, 3 }, remote = { to, 3 };
	const struct record_view *v;

	ASSERT_EQ(3, do_writev(getpid(), &local, 1, &remote, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_KIND_CALL, v->record->kind);
	EXPECT_EQ(SVMTRACE_NR_process_vm_writev, v->record->syscall);
	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(SVMTRACE_ABI_64, v->call->abi);
	EXPECT_EQ(3, v->call->ret);
	EXPECT_EQ(3, v->call->bytes);
	EXPECT_EQ(3, v->call->remote_bytes);
	EXPECT_EQ(gettid(), v->call->tid);
	EXPECT_EQ(SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_CONTEXT | SVMTRACE_GROUP_TARGET |
		  SVMTRACE_GROUP_TARGET_CONTEXT, v->call->groups);
	EXPECT_EQ(getpid(), v->args[0]);
	EXPECT_EQ((__u64)&local, v->args[1]);
	EXPECT_EQ(1, v->args[2]);
	EXPECT_EQ((__u64)&remote, v->args[3]);
	EXPECT_EQ(1, v->args[4]);
	EXPECT_EQ(0, v->args[5]);
}

TEST_F(call, vmsplice)
{
	const struct record_view *v;
	struct iovec iov = { "four", 4 };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(4, do_vmsplice(fds[1], &iov, 1, SPLICE_F_GIFT | SPLICE_F_MORE));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_KIND_CALL, v->record->kind);
	EXPECT_EQ(SVMTRACE_NR_vmsplice, v->record->syscall);
	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(4, v->call->ret);
	EXPECT_EQ(4, v->call->bytes);
	EXPECT_EQ(0, v->call->remote_bytes);
	EXPECT_EQ(0, v->call->remote_iovs);
	EXPECT_EQ(0, v->call->relation);
	EXPECT_EQ(0, v->call->target_exe_len);
	EXPECT_EQ(SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_CONTEXT | SVMTRACE_GROUP_PIPE,
		  v->call->groups);
	EXPECT_EQ(fds[1], v->args[0]);
	EXPECT_EQ((__u64)&iov, v->args[1]);
	EXPECT_EQ(1, v->args[2]);
	EXPECT_EQ(SPLICE_F_GIFT | SPLICE_F_MORE, v->args[3]);
}

/* The kernel takes a pid, an fd and vmsplice's flags as 32 bits. */
TEST_F(call, upper_halves_of_narrow_arguments)
{
	const struct record_view *v;

	EXPECT_EQ(0, do_writev(0x1234567800000000L | getpid(), NULL, 0, NULL, 0, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(getpid(), v->args[0]);
	EXPECT_EQ(0, do_writev(0xffffffffL, NULL, 0, NULL, 0, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(-1ULL, v->args[0]);
	EXPECT_EQ(-EBADF, do_vmsplice(0x7fffffff80000000L, NULL, 0, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0xffffffff80000000ULL, v->args[0]);
	EXPECT_EQ(-EINVAL, do_vmsplice(-1, NULL, 0, 0xabcdef0180000000UL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(-1ULL, v->args[0]);
	EXPECT_EQ(0x80000000ULL, v->args[3]);
}

TEST_F(call, wide_arguments_are_whole)
{
	const struct record_view *v;
	const void *at[2] = { (void *)0xfedcba9876543210UL, (void *)0x8000000000000001UL };

	EXPECT_EQ(-EINVAL, do_writev(-2, at[0], 0x8765432101234567UL, at[1],
				     0xffffffffffffffffUL, 0x1111222233334444UL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(-2ULL, v->args[0]);
	EXPECT_EQ((__u64)at[0], v->args[1]);
	EXPECT_EQ(0x8765432101234567UL, v->args[2]);
	EXPECT_EQ((__u64)at[1], v->args[3]);
	EXPECT_EQ(0xffffffffffffffffUL, v->args[4]);
	EXPECT_EQ(0x1111222233334444UL, v->args[5]);
	EXPECT_EQ(-EINVAL, v->call->ret);
}

/* The result of the one call that was made since the last time. */
static long recorded_ret(struct trace *t)
{
	const struct record_view *v = trace_one(t);

	return v ? v->call->ret : 1;
}

TEST_F(call, errors)
{
	struct iovec good = { "x", 1 }, bad = { (void *)8, 1 };
	struct trace *t = &self->t;

	EXPECT_EQ(-EINVAL, do_writev(getpid(), &good, 1, &good, 1, 1));
	EXPECT_EQ(-EINVAL, recorded_ret(t));
	EXPECT_EQ(-EINVAL, do_writev(getpid(), &good, 1025, &good, 1, 0));
	EXPECT_EQ(-EINVAL, recorded_ret(t));
	EXPECT_EQ(-ESRCH, do_writev(0x3fffffff, &good, 1, &good, 1, 0));
	EXPECT_EQ(-ESRCH, recorded_ret(t));
	EXPECT_EQ(-EFAULT, do_writev(getpid(), &good, 1, &bad, 1, 0));
	EXPECT_EQ(-EFAULT, recorded_ret(t));
	EXPECT_EQ(-EFAULT, do_writev(getpid(), (void *)8, 1, &good, 1, 0));
	EXPECT_EQ(-EFAULT, recorded_ret(t));
	EXPECT_EQ(-EBADF, do_vmsplice(-1, &good, 1, 0));
	EXPECT_EQ(-EBADF, recorded_ret(t));
	EXPECT_EQ(-EBADF, do_vmsplice(t->fd, &good, 1, 0));
	EXPECT_EQ(-EBADF, recorded_ret(t));
	EXPECT_EQ(-EINVAL, do_vmsplice(0, &good, 1, 0x10));
	EXPECT_EQ(-EINVAL, recorded_ret(t));
}

static int call_init_as_nobody(void *arg)
{
	(void)arg;
	if (setresuid(65534, 65534, 65534))
		return 1;
	return call_to(1) == -EPERM ? 0 : 2;
}

TEST_F(call, not_permitted)
{
	const struct record_view *v;

	ASSERT_EQ(0, child_run(0, call_init_as_nobody, NULL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(-EPERM, v->call->ret);
}

TEST_F(call, times)
{
	__u64 before, after, last = 0;
	const struct record_view *v;
	int i;

	for (i = 0; i < 50; i++) {
		before = now();
		ASSERT_EQ(CALL_BYTES, call_self());
		after = now();
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		ASSERT_LE(before, v->call->entry_time);
		ASSERT_LE(v->call->entry_time, v->record->time);
		ASSERT_LE(v->record->time, after);
		ASSERT_LT(last, v->record->time);
		last = v->record->time;
	}
}

static int drain_later(void *arg)
{
	static char page[4096];

	usleep(100000);
	return read(*(int *)arg, page, sizeof(page)) == sizeof(page) ? 0 : 1;
}

TEST_F(call, duration_of_a_blocked_call)
{
	const struct record_view *v;
	__u64 before, after, took;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, full_pipe(fds));
	before = now();
	pid = child_start(0, drain_later, &fds[0]);
	EXPECT_EQ(4096, vmsplice_page(fds[1]));
	after = now();
	EXPECT_EQ(0, child_wait(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	took = v->record->time - v->call->entry_time;
	EXPECT_LE(50 * MS, took);
	EXPECT_GE(after - before, took);
}

TEST_F(call, cpu_and_seq)
{
	const struct record_view *v;
	__u32 seq[64] = {};
	cpu_set_t all, one;
	int cpu, i;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(all), &all));
	for (i = 0; i < 3; i++) {
		for (cpu = 0; cpu < 64; cpu++) {
			if (!CPU_ISSET(cpu, &all))
				continue;
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
			ASSERT_EQ(CALL_BYTES, call_self());
			v = trace_one(&self->t);
			ASSERT_NE(NULL, v);
			EXPECT_EQ(cpu, v->record->cpu);
			if (i)
				EXPECT_EQ(seq[cpu] + 1, v->record->seq);
			seq[cpu] = v->record->seq;
		}
	}
}

TEST_F(call, many_in_order)
{
	const int n = 500;
	struct iovec iov = { "0123456789", 0 };
	cpu_set_t one;
	int i;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, do_writev(-1, &iov, 1, NULL, 0, 0));
	ASSERT_EQ(n, trace_read(&self->t));
	for (i = 1; i < n; i++) {
		const struct record_view *v = &self->t.records[i];

		ASSERT_EQ(v[-1].record->seq + 1, v->record->seq);
		ASSERT_LE(v[-1].record->time, v->call->entry_time);
	}
}

static int call_it(void *arg)
{
	(void)arg;
	return call_self() == CALL_BYTES ? 0 : 1;
}

static void *thread_calls(void *arg)
{
	*(pid_t *)arg = gettid();
	return (void *)call_self();
}

TEST_F(call, thread_and_process)
{
	const struct record_view *v;
	pthread_t thread;
	pid_t tid, pid;
	void *ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_calls, &tid));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	ASSERT_EQ((void *)CALL_BYTES, ret);
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_NE(getpid(), tid);
	EXPECT_EQ(tid, v->call->tid);
	EXPECT_EQ(getpid(), v->caller->pid);
	EXPECT_EQ(tid, v->caller->ns_tid);
	EXPECT_EQ(getpid(), v->caller->ns_pid);

	pid = child_start(0, call_it, NULL);
	ASSERT_EQ(0, child_wait(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(pid, v->call->tid);
	EXPECT_EQ(pid, v->caller->pid);
	EXPECT_EQ(getpid(), v->caller->ppid);
}

static void ignore(int signal)
{
	(void)signal;
}

static int block(void *arg)
{
	struct sigaction action = { .sa_handler = ignore };

	sigaction(SIGUSR1, &action, NULL);
	return vmsplice_page(*(int *)arg) == -EINTR ? 0 : 1;
}

TEST_F(call, interrupted)
{
	const struct record_view *v;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, full_pipe(fds));
	pid = child_start(0, block, &fds[1]);
	ASSERT_EQ(0, child_asleep(pid));
	EXPECT_EQ(0, trace_read(&self->t));
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, child_wait(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(-ERESTARTSYS, v->call->ret);
	EXPECT_EQ(0, v->record->marks & SVMTRACE_MARK_NO_RESULT);
}

static int block_again(void *arg)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &action, NULL);
	return vmsplice_page(*(int *)arg) == 4096 ? 0 : 1;
}

/* What user space sees as one call were two. */
TEST_F(call, restarted)
{
	const struct record_view *v;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, full_pipe(fds));
	pid = child_start(0, block_again, &fds[1]);
	ASSERT_EQ(0, child_asleep(pid));
	kill(pid, SIGUSR1);
	ASSERT_EQ(0, trace_wait(&self->t, 1, 5000));
	ASSERT_EQ(0, child_asleep(pid));
	drain_pipe(fds[0]);
	EXPECT_EQ(0, child_wait(pid));
	ASSERT_EQ(0, trace_wait(&self->t, 2, 5000));
	v = self->t.records;
	EXPECT_EQ(-ERESTARTSYS, v[0].call->ret);
	EXPECT_EQ(4096, v[1].call->ret);
	EXPECT_EQ(v[0].call->tid, v[1].call->tid);
	EXPECT_EQ(0, memcmp(v[0].args, v[1].args, 4 * sizeof(__u64)));
	EXPECT_LE(v[0].record->time, v[1].call->entry_time);
}

/* A call that ends by the end of its process has a record as well. */
TEST_F(call, killed)
{
	const struct record_view *v;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, full_pipe(fds));
	pid = child_start(0, block, &fds[1]);
	ASSERT_EQ(0, child_asleep(pid));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, child_wait(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(pid, v->call->tid);
	EXPECT_EQ(-ERESTARTSYS, v->call->ret);
}

TEST_F(call, none_before_start_or_of_others)
{
	struct svmtrace_stats stats;

	EXPECT_EQ(0, trace_read(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(0, stats.entered);
	EXPECT_EQ(SVMTRACE_STATE_STARTED, stats.state);
	call_self();
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(1, stats.entered);
	EXPECT_EQ(1, stats.delivered);
	EXPECT_EQ(0, stats.in_flight);
}

FIXTURE(entries) {
	struct trace t;
};

FIXTURE_SETUP(entries)
{
	struct svmtrace_config config;

	trace_config(&config);
	config.flags = SVMTRACE_CONFIG_ENTRIES;
	ASSERT_EQ(0, trace_start(&self->t, &config));
}

FIXTURE_TEARDOWN(entries)
{
	trace_end(&self->t);
}

/* An entry is there while the call still blocks. */
TEST_F(entries, seen_while_blocked)
{
	const struct record_view *entry, *call;
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, full_pipe(fds));
	pid = child_start(0, block, &fds[1]);
	ASSERT_EQ(0, child_asleep(pid));
	ASSERT_EQ(1, trace_read(&self->t));
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, child_wait(pid));
	ASSERT_EQ(1, trace_read(&self->t));

	entry = &self->t.records[0];
	call = &self->t.records[1];
	EXPECT_EQ(SVMTRACE_KIND_ENTRY, entry->record->kind);
	EXPECT_EQ(0, entry->call->ret);
	EXPECT_EQ(SVMTRACE_MARK_NO_RESULT,
		  entry->record->marks & SVMTRACE_MARK_NO_RESULT);
	EXPECT_EQ(SVMTRACE_MARK_UNCHECKED,
		  entry->record->marks & SVMTRACE_MARK_UNCHECKED);
	EXPECT_EQ(pid, entry->call->tid);
	EXPECT_EQ(SVMTRACE_KIND_CALL, call->record->kind);
	EXPECT_EQ(-ERESTARTSYS, call->call->ret);
	EXPECT_EQ(entry->call->entry_time, call->call->entry_time);
	EXPECT_EQ(0, memcmp(entry->args, call->args, 4 * sizeof(__u64)));
	EXPECT_EQ(0, memcmp(entry->caller, call->caller, sizeof(*call->caller)));
	EXPECT_EQ(1, entry->call->iovs);
	EXPECT_EQ(0, memcmp(entry->iov[0], call->iov[0], sizeof(*call->iov[0])));
}

/* Groups that were not asked for are not there. */
TEST(groups)
{
	struct svmtrace_config config;
	const struct record_view *v;
	struct trace t;
	__u32 group;

	for (group = 0; group <= SVMTRACE_GROUPS_ALL; group = group * 2 + !group) {
		trace_config(&config);
		config.groups = group;
		ASSERT_EQ(0, trace_start(&t, &config));
		ASSERT_EQ(CALL_BYTES, call_self());
		v = trace_one(&t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(group & ~SVMTRACE_GROUP_PIPE, v->call->groups);
		EXPECT_EQ(!!(group & SVMTRACE_GROUP_CALLER), !!v->caller);
		EXPECT_EQ(!!(group & SVMTRACE_GROUP_CONTEXT), !!v->context);
		EXPECT_EQ(!!(group & SVMTRACE_GROUP_TARGET), !!v->target);
		EXPECT_EQ(!!(group & SVMTRACE_GROUP_TARGET_CONTEXT), !!v->target_context);
		EXPECT_EQ(NULL, v->pipe);
		EXPECT_EQ(1, v->call->iovs);
		trace_end(&t);
	}
}

TEST_HARNESS_MAIN
