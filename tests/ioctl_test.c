// SPDX-License-Identifier: GPL-2.0
/*
 * ioctl: what is good is done, and what is bad gets the right error and changes
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "load.h"
#include "trace.h"

/* The ioctls that take a structure, and one that they accept. */
struct known {
	unsigned int cmd;
	__u32 size;	/* the first version's */
	__u32 now;	/* the module's */
	bool in;
};

static const struct known known[] = {
	{ SVMTRACE_IOC_GET_INFO, SVMTRACE_INFO_SIZE_VER0,
	  sizeof(struct svmtrace_info), false },
	{ SVMTRACE_IOC_GET_CONFIG, SVMTRACE_CONFIG_SIZE_VER0,
	  sizeof(struct svmtrace_config), false },
	{ SVMTRACE_IOC_GET_STATS, SVMTRACE_STATS_SIZE_VER0,
	  sizeof(struct svmtrace_stats), false },
	{ SVMTRACE_IOC_SET_CONFIG, SVMTRACE_CONFIG_SIZE_VER0,
	  sizeof(struct svmtrace_config), true },
	{ SVMTRACE_IOC_PIDS, SVMTRACE_PIDS_SIZE_VER0,
	  sizeof(struct svmtrace_pids), true },
	{ SVMTRACE_IOC_CGROUPS, SVMTRACE_CGROUPS_SIZE_VER0,
	  sizeof(struct svmtrace_cgroups), true },
	{ SVMTRACE_IOC_PROGRAM, SVMTRACE_PROGRAM_SIZE_VER0,
	  sizeof(struct svmtrace_program), true },
};

FIXTURE(ioctl) {
	int fd;
	long page;
	char *mem;	/* two pages, and one that is not there */
	struct svmtrace_config config;
	struct svmtrace_stats stats;
};

/* 0 or a negative errno. */
static int do_ioctl(int fd, unsigned int cmd, const void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

static int get_config(int fd, struct svmtrace_config *config)
{
	*config = (struct svmtrace_config){ .size = sizeof(*config) };
	return do_ioctl(fd, SVMTRACE_IOC_GET_CONFIG, config);
}

static int get_stats(int fd, struct svmtrace_stats *stats)
{
	*stats = (struct svmtrace_stats){ .size = sizeof(*stats) };
	return do_ioctl(fd, SVMTRACE_IOC_GET_STATS, stats);
}

FIXTURE_SETUP(ioctl)
{
	self->page = sysconf(_SC_PAGESIZE);
	self->mem = mmap(NULL, 3 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, munmap(self->mem + 2 * self->page, self->page));
	self->fd = open(TRACE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, get_config(self->fd, &self->config));
	ASSERT_EQ(0, get_stats(self->fd, &self->stats));
}

FIXTURE_TEARDOWN(ioctl)
{
	close(self->fd);
}

/* Settings and counters are as they were when the test began. */
/* The harness's name for FIXTURE(ioctl). */
static bool unchanged(const struct _test_data_ioctl *self)
{
	struct svmtrace_config config;
	struct svmtrace_stats stats;

	return !get_config(self->fd, &config) && !get_stats(self->fd, &stats) &&
	       !memcmp(&config, &self->config, sizeof(config)) &&
	       !memcmp(&stats, &self->stats, sizeof(stats));
}

/* A structure that the ioctl accepts, of @size bytes at @mem. */
static void good(const struct _test_data_ioctl *self, const struct known *ioc, char *mem,
		 __u32 size)
{
	__u32 stated = size;

	memset(mem, 0, size > ioc->size ? size : ioc->size);
	if (ioc->cmd == SVMTRACE_IOC_SET_CONFIG)
		memcpy(mem, &self->config, sizeof(self->config));
	memcpy(mem, &stated, sizeof(stated));
}

TEST_F(ioctl, structures_have_the_published_sizes)
{
	EXPECT_EQ(SVMTRACE_INFO_SIZE_VER0, sizeof(struct svmtrace_info));
	EXPECT_EQ(SVMTRACE_CONFIG_SIZE_VER0, sizeof(struct svmtrace_config));
	EXPECT_EQ(SVMTRACE_STATS_SIZE_VER0,
		  offsetof(struct svmtrace_stats, lost_overwritten));
	EXPECT_EQ(SVMTRACE_PIDS_SIZE_VER0, sizeof(struct svmtrace_pids));
}

TEST_F(ioctl, sizes)
{
	const struct known *ioc;
	__u32 size;

	for (ioc = known; ioc < known + ARRAY_SIZE(known); ioc++) {
		for (size = 0; size < ioc->size; size++) {
			good(self, ioc, self->mem, size);
			EXPECT_EQ(-EINVAL, do_ioctl(self->fd, ioc->cmd, self->mem));
		}
		for (size = ioc->size; size <= self->page; size += 8) {
			good(self, ioc, self->mem, size);
			EXPECT_EQ(0, do_ioctl(self->fd, ioc->cmd, self->mem));
		}
		good(self, ioc, self->mem, ioc->size + 1);
		EXPECT_EQ(0, do_ioctl(self->fd, ioc->cmd, self->mem));
		good(self, ioc, self->mem, self->page + 1);
		EXPECT_EQ(-E2BIG, do_ioctl(self->fd, ioc->cmd, self->mem));
		size = ~0U;
		memcpy(self->mem, &size, sizeof(size));
		EXPECT_EQ(-E2BIG, do_ioctl(self->fd, ioc->cmd, self->mem));
		EXPECT_TRUE(unchanged(self));
	}
}

/* More than the kernel knows: it must be zero going in, and is coming out. */
TEST_F(ioctl, tails)
{
	const struct known *ioc;
	__u32 i;

	for (ioc = known; ioc < known + ARRAY_SIZE(known); ioc++) {
		for (i = ioc->now; i < ioc->now + 64; i++) {
			good(self, ioc, self->mem, ioc->now + 64);
			self->mem[i] = 1;
			EXPECT_EQ(ioc->in ? -E2BIG : 0,
				  do_ioctl(self->fd, ioc->cmd, self->mem));
			EXPECT_EQ(ioc->in, self->mem[i]);
		}
		EXPECT_TRUE(unchanged(self));
		if (ioc->in)
			continue;
		good(self, ioc, self->mem, ioc->size);
		memset(self->mem + ioc->size, 0x5a, 64);
		EXPECT_EQ(0, do_ioctl(self->fd, ioc->cmd, self->mem));
		EXPECT_EQ(ioc->now, *(__u32 *)self->mem);
		for (i = ioc->size; i < ioc->size + 64; i++)
			EXPECT_EQ(0x5a, self->mem[i]);
	}
}

TEST_F(ioctl, bad_pointers)
{
	char *end = self->mem + 2 * self->page;
	const struct known *ioc;
	__u32 cut;

	for (ioc = known; ioc < known + ARRAY_SIZE(known); ioc++) {
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, NULL));
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, (void *)1));
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, end));
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, (void *)-1L));
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, (void *)(1UL << 63)));
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, (void *)(-4096L)));
		/* The size can be read, but not the rest. */
		for (cut = 4; cut < ioc->size; cut += 4) {
			memcpy(end - cut, &ioc->size, sizeof(ioc->size));
			EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, end - cut));
		}
		/* Or not the tail. */
		good(self, ioc, end - ioc->size, ioc->size);
		cut = ioc->size + 8;
		memcpy(end - ioc->size, &cut, sizeof(cut));
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, end - ioc->size));

		good(self, ioc, self->mem, ioc->size);
		ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ));
		EXPECT_EQ(ioc->in ? 0 : -EFAULT, do_ioctl(self->fd, ioc->cmd, self->mem));
		ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_NONE));
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, ioc->cmd, self->mem));
		ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ | PROT_WRITE));
		EXPECT_TRUE(unchanged(self));
	}
}

TEST_F(ioctl, start_and_stop_take_no_argument)
{
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, SVMTRACE_IOC_START, self->mem));
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, SVMTRACE_IOC_START, (void *)1));
	EXPECT_TRUE(unchanged(self));
	ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_START, NULL));
	ASSERT_EQ(0, get_stats(self->fd, &self->stats));
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, SVMTRACE_IOC_STOP, self->mem));
	EXPECT_TRUE(unchanged(self));
}

TEST_F(ioctl, info)
{
	struct svmtrace_info info = { .size = sizeof(info) };
	struct stat st;

	ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_GET_INFO, &info));
	EXPECT_EQ(SVMTRACE_ABI_VERSION, info.abi_version);
	EXPECT_EQ(SVMTRACE_SCHEMA_VERSION, info.schema_version);
	EXPECT_EQ(self->page, info.page_size);
	EXPECT_EQ(2 * self->page, info.data_offset);
	EXPECT_EQ(self->config.ring_size, info.ring_size);
	EXPECT_EQ(info.data_offset + 2ULL * info.ring_size, info.ring_stride);
	EXPECT_LE(info.ring_size_min, info.ring_size);
	EXPECT_GE(info.ring_size_max, info.ring_size);
	EXPECT_LE(sysconf(_SC_NPROCESSORS_CONF), info.nr_cpus);
	EXPECT_EQ(SVMTRACE_SYSCALLS_ALL, info.syscalls);
	EXPECT_EQ(SVMTRACE_GROUPS_ALL, info.groups);
	EXPECT_EQ(0, info.reserved[0] | info.reserved[1]);
	EXPECT_EQ(0, info.version[sizeof(info.version) - 1]);
	EXPECT_LT(0, strlen(info.version));
	EXPECT_EQ(16, info.sessions_max);
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(S_IFCHR, st.st_mode & S_IFMT);
}

TEST_F(ioctl, default_settings)
{
	EXPECT_EQ(sizeof(self->config), self->config.size);
	EXPECT_EQ(0, self->config.flags);
	EXPECT_EQ(SVMTRACE_FORMAT_TEXT, self->config.format);
	EXPECT_EQ(SVMTRACE_SYSCALLS_ALL, self->config.syscalls);
	EXPECT_EQ(SVMTRACE_GROUPS_ALL, self->config.groups);
	EXPECT_EQ(1 << 20, self->config.ring_size);
	EXPECT_EQ(16, self->config.iovs_max);
	EXPECT_EQ(0, self->config.preview_max);
	EXPECT_EQ(1 << 18, self->config.watermark);
	EXPECT_EQ(10, self->config.flush_ms);
	EXPECT_EQ(0, self->config.lose_every);
	EXPECT_EQ(0, self->config.reserved);
	EXPECT_EQ(SVMTRACE_STATE_NEW, self->stats.state);
	EXPECT_EQ(0, self->stats.rings);
	EXPECT_EQ(1, self->stats.sessions);
}

#define SET(self, member, value) ({					\
	const struct _test_data_ioctl *s_ = (self);			\
	struct svmtrace_config c_ = s_->config;				\
									\
	c_.member = (value);						\
	do_ioctl(s_->fd, SVMTRACE_IOC_SET_CONFIG, &c_);			\
})

TEST_F(ioctl, bad_settings)
{
	struct svmtrace_config config;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (1U << bit > SVMTRACE_CONFIG_FLIGHT)
			EXPECT_EQ(-EINVAL, SET(self, flags, 1U << bit));
		if (1U << bit > SVMTRACE_FORMAT_BINARY)
			EXPECT_EQ(-EINVAL, SET(self, format, 1U << bit));
		if (1U << bit > SVMTRACE_SYSCALLS_ALL)
			EXPECT_EQ(-EINVAL, SET(self, syscalls, 1U << bit | 1));
		if (1U << bit > SVMTRACE_GROUPS_ALL)
			EXPECT_EQ(-EINVAL, SET(self, groups, 1U << bit | 1));
		EXPECT_EQ(-EINVAL, SET(self, reserved, 1U << bit));
		if (bit > 28 || bit < 12)
			EXPECT_EQ(-EINVAL, SET(self, ring_size, 1U << bit));
		EXPECT_EQ(-EINVAL, SET(self, ring_size, (1U << bit) * 3));
	}
	EXPECT_EQ(-EINVAL, SET(self, syscalls, 0));
	EXPECT_EQ(-EINVAL, SET(self, ring_size, 0));
	EXPECT_EQ(-EINVAL, SET(self, ring_size, ~0U));
	EXPECT_EQ(-EINVAL, SET(self, iovs_max, SVMTRACE_IOVS_MAX + 1));
	EXPECT_EQ(-EINVAL, SET(self, iovs_max, ~0U));
	EXPECT_EQ(-EINVAL, SET(self, preview_max, SVMTRACE_PREVIEW_MAX + 1));
	EXPECT_EQ(-EINVAL, SET(self, preview_max, ~0U));
	EXPECT_EQ(-EINVAL, SET(self, watermark, self->config.ring_size + 1));
	EXPECT_EQ(-EINVAL, SET(self, watermark, ~0U));
	EXPECT_EQ(-EINVAL, SET(self, flush_ms, 10001));
	EXPECT_EQ(-EINVAL, SET(self, flush_ms, ~0U));

	/* A ring that the largest record would not fit. */
	config = self->config;
	config.ring_size = 4096;
	config.watermark = 0;
	config.iovs_max = SVMTRACE_IOVS_MAX;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, SVMTRACE_IOC_SET_CONFIG, &config));
	EXPECT_TRUE(unchanged(self));
}

TEST_F(ioctl, good_settings)
{
	const struct svmtrace_config extreme[] = {
		{
			.size = sizeof(extreme[0]), .flags = SVMTRACE_CONFIG_ENTRIES,
			.format = SVMTRACE_FORMAT_BINARY, .syscalls = 2,
			.ring_size = 256 << 20, .iovs_max = SVMTRACE_IOVS_MAX,
			.preview_max = SVMTRACE_PREVIEW_MAX, .watermark = 256 << 20,
			.flush_ms = 10000, .lose_every = ~0U,
		}, {
			.size = sizeof(extreme[0]), .syscalls = 1, .ring_size = 8192,
		},
	};
	struct svmtrace_info info = { .size = sizeof(info) };
	struct svmtrace_config config;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(extreme); i++) {
		ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_SET_CONFIG, &extreme[i]));
		ASSERT_EQ(0, get_config(self->fd, &config));
		EXPECT_EQ(0, memcmp(&config, &extreme[i], sizeof(config)));
		ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_GET_INFO, &info));
		EXPECT_EQ(config.ring_size, info.ring_size);
		EXPECT_EQ(info.data_offset + 2ULL * info.ring_size, info.ring_stride);
		EXPECT_LE(info.ring_size_min, config.ring_size);
	}
	config = extreme[1];
	config.ring_size = info.ring_size_min;
	EXPECT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_SET_CONFIG, &config));
	config.ring_size = info.ring_size_min / 2;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, SVMTRACE_IOC_SET_CONFIG, &config));
}

TEST_F(ioctl, states)
{
	struct svmtrace_config config = self->config;
	int i;

	EXPECT_EQ(-EALREADY, do_ioctl(self->fd, SVMTRACE_IOC_STOP, NULL));
	EXPECT_TRUE(unchanged(self));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_START, NULL));
		ASSERT_EQ(0, get_stats(self->fd, &self->stats));
		EXPECT_EQ(SVMTRACE_STATE_STARTED, self->stats.state);
		EXPECT_EQ(sysconf(_SC_NPROCESSORS_CONF), self->stats.rings);
		config.flush_ms = 20;
		EXPECT_EQ(-EALREADY, do_ioctl(self->fd, SVMTRACE_IOC_START, NULL));
		EXPECT_EQ(-EBUSY, do_ioctl(self->fd, SVMTRACE_IOC_SET_CONFIG, &config));
		EXPECT_TRUE(unchanged(self));

		ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_STOP, NULL));
		ASSERT_EQ(0, get_stats(self->fd, &self->stats));
		EXPECT_EQ(SVMTRACE_STATE_STOPPED, self->stats.state);
		EXPECT_EQ(-EALREADY, do_ioctl(self->fd, SVMTRACE_IOC_STOP, NULL));
		EXPECT_EQ(-EBUSY, do_ioctl(self->fd, SVMTRACE_IOC_SET_CONFIG, &config));
		EXPECT_TRUE(unchanged(self));
	}
}

/* More memory than the rings may have: and then less, with rings of that size. */
TEST_F(ioctl, start_without_memory)
{
	struct svmtrace_config config = self->config;
	struct svmtrace_info info = { .size = sizeof(info) };
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };
	int err = -ENOMEM, failures = 0;
	char *map;

	config.watermark = 0;
	for (config.ring_size = 256 << 20; err; config.ring_size >>= 1) {
		ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_SET_CONFIG, &config));
		self->config = config;
		err = do_ioctl(self->fd, SVMTRACE_IOC_START, NULL);
		if (!err)
			break;
		failures++;
		EXPECT_EQ(1, poll(&pollfd, 1, 0));
		EXPECT_EQ(POLLERR, pollfd.revents);
		ASSERT_EQ(-ENOMEM, err);
		EXPECT_TRUE(unchanged(self));
	}
	if (!failures)
		SKIP(return, "the machine has room for any ring");
	ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_GET_INFO, &info));
	EXPECT_EQ(config.ring_size, info.ring_size);
	map = mmap(NULL, info.ring_stride, PROT_READ, MAP_SHARED, self->fd, 0);
	EXPECT_NE(MAP_FAILED, map);
	/* Not a page more than there is. */
	map = mmap(NULL, info.ring_stride + self->page, PROT_READ, MAP_SHARED, self->fd, 0);
	EXPECT_EQ(MAP_FAILED, map);
	EXPECT_EQ(EINVAL, errno);
}

#define PIDS(self, ...) ({						\
	struct svmtrace_pids p_ = { .size = sizeof(p_), __VA_ARGS__ };	\
									\
	do_ioctl((self)->fd, SVMTRACE_IOC_PIDS, &p_);			\
})

TEST_F(ioctl, bad_pids)
{
	__u32 pid = getpid();
	__u64 pids = (unsigned long)&pid;
	unsigned int bit, set, op;

	for (bit = 0; bit < 32; bit++) {
		if (bit > 1)
			EXPECT_EQ(-EINVAL, PIDS(self, .op = 1U << bit));
		if (1U << bit >= SVMTRACE_PIDS_SETS)
			EXPECT_EQ(-EINVAL, PIDS(self, .set = 1U << bit));
		if (1U << bit > SVMTRACE_PIDS_THREAD)
			EXPECT_EQ(-EINVAL, PIDS(self, .flags = 1U << bit));
		EXPECT_EQ(-EINVAL, PIDS(self, .reserved = 1U << bit));
	}
	EXPECT_EQ(-EINVAL, PIDS(self, .op = 3));
	EXPECT_EQ(-EINVAL, PIDS(self, .count = SVMTRACE_PIDS_MAX + 1, .pids = pids));
	EXPECT_EQ(-EINVAL, PIDS(self, .count = ~0U, .pids = pids));
	EXPECT_EQ(-EINVAL, PIDS(self, .op = SVMTRACE_PIDS_CLEAR, .count = 1, .pids = pids));
	EXPECT_EQ(-EINVAL, PIDS(self, .op = SVMTRACE_PIDS_CLEAR, .count = 1));
	EXPECT_EQ(-EINVAL, PIDS(self, .op = SVMTRACE_PIDS_CLEAR, .pids = pids));
	for (set = 0; set < SVMTRACE_PIDS_SETS; set++) {
		for (op = SVMTRACE_PIDS_REMOVE; op <= SVMTRACE_PIDS_CLEAR; op++)
			EXPECT_EQ(-EINVAL, PIDS(self, .op = op, .set = set,
						.flags = SVMTRACE_PIDS_FOLLOW));
	}
	EXPECT_EQ(-EINVAL, PIDS(self, .set = SVMTRACE_PIDS_TARGET, .count = 1, .pids = pids,
				.flags = SVMTRACE_PIDS_FOLLOW));
	EXPECT_EQ(-EINVAL, PIDS(self, .set = SVMTRACE_PIDS_NOT_TARGET, .count = 1,
				.pids = pids, .flags = SVMTRACE_PIDS_FOLLOW));
	EXPECT_EQ(-EFAULT, PIDS(self, .count = 1));
	EXPECT_EQ(-EFAULT, PIDS(self, .count = 1, .pids = ~0ULL));
	EXPECT_EQ(-EFAULT, PIDS(self, .count = 1, .pids = 1ULL << 63));
	EXPECT_EQ(-EFAULT, PIDS(self, .count = 3,
				.pids = (unsigned long)self->mem + 2 * self->page - 8));
	EXPECT_EQ(0, PIDS(self, .count = 0));
	EXPECT_EQ(0, PIDS(self, .op = SVMTRACE_PIDS_REMOVE));

	/* The filter is still empty: it keeps everything. */
	ASSERT_EQ(0, do_ioctl(self->fd, SVMTRACE_IOC_START, NULL));
	call_self();
	ASSERT_EQ(0, get_stats(self->fd, &self->stats));
	EXPECT_EQ(1, self->stats.delivered);
	EXPECT_EQ(0, self->stats.filtered);
}

static bool is_known(unsigned int cmd)
{
	return cmd >= SVMTRACE_IOC_GET_INFO && cmd <= SVMTRACE_IOC_CGROUPS;
}

TEST_F(ioctl, unknown)
{
	const unsigned int dirs[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE, _IOC_READ | _IOC_WRITE };
	const unsigned int sizes[] = { 0, 4, 8, 32, 48, 104, 112, 4096 };
	unsigned int type, nr, dir, size, cmd;

	for (type = 0xf8; type <= 0xfa; type++) {
		for (nr = 0; nr < 256 * ARRAY_SIZE(dirs) * ARRAY_SIZE(sizes); nr++) {
			dir = dirs[nr / 256 % ARRAY_SIZE(dirs)];
			size = sizes[nr / 256 / ARRAY_SIZE(dirs)];
			cmd = _IOC(dir, type, nr % 256, size);
			if (is_known(cmd))
				continue;
			self->mem[0] = 0;
			EXPECT_EQ(-ENOTTY, do_ioctl(self->fd, cmd, self->mem)) {
				TH_LOG("ioctl %#x", cmd);
			}
		}
	}
	EXPECT_TRUE(unchanged(self));
}

/* Whatever the session is told, it ends, and others are not harmed. */
TEST_F_TIMEOUT(ioctl, fuzz, 300)
{
	const unsigned int seed = 20261121;
	unsigned int i, j, cmd;
	struct trace other;
	char *arg;

	TH_LOG("seed %u", seed);
	srandom(seed);
	ASSERT_EQ(0, trace_start(&other, NULL));
	for (i = 0; i < 20000; i++) {
		const struct known *ioc = &known[random() % ARRAY_SIZE(known)];

		cmd = random() % 8 ? ioc->cmd : _IO(0xf9, random() % 16);
		arg = self->mem + random() % 2 * (self->page - 4 * (random() % 32));
		good(self, ioc, arg, ioc->size);
		for (j = random() % 4; j; j--)
			((__u32 *)arg)[random() % 16] ^= 1U << random() % 32;
		/* Large rings, again and again, only take time. */
		if (cmd == SVMTRACE_IOC_SET_CONFIG && ((__u32 *)arg)[5] > 1 << 22)
			continue;
		if (cmd == SVMTRACE_IOC_START || cmd == SVMTRACE_IOC_STOP ||
		    cmd == SVMTRACE_IOC_FREEZE)
			arg = NULL;
		do_ioctl(self->fd, cmd, arg);
		if (random() % 64 == 0) {
			close(self->fd);
			self->fd = open(TRACE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
			ASSERT_LE(0, self->fd);
		}
	}
	call_self();
	EXPECT_EQ(1, trace_read(&other));
	trace_end(&other);
}

/* A 32-bit program sees the same contract. */
TEST(ia32_program)
{
	char path[512];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);
	int status;

	ASSERT_LT(0, len);
	path[len] = 0;
	strcpy(strrchr(path, '/'), "/abi/ioctl.ia32");
	if (access(path, X_OK))
		SKIP(return, "no %s", path);
	status = system(path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 126)
		SKIP(return, "the kernel runs no 32-bit programs");
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
