// SPDX-License-Identifier: GPL-2.0
/* Who may open the device, who may see payload, and how many at once. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "files.h"
#include "trace.h"

#define CAP(name) (1ULL << (name))
#define ALL_CAPS (~0ULL >> (63 - CAP_LAST_CAP))

/* What a child shall try, as which user and with which capabilities. */
struct trial {
	uid_t uid;
	__u64 caps;
	int fd;
};

static int set_caps(__u64 caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps },
		{ .effective = caps >> 32, .permitted = caps >> 32 },
	};

	return syscall(SYS_capset, &header, data);
}

static int become(const struct trial *trial)
{
	if (prctl(PR_SET_KEEPCAPS, 1) || setuid(trial->uid))
		return -1;
	return set_caps(trial->caps);
}

/* 0 or an errno, of open(). */
static int try_open(void *arg)
{
	int fd;

	if (arg && become(arg))
		return 255;
	fd = open(TRACE_DEVICE, O_RDWR);
	return fd < 0 ? errno : 0;
}

static int set_preview(int fd)
{
	struct svmtrace_config config;

	trace_config(&config);
	config.preview_max = 64;
	return ioctl(fd, SVMTRACE_IOC_SET_CONFIG, &config) ? errno : 0;
}

/* The same, of asking for payload. */
static int try_preview(void *arg)
{
	struct trial *trial = arg;

	if (become(trial))
		return 255;
	return set_preview(trial->fd);
}

TEST(device_mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(TRACE_DEVICE, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
}

TEST(open_needs_a_capability)
{
	const __u64 dac = CAP(CAP_DAC_OVERRIDE);
	const __u64 neither = ALL_CAPS & ~CAP(CAP_PERFMON) & ~CAP(CAP_SYS_ADMIN);
	const struct {
		struct trial trial;
		int err;
	} cases[] = {
		{ { 0, ALL_CAPS, -1 }, 0 },
		{ { 0, 0, -1 }, EPERM },
		{ { 0, CAP(CAP_PERFMON), -1 }, 0 },
		{ { 0, CAP(CAP_SYS_ADMIN), -1 }, 0 },
		{ { 0, neither, -1 }, EPERM },
		/* The file's mode comes first. */
		{ { 1000, 0, -1 }, EACCES },
		{ { 1000, CAP(CAP_PERFMON), -1 }, EACCES },
		{ { 1000, dac, -1 }, EPERM },
		{ { 1000, neither, -1 }, EPERM },
		{ { 1000, dac | CAP(CAP_PERFMON), -1 }, 0 },
		{ { 1000, dac | CAP(CAP_SYS_ADMIN), -1 }, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].err, child_run(0, try_open, (void *)&cases[i].trial)) {
			TH_LOG("case %u", i);
		}
	}
}

TEST(preview_needs_another)
{
	struct trial trial = { .caps = CAP(CAP_PERFMON) | CAP(CAP_SYS_ADMIN) };
	struct svmtrace_config before = { .size = sizeof(before) }, after = before;

	trial.fd = open(TRACE_DEVICE, O_RDWR);
	ASSERT_LE(0, trial.fd);
	ASSERT_EQ(0, ioctl(trial.fd, SVMTRACE_IOC_GET_CONFIG, &before));
	EXPECT_EQ(EPERM, child_run(0, try_preview, &trial));
	trial.caps = ALL_CAPS & ~CAP(CAP_SYS_PTRACE);
	EXPECT_EQ(EPERM, child_run(0, try_preview, &trial));
	ASSERT_EQ(0, ioctl(trial.fd, SVMTRACE_IOC_GET_CONFIG, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	trial.caps = CAP(CAP_SYS_PTRACE);
	EXPECT_EQ(0, child_run(0, try_preview, &trial));
}

/* Root of a user namespace has all capabilities, in there. */
static bool become_ns_root(void)
{
	return !unshare(CLONE_NEWUSER) && !files_map_ids();
}

static int try_open_in_ns(void *arg)
{
	return become_ns_root() ? try_open(arg) : 255;
}

static int try_preview_in_ns(void *arg)
{
	return become_ns_root() ? set_preview(*(int *)arg) : 255;
}

TEST(user_namespace)
{
	int fd = open(TRACE_DEVICE, O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(EPERM, child_run(0, try_open_in_ns, NULL));
	EXPECT_EQ(EPERM, child_run(0, try_preview_in_ns, &fd));
	EXPECT_EQ(0, set_preview(fd));
}

/* So many at once, and each that is closed makes room for another. */
TEST(number_of_sessions)
{
	struct svmtrace_info info = { .size = sizeof(info) };
	struct svmtrace_stats stats = { .size = sizeof(stats) };
	int fds[64], copy;
	unsigned int i, round;

	fds[0] = open(TRACE_DEVICE, O_RDWR);
	ASSERT_LE(0, fds[0]);
	ASSERT_EQ(0, ioctl(fds[0], SVMTRACE_IOC_GET_INFO, &info));
	ASSERT_LT(1, info.sessions_max);
	ASSERT_GE(32, info.sessions_max);
	for (round = 0; round < 3; round++) {
		for (i = 1; i < info.sessions_max; i++) {
			fds[i] = open(TRACE_DEVICE, O_RDWR);
			ASSERT_LE(0, fds[i]);
		}
		ASSERT_EQ(0, ioctl(fds[0], SVMTRACE_IOC_GET_STATS, &stats));
		EXPECT_EQ(info.sessions_max, stats.sessions);
		EXPECT_EQ(-1, open(TRACE_DEVICE, O_RDWR));
		EXPECT_EQ(EUSERS, errno);
		/* A duplicate is the same session. */
		copy = dup(fds[1]);
		close(fds[1]);
		EXPECT_EQ(-1, open(TRACE_DEVICE, O_RDWR));
		EXPECT_EQ(EUSERS, errno);
		close(copy);
		fds[1] = open(TRACE_DEVICE, O_RDWR);
		EXPECT_LE(0, fds[1]);
		for (i = 1; i < info.sessions_max; i++)
			close(fds[i]);
		ASSERT_EQ(0, ioctl(fds[0], SVMTRACE_IOC_GET_STATS, &stats));
		EXPECT_EQ(1, stats.sessions);
	}
}

/* All of them started, with small rings: every one sees every call. */
TEST(all_sessions_started)
{
	struct svmtrace_config config;
	struct trace traces[16];
	unsigned int i;

	trace_config(&config);
	config.ring_size = 65536;
	for (i = 0; i < ARRAY_SIZE(traces); i++)
		ASSERT_EQ(0, trace_start(&traces[i], &config));
	call_self();
	for (i = 0; i < ARRAY_SIZE(traces); i++) {
		EXPECT_EQ(1, trace_read(&traces[i]));
		trace_end(&traces[i]);
	}
}

TEST_HARNESS_MAIN
