// SPDX-License-Identifier: GPL-2.0
/* What a record says of the target. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "patience.h"
#include "calls.h"
#include "child.h"
#include "files.h"
#include "trace.h"

#define EXE_MARKS ((SVMTRACE_MARK_EXE_TRUNCATED | SVMTRACE_MARK_EXE_DELETED | \
		    SVMTRACE_MARK_EXE_MEMFD) << SVMTRACE_MARK_TARGET_EXE_SHIFT)
#define TARGET_GROUPS (SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_TARGET_CONTEXT)

/* First argument of this program when it is to be nothing but a target. */
#define WAIT_FOR_END "--wait-for-end"

/* Before main(), because the harness has that. */
__attribute__((constructor)) static void wait_for_end(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], WAIT_FOR_END))
		return;
	while (pause())
		;
}

FIXTURE(target) {
	struct trace t;
};

FIXTURE_SETUP(target)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(target)
{
	trace_end(&self->t);
}

TEST_F(target, self)
{
	const struct record_view *v;

	prctl(PR_SET_NAME, "it's me");
	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD | SVMTRACE_REL_MM, v->call->relation);
	EXPECT_EQ(getpid(), v->target->pid);
	EXPECT_EQ(getuid(), v->target->uid);
	EXPECT_STREQ("it's me", v->target->comm);
	EXPECT_EQ(v->caller->start_time, v->target->start_time);
	EXPECT_EQ(v->context->pid_ns, v->target_context->pid_ns);
	EXPECT_EQ(v->context->mnt_ns, v->target_context->mnt_ns);
	EXPECT_EQ(v->context->user_ns, v->target_context->user_ns);
	EXPECT_EQ(v->context->exe_dev, v->target_context->exe_dev);
	EXPECT_EQ(v->context->exe_ino, v->target_context->exe_ino);
	EXPECT_EQ(v->context->cgroup, v->target_context->cgroup);
	EXPECT_NE(0, v->target_context->mnt_ns);
	EXPECT_NE(0, v->target_context->exe_ino);
	ASSERT_NE(0, v->call->exe_len);
	ASSERT_EQ(v->call->exe_len, v->call->target_exe_len);
	EXPECT_EQ(0, memcmp(v->exe, v->target_exe, v->call->exe_len));
	EXPECT_EQ(0, v->record->marks);
}

struct thread {
	pthread_t thread;
	sem_t ready;
	sem_t done;
	pid_t tid;
};

static void *be_thread(void *arg)
{
	struct thread *t = arg;

	prctl(PR_SET_NAME, "other thread");
	t->tid = gettid();
	sem_post(&t->ready);
	sem_wait(&t->done);
	return NULL;
}

static void thread_start(struct thread *t, int shared)
{
	sem_init(&t->ready, shared, 0);
	sem_init(&t->done, shared, 0);
	pthread_create(&t->thread, NULL, be_thread, t);
	sem_wait(&t->ready);
}

TEST_F(target, own_thread)
{
	const struct record_view *v;
	struct thread other;

	thread_start(&other, 0);
	ASSERT_EQ(CALL_BYTES, call_to(other.tid));
	sem_post(&other.done);
	pthread_join(other.thread, NULL);
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_THREAD | SVMTRACE_REL_MM, v->call->relation);
	EXPECT_EQ(other.tid, v->args[0]);
	EXPECT_EQ(getpid(), v->target->pid);
	EXPECT_STREQ("other thread", v->target->comm);
	EXPECT_EQ(v->caller->start_time, v->target->start_time);
}

/* A process with a second thread, whose id it tells. */
static int be_threads(void *arg)
{
	thread_start(arg, 1);
	return pause();
}

TEST_F(target, thread_of_another_process)
{
	struct thread *other = child_shared(sizeof(*other));
	const struct record_view *v;
	pid_t pid;

	pid = child_start(0, be_threads, other);
	ASSERT_EQ(0, child_asleep(pid));
	ASSERT_NE(pid, other->tid);
	ASSERT_EQ(CALL_BYTES, call_to(other->tid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CHILD, v->call->relation);
	EXPECT_EQ(other->tid, v->args[0]);
	EXPECT_EQ(pid, v->target->pid);
	EXPECT_STREQ("other thread", v->target->comm);
	child_kill(pid);
}

static int idle(void *arg)
{
	if (arg)
		prctl(PR_SET_NAME, arg);
	return pause();
}

TEST_F(target, child)
{
	const struct record_view *v;
	__u64 start_time;
	pid_t pid;

	usleep(20000);
	pid = child_start(0, idle, "the child");
	ASSERT_EQ(0, child_asleep(pid));
	ASSERT_EQ(CALL_BYTES, call_to(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CHILD, v->call->relation);
	EXPECT_EQ(pid, v->target->pid);
	EXPECT_STREQ("the child", v->target->comm);
	EXPECT_LT(v->caller->start_time, v->target->start_time);
	EXPECT_EQ(v->context->exe_ino, v->target_context->exe_ino);
	/* The executable is not called as the child calls itself. */
	EXPECT_NE(0, v->call->target_exe_len);
	start_time = v->target->start_time;
	child_kill(pid);

	pid = child_idle(0);
	ASSERT_EQ(CALL_BYTES, call_to(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_LT(start_time, v->target->start_time);
	child_kill(pid);
}

TEST_F(target, none)
{
	const struct record_view *v;
	pid_t pids[] = { 0, -1, INT_MIN, INT_MAX, 0x3fffffff, 0 };
	size_t i;

	pids[5] = child_idle(0);
	child_kill(pids[5]);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		ASSERT_EQ(-ESRCH, call_to(pids[i]));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ((__u64)pids[i], v->args[0]);
		EXPECT_EQ(SVMTRACE_MARK_NO_TARGET, v->record->marks);
		EXPECT_EQ(0, v->call->groups & TARGET_GROUPS);
		EXPECT_EQ(NULL, v->target);
		EXPECT_EQ(NULL, v->target_context);
		EXPECT_EQ(0, v->call->relation);
		EXPECT_EQ(0, v->call->target_exe_len);
		EXPECT_EQ(1, v->call->iovs);
	}
}

/* The kernel looks up a target only if there is something to write. */
TEST_F(target, not_looked_up_by_the_kernel)
{
	struct iovec empty = { NULL, 0 };
	const struct record_view *v;

	ASSERT_EQ(0, do_writev(0x3fffffff, &empty, 1, &empty, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->call->ret);
	EXPECT_EQ(SVMTRACE_MARK_NO_TARGET, v->record->marks);
	ASSERT_EQ(-EINVAL, do_writev(1, &empty, 1, &empty, 1, 7));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(-EINVAL, v->call->ret);
	EXPECT_EQ(1, v->target->pid);
}

static int end_at_once(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "undead");
	return 0;
}

TEST_F(target, zombie)
{
	const struct record_view *v;
	siginfo_t info;
	pid_t pid;

	pid = child_start(0, end_at_once, NULL);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(-ESRCH, call_to(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(SVMTRACE_REL_CHILD, v->call->relation);
	ASSERT_NE(NULL, v->target);
	EXPECT_EQ(pid, v->target->pid);
	EXPECT_STREQ("undead", v->target->comm);
	ASSERT_NE(NULL, v->target_context);
	EXPECT_EQ(0, v->target_context->exe_ino);
	EXPECT_EQ(0, v->target_context->exe_dev);
	EXPECT_EQ(0, v->target_context->mnt_ns);
	EXPECT_EQ(v->context->pid_ns, v->target_context->pid_ns);
	EXPECT_EQ(0, v->call->target_exe_len);
	ASSERT_EQ(0, child_wait(pid));
}

TEST_F(target, kernel_thread)
{
	const struct record_view *v;

	EXPECT_GT(0, call_to(2));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	ASSERT_NE(NULL, v->target);
	EXPECT_EQ(2, v->target->pid);
	EXPECT_STREQ("kthreadd", v->target->comm);
	EXPECT_EQ(0, v->target_context->exe_ino);
	EXPECT_EQ(0, v->call->relation & ~SVMTRACE_REL_CROSS_CGROUP);
}

/* A chain of pid namespaces, in the innermost of which calls are made. */
struct nest {
	int depth;
	pid_t outside;
	pid_t host_pids[2];
};

/* /proc is still that of the outermost pid namespace. */
static pid_t host_pid(void)
{
	char buf[32] = {};

	return readlink("/proc/self", buf, sizeof(buf) - 1) > 0 ? atoi(buf) : 0;
}

/* The namespace's process 2: to 1, to itself, and to who is not in here. */
static int call_inside(void *arg)
{
	struct nest *n = arg;

	n->host_pids[1] = host_pid();
	if (getpid() != 2 || call_to(1) != CALL_BYTES || call_to(2) != CALL_BYTES)
		return 1;
	return call_to(n->outside) == -ESRCH ? 0 : 2;
}

static int nest(void *arg)
{
	struct nest *n = arg;

	n->host_pids[0] = host_pid();
	if (n->depth--)
		return child_run(CLONE_NEWPID, nest, n);
	return child_run(0, call_inside, n);
}

TEST_F(target, numbers_in_pid_namespace)
{
	struct nest *n = child_shared(sizeof(*n));
	const struct record_view *v;
	int depth;

	for (depth = 0; depth < 3; depth++) {
		*n = (struct nest){ .depth = depth, .outside = getpid() };
		ASSERT_EQ(0, child_run(CLONE_NEWPID, nest, n));
		ASSERT_EQ(3, trace_read(&self->t));
		v = &self->t.records[self->t.n - 3];
		EXPECT_EQ(1, v[0].args[0]);
		EXPECT_EQ(n->host_pids[0], v[0].target->pid);
		EXPECT_EQ(SVMTRACE_REL_PARENT | SVMTRACE_REL_ANCESTOR, v[0].call->relation);
		EXPECT_EQ(2, v[1].args[0]);
		EXPECT_EQ(n->host_pids[1], v[1].target->pid);
		EXPECT_EQ(SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD | SVMTRACE_REL_MM,
			  v[1].call->relation);
		EXPECT_EQ(v[1].context->pid_ns, v[1].target_context->pid_ns);
		EXPECT_NE(files_ino("/proc/self/ns/pid"), v[1].target_context->pid_ns);
		EXPECT_EQ(getpid(), v[2].args[0]);
		EXPECT_EQ(SVMTRACE_MARK_NO_TARGET, v[2].record->marks);
		EXPECT_EQ(NULL, v[2].target);
	}
}

static int wait_as_copy(void *arg)
{
	execl(arg, arg, WAIT_FOR_END, NULL);
	return 1;
}

TEST_F(target, executable)
{
	static const char path[] = "/tmp/a_target_of_svmtrace";
	const char *name = path + strlen("/tmp/");
	const struct record_view *v;
	struct stat st;
	pid_t pid;
	int fd, i;

	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0755);
	ASSERT_EQ(0, files_copy_self(fd));
	ASSERT_EQ(0, fstat(fd, &st));
	close(fd);
	pid = child_start(0, wait_as_copy, (void *)path);
	ASSERT_EQ(0, child_asleep(pid));
	for (i = 0; i < 2; i++) {
		/* The second time, the file is gone. */
		if (i)
			ASSERT_EQ(0, unlink(path));
		call_to(pid);
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(0, memcmp(name, v->target->comm, 15));
		EXPECT_EQ(st.st_ino, v->target_context->exe_ino);
		EXPECT_NE(v->context->exe_ino, v->target_context->exe_ino);
		ASSERT_EQ(strlen(name), v->call->target_exe_len);
		EXPECT_EQ(0, memcmp(name, v->target_exe, strlen(name)));
		EXPECT_EQ(i ? SVMTRACE_MARK_EXE_DELETED << SVMTRACE_MARK_TARGET_EXE_SHIFT : 0,
			  v->record->marks & EXE_MARKS);
		EXPECT_EQ(0, v->record->marks & SVMTRACE_MARK_EXE_DELETED);
	}
	child_kill(pid);
}

TEST_HARNESS_MAIN
