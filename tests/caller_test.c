// SPDX-License-Identifier: GPL-2.0
/* What a record says of the caller: who it is, and where it runs. */
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
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

static long read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long got = -1;

	if (fd >= 0) {
		got = read(fd, buf, size - 1);
		close(fd);
	}
	buf[got < 0 ? 0 : got] = 0;
	return got;
}

static __u64 number_in(const char *path)
{
	char buf[64];

	return read_text(path, buf, sizeof(buf)) > 0 ? strtoull(buf, NULL, 10) : -1ULL;
}

static int call_it(void *arg)
{
	(void)arg;
	return call_self() == CALL_BYTES ? 0 : 100;
}

FIXTURE(caller) {
	struct trace t;
};

FIXTURE_SETUP(caller)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(caller)
{
	trace_end(&self->t);
}

static int call_with_ids(void *arg)
{
	(void)arg;
	if (setresgid(2001, 2002, 2003) || setresuid(1001, 1002, 1003))
		return 1;
	return call_it(NULL);
}

TEST_F(caller, ids)
{
	const struct record_view *v;

	ASSERT_EQ(0, child_run(0, call_with_ids, NULL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(1001, v->caller->uid);
	EXPECT_EQ(1002, v->caller->euid);
	EXPECT_EQ(2001, v->caller->gid);
	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->caller->uid);
	EXPECT_EQ(0, v->caller->euid);
	EXPECT_EQ(0, v->caller->gid);
}

/* (uid_t)-2 and the like are no special values. */
static int call_with_high_ids(void *arg)
{
	(void)arg;
	if (setresgid(-2, -3, -4) || setresuid(-5, -6, -7))
		return 1;
	return call_it(NULL);
}

TEST_F(caller, high_ids)
{
	const struct record_view *v;

	ASSERT_EQ(0, child_run(0, call_with_high_ids, NULL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ((__u32)-5, v->caller->uid);
	EXPECT_EQ((__u32)-6, v->caller->euid);
	EXPECT_EQ((__u32)-2, v->caller->gid);
}

/* Of a caller in a user namespace, the ids are those outside. */
static int call_in_userns(void *arg)
{
	(void)arg;
	if (setresuid(1001, 1001, 1001) || prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER) || files_write("/proc/self/uid_map", "0 1001 1"))
		return 1;
	return getuid() ? 2 : call_it(NULL);
}

TEST_F(caller, ids_in_user_namespace)
{
	const struct record_view *v;

	ASSERT_EQ(0, child_run(0, call_in_userns, NULL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(1001, v->caller->uid);
	EXPECT_EQ(1001, v->caller->euid);
	EXPECT_EQ(0, v->caller->gid);
	EXPECT_EQ((1ULL << (CAP_LAST_CAP + 1)) - 1, v->context->caps);
}

TEST_F(caller, comm)
{
	static const char * const names[] = {
		"", "a", "1234567", "12345678", "123456789", "fifteen bytes !",
		"longer, 16 bytes", "a b\tc\n", "\001\377\200\033[", "x", "\"\\'%s",
	};
	const struct record_view *v;
	char want[SVMTRACE_COMM_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		memset(want, 0, sizeof(want));
		strncpy(want, names[i], sizeof(want) - 1);
		ASSERT_EQ(0, prctl(PR_SET_NAME, names[i]));
		ASSERT_EQ(CALL_BYTES, call_self());
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(0, memcmp(want, v->caller->comm, sizeof(want)))
			TH_LOG("comm '%s'", names[i]);
	}
}

static void *call_with_name(void *arg)
{
	prctl(PR_SET_NAME, "a thread");
	*(long *)arg = call_self();
	return NULL;
}

TEST_F(caller, comm_of_a_thread)
{
	const struct record_view *v;
	pthread_t thread;
	long ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, call_with_name, &ret));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(CALL_BYTES, ret);
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_STREQ("a thread", v->caller->comm);
}

/* In clock ticks: field 22 of /proc/self/stat, the 20th after the name. */
static unsigned long long start_ticks(void)
{
	char buf[1024], *pos;
	int i;

	read_text("/proc/self/stat", buf, sizeof(buf));
	pos = strrchr(buf, ')');
	for (i = 0; i < 20 && pos; i++)
		pos = strchr(pos + 1, ' ');
	return pos ? strtoull(pos, NULL, 10) : 0;
}

TEST_F(caller, start_time)
{
	__u64 tick = 1000000000 / sysconf(_SC_CLK_TCK);
	const struct record_view *v;
	pthread_t thread;
	long ret;

	/* The start of the process, not that of the thread. */
	usleep(50000);
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_with_name, &ret));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_NE(0, start_ticks());
	EXPECT_EQ(start_ticks(), v->caller->start_time / tick);
}

static int call_as_orphan(void *arg)
{
	pid_t parent = *(pid_t *)arg;
	int tries = 1000;

	prctl(PR_SET_PDEATHSIG, 0);
	while (getppid() != parent && tries--)
		usleep(1000);
	return getppid() == parent ? call_it(NULL) : 1;
}

static int make_orphan(void *arg)
{
	return child_start(0, call_as_orphan, arg) > 0 ? 0 : 1;
}

TEST_F(caller, parent_of_an_orphan)
{
	const struct record_view *v;
	pid_t me = getpid();
	int status;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, child_run(0, make_orphan, &me));
	ASSERT_LT(0, waitpid(-1, &status, 0));
	ASSERT_EQ(0, status);
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(getpid(), v->caller->ppid);
	EXPECT_EQ(getpid(), v->caller->ns_ppid);
}

/* What a caller in a namespace knows of itself, for the test to compare with. */
struct nested {
	int depth;
	int nested;
	pid_t host_pid;
	pid_t host_ppid;
	pid_t pid;
	pid_t ppid;
	__u64 pid_ns;
	__u64 user_ns;
	__u64 mnt_ns;
};

/* /proc is still that of the outermost pid namespace. */
static int call_with_pids(void *arg)
{
	struct nested *n = arg;

	n->host_pid = number_in("/proc/self/stat");
	n->pid = getpid();
	n->ppid = getppid();
	n->pid_ns = files_ino("/proc/self/ns/pid");
	n->user_ns = files_ino("/proc/self/ns/user");
	n->mnt_ns = files_ino("/proc/self/ns/mnt");
	return call_it(NULL);
}

static int nest(void *arg)
{
	struct nested *n = arg;

	/* Whoever has no ids in a user namespace can make none inside of it. */
	if (n->nested++ && files_map_ids())
		return 101;
	n->host_ppid = number_in("/proc/self/stat");
	if (!n->depth--)
		return child_run(0, call_with_pids, n);
	if (!n->depth)
		return child_run(CLONE_NEWPID, call_with_pids, n);
	return child_run(CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWNS, nest, n);
}

TEST_F(caller, pid_namespaces)
{
	struct nested *n = child_shared(sizeof(*n));
	const struct record_view *v;
	int depth;

	for (depth = 0; depth < 4; depth++) {
		n->depth = depth;
		n->nested = 0;
		ASSERT_EQ(0, child_run(0, nest, n));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(depth ? 1 : n->host_pid, n->pid);
		EXPECT_EQ(n->host_pid, v->call->tid);
		EXPECT_EQ(n->host_pid, v->caller->pid);
		EXPECT_EQ(n->host_ppid, v->caller->ppid);
		EXPECT_EQ(n->pid, v->caller->ns_pid);
		EXPECT_EQ(n->pid, v->caller->ns_tid);
		EXPECT_EQ(n->ppid, v->caller->ns_ppid);
		EXPECT_EQ(n->pid_ns, v->context->pid_ns);
		EXPECT_EQ(n->user_ns, v->context->user_ns);
		EXPECT_EQ(n->mnt_ns, v->context->mnt_ns);
		EXPECT_NE(0, v->context->mnt_ns);
	}
}

static int call_as_second(void *arg)
{
	return child_run(0, call_with_pids, arg);
}

TEST_F(caller, parent_in_pid_namespace)
{
	struct nested *n = child_shared(sizeof(*n));
	const struct record_view *v;

	ASSERT_EQ(0, child_run(CLONE_NEWPID, call_as_second, n));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(n->host_pid, v->caller->pid);
	EXPECT_EQ(2, v->caller->ns_pid);
	EXPECT_EQ(2, v->caller->ns_tid);
	EXPECT_EQ(1, v->caller->ns_ppid);
}

/* A pid namespace that is only for the children yet. */
static int call_after_unshare(void *arg)
{
	return unshare(CLONE_NEWPID | CLONE_NEWNS) ? 1 : call_with_pids(arg);
}

TEST_F(caller, unshared_namespaces)
{
	struct nested *n = child_shared(sizeof(*n));
	const struct record_view *v;

	ASSERT_EQ(0, child_run(0, call_after_unshare, n));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(files_ino("/proc/self/ns/pid"), v->context->pid_ns);
	EXPECT_EQ(n->mnt_ns, v->context->mnt_ns);
	EXPECT_NE(files_ino("/proc/self/ns/mnt"), v->context->mnt_ns);
}

static int call_after_login(void *arg)
{
	__u32 *ids = arg;

	if (files_write("/proc/self/loginuid", "4242"))
		return 1;
	ids[0] = number_in("/proc/self/loginuid");
	ids[1] = number_in("/proc/self/sessionid");
	return call_it(NULL);
}

TEST_F(caller, audit)
{
	__u32 *ids = child_shared(2 * sizeof(*ids));
	const struct record_view *v;

	if (access("/proc/self/loginuid", F_OK))
		SKIP(return, "no audit in this kernel");
	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ((__u32)number_in("/proc/self/loginuid"), v->context->loginuid);
	EXPECT_EQ((__u32)number_in("/proc/self/sessionid"), v->context->session);
	ASSERT_EQ(0, child_run(0, call_after_login, ids));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(4242, ids[0]);
	EXPECT_EQ(4242, v->context->loginuid);
	EXPECT_EQ(ids[1], v->context->session);
}

/* CapEff of /proc/self/status. */
static __u64 effective_caps(void)
{
	char buf[4096], *pos;

	read_text("/proc/self/status", buf, sizeof(buf));
	pos = strstr(buf, "CapEff:");
	return pos ? strtoull(pos + 7, NULL, 16) : 0;
}

static int call_with_caps(void *arg)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = 1 << CAP_CHOWN | 1 << CAP_SYS_PTRACE,
		  .permitted = ~0U, .inheritable = 0 },
		{ .effective = 1 << (CAP_PERFMON - 32),
		  .permitted = (1 << (CAP_LAST_CAP - 31)) - 1, .inheritable = 0 },
	};

	if (syscall(SYS_capset, &header, data))
		return 1;
	*(__u64 *)arg = effective_caps();
	return call_it(NULL);
}

TEST_F(caller, caps)
{
	__u64 *caps = child_shared(sizeof(*caps));
	const struct record_view *v;

	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_NE(0, v->context->caps);
	EXPECT_EQ(effective_caps(), v->context->caps);
	ASSERT_EQ(0, child_run(0, call_with_caps, caps));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(*caps, v->context->caps);
	EXPECT_EQ(1ULL << CAP_CHOWN | 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_PERFMON,
		  v->context->caps);
}

#define CGROUP "/sys/fs/cgroup"

static int call_in_cgroup(void *arg)
{
	(void)arg;
	return files_write(CGROUP "/svmtrace-test/cgroup.procs", "0") ? 1 : call_it(NULL);
}

TEST_F(caller, cgroup)
{
	const struct record_view *v;
	__u64 ino;

	if (access(CGROUP "/cgroup.procs", F_OK))
		SKIP(return, "no cgroup2 in this kernel");
	ASSERT_EQ(0, mkdir(CGROUP "/svmtrace-test", 0755));
	ino = files_ino(CGROUP "/svmtrace-test");
	EXPECT_EQ(0, child_run(0, call_in_cgroup, NULL));
	EXPECT_EQ(0, rmdir(CGROUP "/svmtrace-test"));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(ino, v->context->cgroup);
	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(files_ino(CGROUP), v->context->cgroup);
}

TEST_HARNESS_MAIN
