/* SPDX-License-Identifier: GPL-2.0 */
/* The rings of a session, mapped: see mmap() in the UAPI. */
#ifndef SVMTRACE_MAPPED_H
#define SVMTRACE_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

/**
 * struct mapped_ring - the ring of a CPU
 * @cpu:      whose ring it is
 * @consumer: page that we write
 * @producer: page that the kernel writes
 * @data:     the records, twice in a row
 * @mask:     its size less 1
 * @head:     end of what the reader may read, as far as it has looked
 * @tail:     next record
 */
struct mapped_ring {
	unsigned int cpu;
	struct svmtrace_consumer *consumer;
	const struct svmtrace_producer *producer;
	const char *data;
	uint64_t mask;
	uint64_t head;
	uint64_t tail;
};

/**
 * struct mapped - the rings of a session
 * @session: whose rings these are; must live longer
 * @rings:   room for one per CPU
 * @count:   how many of them are mapped, the first ones
 */
struct mapped {
	const struct session *session;
	struct mapped_ring *rings;
	unsigned int count;
};

void mapped_init(struct mapped *m, const struct session *s);
bool mapped_update(struct mapped *m);
void mapped_free(struct mapped *m);

/**
 * mapped_head() - where the newest record of a ring ends
 * @ring: the ring
 *
 * Return: the position; what is before it can be read.
 */
static inline uint64_t mapped_head(const struct mapped_ring *ring)
{
	return __atomic_load_n(&ring->producer->head, __ATOMIC_ACQUIRE);
}

/**
 * mapped_readable() - bytes that can be read at the tail of a ring
 * @ring: the ring, its @head brought up to date
 *
 * Return: how many; 0 as well if the head makes no sense.
 */
static inline uint64_t mapped_readable(const struct mapped_ring *ring)
{
	uint64_t size = ring->head - ring->tail;

	return size <= ring->mask + 1 ? size : 0;
}

/**
 * mapped_next() - the record at the tail of a ring
 * @ring: the ring
 *
 * Return: where it is.
 */
static inline const void *mapped_next(const struct mapped_ring *ring)
{
	return ring->data + (ring->tail & ring->mask);
}

/**
 * mapped_consume() - gives room of a ring back to the kernel
 * @ring: the ring
 * @size: bytes of records that are of no more use
 */
static inline void mapped_consume(struct mapped_ring *ring, uint64_t size)
{
	ring->tail += size;
	__atomic_store_n(&ring->consumer->tail, ring->tail, __ATOMIC_RELEASE);
}

#endif
