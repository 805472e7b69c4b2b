// SPDX-License-Identifier: GPL-2.0
/* What a record says of the iovec arrays, as they were when the call entered. */
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "calls.h"
#include "child.h"
#include "trace.h"

#define PAGE 4096UL
/* Entries in a page. */
#define PER_PAGE (PAGE / sizeof(struct iovec))

#define LOCAL_MARK(mark) (SVMTRACE_MARK_##mark)
#define REMOTE_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_REMOTE_SHIFT)

static char data[2 * PAGE];

/* Entries that tell where they stand; all but the first describe no bytes. */
static void number(struct iovec *iov, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		iov[i] = (struct iovec){ data + i, i ? 0 : 1 };
}

static bool same(const struct svmtrace_iovec *got, const struct iovec *want, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (got[i].base != (__u64)want[i].iov_base || got[i].len != want[i].iov_len)
			return false;
	return true;
}

static void *map(size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* A page, and nothing after it. */
static char *last_page(void)
{
	char *p = map(2 * PAGE, PROT_READ | PROT_WRITE);

	munmap(p + PAGE, PAGE);
	return p;
}

/* An array of numbered entries, none of whose pages is mapped in yet. */
static struct iovec *not_resident(size_t n)
{
	size_t size = n * sizeof(struct iovec), all = (size + PAGE - 1) & -PAGE;
	struct iovec *iov = calloc(n, sizeof(*iov));
	int fd = memfd_create("iovec", MFD_CLOEXEC);
	void *p;

	number(iov, n);
	if (ftruncate(fd, all) || pwrite(fd, iov, size, 0) != (ssize_t)size)
		return NULL;
	free(iov);
	p = mmap(NULL, all, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return p;
}

/* A session that records up to @iovs_max entries of each array. */
static int start(struct trace *t, __u32 iovs_max)
{
	struct svmtrace_config config;

	trace_config(&config);
	config.iovs_max = iovs_max;
	return trace_start(t, &config);
}

FIXTURE(iovec) {
	struct trace t;
	struct iovec iov[2][SVMTRACE_IOVS_MAX + 1];
};

FIXTURE_SETUP(iovec)
{
	ASSERT_EQ(0, start(&self->t, 1024));
	number(self->iov[0], SVMTRACE_IOVS_MAX + 1);
	number(self->iov[1], SVMTRACE_IOVS_MAX + 1);
}

FIXTURE_TEARDOWN(iovec)
{
	trace_end(&self->t);
}

TEST_F(iovec, every_length)
{
	static const size_t lengths[] = { 1, 2, 15, 16, 17, 18, 33, 255, 256, 257, 1023, 1024 };
	const struct record_view *v;
	size_t i, n, m;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		n = lengths[i];
		m = lengths[ARRAY_SIZE(lengths) - 1 - i];
		ASSERT_EQ(1, do_writev(getpid(), self->iov[0], n, self->iov[1], m, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(0, v->record->marks);
		ASSERT_EQ(n, v->call->iovs);
		ASSERT_EQ(m, v->call->remote_iovs);
		EXPECT_TRUE(same(v->iov[0], self->iov[0], n));
		EXPECT_TRUE(same(v->iov[1], self->iov[1], m));
		EXPECT_EQ(NULL, v->extra);
	}
}

TEST_F(iovec, of_vmsplice)
{
	const struct record_view *v;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(1, do_vmsplice(fds[1], self->iov[0], 1024, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	ASSERT_EQ(1024, v->call->iovs);
	EXPECT_EQ(0, v->call->remote_iovs);
	EXPECT_TRUE(same(v->iov[0], self->iov[0], 1024));
}

/* Totals are of the whole array, whatever a session keeps of it. */
TEST_F(iovec, truncated)
{
	static const __u32 max[] = { 0, 1, 15, 16, 17, 100, 1023 };
	const struct record_view *v;
	struct trace t;
	size_t i, n;

	self->iov[0][1023].iov_len = 5;
	self->iov[1][1023].iov_len = 5;
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		ASSERT_EQ(0, start(&t, max[i]));
		ASSERT_EQ(6, do_writev(getpid(), self->iov[0], 1024, self->iov[1], 1024, 0));
		v = trace_one(&t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(LOCAL_MARK(TRUNCATED) | REMOTE_MARK(TRUNCATED), v->record->marks);
		ASSERT_EQ(max[i], v->call->iovs);
		ASSERT_EQ(max[i], v->call->remote_iovs);
		EXPECT_TRUE(same(v->iov[0], self->iov[0], max[i]));
		EXPECT_TRUE(same(v->iov[1], self->iov[1], max[i]));
		EXPECT_EQ(6, v->call->bytes);
		EXPECT_EQ(6, v->call->remote_bytes);

		n = max[i] ? max[i] : 1;
		ASSERT_EQ(1, do_writev(getpid(), self->iov[0], n, self->iov[1], n, 0));
		v = trace_one(&t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(max[i] ? 0 : LOCAL_MARK(TRUNCATED) | REMOTE_MARK(TRUNCATED),
			  v->record->marks);
		trace_end(&t);

		/* The other session has it all. */
		ASSERT_EQ(2, trace_read(&self->t));
		v = &self->t.records[self->t.n - 2];
		EXPECT_EQ(0, v->record->marks);
		EXPECT_EQ(1024, v->call->iovs);
	}
}

/* More than the kernel takes. */
TEST_F(iovec, too_many)
{
	static const unsigned long counts[] = {
		1025, 65537, INT_MAX, 0x80000000UL, UINT_MAX, 0x180000000UL, LONG_MAX, -1UL,
	};
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		unsigned long n = counts[i];

		ASSERT_EQ(-EINVAL, do_writev(getpid(), self->iov[0], n, self->iov[1], 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(n, v->args[2]);
		EXPECT_EQ(LOCAL_MARK(TRUNCATED), v->record->marks);
		ASSERT_EQ(1024, v->call->iovs);
		EXPECT_TRUE(same(v->iov[0], self->iov[0], 1024));
		EXPECT_EQ(1, v->call->remote_iovs);

		ASSERT_EQ(-EINVAL, do_writev(getpid(), self->iov[0], 1, self->iov[1], n, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(n, v->args[4]);
		EXPECT_EQ(REMOTE_MARK(TRUNCATED), v->record->marks);
		EXPECT_EQ(1, v->call->iovs);
		ASSERT_EQ(1024, v->call->remote_iovs);
		EXPECT_TRUE(same(v->iov[1], self->iov[1], 1024));

		ASSERT_EQ(-EBADF, do_vmsplice(-1, self->iov[0], n, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(n, v->args[2]);
		EXPECT_EQ(LOCAL_MARK(TRUNCATED), v->record->marks);
		EXPECT_EQ(1024, v->call->iovs);
	}
}

/* The kernel takes 32 bits of the local count, and all of the remote one. */
TEST_F(iovec, upper_half_of_the_count)
{
	const unsigned long high = 0x8000000100000000UL;
	const struct record_view *v;
	unsigned long n;
	int fds[2];

	self->iov[0][1].iov_len = 7;
	ASSERT_EQ(0, pipe(fds));
	for (n = 1; n < 3; n++) {
		ASSERT_EQ(1, do_writev(getpid(), self->iov[0], high + n, self->iov[1], 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(high + n, v->args[2]);
		EXPECT_EQ(0, v->record->marks);
		ASSERT_EQ(n, v->call->iovs);
		EXPECT_EQ(n == 1 ? 1 : 8, v->call->bytes);

		ASSERT_EQ(n == 1 ? 1 : 8, do_vmsplice(fds[1], self->iov[0], high + n, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(0, v->record->marks);
		ASSERT_EQ(n, v->call->iovs);

		ASSERT_EQ(-EINVAL, do_writev(getpid(), self->iov[0], 1, self->iov[1],
					     high + n, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(REMOTE_MARK(TRUNCATED), v->record->marks);
	}
}

/* A huge count does not make the readable entries unreadable. */
TEST_F(iovec, too_many_at_the_end_of_memory)
{
	const struct record_view *v;
	struct iovec *iov = (struct iovec *)(last_page() + PAGE) - 3;

	number(iov, 3);
	ASSERT_EQ(-EINVAL, do_writev(getpid(), iov, -1UL, self->iov[1], 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(LOCAL_MARK(TRUNCATED) | LOCAL_MARK(UNREADABLE), v->record->marks);
	ASSERT_EQ(3, v->call->iovs);
	EXPECT_TRUE(same(v->iov[0], iov, 3));
}

TEST_F(iovec, none)
{
	const struct record_view *v;

	ASSERT_EQ(0, do_writev(getpid(), (void *)8, 0, (void *)16, 0, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(0, v->call->iovs);
	EXPECT_EQ(0, v->call->remote_iovs);
	EXPECT_EQ(0, v->call->bytes);
	EXPECT_EQ(0, v->call->remote_bytes);
	EXPECT_EQ(8, v->args[1]);
	EXPECT_EQ(16, v->args[3]);
}

TEST_F(iovec, bad_address)
{
	char *unmapped = last_page() + PAGE;
	void *bad[] = {
		NULL, (void *)1, unmapped, map(PAGE, PROT_NONE),
		(void *)0x7ffffffff000UL, (void *)0x800000000000UL,
		(void *)0x8000000000000000UL, (void *)0xffff888000000000UL,
		(void *)0xffffffff81000000UL, (void *)-1UL, (void *)-8UL,
	};
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(-EFAULT, do_writev(getpid(), bad[i], 2, self->iov[1], 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(LOCAL_MARK(UNREADABLE), v->record->marks)
			TH_LOG("local array at %p", bad[i]);
		EXPECT_EQ(0, v->call->iovs);
		EXPECT_EQ(0, v->call->bytes);
		EXPECT_EQ(1, v->call->remote_iovs);
		EXPECT_EQ((__u64)bad[i], v->args[1]);

		ASSERT_EQ(-EFAULT, do_writev(getpid(), self->iov[0], 1, bad[i], 20, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(REMOTE_MARK(UNREADABLE), v->record->marks)
			TH_LOG("remote array at %p", bad[i]);
		EXPECT_EQ(1, v->call->iovs);
		EXPECT_EQ(0, v->call->remote_iovs);
		EXPECT_EQ(0, v->call->remote_bytes);
		EXPECT_EQ((__u64)bad[i], v->args[3]);
	}
}

/* Of an array that runs into nothing, what is there is recorded. */
TEST_F(iovec, partly_unmapped)
{
	static const size_t counts[] = { 1, 3, 16, 17, 40 };
	char *page = last_page();
	const struct record_view *v;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(counts) * 2; i++) {
		struct iovec *iov;

		/* Every other time, half of the next entry is there as well. */
		n = counts[i / 2];
		iov = (struct iovec *)(page + PAGE - i % 2 * 8) - n;
		number(iov, n);
		ASSERT_EQ(-EFAULT, do_writev(getpid(), self->iov[0], 1, iov, n + 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(REMOTE_MARK(UNREADABLE), v->record->marks);
		ASSERT_EQ(n, v->call->remote_iovs);
		EXPECT_TRUE(same(v->iov[1], iov, n));
		EXPECT_EQ(1, v->call->remote_bytes);
	}
}

/* What no page is there for yet is read when the kernel has made it so. */
TEST_F(iovec, not_resident)
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
		EXPECT_TRUE(same(v->iov[0], local, n));
		EXPECT_TRUE(same(v->iov[1], remote, n));
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
TEST_F(iovec, not_resident_and_not_used)
{
	const struct record_view *v;
	struct iovec *iov = not_resident(2);

	ASSERT_EQ(-EINVAL, do_writev(getpid(), iov, 2, self->iov[1], 1, 1));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(LOCAL_MARK(UNREADABLE), v->record->marks);
	EXPECT_EQ(0, v->call->iovs);
}

TEST_F(iovec, partly_resident)
{
	const struct record_view *v;
	struct iovec *iov = not_resident(700);
	size_t first;

	/* Only the page with entries 256 to 511 is not there. */
	mmap((char *)iov, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	number(iov, PER_PAGE);
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
		EXPECT_TRUE(same(v->iov[0], self->iov[0] + first, 700 - first));
		EXPECT_EQ(!first, v->call->bytes);
	}
}

struct uffd {
	int fd;
	void *page;
	char content[PAGE];
};

/* Gives the page when the kernel asks for it. */
static void *serve(void *arg)
{
	struct uffd *u = arg;
	struct pollfd pollfd = { .fd = u->fd, .events = POLLIN };
	struct uffd_msg msg;
	struct uffdio_copy copy = {
		.dst = (__u64)u->page, .src = (__u64)u->content, .len = PAGE,
	};

	poll(&pollfd, 1, 5000);
	usleep(20000);
	if (read(u->fd, &msg, sizeof(msg)) == sizeof(msg))
		ioctl(u->fd, UFFDIO_COPY, &copy);
	return NULL;
}

TEST_F(iovec, served_by_userfaultfd)
{
	struct uffd u = { .fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK) };
	struct uffdio_register reg = {
		.range = { .len = PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	const struct record_view *v;
	pthread_t thread;

	if (u.fd < 0)
		SKIP(return, "no userfaultfd in this kernel");
	u.page = map(PAGE, PROT_READ | PROT_WRITE);
	reg.range.start = (__u64)u.page;
	number((struct iovec *)u.content, PER_PAGE);
	ASSERT_EQ(0, ioctl(u.fd, UFFDIO_API, &api));
	ASSERT_EQ(0, ioctl(u.fd, UFFDIO_REGISTER, &reg));
	ASSERT_EQ(0, pthread_create(&thread, NULL, serve, &u));
	EXPECT_EQ(1, do_writev(getpid(), u.page, 20, self->iov[1], 1, 0));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(LOCAL_MARK(AT_RETURN), v->record->marks);
	ASSERT_EQ(20, v->call->iovs);
	EXPECT_TRUE(same(v->iov[0], u.page, 20));
	EXPECT_LE(20000000, v->record->time - v->call->entry_time);
}

/* The first entries that describe bytes need not be the first ones. */
TEST_F(iovec, decoys)
{
	struct iovec local[] = {
		{ NULL, 0 }, { (void *)0x10, 0 }, { "xyz", 3 }, { data, 0 },
	}, remote[] = {
		{ data, 0 }, { data + 100, 1 }, { (void *)0xdead, 0 }, { data + 200, 2 },
	};
	const struct record_view *v;

	ASSERT_EQ(3, do_writev(getpid(), local, 4, remote, 4, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->record->marks);
	ASSERT_EQ(4, v->call->iovs);
	ASSERT_EQ(4, v->call->remote_iovs);
	EXPECT_TRUE(same(v->iov[0], local, 4));
	EXPECT_TRUE(same(v->iov[1], remote, 4));
	EXPECT_EQ(3, v->call->bytes);
	EXPECT_EQ(3, v->call->remote_bytes);
}

TEST_F(iovec, partial_transfers)
{
	char *page = last_page();
	struct iovec local = { data, 2 * PAGE }, split[] = { { data, 10 }, { data, 20 } };
	struct iovec remote[] = { { page, 100 }, { page + PAGE, 100 } };
	struct iovec across = { page + PAGE - 64, 128 };
	const struct record_view *v;

	/* The second range is not there. */
	ASSERT_EQ(100, do_writev(getpid(), &local, 1, remote, 2, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(100, v->call->ret);
	EXPECT_EQ(2 * PAGE, v->call->bytes);
	EXPECT_EQ(200, v->call->remote_bytes);
	EXPECT_EQ(0, v->record->marks);

	/* The second half of the only range is not there. */
	ASSERT_EQ(64, do_writev(getpid(), &local, 1, &across, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(64, v->call->ret);
	EXPECT_EQ(128, v->call->remote_bytes);

	/* More asked for than there is. */
	ASSERT_EQ(30, do_writev(getpid(), split, 2, remote, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(30, v->call->ret);
	EXPECT_EQ(30, v->call->bytes);
	EXPECT_EQ(100, v->call->remote_bytes);
}

TEST_F(iovec, totals)
{
	static const struct {
		__u64 len[3], total;
	} sums[] = {
		{ { 1, 2, 3 }, 6 },
		{ { 1ULL << 40, 1ULL << 41, 0 }, 3ULL << 40 },
		{ { ULLONG_MAX, 0, 0 }, ULLONG_MAX },
		{ { ULLONG_MAX, 1, 0 }, ULLONG_MAX },
		{ { 1ULL << 63, 1ULL << 63, 5 }, ULLONG_MAX },
		{ { ULLONG_MAX - 5, 5, 0 }, ULLONG_MAX },
		{ { ULLONG_MAX - 5, 3, 1 }, ULLONG_MAX - 1 },
		{ { 1ULL << 63, ULLONG_MAX, 1ULL << 63 }, ULLONG_MAX },
	};
	const struct record_view *v;
	struct iovec iov[3];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sums); i++) {
		for (j = 0; j < 3; j++)
			iov[j] = (struct iovec){ data, sums[i].len[j] };
		do_writev(getpid(), iov, 3, self->iov[1], 1, 1);
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(sums[i].total, v->call->bytes);
		EXPECT_EQ(1, v->call->remote_bytes);
		EXPECT_TRUE(same(v->iov[0], iov, 3));
		do_writev(getpid(), self->iov[0], 1, iov, 3, 1);
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(1, v->call->bytes);
		EXPECT_EQ(sums[i].total, v->call->remote_bytes);
	}
}

/* Entry records have the whole array, too. */
TEST_F(iovec, at_entry)
{
	struct svmtrace_config config;
	const struct record_view *v;
	struct trace t;

	trace_config(&config);
	config.iovs_max = 1024;
	config.flags = SVMTRACE_CONFIG_ENTRIES;
	ASSERT_EQ(0, trace_start(&t, &config));
	ASSERT_EQ(1, do_writev(getpid(), self->iov[0], 1024, self->iov[1], 17, 0));
	ASSERT_EQ(2, trace_read(&t));
	v = &t.records[0];
	EXPECT_EQ(SVMTRACE_KIND_ENTRY, v->record->kind);
	EXPECT_EQ(0, v->record->marks & (LOCAL_MARK(AT_RETURN) | LOCAL_MARK(TRUNCATED)));
	ASSERT_EQ(1024, v->call->iovs);
	ASSERT_EQ(17, v->call->remote_iovs);
	EXPECT_TRUE(same(v->iov[0], self->iov[0], 1024));
	EXPECT_TRUE(same(v->iov[1], self->iov[1], 17));
	trace_end(&t);
}

TEST_HARNESS_MAIN
