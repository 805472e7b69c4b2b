// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that are measured, bare: whatever a call needs besides (a full or an
 * empty pipe, memory that is there) is made between the batches.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../calls.h"
#include "modes.h"

/* More than any flag that the calls know: refused before anything else is done. */
#define BAD_WRITEV_FLAGS 1
#define BAD_VMSPLICE_FLAGS 0x1000

#define PAGE_SIZE 4096
/* That a pipe has by itself. */
#define PIPE_BUFFERS 16

static struct iovec local[UIO_MAXIOV], remote[UIO_MAXIOV];
static size_t count = 1, length = 64;
static int pipe_fds[2];
static pid_t self, child;
static char *from, *to;

static void unmake_child(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Has our memory at the same addresses, and all of it resident. */
static void make_child(void)
{
	child = fork();
	if (child < 0)
		err(EXIT_FAILURE, "fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(to, 1, length);
		for (;;)
			pause();
	}
	atexit(unmake_child);
}

/* Has room for a batch: a buffer per entry and per page, and never less than usual. */
static void make_pipe(void)
{
	size_t buffers = MODES_BATCH * (count + length / PAGE_SIZE + 1);

	if (pipe(pipe_fds))
		err(EXIT_FAILURE, "pipe");
	if (buffers > PIPE_BUFFERS && fcntl(pipe_fds[1], F_SETPIPE_SZ, buffers * PAGE_SIZE) < 0)
		err(EXIT_FAILURE, "a pipe with %zu buffers", buffers);
}

/**
 * mode_setup() - what all calls are made with
 * @iovs:  entries of each array
 * @bytes: moved by a call, over all entries
 */
void mode_setup(size_t iovs, size_t bytes)
{
	size_t i, each;

	if (!iovs || iovs > UIO_MAXIOV)
		errx(EXIT_FAILURE, "%zu entries: from 1 to %d are possible", iovs, UIO_MAXIOV);
	count = iovs;
	each = bytes / iovs ? bytes / iovs : 1;
	length = each * iovs;
	from = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (from == MAP_FAILED || to == MAP_FAILED)
		err(EXIT_FAILURE, "memory");
	memset(from, 2, length);
	memset(to, 1, length);
	for (i = 0; i < iovs; i++) {
		local[i] = (struct iovec){ from + i * each, each };
		remote[i] = (struct iovec){ to + i * each, each };
	}
	self = getpid();
	make_pipe();
	make_child();
}

static bool batch_getppid(void)
{
	int i;

	for (i = 0; i < MODES_BATCH; i++)
		syscall(SYS_getppid);
	return true;
}

static bool writes(pid_t pid, unsigned long flags, long result)
{
	bool good = true;
	int i;

	for (i = 0; i < MODES_BATCH; i++)
		good &= do_writev(pid, local, count, remote, count, flags) == result;
	return good;
}

static bool batch_writev_einval(void)
{
	return writes(self, BAD_WRITEV_FLAGS, -EINVAL);
}

static bool batch_writev_child_einval(void)
{
	return writes(child, BAD_WRITEV_FLAGS, -EINVAL);
}

static bool batch_writev_self(void)
{
	return writes(self, 0, length);
}

static bool batch_writev_child(void)
{
	return writes(child, 0, length);
}

static bool splices(int fd, unsigned long flags, long result)
{
	bool good = true;
	int i;

	for (i = 0; i < MODES_BATCH; i++)
		good &= do_vmsplice(fd, local, count, flags) == result;
	return good;
}

static bool batch_vmsplice_einval(void)
{
	return splices(pipe_fds[1], BAD_VMSPLICE_FLAGS, -EINVAL);
}

static bool batch_vmsplice_in(void)
{
	return splices(pipe_fds[1], 0, length);
}

static bool batch_vmsplice_out(void)
{
	return splices(pipe_fds[0], 0, length);
}

static bool batch_vmsplice_read(void)
{
	bool good = true;
	int i;

	for (i = 0; i < MODES_BATCH; i++) {
		good &= do_vmsplice(pipe_fds[1], local, count, 0) == (long)length;
		good &= read(pipe_fds[0], to, length) == (ssize_t)length;
	}
	return good;
}

/* Not by vmsplice(), which would be traced as well. */
static void fill_pipe(void)
{
	int i;

	for (i = 0; i < MODES_BATCH; i++) {
		if (write(pipe_fds[1], from, length) != (ssize_t)length)
			errx(EXIT_FAILURE, "the pipe does not take what is to be spliced out");
	}
}

static void empty_pipe(void)
{
	int i;

	for (i = 0; i < MODES_BATCH; i++) {
		if (read(pipe_fds[0], to, length) != (ssize_t)length)
			errx(EXIT_FAILURE, "the pipe does not hold what was spliced into it");
	}
}

static const struct mode modes[] = {
	{ "getppid", NULL, batch_getppid, NULL },
	{ "writev-einval", NULL, batch_writev_einval, NULL },
	{ "writev-child-einval", NULL, batch_writev_child_einval, NULL },
	{ "writev-self", NULL, batch_writev_self, NULL },
	{ "writev-child", NULL, batch_writev_child, NULL },
	{ "vmsplice-einval", NULL, batch_vmsplice_einval, NULL },
	{ "vmsplice-in", NULL, batch_vmsplice_in, empty_pipe },
	{ "vmsplice-out", fill_pipe, batch_vmsplice_out, NULL },
	{ "vmsplice-read", NULL, batch_vmsplice_read, NULL },
};

/**
 * mode_find() - a kind of call by its name
 * @name: as in the table
 *
 * Return: it, or NULL.
 */
const struct mode *mode_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (!strcmp(name, modes[i].name))
			return &modes[i];
	}
	return NULL;
}

/**
 * mode_list() - prints the names
 */
void mode_list(void)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		puts(modes[i].name);
}
