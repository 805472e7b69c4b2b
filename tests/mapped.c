// SPDX-License-Identifier: GPL-2.0
/* Mapped: the rings of a session in user space, read as the header describes it. */
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "mapped.h"
#include "memory.h"

void *mapped_at(int fd, __u64 offset, size_t size, int prot)
{
	void *map = mmap(NULL, size, prot, MAP_SHARED, fd, offset);

	return map == MAP_FAILED ? NULL : map;
}

int mapped_start(struct mapped *m, const struct trace *t)
{
	struct svmtrace_stats stats = { .size = sizeof(stats) };
	struct svmtrace_info info = { .size = sizeof(info) };
	unsigned int cpu;

	if (ioctl(t->fd, SVMTRACE_IOC_GET_INFO, &info) ||
	    ioctl(t->fd, SVMTRACE_IOC_GET_STATS, &stats) || stats.rings > MAPPED_CPUS)
		return -1;
	m->rings = stats.rings;
	m->size = info.ring_size;
	for (cpu = 0; cpu < m->rings; cpu++) {
		struct mapped_ring *ring = &m->ring[cpu];
		__u64 at = cpu * info.ring_stride;

		ring->consumer = mapped_at(t->fd, at, PAGE, PROT_READ | PROT_WRITE);
		ring->producer = mapped_at(t->fd, at + PAGE, PAGE, PROT_READ);
		ring->data = mapped_at(t->fd, at + info.data_offset, 2 * m->size, PROT_READ);
		if (!ring->consumer || !ring->producer || !ring->data)
			return -1;
	}
	return 0;
}

static const void *record_at(const struct mapped *m, unsigned int cpu, __u64 position)
{
	return m->ring[cpu].data + (position & (m->size - 1));
}

/* The header's protocol: which ring has the next record? -1: none; -2: look again. */
static int next_ring(const struct mapped *m, __u64 *tails)
{
	__u64 time, first = ~0ULL;
	bool empty[MAPPED_CPUS];
	unsigned int cpu;
	int next = -1;

	for (cpu = 0; cpu < m->rings; cpu++) {
		const struct svmtrace_producer *producer = m->ring[cpu].producer;

		empty[cpu] = __atomic_load_n(&producer->head, __ATOMIC_ACQUIRE) == tails[cpu];
		if (empty[cpu])
			continue;
		time = ((struct svmtrace_record *)record_at(m, cpu, tails[cpu]))->time;
		if (time < first) {
			first = time;
			next = cpu;
		}
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (cpu = 0; next >= 0 && cpu < m->rings; cpu++) {
		const struct svmtrace_producer *producer = m->ring[cpu].producer;

		if (!empty[cpu])
			continue;
		if (__atomic_load_n(&producer->pending, __ATOMIC_ACQUIRE) ||
		    __atomic_load_n(&producer->head, __ATOMIC_ACQUIRE) != tails[cpu])
			return -2;
	}
	return next;
}

const char *mapped_take(struct mapped *m, struct ledger *ledger)
{
	__u64 tails[MAPPED_CPUS];
	const char *wrong = NULL;
	struct record_view v;
	unsigned int cpu;
	long size;
	int next;

	for (cpu = 0; cpu < m->rings; cpu++)
		tails[cpu] = m->ring[cpu].consumer->tail;
	while (!wrong && (next = next_ring(m, tails)) != -1) {
		const struct mapped_ring *ring = &m->ring[next < 0 ? 0 : next];
		__u64 head;

		if (next < 0)
			continue;
		head = __atomic_load_n(&ring->producer->head, __ATOMIC_ACQUIRE);
		size = record_view(&v, record_at(m, next, tails[next]), head - tails[next]);
		if (size <= 0)
			return "no whole record";
		wrong = ledger_add(ledger, &v);
		tails[next] += size;
		__atomic_store_n(&ring->consumer->tail, tails[next], __ATOMIC_RELEASE);
	}
	return wrong;
}

void mapped_end(struct mapped *m)
{
	unsigned int cpu;

	for (cpu = 0; cpu < m->rings; cpu++) {
		munmap(m->ring[cpu].consumer, PAGE);
		munmap((void *)m->ring[cpu].producer, PAGE);
		munmap((void *)m->ring[cpu].data, 2 * m->size);
	}
	m->rings = 0;
}
