/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lock-free ring of variable-length records between one producer (a CPU with
 * preemption off) and one consumer (a reader, who may be hostile).
 *
 * Knows nothing of probes or devices: the same file is compiled in user space
 * for its unit and race tests.
 */
#ifndef SVMTRACE_RING_H
#define SVMTRACE_RING_H

#include <linux/svmtrace.h>
#include <linux/types.h>

/**
 * struct ring - the producer's side of a ring
 * @producer: page shared with the reader, which can only read it
 * @consumer: page shared with the reader, which can write anything to it
 * @data:     @size bytes, mapped twice in a row
 * @size:     a power of two
 * @head:     position after the newest record; the producer's own copy
 * @tail:     last valid position that the consumer was seen at
 */
struct ring {
	struct svmtrace_producer *producer;
	struct svmtrace_consumer *consumer;
	char *data;
	u64 size;
	u64 head;
	u64 tail;
};

bool ring_enter(struct ring *ring);
void *ring_reserve(struct ring *ring, size_t size, size_t keep);
void ring_commit(struct ring *ring, size_t size);
void ring_drop(struct ring *ring, u64 tail);
void ring_leave(struct ring *ring);

u64 ring_head(const struct ring *ring);
u64 ring_tail(const struct ring *ring);
bool ring_pending(const struct ring *ring);
const void *ring_at(const struct ring *ring, u64 pos);
void ring_consume(struct ring *ring, u64 tail);

#endif /* SVMTRACE_RING_H */
