// SPDX-License-Identifier: GPL-2.0
/*
 * The ring, alone: wrapping around, being full, and a consumer that lies.
 */
#include <stdint.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "rings.h"

/* What the byte at a position of the stream shall be. */
static unsigned char byte_at(u64 pos)
{
	return (pos * 0x9e3779b97f4a7c15ULL) >> 56;
}

static void write_bytes(char *to, u64 pos, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		to[i] = byte_at(pos + i);
}

/* Are the bytes from @pos to @end in the ring what was written? */
static bool holds(const struct ring *ring, u64 pos, u64 end)
{
	const unsigned char *data = ring_at(ring, pos);
	u64 i;

	for (i = 0; i < end - pos; i++) {
		if (data[i] != byte_at(pos + i))
			return false;
	}
	return true;
}

/* Writes a record of @size bytes. Return: false if there was no room. */
static bool put(struct ring *ring, size_t size, size_t keep)
{
	char *room;

	if (!ring_enter(ring))
		abort();
	room = ring_reserve(ring, size, keep);
	if (room) {
		write_bytes(room, ring->head, size);
		ring_commit(ring, size);
	}
	ring_leave(ring);
	return room;
}

TEST(empty)
{
	struct ring ring;

	ring_make(&ring, 3, 0);
	ASSERT_EQ(ring_head(&ring), 0);
	ASSERT_EQ(ring_tail(&ring), 0);
	ASSERT_FALSE(ring_pending(&ring));
	ASSERT_EQ(ring.producer->cpu, 3);
}

TEST(wraps_at_every_offset)
{
	static const size_t sizes[] = { 8, 24, 200, RING_SIZE / 2, RING_SIZE - 8, RING_SIZE };
	struct ring ring;
	unsigned int i, offset;
	u64 pos;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (offset = 0; offset < RING_SIZE; offset += 8) {
			ring_make(&ring, 0, offset);
			pos = ring_head(&ring);
			ASSERT_TRUE(put(&ring, sizes[i], 0));
			ASSERT_EQ(ring_head(&ring), pos + sizes[i]);
			ASSERT_TRUE(holds(&ring, pos, pos + sizes[i]));
			ring_consume(&ring, pos + sizes[i]);
			ASSERT_EQ(ring_tail(&ring), ring_head(&ring));
			munmap(ring.consumer, RING_STRIDE);
		}
	}
}

TEST(goes_round_and_round)
{
	struct ring ring;
	unsigned int i;
	u64 pos;

	ring_make(&ring, 0, 0);
	for (i = 0; i < 10000; i++) {
		pos = ring_head(&ring);
		ASSERT_TRUE(put(&ring, 8 * (1 + i % 97), 0));
		ASSERT_TRUE(holds(&ring, pos, ring_head(&ring)));
		ring_consume(&ring, ring_head(&ring));
	}
	ASSERT_GT(ring_head(&ring), 100 * RING_SIZE);
}

/* Positions are 64 bits wide, whatever a pointer or a long is. */
TEST(passes_four_gigabytes)
{
	struct ring ring;
	u64 pos = (1ULL << 32) - 1000;

	ring_make(&ring, 0, pos);
	while (ring_head(&ring) < (1ULL << 32) + RING_SIZE) {
		pos = ring_head(&ring);
		ASSERT_TRUE(put(&ring, 128, 0));
		ASSERT_TRUE(holds(&ring, pos, pos + 128));
		ring_consume(&ring, pos + 128);
	}
}

TEST(full)
{
	struct ring ring;
	unsigned int i;

	ring_make(&ring, 0, 40);
	for (i = 0; i < RING_SIZE / 64; i++)
		ASSERT_TRUE(put(&ring, 64, 0));
	ASSERT_FALSE(put(&ring, 8, 0));
	ASSERT_TRUE(holds(&ring, 40, 40 + RING_SIZE));

	ring_consume(&ring, 40 + 64);
	ASSERT_FALSE(put(&ring, 72, 0));
	ASSERT_TRUE(put(&ring, 64, 0));
	ASSERT_FALSE(put(&ring, 8, 0));
	ASSERT_TRUE(holds(&ring, 40 + 64, 40 + 64 + RING_SIZE));
}

TEST(larger_than_the_ring)
{
	struct ring ring;

	ring_make(&ring, 0, 0);
	ASSERT_FALSE(put(&ring, RING_SIZE + 8, 0));
	ASSERT_FALSE(put(&ring, 8, RING_SIZE));
	ASSERT_TRUE(put(&ring, RING_SIZE, 0));
}

/* Room that is kept is there for whoever does not keep it. */
TEST(keeps_room)
{
	struct ring ring;

	ring_make(&ring, 0, 0);
	ASSERT_TRUE(put(&ring, RING_SIZE - 128, 64));
	ASSERT_FALSE(put(&ring, 72, 64));
	ASSERT_TRUE(put(&ring, 64, 64));
	ASSERT_FALSE(put(&ring, 8, 64));
	ASSERT_TRUE(put(&ring, 64, 0));
	ASSERT_FALSE(put(&ring, 8, 0));
}

TEST(commits_less_than_reserved)
{
	struct ring ring;
	char *room;

	ring_make(&ring, 0, 0);
	ASSERT_TRUE(ring_enter(&ring));
	room = ring_reserve(&ring, 1024, 0);
	ASSERT_EQ(room, ring.data);
	ASSERT_EQ(ring_head(&ring), 0);
	write_bytes(room, 0, 1024);
	ring_commit(&ring, 8);
	ring_leave(&ring);
	ASSERT_EQ(ring_head(&ring), 8);

	/* What was not committed is free again. */
	ASSERT_TRUE(put(&ring, RING_SIZE - 8, 0));
	ASSERT_TRUE(holds(&ring, 0, RING_SIZE));
}

TEST(reserved_but_not_committed)
{
	struct ring ring;

	ring_make(&ring, 0, 0);
	ASSERT_TRUE(ring_enter(&ring));
	ASSERT_NE(ring_reserve(&ring, 64, 0), NULL);
	ring_leave(&ring);
	ASSERT_EQ(ring_head(&ring), 0);
	ASSERT_TRUE(put(&ring, RING_SIZE, 0));
}

TEST(enters_once)
{
	struct ring ring;

	ring_make(&ring, 0, 0);
	ASSERT_TRUE(ring_enter(&ring));
	ASSERT_TRUE(ring_pending(&ring));
	ASSERT_FALSE(ring_enter(&ring));
	ASSERT_TRUE(ring_pending(&ring));
	ring_leave(&ring);
	ASSERT_FALSE(ring_pending(&ring));
	ASSERT_TRUE(ring_enter(&ring));
	ring_leave(&ring);
}

/*
 * Of one reservation, in a ring that holds what is between @tail and head, when
 * the consumer claims @claim.
 */
static bool is_safe(struct ring *ring, u64 tail, u64 claim, size_t size, size_t keep)
{
	u64 head = ring->head;
	bool valid = claim - tail <= head - tail;
	char *room;

	ring->tail = tail;
	ring->consumer->tail = claim;
	room = ring_reserve(ring, size, keep);
	if (ring->head != head || ring->producer->head != head)
		return false;
	/* Nothing but a valid claim is believed, and if it is then for good. */
	if (ring->tail != tail && !(valid && ring->tail == claim))
		return false;
	if (room)
		return room == ring->data + (head & (RING_SIZE - 1)) &&
		       head - ring->tail + size + keep <= RING_SIZE;
	return !valid || head - claim + size + keep > RING_SIZE;
}

/* Every claim near to the ring's own positions, and at the corners of the numbers. */
static bool is_safe_whatever_claimed(struct ring *ring, u64 tail, size_t size, size_t keep)
{
	static const u64 corners[] = {
		0, 1, 8, 1ULL << 32, 1ULL << 63, -1ULL, -8ULL, INT64_MAX,
	};
	unsigned int i;

	for (i = 0; i < 3 * RING_SIZE; i++) {
		if (!is_safe(ring, tail, tail - RING_SIZE + i, size, keep))
			return false;
	}
	for (i = 0; i < sizeof(corners) / sizeof(*corners); i++) {
		if (!is_safe(ring, tail, corners[i], size, keep))
			return false;
	}
	return true;
}

TEST(any_claim_at_any_place)
{
	static const u64 tails[] = {
		0, 8, 4088, 4096, (1ULL << 32) - 8, (1ULL << 63) - 2048, -8192ULL,
	};
	static const u64 used[] = { 0, 8, 2048, 4088, 4096 };
	struct ring ring;
	unsigned int i;

	ring_make(&ring, 0, 0);
	for (i = 0; i < 7 * 5; i++) {
		u64 tail = tails[i % 7];

		ring.head = tail + used[i / 7];
		ring.producer->head = ring.head;
		ASSERT_TRUE(is_safe_whatever_claimed(&ring, tail, 8, 0));
		ASSERT_TRUE(is_safe_whatever_claimed(&ring, tail, 64, 64));
		ASSERT_TRUE(is_safe_whatever_claimed(&ring, tail, 2048, 8));
		ASSERT_TRUE(is_safe_whatever_claimed(&ring, tail, 4096, 0));
		ASSERT_TRUE(is_safe_whatever_claimed(&ring, tail, 4096, 8));
	}
}

static u64 random_u64(void)
{
	return (u64)random() << 42 ^ (u64)random() << 21 ^ random();
}

/* A claim of a consumer that is honest now and then. */
static u64 random_claim(const struct ring *ring)
{
	switch (random() % 6) {
	case 0:
		return random_u64();
	case 1:
		return ring->head + random() % 64;
	case 2:
		return ring->tail - random() % 64;
	case 3:
		return ring->tail ^ 1ULL << random() % 64;
	default:
		return ring->tail + random() % (ring->head - ring->tail + 1);
	}
}

/*
 * What the producer has not been told of as read stays as it was written, it is
 * never more than fits, and the producer's own idea of the tail never goes back.
 */
TEST(random_claims)
{
	struct ring ring;
	unsigned int i, written = 0;
	u64 before;

	srandom(1);
	ring_make(&ring, 0, 0);
	for (i = 0; i < 30000; i++) {
		if (random() % 2)
			ring.consumer->tail = random_claim(&ring);
		before = ring.tail;
		written += put(&ring, 8 * (1 + random() % 64), 8 * (random() % 8));
		ASSERT_LE(ring.tail - before, RING_SIZE);
		ASSERT_LE(ring.head - ring.tail, RING_SIZE);
		ASSERT_EQ(ring.producer->head, ring.head);
		ASSERT_TRUE(holds(&ring, ring.tail, ring.head));
	}
	ASSERT_GT(written, 1000U);
}

TEST_HARNESS_MAIN
