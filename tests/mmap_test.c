// SPDX-License-Identifier: GPL-2.0
/*
 * mmap(): what may be mapped and what not, reading as the header describes it,
 * and readers who write nonsense.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "load.h"

#define RW (PROT_READ | PROT_WRITE)
#define CPUS_MAX 64

/* The ring of a CPU. */
struct ring_map {
	struct svmtrace_consumer *consumer;
	const struct svmtrace_producer *producer;
	const char *data;
};

FIXTURE(mmap) {
	struct trace t;
	struct svmtrace_config config;
	struct svmtrace_info info;
	long page;
	unsigned int rings;
	struct ring_map ring[CPUS_MAX];
};

FIXTURE_SETUP(mmap)
{
	struct svmtrace_stats stats;

	memset(self, 0, sizeof(*self));
	self->page = sysconf(_SC_PAGESIZE);
	trace_config(&self->config);
	self->config.ring_size = 65536;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	self->info.size = sizeof(self->info);
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_GET_INFO, &self->info));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	self->rings = stats.rings;
	ASSERT_GE(CPUS_MAX, self->rings);
}

FIXTURE_TEARDOWN(mmap)
{
	trace_end(&self->t);
}

/* Maps and unmaps: 0 or an errno. */
static int try_map(int fd, __u64 offset, size_t size, int prot, int flags)
{
	void *map = mmap(NULL, size, prot, flags, fd, offset);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, size);
	return 0;
}

static void *map_shared(int fd, __u64 offset, size_t size, int prot)
{
	void *map = mmap(NULL, size, prot, MAP_SHARED, fd, offset);

	return map == MAP_FAILED ? NULL : map;
}

static bool map_rings(struct _test_data_mmap *self)
{
	unsigned int cpu;

	for (cpu = 0; cpu < self->rings; cpu++) {
		struct ring_map *ring = &self->ring[cpu];
		__u64 at = cpu * self->info.ring_stride;

		ring->consumer = map_shared(self->t.fd, at, self->page, RW);
		ring->producer = map_shared(self->t.fd, at + self->page, self->page, PROT_READ);
		ring->data = map_shared(self->t.fd, at + self->info.data_offset,
					2 * self->config.ring_size, PROT_READ);
		if (!ring->consumer || !ring->producer || !ring->data)
			return false;
	}
	return true;
}

TEST_F(mmap, what_may_be_mapped)
{
	const __u64 producer = self->page, data = self->info.data_offset;
	const __u64 stride = self->info.ring_stride, half = self->config.ring_size;
	const struct {
		__u64 offset, size;
		int prot, flags, err;
	} cases[] = {
		{ 0, self->page, RW, MAP_SHARED, 0 },
		{ 0, self->page, PROT_READ, MAP_SHARED, 0 },
		{ 0, self->page, PROT_WRITE, MAP_SHARED, 0 },
		{ 0, self->page, PROT_NONE, MAP_SHARED, 0 },
		{ producer, self->page, PROT_READ, MAP_SHARED, 0 },
		{ data, 2 * half, PROT_READ, MAP_SHARED, 0 },
		{ 0, stride, PROT_READ, MAP_SHARED, 0 },
		{ stride, stride, PROT_READ, MAP_SHARED, 0 },
		/* A part. */
		{ data, half, PROT_READ, MAP_SHARED, 0 },
		{ data + half, half, PROT_READ, MAP_SHARED, 0 },
		{ data + self->page, self->page, PROT_READ, MAP_SHARED, 0 },
		{ producer, self->page + half, PROT_READ, MAP_SHARED, 0 },
		/* Writable, but for the consumer's page. */
		{ producer, self->page, RW, MAP_SHARED, EPERM },
		{ data, 2 * half, RW, MAP_SHARED, EPERM },
		{ data, self->page, PROT_WRITE, MAP_SHARED, EPERM },
		{ 0, 2 * self->page, RW, MAP_SHARED, EPERM },
		{ 0, stride, RW, MAP_SHARED, EPERM },
		/* Executable. */
		{ 0, self->page, RW | PROT_EXEC, MAP_SHARED, EPERM },
		{ data, half, PROT_READ | PROT_EXEC, MAP_SHARED, EPERM },
		/* Private. */
		{ 0, self->page, RW, MAP_PRIVATE, EINVAL },
		{ data, 2 * half, PROT_READ, MAP_PRIVATE, EINVAL },
		{ data, 2 * half, RW, MAP_PRIVATE, EINVAL },
		/* Beyond the ring's end, into the next one's. */
		{ 0, stride + self->page, PROT_READ, MAP_SHARED, EINVAL },
		{ data + half, half + self->page, PROT_READ, MAP_SHARED, EINVAL },
		{ stride - self->page, 2 * self->page, PROT_READ, MAP_SHARED, EINVAL },
		{ 0, 1ULL << 40, PROT_READ, MAP_SHARED, EINVAL },
		/* No such CPU. */
		{ stride * self->info.nr_cpus, self->page, PROT_READ, MAP_SHARED, ENXIO },
		{ stride * 100000, self->page, PROT_READ, MAP_SHARED, ENXIO },
		{ (1ULL << 62) - self->page, self->page, PROT_READ, MAP_SHARED, ENXIO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].err, try_map(self->t.fd, cases[i].offset, cases[i].size,
						cases[i].prot, cases[i].flags)) {
			TH_LOG("case %u", i);
		}
	}
}

/* The right to write does not come afterwards. */
TEST_F(mmap, mprotect)
{
	char *map = map_shared(self->t.fd, 0, self->info.ring_stride, PROT_READ);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, mprotect(map, self->page, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(map + self->page, self->page, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(map + self->info.data_offset, self->page, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(map, self->page, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, mprotect(map, self->info.ring_stride, PROT_NONE));
	EXPECT_EQ(0, mprotect(map, self->info.ring_stride, PROT_READ));

	map = map_shared(self->t.fd, 0, self->page, RW);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, mprotect(map, self->page, RW | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, mprotect(map, self->page, PROT_READ));
	EXPECT_EQ(0, mprotect(map, self->page, RW));
}

TEST_F(mmap, does_not_grow)
{
	char *map = map_shared(self->t.fd, 0, self->page, RW);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(MAP_FAILED, mremap(map, self->page, 2 * self->page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(map, 0, self->page, MREMAP_MAYMOVE));
}

TEST_F(mmap, not_before_start)
{
	int fd = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(ENXIO, try_map(fd, 0, self->page, RW, MAP_SHARED));
	/* That was none, so read() is still possible. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	EXPECT_EQ(-1, read(fd, &self->info, 8));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(EBUSY, try_map(fd, 0, self->page, RW, MAP_SHARED));
	close(fd);
}

/* One or the other, whichever came first, and whether it is still there or not. */
TEST_F(mmap, excludes_read)
{
	char buf[64];

	EXPECT_EQ(EPERM, try_map(self->t.fd, self->page, self->page, RW, MAP_SHARED));
	EXPECT_EQ(0, trace_read(&self->t));
	EXPECT_EQ(EBUSY, try_map(self->t.fd, 0, self->page, RW, MAP_SHARED));
	trace_end(&self->t);
	ASSERT_EQ(0, trace_start(&self->t, NULL));
	EXPECT_EQ(0, try_map(self->t.fd, 0, self->page, PROT_READ, MAP_SHARED));
	EXPECT_EQ(-1, read(self->t.fd, buf, sizeof(buf)));
	EXPECT_EQ(EBUSY, errno);
}

TEST_F(mmap, data_twice_in_a_row)
{
	unsigned int i, cpu;

	ASSERT_TRUE(map_rings(self));
	for (i = 0; i < 1000; i++)
		call_self();
	for (cpu = 0; cpu < self->rings; cpu++) {
		EXPECT_EQ(cpu, self->ring[cpu].producer->cpu);
		EXPECT_EQ(0, memcmp(self->ring[cpu].data,
				    self->ring[cpu].data + self->config.ring_size,
				    self->config.ring_size));
	}
}

/* The header's protocol: which ring has the next record? -1: none; -2: look again. */
static int next_ring(const struct _test_data_mmap *self, __u64 *tails)
{
	__u64 time, first = ~0ULL;
	unsigned int cpu;
	bool empty[CPUS_MAX];
	int next = -1;

	for (cpu = 0; cpu < self->rings; cpu++) {
		const struct ring_map *ring = &self->ring[cpu];

		empty[cpu] = __atomic_load_n(&ring->producer->head, __ATOMIC_ACQUIRE) == tails[cpu];
		if (empty[cpu])
			continue;
		time = ((struct svmtrace_record *)
			(ring->data + (tails[cpu] & (self->config.ring_size - 1))))->time;
		if (time < first) {
			first = time;
			next = cpu;
		}
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (cpu = 0; next >= 0 && cpu < self->rings; cpu++) {
		const struct svmtrace_producer *producer = self->ring[cpu].producer;

		if (!empty[cpu])
			continue;
		if (__atomic_load_n(&producer->pending, __ATOMIC_ACQUIRE) ||
		    __atomic_load_n(&producer->head, __ATOMIC_ACQUIRE) != tails[cpu])
			return -2;
	}
	return next;
}

/* All that is there now, into the ledger. */
static const char *consume(const struct _test_data_mmap *self, struct ledger *ledger)
{
	__u64 tails[CPUS_MAX];
	const char *wrong = NULL;
	struct record_view v;
	unsigned int cpu;
	long size;
	int next;

	for (cpu = 0; cpu < self->rings; cpu++)
		tails[cpu] = self->ring[cpu].consumer->tail;
	while (!wrong && (next = next_ring(self, tails)) != -1) {
		const struct ring_map *ring = &self->ring[next < 0 ? 0 : next];
		__u64 head;

		if (next < 0)
			continue;
		head = __atomic_load_n(&ring->producer->head, __ATOMIC_ACQUIRE);
		size = record_view(&v, ring->data + (tails[next] & (self->config.ring_size - 1)),
				   head - tails[next]);
		if (size <= 0)
			return "no whole record";
		wrong = ledger_add(ledger, &v);
		tails[next] += size;
		__atomic_store_n(&ring->consumer->tail, tails[next], __ATOMIC_RELEASE);
	}
	return wrong;
}

TEST_F(mmap, reader_follows_the_protocol)
{
	struct pollfd pollfd = { .fd = self->t.fd, .events = POLLIN };
	struct svmtrace_stats stats;
	struct ledger ledger = {};
	struct load *load;

	ASSERT_TRUE(map_rings(self));
	load = load_start(4, 3000, 0);
	while (ledger.calls + ledger.lost < 12000) {
		ASSERT_EQ(1, poll(&pollfd, 1, -1));
		ASSERT_EQ(NULL, consume(self, &ledger));
	}
	load_end(load);
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(12000, stats.entered);
	EXPECT_EQ(stats.delivered, ledger.calls);
	EXPECT_EQ(stats.lost_ring_full, ledger.lost);
	EXPECT_EQ(0, ledger.disorder);
	EXPECT_EQ(0, ledger_balance(&stats));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_TRUE(pollfd.revents & POLLHUP);
}

/* Whoever never moves on has all of a ring's oldest records unharmed. */
TEST_F(mmap, nothing_is_overwritten)
{
	struct ledger ledger = {};
	struct svmtrace_stats stats;
	char *copy[CPUS_MAX];
	__u64 head[CPUS_MAX];
	unsigned int cpu;

	ASSERT_TRUE(map_rings(self));
	load_run(4, 500);
	for (cpu = 0; cpu < self->rings; cpu++) {
		head[cpu] = self->ring[cpu].producer->head;
		copy[cpu] = malloc(head[cpu]);
		memcpy(copy[cpu], self->ring[cpu].data, head[cpu]);
	}
	load_run(4, 500);
	for (cpu = 0; cpu < self->rings; cpu++) {
		EXPECT_GE(self->config.ring_size, self->ring[cpu].producer->head);
		EXPECT_EQ(0, memcmp(copy[cpu], self->ring[cpu].data, head[cpu]));
		free(copy[cpu]);
	}
	ASSERT_EQ(NULL, consume(self, &ledger));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_LT(0, stats.lost_ring_full);
	EXPECT_EQ(stats.delivered, ledger.calls);
}

struct vandal {
	struct _test_data_mmap *self;
	bool stop;
};

/* Nonsense of all kinds: far off, a bit off, in the midst of a record. */
static void *write_nonsense(void *arg)
{
	struct vandal *vandal = arg;
	struct _test_data_mmap *self = vandal->self;
	unsigned int seed = 20261121;

	while (!__atomic_load_n(&vandal->stop, __ATOMIC_RELAXED)) {
		unsigned int r = rand_r(&seed);
		struct ring_map *ring = &self->ring[r % self->rings];
		__u64 head = ring->producer->head, nonsense;

		switch (r / 16 % 6) {
		case 0:
			nonsense = (__u64)rand_r(&seed) << 40 | rand_r(&seed);
			break;
		case 1:
			nonsense = head + r % 4096 - 2048;
			break;
		case 2:
			nonsense = 0;
			break;
		case 3:
			nonsense = ~0ULL - r % 64;
			break;
		case 4:
			nonsense = head - rand_r(&seed) % self->config.ring_size;
			break;
		default:
			nonsense = head + self->config.ring_size;
		}
		__atomic_store_n(&ring->consumer->tail, nonsense, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(mmap, hostile_positions)
{
	struct vandal vandal = { .self = self };
	struct pollfd pollfd = { .fd = self->t.fd, .events = POLLIN };
	struct svmtrace_config config = self->config;
	struct svmtrace_stats stats;
	struct ledger ledger = {};
	struct trace other;
	struct load *load;
	pthread_t thread;

	config.ring_size = 8 << 20;
	ASSERT_EQ(0, trace_start(&other, &config));
	ASSERT_TRUE(map_rings(self));
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_nonsense, &vandal));
	load = load_start(2, 3000, 0);
	while (load_made(load) < 6000)
		poll(&pollfd, 1, 1);
	load_end(load);
	__atomic_store_n(&vandal.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(6000, stats.entered);
	EXPECT_EQ(0, ledger_balance(&stats));
	EXPECT_EQ(6000, stats.delivered + stats.lost_ring_full);

	ASSERT_EQ(NULL, ledger_take(&ledger, &other));
	EXPECT_EQ(6000, ledger.calls);
	EXPECT_EQ(0, ledger.lost);
	trace_end(&other);
}

/* The session lives as long as a ring of it is mapped. */
TEST_F(mmap, outlives_the_file)
{
	struct svmtrace_stats stats;
	struct trace other;
	unsigned int cpu;
	__u64 before, after;

	ASSERT_EQ(0, trace_start(&other, NULL));
	ASSERT_TRUE(map_rings(self));
	close(self->t.fd);
	self->t.fd = -1;
	for (before = 0, cpu = 0; cpu < self->rings; cpu++)
		before += self->ring[cpu].producer->head;
	call_self();
	for (after = 0, cpu = 0; cpu < self->rings; cpu++)
		after += self->ring[cpu].producer->head;
	EXPECT_LT(before, after);
	ASSERT_EQ(0, trace_stats(&other, &stats));
	EXPECT_EQ(2, stats.sessions);
	for (cpu = 0; cpu < self->rings; cpu++) {
		munmap(self->ring[cpu].consumer, self->page);
		munmap((void *)self->ring[cpu].producer, self->page);
		munmap((void *)self->ring[cpu].data, 2 * self->config.ring_size);
	}
	ASSERT_EQ(0, trace_stats(&other, &stats));
	EXPECT_EQ(1, stats.sessions);
	trace_end(&other);
}

static int touch(void *arg)
{
	return __atomic_load_n((char *)arg, __ATOMIC_RELAXED);
}

/* A child has the file, but not the mapping. */
TEST_F(mmap, is_not_inherited)
{
	ASSERT_TRUE(map_rings(self));
	EXPECT_EQ(128 + SIGSEGV, child_run(0, touch, (void *)self->ring[0].data));
	EXPECT_EQ(128 + SIGSEGV, child_run(0, touch, self->ring[0].consumer));
}

struct changer {
	int fd;
	bool stop;
};

/* Each time from a page that is not there yet. */
static void *change_pids(void *arg)
{
	struct changer *changer = arg;
	struct svmtrace_pids pids = {
		.size = sizeof(pids), .set = SVMTRACE_PIDS_NOT_CALLER, .count = 4096,
	};

	while (!__atomic_load_n(&changer->stop, __ATOMIC_RELAXED)) {
		void *page = mmap(NULL, 16384, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		pids.pids = (unsigned long)page;
		ioctl(changer->fd, SVMTRACE_IOC_PIDS, &pids);
		munmap(page, 16384);
	}
	return NULL;
}

/* The locks of the session and of the address space: neither waits for the other. */
TEST_F(mmap, while_the_filter_changes)
{
	struct changer changer = { .fd = self->t.fd };
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, change_pids, &changer));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, try_map(self->t.fd, 0, self->page, RW, MAP_SHARED));
	__atomic_store_n(&changer.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

TEST_HARNESS_MAIN
