// SPDX-License-Identifier: GPL-2.0
/*
 * Ring: what its users need less often, and a second look at the consumer. The hot
 * part, and the memory ordering, are in ring.h.
 */
#include <linux/compiler.h>
#include <linux/atomic.h>

#include "ring.h"

/*
 * The consumer's position is anybody's guess. Only one between the last valid
 * one and head is believed: the ring then holds at least as much as before, and
 * whoever writes nonsense gets no room.
 */
static void update_tail(struct ring *ring)
{
	u64 tail = smp_load_acquire(&ring->consumer->tail);	/* B */

	if (tail - ring->tail <= ring->head - ring->tail)
		ring->tail = tail;
}

/**
 * ring_reserve_again() - finds room that the consumer may have made
 * @ring: between ring_enter() and ring_leave()
 * @size: as for ring_reserve()
 * @keep: as for ring_reserve()
 *
 * Return: as ring_reserve().
 */
void *ring_reserve_again(struct ring *ring, size_t size, size_t keep)
{
	update_tail(ring);
	return ring_has_room(ring, size + keep) ? ring_next(ring) : NULL;
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
 * ring_consume() - gives room back to the producer
 * @ring: a ring that no user space has mapped
 * @tail: position up to which records have been read
 */
void ring_consume(struct ring *ring, u64 tail)
{
	smp_store_release(&ring->consumer->tail, tail);	/* B */
}
