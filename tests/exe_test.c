// SPDX-License-Identifier: GPL-2.0
/* What a record says of the caller's executable. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kselftest_harness.h"
#include "calls.h"
#include "child.h"
#include "trace.h"

/* First argument of this program when a test has it executed, under any name. */
#define CALL_AND_EXIT "--call-and-exit"

#define EXE_MARKS (SVMTRACE_MARK_EXE_TRUNCATED | SVMTRACE_MARK_EXE_DELETED | \
		   SVMTRACE_MARK_EXE_MEMFD)
#define EXE_NAME_MAX 63

/* Before main(), because the harness has that. The second argument is a file to remove. */
__attribute__((constructor)) static void call_and_exit(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], CALL_AND_EXIT))
		return;
	if (argc > 2 && unlink(argv[2]))
		_exit(1);
	_exit(call_self() == CALL_BYTES ? 0 : 2);
}

static __u64 dev_of(const struct stat *st)
{
	return (__u64)major(st->st_dev) << 20 | minor(st->st_dev);
}

/* Copies this program to @fd. */
static int copy_self(int fd)
{
	char buf[65536];
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	long got;

	while ((got = read(self, buf, sizeof(buf))) > 0)
		if (write(fd, buf, got) != got)
			break;
	close(self);
	return got;
}

/* How to execute the copy. */
struct run {
	int fd;
	const char *path;
	const char *remove;
	const char *argv[3];
};

static int execute(void *arg)
{
	const struct run *run = arg;

	if (run->fd < 0)
		execl(run->path, run->path, CALL_AND_EXIT, run->remove, NULL);
	else
		syscall(SYS_execveat, run->fd, "", run->argv, NULL, AT_EMPTY_PATH);
	return 99;
}

FIXTURE(exe) {
	struct trace t;
};

FIXTURE_SETUP(exe)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(exe)
{
	trace_end(&self->t);
}

TEST_F(exe, own)
{
	const struct record_view *v;
	char path[PATH_MAX] = {};
	const char *name;
	struct stat st;

	ASSERT_EQ(0, stat("/proc/self/exe", &st));
	ASSERT_LT(0, readlink("/proc/self/exe", path, sizeof(path) - 1));
	name = strrchr(path, '/') + 1;
	ASSERT_EQ(0, prctl(PR_SET_NAME, "another name"));
	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(dev_of(&st), v->context->exe_dev);
	EXPECT_EQ(st.st_ino, v->context->exe_ino);
	ASSERT_EQ(strlen(name), v->call->exe_len);
	EXPECT_EQ(0, memcmp(name, v->exe, strlen(name)));
	EXPECT_EQ(0, v->record->marks & EXE_MARKS);

	/* The same as comm: not repeated. */
	ASSERT_EQ(0, prctl(PR_SET_NAME, name));
	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(strlen(name) < 16 ? 0 : strlen(name), v->call->exe_len);
	/* The beginning of it is not the same. */
	ASSERT_EQ(0, prctl(PR_SET_NAME, "cal"));
	ASSERT_EQ(CALL_BYTES, call_self());
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(strlen(name), v->call->exe_len);
}

FIXTURE(exe_named) {
	struct trace t;
};

FIXTURE_SETUP(exe_named)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(exe_named)
{
	trace_end(&self->t);
}

FIXTURE_VARIANT(exe_named) {
	size_t len;
	bool removed;
};

FIXTURE_VARIANT_ADD(exe_named, short_) {
	.len = 15,
};

FIXTURE_VARIANT_ADD(exe_named, longer_than_comm) {
	.len = 16,
};

FIXTURE_VARIANT_ADD(exe_named, longest) {
	.len = EXE_NAME_MAX,
};

FIXTURE_VARIANT_ADD(exe_named, too_long) {
	.len = EXE_NAME_MAX + 1,
};

FIXTURE_VARIANT_ADD(exe_named, much_too_long) {
	.len = NAME_MAX,
};

FIXTURE_VARIANT_ADD(exe_named, deleted) {
	.len = 20,
	.removed = true,
};

FIXTURE_VARIANT_ADD(exe_named, deleted_and_too_long) {
	.len = 100,
	.removed = true,
};

/* An executable whose name has a given length. */
TEST_F(exe_named, execute)
{
	size_t len = variant->len, i;
	__u32 marks = 0;
	const struct record_view *v;
	char path[PATH_MAX] = "/tmp/", *name = path + 5;
	struct run run = { .fd = -1, .path = path };
	struct stat st;
	int fd;

	for (i = 0; i < len; i++)
		name[i] = 'a' + i % 26;
	if (variant->removed) {
		run.remove = path;
		marks |= SVMTRACE_MARK_EXE_DELETED;
	}
	if (len > EXE_NAME_MAX) {
		len = EXE_NAME_MAX;
		marks |= SVMTRACE_MARK_EXE_TRUNCATED;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, copy_self(fd));
	ASSERT_EQ(0, fstat(fd, &st));
	close(fd);
	EXPECT_EQ(0, child_run(0, execute, &run));
	unlink(path);

	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, memcmp(name, v->caller->comm, 15));
	EXPECT_EQ(dev_of(&st), v->context->exe_dev);
	EXPECT_EQ(st.st_ino, v->context->exe_ino);
	EXPECT_EQ(marks, v->record->marks & EXE_MARKS);
	if (len > 15) {
		ASSERT_EQ(len, v->call->exe_len);
		EXPECT_EQ(0, memcmp(name, v->exe, len));
	} else {
		EXPECT_EQ(0, v->call->exe_len);
	}
}

TEST_F(exe, memfd)
{
	static const char name[] = "memfd:longer than comm";
	const struct record_view *v;
	struct run run = { .argv = { "innocent", CALL_AND_EXIT } };
	struct stat st;

	run.fd = memfd_create(name + strlen("memfd:"), MFD_CLOEXEC);
	ASSERT_LE(0, run.fd);
	ASSERT_EQ(0, copy_self(run.fd));
	ASSERT_EQ(0, fstat(run.fd, &st));
	ASSERT_EQ(0, child_run(0, execute, &run));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(dev_of(&st), v->context->exe_dev);
	EXPECT_EQ(st.st_ino, v->context->exe_ino);
	EXPECT_EQ(SVMTRACE_MARK_EXE_MEMFD, v->record->marks & EXE_MARKS);
	ASSERT_EQ(strlen(name), v->call->exe_len);
	EXPECT_EQ(0, memcmp(name, v->exe, v->call->exe_len));
}

TEST_HARNESS_MAIN
