// SPDX-License-Identifier: GPL-2.0
/*
 * Steps: what a thread of the device's fuzzer does.
 *
 * Where a ring may be mapped, nothing else ever is: so others can unmap it at any
 * time. Nobody looks there but by system calls, which fail instead. And nobody asks
 * for other memory meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "kselftest.h"

#include "calls.h"
#include "child.h"
#include "load.h"
#include "memory.h"
#include "random.h"
#include "request.h"
#include "steps.h"
#include "trace.h"

#define FILES 4
#define WINDOWS 4
#define WINDOW_SIZE (4UL << 20)
#define BUFFER_SIZE 65536

static struct {
	int file[FILES];	/* -1: none */
	char *window;		/* the first of them */
	int epoll;
	bool calls;
	struct {
		unsigned long made;
		unsigned long wrong;
	} *count;		/* also by children */
} shared;

/* The end of a thread's own memory; what comes after it is not there. */
static __thread char *edge;

static char *window(const struct step *step)
{
	return shared.window + step->where % WINDOWS * WINDOW_SIZE;
}

/* The number may be another file's by the time that it is used. */
static int file(const struct step *step)
{
	return __atomic_load_n(&shared.file[step->where % FILES], __ATOMIC_RELAXED);
}

static void replace_file(unsigned int where, int fd)
{
	int old = __atomic_exchange_n(&shared.file[where % FILES], fd, __ATOMIC_RELAXED);

	if (old >= 0)
		close(old);
}

static void do_open(const struct step *step, __u64 *random)
{
	int flags = random_below(random, 4) ? O_NONBLOCK : 0;
	int fd = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC | flags);

	if (fd >= 0 && random_below(random, 8))
		request_config(fd, random);
	/* Nobody else has it yet, and no other filter has anything against a call. */
	if (shared.calls && !random_below(random, 8)) {
		ioctl(fd, SVMTRACE_IOC_START, 0);
		request_replace(fd, 8);
	}
	replace_file(step->where, fd);
}

static void do_close(const struct step *step, __u64 *random)
{
	(void)random;
	replace_file(step->where, -1);
}

static void do_dup(const struct step *step, __u64 *random)
{
	replace_file(random_below(random, FILES), dup(file(step)));
}

static void do_request(const struct step *step, __u64 *random)
{
	request_good(file(step), random);
}

static void do_bad_request(const struct step *step, __u64 *random)
{
	request_bad(file(step), edge, random);
}

static size_t any_size(__u64 *random)
{
	static const size_t sizes[] = { 0, 1, 7, 24, 200, 4096, 4097, BUFFER_SIZE };

	return sizes[random_below(random, ARRAY_SIZE(sizes))];
}

/* Into memory, or none, or a part of what is not there, or the ring itself. */
static void do_read(const struct step *step, __u64 *random)
{
	static __thread char buf[BUFFER_SIZE];
	char *to = buf;

	switch (random_below(random, 12)) {
	case 0:
		to = NULL;
		break;
	case 1:
		to = edge - random_below(random, 512);
		break;
	case 2:
		to = window(step) + random_below(random, 4) * PAGE;
		break;
	}
	/* Every other file has its rings mapped rather. */
	if (step->where % 2 == 0 || !random_below(random, 16))
		read(file(step), to, any_size(random));
}

static void do_poll(const struct step *step, __u64 *random)
{
	struct pollfd pollfd = { .fd = file(step), .events = random_next(random) };

	poll(&pollfd, 1, random_below(random, 4) ? 0 : 1);
}

static void do_epoll(const struct step *step, __u64 *random)
{
	struct epoll_event event = {
		.events = random_below(random, 2) ? EPOLLIN : EPOLLIN | EPOLLET,
	};
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_DEL };

	epoll_ctl(shared.epoll, ops[random_below(random, ARRAY_SIZE(ops))], file(step), &event);
	epoll_wait(shared.epoll, &event, 1, 0);
}

/* A part that there is in each ring, or whatever. */
static void do_map(const struct step *step, __u64 *random)
{
	static const int prots[] = {
		PROT_READ, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
		PROT_WRITE, PROT_NONE, PROT_READ | PROT_EXEC,
	};
	struct svmtrace_info info = { .size = sizeof(info), .ring_stride = PAGE };
	__u64 offset, size;

	ioctl(file(step), SVMTRACE_IOC_GET_INFO, &info);
	offset = random_below(random, 3) * info.ring_stride;
	size = PAGE;
	switch (random_below(random, 6)) {
	case 0:
		size = info.ring_stride;
		break;
	case 1:
		offset += info.data_offset;
		size = 2ULL * info.ring_size;
		break;
	case 2:
		offset += PAGE;
		break;
	case 3:
		offset += random_below(random, 64) * PAGE;
		size = random_below(random, 64) * PAGE + random_below(random, 2);
		break;
	}
	if (size <= WINDOW_SIZE)
		mmap(window(step), size, prots[random_below(random, ARRAY_SIZE(prots))],
		     MAP_FIXED | (random_below(random, 16) ? MAP_SHARED : MAP_PRIVATE),
		     file(step), offset);
}

static void hide(char *at, size_t size)
{
	mmap(at, size, PROT_NONE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	     -1, 0);
}

static void do_unmap(const struct step *step, __u64 *random)
{
	if (random_below(random, 2))
		hide(window(step), WINDOW_SIZE);
	else
		hide(window(step) + random_below(random, 8) * PAGE,
		     (1 + random_below(random, 8)) * PAGE);
}

/* To another window, or to another size. For a moment nothing is where it was. */
static void do_remap(const struct step *step, __u64 *random)
{
	char *to = shared.window + random_below(random, WINDOWS) * WINDOW_SIZE;
	size_t size = random_below(random, 8) * PAGE;

	if (mremap(window(step), size, (1 + random_below(random, 8)) * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
		hide(to, WINDOW_SIZE);
	hide(window(step), WINDOW_SIZE);
}

static void do_protect(const struct step *step, __u64 *random)
{
	char *at = window(step) + random_below(random, 4) * PAGE;
	size_t size = (1 + random_below(random, 4)) * PAGE;

	if (random_below(random, 4))
		mprotect(at, size, random_below(random, 8));
	else
		madvise(at, size, random_below(random, 26));
}

/* Copies within the process, but fails where nothing is mapped. */
static void copy(void *to, const void *from, size_t size)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC))
		return;
	if (write(fds[1], from, size) > 0)
		read(fds[0], to, size);
	close(fds[0]);
	close(fds[1]);
}

/* The consumer's page: all is consumed, or nearly, or nonsense. */
static void do_scribble(const struct step *step, __u64 *random)
{
	__u64 position = random_next(random);

	switch (random_below(random, 4)) {
	case 0:
		copy(&position, window(step) + PAGE, sizeof(position));
		break;
	case 1:
		copy(&position, window(step) + PAGE, sizeof(position));
		position += random_below(random, 4096) - 2048;
		break;
	case 2:
		position = random_below(random, 4096);
		break;
	}
	copy(window(step) + random_below(random, 8) / 7 * random_below(random, 8192),
	     &position, sizeof(position));
}

static bool maps(int fd, const struct step *step, __u64 offset, __u64 size)
{
	return mmap(window(step), size, PROT_READ, MAP_FIXED | MAP_SHARED, fd, offset) !=
	       MAP_FAILED;
}

/* Once there are rings, they are of the size that the settings say. */
static void do_check(const struct step *step, __u64 *random)
{
	struct svmtrace_stats stats = { .size = sizeof(stats) };
	struct svmtrace_info info = { .size = sizeof(info) };
	int fd = dup(file(step));
	__u64 offset;

	/* Every other file has them mapped. */
	if (step->where % 2 && !ioctl(fd, SVMTRACE_IOC_GET_STATS, &stats) && stats.rings &&
	    !ioctl(fd, SVMTRACE_IOC_GET_INFO, &info) && info.ring_stride < WINDOW_SIZE) {
		offset = random_below(random, 2) * info.ring_stride;
		if ((!maps(fd, step, offset, info.ring_stride) && errno == EINVAL) ||
		    maps(fd, step, offset, info.ring_stride + PAGE)) {
			fprintf(stderr, "# a ring is not of %u bytes\n", info.ring_size);
			__atomic_fetch_add(&shared.count->wrong, 1, __ATOMIC_RELAXED);
		}
	}
	close(fd);
}

/* From and to memory, or rings that may be mapped; nobody else's memory. */
static long any_call(const struct step *step, __u64 *random)
{
	static const unsigned long counts[] = { 0, 1, 1, 2, 8, 17, 1024, 1025, ~0UL };
	const pid_t pids[] = { getpid(), getpid(), gettid(), 2, -1, 0 };
	static __thread struct iovec from[1024], to[1024];
	static char data[2][64];
	long got;
	int fds[2];

	from[0] = (struct iovec){ random_below(random, 4) ? data[0] : window(step), 8 };
	from[1] = (struct iovec){ window(step) + PAGE, random_below(random, 65536) };
	to[0] = (struct iovec){ random_below(random, 4) ? data[1] : window(step), 8 };
	if (random_below(random, 2))
		return do_writev(pids[random_below(random, ARRAY_SIZE(pids))],
				 from, counts[random_below(random, ARRAY_SIZE(counts))],
				 to, counts[random_below(random, ARRAY_SIZE(counts))],
				 random_below(random, 16) / 15);
	if (pipe2(fds, O_CLOEXEC))
		return 0;
	got = do_vmsplice(fds[random_below(random, 4) > 0],
			  from, counts[random_below(random, ARRAY_SIZE(counts))],
			  random_below(random, 16));
	close(fds[0]);
	close(fds[1]);
	return got;
}

static void do_call(const struct step *step, __u64 *random)
{
	if (!shared.calls)
		return;
	any_call(step, random);
	__atomic_fetch_add(&shared.count->made, 1, __ATOMIC_RELAXED);
}

static void do_hop(const struct step *step, __u64 *random)
{
	(void)step;
	load_pin(random_below(random, 8));
}

static void do_look(const struct step *step, __u64 *random)
{
	char path[64], text[1024];
	int fd;

	(void)random;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file(step));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		read(fd, text, sizeof(text));
		close(fd);
	}
}

static void do_block(const struct step *step, __u64 *random)
{
	fcntl(file(step), F_SETFL, random_below(random, 4) ? O_NONBLOCK : 0);
}

/* In a child, which has the files, and not the mappings. Something wakes it up. */
static int few_steps(void *arg)
{
	const struct itimerval soon = { { 0, 10000 }, { 0, 10000 } };
	__u64 random = *(__u64 *)arg | 1;
	unsigned int i = random_below(&random, 6);
	struct step step;

	/* It may be killed before it has counted them. */
	shared.calls = false;
	setitimer(ITIMER_REAL, &soon, NULL);
	for (; i; i--) {
		step_make(&step, &random);
		step_do(&step);
	}
	return 0;
}

static void do_fork(const struct step *step, __u64 *random)
{
	pid_t pid;

	(void)step;
	if (random_below(random, 4))
		return;
	pid = child_start(0, few_steps, random);
	if (pid < 0)
		return;
	if (!random_below(random, 4))
		kill(pid, SIGKILL);
	while (child_wait(pid) == -EINTR)
		;
}

static void (*const all[])(const struct step *step, __u64 *random) = {
	do_open, do_open, do_close, do_dup, do_fork, do_block, do_hop, do_look,
	do_request, do_request, do_request, do_request, do_request, do_request,
	do_bad_request, do_bad_request, do_bad_request,
	do_read, do_read, do_read, do_poll, do_epoll,
	do_map, do_map, do_map, do_unmap, do_remap, do_protect, do_check, do_check, do_check,
	do_scribble, do_scribble, do_call, do_call, do_call,
};

void step_make(struct step *step, __u64 *random)
{
	step->what = random_below(random, ARRAY_SIZE(all));
	step->where = random_next(random) >> 32;
	step->random = random_next(random) | 1;
}

void step_do(const struct step *step)
{
	__u64 random = step->random;

	all[step->what](step, &random);
}

void steps_open(bool calls)
{
	unsigned int i;

	/* What the heap has no room for must not come where a ring was. */
	mallopt(M_MMAP_MAX, 0);
	shared.calls = calls;
	shared.count = child_shared(sizeof(*shared.count));
	shared.epoll = epoll_create1(EPOLL_CLOEXEC);
	shared.window = memory_map(WINDOWS * WINDOW_SIZE, PROT_NONE);
	if (shared.window == MAP_FAILED)
		abort();
	for (i = 0; i < FILES; i++)
		shared.file[i] = -1;
}

void steps_thread(void)
{
	edge = (char *)memory_map(2 * PAGE, PROT_READ | PROT_WRITE) + PAGE;
	mprotect(edge, PAGE, PROT_NONE);
}

unsigned long steps_wrong(void)
{
	return shared.count->wrong;
}

unsigned long steps_close(void)
{
	unsigned long made = shared.count->made;
	unsigned int i;

	for (i = 0; i < FILES; i++)
		replace_file(i, -1);
	close(shared.epoll);
	munmap(shared.window, WINDOWS * WINDOW_SIZE);
	munmap(shared.count, sizeof(*shared.count));
	return made;
}
