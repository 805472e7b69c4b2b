// SPDX-License-Identifier: GPL-2.0
/* CPUs that come and go while they are traced: each of them that can be switched off. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "files.h"
#include "kernel.h"
#include "load.h"
#include "mapped.h"

#define CPU_MAX 64

FIXTURE(hotplug) {
	struct svmtrace_stats stats;
	int cpus[CPU_MAX];
	unsigned int n;
};

static bool switch_cpu(int cpu, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return !files_write(path, on ? "1" : "0");
}

/* Those that can be: of x86, CPU 0 only by kernels that were built for it. */
FIXTURE_SETUP(hotplug)
{
	char path[64];
	int cpu;

	self->n = 0;
	for (cpu = 0; cpu < CPU_MAX; cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
		if (!access(path, W_OK))
			self->cpus[self->n++] = cpu;
	}
}

FIXTURE_TEARDOWN(hotplug)
{
	unsigned int i;

	for (i = 0; i < self->n; i++)
		switch_cpu(self->cpus[i], true);
	EXPECT_EQ(NULL, kernel_left());
}

/**
 * struct map_reader - who reads a session by its mapping, in a thread of its own
 * @t:	    the session
 * @m:	    its rings
 * @ledger: what was read
 * @wrong:  with it, or NULL
 * @stop:   to be set when the session has been stopped
 */
struct map_reader {
	struct trace t;
	struct mapped m;
	struct ledger ledger;
	const char *wrong;
	bool stop;
};

static void *read_mapped(void *arg)
{
	struct map_reader *r = arg;
	struct pollfd pollfd = { .fd = r->t.fd, .events = POLLIN };

	do {
		poll(&pollfd, 1, 20);
		r->wrong = mapped_take(&r->m, &r->ledger);
	} while (!r->wrong && !__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE));
	if (!r->wrong)
		r->wrong = mapped_take(&r->m, &r->ledger);
	return NULL;
}

/* Ends a session on a machine that has become quiet: does it add up? */
static void check_out(struct __test_metadata *_metadata, struct trace *t,
		      const struct ledger *ledger, unsigned long made)
{
	struct svmtrace_stats stats;

	ASSERT_EQ(0, trace_stats(t, &stats));
	EXPECT_EQ(made, stats.entered);
	EXPECT_EQ(stats.delivered, ledger->calls);
	EXPECT_EQ(ledger_lost(&stats), ledger->lost);
	EXPECT_EQ(0, stats.missed);
	EXPECT_EQ(0, stats.no_result);
	EXPECT_EQ(0, stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&stats));
	EXPECT_EQ(0, ledger->disorder);
	trace_end(t);
}

/*
 * In a loop under load, one after another, each now off and now on again, while one
 * session is read and another one is mapped. The load roams, so it is where a CPU is.
 */
TEST_F_TIMEOUT(hotplug, each_in_a_loop, 900)
{
	const unsigned int rounds = (full_test() ? 50 : 4) * 2 * self->n;
	struct map_reader *r = calloc(1, sizeof(*r));
	struct ledger ledger = {};
	const char *wrong = NULL;
	unsigned int round;
	unsigned long made;
	struct load *load;
	pthread_t thread;
	struct trace t;

	if (!self->n)
		SKIP(return, "no CPU can be switched off");
	ASSERT_EQ(0, trace_start(&t, NULL));
	ASSERT_EQ(0, trace_start(&r->t, NULL));
	ASSERT_EQ(0, mapped_start(&r->m, &r->t));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_mapped, r));
	load = load_start(4, LOAD_ENDLESS, LOAD_ROAM);
	for (round = 0; round < rounds; round++) {
		int cpu = self->cpus[round / 2 % self->n];
		__u64 before = ledger.calls;

		EXPECT_TRUE(switch_cpu(cpu, round % 2)) {
			TH_LOG("CPU %d", cpu);
		}
		while (!wrong && ledger.calls == before)
			wrong = ledger_some(&ledger, &t);
		ASSERT_EQ(NULL, wrong);
	}
	made = load_end(load);
	ASSERT_EQ(0, ioctl(r->t.fd, SVMTRACE_IOC_STOP, 0));
	__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(NULL, r->wrong);
	ASSERT_EQ(NULL, ledger_take(&ledger, &t));
	TH_LOG("%u of %ld CPUs, %u times, %lu calls", self->n,
	       sysconf(_SC_NPROCESSORS_CONF), rounds / 2 / self->n, made);
	mapped_end(&r->m);
	check_out(_metadata, &r->t, &r->ledger, made);
	check_out(_metadata, &t, &ledger, made);
	free(r);
}

static int call_on_cpu(void *arg)
{
	load_pin(*(int *)arg);
	return call_self() != CALL_BYTES;
}

/* Off when the session starts; and what was lost there is told while it is off. */
TEST_F(hotplug, one_that_was_offline)
{
	struct svmtrace_config config;
	struct ledger ledger = {};
	struct trace t;
	int cpu;

	if (!self->n)
		SKIP(return, "no CPU can be switched off");
	cpu = self->cpus[self->n - 1];
	trace_config(&config);
	config.lose_every = 2;
	ASSERT_TRUE(switch_cpu(cpu, false));
	ASSERT_EQ(0, trace_start(&t, &config));
	ASSERT_TRUE(switch_cpu(cpu, true));
	/* As many as are online: the last one of them. */
	ASSERT_EQ(0, child_run(0, call_on_cpu, &cpu));
	ASSERT_EQ(1, trace_read(&t));
	EXPECT_EQ(cpu, t.records[0].record->cpu);
	ASSERT_EQ(NULL, ledger_add(&ledger, &t.records[0]));
	trace_drop(&t);
	ASSERT_EQ(0, child_run(0, call_on_cpu, &cpu));
	ASSERT_TRUE(switch_cpu(cpu, false));
	ASSERT_EQ(1, trace_read(&t));
	ASSERT_NE(NULL, t.records[0].gap);
	EXPECT_EQ(cpu, t.records[0].record->cpu);
	ASSERT_EQ(NULL, ledger_add(&ledger, &t.records[0]));
	EXPECT_EQ(1, ledger.lost);
	trace_end(&t);
}

#define CGROUPS "/sys/fs/cgroup"

static const char *const homes[] = { CGROUPS "/cgroup.procs", CGROUPS "/svmtrace/cgroup.procs" };

/* Begins, and ends, in no cgroup but the root. */
static bool make_cpuset(bool made)
{
	if (!made)
		return !files_write(homes[0], "0") && !rmdir(CGROUPS "/svmtrace");
	return !files_write(CGROUPS "/cgroup.subtree_control", "+cpuset") &&
	       (!mkdir(CGROUPS "/svmtrace", 0755) || errno == EEXIST);
}

static void *map_and_unmap(void *arg)
{
	struct map_reader *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		void *map = mapped_at(r->t.fd, 0, 4096, PROT_READ);

		if (!map) {
			r->wrong = "cannot be mapped";
			break;
		}
		munmap(map, 4096);
	}
	return NULL;
}

static void *stop_and_start(void *arg)
{
	struct map_reader *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		if (ioctl(r->t.fd, SVMTRACE_IOC_STOP, 0) ||
		    ioctl(r->t.fd, SVMTRACE_IOC_START, 0))
			r->wrong = "cannot be stopped and started";
	}
	return NULL;
}

/*
 * Whoever moves into a cpuset has its mmap_lock taken while no CPU may come or go. A
 * session that waits for the one in mmap() and for the other elsewhere stops them all.
 */
TEST_F(hotplug, mapped_in_a_cpuset)
{
	const unsigned int rounds = full_test() ? 200 : 20;
	struct map_reader *r = calloc(1, sizeof(*r));
	pthread_t mapper, starter;
	unsigned int i;

	if (!make_cpuset(true))
		SKIP(return, "no cpuset can be made in " CGROUPS);
	ASSERT_EQ(0, trace_start(&r->t, NULL));
	ASSERT_EQ(0, pthread_create(&mapper, NULL, map_and_unmap, r));
	ASSERT_EQ(0, pthread_create(&starter, NULL, stop_and_start, r));
	for (i = 0; i < rounds; i++) {
		EXPECT_EQ(0, files_write(homes[!(i % 2)], "0"));
		if (self->n)
			EXPECT_TRUE(switch_cpu(self->cpus[i / 2 % self->n], i % 2));
	}
	__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(mapper, NULL));
	ASSERT_EQ(0, pthread_join(starter, NULL));
	EXPECT_EQ(NULL, r->wrong);
	trace_end(&r->t);
	free(r);
	EXPECT_TRUE(make_cpuset(false));
}

TEST_HARNESS_MAIN
