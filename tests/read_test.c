// SPDX-License-Identifier: GPL-2.0
/*
 * read() and those that wait for it: every record once, whole, in order, and
 * nobody sleeps while there is something to read.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "load.h"

/*
 * Waiting has no timeout but the test's: at its end poll() would look again, and
 * find what it was not woken up for.
 */
#define FOR_EVER (-1)

/* To an address that may be bad, which the compiler would find out. */
static int read_error(int fd, unsigned long address, size_t size)
{
	return syscall(SYS_read, fd, address, size) < 0 ? errno : 0;
}

FIXTURE(text) {
	int fd;
};

static int open_text(int flags)
{
	return open(TRACE_DEVICE, O_RDONLY | O_CLOEXEC | flags);
}

FIXTURE_SETUP(text)
{
	self->fd = open_text(O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, SVMTRACE_IOC_START, 0));
}

FIXTURE_TEARDOWN(text)
{
	close(self->fd);
}

/* Time in ns of a line such as "73.015622190 [001] ...", 0 if there is none. */
static unsigned long long line_time(const char *line)
{
	unsigned long long s, ns;
	char dot;

	if (sscanf(line, "%llu%c%9llu [", &s, &dot, &ns) != 3 || dot != '.')
		return 0;
	return s * 1000000000 + ns;
}

TEST_F(text, a_line_per_call)
{
	char line[4096], name[64];
	ssize_t len;

	call_self();
	len = read(self->fd, line, sizeof(line) - 1);
	ASSERT_LT(0, len);
	line[len] = 0;
	EXPECT_EQ('\n', line[len - 1]);
	EXPECT_EQ(line + len - 1, strchr(line, '\n'));
	EXPECT_LT(0, line_time(line));
	snprintf(name, sizeof(name), "read_test/%d", getpid());
	EXPECT_NE(NULL, strstr(line, name));
	EXPECT_NE(NULL, strstr(line, "process_vm_writev("));
	EXPECT_EQ(-1, read(self->fd, line, sizeof(line)));
	EXPECT_EQ(EAGAIN, errno);
}

/* From all CPUs, while they write: no time is before the one above. */
TEST_F(text, in_order_over_all_cpus)
{
	unsigned long long time, last = 0;
	unsigned long lines = 0, lost = 0, before;
	struct svmtrace_stats stats = { .size = sizeof(stats) };
	struct load *load;
	char line[8192];
	FILE *file;
	bool made;

	load = load_start(4, 1500, 0);
	file = fdopen(dup(self->fd), "r");
	ASSERT_NE(NULL, file);
	do {
		/* Before reading: what is made afterwards may be read, or not yet. */
		made = load_made(load) == 6000;
		before = lines;
		while (fgets(line, sizeof(line), file)) {
			time = line_time(line);
			ASSERT_LT(0, time);
			EXPECT_LE(last, time);
			last = time;
			ASSERT_EQ('\n', line[strlen(line) - 1]);
			lines++;
			lost += strstr(line, "vmsplice(") || strstr(line, "writev(") ? 0 : 1;
		}
		clearerr(file);
	} while (!made || lines != before);
	load_end(load);
	ASSERT_EQ(0, ioctl(self->fd, SVMTRACE_IOC_GET_STATS, &stats));
	EXPECT_EQ(6000, stats.entered);
	EXPECT_EQ(stats.delivered, lines - lost);
	EXPECT_EQ(0, ledger_balance(&stats));
	fclose(file);
}

/* All that can be read now, in pieces of at most @size bytes. */
static size_t read_pieces(int fd, char *to, size_t room, size_t size)
{
	size_t done = 0;
	ssize_t got;

	while (done + size <= room) {
		got = read(fd, to + done, size);
		if (got <= 0)
			break;
		done += got;
	}
	return done;
}

static unsigned int count_lines(const char *text, size_t len)
{
	unsigned int lines = 0;

	while (len--)
		lines += *text++ == '\n';
	return lines;
}

/* However small the pieces, put together they are all lines, whole. */
TEST_F(text, small_buffers)
{
	const size_t sizes[] = { 1, 2, 7, 63, 64, 100, 255, 4095 };
	const size_t room = 1 << 18;
	char *text = malloc(room), *line, *end;
	unsigned int i, n;
	size_t len;

	ASSERT_NE(NULL, text);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (n = 0; n < 40; n++) {
			call_self();
			do_vmsplice(-1, NULL, n, 0);
		}
		len = read_pieces(self->fd, text, room - 1, sizes[i]);
		ASSERT_LT(0, len);
		text[len] = 0;
		EXPECT_EQ(80, count_lines(text, len));
		EXPECT_EQ('\n', text[len - 1]);
		for (line = text; *line; line = end + 1) {
			end = strchr(line, '\n');
			ASSERT_NE(NULL, end);
			ASSERT_LT(0, line_time(line));
			*end = 0;
			ASSERT_NE(NULL, strstr(line, ") = "));
		}
	}
	free(text);
}

/* What fits comes in whole lines, and only a longer one is continued. */
TEST_F(text, whole_lines_if_they_fit)
{
	char text[4096];
	ssize_t one, len;
	unsigned int i;

	call_self();
	one = read(self->fd, text, sizeof(text));
	ASSERT_LT(0, one);
	for (i = 0; i < 20; i++)
		call_self();
	for (i = 0; i < 20;) {
		len = read(self->fd, text, 2 * one + one / 2);
		ASSERT_LT(0, len);
		EXPECT_EQ('\n', text[len - 1]);
		for (; len; len--)
			i += text[len - 1] == '\n';
	}
	EXPECT_EQ(20, i);

	call_self();
	EXPECT_EQ(10, read(self->fd, text, 10));
	call_self();
	/* The rest of the first, then the whole second or nothing of it. */
	len = read(self->fd, text, sizeof(text));
	ASSERT_LT(one - 30, len);
	EXPECT_EQ('\n', text[len - 1]);
}

TEST_F(text, bad_buffer_loses_nothing)
{
	long page = sysconf(_SC_PAGESIZE);
	char *mem = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t len;
	unsigned int i;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, munmap(mem + page, page));
	call_self();
	EXPECT_EQ(EFAULT, read_error(self->fd, 0, 4096));
	EXPECT_EQ(EFAULT, read_error(self->fd, -4096UL, 100));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(EFAULT, read_error(self->fd, (unsigned long)mem + page - i, 4096));
	EXPECT_EQ(0, read_error(self->fd, 0, 0));
	len = read(self->fd, mem, page);
	ASSERT_LT(0, len);
	EXPECT_LT(0, line_time(mem));
	EXPECT_EQ('\n', mem[len - 1]);
}

/* "cat /dev/svmtrace" */
TEST(first_read_starts)
{
	int fd = open_text(O_NONBLOCK);
	char line[4096];

	ASSERT_LE(0, fd);
	call_self();
	EXPECT_EQ(-1, read(fd, line, sizeof(line)));
	EXPECT_EQ(EAGAIN, errno);
	call_self();
	EXPECT_LT(0, read(fd, line, sizeof(line)));
	EXPECT_EQ(-1, read(fd, line, sizeof(line)));
	close(fd);
}

TEST(first_poll_starts)
{
	struct pollfd pollfd = { .fd = open_text(O_NONBLOCK), .events = POLLIN };
	struct svmtrace_stats stats = { .size = sizeof(stats) };

	ASSERT_LE(0, pollfd.fd);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, ioctl(pollfd.fd, SVMTRACE_IOC_GET_STATS, &stats));
	EXPECT_EQ(SVMTRACE_STATE_STARTED, stats.state);
	call_self();
	EXPECT_EQ(1, poll(&pollfd, 1, FOR_EVER));
	EXPECT_EQ(POLLIN, pollfd.revents);
	close(pollfd.fd);
}

FIXTURE(binary) {
	struct trace t;
	struct svmtrace_config config;
};

FIXTURE_SETUP(binary)
{
	trace_config(&self->config);
	/* A lone record waits for the flush. */
	self->config.watermark = self->config.ring_size;
	self->config.flush_ms = 20;
	ASSERT_EQ(0, trace_start(&self->t, &self->config));
}

FIXTURE_TEARDOWN(binary)
{
	/* Reads until there is no more. */
	fcntl(self->t.fd, F_SETFL, O_NONBLOCK);
	trace_end(&self->t);
}

static void set_blocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

TEST_F(binary, whole_records)
{
	char buf[8192];
	struct record_view v;
	ssize_t size, i;

	call_self();
	call_self();
	for (i = 1; i < (ssize_t)sizeof(struct svmtrace_record) + 64; i++) {
		EXPECT_EQ(-1, read(self->t.fd, buf, i));
		EXPECT_EQ(EMSGSIZE, errno);
	}
	size = read(self->t.fd, buf, 4096);
	ASSERT_LT(0, size);
	size = record_view(&v, buf, size);
	ASSERT_LT(0, size);

	/* One fits, or two, and never one and a half. */
	call_self();
	call_self();
	EXPECT_EQ(-1, read(self->t.fd, buf, size - 8));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(size, read(self->t.fd, buf, 2 * size - 8));
	EXPECT_EQ(size, record_view(&v, buf, size));
	EXPECT_EQ(size, read(self->t.fd, buf, size));
	EXPECT_EQ(size, record_view(&v, buf, size));
	EXPECT_EQ(-1, read(self->t.fd, buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(binary, bad_buffer_loses_nothing)
{
	call_self();
	EXPECT_EQ(EFAULT, read_error(self->t.fd, 8, 65536));
	EXPECT_EQ(1, trace_read(&self->t));
}

/* Makes a call as soon as @arg, a process, sleeps. */
static int call_when_asleep(void *arg)
{
	pid_t pid = *(pid_t *)arg;

	if (child_asleep(pid))
		return 1;
	return call_self() < 0;
}

#define WHEN_ASLEEP() ({						\
	pid_t parent_ = getpid();					\
									\
	child_start(0, call_when_asleep, &parent_);			\
})

TEST_F(binary, lone_record_wakes_read)
{
	char buf[8192];
	pid_t child;
	int i;

	set_blocking(self->t.fd);
	for (i = 0; i < 3; i++) {
		child = WHEN_ASLEEP();
		ASSERT_LT(0, child);
		EXPECT_LT(0, read(self->t.fd, buf, sizeof(buf)));
		EXPECT_EQ(0, child_wait(child));
	}
}

TEST_F(binary, lone_record_wakes_poll_and_select)
{
	struct pollfd pollfd = { .fd = self->t.fd, .events = POLLIN };
	pid_t child = WHEN_ASLEEP();
	fd_set set;

	ASSERT_LT(0, child);
	EXPECT_EQ(1, poll(&pollfd, 1, FOR_EVER));
	EXPECT_EQ(POLLIN, pollfd.revents & (POLLIN | POLLHUP | POLLERR));
	EXPECT_EQ(1, trace_read(&self->t));
	EXPECT_EQ(0, child_wait(child));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));

	child = WHEN_ASLEEP();
	FD_ZERO(&set);
	FD_SET(self->t.fd, &set);
	EXPECT_EQ(1, select(self->t.fd + 1, &set, NULL, NULL, NULL));
	EXPECT_TRUE(FD_ISSET(self->t.fd, &set));
	EXPECT_EQ(1, trace_read(&self->t));
	EXPECT_EQ(0, child_wait(child));
}

FIXTURE(epoll) {
	struct trace t;
	int epfd;
};

FIXTURE_VARIANT(epoll) {
	unsigned int events;
};

FIXTURE_VARIANT_ADD(epoll, level) {
	.events = EPOLLIN,
};

FIXTURE_VARIANT_ADD(epoll, edge) {
	.events = EPOLLIN | EPOLLET,
};

FIXTURE_SETUP(epoll)
{
	struct epoll_event event = { .events = variant->events };

	ASSERT_EQ(0, trace_start(&self->t, NULL));
	self->epfd = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->epfd);
	ASSERT_EQ(0, epoll_ctl(self->epfd, EPOLL_CTL_ADD, self->t.fd, &event));
}

FIXTURE_TEARDOWN(epoll)
{
	close(self->epfd);
	trace_end(&self->t);
}

TEST_F(epoll, wakes_each_time)
{
	struct epoll_event event;
	pid_t child;
	int i;

	for (i = 0; i < 5; i++) {
		child = WHEN_ASLEEP();
		ASSERT_LT(0, child);
		ASSERT_EQ(1, epoll_wait(self->epfd, &event, 1, FOR_EVER));
		EXPECT_EQ(EPOLLIN, event.events & (EPOLLIN | EPOLLHUP | EPOLLERR));
		/* It says so again as long as it is there, or only once. */
		EXPECT_EQ(!(variant->events & EPOLLET), epoll_wait(self->epfd, &event, 1, 0));
		EXPECT_EQ(1, trace_read(&self->t));
		EXPECT_EQ(0, child_wait(child));
		/* What has been read is no news, however often somebody was woken up. */
		EXPECT_EQ(0, epoll_wait(self->epfd, &event, 1, 0));
	}
}

/* Under load, whoever reads all and then waits never waits in vain. */
TEST_F(epoll, loses_no_wake_up)
{
	struct svmtrace_stats stats;
	struct epoll_event event;
	struct ledger ledger = {};
	struct load *load = load_start(2, 4000, 0);

	while (ledger.calls + ledger.lost < 8000) {
		ASSERT_EQ(1, epoll_wait(self->epfd, &event, 1, FOR_EVER));
		ASSERT_EQ(NULL, ledger_take(&ledger, &self->t));
	}
	load_end(load);
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(8000, stats.entered);
}

/* The same for those who block in read(), with a call now and then only. */
static void *call_slowly(void *arg)
{
	unsigned int i;

	for (i = 0; i < *(unsigned int *)arg; i++) {
		call_self();
		usleep(i % 8 * 100);
	}
	return NULL;
}

TEST_F(binary, blocking_read_loses_no_wake_up)
{
	unsigned int calls = 2000, got = 0;
	struct record_view v;
	char buf[65536];
	pthread_t thread;
	ssize_t size, done, one;

	set_blocking(self->t.fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_slowly, &calls));
	while (got < calls) {
		size = read(self->t.fd, buf, sizeof(buf));
		ASSERT_LT(0, size);
		for (done = 0; done < size; done += one) {
			one = record_view(&v, buf + done, size - done);
			ASSERT_LT(0, one);
			got++;
		}
	}
	EXPECT_EQ(calls, got);
	pthread_join(thread, NULL);
}

TEST_F(binary, stop_drains_then_ends)
{
	struct pollfd pollfd = { .fd = self->t.fd, .events = POLLIN };
	char buf[8192];
	ssize_t size;

	set_blocking(self->t.fd);
	call_self();
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	call_self();
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, pollfd.revents & POLLHUP);
	size = read(self->t.fd, buf, sizeof(buf));
	EXPECT_LT(0, size);
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLHUP, pollfd.revents & POLLHUP);
	EXPECT_EQ(0, read(self->t.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, read(self->t.fd, buf, sizeof(buf)));

	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_START, 0));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	call_self();
	EXPECT_EQ(size, read(self->t.fd, buf, sizeof(buf)));
}

static int stop_when_asleep(void *arg)
{
	int *what = arg;

	if (child_asleep(what[0]))
		return 1;
	return ioctl(what[1], SVMTRACE_IOC_STOP, 0) != 0;
}

TEST_F(binary, stop_ends_a_blocked_read)
{
	int what[] = { getpid(), self->t.fd };
	char buf[8192];
	pid_t child;

	set_blocking(self->t.fd);
	child = child_start(0, stop_when_asleep, what);
	ASSERT_LT(0, child);
	EXPECT_EQ(0, read(self->t.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, child_wait(child));
}

static void on_signal(int nr)
{
	(void)nr;
}

static int signal_when_asleep(void *arg)
{
	pid_t pid = *(pid_t *)arg;

	return child_asleep(pid) || kill(pid, SIGUSR1);
}

TEST_F(binary, signal_ends_a_blocked_read)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct pollfd pollfd = { .fd = self->t.fd, .events = POLLIN };
	pid_t parent = getpid(), child;
	char buf[8192];

	set_blocking(self->t.fd);
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	child = child_start(0, signal_when_asleep, &parent);
	ASSERT_LT(0, child);
	EXPECT_EQ(-1, read(self->t.fd, buf, sizeof(buf)));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(0, child_wait(child));
	child = child_start(0, signal_when_asleep, &parent);
	EXPECT_EQ(-1, poll(&pollfd, 1, FOR_EVER));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(0, child_wait(child));
	call_self();
	EXPECT_LT(0, read(self->t.fd, buf, sizeof(buf)));
}

/* However much there is to be read: it is not read to the end, and nothing is lost. */
TEST_F(binary, signal_ends_a_long_read)
{
	const struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = {};
	struct sigaction action = { .sa_handler = on_signal };
	const size_t size = self->config.ring_size;
	ssize_t total = 0, got, first;
	struct svmtrace_stats stats;
	char *buf = malloc(size);
	unsigned int i;

	ASSERT_NE(NULL, buf);
	memset(buf, 0, size);
	load_pin(0);
	for (i = 0; i < size / 512; i++)
		call_self();
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	first = read(self->t.fd, buf, size);
	setitimer(ITIMER_REAL, &never, NULL);
	for (got = first; got > 0; got = read(self->t.fd, buf, size))
		total += got;
	EXPECT_LT(0, first);
	EXPECT_LT(first, total);
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(i, stats.delivered);
	EXPECT_EQ(0, total % i);
	free(buf);
}

static int block_in_read(void *arg)
{
	char buf[8192];

	return read(*(int *)arg, buf, sizeof(buf)) <= 0;
}

static int block_in_poll(void *arg)
{
	struct pollfd pollfd = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&pollfd, 1, -1) != 1;
}

/* Readers that are killed take nothing with them. */
TEST_F(binary, killed_readers)
{
	int (*const readers[])(void *) = { block_in_read, block_in_poll };
	unsigned int i, round;
	pid_t child;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(readers); i++) {
			set_blocking(self->t.fd);
			child = child_start(0, readers[i], &self->t.fd);
			ASSERT_LT(0, child);
			ASSERT_EQ(0, child_asleep(child));
			child_kill(child);
			call_self();
			fcntl(self->t.fd, F_SETFL, O_NONBLOCK);
			EXPECT_EQ(1, trace_read(&self->t));
		}
	}
}

/* A child, and a duplicate, share the session: what one reads is read. */
TEST_F(binary, fork_and_dup_share)
{
	struct trace copy = { .fd = dup(self->t.fd) };

	ASSERT_LE(0, copy.fd);
	call_self();
	EXPECT_EQ(0, child_run(0, block_in_read, &self->t.fd));
	EXPECT_EQ(0, trace_read(&self->t));
	call_self();
	EXPECT_EQ(1, trace_read(&copy));
	EXPECT_EQ(0, trace_read(&self->t));
	trace_end(&copy);
	call_self();
	EXPECT_EQ(1, trace_read(&self->t));
}

/* Two threads read: together they get every record once. */
struct share {
	struct trace t;
	bool *stop;
};

static void *read_share(void *arg)
{
	struct share *share = arg;

	while (!__atomic_load_n(share->stop, __ATOMIC_ACQUIRE))
		trace_wait(&share->t, share->t.n + 1, 50);
	trace_read(&share->t);
	return NULL;
}

static int by_cpu_and_seq(const void *a, const void *b)
{
	const struct svmtrace_record *x = *(const struct svmtrace_record *const *)a;
	const struct svmtrace_record *y = *(const struct svmtrace_record *const *)b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

TEST_F(binary, two_threads_read)
{
	struct share shares[2] = {};
	const struct svmtrace_record **all;
	struct svmtrace_stats stats;
	pthread_t threads[2];
	bool stop = false;
	size_t n = 0, i, j;

	for (i = 0; i < 2; i++) {
		shares[i].t.fd = self->t.fd;
		shares[i].stop = &stop;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, read_share, &shares[i]));
	}
	load_run(2, 1500);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	all = calloc(shares[0].t.n + shares[1].t.n, sizeof(*all));
	ASSERT_NE(NULL, all);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < shares[i].t.n; j++)
			all[n++] = shares[i].t.records[j].record;
	}
	qsort(all, n, sizeof(*all), by_cpu_and_seq);
	for (i = 1; i < n; i++)
		EXPECT_EQ(1, all[i]->cpu != all[i - 1]->cpu || all[i]->seq > all[i - 1]->seq);
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(3000, stats.entered);
	EXPECT_LE(stats.delivered, n);
	if (!ledger_lost(&stats))
		EXPECT_EQ(3000, n);
}

TEST_HARNESS_MAIN
