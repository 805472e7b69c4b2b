// SPDX-License-Identifier: GPL-2.0
/*
 * The records of a session, read from its mapped rings in order of time.
 *
 * Merging goes in rounds. A round begins by loading the head of every ring, and
 * then asks each ring that was empty whether a record is being written: pending
 * is set before a record gets its time, so if it is not set, and head is still
 * where it was after that, then whatever comes to this ring later is younger
 * than all that the round has seen. The round ends when the first ring is read
 * up to the head that was loaded, because its next record may be older than
 * what other rings still hold.
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "reader.h"

/* So often a round is begun anew while a record is being written. */
#define PENDING_TRIES 100000

/**
 * struct ring - the ring of a CPU
 * @cpu:      whose ring it is
 * @consumer: page that we write
 * @producer: page that the kernel writes
 * @data:     the records, twice in a row
 * @head:     end of what this round may read
 * @tail:     next record
 */
struct ring {
	unsigned int cpu;
	struct svmtrace_consumer *consumer;
	const struct svmtrace_producer *producer;
	const char *data;
	uint64_t head;
	uint64_t tail;
};

/**
 * struct reader - all rings of a session
 * @session:  whose records these are
 * @rings:    room for one per CPU
 * @mapped:   how many of them are mapped, the first ones
 * @in_round: is there a round?
 * @current:  ring of the record that was handed out last, or NULL
 * @size:     of that record
 */
struct reader {
	const struct session *session;
	struct ring *rings;
	unsigned int mapped;
	bool in_round;
	struct ring *current;
	uint64_t size;
};

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

static void map_ring(struct reader *r, unsigned int cpu)
{
	const struct svmtrace_info *info = &r->session->info;
	struct ring *ring = &r->rings[r->mapped];
	const char *rest;

	ring->cpu = cpu;
	ring->consumer = map_part(r->session, cpu, 0, info->page_size, PROT_READ | PROT_WRITE);
	if (!ring->consumer)
		return;
	rest = map_part(r->session, cpu, info->page_size,
			info->data_offset - info->page_size + 2 * (size_t)info->ring_size,
			PROT_READ);
	if (!rest)
		errx(EXIT_FAILURE, "the ring of CPU %u has no data", cpu);
	ring->producer = (const struct svmtrace_producer *)rest;
	ring->data = rest + info->data_offset - info->page_size;
	ring->tail = __atomic_load_n(&ring->consumer->tail, __ATOMIC_RELAXED);
	ring->head = ring->tail;
	r->mapped++;
}

static bool is_mapped(const struct reader *r, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < r->mapped; i++) {
		if (r->rings[i].cpu == cpu)
			return true;
	}
	return false;
}

static void unmap_ring(const struct reader *r, struct ring *ring)
{
	const struct svmtrace_info *info = &r->session->info;

	munmap(ring->consumer, info->page_size);
	munmap((void *)ring->producer,
	       info->data_offset - info->page_size + 2 * (size_t)info->ring_size);
}

/**
 * reader_look_for_rings() - maps the rings of CPUs that have come online
 * @r: the reader
 *
 * To be called now and then, and always when poll() finds records that
 * reader_next() does not.
 */
void reader_look_for_rings(struct reader *r)
{
	struct svmtrace_stats stats;
	unsigned int cpu;

	session_stats(r->session, &stats);
	if (stats.rings <= r->mapped)
		return;
	for (cpu = 0; cpu < r->session->info.nr_cpus; cpu++) {
		if (!is_mapped(r, cpu))
			map_ring(r, cpu);
	}
	r->in_round = false;
}

/**
 * reader_new() - makes a reader of a session that has been started
 * @s: the session, which must live longer than the reader
 *
 * Return: the reader; reader_free() it.
 */
struct reader *reader_new(const struct session *s)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r)
		r->rings = calloc(s->info.nr_cpus, sizeof(*r->rings));
	if (!r || !r->rings)
		err(EXIT_FAILURE, "the reader");
	r->session = s;
	reader_look_for_rings(r);
	return r;
}

/**
 * reader_free() - unmaps the rings
 * @r: the reader
 */
void reader_free(struct reader *r)
{
	unsigned int i;

	for (i = 0; i < r->mapped; i++)
		unmap_ring(r, &r->rings[i]);
	free(r->rings);
	free(r);
}

static uint64_t load_head(const struct ring *ring)
{
	return __atomic_load_n(&ring->producer->head, __ATOMIC_ACQUIRE);
}

/* Not empty; or empty, and what will come is younger than any head loaded so far. */
static bool is_settled(const struct ring *ring)
{
	return ring->head != ring->tail ||
	       (!__atomic_load_n(&ring->producer->pending, __ATOMIC_ACQUIRE) &&
		load_head(ring) == ring->tail);
}

/*
 * A ring that is no longer empty begins the round anew: its record may be
 * younger than what has come meanwhile to a ring that was asked before.
 */
static bool try_round(struct reader *r)
{
	unsigned int i;

	for (i = 0; i < r->mapped; i++)
		r->rings[i].head = load_head(&r->rings[i]);
	for (i = 0; i < r->mapped; i++) {
		if (!is_settled(&r->rings[i]))
			return false;
	}
	return true;
}

static void begin_round(struct reader *r)
{
	unsigned int tries;

	for (tries = 0; tries < PENDING_TRIES && !try_round(r); tries++)
		sched_yield();
	r->in_round = true;
}

static const struct svmtrace_record *next_of(const struct reader *r, const struct ring *ring)
{
	uint64_t offset = ring->tail & (r->session->info.ring_size - 1);

	return (const struct svmtrace_record *)(ring->data + offset);
}

static struct ring *oldest(const struct reader *r)
{
	struct ring *found = NULL;
	unsigned int i;

	for (i = 0; i < r->mapped; i++) {
		struct ring *ring = &r->rings[i];

		if (ring->head != ring->tail &&
		    (!found || next_of(r, ring)->time < next_of(r, found)->time))
			found = ring;
	}
	return found;
}

/* Gives the room of the ring's next @size bytes back to the kernel. */
static void consume(struct reader *r, struct ring *ring, uint64_t size)
{
	ring->tail += size;
	__atomic_store_n(&ring->consumer->tail, ring->tail, __ATOMIC_RELEASE);
	if (ring->tail == ring->head)
		r->in_round = false;
}

/* Bytes that can be read at the ring's tail. */
static uint64_t readable(const struct reader *r, const struct ring *ring)
{
	uint64_t size = ring->head - ring->tail;

	return size <= r->session->info.ring_size ? size : 0;
}

/**
 * reader_next() - takes the oldest record
 * @r: the reader
 * @v: filled in; valid until the next call
 *
 * Return: false if there is none at the moment.
 */
bool reader_next(struct reader *r, struct record_view *v)
{
	struct ring *ring;
	long size;

	if (r->current)
		consume(r, r->current, r->size);
	r->current = NULL;
	for (;;) {
		if (!r->in_round)
			begin_round(r);
		ring = oldest(r);
		if (!ring) {
			r->in_round = false;
			return false;
		}
		size = record_view(v, next_of(r, ring), readable(r, ring));
		if (size >= 0)
			break;
		warnx("CPU %u: a damaged record, skipping what its ring holds", ring->cpu);
		consume(r, ring, ring->head - ring->tail);
	}
	r->current = ring;
	r->size = v->record->size;
	return true;
}
