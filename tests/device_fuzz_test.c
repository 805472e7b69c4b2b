// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads do to the device whatever can be done to it, in random order, and to
 * the same sessions: others do not notice, and nothing is left of it.
 *
 * FUZZ_SEED and FUZZ_STEPS, in the environment, repeat a row of steps, and say how many
 * each thread makes. What the threads do to each other is not the same every time.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "patience.h"

#include "kernel.h"
#include "ledger.h"
#include "load.h"
#include "random.h"
#include "steps.h"

#define THREADS 4
#define CALLS 200

static pthread_barrier_t all_ready;

struct fuzzer {
	pthread_t thread;
	__u64 random;
	unsigned long left;	/* steps to make */
};

static void *fuzz(void *arg)
{
	struct fuzzer *fuzzer = arg;
	struct step step;

	steps_thread();
	pthread_barrier_wait(&all_ready);
	do {
		step_make(&step, &fuzzer->random);
		step_do(&step);
	} while (__atomic_sub_fetch(&fuzzer->left, 1, __ATOMIC_RELAXED));
	return NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

/* FUZZ_ something, or what is usual. */
static unsigned long long setting(const char *name, unsigned long long usual)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : usual;
}

FIXTURE(device_fuzz) {
	struct fuzzer fuzzer[THREADS];
	__u64 seed;
	struct trace t;
	struct ledger ledger;
	struct svmtrace_stats stats;
	long memory;
};

FIXTURE_SETUP(device_fuzz)
{
	const struct sigaction action = { .sa_handler = ignore };

	memset(self, 0, sizeof(*self));
	self->memory = kernel_ring_memory();
	self->t.fd = -1;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	ASSERT_EQ(sizeof(self->seed), getrandom(&self->seed, sizeof(self->seed), 0));
	self->seed = setting("FUZZ_SEED", self->seed) | 1;
	TH_LOG("FUZZ_SEED=%llu", self->seed);
}

/* A new session sees what happens, all of it, and nothing else. */
static bool works(struct svmtrace_stats *stats)
{
	struct ledger ledger = {};
	struct trace t;
	bool all;

	if (trace_start(&t, NULL))
		return false;
	all = load_run(2, CALLS / 2) == CALLS && !ledger_take(&ledger, &t) &&
	      !trace_stats(&t, stats) && stats->entered == CALLS &&
	      stats->delivered == CALLS && ledger.calls == CALLS && !ledger_balance(stats);
	trace_end(&t);
	return all;
}

/* Nothing is left, and the module does what it did before, also after a reload. */
FIXTURE_TEARDOWN(device_fuzz)
{
	EXPECT_TRUE(works(&self->stats));
	EXPECT_EQ(1, self->stats.sessions);
	EXPECT_EQ(self->memory, kernel_ring_memory());
	/* EEXIST, where there is a file to load it from. */
	if (kernel_load(NULL) == ENOENT)
		return;
	EXPECT_EQ(0, kernel_unload());
	EXPECT_EQ(0, kernel_load(NULL));
	EXPECT_TRUE(works(&self->stats));
}

/* Who has made no step for a while may be waiting for records that never come. */
static bool wake_up(struct fuzzer *fuzzer, unsigned long *before)
{
	unsigned long left = __atomic_load_n(&fuzzer->left, __ATOMIC_RELAXED);

	if (left && left == *before)
		pthread_kill(fuzzer->thread, SIGUSR1);
	*before = left;
	return left;
}

/* Lets them loose, until each has made its steps; reads @t meanwhile, if that is open. */
static const char *run(struct _test_data_device_fuzz *self, unsigned long steps)
{
	unsigned long before[THREADS] = {};
	const char *wrong = NULL;
	unsigned int i, left;

	steps = setting("FUZZ_STEPS", steps);
	pthread_barrier_init(&all_ready, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		self->fuzzer[i].random = random_next(&self->seed) | 1;
		self->fuzzer[i].left = steps;
		if (pthread_create(&self->fuzzer[i].thread, NULL, fuzz, &self->fuzzer[i]))
			abort();
	}
	do {
		if (self->t.fd >= 0 && !wrong)
			wrong = ledger_some(&self->ledger, &self->t);
		usleep(2000);
		for (left = 0, i = 0; i < THREADS; i++)
			left += wake_up(&self->fuzzer[i], &before[i]);
	} while (left);
	for (i = 0; i < THREADS; i++)
		pthread_join(self->fuzzer[i].thread, NULL);
	return wrong;
}

/* While calls are made, and another session sees all of them. */
TEST_F_TIMEOUT(device_fuzz, under_load, 7200)
{
	struct load *load;
	unsigned long made;

	ASSERT_EQ(0, trace_start(&self->t, NULL));
	steps_open(true);
	load = load_start(1, LOAD_ENDLESS, LOAD_ROAM);
	ASSERT_EQ(NULL, run(self, full_test() ? 12000 : 2500));
	EXPECT_EQ(0, steps_wrong());
	made = load_end(load) + steps_close();
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.sessions);
	EXPECT_EQ(made, self->stats.entered);
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	EXPECT_EQ(ledger_lost(&self->stats) - self->stats.lost_nested, self->ledger.lost);
	EXPECT_EQ(0, self->stats.missed);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_end(&self->t);
}

/* While nobody else has a session: each start may be the first, each stop the last. */
TEST_F_TIMEOUT(device_fuzz, nobody_else, 7200)
{
	steps_open(false);
	ASSERT_EQ(NULL, run(self, full_test() ? 4000 : 800));
	EXPECT_EQ(0, steps_wrong());
	steps_close();
	EXPECT_EQ(NULL, kernel_left());
}

TEST_HARNESS_MAIN
