// SPDX-License-Identifier: GPL-2.0
/*
 * Stream: numbers, gaps and counts of the records of a session on a CPU.
 *
 * A record always leaves room for a gap. So a loss can be told as soon as the next
 * record fits, and also when none comes any more: at once if the last thing in the
 * ring is a record, and after a gap as soon as the reader has made room.
 */
#include <linux/bug.h>
#include <linux/string.h>

#include "stream.h"

/**
 * stream_init() - prepares a stream that is all zeros
 * @stream: of no use to anybody yet
 * @rules:  of its session; they can change
 */
void stream_init(struct stream *stream, const struct stream_rules *rules)
{
	stream->rules = rules;
}

/**
 * stream_has_gap() - is a loss untold?
 * @stream: any
 *
 * Return: a hint, if it is not of this CPU. Any context.
 */
bool stream_has_gap(const struct stream *stream)
{
	return READ_ONCE(stream->lost);
}

/* Of calls, it is said why they were lost. */
static void count_lost(struct stream *stream, u8 kind, u64 *count)
{
	if (kind == SVMTRACE_KIND_ENTRY)
		count = &stream->counts.entries_lost;
	stream_count(*count);
}

/* Gives up a record, for the reason that @cause and @count stand for. */
static void lose(struct stream *stream, u8 kind, __u64 *cause, u64 *count)
{
	stream->seq++;
	WRITE_ONCE(stream->lost, stream->lost + 1);
	++*cause;
	count_lost(stream, kind, count);
}

static void fill_gap(struct stream *stream, struct svmtrace_record *record, u64 time,
		     const struct svmtrace_gap *gap)
{
	*record = (struct svmtrace_record){
		.kind = SVMTRACE_KIND_GAP,
		.cpu = stream->ring->producer->cpu,
		.size = STREAM_GAP_SIZE,
		.time = time,
		.seq = gap->first_seq,
	};
	memcpy(record + 1, gap, sizeof(*gap));
}

/* There is room. */
static noinline void write_gap(struct stream *stream, u64 now)
{
	struct svmtrace_record *record = ring_reserve(stream->ring, STREAM_GAP_SIZE, 0);

	if (WARN_ON_ONCE(!record))
		return;
	stream->gap.first_seq = stream->seq - stream->lost;
	stream->gap.last_seq = stream->seq - 1;
	fill_gap(stream, record, stream_next_time(stream, now), &stream->gap);
	ring_commit(stream->ring, STREAM_GAP_SIZE);
	stream->gap = (struct svmtrace_gap){};
	WRITE_ONCE(stream->lost, 0);
}

/* Of a flight recorder, who reads is told of all that is missing at the beginning. */
static void give_up(struct stream *stream, struct svmtrace_gap *sum,
		    const struct svmtrace_record *record)
{
	const struct svmtrace_gap *gap = (const void *)(record + 1);

	switch (record->kind) {
	case SVMTRACE_KIND_GAP:
		sum->last_seq += gap->last_seq - gap->first_seq + 1;
		sum->ring_full += gap->ring_full;
		sum->no_ring += gap->no_ring;
		sum->simulated += gap->simulated;
		sum->overwritten += gap->overwritten;
		return;
	case SVMTRACE_KIND_ENTRY:
		stream_count(stream->counts.entries_overwritten);
		break;
	default:
		stream_count(stream->counts.overwritten);
	}
	sum->last_seq++;
	sum->overwritten++;
}

/* A record has the low half of its number, which is not far behind the next. */
static u64 first_seq(const struct stream *stream, const struct svmtrace_record *record)
{
	const struct svmtrace_gap *gap = (const void *)(record + 1);

	return record->kind == SVMTRACE_KIND_GAP ? gap->first_seq :
	       stream->seq - (u32)((u32)stream->seq - record->seq);
}

/*
 * Gives up the oldest records, until there is room for @size bytes, and puts a gap
 * in front of the oldest that stays. Any other record is larger than a gap, so the
 * room for that is there as soon as one has been given up.
 */
static noinline void overwrite(struct stream *stream, size_t size)
{
	struct ring *ring = stream->ring;
	const struct svmtrace_record *record = ring_at(ring, ring->tail);
	struct svmtrace_gap sum = { .first_seq = first_seq(stream, record) };
	u64 tail = ring->tail;

	sum.last_seq = sum.first_seq - 1;
	do {
		give_up(stream, &sum, record);
		tail += record->size;
		record = ring_at(ring, tail);
	} while (ring->head - tail + STREAM_GAP_SIZE + size > ring->size);
	ring_drop(ring, tail - STREAM_GAP_SIZE);
	fill_gap(stream, (void *)ring_at(ring, ring->tail),
		 tail == ring->head ? stream->time : record->time, &sum);
}

/* Finds room for @size bytes, and for a gap after them. */
static void *make_room(struct stream *stream, size_t size)
{
	void *room = ring_reserve(stream->ring, size, STREAM_GAP_SIZE);

	if (room || !READ_ONCE(stream->rules->overwrite))
		return room;
	overwrite(stream, size + STREAM_GAP_SIZE);
	return ring_reserve(stream->ring, size, STREAM_GAP_SIZE);
}

static bool simulates_loss(struct stream *stream)
{
	if (!stream->rules->lose_every || ++stream->turn < stream->rules->lose_every)
		return false;
	stream->turn = 0;
	return true;
}

/**
 * stream_lose_nested() - notes a record that an interrupt cannot write
 * @stream: of this CPU, which is writing to its ring
 * @kind:   of the record
 *
 * The stream's numbers are not ours to touch.
 */
void stream_lose_nested(struct stream *stream, u8 kind)
{
	count_lost(stream, kind, &stream->counts.nested);
}

/**
 * stream_lose_ringless() - notes a record of a CPU that has no ring
 * @stream: of this CPU
 * @kind:   of the record
 */
void stream_lose_ringless(struct stream *stream, u8 kind)
{
	lose(stream, kind, &stream->gap.no_ring, &stream->counts.no_ring);
}

/**
 * stream_tell_or_lose() - makes room for a record, where that takes more than a look
 * @stream: of this CPU, in ring_enter()
 * @kind:   of the record
 * @size:   bytes
 * @now:    the time
 *
 * The gap of what was lost before is told, or grows.
 *
 * Return: room for the record, or NULL.
 */
void *stream_tell_or_lose(struct stream *stream, u8 kind, size_t size, u64 now)
{
	size_t gap_size = stream_has_gap(stream) ? STREAM_GAP_SIZE : 0;
	void *room;

	if (simulates_loss(stream)) {
		lose(stream, kind, &stream->gap.simulated, &stream->counts.simulated);
		return NULL;
	}
	room = make_room(stream, gap_size + size);
	if (!room) {
		lose(stream, kind, &stream->gap.ring_full, &stream->counts.ring_full);
		return NULL;
	}
	if (!gap_size)
		return room;
	write_gap(stream, now);
	return ring_reserve(stream->ring, size, STREAM_GAP_SIZE);
}

/**
 * stream_flush_gap() - tells of a loss after which no record has come
 * @stream: of this CPU; or of one that no call writes to any more
 *
 * May be called in an interrupt.
 */
void stream_flush_gap(struct stream *stream)
{
	if (!stream->ring || !stream_has_gap(stream) || !ring_enter(stream->ring))
		return;
	if (stream_has_gap(stream) && ring_reserve(stream->ring, STREAM_GAP_SIZE, 0))
		write_gap(stream, ktime_get_mono_fast_ns());
	ring_leave(stream->ring);
}
