/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stream: the records of one session on one CPU. Numbers them, notes what is
 * lost as a gap where it was lost, and counts.
 */
#ifndef SVMTRACE_STREAM_H
#define SVMTRACE_STREAM_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/types.h>

#include "ring.h"

/**
 * struct stream_counts - of a session on a CPU, written by that CPU only
 * @entered:   calls that this CPU saw entering
 * @returned:  calls that this CPU saw ending, one way or the other
 * @filtered:  calls rejected
 * @delivered: calls written to the ring
 * @entries:   entry records written to the ring
 * @entries_lost: entry records lost
 * @ring_full: calls lost
 * @nested:    calls lost
 * @no_ring:   calls lost
 * @simulated: calls lost
 * @overwritten: calls lost, after they were counted as delivered
 * @entries_overwritten: the same of entry records
 * @no_result: calls whose result is not known
 */
struct stream_counts {
	u64 entered;
	u64 returned;
	u64 filtered;
	u64 delivered;
	u64 entries;
	u64 entries_lost;
	u64 ring_full;
	u64 nested;
	u64 no_ring;
	u64 simulated;
	u64 overwritten;
	u64 entries_overwritten;
	u64 no_result;
};

/*
 * Counts one more. WRITE_ONCE() would take three instructions instead of one, on words
 * that are aligned and have one writer: who reads one meanwhile, with READ_ONCE(), gets
 * what it was before or is afterwards.
 */
#define stream_count(counter) data_race(++(counter))

/**
 * struct stream_rules - of all streams of a session
 * @lose_every: simulate the loss of every n-th record, 0: of none
 * @overwrite:	make room by giving up the oldest records; nobody reads then
 */
struct stream_rules {
	u32 lose_every;
	bool overwrite;
};

/**
 * struct stream - of a session on a CPU
 * @rules:  of the session
 * @ring:   NULL until the CPU gets one; then it stays
 * @counts: see there
 * @seq:    number of the next record
 * @time:   of the last record
 * @turn:   records since the last simulated loss
 * @lost:   records lost since the last one
 * @gap:    why; its numbers are filled in when it is written
 *
 * All but @rules and @ring belongs to the CPU, inside of ring_enter() if there is a ring.
 */
struct stream {
	const struct stream_rules *rules;
	struct ring *ring;
	struct stream_counts counts;
	u64 seq;
	u64 time;
	u32 turn;
	u64 lost;
	struct svmtrace_gap gap;
};

/* What is always left free after a record. */
#define STREAM_GAP_SIZE (sizeof(struct svmtrace_record) + sizeof(struct svmtrace_gap))

void stream_init(struct stream *stream, const struct stream_rules *rules);
bool stream_has_gap(const struct stream *stream);
void stream_flush_gap(struct stream *stream);
void stream_lose_nested(struct stream *stream, u8 kind);
void stream_lose_ringless(struct stream *stream, u8 kind);
void *stream_tell_or_lose(struct stream *stream, u8 kind, size_t size, u64 now);

/* The clock is monotonic, but not strictly so across its own updates. */
static inline u64 stream_next_time(struct stream *stream, u64 now)
{
	if (likely(now > stream->time))
		stream->time = now;
	return stream->time;
}

/* Is there nothing else to be done? */
static inline bool stream_has_room(const struct stream *stream, const struct ring *ring,
				   size_t size)
{
	return !stream->lost && !stream->rules->lose_every &&
	       ring_has_room(ring, size + STREAM_GAP_SIZE);
}

/**
 * stream_enter() - begins to write a record of this CPU, or notes its loss
 * @stream:	of this CPU
 * @kind:	SVMTRACE_KIND_CALL or _ENTRY
 *
 * To be called before the time of the record is taken. Preemption must be off until
 * the record is written.
 *
 * Return: whether stream_room() or stream_next() must follow.
 */
static __always_inline bool stream_enter(struct stream *stream, u8 kind)
{
	/* Pairs with smp_store_release() in add_ring(). */
	struct ring *ring = smp_load_acquire(&stream->ring);

	if (unlikely(!ring)) {
		stream_lose_ringless(stream, kind);
		return false;
	}
	if (unlikely(!ring_enter(ring))) {
		stream_lose_nested(stream, kind);
		return false;
	}
	return true;
}

/**
 * stream_room() - makes room for a record, or notes its loss
 * @stream:	of this CPU, after stream_enter()
 * @kind:	as it was told
 * @size:	bytes at most, a multiple of 8
 * @now:	the time
 *
 * If there is room, it must be filled, and stream_commit() follow.
 *
 * Return: the room, or NULL: the ring is left then.
 */
static __always_inline struct svmtrace_record *stream_room(struct stream *stream, u8 kind,
							   size_t size, u64 now)
{
	struct ring *ring = stream->ring;
	struct svmtrace_record *record = ring_next(ring);

	if (unlikely(!stream_has_room(stream, ring, size))) {
		record = stream_tell_or_lose(stream, kind, size, now);
		if (!record) {
			ring_leave(ring);
			return NULL;
		}
	}
	return record;
}

/**
 * stream_next() - as stream_room(), and begins the record
 * @stream:	as for that, as are the others
 * @kind:	of the record
 * @size:	of the room
 * @now:	the time
 *
 * Return: a record whose header is complete but for syscall, size and marks, or NULL.
 */
static __always_inline struct svmtrace_record *stream_next(struct stream *stream, u8 kind,
							   size_t size, u64 now)
{
	struct svmtrace_record *record = stream_room(stream, kind, size, now);

	if (unlikely(!record))
		return NULL;
	record->kind = kind;
	record->cpu = stream->ring->producer->cpu;
	record->time = stream_next_time(stream, now);
	record->seq = stream->seq;
	return record;
}

/**
 * stream_commit() - makes a record visible to the reader
 * @stream: of this CPU
 * @record: from stream_next(), or in stream_room()
 * @kind:   as it was told
 * @size:   bytes written, a multiple of 8, at most what was asked for
 *
 * Preemption off.
 */
static __always_inline void stream_commit(struct stream *stream,
					  struct svmtrace_record *record, u8 kind,
					  size_t size)
{
	struct ring *ring = stream->ring;

	record->size = size;
	stream->seq++;
	if (likely(kind == SVMTRACE_KIND_CALL))
		stream_count(stream->counts.delivered);
	else
		stream_count(stream->counts.entries);
	ring_commit(ring, size);
	ring_leave(ring);
}

#endif /* SVMTRACE_STREAM_H */
