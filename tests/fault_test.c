// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: each allocation, and each access to user memory, of everything that user
 * space can ask for fails once. It is told so, nothing has changed, and the next try
 * works. What leaks is found when the guest ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "patience.h"

#include "calls.h"
#include "fault.h"
#include "kernel.h"
#include "trace.h"

/* More than anything takes. */
#define FAULTS_MAX 20000
/* Caches have an object or not, so there may be one more where there was none left. */
#define MISSES 3

FIXTURE(fault) {
	struct trace t;		/* is started, and what is tried is tried on it */
	struct trace other;	/* what is tried may open one */
	struct svmtrace_config config;
	void *map;
	long memory;
};

/**
 * struct attempt - what is tried
 * @kinds:   of faults, FAULT_ bits
 * @made_up_for: the kernel has other ways when one fails
 * @prepare: before each attempt; or NULL
 * @try:     the attempt: 0 or a negative errno
 * @check:   0 if all is as it was before it; or NULL
 * @undo:    after one that has worked: 0 if it had an effect
 */
struct attempt {
	int kinds;
	bool made_up_for;
	int (*prepare)(struct _test_data_fault *self);
	int (*try)(struct _test_data_fault *self);
	int (*check)(struct _test_data_fault *self);
	int (*undo)(struct _test_data_fault *self);
};

FIXTURE_SETUP(fault)
{
	/* The harness would go on after a skip here; the tests skip themselves. */
	self->other.fd = -1;
	if (fault_possible())
		return;
	trace_config(&self->config);
	self->config.ring_size = 8192;
	self->config.groups = 0;
	/* Few instances: each is something that can fail. */
	ASSERT_EQ(0, kernel_unload());
	ASSERT_EQ(0, kernel_load("instances=64"));
	self->memory = kernel_ring_memory();
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
}

FIXTURE_TEARDOWN(fault)
{
	struct svmtrace_stats stats = {};

	if (!self->config.size)
		return;
	EXPECT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(1, stats.sessions);
	trace_end(&self->t);
	EXPECT_EQ(self->memory, kernel_ring_memory());
	EXPECT_EQ(0, kernel_unload());
	EXPECT_EQ(0, kernel_load(NULL));
}

/* The errors that may be told of a fault. */
static bool is_clean(int err)
{
	return err == -ENOMEM || err == -EFAULT;
}

static void fail_all(struct __test_metadata *_metadata, struct _test_data_fault *self,
		     const struct attempt *a)
{
	unsigned int n, faults = 0, failed = 0, misses = 0;
	bool hit;
	int err;

	if (fault_possible())
		SKIP(return, "%s", fault_possible());
	ASSERT_EQ(0, fault_kinds(a->kinds));
	for (n = 1; misses < MISSES && n <= FAULTS_MAX; n++) {
		if (a->prepare)
			ASSERT_EQ(0, a->prepare(self));
		fault_arm(n);
		err = a->try(self);
		hit = fault_disarm();
		faults += hit;
		misses = hit ? 0 : misses + 1;
		if (err) {
			EXPECT_TRUE(hit && is_clean(err)) {
				TH_LOG("fault %u: %s", n, strerror(-err));
			}
			failed++;
			if (a->check)
				ASSERT_EQ(0, a->check(self)) TH_LOG("fault %u", n);
			ASSERT_EQ(0, a->try(self)) TH_LOG("again after fault %u", n);
		}
		ASSERT_EQ(0, a->undo(self)) TH_LOG("fault %u", n);
	}
	TH_LOG("%u faults, %u of them told", faults, failed);
	EXPECT_LT(0, faults);
	EXPECT_TRUE(failed || a->made_up_for);
	EXPECT_EQ(MISSES, misses);
}

static int try_open(struct _test_data_fault *self)
{
	self->other.fd = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return self->other.fd < 0 ? -errno : 0;
}

static int close_other(struct _test_data_fault *self)
{
	return close(self->other.fd);
}

static int one_session(struct _test_data_fault *self)
{
	struct svmtrace_stats stats;

	return trace_stats(&self->t, &stats) || stats.sessions != 1;
}

TEST_F(fault, open)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES,
		.try = try_open, .check = one_session, .undo = close_other,
	});
}

static int try_config(struct _test_data_fault *self)
{
	return ioctl(self->other.fd, SVMTRACE_IOC_SET_CONFIG, &self->config) ? -errno : 0;
}

static bool has_ring_size(int fd, __u32 size)
{
	struct svmtrace_config config = { .size = sizeof(config) };

	return !ioctl(fd, SVMTRACE_IOC_GET_CONFIG, &config) && config.ring_size == size;
}

static int not_configured(struct _test_data_fault *self)
{
	return !has_ring_size(self->other.fd, 1 << 20);
}

static int close_configured(struct _test_data_fault *self)
{
	return !has_ring_size(self->other.fd, self->config.ring_size) || close_other(self);
}

TEST_F(fault, set_config)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES, .prepare = try_open,
		.try = try_config, .check = not_configured, .undo = close_configured,
	});
}

/* Filters: each attempt is to have all calls rejected. */
static int calls_seen(struct _test_data_fault *self)
{
	int n;

	trace_drop(&self->t);
	call_self();
	n = trace_read(&self->t);
	trace_drop(&self->t);
	return n;
}

static int still_seen(struct _test_data_fault *self)
{
	return calls_seen(self) != 1;
}

static int change_pids(struct _test_data_fault *self, __u32 op, __u32 pid)
{
	struct svmtrace_pids pids = {
		.size = sizeof(pids), .op = op, .set = SVMTRACE_PIDS_NOT_CALLER,
		.count = !!pid, .pids = pid ? (unsigned long)&pid : 0,
	};

	return ioctl(self->t.fd, SVMTRACE_IOC_PIDS, &pids) ? -errno : 0;
}

static int try_pids(struct _test_data_fault *self)
{
	return change_pids(self, SVMTRACE_PIDS_ADD, getpid());
}

static int remove_pids(struct _test_data_fault *self)
{
	return calls_seen(self) || change_pids(self, SVMTRACE_PIDS_CLEAR, 0);
}

TEST_F(fault, pids_add)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES,
		.try = try_pids, .check = still_seen, .undo = remove_pids,
	});
}

static int try_remove(struct _test_data_fault *self)
{
	return change_pids(self, SVMTRACE_PIDS_REMOVE, getpid());
}

TEST_F(fault, pids_remove)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES, .prepare = try_pids,
		.try = try_remove, .check = calls_seen, .undo = still_seen,
	});
}

static int change_cgroups(struct _test_data_fault *self, __u32 op, __u64 id)
{
	struct svmtrace_cgroups cgroups = {
		.size = sizeof(cgroups), .op = op, .set = SVMTRACE_CGROUPS_NOT_CALLER,
		.count = !!id, .ids = id ? (unsigned long)&id : 0,
	};

	return ioctl(self->t.fd, SVMTRACE_IOC_CGROUPS, &cgroups) ? -errno : 0;
}

static int try_cgroups(struct _test_data_fault *self)
{
	/* That of all. */
	return change_cgroups(self, SVMTRACE_PIDS_ADD, 1);
}

static int remove_cgroups(struct _test_data_fault *self)
{
	return calls_seen(self) || change_cgroups(self, SVMTRACE_PIDS_CLEAR, 0);
}

TEST_F(fault, cgroups)
{
	struct stat st;

	if (stat("/sys/fs/cgroup", &st) || st.st_ino != 1)
		SKIP(return, "no cgroups");
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES,
		.try = try_cgroups, .check = still_seen, .undo = remove_cgroups,
	});
}

static int try_program(struct _test_data_fault *self)
{
	struct sock_filter nothing[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return trace_program(&self->t, nothing, 2, 0);
}

static int remove_program(struct _test_data_fault *self)
{
	return calls_seen(self) || trace_program(&self->t, NULL, 0, 0);
}

TEST_F(fault, program)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES,
		.try = try_program, .check = still_seen, .undo = remove_program,
	});
}

static int new_session(struct _test_data_fault *self)
{
	return try_open(self) ?: try_config(self);
}

static int try_start(struct _test_data_fault *self)
{
	return ioctl(self->other.fd, SVMTRACE_IOC_START, 0) ? -errno : 0;
}

static int is_new(struct _test_data_fault *self)
{
	struct svmtrace_stats stats;

	return trace_stats(&self->other, &stats) || stats.state != SVMTRACE_STATE_NEW ||
	       stats.rings;
}

static int end_other(struct _test_data_fault *self)
{
	int seen;

	call_self();
	seen = trace_read(&self->other);
	trace_end(&self->other);
	return seen != 1;
}

TEST_F(fault, start)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES, .prepare = new_session,
		.try = try_start, .check = is_new, .undo = end_other,
	});
}

/*
 * The first one to start, with the probes. Where the kernel itself arms a probe it
 * complains when something fails, so only our kinds of memory do: the instances.
 */
TEST_F_TIMEOUT(fault, start_and_arm, 900)
{
	if (!fault_ours())
		SKIP(return, "the kernel was not started with slub_debug=A,kmalloc-2k,...");
	if (!fault_possible())
		ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_OURS, .prepare = new_session,
		.try = try_start, .check = is_new, .undo = end_other,
	});
}

static int try_mmap(struct _test_data_fault *self)
{
	/* Far from all else, so that there are no page tables yet. */
	void *const far = (void *)(1UL << 40);

	self->map = mmap(far, 2 * self->config.ring_size, PROT_READ, MAP_SHARED, self->t.fd,
			 8192);
	return self->map == MAP_FAILED ? -errno : 0;
}

/* Whoever was told that it is mapped finds all of it. */
static int unmap(struct _test_data_fault *self)
{
	const char *map = self->map;
	size_t at;

	for (at = 0; at < 2 * self->config.ring_size; at += 4096)
		(void)__atomic_load_n(map + at, __ATOMIC_RELAXED);
	return munmap(self->map, 2 * self->config.ring_size);
}

TEST_F(fault, mmap)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES,
		.try = try_mmap, .undo = unmap,
	});
}

static int line_to_read(struct _test_data_fault *self)
{
	struct svmtrace_config config = self->config;

	config.format = SVMTRACE_FORMAT_TEXT;
	if (trace_start(&self->other, &config))
		return 1;
	call_self();
	return 0;
}

static int try_read(struct _test_data_fault *self)
{
	char line[1024];
	ssize_t got = read(self->other.fd, line, sizeof(line));

	if (got < 0)
		return -errno;
	return got > 0 && line[got - 1] == '\n' ? 0 : -EBADMSG;
}

static int none_left(struct _test_data_fault *self)
{
	char line[1];
	bool none = read(self->other.fd, line, 1) < 0 && errno == EAGAIN;

	close(self->other.fd);
	return !none;
}

TEST_F(fault, read_text)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES, .made_up_for = true,
		.prepare = line_to_read, .try = try_read, .undo = none_left,
	});
}

/* Reads: number of records, or of lines, or a negative errno. */
static int read_records(int fd, __u32 format)
{
	char buf[8192];
	ssize_t got = read(fd, buf, sizeof(buf)), at = 0;
	struct record_view v;
	int n;

	if (got < 0)
		return -errno;
	for (n = 0; at < got; n++) {
		const char *end = memchr(buf + at, '\n', got - at);
		long size = format == SVMTRACE_FORMAT_TEXT ? end - (buf + at) + 1 :
							     record_view(&v, buf + at, got - at);

		if (size <= 0)
			return -EBADMSG;
		at += size;
	}
	return n;
}

/*
 * What cannot be copied is not read: it is there for the next time. Who got something
 * before that is told how much, and only else that the address is bad.
 */
TEST_F(fault, read_copies)
{
	struct svmtrace_config config = self->config;
	const int calls = 3;
	int i, n;

	if (fault_possible())
		SKIP(return, "%s", fault_possible());
	ASSERT_EQ(0, fault_kinds(0));
	for (n = 0; n < 2 * calls; n++) {
		const int before = n / 2;
		int got;

		config.format = n % 2;
		ASSERT_EQ(0, trace_start(&self->other, &config));
		/* The first read allocates memory: that can fail too, and is not meant. */
		call_self();
		ASSERT_EQ(1, read_records(self->other.fd, config.format));
		for (i = 0; i < calls; i++)
			call_self();
		fault_arm(before + 1);
		got = read_records(self->other.fd, config.format);
		EXPECT_TRUE(fault_disarm());
		EXPECT_EQ(before ? before : -EFAULT, got);
		EXPECT_EQ(calls - before, read_records(self->other.fd, config.format));
		EXPECT_EQ(-EAGAIN, read_records(self->other.fd, config.format));
		close(self->other.fd);
	}
}

static int try_stats(struct _test_data_fault *self)
{
	struct svmtrace_stats stats;
	struct svmtrace_info info = { .size = sizeof(info) };
	int err = trace_stats(&self->t, &stats);

	if (!err && ioctl(self->t.fd, SVMTRACE_IOC_GET_INFO, &info))
		err = -errno;
	return err;
}

static int nothing(struct _test_data_fault *self)
{
	(void)self;
	return 0;
}

TEST_F(fault, stats_and_info)
{
	fail_all(_metadata, self, &(struct attempt){
		.kinds = FAULT_SLAB | FAULT_PAGES, .try = try_stats, .undo = nothing,
	});
}

/* The traced call itself: whatever fails in it, there is one record, with its result. */
TEST_F(fault, traced_call)
{
	unsigned int n;
	bool hit = true;

	if (fault_possible())
		SKIP(return, "%s", fault_possible());
	ASSERT_EQ(0, fault_kinds(FAULT_SLAB | FAULT_PAGES));
	for (n = 1; hit && n <= FAULTS_MAX; n++) {
		const struct record_view *v;
		long ret;

		fault_arm(n);
		ret = call_self();
		hit = fault_disarm();
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(ret, v->call->ret);
		EXPECT_EQ(0, v->record->marks & SVMTRACE_MARK_CHANGED);
		if (!v->record->marks) {
			EXPECT_EQ(1, v->call->iovs);
			EXPECT_EQ(1, v->call->remote_iovs);
			EXPECT_EQ(CALL_BYTES, v->call->bytes);
		}
		trace_drop(&self->t);
	}
	EXPECT_LT(2, n);
	EXPECT_FALSE(hit);
}

TEST_HARNESS_MAIN
