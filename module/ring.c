// SPDX-License-Identifier: GPL-2.0
/*
 * Ring: memory ordering
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
 *    time is taken after that.
 * B: the producer reuses memory only after the consumer has read it.
 * C: the consumer sees whole records only.
 * D: either the producer sees the waiter, or the waiter sees the new head.
 * E: a consumer that finds the ring not pending any more sees the head of what
 *    had been pending.
 */
#include <linux/compiler.h>
#include <linux/atomic.h>

#include "ring.h"

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
bool ring_enter(struct ring *ring)
{
	if (READ_ONCE(ring->producer->pending))
		return false;
	smp_store_mb(ring->producer->pending, 1);	/* A */
	return true;
}

/*
 * The consumer's position is anybody's guess. Only one between the last valid
 * one and head is believed: the ring then holds at least as much as before, and
 * whoever writes nonsense gets no room.
 */
static void ring_update_tail(struct ring *ring)
{
	u64 tail = smp_load_acquire(&ring->consumer->tail);	/* B */

	if (tail - ring->tail <= ring->head - ring->tail)
		ring->tail = tail;
}

/**
 * ring_reserve() - finds room for a record
 * @ring: between ring_enter() and ring_leave()
 * @size: bytes, a multiple of 8
 * @keep: further bytes that must stay free
 *
 * Return: @size contiguous bytes, or NULL if the ring is full.
 */
void *ring_reserve(struct ring *ring, size_t size, size_t keep)
{
	if (size + keep > ring->size - (ring->head - ring->tail)) {
		ring_update_tail(ring);
		if (size + keep > ring->size - (ring->head - ring->tail))
			return NULL;
	}
	return ring->data + (ring->head & (ring->size - 1));
}

/**
 * ring_commit() - makes a record visible to the consumer
 * @ring: between ring_enter() and ring_leave()
 * @size: bytes, a multiple of 8, at most what was reserved
 */
void ring_commit(struct ring *ring, size_t size)
{
	ring->head += size;
	smp_store_release(&ring->producer->head, ring->head);	/* C */
}

/**
 * ring_drop() - gives up the oldest records
 * @ring: between ring_enter() and ring_leave(), of which nobody reads
 * @tail: the oldest that stays, between ring->tail and ring->head
 *
 * Whoever reads later waits until no producer can be in here any more.
 */
void ring_drop(struct ring *ring, u64 tail)
{
	ring->tail = tail;
	WRITE_ONCE(ring->consumer->tail, tail);
}

/**
 * ring_leave() - ends what ring_enter() began
 * @ring: the ring of this CPU
 *
 * A full barrier: whoever commits may look for a waiting reader after this.
 */
void ring_leave(struct ring *ring)
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
u64 ring_head(const struct ring *ring)
{
	return smp_load_acquire(&ring->producer->head);	/* C */
}

/**
 * ring_tail() - position of the consumer, as it says itself
 * @ring: any ring
 *
 * Return: anything. Any context.
 */
u64 ring_tail(const struct ring *ring)
{
	return READ_ONCE(ring->consumer->tail);
}

/**
 * ring_pending() - is a record being written?
 * @ring: any ring
 *
 * Return: true between ring_enter() and ring_leave(). The caller has a full
 * barrier before this (A), and looks at ring_head() again after it. Any context.
 */
bool ring_pending(const struct ring *ring)
{
	return smp_load_acquire(&ring->producer->pending);	/* E */
}

/**
 * ring_at() - the bytes at a position
 * @ring: any ring
 * @pos:  a position between the consumer's and ring_head()
 *
 * Return: bytes that are contiguous up to the head. Any context.
 */
const void *ring_at(const struct ring *ring, u64 pos)
{
	return ring->data + (pos & (ring->size - 1));
}

/**
 * ring_consume() - gives room back to the producer
 * @ring: a ring that no user space has mapped
 * @tail: position up to which records have been read
 */
void ring_consume(struct ring *ring, u64 tail)
{
	smp_store_release(&ring->consumer->tail, tail);	/* B */
}
