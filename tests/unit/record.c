// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of a record, in bytes that cannot be trusted. Build with
 * AddressSanitizer: what is read beyond the end is then seen.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "record.h"

/* A record with every part that a call can have, and what is in it. */
struct whole {
	struct svmtrace_record record;
	struct svmtrace_call call;
	__u64 args[6];
	struct svmtrace_caller caller;
	struct svmtrace_context context;
	struct svmtrace_target target;
	struct svmtrace_target_context target_context;
	struct svmtrace_pipe pipe;
	struct svmtrace_extra extra;
	struct svmtrace_iovec iov[3], remote_iov[2], iov_at_return[1], remote_at_return[4];
	char exe[3], target_exe[5];
	__u8 preview[7], preview_at_return[2];
	__u8 padding[7];
};

static void make_whole(struct whole *w)
{
	memset(w, 0, sizeof(*w));
	w->record.kind = SVMTRACE_KIND_CALL;
	w->record.syscall = SVMTRACE_NR_process_vm_writev;
	w->record.size = sizeof(*w);
	w->call.groups = SVMTRACE_GROUPS_ALL | SVMTRACE_GROUP_EXTRA;
	w->call.iovs = 3;
	w->call.remote_iovs = 2;
	w->extra.iovs_at_return = 1;
	w->extra.remote_iovs_at_return = 4;
	w->call.exe_len = 3;
	w->call.target_exe_len = 5;
	w->extra.preview_len = 7;
	w->extra.preview_at_return_len = 2;
}

TEST(every_part)
{
	struct whole w;
	struct record_view v;

	ASSERT_EQ(sizeof(w) % 8, 0);
	make_whole(&w);
	ASSERT_EQ(record_view(&v, &w, sizeof(w) + 100), (long)sizeof(w));
	ASSERT_EQ(v.record, &w.record);
	ASSERT_EQ(v.gap, NULL);
	ASSERT_EQ(v.call, &w.call);
	ASSERT_EQ(v.args, &w.args[0]);
	ASSERT_EQ(v.caller, &w.caller);
	ASSERT_EQ(v.context, &w.context);
	ASSERT_EQ(v.target, &w.target);
	ASSERT_EQ(v.target_context, &w.target_context);
	ASSERT_EQ(v.pipe, &w.pipe);
	ASSERT_EQ(v.extra, &w.extra);
	ASSERT_EQ(v.iov[0], &w.iov[0]);
	ASSERT_EQ(v.iov[1], &w.remote_iov[0]);
	ASSERT_EQ(v.iov_at_return[0], &w.iov_at_return[0]);
	ASSERT_EQ(v.iov_at_return[1], &w.remote_at_return[0]);
	ASSERT_EQ(v.exe, &w.exe[0]);
	ASSERT_EQ(v.target_exe, &w.target_exe[0]);
	ASSERT_EQ(v.preview, &w.preview[0]);
	ASSERT_EQ(v.preview_at_return, &w.preview_at_return[0]);
}

TEST(no_optional_part)
{
	struct {
		struct svmtrace_record record;
		struct svmtrace_call call;
		__u64 args[4];
	} r = {
		.record = { .kind = SVMTRACE_KIND_ENTRY, .size = sizeof(r),
			    .syscall = SVMTRACE_NR_vmsplice },
	};
	struct record_view v;

	ASSERT_EQ(record_view(&v, &r, sizeof(r)), (long)sizeof(r));
	ASSERT_EQ(v.args, &r.args[0]);
	ASSERT_EQ(v.caller, NULL);
	ASSERT_EQ(v.pipe, NULL);
	ASSERT_EQ(v.extra, NULL);
	ASSERT_EQ(v.preview, NULL);
	ASSERT_EQ(v.iov_at_return[0], NULL);
}

TEST(a_gap)
{
	struct {
		struct svmtrace_record record;
		struct svmtrace_gap gap;
	} r = { .record = { .kind = SVMTRACE_KIND_GAP, .size = sizeof(r) } };
	struct record_view v;

	ASSERT_EQ(record_view(&v, &r, sizeof(r)), (long)sizeof(r));
	ASSERT_EQ(v.gap, &r.gap);
	ASSERT_EQ(v.call, NULL);
	r.record.size -= 8;
	ASSERT_EQ(record_view(&v, &r, sizeof(r)), -EBADMSG);
}

/* A reader that is older than the module skips what it does not know. */
TEST(unknown_kinds_are_skipped)
{
	struct svmtrace_record r = { .kind = 3, .size = sizeof(r) };
	struct record_view v;

	ASSERT_EQ(record_view(&v, &r, sizeof(r)), 0);
	ASSERT_EQ(v.record, &r);
	r.kind = SVMTRACE_KIND_CALL;
	r.syscall = SVMTRACE_NR_SYSCALLS;
	ASSERT_EQ(record_view(&v, &r, sizeof(r)), 0);
	r.syscall = 255;
	ASSERT_EQ(record_view(&v, &r, sizeof(r)), 0);
	r.size = 0;
	ASSERT_EQ(record_view(&v, &r, sizeof(r)), -EBADMSG);
	r.size = sizeof(r) + 1;
	ASSERT_EQ(record_view(&v, &r, 100), -EBADMSG);
}

/* An exact copy of the first bytes of a record, so that any byte more is seen. */
static long view_copy(struct record_view *v, const void *data, size_t size)
{
	void *copy = malloc(size ?: 1);
	long result;

	memcpy(copy, data, size);
	result = record_view(v, copy, size);
	free(copy);
	return result;
}

TEST(cut_off_anywhere)
{
	struct record_view v;
	struct whole w;
	size_t size;

	make_whole(&w);
	for (size = 0; size < sizeof(w); size++)
		ASSERT_EQ(view_copy(&v, &w, size), -EAGAIN);
	ASSERT_EQ(view_copy(&v, &w, sizeof(w)), (long)sizeof(w));
	/* The same, when the record itself says so. */
	for (size = sizeof(w.record); size < sizeof(w) - 8; size += 8) {
		w.record.size = size;
		ASSERT_EQ(view_copy(&v, &w, size), -EBADMSG);
	}
}

static unsigned int sum;

/* Reads all of a part, for the sanitizer to see. */
static void touch(const void *part, size_t size)
{
	const unsigned char *bytes = part;

	while (bytes && size--)
		sum += bytes[size];
}

static void touch_all(const struct record_view *v)
{
	unsigned int side;

	touch(v->gap, sizeof(*v->gap));
	touch(v->call, sizeof(*v->call));
	if (!v->call)
		return;
	touch(v->args, record_nr_args(v->record->syscall) * sizeof(__u64));
	touch(v->caller, sizeof(*v->caller));
	touch(v->context, sizeof(*v->context));
	touch(v->target, sizeof(*v->target));
	touch(v->target_context, sizeof(*v->target_context));
	touch(v->pipe, sizeof(*v->pipe));
	touch(v->extra, sizeof(*v->extra));
	for (side = 0; side < 2; side++) {
		touch(v->iov[side], (side ? v->call->remote_iovs : v->call->iovs) *
				    sizeof(*v->iov[0]));
		if (v->extra)
			touch(v->iov_at_return[side],
			      (side ? v->extra->remote_iovs_at_return :
				      v->extra->iovs_at_return) * sizeof(*v->iov[0]));
	}
	touch(v->exe, v->call->exe_len);
	touch(v->target_exe, v->call->target_exe_len);
	if (v->extra) {
		touch(v->preview, v->extra->preview_len);
		touch(v->preview_at_return, v->extra->preview_at_return_len);
	}
}

/* Random bytes, whose counts are now and then small enough to fit. */
TEST(random_bytes)
{
	unsigned int round, i, good = 0;
	struct svmtrace_record *record;
	struct svmtrace_call *call;
	struct record_view v;
	unsigned char *bytes;
	size_t size;

	srandom(1);
	for (round = 0; round < 100000; round++) {
		size = random() % 800;
		bytes = malloc(size ?: 1);
		for (i = 0; i < size; i++)
			bytes[i] = random() % 4 ? 0 : random();
		record = (struct svmtrace_record *)bytes;
		call = (struct svmtrace_call *)(record + 1);
		if (size >= sizeof(*record) && random() % 8) {
			record->kind %= 4;
			record->syscall %= 3;
			record->size = size & ~7U;
		}
		if (size >= sizeof(*record) + sizeof(*call)) {
			call->iovs %= 4;
			call->remote_iovs %= 4;
			call->groups &= random();
		}
		if (record_view(&v, bytes, size) > 0) {
			touch_all(&v);
			good++;
		}
		free(bytes);
	}
	ASSERT_GT(good, 1000U);
	ASSERT_GT(sum, 0U);
}

/* Parts that were found before the record ran out can be read, too. */
TEST(parts_of_a_damaged_record)
{
	struct record_view v;
	unsigned int round;
	struct whole w;
	size_t size;
	void *copy;

	srandom(2);
	for (round = 0; round < 50000; round++) {
		make_whole(&w);
		((unsigned char *)&w)[16 + random() % (sizeof(w) - 16)] = random();
		size = random() % (sizeof(w) / 8) * 8;
		copy = malloc(size ?: 1);
		w.record.size = size;
		memcpy(copy, &w, size);
		if (record_view(&v, copy, size) != -EAGAIN)
			touch_all(&v);
		free(copy);
	}
}

TEST_HARNESS_MAIN
