// SPDX-License-Identifier: GPL-2.0
/* What a record says of the caller's executable. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "patience.h"
#include "calls.h"
#include "child.h"
#include "files.h"
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
	ASSERT_EQ(0, files_copy_self(fd));
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
	ASSERT_EQ(0, files_copy_self(run.fd));
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

/*
 * Maps a copy of each part of the executable over it, at once, so that nothing
 * keeps the process from being of another executable.
 */
static int leave_executable(void)
{
	char exe[PATH_MAX] = {}, line[PATH_MAX + 100];
	FILE *maps = fopen("/proc/self/maps", "r");
	int err = -1;

	if (!maps || readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return -1;
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char prot[5];
		void *copy;

		if (!strstr(line, exe) ||
		    sscanf(line, "%lx-%lx %4s", &from, &to, prot) != 3)
			continue;
		copy = mmap(NULL, to - from, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (copy == MAP_FAILED)
			break;
		memcpy(copy, (void *)from, to - from);
		if (mprotect(copy, to - from, (prot[0] == 'r' ? PROT_READ : 0) |
					      (prot[1] == 'w' ? PROT_WRITE : 0) |
					      (prot[2] == 'x' ? PROT_EXEC : 0)))
			break;
		err = mremap(copy, to - from, to - from, MREMAP_MAYMOVE | MREMAP_FIXED,
			     from) == MAP_FAILED;
		if (err)
			break;
	}
	fclose(maps);
	return err;
}

#define REPLACED 3000
static const char *const memfds[] = { "short", "a name that is longer than comm" };

static void *replace(void *arg)
{
	long *failed = arg;
	int i;

	for (i = 0; i < REPLACED; i++) {
		int fd = memfd_create(memfds[i % 2], MFD_CLOEXEC);

		*failed += !!prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0);
		close(fd);
	}
	return NULL;
}

static void *call_until(void *arg)
{
	while (!__atomic_load_n((bool *)arg, __ATOMIC_RELAXED))
		call_self();
	return NULL;
}

static int replace_while_calling(void *arg)
{
	bool stop = false;
	pthread_t caller;
	long failed = 0;

	(void)arg;
	if (leave_executable())
		return 1;
	replace(&failed);
	if (failed)
		return 2;
	if (pthread_create(&caller, NULL, call_until, &stop))
		return 3;
	replace(&failed);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(caller, NULL);
	return failed ? 4 : 0;
}

static bool is_of_memfd(const struct record_view *v)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		char name[64];
		int len = snprintf(name, sizeof(name), "memfd:%s", memfds[i]);

		if (v->call->exe_len == len && !memcmp(v->exe, name, len))
			return true;
	}
	return false;
}

/* A process is of another executable in the midst of its calls: all is of one of them. */
TEST_F(exe, replaced)
{
	unsigned int named = 0, unnamed = 0;
	int i, n;

	ASSERT_EQ(0, child_run(0, replace_while_calling, NULL));
	n = trace_read(&self->t);
	ASSERT_LT(0, n);
	for (i = 0; i < n; i++) {
		const struct record_view *v = &self->t.records[i];
		__u32 marks = v->record->marks & EXE_MARKS;

		/* Of a gap, if the ring was full. */
		if (!v->call)
			continue;
		if (marks == SVMTRACE_MARK_EXE_MEMFD && is_of_memfd(v))
			named++;
		else if (!marks && !v->call->exe_len && !v->context->exe_ino)
			unnamed++;
		else
			ASSERT_EQ(0, marks) TH_LOG("\"%.*s\"", v->call->exe_len, v->exe);
	}
	TH_LOG("%u named, %u not", named, unnamed);
	EXPECT_LT(0, named);
}

TEST_HARNESS_MAIN
