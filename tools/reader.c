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
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include "mapped.h"
#include "reader.h"

/* So often a round is begun anew while a record is being written. */
#define PENDING_TRIES 100000

/**
 * struct reader - all rings of a session
 * @mapped:   the rings; their heads are the end of what this round may read
 * @in_round: is there a round?
 * @current:  ring of the record that was handed out last, or NULL
 * @size:     of that record
 */
struct reader {
	struct mapped mapped;
	bool in_round;
	struct mapped_ring *current;
	uint64_t size;
};

/**
 * reader_look_for_rings() - maps the rings of CPUs that have come online
 * @r: the reader
 *
 * To be called now and then, and always when poll() finds records that
 * reader_next() does not.
 */
void reader_look_for_rings(struct reader *r)
{
	if (mapped_update(&r->mapped))
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

	if (!r)
		err(EXIT_FAILURE, "the reader");
	mapped_init(&r->mapped, s);
	return r;
}

/**
 * reader_free() - unmaps the rings
 * @r: the reader
 */
void reader_free(struct reader *r)
{
	mapped_free(&r->mapped);
	free(r);
}

/* Not empty; or empty, and what will come is younger than any head loaded so far. */
static bool is_settled(const struct mapped_ring *ring)
{
	return ring->head != ring->tail ||
	       (!__atomic_load_n(&ring->producer->pending, __ATOMIC_ACQUIRE) &&
		mapped_head(ring) == ring->tail);
}

/*
 * A ring that is no longer empty begins the round anew: its record may be
 * younger than what has come meanwhile to a ring that was asked before.
 */
static bool try_round(struct reader *r)
{
	unsigned int i;

	for (i = 0; i < r->mapped.count; i++)
		r->mapped.rings[i].head = mapped_head(&r->mapped.rings[i]);
	for (i = 0; i < r->mapped.count; i++) {
		if (!is_settled(&r->mapped.rings[i]))
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

static uint64_t next_time(const struct mapped_ring *ring)
{
	return ((const struct svmtrace_record *)mapped_next(ring))->time;
}

static struct mapped_ring *oldest(struct reader *r)
{
	struct mapped_ring *found = NULL;
	unsigned int i;

	for (i = 0; i < r->mapped.count; i++) {
		struct mapped_ring *ring = &r->mapped.rings[i];

		if (ring->head != ring->tail &&
		    (!found || next_time(ring) < next_time(found)))
			found = ring;
	}
	return found;
}

static void consume(struct reader *r, struct mapped_ring *ring, uint64_t size)
{
	mapped_consume(ring, size);
	if (ring->tail == ring->head)
		r->in_round = false;
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
	struct mapped_ring *ring;
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
		size = record_view(v, mapped_next(ring), mapped_readable(ring));
		if (size >= 0)
			break;
		warnx("CPU %u: a damaged record, skipping what its ring holds", ring->cpu);
		consume(r, ring, ring->head - ring->tail);
	}
	r->current = ring;
	r->size = v->record->size;
	return true;
}
