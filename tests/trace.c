// SPDX-License-Identifier: GPL-2.0
/* Trace: a session of a test, and the records that it delivered. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

/* Any record fits: four arrays, two previews and the fixed parts. */
#define BUFFER_SIZE (256 * 1024)

void trace_config(struct svmtrace_config *config)
{
	*config = (struct svmtrace_config){
		.size = sizeof(*config),
		.format = SVMTRACE_FORMAT_BINARY,
		.syscalls = SVMTRACE_SYSCALLS_ALL,
		.groups = SVMTRACE_GROUPS_ALL,
		.ring_size = 1024 * 1024,
		.iovs_max = 16,
	};
}

int trace_start(struct trace *t, const struct svmtrace_config *config)
{
	struct svmtrace_config usual;
	int err;

	if (!config) {
		trace_config(&usual);
		config = &usual;
	}
	*t = (struct trace){ .fd = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK) };
	if (t->fd < 0)
		return -errno;
	if (ioctl(t->fd, SVMTRACE_IOC_SET_CONFIG, config) ||
	    ioctl(t->fd, SVMTRACE_IOC_START, 0)) {
		err = -errno;
		close(t->fd);
		t->fd = -1;
		return err;
	}
	return 0;
}

/* Keeps a copy of the record at @data; returns its size or a negative errno. */
static long keep(struct trace *t, const char *data, size_t left)
{
	struct record_view *records, v;
	void *copy;
	long size;

	size = record_view(&v, data, left);
	if (size <= 0)
		return -EBADMSG;
	records = realloc(t->records, (t->n + 1) * sizeof(*records));
	if (!records)
		return -ENOMEM;
	t->records = records;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	record_view(&records[t->n++], copy, size);
	return size;
}

int trace_read(struct trace *t)
{
	char *buf = malloc(BUFFER_SIZE);
	size_t before = t->n;
	long err = 0;

	if (!buf)
		return -ENOMEM;
	while (!err) {
		ssize_t done = 0, got = read(t->fd, buf, BUFFER_SIZE);

		if (got <= 0) {
			err = got < 0 && errno != EAGAIN ? -errno : 0;
			break;
		}
		while (done < got && !err) {
			long size = keep(t, buf + done, got - done);

			if (size < 0)
				err = size;
			else
				done += size;
		}
	}
	free(buf);
	return err ? err : (long)(t->n - before);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int trace_wait(struct trace *t, size_t n, int timeout_ms)
{
	struct pollfd pollfd = { .fd = t->fd, .events = POLLIN };
	long end = now_ms() + timeout_ms;

	for (;;) {
		long left = end - now_ms();
		int err = trace_read(t);

		if (err < 0)
			return err;
		if (t->n >= n)
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		poll(&pollfd, 1, left);
	}
}

const struct record_view *trace_one(struct trace *t)
{
	const struct record_view *v;
	int got = trace_read(t);

	if (got < 0) {
		printf("# read: %s\n", strerror(-got));
		return NULL;
	}
	if (t->n != t->seen + 1) {
		printf("# %zu new records instead of one\n", t->n - t->seen);
		return NULL;
	}
	v = &t->records[t->seen++];
	if (!v->call) {
		printf("# a record of kind %u instead of a call\n", v->record->kind);
		return NULL;
	}
	return v;
}

void trace_drop(struct trace *t)
{
	trace_read(t);
	while (t->n)
		free((void *)t->records[--t->n].record);
	t->seen = 0;
}

int trace_stats(struct trace *t, struct svmtrace_stats *stats)
{
	*stats = (struct svmtrace_stats){ .size = sizeof(*stats) };
	return ioctl(t->fd, SVMTRACE_IOC_GET_STATS, stats) ? -errno : 0;
}

int trace_program(struct trace *t, const struct sock_filter *insns, __u32 len, __u32 flags)
{
	struct svmtrace_program program = {
		.size = sizeof(program), .len = len, .flags = flags,
		.insns = (unsigned long)insns,
	};

	return ioctl(t->fd, SVMTRACE_IOC_PROGRAM, &program) ? -errno : 0;
}

void trace_end(struct trace *t)
{
	trace_drop(t);
	free(t->records);
	close(t->fd);
	*t = (struct trace){ .fd = -1 };
}
