// SPDX-License-Identifier: GPL-2.0
/*
 * What can happen at the same time, all at the same time. No call is missed, and the
 * counters add up; but mostly this is for the kernel with KCSAN, which tells when two of
 * these use the same memory without saying so.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "load.h"
#include "trace.h"

/* Calls that the load makes meanwhile. */
#define CALLS 5000

/* Binary and text: each is read by one, and looked at by all. Not only the load calls. */
struct race {
	struct trace binary;
	struct trace text;
	pid_t target;
	unsigned long made;
	bool stop;
};

static bool goes_on(const struct race *race)
{
	return !__atomic_load_n(&race->stop, __ATOMIC_RELAXED);
}

static void counts(struct race *race)
{
	struct svmtrace_stats stats;
	char path[64], buf[1024];
	int fd;

	trace_stats(&race->binary, &stats);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", race->text.fd);
	fd = open(path, O_RDONLY);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

static void waits(struct race *race)
{
	struct pollfd pollfds[] = {
		{ .fd = race->binary.fd, .events = POLLIN },
		{ .fd = race->text.fd, .events = POLLIN },
	};

	poll(pollfds, ARRAY_SIZE(pollfds), 1);
}

/* In pieces, so that there is a rest of a line. */
static void reads_text(struct race *race)
{
	char buf[77];

	if (read(race->text.fd, buf, sizeof(buf)) <= 0)
		usleep(100);
}

static void change_program(int fd, bool set)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct svmtrace_filter_data, call.ret)),
		BPF_STMT(BPF_RET | BPF_K, 1),
	};
	struct svmtrace_program program = { .size = sizeof(program) };

	if (set) {
		program.len = ARRAY_SIZE(insns);
		program.insns = (uintptr_t)insns;
	}
	ioctl(fd, SVMTRACE_IOC_PROGRAM, &program);
}

static void changes_filters(struct race *race)
{
	__u32 pid = getpid();
	struct svmtrace_pids pids = {
		.size = sizeof(pids), .op = SVMTRACE_PIDS_ADD, .set = SVMTRACE_PIDS_CALLER,
		.flags = SVMTRACE_PIDS_FOLLOW, .count = 1, .pids = (uintptr_t)&pid,
	};

	ioctl(race->binary.fd, SVMTRACE_IOC_PIDS, &pids);
	change_program(race->binary.fd, true);
	pids = (struct svmtrace_pids){
		.size = sizeof(pids), .op = SVMTRACE_PIDS_CLEAR, .set = SVMTRACE_PIDS_CALLER,
	};
	ioctl(race->binary.fd, SVMTRACE_IOC_PIDS, &pids);
	change_program(race->binary.fd, false);
}

/* Comes, overwrites, is frozen, starts again and goes. */
static void is_a_neighbour(struct race *race)
{
	struct svmtrace_config config;
	struct trace t;

	(void)race;
	trace_config(&config);
	config.flags = SVMTRACE_CONFIG_FLIGHT;
	config.ring_size = 8192;
	if (trace_start(&t, &config))
		return;
	usleep(1000);
	ioctl(t.fd, SVMTRACE_IOC_FREEZE, 0);
	trace_read(&t);
	ioctl(t.fd, SVMTRACE_IOC_STOP, 0);
	ioctl(t.fd, SVMTRACE_IOC_START, 0);
	trace_end(&t);
}

static void restarts(struct race *race)
{
	usleep(1000);
	ioctl(race->text.fd, SVMTRACE_IOC_STOP, 0);
	ioctl(race->text.fd, SVMTRACE_IOC_START, 0);
}

static int ends(void *arg)
{
	(void)arg;
	return 0;
}

/* One target renames itself all the time, another one is about to end. */
static void writes_to_others(struct race *race)
{
	pid_t pid = child_start(0, ends, NULL);
	int i;

	for (i = 0; i < 10; i++) {
		call_to(race->target);
		call_to(pid);
		race->made += 2;
	}
	child_wait(pid);
}

static void renames(struct race *race)
{
	static const char * const names[] = { "short", "a name of many" };
	static unsigned int turn;

	(void)race;
	prctl(PR_SET_NAME, names[turn++ % ARRAY_SIZE(names)]);
}

static int renames_only(void *arg)
{
	while (goes_on(arg))
		renames(arg);
	return 0;
}

static void (* const doings[])(struct race *) = {
	counts, waits, reads_text, changes_filters, is_a_neighbour, restarts,
	writes_to_others, renames,
};

struct doer {
	struct race *race;
	void (*does)(struct race *race);
	pthread_t thread;
};

static void *goes_about(void *arg)
{
	struct doer *doer = arg;

	while (goes_on(doer->race))
		doer->does(doer->race);
	return NULL;
}

FIXTURE(race) {
	struct race race;
	struct ledger ledger;
	struct svmtrace_stats stats;
};

FIXTURE_SETUP(race)
{
	struct svmtrace_config config;

	trace_config(&config);
	ASSERT_EQ(0, trace_start(&self->race.binary, &config));
	config.format = SVMTRACE_FORMAT_TEXT;
	ASSERT_EQ(0, trace_start(&self->race.text, &config));
	self->race.target = child_start(0, renames_only, &self->race);
	ASSERT_LT(0, self->race.target);
}

FIXTURE_TEARDOWN(race)
{
	child_kill(self->race.target);
	trace_end(&self->race.text);
	trace_end(&self->race.binary);
}

TEST_F_TIMEOUT(race, all_at_once, 600)
{
	struct doer doers[ARRAY_SIZE(doings)];
	unsigned long made;
	struct load *load;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(doers); i++) {
		doers[i] = (struct doer){ .race = &self->race, .does = doings[i] };
		ASSERT_EQ(0, pthread_create(&doers[i].thread, NULL, goes_about, &doers[i]));
	}
	load = load_start(2, LOAD_ENDLESS, 0);
	while (load_made(load) < CALLS)
		ASSERT_EQ(NULL, ledger_some(&self->ledger, &self->race.binary));
	made = load_end(load);
	__atomic_store_n(&self->race.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(doers); i++)
		pthread_join(doers[i].thread, NULL);

	ASSERT_EQ(NULL, ledger_take(&self->ledger, &self->race.binary));
	ASSERT_EQ(0, trace_stats(&self->race.binary, &self->stats));
	EXPECT_EQ(0, ledger_balance(&self->stats));
	EXPECT_EQ(0, self->stats.in_flight);
	EXPECT_EQ(self->stats.delivered, self->ledger.calls);
	EXPECT_EQ(ledger_lost(&self->stats), self->ledger.lost);
	EXPECT_EQ(made + self->race.made, self->stats.entered);
}

TEST_HARNESS_MAIN
