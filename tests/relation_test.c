// SPDX-License-Identifier: GPL-2.0
/* What a record says of the relation between caller and target. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "patience.h"
#include "calls.h"
#include "child.h"
#include "files.h"
#include "trace.h"

static __u64 ns_of(const char *pid, const char *ns)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, ns);
	return files_ino(path);
}

FIXTURE(relation) {
	struct trace t;
};

FIXTURE_SETUP(relation)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(relation)
{
	trace_end(&self->t);
}

static int call_parent(void *arg)
{
	(void)arg;
	return call_to(getppid()) == CALL_BYTES ? 0 : 1;
}

TEST_F(relation, parent)
{
	const struct record_view *v;

	ASSERT_EQ(0, child_run(0, call_parent, NULL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_PARENT | SVMTRACE_REL_ANCESTOR, v->call->relation);
	EXPECT_EQ(getpid(), v->target->pid);
	EXPECT_EQ(v->caller->ppid, v->target->pid);
}

static int call_it(void *arg)
{
	return call_to(*(pid_t *)arg) == CALL_BYTES ? 0 : 1;
}

static int have_child_call_it(void *arg)
{
	return child_run(0, call_it, arg);
}

TEST_F(relation, grandparent_and_sibling)
{
	const struct record_view *v;
	pid_t pid = getpid();

	ASSERT_EQ(0, child_run(0, have_child_call_it, &pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_ANCESTOR, v->call->relation);
	EXPECT_EQ(getpid(), v->target->pid);

	pid = child_idle(0);
	ASSERT_EQ(0, child_run(0, call_it, &pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->call->relation);
	EXPECT_EQ(pid, v->target->pid);
	child_kill(pid);
}

/* The first process is everybody's ancestor. */
TEST_F(relation, init)
{
	const struct record_view *v;

	call_to(1);
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(1, v->target->pid);
	EXPECT_EQ(SVMTRACE_REL_ANCESTOR, v->call->relation & ~SVMTRACE_REL_PARENT);
}

TEST_F(relation, tracee)
{
	const struct record_view *v;
	pid_t pid = child_idle(0);

	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	ASSERT_EQ(CALL_BYTES, call_to(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CHILD | SVMTRACE_REL_TRACEE, v->call->relation);
	child_kill(pid);
}

static int trace_and_call(void *arg)
{
	return ptrace(PTRACE_SEIZE, *(pid_t *)arg, 0, 0) ? 2 : call_it(arg);
}

TEST_F(relation, tracee_of_another_process)
{
	const struct record_view *v;
	pid_t pid = child_idle(0);

	/* The tracer calls, and is no parent. */
	ASSERT_EQ(0, child_run(0, trace_and_call, &pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_TRACEE, v->call->relation);
	ASSERT_EQ(CALL_BYTES, call_to(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CHILD, v->call->relation);
	child_kill(pid);
}

static int idle_too(void *arg)
{
	(void)arg;
	return pause();
}

static alignas(16) char stack[65536];

TEST_F(relation, same_memory)
{
	const struct record_view *v;
	pid_t pid, me = getpid();
	int status;

	pid = clone(idle_too, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	ASSERT_LT(0, pid);
	ASSERT_EQ(CALL_BYTES, call_to(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CHILD | SVMTRACE_REL_MM, v->call->relation);
	EXPECT_EQ(pid, v->target->pid);
	child_kill(pid);

	pid = clone(call_it, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &me);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(pid, v->caller->pid);
	EXPECT_EQ(SVMTRACE_REL_PARENT | SVMTRACE_REL_ANCESTOR | SVMTRACE_REL_MM,
		  v->call->relation);
}

static int idle_as_user(void *arg)
{
	(void)arg;
	return setresuid(1001, 1001, 1001) ? 1 : pause();
}

static int call_it_as_user(void *arg)
{
	if (setresuid(1001, 1001, 1001))
		return 1;
	return call_to(*(pid_t *)arg) == -EPERM ? 0 : 2;
}

TEST_F(relation, other_user)
{
	const struct record_view *v;
	pid_t pid;

	pid = child_start(0, idle_as_user, NULL);
	ASSERT_EQ(0, child_asleep(pid));
	ASSERT_EQ(CALL_BYTES, call_to(pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CHILD | SVMTRACE_REL_CROSS_UID, v->call->relation);
	EXPECT_EQ(1001, v->target->uid);
	EXPECT_EQ(0, v->caller->uid);
	child_kill(pid);

	pid = child_idle(0);
	ASSERT_EQ(0, child_run(0, call_it_as_user, &pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CROSS_UID | SVMTRACE_REL_PRIVILEGED, v->call->relation);
	EXPECT_EQ(0, v->target->uid);
	EXPECT_EQ(1001, v->caller->uid);
	child_kill(pid);
}

static int call_it_without_caps(void *arg)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = {};

	if (syscall(SYS_capset, &header, none))
		return 1;
	return call_to(*(pid_t *)arg) == -EPERM ? 0 : 2;
}

/* Privilege is not a matter of the user alone. */
TEST_F(relation, more_capabilities)
{
	const struct record_view *v;
	pid_t pid = child_idle(0);

	ASSERT_EQ(0, child_run(0, call_it_without_caps, &pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_PRIVILEGED, v->call->relation);
	child_kill(pid);
}

TEST_F(relation, other_namespaces)
{
	static const struct {
		int flags;
		__u32 relation;
	} cases[] = {
		{ CLONE_NEWPID, SVMTRACE_REL_CROSS_PIDNS },
		{ CLONE_NEWNS, SVMTRACE_REL_CROSS_MNTNS },
		{ CLONE_NEWUSER, SVMTRACE_REL_CROSS_USERNS },
		{ CLONE_NEWUTS | CLONE_NEWIPC, 0 },
		{ CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER, SVMTRACE_REL_CROSS_PIDNS |
		  SVMTRACE_REL_CROSS_MNTNS | SVMTRACE_REL_CROSS_USERNS },
	};
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = child_idle(cases[i].flags);
		char name[16];

		ASSERT_LT(0, pid);
		snprintf(name, sizeof(name), "%d", pid);
		ASSERT_EQ(CALL_BYTES, call_to(pid));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(SVMTRACE_REL_CHILD | cases[i].relation, v->call->relation);
		EXPECT_EQ(pid, v->target->pid);
		EXPECT_EQ(ns_of("self", "pid"), v->context->pid_ns);
		EXPECT_EQ(ns_of(name, "pid"), v->target_context->pid_ns);
		EXPECT_EQ(ns_of(name, "mnt"), v->target_context->mnt_ns);
		EXPECT_EQ(ns_of(name, "user"), v->target_context->user_ns);
		child_kill(pid);
	}
}

/* From inside a user namespace, what is outside of it is more privileged. */
static int call_it_from_userns(void *arg)
{
	long ret;

	if (unshare(CLONE_NEWUSER))
		return 1;
	ret = call_to(*(pid_t *)arg);
	return ret == -EPERM ? 0 : 2;
}

TEST_F(relation, outside_of_user_namespace)
{
	const struct record_view *v;
	pid_t pid = child_idle(0);

	ASSERT_EQ(0, child_run(0, call_it_from_userns, &pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CROSS_USERNS | SVMTRACE_REL_PRIVILEGED, v->call->relation);
	child_kill(pid);
}

#define CGROUP "/sys/fs/cgroup/svmtrace-target"

static int idle_in_cgroup(void *arg)
{
	(void)arg;
	return files_write(CGROUP "/cgroup.procs", "0") ? 1 : pause();
}

TEST_F(relation, other_cgroup)
{
	const struct record_view *v;
	struct stat st;
	pid_t pid;

	if (access("/sys/fs/cgroup/cgroup.procs", F_OK))
		SKIP(return, "no cgroup2 in this kernel");
	ASSERT_EQ(0, mkdir(CGROUP, 0755));
	EXPECT_EQ(0, stat(CGROUP, &st));
	pid = child_start(0, idle_in_cgroup, NULL);
	EXPECT_EQ(0, child_asleep(pid));
	EXPECT_EQ(CALL_BYTES, call_to(pid));
	child_kill(pid);
	EXPECT_EQ(0, rmdir(CGROUP));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_REL_CHILD | SVMTRACE_REL_CROSS_CGROUP, v->call->relation);
	EXPECT_EQ(st.st_ino, v->target_context->cgroup);
	EXPECT_NE(st.st_ino, v->context->cgroup);
}

TEST_HARNESS_MAIN
