// SPDX-License-Identifier: GPL-2.0
/*
 * Several sessions that see the same calls: each gets its own records, of what it asked
 * for, and they agree with those of the others.
 */
#include <string.h>
#include <sys/prctl.h>

#include "patience.h"

#include "calls.h"
#include "ledger.h"
#include "load.h"
#include "trace.h"

#define ALL	SVMTRACE_GROUPS_ALL
#define FEW	(SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_TARGET)
#define IOVS	20

/* The first one records all that any of them does; some that are alike are neighbours. */
static const struct wants {
	__u32 groups;
	__u32 iovs_max;
	__u32 preview_max;
} wants[] = {
	{ ALL, IOVS, 64 }, { ALL, IOVS, 64 }, { ALL, IOVS, 4 },
	{ ALL, IOVS, 0 }, { ALL, IOVS, 0 }, { FEW, IOVS, 0 }, { FEW, IOVS, 0 },
	{ FEW, 1, 0 }, { FEW, 1, 0 }, { 0, 0, 0 }, { ALL, IOVS, 0 },
};

#define SESSIONS ARRAY_SIZE(wants)

FIXTURE(sessions) {
	struct trace t[SESSIONS];
	struct ledger ledgers[SESSIONS];
	const struct record_view *v[SESSIONS];
	size_t first;
};

/* Also without payload, as nothing is plain if any session wants that. */
FIXTURE_VARIANT(sessions) {
	size_t first;
};

FIXTURE_VARIANT_ADD(sessions, all) {
	.first = 0,
};

FIXTURE_VARIANT_ADD(sessions, no_payload) {
	.first = 3,
};

/* Between their starts there are calls, so that they do not give the same numbers. */
FIXTURE_SETUP(sessions)
{
	struct svmtrace_config config;
	size_t i;

	load_pin(0);
	self->first = variant->first;
	for (i = self->first; i < SESSIONS; i++) {
		trace_config(&config);
		config.groups = wants[i].groups;
		config.iovs_max = wants[i].iovs_max;
		config.preview_max = wants[i].preview_max;
		ASSERT_EQ(0, trace_start(&self->t[i], &config));
		ASSERT_EQ(CALL_BYTES, call_self());
	}
	for (i = self->first; i < SESSIONS; i++) {
		self->ledgers[i].next[0] = SESSIONS - i;
		trace_drop(&self->t[i]);
	}
}

FIXTURE_TEARDOWN(sessions)
{
	size_t i;

	for (i = self->first; i < SESSIONS; i++)
		trace_end(&self->t[i]);
}

static bool alike(const struct wants *a, const struct wants *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static __u32 least(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

/* All but the number. */
static bool same_record(const struct svmtrace_record *a, const struct svmtrace_record *b)
{
	struct svmtrace_record head = *a;

	head.seq = b->seq;
	return !memcmp(&head, b, sizeof(head)) &&
	       !memcmp(a + 1, b + 1, a->size - sizeof(*a));
}

static bool same_part(const void *a, const void *b, size_t size)
{
	return !a || !b || !memcmp(a, b, size);
}

/* What the one has of the other. */
static const char *difference(const struct record_view *v, const struct record_view *whole,
			      const struct wants *want)
{
	const __u32 cut = SVMTRACE_MARK_TRUNCATED |
			  SVMTRACE_MARK_TRUNCATED << SVMTRACE_MARK_REMOTE_SHIFT |
			  ~0U << SVMTRACE_MARK_PREVIEW_SHIFT;
	const __u32 groups = want->groups & whole->call->groups & ~SVMTRACE_GROUP_EXTRA;
	unsigned int side;

	if (v->record->time != whole->record->time)
		return "time";
	if ((v->record->marks ^ whole->record->marks) & ~cut)
		return "marks";
	if ((v->call->groups & ~SVMTRACE_GROUP_EXTRA) != groups)
		return "groups";
	if (v->call->ret != whole->call->ret || v->call->bytes != whole->call->bytes ||
	    v->call->entry_time != whole->call->entry_time ||
	    memcmp(v->args, whole->args, record_nr_args(v->record->syscall) * sizeof(*v->args)))
		return "call";
	if (!same_part(v->caller, whole->caller, sizeof(*v->caller)) ||
	    !same_part(v->context, whole->context, sizeof(*v->context)) ||
	    !same_part(v->target, whole->target, sizeof(*v->target)) ||
	    !same_part(v->target_context, whole->target_context, sizeof(*v->target_context)) ||
	    !same_part(v->pipe, whole->pipe, sizeof(*v->pipe)))
		return "facts";
	if (v->call->iovs != least(whole->call->iovs, want->iovs_max) ||
	    v->call->remote_iovs != least(whole->call->remote_iovs, want->iovs_max))
		return "number of entries";
	for (side = 0; side < 2; side++)
		if (memcmp(v->iov[side], whole->iov[side], sizeof(*v->iov[side]) *
			   (side ? v->call->remote_iovs : v->call->iovs)))
			return "entries";
	if (v->context && (v->call->exe_len != whole->call->exe_len ||
			   memcmp(v->exe, whole->exe, v->call->exe_len)))
		return "executable";
	if (want->preview_max &&
	    (!v->extra != !whole->extra ||
	     (v->extra && (v->extra->preview_len !=
				least(whole->extra->preview_len, want->preview_max) ||
			   memcmp(v->preview, whole->preview, v->extra->preview_len)))))
		return "preview";
	return NULL;
}

/* The call that was just made, in all of them. */
static void compare(struct __test_metadata *_metadata, struct _test_data_sessions *self)
{
	const size_t first = self->first;
	size_t i, k;

	for (i = first; i < SESSIONS; i++) {
		self->v[i] = trace_one(&self->t[i]);
		ASSERT_NE(NULL, self->v[i]);
		EXPECT_EQ(NULL, ledger_add(&self->ledgers[i], self->v[i]));
		EXPECT_EQ(NULL, difference(self->v[i], self->v[first], &wants[i]))
			TH_LOG("session %zu: %s", i,
			       difference(self->v[i], self->v[first], &wants[i]));
		for (k = first; k < i; k++)
			if (alike(&wants[i], &wants[k]))
				EXPECT_TRUE(same_record(self->v[i]->record,
							self->v[k]->record));
	}
}

TEST_F(sessions, plain)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(CALL_BYTES, call_self());
		compare(_metadata, self);
		ASSERT_EQ(-EBADF, do_vmsplice(-1, NULL, 0, 0));
		compare(_metadata, self);
	}
}

TEST_F(sessions, vmsplice)
{
	struct iovec iov[] = { { "payload", 7 }, { "of two", 6 } };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(13, do_vmsplice(fds[1], iov, 2, 0));
	compare(_metadata, self);
}

TEST_F(sessions, long_arrays)
{
	struct iovec iov[IOVS] = {}, remote;
	char from[] = "from", to[sizeof(from)];

	iov[IOVS - 1] = (struct iovec){ from, sizeof(from) };
	remote = (struct iovec){ to, sizeof(to) };
	ASSERT_EQ(sizeof(from), do_writev(getpid(), iov, IOVS, &remote, 1, 0));
	compare(_metadata, self);
	EXPECT_EQ(IOVS, self->v[self->first]->call->iovs);
}

TEST_F(sessions, long_names)
{
	ASSERT_EQ(0, prctl(PR_SET_NAME, "another"));
	ASSERT_EQ(CALL_BYTES, call_self());
	compare(_metadata, self);
	EXPECT_NE(0, self->v[self->first]->call->exe_len);
}

/* The call changes its own array. */
TEST_F(sessions, changed_arrays)
{
	struct iovec payload = { (void *)0x1234, 0x5678 };
	struct iovec local = { &payload, sizeof(payload) };
	struct iovec remote[2] = { { &remote[1], sizeof(remote[1]) }, { NULL, 0 } };

	ASSERT_EQ(sizeof(payload), do_writev(getpid(), &local, 1, remote, 2, 0));
	compare(_metadata, self);
	ASSERT_NE(NULL, self->v[self->first]->extra);
	EXPECT_EQ(2, self->v[self->first]->extra->remote_iovs_at_return);
}

/* A loss of one of them is none of the others. */
TEST(losses)
{
	static const __u32 lose_every[] = { 2, 0, 3, 0, 0, 5 };
	struct trace t[ARRAY_SIZE(lose_every)];
	struct svmtrace_config config;
	struct svmtrace_stats stats;
	unsigned long made;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		trace_config(&config);
		config.lose_every = lose_every[i];
		ASSERT_EQ(0, trace_start(&t[i], &config));
	}
	made = load_run(2, 300);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct ledger ledger = {};

		ASSERT_EQ(NULL, ledger_take(&ledger, &t[i]));
		ASSERT_EQ(0, trace_stats(&t[i], &stats));
		EXPECT_EQ(made, stats.entered);
		EXPECT_EQ(stats.delivered, ledger.calls);
		EXPECT_EQ(ledger_lost(&stats), ledger.lost);
		EXPECT_EQ(lose_every[i] ? made / lose_every[i] : 0, stats.lost_simulated);
		EXPECT_EQ(0, ledger_balance(&stats));
		trace_end(&t[i]);
	}
}

/* Read while they are written to, no record has an earlier time than the one before. */
TEST(in_order)
{
	struct ledger ledgers[3] = {};
	struct svmtrace_stats stats;
	struct load *load;
	struct trace t[3];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		ASSERT_EQ(0, trace_start(&t[i], NULL));
	load = load_start(6, 5000, LOAD_ROAM);
	while (load_made(load) < 30000)
		for (i = 0; i < ARRAY_SIZE(t); i++)
			ASSERT_EQ(NULL, ledger_some(&ledgers[i], &t[i]));
	ASSERT_EQ(30000, load_end(load));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		ASSERT_EQ(NULL, ledger_take(&ledgers[i], &t[i]));
		ASSERT_EQ(0, trace_stats(&t[i], &stats));
		EXPECT_EQ(30000, ledgers[i].calls + ledgers[i].lost);
		EXPECT_EQ(0, ledger_balance(&stats));
		EXPECT_EQ(0, ledgers[i].disorder);
		trace_end(&t[i]);
	}
}

TEST_HARNESS_MAIN
