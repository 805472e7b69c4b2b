// SPDX-License-Identifier: GPL-2.0
/* Crowd: many threads that block in vmsplice() on a full pipe. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "calls.h"
#include "child.h"
#include "crowd.h"
#include "int80.h"

/* As little as every architecture allows. */
#define STACK (128 << 10)

static void *block_int80(void *arg)
{
	struct crowd *crowd = arg;
	struct iovec32 *iov = crowd->page;

	int80(IA32_VMSPLICE, crowd->fds[1], (long)iov, 1, 0, 0);
	return NULL;
}

static void *block(void *arg)
{
	struct crowd *crowd = arg;
	struct iovec iov = { crowd->page, CROWD_BYTES };

	do_vmsplice(crowd->fds[1], &iov, 1, 0);
	return NULL;
}

struct order {
	struct crowd *crowd;
	uid_t uid;
};

/* It must not hold the session that it is to be seen by. */
static void close_others(const struct crowd *crowd)
{
	int fd;

	for (fd = 3; fd < 256; fd++) {
		if (fd != crowd->fds[0] && fd != crowd->fds[1])
			close(fd);
	}
}

static int be_crowd(void *arg)
{
	struct order *order = arg;
	void *(*fn)(void *arg) = order->crowd->int80 ? block_int80 : block;
	const struct rlimit limit = { 30000, 30000 };
	pthread_attr_t attr;
	pthread_t thread;
	unsigned int i;

	close_others(order->crowd);
	setrlimit(RLIMIT_NPROC, &limit);
	if (setgid(order->uid) || setuid(order->uid))
		return 1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (i = 0; i < order->crowd->size; i++) {
		errno = pthread_create(&thread, &attr, fn, order->crowd);
		if (errno) {
			perror("pthread_create");
			return 1;
		}
	}
	for (;;)
		pause();
}

int crowd_start(struct crowd *crowd, unsigned int size, uid_t uid)
{
	struct order order = { crowd, uid };

	crowd->size = size;
	crowd->page = mmap(NULL, CROWD_BYTES, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (crowd->page == MAP_FAILED || full_pipe(crowd->fds))
		return -errno;
	/* In the page itself, for those who need it. */
	*(struct iovec32 *)crowd->page = (struct iovec32){ (__u32)(long)crowd->page,
							    CROWD_BYTES };
	crowd->pid = child_start(0, be_crowd, &order);
	return crowd->pid < 0 ? crowd->pid : 0;
}

int crowd_wait(struct trace *t, unsigned long long entered)
{
	struct svmtrace_stats stats;
	int tries;

	for (tries = 0; tries < 25000; tries++) {
		if (!trace_stats(t, &stats) && stats.entered >= entered)
			return 0;
		usleep(10000);
	}
	return -ETIMEDOUT;
}

void crowd_end(struct crowd *crowd)
{
	if (!crowd->pid)
		return;
	child_kill(crowd->pid);
	crowd->pid = 0;
	close(crowd->fds[0]);
	close(crowd->fds[1]);
	munmap(crowd->page, CROWD_BYTES);
}
