// SPDX-License-Identifier: GPL-2.0
/*
 * Merging rings in order of time, as the top comment of the UAPI says, while
 * their producers run. The clock is the machine's, which all of them share.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "../patience.h"
#include "rings.h"

#define RINGS 2
/* So many that without barrier A it fails about every third time, on x86. */
#ifdef __SANITIZE_THREAD__
#define RECORDS 100000
#else
#define RECORDS 1000000
#endif

static struct ring rings[RINGS];
static u64 tails[RINGS];

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Cache lines that the threads take away from one another. */
static u64 lines[32][8];

/*
 * Keeps this CPU's stores waiting: without a barrier, what it stores next will
 * be seen by others long after it has gone on.
 */
static void delay_stores(u64 value)
{
	unsigned int i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		__atomic_store_n(&lines[i][0], value, __ATOMIC_RELAXED);
}

/* @delay: between the time of the record and its commit. */
static bool put(struct ring *ring, unsigned int seq, unsigned int delay)
{
	struct svmtrace_record *record;

	if (!ring_enter(ring))
		abort();
	record = ring_reserve(ring, sizeof(*record), 0);
	if (record) {
		*record = (struct svmtrace_record){
			.time = now(), .seq = seq, .size = sizeof(*record),
		};
		ring_dally(delay);
		ring_commit(ring, sizeof(*record));
	}
	ring_leave(ring);
	return record;
}

static u64 load_head(const struct ring *ring)
{
	return __atomic_load_n(&ring->producer->head, __ATOMIC_ACQUIRE);
}

static const struct svmtrace_record *first_of(unsigned int i)
{
	return (void *)(rings[i].data + (tails[i] & (RING_SIZE - 1)));
}

/* One look at all rings. Return: the ring of the next record, -1: not known yet. */
static int look(void)
{
	u64 heads[RINGS];
	unsigned int i;
	int first = -1;

	for (i = 0; i < RINGS; i++) {
		heads[i] = load_head(&rings[i]);
		if (heads[i] != tails[i] &&
		    (first < 0 || first_of(i)->time < first_of(first)->time))
			first = i;
	}
	for (i = 0; i < RINGS; i++) {
		if (heads[i] == tails[i] &&
		    (__atomic_load_n(&rings[i].producer->pending, __ATOMIC_ACQUIRE) ||
		     load_head(&rings[i]) != tails[i]))
			return -1;
	}
	return first;
}

static void consume(unsigned int i)
{
	tails[i] += first_of(i)->size;
	__atomic_store_n(&rings[i].consumer->tail, tails[i], __ATOMIC_RELEASE);
}

static void make_rings(void)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++)
		ring_make(&rings[i], i, 0);
}

static void *produce(void *ring)
{
	unsigned int seq, seed = (uintptr_t)ring;

	for (seq = 0; seq < RECORDS; seq++) {
		delay_stores(seq);
		while (!put(ring, seq, rand_r(&seed) % 4 ? 0 : rand_r(&seed) % 2000))
			sched_yield();
		/* Now and then the ring shall be empty. */
		if (rand_r(&seed) % 16 == 0)
			ring_dally(rand_r(&seed) % 4000);
		if (rand_r(&seed) % 1024 == 0)
			sched_yield();
	}
	return NULL;
}

TEST(merged_in_order)
{
	unsigned int seq[RINGS] = {}, got;
	pthread_t producers[RINGS];
	u64 last = 0;
	int i;

	make_rings();
	for (i = 0; i < RINGS; i++)
		ASSERT_EQ(pthread_create(&producers[i], NULL, produce, &rings[i]), 0);
	for (got = 0; got < RINGS * RECORDS;) {
		i = look();
		if (i < 0) {
			sched_yield();
			continue;
		}
		ASSERT_EQ(first_of(i)->seq, seq[i]++);
		ASSERT_GE(first_of(i)->time, last) {
			TH_LOG("record %u: ring %d is late by %llu ns", got, i,
			       last - first_of(i)->time);
		}
		last = first_of(i)->time;
		consume(i);
		got++;
	}
	for (i = 0; i < RINGS; i++)
		pthread_join(producers[i], NULL);
}

/*
 * The shortest way from the time of a record to the look at the other ring: this
 * thread writes the one, and so sees it at once.
 */
TEST(merged_in_order_by_a_producer)
{
	unsigned int seq = 0, got = 0;
	pthread_t producer;
	u64 last = 0;
	int i;

	make_rings();
	ASSERT_EQ(pthread_create(&producer, NULL, produce, &rings[1]), 0);
	while (got < RECORDS) {
		delay_stores(seq);
		put(&rings[0], seq++, 0);
		while ((i = look()) >= 0) {
			ASSERT_GE(first_of(i)->time, last) {
				TH_LOG("ring %d is late by %llu ns", i,
				       last - first_of(i)->time);
			}
			last = first_of(i)->time;
			got += i;
			consume(i);
		}
		if (seq % 64 == 0)
			sched_yield();
	}
	pthread_join(producer, NULL);
}

TEST_HARNESS_MAIN
