// SPDX-License-Identifier: GPL-2.0
/*
 * Accounting: every call that the workload made is delivered, filtered, lost or
 * in flight, and what is lost is told where it was lost.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "load.h"
#include "program.h"

FIXTURE(account) {
	struct trace t;
	struct ledger ledger;
	struct svmtrace_config config;
	struct svmtrace_stats stats;
};

FIXTURE_SETUP(account)
{
	memset(self, 0, sizeof(*self));
	self->t.fd = -1;
	trace_config(&self->config);
}

FIXTURE_TEARDOWN(account)
{
	if (self->t.fd >= 0)
		trace_end(&self->t);
}

/* A smaller ring than any other test's, to have it full soon. */
static void small_ring(struct svmtrace_config *config)
{
	config->iovs_max = 1;
	config->ring_size = 16384;
	config->watermark = 0;
}

TEST_F(account, all_delivered)
{
	unsigned long made;

	self->config.ring_size = 4 << 20;
	self->config.watermark = 1 << 20;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	made = load_run(4, 1000);
	ASSERT_EQ(4000, made);

	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(made, self->stats.entered);
	EXPECT_EQ(made, self->stats.delivered);
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(0, self->stats.filtered);
	EXPECT_EQ(0, self->stats.no_result);
	EXPECT_EQ(0, self->stats.missed);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	EXPECT_EQ(made, self->ledger.calls);
	EXPECT_EQ(0, self->ledger.gaps);
	EXPECT_EQ(0, self->ledger.disorder);
}

TEST_F(account, concurrent_reader_many_threads)
{
	const char *wrong = NULL;
	unsigned long made;
	struct load *load;

	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	load = load_start(6, 10000, LOAD_ROAM);
	while (!wrong && load_made(load) < 60000)
		wrong = ledger_some(&self->ledger, &self->t);
	ASSERT_EQ(NULL, wrong);
	made = load_end(load);
	ASSERT_EQ(60000, made);
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(made, self->stats.entered);
	EXPECT_EQ(made, self->ledger.calls + ledger_lost(&self->stats));
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	EXPECT_EQ(ledger_lost(&self->stats), self->ledger.lost);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	EXPECT_EQ(0, self->ledger.disorder);
}

/* The reader stops until rings are full, reads, stops again, ... */
TEST_F(account, full_ring_tells_the_gap)
{
	unsigned long made = 0;
	__u64 lost_before = 0;
	int round;

	small_ring(&self->config);
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	for (round = 0; round < 5; round++) {
		made += load_run(2, 500);
		ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
		EXPECT_EQ(0, ledger_balance(&self->stats));
		EXPECT_LT(lost_before, self->stats.lost_ring_full);
		lost_before = self->stats.lost_ring_full;
		ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	}
	EXPECT_EQ(made, self->stats.entered);
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	/* Also the loss after which no record came. */
	EXPECT_EQ(self->stats.lost_ring_full, self->ledger.lost);
	EXPECT_LT(0, self->ledger.gaps);
}

/* On one CPU, what is lost is exactly between what was delivered. */
TEST_F(account, gap_is_where_the_loss_was)
{
	const struct record_view *v;
	__u64 first, lost;
	unsigned int i;
	size_t n;

	load_pin(0);
	small_ring(&self->config);
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	for (i = 0; i < 200; i++)
		call_self();
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	lost = self->stats.lost_ring_full;
	ASSERT_LT(0, lost);
	ASSERT_LT(0, trace_read(&self->t));
	call_self();
	ASSERT_LT(0, trace_read(&self->t));

	n = self->t.n;
	v = self->t.records;
	ASSERT_EQ(200 - lost + 2, n);
	first = v[0].record->seq;
	for (i = 0; i < n - 2; i++) {
		ASSERT_NE(NULL, v[i].call);
		EXPECT_EQ(first + i, v[i].record->seq);
	}
	ASSERT_NE(NULL, v[n - 2].gap);
	EXPECT_EQ(first + n - 2, v[n - 2].gap->first_seq);
	EXPECT_EQ(first + 199, v[n - 2].gap->last_seq);
	EXPECT_EQ(lost, v[n - 2].gap->ring_full);
	EXPECT_EQ((__u32)v[n - 2].gap->first_seq, v[n - 2].record->seq);
	ASSERT_NE(NULL, v[n - 1].call);
	EXPECT_EQ(first + 200, v[n - 1].record->seq);
}

/* Looking again and again without making room must neither harm nor forget. */
TEST_F(account, full_ring_polled_without_reading)
{
	struct pollfd pollfd;
	unsigned int i;

	load_pin(0);
	small_ring(&self->config);
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	pollfd = (struct pollfd){ .fd = self->t.fd, .events = POLLIN };
	for (i = 0; i < 600; i++) {
		call_self();
		ASSERT_LE(0, poll(&pollfd, 1, 0));
	}
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_LT(100, self->stats.lost_ring_full);
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	EXPECT_EQ(self->stats.lost_ring_full, self->ledger.lost);
}

TEST_F(account, simulated_loss)
{
	unsigned int i;

	load_pin(0);
	self->config.lose_every = 3;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	for (i = 0; i < 31; i++)
		call_self();
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(31, self->stats.entered);
	EXPECT_EQ(10, self->stats.lost_simulated);
	EXPECT_EQ(21, self->stats.delivered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	EXPECT_EQ(21, self->ledger.calls);
	EXPECT_EQ(10, self->ledger.lost);
	EXPECT_EQ(10, self->ledger.gaps);
}

/* No record comes after the loss: who looks is told nonetheless. */
TEST_F(account, trailing_loss_is_told)
{
	struct pollfd pollfd;

	self->config.lose_every = 1;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	pollfd = (struct pollfd){ .fd = self->t.fd, .events = POLLIN };
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	call_self();
	EXPECT_EQ(1, poll(&pollfd, 1, 10000));
	ASSERT_EQ(1, trace_read(&self->t));
	ASSERT_NE(NULL, self->t.records[0].gap);
	EXPECT_EQ(1, self->t.records[0].gap->simulated);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
}

static int lose_one(void *arg)
{
	child_asleep(*(pid_t *)arg);
	return call_self() < 0;
}

/* Who is asleep already is told, too. */
TEST_F(account, trailing_loss_wakes_the_reader)
{
	struct pollfd pollfd;
	pid_t self_pid = getpid(), child;

	self->config.lose_every = 1;
	self->config.watermark = self->config.ring_size;
	self->config.flush_ms = 10;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	pollfd = (struct pollfd){ .fd = self->t.fd, .events = POLLIN };
	child = child_start(0, lose_one, &self_pid);
	ASSERT_LT(0, child);
	/* At the end of a timeout poll() would look again, whether woken up or not. */
	EXPECT_EQ(1, poll(&pollfd, 1, -1));
	EXPECT_EQ(1, trace_read(&self->t));
	EXPECT_EQ(0, child_wait(child));
}

TEST_F(account, trailing_loss_is_told_after_stop)
{
	struct pollfd pollfd;

	self->config.lose_every = 2;
	load_pin(0);
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	call_self();
	call_self();
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	pollfd = (struct pollfd){ .fd = self->t.fd, .events = POLLIN };
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_FALSE(pollfd.revents & POLLHUP);
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	EXPECT_EQ(1, self->ledger.calls);
	EXPECT_EQ(1, self->ledger.lost);
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_TRUE(pollfd.revents & POLLHUP);
}

/* Several threads tell of losses at once, and stop at the same time. */
struct teller {
	int fd;
	bool stop;
};

static void *tell(void *arg)
{
	struct teller *teller = arg;
	struct pollfd pollfd = { .fd = teller->fd, .events = POLLIN };

	while (!__atomic_load_n(&teller->stop, __ATOMIC_RELAXED))
		poll(&pollfd, 1, 0);
	return NULL;
}

TEST_F(account, losses_told_by_many_at_once)
{
	struct teller teller = {};
	pthread_t threads[2];
	unsigned int i, round;
	struct load *load;
	unsigned long made;
	struct trace other;

	/* Another session, so that it is not about arming the probes. */
	ASSERT_EQ(0, trace_start(&other, NULL));
	self->config.lose_every = 1;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	teller.fd = self->t.fd;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, tell, &teller));
	load = load_start(3, LOAD_ENDLESS, 0);
	for (round = 0; round < 30; round++) {
		usleep(20000);
		ASSERT_EQ(NULL, ledger_some(&self->ledger, &self->t));
		ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
		ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
		EXPECT_EQ(0, ledger_balance(&self->stats));
		ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_START, 0));
	}
	made = load_end(load);
	__atomic_store_n(&teller.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_LE(self->stats.entered, made);
	EXPECT_EQ(0, self->stats.delivered);
	EXPECT_EQ(self->stats.lost_simulated, self->ledger.lost);
	EXPECT_EQ(0, self->ledger.calls);
	trace_end(&other);
}

static int block_in_vmsplice(void *arg)
{
	int *fds = arg;
	static char page[4096];
	struct iovec iov = { page, sizeof(page) };

	while (do_vmsplice(fds[1], &iov, 1, 0) > 0)
		;
	return 0;
}

/* A call that blocks is in flight, and with ENTRIES seen at once. */
TEST_F(account, blocked_call)
{
	const struct record_view *entry, *v;
	int fds[2], calls;
	pid_t child;
	char page[4096];

	self->config.flags = SVMTRACE_CONFIG_ENTRIES;
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	child = child_start(0, block_in_vmsplice, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, child_asleep(child));

	ASSERT_LT(0, trace_read(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	EXPECT_EQ(self->stats.entered, self->stats.entries);
	EXPECT_EQ(self->stats.entered - 1, self->stats.delivered);
	calls = self->t.n;
	ASSERT_EQ(self->stats.entries + self->stats.delivered, calls);
	entry = &self->t.records[calls - 1];
	EXPECT_EQ(SVMTRACE_KIND_ENTRY, entry->record->kind);
	EXPECT_EQ(child, entry->call->tid);
	EXPECT_EQ(SVMTRACE_MARK_NO_RESULT,
		  entry->record->marks & SVMTRACE_MARK_NO_RESULT);

	/* Room in the pipe: it returns, and blocks in the next one. */
	ASSERT_EQ(sizeof(page), read(fds[0], page, sizeof(page)));
	ASSERT_EQ(0, trace_wait(&self->t, calls + 2, 20000));
	entry = &self->t.records[calls - 1];
	v = &self->t.records[calls];
	EXPECT_EQ(SVMTRACE_KIND_CALL, v->record->kind);
	EXPECT_EQ(0, v->record->marks & SVMTRACE_MARK_NO_RESULT);
	EXPECT_EQ(entry->call->tid, v->call->tid);
	EXPECT_EQ(entry->call->entry_time, v->call->entry_time);
	EXPECT_EQ(4096, v->call->ret);
	EXPECT_EQ(SVMTRACE_KIND_ENTRY, self->t.records[calls + 1].record->kind);

	child_kill(child);
	ASSERT_EQ(0, trace_wait(&self->t, calls + 3, 20000));
	v = &self->t.records[calls + 2];
	EXPECT_EQ(SVMTRACE_KIND_CALL, v->record->kind);
	EXPECT_EQ(-512, v->call->ret);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

/* An entry is recorded before a filter by the result can reject its call. */
TEST_F(account, entry_of_a_rejected_call)
{
	self->config.flags = SVMTRACE_CONFIG_ENTRIES;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(args[5])), IF_EQ(1), KEEP, DROP));
	EXPECT_EQ(-EINVAL, do_writev(getpid(), NULL, 0, NULL, 0, 2));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.ret)), IF_EQ(0), KEEP, DROP));
	EXPECT_EQ(-EINVAL, do_writev(getpid(), NULL, 0, NULL, 0, 1));
	ASSERT_LT(0, trace_read(&self->t));
	ASSERT_EQ(1, self->t.n);
	EXPECT_EQ(SVMTRACE_KIND_ENTRY, self->t.records[0].record->kind);
	EXPECT_EQ(1, self->t.records[0].args[5]);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(2, self->stats.filtered);
	EXPECT_EQ(1, self->stats.entries);
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
}

/*
 * Of a session that has been stopped, calls in flight stay so for ever, though
 * their return is seen for the sake of another session.
 */
TEST_F(account, in_flight_at_stop)
{
	struct trace other;
	pid_t child;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, trace_start(&other, NULL));
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	child = child_start(0, block_in_vmsplice, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, child_asleep(child));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_START, 0));
	child_kill(child);
	call_self();
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.in_flight);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->t));
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	ASSERT_EQ(0, trace_stats(&other, &self->stats));
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(self->stats.entered, self->stats.delivered);
	trace_end(&other);
}

/* Nor do they turn up in a session that was opened in the place of the first. */
TEST_F(account, in_flight_at_close)
{
	struct trace other;
	pid_t child;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	ASSERT_EQ(0, trace_start(&other, NULL));
	child = child_start(0, block_in_vmsplice, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, child_asleep(child));
	/* The child has the file, too. */
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	trace_end(&self->t);
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	child_kill(child);
	trace_end(&self->t);
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	call_self();
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(1, self->stats.entered);
	EXPECT_EQ(1, self->stats.delivered);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	EXPECT_EQ(1, trace_read(&self->t));
	trace_end(&other);
}

/* Settings that want one of the two syscalls reject the other at entry. */
TEST_F(account, filtered)
{
	unsigned int i;

	self->config.syscalls = 1 << SVMTRACE_NR_vmsplice;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
	for (i = 0; i < 10; i++)
		call_self();
	for (i = 0; i < 4; i++)
		do_vmsplice(-1, NULL, 0, 0);
	ASSERT_EQ(0, trace_stats(&self->t, &self->stats));
	EXPECT_EQ(14, self->stats.entered);
	EXPECT_EQ(10, self->stats.filtered);
	EXPECT_EQ(4, self->stats.delivered);
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(4, trace_read(&self->t));
}

TEST_HARNESS_MAIN
