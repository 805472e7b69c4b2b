// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads do to the device whatever can be done to it, in random order, and to
 * the same sessions: others do not notice, and nothing is left of it.
 *
 * Where the kernel tells what code a thread has come through, rows of steps that came
 * to new code are kept, and varied. FUZZ_SEED and FUZZ_ROWS, in the environment, repeat
 * a row of steps, and say how many each thread makes. What the threads do to each
 * other is not the same every time.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "patience.h"

#include "kcov.h"
#include "kernel.h"
#include "ledger.h"
#include "load.h"
#include "random.h"
#include "steps.h"

#define THREADS 4
#define ROW 16
#define KEPT 512
#define CALLS 200

struct row {
	unsigned int n;
	struct step step[ROW];
};

/* Rows that came to new code. */
static struct {
	pthread_mutex_t lock;
	struct row row[KEPT];
	unsigned int n;
	unsigned int places;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_barrier_t all_ready;

struct fuzzer {
	pthread_t thread;
	__u64 random;
	unsigned long rows;
	unsigned long steps;	/* so far */
	bool ended;
};

static void keep(const struct row *row, unsigned int places)
{
	pthread_mutex_lock(&kept.lock);
	kept.row[kept.n++ % KEPT] = *row;
	kept.places += places;
	pthread_mutex_unlock(&kept.lock);
}

static bool choose(struct row *row, __u64 *random)
{
	bool found;

	pthread_mutex_lock(&kept.lock);
	found = kept.n;
	if (found)
		*row = kept.row[random_below(random, kept.n < KEPT ? kept.n : KEPT)];
	pthread_mutex_unlock(&kept.lock);
	return found;
}

/* New, or a kept one of which some steps are others now, or at other places. */
static void make_row(struct row *row, __u64 *random)
{
	unsigned int i, changes;

	if (random_below(random, 4) && choose(row, random)) {
		for (changes = 1 + random_below(random, 4); changes; changes--) {
			i = random_below(random, row->n);
			if (random_below(random, 2))
				step_make(&row->step[i], random);
			else
				row->step[i] = row->step[random_below(random, row->n)];
		}
		return;
	}
	row->n = 1 + random_below(random, ROW);
	for (i = 0; i < row->n; i++)
		step_make(&row->step[i], random);
}

static void *fuzz(void *arg)
{
	struct fuzzer *fuzzer = arg;
	unsigned int i, places;
	struct kcov kcov;
	struct row row;

	kcov_start(&kcov);
	steps_thread();
	pthread_barrier_wait(&all_ready);
	for (; fuzzer->rows; fuzzer->rows--) {
		make_row(&row, &fuzzer->random);
		kcov_reset(&kcov);
		for (i = 0; i < row.n; i++) {
			step_do(&row.step[i]);
			__atomic_fetch_add(&fuzzer->steps, 1, __ATOMIC_RELAXED);
		}
		places = kcov_new(&kcov);
		if (places)
			keep(&row, places);
	}
	kcov_end(&kcov);
	__atomic_store_n(&fuzzer->ended, true, __ATOMIC_RELEASE);
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
	struct trace t;
	struct ledger ledger;
	struct svmtrace_stats stats;
	long memory;
};

FIXTURE_SETUP(device_fuzz)
{
	const struct sigaction action = { .sa_handler = ignore };
	__u64 seed;

	memset(self, 0, sizeof(*self));
	self->memory = kernel_ring_memory();
	self->t.fd = -1;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	ASSERT_EQ(sizeof(seed), getrandom(&seed, sizeof(seed), 0));
	seed = setting("FUZZ_SEED", seed);
	TH_LOG("FUZZ_SEED=%llu", seed);
	self->fuzzer[0].random = seed | 1;
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
	int err;

	EXPECT_TRUE(works(&self->stats));
	EXPECT_EQ(1, self->stats.sessions);
	EXPECT_EQ(self->memory, kernel_ring_memory());
	err = kernel_unload();
	EXPECT_EQ(0, err);
	if (err)
		return;
	err = kernel_load(NULL);
	if (err == ENOENT)
		SKIP(return, "no svmtrace.ko");
	EXPECT_EQ(0, err);
	EXPECT_TRUE(works(&self->stats));
}

/* Who has made no step for a while may be waiting for records that never come. */
static bool wake_up(struct fuzzer *fuzzer, unsigned long *before)
{
	unsigned long steps = __atomic_load_n(&fuzzer->steps, __ATOMIC_RELAXED);

	if (__atomic_load_n(&fuzzer->ended, __ATOMIC_ACQUIRE))
		return false;
	if (steps == *before)
		pthread_kill(fuzzer->thread, SIGUSR1);
	*before = steps;
	return true;
}

/* Lets them loose, until each has made its steps; reads @t meanwhile, if that is open. */
static const char *run(struct _test_data_device_fuzz *self, unsigned long rows)
{
	unsigned long before[THREADS] = {}, steps = 0;
	const char *wrong = NULL;
	unsigned int i, left;

	rows = setting("FUZZ_ROWS", rows);
	pthread_barrier_init(&all_ready, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		self->fuzzer[i].random = random_next(&self->fuzzer[0].random) | 1;
		self->fuzzer[i].rows = rows;
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
	for (i = 0; i < THREADS; i++) {
		pthread_join(self->fuzzer[i].thread, NULL);
		steps += self->fuzzer[i].steps;
	}
	fprintf(stderr, "# %lu steps; new code: %u places, %u times\n", steps, kept.places,
		kept.n);
	return wrong;
}

/* While calls are made, and another session sees all of them. */
TEST_F_TIMEOUT(device_fuzz, under_load, 1800)
{
	struct load *load;
	unsigned long made;

	ASSERT_EQ(0, trace_start(&self->t, NULL));
	steps_open(true);
	load = load_start(1, LOAD_ENDLESS, LOAD_ROAM);
	ASSERT_EQ(NULL, run(self, full_test() ? 10000 : 300));
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
TEST_F_TIMEOUT(device_fuzz, nobody_else, 1800)
{
	steps_open(false);
	ASSERT_EQ(NULL, run(self, full_test() ? 3000 : 100));
	EXPECT_EQ(0, steps_close());
}

TEST_HARNESS_MAIN
