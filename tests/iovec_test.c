// SPDX-License-Identifier: GPL-2.0
/* What a record says of the iovec arrays, as they were when the call entered. */
#include <limits.h>
#include <sys/mman.h>

#include "patience.h"
#include "calls.h"
#include "child.h"
#include "memory.h"
#include "trace.h"

#define LOCAL_MARK(mark) (SVMTRACE_MARK_##mark)
#define REMOTE_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_REMOTE_SHIFT)

static char data[2 * PAGE];

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
	memory_number(self->iov[0], SVMTRACE_IOVS_MAX + 1);
	memory_number(self->iov[1], SVMTRACE_IOVS_MAX + 1);
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
		EXPECT_TRUE(memory_same(v->iov[0], self->iov[0], n));
		EXPECT_TRUE(memory_same(v->iov[1], self->iov[1], m));
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
	EXPECT_TRUE(memory_same(v->iov[0], self->iov[0], 1024));
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
		EXPECT_TRUE(memory_same(v->iov[0], self->iov[0], max[i]));
		EXPECT_TRUE(memory_same(v->iov[1], self->iov[1], max[i]));
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
		EXPECT_TRUE(memory_same(v->iov[0], self->iov[0], 1024));
		EXPECT_EQ(1, v->call->remote_iovs);

		ASSERT_EQ(-EINVAL, do_writev(getpid(), self->iov[0], 1, self->iov[1], n, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(n, v->args[4]);
		EXPECT_EQ(REMOTE_MARK(TRUNCATED), v->record->marks);
		EXPECT_EQ(1, v->call->iovs);
		ASSERT_EQ(1024, v->call->remote_iovs);
		EXPECT_TRUE(memory_same(v->iov[1], self->iov[1], 1024));

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
	struct iovec *iov = (struct iovec *)(memory_last_page() + PAGE) - 3;

	memory_number(iov, 3);
	ASSERT_EQ(-EINVAL, do_writev(getpid(), iov, -1UL, self->iov[1], 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(LOCAL_MARK(TRUNCATED) | LOCAL_MARK(UNREADABLE), v->record->marks);
	ASSERT_EQ(3, v->call->iovs);
	EXPECT_TRUE(memory_same(v->iov[0], iov, 3));
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
	char *unmapped = memory_last_page() + PAGE;
	void *bad[] = {
		NULL, (void *)1, unmapped, memory_map(PAGE, PROT_NONE),
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
	char *page = memory_last_page();
	const struct record_view *v;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(counts) * 2; i++) {
		struct iovec *iov;

		/* Every other time, half of the next entry is there as well. */
		n = counts[i / 2];
		iov = (struct iovec *)(page + PAGE - i % 2 * 8) - n;
		memory_number(iov, n);
		ASSERT_EQ(-EFAULT, do_writev(getpid(), self->iov[0], 1, iov, n + 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(REMOTE_MARK(UNREADABLE), v->record->marks);
		ASSERT_EQ(n, v->call->remote_iovs);
		EXPECT_TRUE(memory_same(v->iov[1], iov, n));
		EXPECT_EQ(1, v->call->remote_bytes);
	}
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
	EXPECT_TRUE(memory_same(v->iov[0], local, 4));
	EXPECT_TRUE(memory_same(v->iov[1], remote, 4));
	EXPECT_EQ(3, v->call->bytes);
	EXPECT_EQ(3, v->call->remote_bytes);
}

TEST_F(iovec, partial_transfers)
{
	char *page = memory_last_page();
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
		EXPECT_TRUE(memory_same(v->iov[0], iov, 3));
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
	EXPECT_TRUE(memory_same(v->iov[0], self->iov[0], 1024));
	EXPECT_TRUE(memory_same(v->iov[1], self->iov[1], 17));
	trace_end(&t);
}

TEST_HARNESS_MAIN
