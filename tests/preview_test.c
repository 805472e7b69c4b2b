// SPDX-License-Identifier: GPL-2.0
/* What a record says of the payload, if a session asked for it. */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "patience.h"
#include "blocked.h"
#include "calls.h"
#include "child.h"
#include "memory.h"
#include "trace.h"

/* What the module holds of a call in flight; of the rest it keeps a hash. */
#define HELD 640

#define PREVIEW_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_PREVIEW_SHIFT)
#define PREVIEW_MARKS (0x1f << SVMTRACE_MARK_PREVIEW_SHIFT)

static char sink[2 * PAGE];

/* Bytes that tell where they stand. */
static void number(char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		data[i] = i * 7 + i / 256;
}

static int start(struct trace *t, __u32 preview_max)
{
	struct svmtrace_config config;

	trace_config(&config);
	config.preview_max = preview_max;
	return trace_start(t, &config);
}

static long write_all(const struct iovec *iov, size_t n)
{
	struct iovec remote = { sink, sizeof(sink) };

	return do_writev(getpid(), iov, n, &remote, 1, 0);
}

static size_t preview_len(const struct record_view *v)
{
	return v->extra ? v->extra->preview_len : 0;
}

FIXTURE(preview) {
	struct trace t;
	char *data;
	int memfd;
};

/* The data can be shared with a child, and taken away. */
FIXTURE_SETUP(preview)
{
	ASSERT_EQ(0, start(&self->t, SVMTRACE_PREVIEW_MAX));
	self->memfd = memfd_create("payload", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->memfd, 2 * PAGE));
	self->data = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  self->memfd, 0);
	ASSERT_NE(MAP_FAILED, self->data);
	number(self->data, 2 * PAGE);
}

FIXTURE_TEARDOWN(preview)
{
	trace_end(&self->t);
}

TEST_F(preview, off)
{
	struct iovec iov = { self->data, 100 };
	const struct record_view *v;
	struct trace t;

	ASSERT_EQ(0, trace_start(&t, NULL));
	ASSERT_EQ(100, write_all(&iov, 1));
	v = trace_one(&t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(NULL, v->extra);
	EXPECT_EQ(NULL, v->preview);
	EXPECT_EQ(0, v->record->marks);
	/* Although another session has it, marked and all. */
	iov.iov_base = NULL;
	write_all(&iov, 1);
	v = trace_one(&t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(NULL, v->extra);
	EXPECT_EQ(0, v->record->marks);
	trace_end(&t);

	ASSERT_EQ(2, trace_read(&self->t));
	EXPECT_EQ(100, preview_len(&self->t.records[0]));
	EXPECT_EQ(PREVIEW_MARK(UNREADABLE), self->t.records[1].record->marks);
}

TEST_F(preview, of_process_vm_writev)
{
	static const size_t sizes[] = {
		0, 1, 7, 8, 9, 639, 640, 641, 1000, 4095, 4096, 4097, 8000,
	};
	const struct record_view *v;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct iovec iov = { self->data + 100, sizes[i] };

		n = sizes[i] < 4096 ? sizes[i] : 4096;
		ASSERT_EQ(sizes[i], write_all(&iov, 1));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(n < sizes[i] ? PREVIEW_MARK(TRUNCATED) : 0, v->record->marks);
		ASSERT_EQ(n, preview_len(v));
		if (n)
			EXPECT_EQ(0, memcmp(iov.iov_base, v->preview, n));
		EXPECT_EQ(0, n && v->extra->preview_at_return_len);
	}
}

TEST_F(preview, of_each_session)
{
	static const __u32 sizes[] = { 1, 16, HELD - 1, HELD, HELD + 1, 2000 };
	struct iovec iov = { self->data + 3, 2000 };
	const struct record_view *v;
	struct trace t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, start(&t, sizes[i]));
		ASSERT_EQ(2000, write_all(&iov, 1));
		v = trace_one(&t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(sizes[i] < 2000 ? PREVIEW_MARK(TRUNCATED) : 0, v->record->marks);
		ASSERT_EQ(sizes[i], preview_len(v));
		EXPECT_EQ(0, memcmp(iov.iov_base, v->preview, sizes[i]));
		trace_end(&t);
	}
}

TEST_F(preview, gathered)
{
	char *d = self->data;
	struct iovec iov[] = {
		{ NULL, 0 }, { d + 500, 3 }, { d, 0 }, { d + PAGE - 2, 5 }, { d + 9, 700 },
		{ d + 30, 100 },
	};
	const struct record_view *v;
	char want[4096];
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(iov); i++) {
		memcpy(want + n, iov[i].iov_base ? iov[i].iov_base : d, iov[i].iov_len);
		n += iov[i].iov_len;
	}
	ASSERT_EQ(n, write_all(iov, ARRAY_SIZE(iov)));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	ASSERT_EQ(n, preview_len(v));
	EXPECT_EQ(0, memcmp(want, v->preview, n));
}

/* Not all of the array is looked at: then the preview is not all, and says so. */
TEST_F(preview, behind_many_decoys)
{
	struct iovec iov[40] = {};
	const struct record_view *v;

	iov[2] = (struct iovec){ self->data, 10 };
	iov[39] = (struct iovec){ self->data + 10, 10 };
	ASSERT_EQ(20, write_all(iov, 40));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	ASSERT_EQ(20, preview_len(v));
	EXPECT_EQ(0, memcmp(self->data, v->preview, 20));
	EXPECT_EQ(0, v->record->marks & PREVIEW_MARKS);
}

TEST_F(preview, unreadable)
{
	static const size_t sizes[] = { 0, 1, 100, 639, 640, 641, 3000 };
	char *page = memory_last_page();
	const struct record_view *v;
	size_t i, n;

	number(page, PAGE);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct iovec iov;

		n = sizes[i];
		iov = (struct iovec){ page + PAGE - n, n + 10 };
		write_all(&iov, 1);
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(PREVIEW_MARK(UNREADABLE), v->record->marks);
		ASSERT_EQ(n, preview_len(v));
		if (n)
			EXPECT_EQ(0, memcmp(iov.iov_base, v->preview, n));
	}
}

TEST_F(preview, not_resident)
{
	static const size_t sizes[] = { 10, 769, PAGE };
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct iovec iov = { .iov_len = sizes[i] };

		iov.iov_base = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, self->memfd, 0);
		ASSERT_EQ(sizes[i], write_all(&iov, 1));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(PREVIEW_MARK(AT_RETURN), v->record->marks);
		ASSERT_EQ(sizes[i], preview_len(v));
		EXPECT_EQ(0, memcmp(self->data, v->preview, sizes[i]));
		munmap(iov.iov_base, 2 * PAGE);
	}
}

TEST_F(preview, partly_resident)
{
	const struct record_view *v;
	struct iovec iov;
	char *p;

	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, self->memfd, 0);
	ASSERT_EQ(0, memcmp(self->data, p, 2 * PAGE));
	ASSERT_EQ(0, madvise(p + PAGE, PAGE, MADV_DONTNEED));
	iov = (struct iovec){ p + PAGE - 900, 1800 };
	ASSERT_EQ(1800, write_all(&iov, 1));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(PREVIEW_MARK(AT_RETURN), v->record->marks);
	ASSERT_EQ(1800, preview_len(v));
	EXPECT_EQ(0, memcmp(self->data + PAGE - 900, v->preview, 1800));
}

TEST_F(preview, into_a_pipe)
{
	struct iovec iov = { self->data, 3000 }, none = { self->data, 5 };
	const struct record_view *v;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(3000, do_vmsplice(fds[1], &iov, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	ASSERT_EQ(3000, preview_len(v));
	EXPECT_EQ(0, memcmp(self->data, v->preview, 3000));

	/* What was to be written is known even if nothing was. */
	ASSERT_EQ(-EBADF, do_vmsplice(-1, &none, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(5, preview_len(v));
}

TEST_F(preview, out_of_a_pipe)
{
	static const size_t sizes[] = { 10, 640, 641, 4096 };
	struct iovec iov[2] = { { sink, 5 }, { sink + 100, 5000 } };
	const struct record_view *v;
	int fds[2];
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		n = sizes[i];
		memset(sink, 'x', sizeof(sink));
		ASSERT_EQ(0, pipe(fds));
		ASSERT_EQ(n, write(fds[1], self->data, n));
		ASSERT_EQ(n, do_vmsplice(fds[0], iov, 2, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(PREVIEW_MARK(AT_RETURN), v->record->marks);
		ASSERT_EQ(n, preview_len(v));
		EXPECT_EQ(0, memcmp(self->data, v->preview, n));
		EXPECT_EQ(0, v->extra->preview_at_return_len);

		/* Nothing arrives: the old content of the buffer is not payload. */
		ASSERT_EQ(-EAGAIN, do_vmsplice(fds[0], iov, 2, SPLICE_F_NONBLOCK));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(0, preview_len(v));
		EXPECT_EQ(0, v->record->marks & (PREVIEW_MARK(UNREADABLE) |
						 PREVIEW_MARK(TRUNCATED)));
		close(fds[0]);
		close(fds[1]);
	}
}

/* More arrives than a session keeps. */
TEST_F(preview, out_of_a_pipe_truncated)
{
	struct iovec iov = { sink, sizeof(sink) };
	const struct record_view *v;
	struct trace t;
	int fds[2];

	ASSERT_EQ(0, start(&t, 64));
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(5000, write(fds[1], self->data, 5000));
	ASSERT_EQ(5000, do_vmsplice(fds[0], &iov, 1, 0));
	v = trace_one(&t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(PREVIEW_MARK(AT_RETURN) | PREVIEW_MARK(TRUNCATED), v->record->marks);
	ASSERT_EQ(64, preview_len(v));
	EXPECT_EQ(0, memcmp(self->data, v->preview, 64));
	trace_end(&t);
}

/* The bytes change while the call blocks: the record has both. */
TEST_F(preview, changed)
{
	static const struct {
		size_t size, at;
	} cases[] = {
		{ 1, 0 }, { 100, 99 }, { HELD, HELD - 1 }, { HELD + 1, HELD },
		{ HELD + 1, 0 }, { 4096, 4095 }, { 4096, 1000 },
	};
	char before[2 * PAGE];
	size_t i, held;

	memcpy(before, self->data, sizeof(before));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iovec *iov = child_shared(PAGE);
		struct blocked b = {
			.iov = iov, .n = 1, .data = self->data, .size = 2 * PAGE,
		};
		size_t size = cases[i].size;
		const struct record_view *v;

		memcpy(self->data, before, sizeof(before));
		*iov = (struct iovec){ self->data, size };
		ASSERT_EQ(0, blocked_start(&b));
		self->data[cases[i].at] ^= 0xff;
		ASSERT_EQ(0, blocked_end(&b));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		held = size < HELD ? size : HELD;
		EXPECT_EQ(PREVIEW_MARK(CHANGED) | (size > held ? PREVIEW_MARK(TRUNCATED) : 0),
			  v->record->marks);
		ASSERT_EQ(held, preview_len(v));
		EXPECT_EQ(0, memcmp(before, v->preview, held));
		ASSERT_EQ(size, v->extra->preview_at_return_len);
		EXPECT_EQ(0, memcmp(self->data, v->preview_at_return, size));
	}
}

TEST_F(preview, unchanged)
{
	struct iovec *iov = child_shared(PAGE);
	struct blocked b = {
		.iov = iov, .n = 1, .data = self->data, .size = 2 * PAGE,
	};
	const struct record_view *v;

	*iov = (struct iovec){ self->data, 4096 };
	ASSERT_EQ(0, blocked_start(&b));
	ASSERT_EQ(0, blocked_end(&b));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	ASSERT_EQ(4096, preview_len(v));
	EXPECT_EQ(0, memcmp(self->data, v->preview, 4096));
}

/* Gone at return: what the module holds of it is still there. */
TEST_F(preview, gone)
{
	static const size_t sizes[] = { 100, HELD, 3000 };
	char before[2 * PAGE];
	size_t i, held;

	memcpy(before, self->data, sizeof(before));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct iovec *iov = child_shared(PAGE);
		struct blocked b = {
			.iov = iov, .n = 1, .data = self->data, .size = 2 * PAGE,
		};
		const struct record_view *v;

		*iov = (struct iovec){ self->data, sizes[i] };
		ASSERT_EQ(0, blocked_start(&b));
		ASSERT_EQ(0, ftruncate(self->memfd, 0));
		/* Nothing to move is left, so the call may fail. */
		blocked_end(&b);
		ASSERT_EQ(0, ftruncate(self->memfd, 2 * PAGE));
		memcpy(self->data, before, sizeof(before));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		held = sizes[i] < HELD ? sizes[i] : HELD;
		EXPECT_EQ(PREVIEW_MARK(UNCHECKED) |
			  (sizes[i] > held ? PREVIEW_MARK(TRUNCATED) : 0), v->record->marks);
		ASSERT_EQ(held, preview_len(v));
		EXPECT_EQ(0, memcmp(before, v->preview, held));
	}
}

/* A call that overwrites its own payload. */
TEST_F(preview, overwritten_by_the_call)
{
	struct iovec local = { self->data, 100 }, remote = { self->data + 50, 100 };
	const struct record_view *v;
	char before[200];

	memcpy(before, self->data, sizeof(before));
	ASSERT_EQ(100, do_writev(getpid(), &local, 1, &remote, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(PREVIEW_MARK(CHANGED), v->record->marks);
	ASSERT_EQ(100, preview_len(v));
	EXPECT_EQ(0, memcmp(before, v->preview, 100));
	ASSERT_EQ(100, v->extra->preview_at_return_len);
	EXPECT_EQ(0, memcmp(self->data, v->preview_at_return, 100));
}

/* A filter about the payload says the same, whoever else has that looked at. */
TEST_F(preview, filter_of_a_session_without)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct svmtrace_filter_data, record.marks)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PREVIEW_MARKS),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct svmtrace_program program = {
		.size = sizeof(program), .len = sizeof(insns) / sizeof(*insns),
		.insns = (uintptr_t)insns,
	};
	struct iovec local = { self->data, 100 }, remote = { self->data + 50, 100 };
	struct trace t;

	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_PROGRAM, &program));
	ASSERT_EQ(0, start(&t, 0));
	ASSERT_EQ(0, ioctl(t.fd, SVMTRACE_IOC_PROGRAM, &program));
	ASSERT_EQ(100, do_writev(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_EQ(1, trace_read(&self->t));
	EXPECT_EQ(0, trace_read(&t));
	trace_end(&t);
}

/* Entry records have the payload, too. */
TEST_F(preview, at_entry)
{
	struct iovec iov = { self->data, 4000 };
	struct svmtrace_config config;
	struct trace t;

	trace_config(&config);
	config.preview_max = 4096;
	config.flags = SVMTRACE_CONFIG_ENTRIES;
	ASSERT_EQ(0, trace_start(&t, &config));
	ASSERT_EQ(4000, write_all(&iov, 1));
	ASSERT_EQ(2, trace_read(&t));
	ASSERT_EQ(4000, preview_len(&t.records[0]));
	EXPECT_EQ(0, memcmp(self->data, t.records[0].preview, 4000));
	EXPECT_EQ(PREVIEW_MARK(UNCHECKED), t.records[0].record->marks & PREVIEW_MARKS);
	trace_end(&t);
}

/* The kernel ignores the uppermost byte, if a process has asked for that. */
TEST_F(preview, at_a_tagged_address)
{
	struct iovec iov = { (void *)((uintptr_t)self->data | 0x2aUL << 56), 1000 };
	const struct record_view *v;

	if (prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0))
		SKIP(return, "addresses have no tags here");
	ASSERT_EQ(1000, write_all(&iov, 1));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ((uintptr_t)iov.iov_base, v->iov[0][0].base);
	ASSERT_EQ(1000, preview_len(v));
	EXPECT_EQ(0, memcmp(self->data, v->preview, 1000));
}

/* 0 if a session may be started without, but not with, a preview. */
static int without_ptrace(void *arg)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	struct trace t;

	(void)arg;
	if (syscall(SYS_capget, &header, data))
		return 1;
	data[0].effective &= ~(1U << CAP_SYS_PTRACE);
	if (syscall(SYS_capset, &header, data))
		return 2;
	if (start(&t, 1) != -EPERM || start(&t, 4096) != -EPERM)
		return 3;
	return start(&t, 0) ? 4 : 0;
}

TEST_F(preview, needs_ptrace_capability)
{
	EXPECT_EQ(0, child_run(0, without_ptrace, NULL));
}

TEST_HARNESS_MAIN
