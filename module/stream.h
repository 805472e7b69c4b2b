/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stream: the records of one session on one CPU. Numbers them, notes what is
 * lost as a gap where it was lost, and counts.
 */
#ifndef SVMTRACE_STREAM_H
#define SVMTRACE_STREAM_H

#include <linux/atomic.h>
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

void stream_init(struct stream *stream, const struct stream_rules *rules);
struct svmtrace_record *stream_begin(struct stream *stream, u8 kind, size_t size);
void stream_commit(struct stream *stream, struct svmtrace_record *record, size_t size);
bool stream_has_gap(const struct stream *stream);
void stream_flush_gap(struct stream *stream);

#endif /* SVMTRACE_STREAM_H */
