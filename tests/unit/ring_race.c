// SPDX-License-Identifier: GPL-2.0
/*
 * The ring between a producer and a consumer that run at the same time. Build
 * with ThreadSanitizer, and without: it slows down what could go wrong.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../patience.h"
#include "rings.h"

#define RECORDS 60000

/* A record of the test: @words more follow, which depend on @number. */
struct item {
	u64 size;
	u64 number;
	u64 words[];
};

static u64 word(u64 number, unsigned int i)
{
	return (number + i) * 0x9e3779b97f4a7c15ULL;
}

static size_t size_of(u64 number)
{
	return sizeof(struct item) + number * 7919 % 61 * sizeof(u64);
}

/* More is reserved than is committed. Return: false if the ring is full. */
static bool put(struct ring *ring, u64 number)
{
	size_t size = size_of(number);
	struct item *item;
	unsigned int i;

	if (!ring_enter(ring))
		abort();
	item = ring_reserve(ring, size + number % 3 * 8, 64);
	if (item) {
		*item = (struct item){ .size = size, .number = number };
		for (i = 0; i < (size - sizeof(*item)) / sizeof(u64); i++)
			item->words[i] = word(number, i);
		ring_commit(ring, size);
	}
	ring_leave(ring);
	return item;
}

static bool is_whole(const struct item *item, u64 number)
{
	unsigned int i;

	if (item->number != number || item->size != size_of(number))
		return false;
	for (i = 0; i < (item->size - sizeof(*item)) / sizeof(u64); i++) {
		if (item->words[i] != word(number, i))
			return false;
	}
	return true;
}

static void *produce(void *ring)
{
	u64 number;

	for (number = 0; number < RECORDS; number++) {
		while (!put(ring, number))
			sched_yield();
	}
	return NULL;
}

/* The consumer of the UAPI: knows the two pages and the data only. */
static const struct item *next(const struct ring *ring, u64 tail)
{
	while (__atomic_load_n(&ring->producer->head, __ATOMIC_ACQUIRE) == tail)
		sched_yield();
	return (const struct item *)(ring->data + (tail & (RING_SIZE - 1)));
}

TEST(every_record_arrives_whole)
{
	static struct ring ring;
	pthread_t producer;
	u64 number, tail = 0;

	ring_make(&ring, 0, 0);
	ASSERT_EQ(pthread_create(&producer, NULL, produce, &ring), 0);
	for (number = 0; number < RECORDS; number++) {
		const struct item *item = next(&ring, tail);

		ASSERT_TRUE(is_whole(item, number));
		tail += item->size;
		__atomic_store_n(&ring.consumer->tail, tail, __ATOMIC_RELEASE);
	}
	pthread_join(producer, NULL);
	ASSERT_EQ(ring_head(&ring), tail);
}

/* The module's own consumer. */
TEST(every_record_arrives_in_the_module)
{
	static struct ring ring;
	pthread_t producer;
	u64 number;

	ring_make(&ring, 0, 0);
	ASSERT_EQ(pthread_create(&producer, NULL, produce, &ring), 0);
	for (number = 0; number < RECORDS; number++) {
		const struct item *item;

		while (ring_head(&ring) == ring_tail(&ring))
			sched_yield();
		item = ring_at(&ring, ring_tail(&ring));
		ASSERT_TRUE(is_whole(item, number));
		ring_consume(&ring, ring_tail(&ring) + item->size);
	}
	pthread_join(producer, NULL);
}

static bool stop;

static void *lie(void *ring)
{
	struct svmtrace_consumer *consumer = ((struct ring *)ring)->consumer;
	unsigned int seed = 1;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u64 head = ring_head(ring), claim;
		int r = rand_r(&seed);

		claim = r % 2 ? head - r % RING_SIZE : (u64)r << r % 33;
		__atomic_store_n(&consumer->tail, claim, __ATOMIC_RELAXED);
		if (r % 16 == 0)
			sched_yield();
	}
	return NULL;
}

/* A lying consumer spoils its own records at worst: guard pages see the rest. */
TEST(a_lie_changes_while_it_is_read)
{
	static struct ring ring;
	unsigned int i, written = 0;
	pthread_t liar;
	u64 before = 0;

	ring_make(&ring, 0, 0);
	ASSERT_EQ(pthread_create(&liar, NULL, lie, &ring), 0);
	for (i = 0; written < RECORDS / 20; i++) {
		written += put(&ring, i);
		ASSERT_GE(ring.tail, before);
		ASSERT_LE(ring.head - ring.tail, RING_SIZE);
		before = ring.tail;
		if (i % 64 == 0)
			sched_yield();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(liar, NULL);
}

TEST_HARNESS_MAIN
