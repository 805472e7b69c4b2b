// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that their caller stalls after they have entered, by memory that comes late,
 * until what they are about is not what it was: nothing is claimed that was not seen,
 * and no filter hides what it could not see.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/mman.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "provided.h"
#include "program.h"
#include "trace.h"

static const char data[] = "stalled";
/* At the same address in a child. */
static char sink[sizeof(data)];
/*
 * Not on the stack of the thread that makes the call: who joins a thread writes to that
 * stack's page, and after a fork that takes the page away for a moment.
 */
static const struct iovec remote = { sink, sizeof(sink) };

/**
 * struct stalled - a call in a thread of its own, whose array comes late
 * @p:	   the page that the array is on
 * @nr:	   number of the target
 * @ret:   result
 */
struct stalled {
	struct provided p;
	pid_t nr;
	long ret;
	pthread_t thread;
};

FIXTURE(stalled) {
	struct trace t;
	struct stalled s;
	bool started;
};

FIXTURE_SETUP(stalled)
{
	const char *none = provided_start(&self->s.p, PROVIDED_UFFD);
	const struct iovec local = { (void *)data, sizeof(data) };

	if (none)
		SKIP_ALL("%s", none);
	memcpy(self->s.p.content, &local, sizeof(local));
	ASSERT_EQ(0, trace_start(&self->t, NULL));
	self->started = true;
}

FIXTURE_TEARDOWN(stalled)
{
	struct svmtrace_stats stats;

	if (!self->started)
		return;
	provided_end(&self->s.p);
	EXPECT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(0, stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&stats));
	trace_end(&self->t);
}

static void *call(void *arg)
{
	struct stalled *s = arg;

	s->ret = do_writev(s->nr, s->p.page, 1, &remote, 1, 0);
	return NULL;
}

/* Return: 0 when the call has entered, and waits. */
static int stall(struct stalled *s, pid_t nr)
{
	s->nr = nr;
	return pthread_create(&s->thread, NULL, call, s) || provided_wait(&s->p);
}

/* Return: the result of the call. */
static long let_go(struct stalled *s)
{
	provided_answer(&s->p, true);
	pthread_join(s->thread, NULL);
	return s->ret;
}

/* As what finds injection asks for it. */
static int keep_with_target(struct trace *t)
{
	return SET(t, LOAD(AT(present)),
		   BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SVMTRACE_GROUP_TARGET),
		   IF_EQ(SVMTRACE_GROUP_TARGET), KEEP, DROP);
}

/* A number that nobody has. */
static pid_t free_number(void)
{
	pid_t pid = child_idle(0);

	child_kill(pid);
	return pid;
}

/* The target is there when the kernel looks, but was not before. */
TEST_F(stalled, until_there_is_a_target)
{
	const struct record_view *v;
	pid_t nr = free_number();

	ASSERT_EQ(0, keep_with_target(&self->t));
	ASSERT_EQ(0, stall(&self->s, nr));
	ASSERT_EQ(nr, child_numbered(nr, child_pauses, NULL));
	EXPECT_EQ((long)sizeof(data), let_go(&self->s));
	v = trace_one(&self->t);
	child_kill(nr);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_MARK_TARGET_AT_RETURN | SVMTRACE_MARK_AT_RETURN, v->record->marks);
	ASSERT_NE(NULL, v->target);
	ASSERT_NE(NULL, v->target_context);
	EXPECT_EQ(nr, v->target->pid);
	EXPECT_EQ(v->context->exe_ino, v->target_context->exe_ino);
	EXPECT_EQ(SVMTRACE_REL_CHILD, v->call->relation & SVMTRACE_REL_CHILD);
}

/* The filter decides by who was written to: not by that there was nobody. */
TEST_F(stalled, filters_know_the_late_target)
{
	pid_t nr = free_number();

	ASSERT_EQ(0, SET(&self->t, LOAD(AT(target.pid)), IF_EQ(nr), DROP, KEEP));
	ASSERT_EQ(0, stall(&self->s, nr));
	ASSERT_EQ(nr, child_numbered(nr, child_pauses, NULL));
	EXPECT_EQ((long)sizeof(data), let_go(&self->s));
	child_kill(nr);
	EXPECT_EQ(0, trace_read(&self->t));
}

/* It has ended before the call has: who it was is not known, but not hidden either. */
TEST_F(stalled, by_a_target_that_has_ended)
{
	pid_t nr = free_number();
	struct provided payload;

	ASSERT_EQ(NULL, provided_start(&payload, PROVIDED_UFFD));
	((struct iovec *)self->s.p.content)->iov_base = payload.page;
	ASSERT_EQ(0, keep_with_target(&self->t));
	ASSERT_EQ(0, stall(&self->s, nr));
	ASSERT_EQ(nr, child_numbered(nr, child_pauses, NULL));
	provided_answer(&self->s.p, true);
	ASSERT_EQ(0, provided_wait(&payload));
	child_kill(nr);
	provided_answer(&payload, true);
	pthread_join(self->s.thread, NULL);
	provided_end(&payload);
	/* Its memory may have gone with it. */
	ASSERT_EQ(self->s.ret > 0, trace_read(&self->t));
	if (self->s.ret > 0)
		EXPECT_EQ(SVMTRACE_MARK_NO_TARGET | SVMTRACE_MARK_AT_RETURN,
			  self->t.records[0].record->marks);
}

TEST_F(stalled, until_the_target_is_another)
{
	pid_t nr = child_idle(0);
	const struct record_view *v;

	ASSERT_EQ(0, stall(&self->s, nr));
	child_kill(nr);
	/* Start times are of the clock's ticks where it is coarse. */
	usleep(20000);
	ASSERT_EQ(nr, child_numbered(nr, child_pauses, NULL));
	EXPECT_EQ((long)sizeof(data), let_go(&self->s));
	v = trace_one(&self->t);
	child_kill(nr);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_MARK_TARGET_CHANGED | SVMTRACE_MARK_AT_RETURN, v->record->marks);
	EXPECT_EQ(nr, v->target->pid);
}

/* What a target executes can be the same executable as before. */
__attribute__((constructor)) static void idle_if_asked(int argc, char **argv)
{
	while (argc == 2 && !strcmp(argv[1], "1000"))
		pause();
}

static int gate[2], gone[2];

static int execute(void *path)
{
	char byte;

	if (read(gate[0], &byte, 1) == 1)
		execl(path, "sleep", "1000", NULL);
	return 1;
}

static alignas(16) char stack[65536];

/* Return: the mark that a call gets, in which its target executes something; or 0. */
static __u32 mark_of_exec(struct stalled *s, struct trace *t, int flags, const char *path)
{
	const struct record_view *v;
	pid_t pid;
	char byte;

	if (pipe2(gate, O_CLOEXEC) || pipe2(gone, O_CLOEXEC))
		return 0;
	pid = clone(execute, stack + sizeof(stack), flags | SIGCHLD, (void *)path);
	close(gone[1]);
	/* Its end of the second pipe is closed by what it executes. */
	if (pid < 0 || stall(s, pid) || write(gate[1], "", 1) != 1 ||
	    read(gone[0], &byte, 1))
		return 0;
	let_go(s);
	close(gate[0]);
	close(gate[1]);
	close(gone[0]);
	v = trace_one(t);
	child_kill(pid);
	return v ? v->record->marks & SVMTRACE_MARK_TARGET_CHANGED : 0;
}

/* What is no other process to a filter, as it shares our memory, is one at last. */
TEST_F(stalled, until_the_target_leaves_our_memory)
{
	EXPECT_NE(0, mark_of_exec(&self->s, &self->t, CLONE_VM, "/proc/self/exe"));
}

TEST_F(stalled, until_the_target_is_another_program)
{
	EXPECT_NE(0, mark_of_exec(&self->s, &self->t, 0, "/bin/sleep"));
}

/* Nor is one that was there all the time, or that never was, anything special. */
TEST_F(stalled, with_the_same_target)
{
	pid_t nr = child_idle(0);
	const struct record_view *v;

	ASSERT_EQ(0, stall(&self->s, nr));
	EXPECT_EQ((long)sizeof(data), let_go(&self->s));
	v = trace_one(&self->t);
	child_kill(nr);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_MARK_AT_RETURN, v->record->marks);
}

TEST_F(stalled, without_any_target)
{
	struct svmtrace_stats stats;

	ASSERT_EQ(0, keep_with_target(&self->t));
	ASSERT_EQ(0, stall(&self->s, free_number()));
	EXPECT_EQ(-ESRCH, let_go(&self->s));
	EXPECT_EQ(0, trace_read(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(1, stats.filtered);
}

struct splice {
	int fds[2];
	struct iovec *iov;
	pid_t tid;
	long ret;
};

static void *splice_array(void *arg)
{
	struct splice *s = arg;

	__atomic_store_n(&s->tid, gettid(), __ATOMIC_RELEASE);
	s->ret = do_vmsplice(s->fds[1], s->iov, 1, 0);
	return NULL;
}

/* An array that nobody but the kernel has ever seen: how much it was is not known. */
TEST_F(stalled, without_the_array)
{
	const struct iovec iov = { (void *)data, sizeof(data) };
	struct splice s = {};
	pthread_t thread;
	int fd = memfd_create("array", 0);

	ASSERT_EQ((ssize_t)sizeof(iov), write(fd, &iov, sizeof(iov)));
	ASSERT_EQ(0, full_pipe(s.fds));
	s.iov = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, s.iov);
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.bytes)), IF_EQ(sizeof(data)), KEEP, DROP));
	ASSERT_EQ(0, pthread_create(&thread, NULL, splice_array, &s));
	while (!__atomic_load_n(&s.tid, __ATOMIC_ACQUIRE))
		sched_yield();
	ASSERT_EQ(0, child_asleep(s.tid));
	munmap(s.iov, 4096);
	EXPECT_LT(0, drain_pipe(s.fds[0]));
	pthread_join(thread, NULL);
	EXPECT_EQ((long)sizeof(data), s.ret);
	ASSERT_EQ(1, trace_read(&self->t));
	EXPECT_EQ(SVMTRACE_MARK_UNREADABLE, self->t.records[0].record->marks);
	close(fd);
	close(s.fds[0]);
	close(s.fds[1]);
}

TEST_HARNESS_MAIN
