// SPDX-License-Identifier: GPL-2.0
/*
 * Readers in trouble: interrupted, killed, too many. The records are there afterwards,
 * and so is the memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "kernel.h"
#include "ledger.h"
#include "load.h"

#define CALLS 1000

FIXTURE(reader) {
	struct trace t;
	struct svmtrace_stats stats;
};

FIXTURE_SETUP(reader)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

/* Whatever a test did, nothing is left of it. */
FIXTURE_TEARDOWN(reader)
{
	struct svmtrace_stats stats = {};

	EXPECT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(1, stats.sessions);
	EXPECT_NE(0, kernel_ring_memory());
	trace_end(&self->t);
	EXPECT_EQ(NULL, kernel_left());
}

/* What the reader says, who is interrupted all the time. */
struct storm {
	struct trace *t;
	struct ledger ledger;
	unsigned long interrupted;
	bool wrong;
};

static void ignore(int signal)
{
	(void)signal;
}

static int read_in_storm(void *arg)
{
	struct sigaction action = { .sa_handler = ignore };
	struct storm *storm = arg;
	struct trace *t = storm->t;

	sigaction(SIGUSR1, &action, NULL);
	fcntl(t->fd, F_SETFL, 0);
	for (;;) {
		const char *wrong = ledger_some(&storm->ledger, t);

		if (!storm->ledger.got)
			return 0;
		if (storm->ledger.got > 0)
			storm->wrong |= !!wrong;
		else if (errno == EINTR)
			storm->interrupted++;
		else
			return 1;
	}
}

/* Signals in the midst of read(): no record is lost, or there twice. */
TEST_F(reader, storm_of_signals)
{
	struct storm *storm = child_shared(sizeof(*storm));
	unsigned int i;
	pid_t pid;

	storm->t = &self->t;
	pid = child_start(0, read_in_storm, storm);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, child_asleep(pid));
	for (i = 0; i < CALLS; i++) {
		kill(pid, SIGUSR1);
		call_self();
		kill(pid, SIGUSR1);
		if (i % 10 == 0)
			usleep(1000);
	}
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, child_wait(pid));
	fcntl(self->t.fd, F_SETFL, O_NONBLOCK);
	TH_LOG("%lu times interrupted", storm->interrupted);
	EXPECT_FALSE(storm->wrong);
	EXPECT_LT(0, storm->interrupted);
	EXPECT_EQ(CALLS, storm->ledger.calls);
	EXPECT_EQ(0, storm->ledger.lost);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(CALLS, self->stats.delivered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

/* Each opens a session, uses it in the way of its number, and never ends. */
static int live(void *arg)
{
	unsigned int way = *(unsigned int *)arg;
	struct svmtrace_config config;
	struct pollfd pollfd;
	char buf[8192];
	struct trace t;
	void *map;

	trace_config(&config);
	config.ring_size = 65536 << way % 4;
	config.format = way % 2;
	config.flags = way % 3 ? 0 : SVMTRACE_CONFIG_FLIGHT;
	for (;;) {
		if (trace_start(&t, &config))
			return 1;
		pollfd = (struct pollfd){ .fd = t.fd, .events = POLLIN };
		if (way % 5 == 0)
			ioctl(t.fd, SVMTRACE_IOC_FREEZE, 0);
		map = way % 7 ? MAP_FAILED :
		      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, t.fd, 0);
		poll(&pollfd, 1, 2);
		while (read(t.fd, buf, sizeof(buf)) > 0 && rand() % 16)
			;
		if (way % 11 == 0)
			ioctl(t.fd, SVMTRACE_IOC_STOP, 0);
		close(t.fd);
		if (map != MAP_FAILED)
			munmap(map, 4096);
	}
}

/* Killed anywhere between open() and close(), while all calls are seen by others. */
TEST_F_TIMEOUT(reader, killed_at_any_moment, 900)
{
	const unsigned int rounds = full_test() ? 500 : 50;
	unsigned int *way = child_shared(sizeof(*way));
	struct ledger ledger = {};
	unsigned long made;
	struct load *load;

	srand(20260607);
	load = load_start(1, LOAD_ENDLESS, LOAD_ROAM);
	for (*way = 0; *way < rounds; ++*way) {
		pid_t pid = child_start(0, live, way);

		ASSERT_LT(0, pid);
		usleep(rand() % 40000);
		child_kill(pid);
		ASSERT_EQ(NULL, ledger_some(&ledger, &self->t));
	}
	made = load_end(load);
	ASSERT_EQ(NULL, ledger_take(&ledger, &self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(made, self->stats.entered);
	EXPECT_EQ(self->stats.delivered, ledger.calls);
	EXPECT_EQ(ledger_lost(&self->stats), ledger.lost);
	EXPECT_EQ(0, self->stats.missed);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

/* As many as there can be, under load, and one more: each has its own account. */
TEST_F_TIMEOUT(reader, as_many_as_there_can_be, 300)
{
	const unsigned int n = kernel_parameter("sessions");
	struct svmtrace_config config;
	struct ledger *ledger;
	struct trace *t;
	unsigned int i;

	ASSERT_LT(1, n);
	t = calloc(n, sizeof(*t));
	ledger = calloc(n, sizeof(*ledger));
	ASSERT_TRUE(t && ledger);
	trace_config(&config);
	config.ring_size = 65536;
	for (i = 1; i < n; i++)
		ASSERT_EQ(0, trace_start(&t[i], &config));
	EXPECT_EQ(-EUSERS, trace_start(&t[0], &config));
	EXPECT_EQ(2 * 500, load_run(2, 500));
	EXPECT_EQ(-EUSERS, trace_start(&t[0], &config));
	for (i = 1; i < n; i++) {
		ASSERT_EQ(NULL, ledger_take(&ledger[i], &t[i]));
		ASSERT_EQ(0, trace_stats(&t[i], &self->stats));
		EXPECT_EQ(n - i + 1, self->stats.sessions);
		EXPECT_EQ(2 * 500, self->stats.entered);
		EXPECT_EQ(self->stats.delivered, ledger[i].calls);
		EXPECT_EQ(ledger_lost(&self->stats), ledger[i].lost);
		EXPECT_EQ(0, ledger_balance(&self->stats));
		trace_end(&t[i]);
	}
	free(t);
	free(ledger);
}

TEST_HARNESS_MAIN
