// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of a session on a CPU: numbers, gaps, times and counts, in a ring
 * that gets full.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "record.h"
#include "rings.h"
#include "stream.h"

#define SIZE 256U
#define GAP_SIZE (sizeof(struct svmtrace_record) + sizeof(struct svmtrace_gap))

unsigned int warnings;
static u64 now;

u64 ktime_get_mono_fast_ns(void)
{
	return now;
}

/* A stream with a ring, and a consumer that checks what it reads. */
struct fixture {
	struct stream_rules rules;
	struct stream stream;
	struct ring ring;
	u64 tail;
	u64 next_seq;
	u64 last_time;
	u64 records;
	struct svmtrace_gap gap;
};

static void init(struct fixture *f)
{
	*f = (struct fixture){};
	now = 1000;
	ring_make(&f->ring, 1, 0);
	stream_init(&f->stream, &f->rules);
	f->stream.ring = &f->ring;
}

static struct svmtrace_record *begin(struct fixture *f, u8 kind, size_t size)
{
	return stream_enter(&f->stream, kind) ?
	       stream_next(&f->stream, kind, size, ktime_get_mono_fast_ns()) : NULL;
}

static bool put_kind(struct fixture *f, u8 kind, size_t size, u32 lose_every)
{
	struct svmtrace_record *record;

	f->rules.lose_every = lose_every;
	record = begin(f, kind, size);
	if (!record)
		return false;
	memset(record + 1, 0, size - sizeof(*record));
	record->syscall = SVMTRACE_NR_vmsplice;
	stream_commit(&f->stream, record, kind, size);
	return true;
}

static bool put(struct fixture *f)
{
	return put_kind(f, SVMTRACE_KIND_CALL, SIZE, 0);
}

static u64 lost_of(const struct svmtrace_gap *gap)
{
	return gap->ring_full + gap->no_ring + gap->simulated + gap->overwritten;
}

/*
 * Takes the next record. Return: its kind; -1 if there is none; -2 if it is not
 * what must come: the next number, or a gap that begins with it, not before the
 * last one in time.
 */
static int get(struct fixture *f)
{
	struct record_view v;
	u64 seq = f->next_seq;
	long size;

	if (f->tail == ring_head(&f->ring))
		return -1;
	size = record_view(&v, ring_at(&f->ring, f->tail), ring_head(&f->ring) - f->tail);
	if (size < 0 || v.record->cpu != 1 || v.record->seq != (u32)seq ||
	    v.record->time < f->last_time)
		return -2;
	f->last_time = v.record->time;
	if (v.record->kind == SVMTRACE_KIND_GAP) {
		if (v.gap->first_seq != seq || v.gap->last_seq < seq ||
		    lost_of(v.gap) != v.gap->last_seq + 1 - seq)
			return -2;
		f->gap = *v.gap;
		f->next_seq = v.gap->last_seq + 1;
	} else {
		f->next_seq++;
		f->records++;
	}
	f->tail += v.record->size;
	ring_consume(&f->ring, f->tail);
	return v.record->kind;
}

/* Takes all. Return: the last kind, or -2. */
static int drain(struct fixture *f)
{
	int kind, last = -1;

	while ((kind = get(f)) >= 0)
		last = kind;
	return kind == -1 ? last : kind;
}

TEST(numbers_follow)
{
	struct fixture f;
	unsigned int i;

	init(&f);
	for (i = 0; i < 1000; i++) {
		now++;
		ASSERT_TRUE(put(&f));
		ASSERT_EQ(get(&f), SVMTRACE_KIND_CALL);
		ASSERT_EQ(f.last_time, now);
	}
	ASSERT_EQ(get(&f), -1);
	ASSERT_EQ(f.stream.counts.delivered, 1000);
	ASSERT_FALSE(stream_has_gap(&f.stream));
}

/* A clock that steps back a little must not be seen. */
TEST(time_never_decreases)
{
	struct fixture f;

	init(&f);
	ASSERT_TRUE(put(&f));
	now -= 10;
	ASSERT_TRUE(put(&f));
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.last_time, 1000);
}

/* Fills the ring. Return: how many records fitted. */
static unsigned int fill(struct fixture *f)
{
	unsigned int n = 0;

	while (put(f))
		n++;
	return n;
}

TEST(a_gap_stands_where_the_lost_were)
{
	struct fixture f;
	unsigned int n, i;

	init(&f);
	n = fill(&f);
	for (i = 0; i < 9; i++)
		ASSERT_FALSE(put(&f));
	ASSERT_TRUE(stream_has_gap(&f.stream));
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.records, n);

	ASSERT_TRUE(put(&f));
	ASSERT_EQ(get(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(f.gap.ring_full, 10);
	ASSERT_EQ(f.gap.first_seq, n);
	ASSERT_EQ(f.gap.last_seq, n + 9);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.stream.counts.ring_full, 10);
	ASSERT_FALSE(stream_has_gap(&f.stream));
}

/* Room for the gap, but not for the record as well: the gap grows. */
TEST(a_gap_and_its_record_need_room_together)
{
	struct fixture f;
	unsigned int n;

	init(&f);
	n = fill(&f);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_CALL);
	ASSERT_FALSE(put_kind(&f, SVMTRACE_KIND_CALL, SIZE + 192, 0));
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
	ASSERT_TRUE(put(&f));
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.gap.ring_full, 2);
	ASSERT_EQ(f.next_seq, n + 3);
}

/* The room that is kept is for this: a loss can be told in a full ring. */
TEST(a_gap_fits_a_full_ring)
{
	struct fixture f;
	unsigned int n;

	init(&f);
	n = fill(&f);
	stream_flush_gap(&f.stream);
	ASSERT_FALSE(stream_has_gap(&f.stream));
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(f.next_seq, n + 1);
	ASSERT_EQ(warnings, 0);
}

/*
 * poll() tells of losses and takes nothing: the ring is full of records and of
 * one gap, and the next loss must wait for room.
 */
TEST(gaps_without_a_reader)
{
	struct fixture f;
	unsigned int i;

	init(&f);
	fill(&f);
	for (i = 0; i < 100; i++) {
		stream_flush_gap(&f.stream);
		ASSERT_FALSE(put(&f));
	}
	ASSERT_EQ(warnings, 0);
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_GAP);
	stream_flush_gap(&f.stream);
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(f.next_seq, f.stream.seq);
	ASSERT_EQ(f.stream.counts.ring_full, 101);
	ASSERT_TRUE(put(&f));
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
}

TEST(no_gap_without_a_loss)
{
	struct fixture f;

	init(&f);
	stream_flush_gap(&f.stream);
	ASSERT_TRUE(put(&f));
	stream_flush_gap(&f.stream);
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(get(&f), -1);
}

/* An interrupt in the midst of a record. */
TEST(a_nested_write_keeps_off)
{
	struct fixture f;
	struct svmtrace_record *record;

	init(&f);
	ASSERT_FALSE(put_kind(&f, SVMTRACE_KIND_CALL, SIZE, 1));
	f.rules.lose_every = 0;
	record = begin(&f, SVMTRACE_KIND_CALL, SIZE);
	ASSERT_NE(NULL, record);
	record->syscall = SVMTRACE_NR_vmsplice;
	memset(record + 1, 0, SIZE - sizeof(*record));
	ASSERT_FALSE(put(&f));
	ASSERT_FALSE(put_kind(&f, SVMTRACE_KIND_ENTRY, SIZE, 0));
	stream_flush_gap(&f.stream);
	stream_commit(&f.stream, record, SVMTRACE_KIND_CALL, SIZE);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(get(&f), -1);
	ASSERT_EQ(f.stream.counts.nested, 1);
	ASSERT_EQ(f.stream.counts.entries_lost, 1);
	ASSERT_EQ(f.stream.counts.delivered, 1);
}

TEST(simulated_losses)
{
	struct fixture f;
	unsigned int i, delivered = 0;

	init(&f);
	for (i = 0; i < 300; i++) {
		delivered += put_kind(&f, SVMTRACE_KIND_CALL, SIZE, 3);
		ASSERT_NE(drain(&f), -2);
	}
	stream_flush_gap(&f.stream);
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(f.gap.simulated, 1);
	ASSERT_EQ(delivered, 200);
	ASSERT_EQ(f.stream.counts.delivered, 200);
	ASSERT_EQ(f.stream.counts.simulated, 100);
	ASSERT_EQ(f.next_seq, 300);
}

TEST(everything_lost)
{
	struct fixture f;
	unsigned int i;

	init(&f);
	for (i = 0; i < 5; i++)
		ASSERT_FALSE(put_kind(&f, SVMTRACE_KIND_CALL, SIZE, 1));
	stream_flush_gap(&f.stream);
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(f.gap.simulated, 5);
}

/* A CPU that came up when there was no memory for its ring. */
TEST(no_ring_yet)
{
	struct fixture f;

	init(&f);
	f.stream.ring = NULL;
	ASSERT_FALSE(put(&f));
	ASSERT_FALSE(put(&f));
	stream_flush_gap(&f.stream);
	f.stream.ring = &f.ring;
	ASSERT_TRUE(put(&f));
	ASSERT_EQ(get(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(f.gap.no_ring, 2);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.stream.counts.no_ring, 2);
}

/* Lost entry records are told in gaps, but are no lost calls. */
TEST(entries_are_counted_apart)
{
	struct fixture f;

	init(&f);
	ASSERT_TRUE(put_kind(&f, SVMTRACE_KIND_ENTRY, SIZE, 0));
	ASSERT_FALSE(put_kind(&f, SVMTRACE_KIND_ENTRY, SIZE, 1));
	ASSERT_TRUE(put(&f));
	ASSERT_EQ(get(&f), SVMTRACE_KIND_ENTRY);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.stream.counts.entries, 1);
	ASSERT_EQ(f.stream.counts.entries_lost, 1);
	ASSERT_EQ(f.stream.counts.simulated, 0);
	ASSERT_EQ(f.stream.counts.delivered, 1);
}

/* Frozen, that is: with nothing written meanwhile, all of it can be read. */
static void freeze(struct fixture *f)
{
	f->rules.overwrite = false;
	f->tail = ring_tail(&f->ring);
}

TEST(a_flight_recorder_keeps_the_newest)
{
	struct fixture f;
	unsigned int i;

	init(&f);
	f.rules.overwrite = true;
	for (i = 0; i < 1000; i++) {
		now++;
		ASSERT_TRUE(put(&f));
		ASSERT_LE(ring_head(&f.ring) - ring_tail(&f.ring), RING_SIZE);
	}
	freeze(&f);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_GAP);
	ASSERT_EQ(f.gap.overwritten, f.stream.counts.overwritten);
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.next_seq, 1000);
	ASSERT_EQ(f.last_time, now);
	ASSERT_EQ(f.records + f.stream.counts.overwritten, 1000);
	ASSERT_EQ(f.stream.counts.ring_full, 0);
	/* As many as fit besides the gap and its successor. */
	ASSERT_GE(f.records, (RING_SIZE - 2 * GAP_SIZE) / SIZE - 1);
}

TEST(a_flight_recorder_that_is_not_full)
{
	struct fixture f;

	init(&f);
	f.rules.overwrite = true;
	ASSERT_TRUE(put(&f));
	ASSERT_TRUE(put(&f));
	freeze(&f);
	ASSERT_EQ(get(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(drain(&f), SVMTRACE_KIND_CALL);
	ASSERT_EQ(f.next_seq, 2);
}

/* A frozen one is like any other; then it begins anew where the reader is. */
TEST(a_flight_recorder_freezes_and_goes_on)
{
	struct fixture f;
	unsigned int round, i;

	init(&f);
	for (round = 0; round < 5; round++) {
		f.rules.overwrite = true;
		for (i = 0; i < 100; i++)
			ASSERT_TRUE(put(&f));
		freeze(&f);
		while (put(&f))
			;
		ASSERT_FALSE(put(&f));
		ASSERT_EQ(f.stream.counts.ring_full, 2 * (round + 1));
		ASSERT_EQ(get(&f), SVMTRACE_KIND_GAP);
		ASSERT_NE(drain(&f), -2);
		stream_flush_gap(&f.stream);
		ASSERT_EQ(drain(&f), SVMTRACE_KIND_GAP);
		ASSERT_EQ(f.next_seq, f.stream.seq);
	}
	ASSERT_EQ(warnings, 0);
}

/* Records of any size, losses for other reasons as well, entries: all add up. */
TEST(a_flight_recorder_accounts_for_every_number)
{
	struct fixture f;
	unsigned int i, round;
	u64 told = 0, read = 0;
	int kind;

	srandom(2);
	init(&f);
	/* Numbers whose low half is about to wrap. */
	f.stream.seq = 0xffffff00ULL;
	f.next_seq = f.stream.seq;
	stream_init(&f.stream, &f.rules);
	for (round = 0; round < 200; round++) {
		f.rules.overwrite = true;
		for (i = random() % 300; i; i--) {
			now += random() % 3;
			put_kind(&f, random() % 4 ? SVMTRACE_KIND_CALL : SVMTRACE_KIND_ENTRY,
				 128 + random() % 64 * 8, random() % 4 ? 0 : 7);
			if (random() % 16 == 0)
				stream_flush_gap(&f.stream);
		}
		freeze(&f);
		for (i = 0; i < 2; i++) {
			while ((kind = get(&f)) >= 0) {
				if (kind == SVMTRACE_KIND_GAP)
					told += lost_of(&f.gap);
				else
					read++;
			}
			ASSERT_EQ(kind, -1);
			stream_flush_gap(&f.stream);
		}
		while (get(&f) == SVMTRACE_KIND_GAP)
			told += lost_of(&f.gap);
		ASSERT_EQ(f.next_seq, f.stream.seq);
	}
	ASSERT_EQ(read + told + 0xffffff00ULL, f.stream.seq);
	ASSERT_EQ(read, f.stream.counts.delivered - f.stream.counts.overwritten +
			f.stream.counts.entries - f.stream.counts.entries_overwritten);
	ASSERT_EQ(told, f.stream.counts.overwritten + f.stream.counts.entries_overwritten +
			f.stream.counts.simulated + f.stream.counts.entries_lost);
	ASSERT_GT(f.stream.counts.overwritten, 1000);
	ASSERT_GT(f.stream.counts.simulated, 100);
	ASSERT_EQ(warnings, 0);
}

/* Any mixture: every number is accounted for, by a record or by a gap. */
TEST(every_number_is_accounted_for)
{
	struct fixture f;
	unsigned int i, tried = 0;
	u64 told = 0;
	int kind;

	srandom(1);
	init(&f);
	for (i = 0; i < 50000; i++) {
		now += random() % 3;
		if (random() % 16 == 0)
			stream_flush_gap(&f.stream);
		if (random() % 3) {
			put_kind(&f, SVMTRACE_KIND_CALL, 128 + random() % 64 * 8,
				 random() % 4 ? 0 : 7);
			tried++;
		} else {
			kind = get(&f);
			ASSERT_NE(kind, -2);
			if (kind == SVMTRACE_KIND_GAP)
				told += lost_of(&f.gap);
		}
	}
	for (i = 0; i < 2; i++) {
		while ((kind = get(&f)) >= 0) {
			if (kind == SVMTRACE_KIND_GAP)
				told += lost_of(&f.gap);
		}
		ASSERT_EQ(kind, -1);
		stream_flush_gap(&f.stream);
	}
	while (get(&f) == SVMTRACE_KIND_GAP)
		told += lost_of(&f.gap);
	ASSERT_EQ(f.next_seq, tried);
	ASSERT_EQ(f.records, f.stream.counts.delivered);
	ASSERT_EQ(told, f.stream.counts.ring_full + f.stream.counts.simulated);
	ASSERT_EQ(f.records + told, tried);
	ASSERT_GT(told, 100);
	ASSERT_EQ(warnings, 0);
}

TEST_HARNESS_MAIN
