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
#include <linux/ktime.h>

#include "stream.h"

#define GAP_SIZE (sizeof(struct svmtrace_record) + sizeof(struct svmtrace_gap))

/**
 * stream_init() - prepares a stream that is all zeros
 * @stream: of no use to anybody yet
 */
void stream_init(struct stream *stream)
{
	stream->gap.last_seq = stream->seq - 1;
	stream->gap.first_seq = stream->seq;
}

/**
 * stream_has_gap() - is a loss untold?
 * @stream: any
 *
 * Return: a hint, if it is not of this CPU. Any context.
 */
bool stream_has_gap(const struct stream *stream)
{
	return READ_ONCE(stream->gap.last_seq) + 1 != READ_ONCE(stream->gap.first_seq);
}

/* Gives up a record, for the reason that @cause and @count stand for. */
static bool lose(struct stream *stream, u8 kind, __u64 *cause, u64 *count)
{
	WRITE_ONCE(stream->gap.last_seq, stream->seq++);
	++*cause;
	if (kind == SVMTRACE_KIND_ENTRY)
		stream->counts.entries_lost++;
	else
		++*count;
	return false;
}

/* The clock is monotonic, but not strictly so across its own updates. */
static u64 next_time(struct stream *stream)
{
	stream->time = max(stream->time, ktime_get_mono_fast_ns());
	return stream->time;
}

static void fill_header(struct stream *stream, struct svmtrace_record *record, u8 kind,
			u32 size, u32 seq)
{
	*record = (struct svmtrace_record){
		.kind = kind,
		.cpu = stream->ring->producer->cpu,
		.size = size,
		.time = next_time(stream),
		.seq = seq,
	};
}

/* There is room. */
static void write_gap(struct stream *stream)
{
	struct svmtrace_record *record = ring_reserve(stream->ring, GAP_SIZE, 0);

	if (WARN_ON_ONCE(!record))
		return;
	fill_header(stream, record, SVMTRACE_KIND_GAP, GAP_SIZE, stream->gap.first_seq);
	memcpy(record + 1, &stream->gap, sizeof(stream->gap));
	ring_commit(stream->ring, GAP_SIZE);
	stream->gap = (struct svmtrace_gap){};
	stream_init(stream);
}

/**
 * stream_begin() - makes room for a record of this CPU, or notes its loss
 * @stream:	of this CPU
 * @slot:	filled in
 * @kind:	SVMTRACE_KIND_CALL or _ENTRY
 * @size:	bytes at most, a multiple of 8
 * @lose_every:	simulate the loss of every n-th record, 0: of none
 *
 * Preemption off. If true is returned, the record's header is complete but for
 * syscall, size and marks, and stream_commit() must follow.
 *
 * Return: whether there is room.
 */
bool stream_begin(struct stream *stream, struct stream_slot *slot, u8 kind,
		  size_t size, u32 lose_every)
{
	struct svmtrace_gap *gap = &stream->gap;
	struct stream_counts *counts = &stream->counts;
	/* Pairs with smp_store_release() in add_ring(). */
	struct ring *ring = smp_load_acquire(&stream->ring);
	size_t gap_size;
	bool lost = true;

	if (!ring)
		return lose(stream, kind, &gap->no_ring, &counts->no_ring);
	if (!ring_enter(ring)) {
		/* In an interrupt: the stream's numbers are not ours to touch. */
		counts->nested++;
		return false;
	}
	/* Not before: an interrupt may have told of it until then. */
	gap_size = stream_has_gap(stream) ? GAP_SIZE : 0;
	if (lose_every && ++stream->turn >= lose_every) {
		stream->turn = 0;
		lose(stream, kind, &gap->simulated, &counts->simulated);
	} else if (!ring_reserve(ring, gap_size + size, GAP_SIZE)) {
		lose(stream, kind, &gap->ring_full, &counts->ring_full);
	} else {
		lost = false;
	}
	if (lost) {
		ring_leave(ring);
		return false;
	}
	if (gap_size)
		write_gap(stream);
	slot->record = ring_reserve(ring, size, GAP_SIZE);
	slot->size = size;
	fill_header(stream, slot->record, kind, size, stream->seq);
	return true;
}

/**
 * stream_commit() - makes a record visible to the reader
 * @stream: of this CPU
 * @slot:   from stream_begin()
 * @size:   bytes written, a multiple of 8, at most what was asked for
 *
 * Preemption off.
 */
void stream_commit(struct stream *stream, struct stream_slot *slot, size_t size)
{
	slot->record->size = size;
	stream->seq++;
	stream_init(stream);
	if (slot->record->kind == SVMTRACE_KIND_ENTRY)
		stream->counts.entries++;
	else
		stream->counts.delivered++;
	ring_commit(stream->ring, size);
	ring_leave(stream->ring);
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
	if (stream_has_gap(stream) && ring_reserve(stream->ring, GAP_SIZE, 0))
		write_gap(stream);
	ring_leave(stream->ring);
}
