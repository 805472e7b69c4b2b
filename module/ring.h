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

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/svmtrace.h>
#include <linux/types.h>

/*
 * Memory ordering
 * ---------------------
 * Five pairs; the letters mark the code, here and in the reader.
 *
 *	producer			consumer
 *
 *	pending = 1	(A: full)
 *	take the time
 *	read tail	(B: acquire)	read records
 *	write records			tail = ...	(B: release)
 *	head = ...	(C: release)	read head	(C: acquire)
 *	pending = 0	(E: release)	read records
 *			(D: full)
 *	read waiter			waiter = 1	(D: full)
 *					read head
 *
 *					read pending	(E: acquire)
 *					read head
 *
 * A: a consumer that finds a record of another ring, and after a full barrier
 *    this ring empty and not pending, knows that any record which this ring
 *    gets later has a later time: its pending = 1 had not happened yet, and its
 *    time is taken after that. (On arm64 no barrier orders the counter by itself;
 *    but who reads the clock has to load first where it is.)
 * B: the producer reuses memory only after the consumer has read it.
 * C: the consumer sees whole records only.
 * D: either the producer sees the waiter, or the waiter sees the new head.
 * E: a consumer that finds the ring not pending any more sees the head of what
 *    had been pending.
 */

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

void *ring_reserve_again(struct ring *ring, size_t size, size_t keep);
void ring_drop(struct ring *ring, u64 tail);
bool ring_pending(const struct ring *ring);
void ring_consume(struct ring *ring, u64 tail);

/**
 * ring_enter() - begins to write to a ring
 * @ring: the ring of this CPU
 *
 * To be called before the time of the record is taken. Preemption must be off
 * until ring_leave().
 *
 * Return: false if this CPU is writing to the ring already: this is an
 * interrupt in the midst of it, and must keep off.
 */
static inline bool ring_enter(struct ring *ring)
{
	if (READ_ONCE(ring->producer->pending))
		return false;
	smp_store_mb(ring->producer->pending, 1);	/* A */
	return true;
}

static inline bool ring_has_room(const struct ring *ring, size_t size)
{
	return size <= ring->size - (ring->head - ring->tail);
}

/**
 * ring_next() - where the next record will be
 * @ring: between ring_enter() and ring_leave(), with ring_has_room() for it
 *
 * Return: as many contiguous bytes.
 */
static inline void *ring_next(const struct ring *ring)
{
	return ring->data + (ring->head & (ring->size - 1));
}

/**
 * ring_reserve() - finds room for a record
 * @ring: between ring_enter() and ring_leave()
 * @size: bytes, a multiple of 8
 * @keep: further bytes that must stay free
 *
 * Return: @size contiguous bytes, or NULL if the ring is full.
 */
static inline void *ring_reserve(struct ring *ring, size_t size, size_t keep)
{
	if (unlikely(!ring_has_room(ring, size + keep)))
		return ring_reserve_again(ring, size, keep);
	return ring_next(ring);
}

/**
 * ring_commit() - makes a record visible to the consumer
 * @ring: between ring_enter() and ring_leave()
 * @size: bytes, a multiple of 8, at most what was reserved
 */
static inline void ring_commit(struct ring *ring, size_t size)
{
	ring->head += size;
	smp_store_release(&ring->producer->head, ring->head);	/* C */
}

/**
 * ring_leave() - ends what ring_enter() began
 * @ring: the ring of this CPU
 *
 * A full barrier: whoever commits may look for a waiting reader after this.
 */
static inline void ring_leave(struct ring *ring)
{
	smp_store_release(&ring->producer->pending, 0);	/* E */
	smp_mb();					/* D */
}

/**
 * ring_head() - position after the newest record
 * @ring: any ring
 *
 * Return: a position up to which records can be read. Any context.
 */
static inline u64 ring_head(const struct ring *ring)
{
	return smp_load_acquire(&ring->producer->head);	/* C */
}

/**
 * ring_tail() - position of the consumer, as it says itself
 * @ring: any ring
 *
 * Return: anything. Any context.
 */
static inline u64 ring_tail(const struct ring *ring)
{
	return READ_ONCE(ring->consumer->tail);
}

/**
 * ring_at() - the bytes at a position
 * @ring: any ring
 * @pos:  a position between the consumer's and ring_head()
 *
 * Return: bytes that are contiguous up to the head. Any context.
 */
static inline const void *ring_at(const struct ring *ring, u64 pos)
{
	return ring->data + (pos & (ring->size - 1));
}

#endif /* SVMTRACE_RING_H */
