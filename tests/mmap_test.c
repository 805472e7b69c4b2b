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

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "kernel.h"
#include "ledger.h"
#include "load.h"
#include "mapped.h"

#define RW (PROT_READ | PROT_WRITE)

FIXTURE(mmap) {
	struct trace t;
	struct svmtrace_config config;
	struct svmtrace_info info;
	long page;
	struct mapped m;
};

FIXTURE_SETUP(mmap)
{
	memset(self, 0, sizeof(*self));
	self->page = sysconf(_SC_PAGESIZE);
	trace_config(&self->config);
	self->config.ring_size = 65536;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	self->info.size = sizeof(self->info);
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_GET_INFO, &self->info));
}

FIXTURE_TEARDOWN(mmap)
{
	mapped_end(&self->m);
	trace_end(&self->t);
	EXPECT_EQ(NULL, kernel_left());
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
		{ 0, 1ULL << 37, PROT_READ, MAP_SHARED, EINVAL },
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
	char *map = mapped_at(self->t.fd, 0, self->info.ring_stride, PROT_READ);

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
	munmap(map, self->info.ring_stride);

	map = mapped_at(self->t.fd, 0, self->page, RW);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(-1, mprotect(map, self->page, RW | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, mprotect(map, self->page, PROT_READ));
	EXPECT_EQ(0, mprotect(map, self->page, RW));
	munmap(map, self->page);
}

TEST_F(mmap, does_not_grow)
{
	char *map = mapped_at(self->t.fd, 0, self->page, RW);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(MAP_FAILED, mremap(map, self->page, 2 * self->page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(map, 0, self->page, MREMAP_MAYMOVE));
	munmap(map, self->page);
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

	ASSERT_EQ(0, mapped_start(&self->m, &self->t));
	for (i = 0; i < 1000; i++)
		call_self();
	for (cpu = 0; cpu < self->m.rings; cpu++) {
		EXPECT_EQ(cpu, self->m.ring[cpu].producer->cpu);
		EXPECT_EQ(0, memcmp(self->m.ring[cpu].data,
				    self->m.ring[cpu].data + self->config.ring_size,
				    self->config.ring_size));
	}
}

TEST_F(mmap, reader_follows_the_protocol)
{
	struct pollfd pollfd = { .fd = self->t.fd, .events = POLLIN };
	struct svmtrace_stats stats;
	struct ledger ledger = {};
	struct load *load;

	ASSERT_EQ(0, mapped_start(&self->m, &self->t));
	load = load_start(4, 3000, 0);
	while (ledger.calls + ledger.lost < 12000) {
		ASSERT_EQ(1, poll(&pollfd, 1, -1));
		ASSERT_EQ(NULL, mapped_take(&self->m, &ledger));
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
	char *copy[MAPPED_CPUS];
	__u64 head[MAPPED_CPUS];
	unsigned int cpu;

	ASSERT_EQ(0, mapped_start(&self->m, &self->t));
	load_run(4, 500);
	for (cpu = 0; cpu < self->m.rings; cpu++) {
		head[cpu] = self->m.ring[cpu].producer->head;
		copy[cpu] = malloc(head[cpu]);
		memcpy(copy[cpu], self->m.ring[cpu].data, head[cpu]);
	}
	load_run(4, 500);
	for (cpu = 0; cpu < self->m.rings; cpu++) {
		EXPECT_GE(self->config.ring_size, self->m.ring[cpu].producer->head);
		EXPECT_EQ(0, memcmp(copy[cpu], self->m.ring[cpu].data, head[cpu]));
		free(copy[cpu]);
	}
	ASSERT_EQ(NULL, mapped_take(&self->m, &ledger));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_LT(0, stats.lost_ring_full);
	EXPECT_EQ(stats.delivered, ledger.calls);
}

/* A position that was taken back: the same records once more, as long as it stays so. */
TEST_F(mmap, read_again)
{
	struct ledger first = {}, again = {};
	struct svmtrace_stats stats;
	__u64 head[MAPPED_CPUS];
	unsigned int cpu;
	char *copy;

	ASSERT_EQ(0, mapped_start(&self->m, &self->t));
	load_run(2, 50);
	ASSERT_EQ(NULL, mapped_take(&self->m, &first));
	copy = malloc(self->m.rings * self->m.size);
	ASSERT_NE(NULL, copy);
	for (cpu = 0; cpu < self->m.rings; cpu++) {
		head[cpu] = self->m.ring[cpu].producer->head;
		memcpy(copy + cpu * self->m.size, self->m.ring[cpu].data, head[cpu]);
		self->m.ring[cpu].consumer->tail = 0;
	}
	/* More than there is room for. */
	load_run(2, 1000);
	for (cpu = 0; cpu < self->m.rings; cpu++)
		EXPECT_EQ(0, memcmp(copy + cpu * self->m.size, self->m.ring[cpu].data, head[cpu]));
	free(copy);
	ASSERT_EQ(NULL, mapped_take(&self->m, &again));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(2 * 1050, stats.entered);
	EXPECT_EQ(100, first.calls);
	EXPECT_EQ(stats.delivered, again.calls);
	EXPECT_LT(0, stats.lost_ring_full);
	EXPECT_EQ(0, ledger_balance(&stats));
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
		struct mapped_ring *ring = &self->m.ring[r % self->m.rings];
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
	ASSERT_EQ(0, mapped_start(&self->m, &self->t));
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
	ASSERT_EQ(0, mapped_start(&self->m, &self->t));
	close(self->t.fd);
	self->t.fd = -1;
	for (before = 0, cpu = 0; cpu < self->m.rings; cpu++)
		before += self->m.ring[cpu].producer->head;
	call_self();
	for (after = 0, cpu = 0; cpu < self->m.rings; cpu++)
		after += self->m.ring[cpu].producer->head;
	EXPECT_LT(before, after);
	ASSERT_EQ(0, trace_stats(&other, &stats));
	EXPECT_EQ(2, stats.sessions);
	mapped_end(&self->m);
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
	ASSERT_EQ(0, mapped_start(&self->m, &self->t));
	EXPECT_EQ(128 + SIGSEGV, child_run(0, touch, (void *)self->m.ring[0].data));
	EXPECT_EQ(128 + SIGSEGV, child_run(0, touch, self->m.ring[0].consumer));
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
