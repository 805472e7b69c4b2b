// SPDX-License-Identifier: GPL-2.0
/* Sets of cgroups in the filter. */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "files.h"
#include "ledger.h"
#include "trace.h"

#define ROOT "/sys/fs/cgroup"

FIXTURE(cgroup) {
	struct trace t;
	__u64 outer;
	__u64 inner;
	__u64 other;
};

static __u64 make(const char *path)
{
	struct stat st;

	if ((mkdir(path, 0755) && errno != EEXIST) || stat(path, &st))
		return 0;
	return st.st_ino;
}

static void unmake(void)
{
	rmdir(ROOT "/outer/inner");
	rmdir(ROOT "/outer");
	rmdir(ROOT "/other");
}

FIXTURE_SETUP(cgroup)
{
	if (access(ROOT "/cgroup.procs", W_OK))
		SKIP_ALL("no cgroup v2 in " ROOT);
	self->outer = make(ROOT "/outer");
	self->inner = make(ROOT "/outer/inner");
	self->other = make(ROOT "/other");
	ASSERT_NE(0, self->outer);
	ASSERT_NE(0, self->inner);
	ASSERT_NE(0, self->other);
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(cgroup)
{
	struct svmtrace_stats stats;

	EXPECT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(0, ledger_balance(&stats));
	trace_end(&self->t);
	unmake();
}

/* 0 or a negative errno. */
static int change(struct trace *t, __u32 op, __u32 set, __u64 id)
{
	struct svmtrace_cgroups cgroups = {
		.size = sizeof(cgroups), .op = op, .set = set,
		.count = op != SVMTRACE_PIDS_CLEAR,
		.ids = op == SVMTRACE_PIDS_CLEAR ? 0 : (uintptr_t)&id,
	};

	return ioctl(t->fd, SVMTRACE_IOC_CGROUPS, &cgroups) ? -errno : 0;
}

#define ADD(set, id) change(&self->t, SVMTRACE_PIDS_ADD, SVMTRACE_CGROUPS_##set, id)
#define REMOVE(set, id) change(&self->t, SVMTRACE_PIDS_REMOVE, SVMTRACE_CGROUPS_##set, id)
#define CLEAR(set) change(&self->t, SVMTRACE_PIDS_CLEAR, SVMTRACE_CGROUPS_##set, 0)

static int call_in(void *dir)
{
	char path[64];

	snprintf(path, sizeof(path), ROOT "%s/cgroup.procs", (const char *)dir);
	if (files_write(path, "0"))
		return 1;
	return call_self() != CALL_BYTES;
}

/* Calls seen of one made in each of root, outer, inner and other: a bit each. */
static int seen(struct trace *t)
{
	static const char *const dirs[] = { "", "/outer", "/outer/inner", "/other" };
	int i, found = 0;

	for (i = 0; i < 4; i++) {
		trace_drop(t);
		if (child_run(0, call_in, (void *)dirs[i]))
			return -1;
		if (trace_read(t) == 1)
			found |= 1 << i;
	}
	return found;
}

TEST_F(cgroup, below_is_in_it)
{
	EXPECT_EQ(0xf, seen(&self->t));
	ASSERT_EQ(0, ADD(CALLER, self->outer));
	EXPECT_EQ(0x6, seen(&self->t));
	ASSERT_EQ(0, ADD(CALLER, self->other));
	EXPECT_EQ(0xe, seen(&self->t));
	ASSERT_EQ(0, REMOVE(CALLER, self->outer));
	EXPECT_EQ(0x8, seen(&self->t));
	ASSERT_EQ(0, ADD(CALLER, self->inner));
	EXPECT_EQ(0xc, seen(&self->t));
	ASSERT_EQ(0, CLEAR(CALLER));
	EXPECT_EQ(0xf, seen(&self->t));
}

TEST_F(cgroup, unwanted)
{
	ASSERT_EQ(0, ADD(NOT_CALLER, self->inner));
	EXPECT_EQ(0xb, seen(&self->t));
	ASSERT_EQ(0, ADD(CALLER, self->outer));
	EXPECT_EQ(0x2, seen(&self->t));
	/* With the last one gone, the set filters nothing. */
	ASSERT_EQ(0, REMOVE(NOT_CALLER, self->inner));
	EXPECT_EQ(0x6, seen(&self->t));
}

/* One that is made later, below, is in it. */
TEST_F(cgroup, made_later)
{
	ASSERT_EQ(0, rmdir(ROOT "/outer/inner"));
	ASSERT_EQ(0, ADD(CALLER, self->outer));
	ASSERT_NE(0, make(ROOT "/outer/inner"));
	EXPECT_EQ(0x6, seen(&self->t));
}

/* A cgroup of the same name is another one. */
TEST_F(cgroup, made_again)
{
	ASSERT_EQ(0, ADD(CALLER, self->other));
	EXPECT_EQ(0x8, seen(&self->t));
	ASSERT_EQ(0, rmdir(ROOT "/other"));
	ASSERT_NE(0, make(ROOT "/other"));
	EXPECT_EQ(0, seen(&self->t));
}

TEST_F(cgroup, errors_change_nothing)
{
	__u64 ids[SVMTRACE_CGROUPS_MAX + 1];
	struct svmtrace_cgroups many = {
		.size = sizeof(many), .op = SVMTRACE_PIDS_ADD, .ids = (uintptr_t)ids,
		.count = SVMTRACE_CGROUPS_MAX,
	};
	unsigned int i;

	ASSERT_EQ(0, ADD(CALLER, self->outer));
	EXPECT_EQ(-EINVAL, ADD(CALLER, 0));
	EXPECT_EQ(-ENOENT, REMOVE(CALLER, self->other));
	EXPECT_EQ(-ENOENT, REMOVE(NOT_CALLER, self->outer));
	EXPECT_EQ(-EINVAL, change(&self->t, SVMTRACE_PIDS_CLEAR + 1, 0, self->outer));
	EXPECT_EQ(-EINVAL, change(&self->t, SVMTRACE_PIDS_ADD, SVMTRACE_CGROUPS_SETS, 1));
	for (i = 0; i < SVMTRACE_CGROUPS_MAX + 1; i++)
		ids[i] = ~0ULL - i * 7;
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_CGROUPS, &many));
	EXPECT_EQ(ENOSPC, errno);
	many.count++;
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_CGROUPS, &many));
	EXPECT_EQ(EINVAL, errno);
	many.ids = 8;
	many.count = 1;
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_CGROUPS, &many));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0x6, seen(&self->t));
	/* As many as there can be: found among them all the same. */
	many.ids = (uintptr_t)ids;
	many.count = SVMTRACE_CGROUPS_MAX - 1;
	EXPECT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_CGROUPS, &many));
	EXPECT_EQ(0x6, seen(&self->t));
	many.op = SVMTRACE_PIDS_REMOVE;
	EXPECT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_CGROUPS, &many));
	EXPECT_EQ(0x6, seen(&self->t));
}

TEST_HARNESS_MAIN
