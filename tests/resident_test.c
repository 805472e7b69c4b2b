// SPDX-License-Identifier: GPL-2.0
/* What a record says of iovec arrays that are not in memory when the call enters. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "patience.h"
#include "calls.h"
#include "memory.h"
#include "trace.h"

#define LOCAL_MARK(mark) (SVMTRACE_MARK_##mark)
#define REMOTE_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_REMOTE_SHIFT)

/* An array of numbered entries, none of whose pages is mapped in yet. */
static struct iovec *not_resident(size_t n)
{
	size_t size = n * sizeof(struct iovec), all = (size + PAGE - 1) & -PAGE;
	struct iovec *iov = calloc(n, sizeof(*iov));
	int fd = memfd_create("iovec", MFD_CLOEXEC);
	void *p;

	memory_number(iov, n);
	if (ftruncate(fd, all) || pwrite(fd, iov, size, 0) != (ssize_t)size)
		return NULL;
	free(iov);
	p = mmap(NULL, all, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return p;
}

FIXTURE(resident) {
	struct trace t;
	struct iovec iov[2][SVMTRACE_IOVS_MAX + 1];
};

FIXTURE_SETUP(resident)
{
	struct svmtrace_config config;

	trace_config(&config);
	config.iovs_max = 1024;
	ASSERT_EQ(0, trace_start(&self->t, &config));
	memory_number(self->iov[0], SVMTRACE_IOVS_MAX + 1);
	memory_number(self->iov[1], SVMTRACE_IOVS_MAX + 1);
}

FIXTURE_TEARDOWN(resident)
{
	trace_end(&self->t);
}

/* What no page is there for yet is read when the kernel has made it so. */
TEST_F(resident, not_yet)
{
	static const size_t counts[] = { 1, 16, 17, 300, 1024 };
	const struct record_view *v;
	struct iovec *local, *remote;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		n = counts[i];
		local = not_resident(n);
		remote = not_resident(n);
		ASSERT_NE(NULL, local);
		ASSERT_EQ(1, do_writev(getpid(), local, n, remote, n, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(LOCAL_MARK(AT_RETURN) | REMOTE_MARK(AT_RETURN), v->record->marks);
		ASSERT_EQ(n, v->call->iovs);
		ASSERT_EQ(n, v->call->remote_iovs);
		EXPECT_TRUE(memory_same(v->iov[0], local, n));
		EXPECT_TRUE(memory_same(v->iov[1], remote, n));
		EXPECT_EQ(1, v->call->bytes);
		EXPECT_EQ(1, v->call->remote_bytes);

		/* Now that it is resident, there is nothing to say about it. */
		ASSERT_EQ(1, do_writev(getpid(), local, n, remote, n, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(0, v->record->marks);
	}
}

/* The kernel does not look at the array, so nobody knows what is in it. */
TEST_F(resident, not_and_not_used)
{
	const struct record_view *v;
	struct iovec *iov = not_resident(2);

	ASSERT_EQ(-EINVAL, do_writev(getpid(), iov, 2, self->iov[1], 1, 1));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(LOCAL_MARK(UNREADABLE), v->record->marks);
	EXPECT_EQ(0, v->call->iovs);
}

TEST_F(resident, partly)
{
	const struct record_view *v;
	struct iovec *iov = not_resident(700);
	size_t first;

	/* Only the page with entries 256 to 511 is not there. */
	mmap((char *)iov, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memory_number(iov, PER_PAGE);
	mmap((char *)iov + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(iov + 2 * PER_PAGE, self->iov[0] + 2 * PER_PAGE, PAGE);
	for (first = 0; first <= 250; first += 250) {
		ASSERT_EQ(0, madvise((char *)iov + PAGE, PAGE, MADV_DONTNEED));
		do_writev(getpid(), iov + first, 700 - first, self->iov[1], 1, 0);
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(LOCAL_MARK(AT_RETURN), v->record->marks);
		ASSERT_EQ(700 - first, v->call->iovs);
		EXPECT_TRUE(memory_same(v->iov[0], self->iov[0] + first, 700 - first));
		EXPECT_EQ(!first, v->call->bytes);
	}
}

TEST_HARNESS_MAIN
