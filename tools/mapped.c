// SPDX-License-Identifier: GPL-2.0
/* The rings of a session, mapped: see mmap() in the UAPI. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "mapped.h"

static void *map_part(const struct session *s, unsigned int cpu, size_t from, size_t size,
		      int protection)
{
	void *p = mmap(NULL, size, protection, MAP_SHARED, s->fd,
		       (off_t)(cpu * s->info.ring_stride + from));

	if (p != MAP_FAILED)
		return p;
	if (errno != ENXIO)
		err(EXIT_FAILURE, "mmap of the ring of CPU %u", cpu);
	return NULL;
}

static void map_ring(struct mapped *m, unsigned int cpu)
{
	const struct svmtrace_info *info = &m->session->info;
	struct mapped_ring *ring = &m->rings[m->count];
	const char *rest;

	ring->cpu = cpu;
	ring->consumer = map_part(m->session, cpu, 0, info->page_size, PROT_READ | PROT_WRITE);
	if (!ring->consumer)
		return;
	rest = map_part(m->session, cpu, info->page_size,
			info->data_offset - info->page_size + 2 * (size_t)info->ring_size,
			PROT_READ);
	if (!rest)
		errx(EXIT_FAILURE, "the ring of CPU %u has no data", cpu);
	ring->producer = (const struct svmtrace_producer *)rest;
	ring->data = rest + info->data_offset - info->page_size;
	ring->mask = info->ring_size - 1;
	ring->tail = __atomic_load_n(&ring->consumer->tail, __ATOMIC_RELAXED);
	ring->head = ring->tail;
	m->count++;
}

static bool is_mapped(const struct mapped *m, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		if (m->rings[i].cpu == cpu)
			return true;
	}
	return false;
}

/**
 * mapped_update() - maps the rings of CPUs that have come online
 * @m: the rings
 *
 * Return: whether there may be new ones.
 */
bool mapped_update(struct mapped *m)
{
	struct svmtrace_stats stats;
	unsigned int cpu;

	session_stats(m->session, &stats);
	if (stats.rings <= m->count)
		return false;
	for (cpu = 0; cpu < m->session->info.nr_cpus; cpu++) {
		if (!is_mapped(m, cpu))
			map_ring(m, cpu);
	}
	return true;
}

/**
 * mapped_init() - maps the rings of a session that has been started
 * @m: filled in; mapped_free() it
 * @s: the session, which must live longer
 */
void mapped_init(struct mapped *m, const struct session *s)
{
	*m = (struct mapped){ .session = s };
	m->rings = calloc(s->info.nr_cpus, sizeof(*m->rings));
	if (!m->rings)
		err(EXIT_FAILURE, "the rings");
	mapped_update(m);
}

/**
 * mapped_free() - unmaps the rings
 * @m: the rings
 */
void mapped_free(struct mapped *m)
{
	const struct svmtrace_info *info = &m->session->info;
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		munmap(m->rings[i].consumer, info->page_size);
		munmap((void *)m->rings[i].producer,
		       info->data_offset - info->page_size + 2 * (size_t)info->ring_size);
	}
	free(m->rings);
}
