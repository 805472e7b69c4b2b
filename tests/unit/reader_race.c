// SPDX-License-Identifier: GPL-2.0
/*
 * The tool's own reader on rings that are being written to: every record, whole,
 * once, and in order of time, also when a ring appears late.
 *
 * The linker gives us the reader's mmap(), so that what it maps are our rings.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../patience.h"
#include "rings.h"
#include "wrap.h"
#include "../../tools/reader.h"
#include "../../tools/session.h"

#define RINGS 3
#define RECORDS 50000
#define OUR_FD 12345

static struct ring rings[RINGS];
static unsigned int present;

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	unsigned int cpu = offset / RING_STRIDE;

	if (fd != OUR_FD)
		return __real_mmap(at, size, protection, flags, fd, offset);
	if (cpu >= __atomic_load_n(&present, __ATOMIC_ACQUIRE)) {
		errno = ENXIO;
		return MAP_FAILED;
	}
	return (char *)rings[cpu].consumer + offset % RING_STRIDE;
}

int __wrap_munmap(void *at, size_t size)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++) {
		if ((char *)at >= (char *)rings[i].consumer &&
		    (char *)at < (char *)rings[i].consumer + RING_STRIDE)
			return 0;
	}
	return __real_munmap(at, size);
}

static const struct session session = {
	.fd = OUR_FD,
	.info = {
		.page_size = RING_PAGE,
		.ring_stride = RING_STRIDE,
		.data_offset = RING_DATA_OFFSET,
		.ring_size = RING_SIZE,
		.nr_cpus = RINGS,
	},
};

/* For the reader, instead of the ioctl. */
void session_stats(const struct session *s, struct svmtrace_stats *stats)
{
	*stats = (struct svmtrace_stats){};
	if (s == &session)
		stats->rings = __atomic_load_n(&present, __ATOMIC_ACQUIRE);
}

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* A record of a kind that nobody knows, so that any bytes may follow. */
static bool put(struct ring *ring, unsigned int seq, unsigned int words)
{
	struct svmtrace_record *record;
	size_t size = sizeof(*record) + words * sizeof(u64);

	if (!ring_enter(ring))
		abort();
	record = ring_reserve(ring, size, 0);
	if (record) {
		*record = (struct svmtrace_record){
			.kind = 99, .cpu = ring->producer->cpu, .time = now(),
			.seq = seq, .size = size,
		};
		memset(record + 1, seq, words * sizeof(u64));
		ring_dally(seq % 8 ? 0 : 1000);
		ring_commit(ring, size);
	}
	ring_leave(ring);
	return record;
}

static void *produce(void *ring)
{
	unsigned int seq, seed = ((struct ring *)ring)->producer->cpu;

	for (seq = 0; seq < RECORDS; seq++) {
		while (!put(ring, seq, rand_r(&seed) % 20))
			sched_yield();
		if (rand_r(&seed) % 256 == 0)
			sched_yield();
	}
	return NULL;
}

static bool is_whole(const struct svmtrace_record *record)
{
	const unsigned char *bytes = (const void *)(record + 1);
	unsigned int i;

	for (i = 0; i < record->size - sizeof(*record); i++) {
		if (bytes[i] != (unsigned char)record->seq)
			return false;
	}
	return true;
}

TEST(every_record_once_and_in_order)
{
	unsigned int seq[RINGS] = {}, i, got = 0;
	pthread_t producers[RINGS];
	struct record_view v;
	struct reader *r;
	u64 last = 0;

	for (i = 0; i < RINGS; i++)
		ring_make(&rings[i], i, 0);
	present = 1;
	r = reader_new(&session);
	for (i = 0; i < RINGS; i++)
		ASSERT_EQ(pthread_create(&producers[i], NULL, produce, &rings[i]), 0);
	while (got < RINGS * RECORDS) {
		if (!reader_next(r, &v)) {
			sched_yield();
			continue;
		}
		i = v.record->cpu;
		ASSERT_LT(i, present);
		ASSERT_EQ(v.record->seq, seq[i]++);
		ASSERT_TRUE(is_whole(v.record));
		/* A ring that was not mapped yet has older ones. */
		if (present == RINGS && seq[RINGS - 1] > RING_SIZE)
			ASSERT_GE(v.record->time, last);
		last = v.record->time;
		got++;
		if (present < RINGS && got == 1000 * present) {
			__atomic_add_fetch(&present, 1, __ATOMIC_RELEASE);
			reader_look_for_rings(r);
		}
	}
	for (i = 0; i < RINGS; i++)
		pthread_join(producers[i], NULL);
	ASSERT_FALSE(reader_next(r, &v));
	reader_free(r);
}

TEST_HARNESS_MAIN
