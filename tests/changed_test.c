// SPDX-License-Identifier: GPL-2.0
/* What a record says of iovec arrays that change while the call is running. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "patience.h"
#include "blocked.h"
#include "calls.h"
#include "child.h"
#include "memory.h"
#include "trace.h"

#define LOCAL_MARK(mark) (SVMTRACE_MARK_##mark)
#define REMOTE_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_REMOTE_SHIFT)

static char data[PAGE];

FIXTURE(changed) {
	struct trace t;
	struct blocked b;
	int memfd;
	struct iovec *iov;
	struct iovec before[SVMTRACE_IOVS_MAX];
};

FIXTURE_VARIANT(changed) {
	__u32 iovs_max;
};

FIXTURE_VARIANT_ADD(changed, few) {
	.iovs_max = 4,
};

FIXTURE_VARIANT_ADD(changed, usual) {
	.iovs_max = 16,
};

FIXTURE_VARIANT_ADD(changed, all) {
	.iovs_max = 1024,
};

FIXTURE_SETUP(changed)
{
	const size_t size = SVMTRACE_IOVS_MAX * sizeof(struct iovec);
	struct svmtrace_config config;
	size_t i;

	trace_config(&config);
	config.iovs_max = variant->iovs_max;
	ASSERT_EQ(0, trace_start(&self->t, &config));
	self->memfd = memfd_create("iovec", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(self->memfd, size));
	self->iov = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->memfd, 0);
	ASSERT_NE(MAP_FAILED, self->iov);
	for (i = 0; i < SVMTRACE_IOVS_MAX; i++)
		self->iov[i] = (struct iovec){ data + i, i ? 0 : 100 };
	memcpy(self->before, self->iov, size);
	self->b = (struct blocked){ .iov = self->iov };
}

FIXTURE_TEARDOWN(changed)
{
	trace_end(&self->t);
}

static __u32 least(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

/* Nothing but that a session keeps less than there was. */
static __u32 truncated(__u32 n, __u32 max)
{
	return n > max ? SVMTRACE_MARK_TRUNCATED : 0;
}

TEST_F(changed, not_at_all)
{
	static const size_t counts[] = { 1, 16, 17, 1024 };
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		self->b.n = counts[i];
		ASSERT_EQ(0, blocked_start(&self->b));
		ASSERT_EQ(0, blocked_end(&self->b));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(truncated(counts[i], variant->iovs_max), v->record->marks);
		EXPECT_EQ(least(counts[i], variant->iovs_max), v->call->iovs);
		EXPECT_TRUE(memory_same(v->iov[0], self->before, v->call->iovs));
		EXPECT_EQ(NULL, v->extra);
	}
}

/* One entry of @n, at @at, is changed: both sides are in the record. */
static void check_change(struct __test_metadata *_metadata, struct trace *t,
			 struct blocked *b, struct iovec *iov,
			 const struct iovec *before, __u32 max, size_t n, size_t at)
{
	const struct record_view *v;

	memcpy(iov, before, n * sizeof(*iov));
	b->n = n;
	ASSERT_EQ(0, blocked_start(b));
	if (at % 2)
		iov[at].iov_base = data + 4000;
	else
		iov[at].iov_len++;
	ASSERT_EQ(0, blocked_end(b));
	v = trace_one(t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_MARK_CHANGED | truncated(n, least(max, 16)), v->record->marks)
		TH_LOG("entry %zu of %zu", at, n);
	ASSERT_EQ(least(n, least(max, 16)), v->call->iovs);
	EXPECT_TRUE(memory_same(v->iov[0], before, v->call->iovs));
	ASSERT_NE(NULL, v->extra);
	ASSERT_EQ(least(n, max), v->extra->iovs_at_return);
	EXPECT_TRUE(memory_same(v->iov_at_return[0], iov, v->extra->iovs_at_return));
	EXPECT_EQ(0, v->extra->remote_iovs_at_return);
	EXPECT_EQ(100, v->call->bytes);
}

TEST_F(changed, one_entry)
{
	static const struct {
		size_t n, at;
	} cases[] = {
		{ 1, 0 }, { 2, 1 }, { 16, 15 }, { 17, 0 }, { 17, 16 }, { 40, 39 },
		{ 300, 256 }, { 1024, 3 }, { 1024, 1023 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_change(_metadata, &self->t, &self->b, self->iov, self->before,
			     variant->iovs_max, cases[i].n, cases[i].at);
}

/* A change that leaves every sum as it was. */
TEST_F(changed, order)
{
	const struct record_view *v;
	size_t at;

	for (at = 3; at < 1000; at += 500) {
		memcpy(self->iov, self->before, sizeof(self->before));
		self->b.n = 1024;
		ASSERT_EQ(0, blocked_start(&self->b));
		self->iov[at] = self->before[at + 1];
		self->iov[at + 1] = self->before[at];
		ASSERT_EQ(0, blocked_end(&self->b));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(SVMTRACE_MARK_CHANGED, v->record->marks & SVMTRACE_MARK_CHANGED);
	}
}

/* What is gone at return cannot be compared, and what was seen at entry stays. */
TEST_F(changed, gone)
{
	static const size_t counts[] = { 1, 16, 17, 1024 };
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		__u32 marks = SVMTRACE_MARK_UNCHECKED;
		__u32 kept = least(counts[i], variant->iovs_max);

		memcpy(self->iov, self->before, sizeof(self->before));
		self->b.n = counts[i];
		ASSERT_EQ(0, blocked_start(&self->b));
		ASSERT_EQ(0, ftruncate(self->memfd, 0));
		ASSERT_EQ(0, blocked_end(&self->b));
		ASSERT_EQ(0, ftruncate(self->memfd, sizeof(self->before)));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		/* Only the first 16 are kept anywhere else but in that memory. */
		if (kept > 16)
			kept = 16;
		marks |= truncated(counts[i], kept);
		EXPECT_EQ(marks, v->record->marks);
		ASSERT_EQ(kept, v->call->iovs);
		EXPECT_TRUE(memory_same(v->iov[0], self->before, kept));
		EXPECT_EQ(100, v->call->bytes);
	}
}

TEST_F(changed, partly_gone)
{
	const struct record_view *v;

	self->b.n = 600;
	ASSERT_EQ(0, blocked_start(&self->b));
	ASSERT_EQ(0, ftruncate(self->memfd, PAGE));
	ASSERT_EQ(0, blocked_end(&self->b));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_MARK_UNCHECKED, v->record->marks &
		  (SVMTRACE_MARK_UNCHECKED | SVMTRACE_MARK_CHANGED));
	EXPECT_EQ(SVMTRACE_MARK_TRUNCATED, v->record->marks & SVMTRACE_MARK_TRUNCATED);
	ASSERT_LE(least(variant->iovs_max, 16), v->call->iovs);
	EXPECT_TRUE(memory_same(v->iov[0], self->before, v->call->iovs));
}

/* Part of it is gone, and what is still there was changed. */
TEST_F(changed, and_partly_gone)
{
	const struct record_view *v;

	self->b.n = 600;
	ASSERT_EQ(0, blocked_start(&self->b));
	ASSERT_EQ(0, ftruncate(self->memfd, PAGE));
	self->iov[1].iov_base = NULL;
	ASSERT_EQ(0, blocked_end(&self->b));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_MARK_CHANGED | SVMTRACE_MARK_UNCHECKED | SVMTRACE_MARK_TRUNCATED,
		  v->record->marks);
	EXPECT_TRUE(memory_same(v->iov[0], self->before, v->call->iovs));
	ASSERT_NE(NULL, v->extra);
	ASSERT_EQ(least(PER_PAGE, variant->iovs_max), v->extra->iovs_at_return);
	EXPECT_TRUE(memory_same(v->iov_at_return[0], self->iov, v->extra->iovs_at_return));
}

/* Part of it was not resident at entry; what was, is changed. */
TEST_F(changed, and_partly_not_resident_before)
{
	const struct record_view *v;

	self->b.n = 600;
	self->b.resident = PAGE;
	ASSERT_EQ(0, blocked_start(&self->b));
	self->iov[1].iov_base = NULL;
	ASSERT_EQ(0, blocked_end(&self->b));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(SVMTRACE_MARK_CHANGED | SVMTRACE_MARK_UNREADABLE,
		  v->record->marks & ~SVMTRACE_MARK_TRUNCATED);
	EXPECT_TRUE(memory_same(v->iov[0], self->before, v->call->iovs));
	ASSERT_NE(NULL, v->extra);
	ASSERT_EQ(least(600, variant->iovs_max), v->extra->iovs_at_return);
	EXPECT_TRUE(memory_same(v->iov_at_return[0], self->iov, v->extra->iovs_at_return));
}

/* process_vm_writev() can change an array of its own. */
TEST_F(changed, by_the_call_itself)
{
	struct iovec payload = { (void *)0x1234, 0x5678 };
	struct iovec local[2] = { { &payload, sizeof(payload) }, { NULL, 0 } };
	struct iovec remote[2] = { { &remote[1], sizeof(remote[1]) }, { NULL, 0 } };
	struct iovec onto_local[1] = { { &local[1], sizeof(local[1]) } };
	const struct record_view *v;

	ASSERT_EQ(sizeof(payload), do_writev(getpid(), local, 2, remote, 2, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(REMOTE_MARK(CHANGED), v->record->marks);
	ASSERT_EQ(2, v->call->remote_iovs);
	EXPECT_EQ(0, v->iov[1][1].base);
	EXPECT_EQ(0, v->iov[1][1].len);
	ASSERT_NE(NULL, v->extra);
	EXPECT_EQ(0, v->extra->iovs_at_return);
	ASSERT_EQ(2, v->extra->remote_iovs_at_return);
	EXPECT_EQ((__u64)&remote[1], v->iov_at_return[1][0].base);
	EXPECT_EQ(0x1234, v->iov_at_return[1][1].base);
	EXPECT_EQ(0x5678, v->iov_at_return[1][1].len);

	ASSERT_EQ(sizeof(payload), do_writev(getpid(), local, 2, onto_local, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(LOCAL_MARK(CHANGED), v->record->marks);
	ASSERT_NE(NULL, v->extra);
	ASSERT_EQ(2, v->extra->iovs_at_return);
	EXPECT_EQ(0, v->extra->remote_iovs_at_return);
	EXPECT_EQ(0, v->iov[0][1].len);
	EXPECT_EQ(0x5678, v->iov_at_return[0][1].len);
}

/* Calls that nobody disturbs are never said to be changed. */
TEST_F(changed, never_without_cause)
{
	unsigned int seed = 1, i;
	size_t j;

	for (i = 0; i < 1000; i++) {
		size_t n = rand_r(&seed) % (i % 10 ? 40 : 1024) + 1;
		size_t m = rand_r(&seed) % (i % 10 ? 40 : 1024) + 1;
		const struct record_view *v;

		for (j = 1; j < 40; j++)
			self->iov[j] = (struct iovec){ (void *)(uintptr_t)rand_r(&seed), 0 };
		ASSERT_LE(0, do_writev(getpid(), self->iov, n, self->iov + 1024 - m, m, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(truncated(n, variant->iovs_max) | truncated(m, variant->iovs_max) <<
			  SVMTRACE_MARK_REMOTE_SHIFT, v->record->marks);
	}
}

TEST_HARNESS_MAIN
