/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rings in user space, mapped as the module maps them, but with pages around
 * the data that nobody may touch.
 */
#ifndef SVMTRACE_UNIT_RINGS_H
#define SVMTRACE_UNIT_RINGS_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

/* The smallest that the module would make, so that it wraps all the time. */
#define RING_SIZE 4096U
#define RING_PAGE 4096U
/* Consumer, producer and a page that cannot be touched come before the data. */
#define RING_DATA_OFFSET (3 * RING_PAGE)
#define RING_STRIDE (RING_DATA_OFFSET + 2 * RING_SIZE)

static inline void *ring_map(char *at, size_t size, int fd, off_t offset)
{
	void *p = mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, offset);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* Makes an empty ring whose positions begin at @start. Never freed. */
static inline void ring_make(struct ring *ring, unsigned int cpu, u64 start)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	char *area = mmap(NULL, RING_PAGE + RING_STRIDE + RING_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (fd < 0 || area == MAP_FAILED || ftruncate(fd, 2 * RING_PAGE + RING_SIZE))
		abort();
	area += RING_PAGE;
	*ring = (struct ring){
		.consumer = ring_map(area, RING_PAGE, fd, 0),
		.producer = ring_map(area + RING_PAGE, RING_PAGE, fd, RING_PAGE),
		.data = ring_map(area + RING_DATA_OFFSET, RING_SIZE, fd, 2 * RING_PAGE),
		.size = RING_SIZE,
		.head = start,
		.tail = start,
	};
	ring_map(ring->data + RING_SIZE, RING_SIZE, fd, 2 * RING_PAGE);
	close(fd);
	ring->producer->cpu = cpu;
	ring->producer->head = start;
	ring->consumer->tail = start;
}

/* Takes some time. */
static inline void ring_dally(unsigned int turns)
{
	while (turns--)
		__asm__ __volatile__("" : : : "memory");
}

#endif
