// SPDX-License-Identifier: GPL-2.0
/*
 * The module comes and goes, as do sessions and other tracers, whatever
 * else is going on.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/filter.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "crowd.h"
#include "files.h"
#include "kernel.h"
#include "ledger.h"
#include "load.h"

#define TRACING "/sys/kernel/tracing/"

/* Every test begins, and leaves, with the module loaded as usual. */
FIXTURE(module) {
	struct svmtrace_stats stats;
};

FIXTURE_SETUP(module)
{
	int err = kernel_load(NULL);

	if (err == ENOENT)
		SKIP_ALL("no svmtrace.ko");
	ASSERT_TRUE(!err || err == EEXIST);
}

FIXTURE_TEARDOWN(module)
{
	int err = kernel_load(NULL);

	EXPECT_TRUE(!err || err == EEXIST);
}

/* Opens the kernel's log, to read what is written from now on. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	lseek(fd, 0, SEEK_END);
	return fd;
}

/* Has it a line that names this parameter, and says what it cannot be? */
static int log_refuses(int log, const char *parameter)
{
	char line[8192], name[32];
	int found = 0;
	ssize_t len;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(parameter, "="), parameter);
	while ((len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = '\0';
		found |= strstr(line, name) &&
			 (strstr(line, "must be from") || strstr(line, "invalid"));
	}
	return found;
}

TEST_F(module, bad_parameters)
{
	const char *const bad[] = {
		"instances=0", "instances=63", "instances=65537", "instances=-1", "instances=x",
		"sessions=0", "sessions=33", "sessions=-1", "memory_mb=4294967295",
		"memory_mb=100000000",
	};
	int fd, other, log = log_open();
	unsigned int i;

	ASSERT_LE(0, log);
	ASSERT_EQ(0, kernel_unload());
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(EINVAL, kernel_load(bad[i])) {
			TH_LOG("%s", bad[i]);
		}
		EXPECT_TRUE(log_refuses(log, bad[i])) {
			TH_LOG("%s", bad[i]);
		}
		EXPECT_NE(0, access(TRACE_DEVICE, F_OK));
	}
	ASSERT_EQ(0, kernel_load("instances=64 sessions=1 memory_mb=16"));
	fd = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC);
	EXPECT_LE(0, fd);
	other = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-1, other);
	EXPECT_EQ(EUSERS, errno);
	close(fd);
	close(log);
	ASSERT_EQ(0, kernel_unload());
	EXPECT_NE(0, access(TRACE_DEVICE, F_OK));
}

static int read_for_ever(void *arg)
{
	char buf[4096];

	(void)arg;
	while (read(open(TRACE_DEVICE, O_RDWR), buf, sizeof(buf)) >= 0)
		;
	return 1;
}

TEST_F(module, no_unload_while_in_use)
{
	struct trace t;
	void *map;
	pid_t child;

	/* Open. */
	ASSERT_EQ(0, trace_start(&t, NULL));
	EXPECT_EQ(EWOULDBLOCK, kernel_unload());
	/* Mapped only. */
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, t.fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	close(t.fd);
	EXPECT_EQ(EWOULDBLOCK, kernel_unload());
	call_self();
	munmap(map, 4096);
	/* Being read. */
	child = child_start(0, read_for_ever, NULL);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, child_asleep(child));
	EXPECT_EQ(EWOULDBLOCK, kernel_unload());
	child_kill(child);
	EXPECT_EQ(0, kernel_unload());
}

/* A program that decides when a call returns. */
static int filter_by_result(struct trace *t)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct svmtrace_filter_data, call.ret)),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct svmtrace_program program = {
		.size = sizeof(program),
		.len = ARRAY_SIZE(insns),
		.insns = (uintptr_t)insns,
	};

	return ioctl(t->fd, SVMTRACE_IOC_PROGRAM, &program) ? -errno : 0;
}

/*
 * The callers' return goes through the kernel's code only; what would have decided
 * then is freed.
 */
TEST_F(module, unload_while_callers_block)
{
	struct crowd killed = {}, released = {};
	struct trace t;
	long left;
	int i;

	ASSERT_EQ(0, trace_start(&t, NULL));
	ASSERT_EQ(0, filter_by_result(&t));
	ASSERT_EQ(0, crowd_start(&killed, 200, 0));
	ASSERT_EQ(0, crowd_start(&released, 200, 0));
	ASSERT_EQ(0, crowd_wait(&t, 400));
	trace_end(&t);
	ASSERT_EQ(0, kernel_unload());
	crowd_end(&killed);
	/* What filled the pipe, and what they add. */
	left = fcntl(released.fds[0], F_GETPIPE_SZ) + 200 * CROWD_BYTES;
	for (i = 0; i < 2000 && left > 0; i++) {
		left -= drain_pipe(released.fds[0]);
		usleep(5000);
	}
	EXPECT_EQ(0, left);
	crowd_end(&released);
	ASSERT_EQ(0, kernel_load(NULL));
	ASSERT_EQ(0, trace_start(&t, NULL));
	call_self();
	EXPECT_EQ(1, trace_read(&t));
	trace_end(&t);
}

/* Callers that return after the module came back: their records are nobody's. */
TEST_F(module, return_after_reload)
{
	struct crowd crowd = {};
	struct trace t;

	ASSERT_EQ(0, trace_start(&t, NULL));
	ASSERT_EQ(0, crowd_start(&crowd, 100, 0));
	ASSERT_EQ(0, crowd_wait(&t, 100));
	trace_end(&t);
	ASSERT_EQ(0, kernel_unload());
	ASSERT_EQ(0, kernel_load(NULL));
	ASSERT_EQ(0, trace_start(&t, NULL));
	crowd_end(&crowd);
	call_self();
	ASSERT_EQ(0, trace_stats(&t, &self->stats));
	EXPECT_EQ(1, self->stats.entered);
	EXPECT_EQ(1, self->stats.delivered);
	EXPECT_EQ(1, trace_read(&t));
	trace_end(&t);
}

TEST_F_TIMEOUT(module, load_and_unload_under_traffic, 1800)
{
	const int rounds = full_test() ? 200 : 10;
	struct load *load = load_start(2, LOAD_ENDLESS, LOAD_ROAM);
	struct ledger ledger;
	struct trace t;
	int round;

	for (round = 0; round < rounds; round++) {
		memset(&ledger, 0, sizeof(ledger));
		ASSERT_EQ(0, trace_start(&t, NULL));
		usleep(20000);
		ASSERT_EQ(NULL, ledger_some(&ledger, &t));
		ASSERT_EQ(0, ioctl(t.fd, SVMTRACE_IOC_STOP, 0));
		ASSERT_EQ(NULL, ledger_take(&ledger, &t));
		ASSERT_EQ(0, trace_stats(&t, &self->stats));
		EXPECT_EQ(0, ledger_balance(&self->stats));
		EXPECT_EQ(self->stats.delivered, ledger.calls);
		EXPECT_LT(0, self->stats.entered);
		trace_end(&t);
		ASSERT_EQ(0, kernel_unload());
		ASSERT_EQ(0, kernel_load(NULL));
	}
	load_end(load);
}

/*
 * Starts and stops a session of its own, again and again. Its rings are small: the longer
 * it takes to read them, the fuller are those of others, and that takes minutes where each
 * access is watched.
 */
static void *come_and_go(void *arg)
{
	const char **wrong = arg;
	struct svmtrace_config config;
	struct svmtrace_stats stats;
	struct ledger ledger;
	struct trace t;
	int round;

	trace_config(&config);
	config.ring_size = 64 * 1024;
	for (round = 0; round < 40 && !*wrong; round++) {
		memset(&ledger, 0, sizeof(ledger));
		if (trace_start(&t, &config)) {
			*wrong = "cannot start";
			break;
		}
		usleep(round % 5 * 2000);
		*wrong = ledger_some(&ledger, &t);
		if (ioctl(t.fd, SVMTRACE_IOC_STOP, 0) || trace_stats(&t, &stats))
			*wrong = "cannot stop";
		if (!*wrong)
			*wrong = ledger_take(&ledger, &t);
		if (!*wrong && (ledger_balance(&stats) || stats.delivered != ledger.calls ||
				ledger_lost(&stats) != ledger.lost))
			*wrong = "it does not add up";
		trace_end(&t);
	}
	return NULL;
}

TEST_F_TIMEOUT(module, sessions_come_and_go, 300)
{
	const char *wrong[3] = {};
	pthread_t threads[3];
	struct ledger ledger = {};
	struct load *load;
	struct trace t;
	unsigned int i;
	unsigned long made;

	/* One stays, so that it is not about arming the probes. */
	ASSERT_EQ(0, trace_start(&t, NULL));
	load = load_start(2, LOAD_ENDLESS, LOAD_ROAM);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, come_and_go, &wrong[i]));
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(NULL, wrong[i]) {
			TH_LOG("%s", wrong[i]);
		}
	}
	made = load_end(load);
	ASSERT_EQ(NULL, ledger_take(&ledger, &t));
	ASSERT_EQ(0, trace_stats(&t, &self->stats));
	EXPECT_EQ(made, self->stats.entered);
	EXPECT_EQ(self->stats.delivered, ledger.calls);
	EXPECT_EQ(0, ledger_balance(&self->stats));
	trace_end(&t);
}

/* Without ftrace probes are silent: calls are not even counted as entered. */
TEST_F(module, ftrace_disabled_shows)
{
	const char *const path = "/proc/sys/kernel/ftrace_enabled";
	struct trace t;

	ASSERT_EQ(0, trace_start(&t, NULL));
	call_self();
	ASSERT_EQ(0, trace_stats(&t, &self->stats));
	EXPECT_EQ(1, self->stats.entered);
	if (!kernel_probes_by_ftrace() || files_write(path, "0")) {
		trace_end(&t);
		SKIP(return, "probes cannot be switched off by %s", path);
	}
	call_self();
	EXPECT_EQ(0, trace_stats(&t, &self->stats));
	EXPECT_EQ(0, files_write(path, "1"));
	EXPECT_EQ(1, self->stats.entered);
	call_self();
	ASSERT_EQ(0, trace_stats(&t, &self->stats));
	EXPECT_EQ(2, self->stats.entered);
	trace_end(&t);
}

/* Hits of a tracefs probe, or -1. */
static long hits(const char *probe)
{
	char line[256], name[64];
	long count, found = -1;
	FILE *file = fopen(TRACING "kprobe_profile", "r");

	while (file && found < 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %ld", name, &count) == 2 && !strcmp(name, probe))
			found = count;
	}
	if (file)
		fclose(file);
	return found;
}

#ifdef __aarch64__
#define VMSPLICE "__arm64_sys_vmsplice\n"
#else
#define VMSPLICE "__x64_sys_vmsplice\n"
#endif

/* Others may probe the same symbols, whoever came first. */
TEST_F(module, beside_tracefs_probes)
{
	const char *const events = TRACING "kprobe_events";
	const char *const enable = TRACING "events/kprobes/enable";
	struct trace t;
	int round, i;

	if (access(events, W_OK))
		SKIP(return, "no %s", events);
	for (round = 0; round < 2; round++) {
		if (!round)
			ASSERT_EQ(0, trace_start(&t, NULL));
		ASSERT_EQ(0, files_write(events, "p:svmt_entry " VMSPLICE));
		ASSERT_EQ(0, files_write(events, "r:svmt_return " VMSPLICE));
		ASSERT_EQ(0, files_write(enable, "1"));
		if (round)
			ASSERT_EQ(0, trace_start(&t, NULL));
		for (i = 0; i < 100; i++)
			do_vmsplice(-1, NULL, 0, 0);
		EXPECT_EQ(100, trace_read(&t));
		EXPECT_EQ(100, hits("svmt_entry"));
		EXPECT_EQ(100, hits("svmt_return"));
		ASSERT_EQ(0, trace_stats(&t, &self->stats));
		EXPECT_EQ(100, self->stats.delivered);
		EXPECT_EQ(0, self->stats.missed);
		EXPECT_EQ(0, self->stats.no_result);
		if (round)
			trace_end(&t);
		ASSERT_EQ(0, files_write(enable, "0"));
		ASSERT_EQ(0, files_write(events, "-:svmt_entry\n"));
		ASSERT_EQ(0, files_write(events, "-:svmt_return\n"));
		if (round)
			continue;
		call_self();
		EXPECT_EQ(101, trace_wait(&t, 101, 1000) ? 0 : t.n);
		trace_end(&t);
	}
}

TEST_HARNESS_MAIN
