// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks: callers who do what they can to make records wrong, or to have them lost.
 * Whatever they do, the counters add up, and what is recorded was there.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "files.h"
#include "kernel.h"
#include "ledger.h"
#include "memory.h"

#define ENTRIES 8
#define LOCAL_MARK(mark) (SVMTRACE_MARK_##mark)

FIXTURE(attack) {
	struct trace t;
	struct svmtrace_config config;
	struct svmtrace_stats stats;
};

FIXTURE_SETUP(attack)
{
	trace_config(&self->config);
	self->config.ring_size = 4 << 20;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
}

/* Whatever was done, it adds up, and nothing is left of it. */
FIXTURE_TEARDOWN(attack)
{
	EXPECT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_end(&self->t);
	EXPECT_EQ(NULL, kernel_left());
}

/* An array of which each entry is one of two: they differ in length. */
struct victim {
	struct iovec *iov;
	char data[2 * ENTRIES];
	char sink[2 * ENTRIES];
	int memfd;
	bool stop;
	pthread_t thread;
};

static bool goes_on(const struct victim *victim)
{
	return !__atomic_load_n(&victim->stop, __ATOMIC_RELAXED);
}

static int victim_start(struct victim *victim, void *(*fn)(void *arg))
{
	int i;

	*victim = (struct victim){ .memfd = memfd_create("array", MFD_CLOEXEC) };
	if (victim->memfd < 0 || ftruncate(victim->memfd, PAGE))
		return -1;
	victim->iov = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, victim->memfd, 0);
	if (victim->iov == MAP_FAILED)
		return -1;
	for (i = 0; i < ENTRIES; i++)
		victim->iov[i] = (struct iovec){ victim->data + i, 1 };
	return pthread_create(&victim->thread, NULL, fn, victim) ? -1 : 0;
}

static void victim_end(struct victim *victim)
{
	__atomic_store_n(&victim->stop, true, __ATOMIC_RELAXED);
	pthread_join(victim->thread, NULL);
	munmap(victim->iov, PAGE);
	close(victim->memfd);
}

static long call_victim(struct victim *victim)
{
	struct iovec remote = { victim->sink, sizeof(victim->sink) };

	return do_writev(getpid(), victim->iov, ENTRIES, &remote, 1, 0);
}

/* Is each entry one of the two that it can be? Adds up their lengths. */
static bool is_possible(const struct victim *victim, const struct svmtrace_iovec *iov,
			unsigned int n, __u64 *sum)
{
	unsigned int i;

	for (i = 0, *sum = 0; i < n; i++) {
		if (iov[i].base != (__u64)victim->data + i || iov[i].len - 1 > 1)
			return false;
		*sum += iov[i].len;
	}
	return true;
}

static void *flip(void *arg)
{
	struct victim *victim = arg;
	size_t len;
	int i;

	for (len = 1; goes_on(victim); len = 3 - len) {
		for (i = 0; i < ENTRIES; i++)
			__atomic_store_n(&victim->iov[i].iov_len, len, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* What is wrong with a record of an array that was there all the time, or NULL. */
static const char *wrong_flip(const struct victim *victim, const struct record_view *v)
{
	bool changed = v->record->marks & LOCAL_MARK(CHANGED);
	__u64 sum;

	if (v->record->marks & ~LOCAL_MARK(CHANGED))
		return "marks";
	if (v->call->iovs != ENTRIES || v->call->remote_iovs != 1)
		return "number of entries";
	if (!is_possible(victim, v->iov[0], ENTRIES, &sum) || v->call->bytes != sum)
		return "entries";
	if (v->iov[1]->base != (__u64)victim->sink)
		return "the array that did not change";
	if (changed != (v->extra && v->extra->iovs_at_return))
		return "both sides, or one?";
	if (!changed)
		return NULL;
	if (v->extra->iovs_at_return != ENTRIES || v->extra->remote_iovs_at_return ||
	    !is_possible(victim, v->iov_at_return[0], ENTRIES, &sum))
		return "entries at return";
	if (!memcmp(v->iov[0], v->iov_at_return[0], ENTRIES * sizeof(struct svmtrace_iovec)))
		return "a change that was none";
	return NULL;
}

TEST_F(attack, array_changed_in_a_loop)
{
	unsigned int made, changed = 0;
	struct victim victim;

	ASSERT_EQ(0, victim_start(&victim, flip));
	for (made = 0; made < 20000 && (made < 1000 || !changed); made++) {
		const struct record_view *v;
		const char *wrong;

		EXPECT_LE(ENTRIES, call_victim(&victim));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		wrong = wrong_flip(&victim, v);
		ASSERT_EQ(NULL, wrong) {
			TH_LOG("%s, call %u, marks %x", wrong, made, v->record->marks);
		}
		changed += !!(v->record->marks & LOCAL_MARK(CHANGED));
		trace_drop(&self->t);
	}
	victim_end(&victim);
	TH_LOG("%u of %u calls saw a change", changed, made);
	EXPECT_LT(0, changed);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(made, self->stats.delivered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

static void *vanish(void *arg)
{
	const int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
	struct victim *victim = arg;

	while (goes_on(victim)) {
		mmap(victim->iov, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		sched_yield();
		mmap(victim->iov, PAGE, PROT_READ | PROT_WRITE, flags, victim->memfd, 0);
		sched_yield();
	}
	return NULL;
}

/* The same of an array that is there or not. */
static const char *wrong_vanish(const struct victim *victim, const struct record_view *v)
{
	const __u32 possible = LOCAL_MARK(UNREADABLE) | LOCAL_MARK(AT_RETURN) |
			       LOCAL_MARK(CHANGED) | LOCAL_MARK(UNCHECKED);
	__u64 sum;

	if (v->record->marks & ~possible)
		return "marks";
	if (v->call->iovs != ENTRIES && !(v->record->marks & LOCAL_MARK(UNREADABLE)))
		return "entries are missing without a word";
	if (!is_possible(victim, v->iov[0], v->call->iovs, &sum) || v->call->bytes != sum)
		return "entries";
	/* What the kernel could use must not be passed off as never seen at all. */
	if (v->call->ret != ENTRIES && v->call->ret != -EFAULT)
		return "result";
	return NULL;
}

TEST_F(attack, array_that_comes_and_goes)
{
	unsigned int made, whole = 0, unreadable = 0;
	struct victim victim;

	ASSERT_EQ(0, victim_start(&victim, vanish));
	for (made = 0; made < 20000 && (made < 1000 || !whole || !unreadable); made++) {
		const struct record_view *v;
		const char *wrong;

		call_victim(&victim);
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		wrong = wrong_vanish(&victim, v);
		ASSERT_EQ(NULL, wrong) {
			TH_LOG("%s, call %u, marks %x", wrong, made, v->record->marks);
		}
		whole += !v->record->marks;
		unreadable += !!(v->record->marks & LOCAL_MARK(UNREADABLE));
		trace_drop(&self->t);
	}
	victim_end(&victim);
	TH_LOG("of %u arrays, %u were seen, %u were not", made, whole, unreadable);
	EXPECT_LT(0, whole);
	EXPECT_LT(0, unreadable);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(made, self->stats.delivered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

static int set_pids(struct trace *t, __u32 flags, __u32 pid)
{
	struct svmtrace_pids pids = {
		.size = sizeof(pids), .op = SVMTRACE_PIDS_ADD, .set = SVMTRACE_PIDS_CALLER,
		.flags = flags, .count = 1, .pids = (unsigned long)&pid,
	};

	return ioctl(t->fd, SVMTRACE_IOC_PIDS, &pids) ? -errno : 0;
}

struct flood {
	bool stop;
	unsigned long made[2];
	unsigned int nr;
};

static int make_flood(void *arg)
{
	struct flood *flood = arg;
	unsigned int nr = __atomic_fetch_add(&flood->nr, 1, __ATOMIC_RELAXED);

	if (setgid(1000) || setuid(1000))
		return 1;
	while (!__atomic_load_n(&flood->stop, __ATOMIC_RELAXED)) {
		do_vmsplice(-1, NULL, 0, 0);
		flood->made[nr]++;
	}
	return 0;
}

/*
 * Who has no privilege at all calls as fast as it can. A session that does not want
 * these calls, whatever rejects them, loses nothing of what it wants.
 */
TEST_F(attack, flood_that_a_filter_rejects)
{
	struct flood *flood = child_shared(sizeof(*flood));
	struct svmtrace_config config = self->config;
	struct trace by_syscall, by_pid, all;
	struct trace *narrow[] = { &by_syscall, &by_pid };
	unsigned long made;
	pid_t pids[2];
	unsigned int i, calls;

	config.iovs_max = 1;
	config.ring_size = 16384;
	ASSERT_EQ(0, trace_start(&all, &config));
	ASSERT_EQ(0, trace_start(&by_pid, &config));
	ASSERT_EQ(0, set_pids(&by_pid, 0, getpid()));
	config.syscalls = 1 << SVMTRACE_NR_process_vm_writev;
	ASSERT_EQ(0, trace_start(&by_syscall, &config));
	for (i = 0; i < 2; i++)
		pids[i] = child_start(0, make_flood, flood);
	for (calls = 0; calls < 400 || flood->made[0] + flood->made[1] < 2000; calls++) {
		ASSERT_EQ(CALL_BYTES, call_self());
		if (calls % 5)
			continue;
		trace_read(&by_syscall);
		trace_read(&by_pid);
	}
	__atomic_store_n(&flood->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, child_wait(pids[i]));
	made = flood->made[0] + flood->made[1];
	ASSERT_LT(1000, made);
	for (i = 0; i < 2; i++) {
		ASSERT_LE(0, trace_read(narrow[i]));
		ASSERT_EQ(0, trace_stats(narrow[i], &self->stats));
		EXPECT_EQ(calls, narrow[i]->n);
		EXPECT_EQ(calls, self->stats.delivered);
		EXPECT_EQ(0, self->stats.no_result);
		EXPECT_LE(made, self->stats.filtered);
		EXPECT_EQ(0, ledger_lost(&self->stats));
		EXPECT_EQ(0, ledger_balance(&self->stats));
		trace_end(narrow[i]);
	}
	/* Who wants all, and does not read, loses, and is told how much. */
	ASSERT_EQ(0, trace_stats(&all, &self->stats));
	EXPECT_EQ(made + calls, self->stats.entered);
	EXPECT_LT(0, self->stats.lost_ring_full);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_end(&all);
}

struct bomb {
	unsigned int made;
	unsigned int depth;
	bool lit;
};

/* Has three children, each of them three, ...: they outlive it, and call then. */
static int explode(struct bomb *bomb, unsigned int depth)
{
	unsigned int i;

	for (i = 0; depth && i < 3; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid) {
			int failed = explode(bomb, depth - 1);

			failed |= call_self() != CALL_BYTES;
			__atomic_fetch_add(&bomb->made, 1, __ATOMIC_RELAXED);
			_exit(failed);
		}
	}
	return 0;
}

static unsigned int bomb_size(unsigned int depth)
{
	return depth ? 3 * (1 + bomb_size(depth - 1)) : 0;
}

/* As the tool is for its command: a subreaper, which the session follows. */
static int hold_bomb(void *arg)
{
	struct bomb *bomb = arg;
	int status, failed;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (!__atomic_load_n(&bomb->lit, __ATOMIC_ACQUIRE))
		usleep(1000);
	failed = explode(bomb, bomb->depth);
	while (wait(&status) > 0)
		failed += !!status;
	return !!failed;
}

TEST_F(attack, fork_bomb_in_a_followed_tree)
{
	struct bomb *bomb = child_shared(sizeof(*bomb));
	unsigned int size, others = 0;
	int status;
	pid_t pid;

	bomb->depth = 5;
	size = bomb_size(bomb->depth);
	pid = child_start(0, hold_bomb, bomb);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, set_pids(&self->t, SVMTRACE_PIDS_FOLLOW, pid));
	__atomic_store_n(&bomb->lit, true, __ATOMIC_RELEASE);
	while (!waitpid(pid, &status, WNOHANG)) {
		others += call_self() == CALL_BYTES;
		usleep(500);
	}
	ASSERT_EQ(0, status);
	EXPECT_EQ(size, bomb->made);
	ASSERT_LE(0, trace_read(&self->t));
	EXPECT_EQ(size, self->t.n);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(size, self->stats.delivered);
	EXPECT_EQ(others, self->stats.filtered);
	EXPECT_EQ(size + others, self->stats.entered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

/* What the innermost of three namespaces within one another says of itself. */
struct nested {
	unsigned int depth;
	pid_t outside;
	long result[2];
};

static int nest(void *arg)
{
	struct nested *n = arg;

	if (files_map_ids())
		return 101;
	if (--n->depth)
		return child_run(CLONE_NEWPID | CLONE_NEWUSER, nest, n);
	n->result[0] = call_to(1);
	n->result[1] = call_to(n->outside);
	return 0;
}

/*
 * In there everybody has number 1: a session that follows from outside sees it, with
 * the numbers of outside, and a number of outside is nobody in there.
 */
TEST_F(attack, namespaces_three_deep)
{
	struct nested *n = child_shared(sizeof(*n));
	const struct record_view *v;

	*n = (struct nested){ .depth = 3, .outside = getpid() };
	ASSERT_EQ(0, set_pids(&self->t, SVMTRACE_PIDS_FOLLOW, getpid()));
	ASSERT_EQ(0, child_run(CLONE_NEWPID | CLONE_NEWUSER, nest, n));
	EXPECT_EQ(CALL_BYTES, n->result[0]);
	EXPECT_EQ(-ESRCH, n->result[1]);
	ASSERT_EQ(2, trace_read(&self->t));
	v = &self->t.records[0];
	EXPECT_EQ(1, v->caller->ns_pid);
	EXPECT_LT(1, v->caller->pid);
	EXPECT_EQ(v->caller->pid, v->target->pid);
	EXPECT_EQ(SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD | SVMTRACE_REL_MM, v->call->relation);
	v = &self->t.records[1];
	EXPECT_EQ(SVMTRACE_MARK_NO_TARGET, v->record->marks);
	EXPECT_EQ(self->t.records[0].caller->pid, v->caller->pid);
	EXPECT_EQ(NULL, v->target);
}

/* A number that changes hands between two calls of the same caller. */
TEST_F(attack, target_number_reused)
{
	__u64 start = 0;
	pid_t pid = child_idle(0);
	unsigned int round;

	for (round = 0; round < 20; round++) {
		const struct record_view *v;

		ASSERT_EQ(CALL_BYTES, call_to(pid));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(pid, v->target->pid);
		EXPECT_LT(start, v->target->start_time);
		start = v->target->start_time;
		EXPECT_EQ(SVMTRACE_REL_CHILD, v->call->relation & SVMTRACE_REL_CHILD);
		child_kill(pid);
		EXPECT_EQ(-ESRCH, call_to(pid));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(SVMTRACE_MARK_NO_TARGET, v->record->marks);
		ASSERT_EQ(pid, child_numbered(pid, child_pauses, NULL));
	}
	child_kill(pid);
}

TEST_HARNESS_MAIN
