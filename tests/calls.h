/* SPDX-License-Identifier: GPL-2.0 */
/* The traced calls, bare: what the kernel returns, errors as negative errno. */
#ifndef SVMTRACE_TESTS_CALLS_H
#define SVMTRACE_TESTS_CALLS_H

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static inline long do_writev(long pid, const void *liov, unsigned long liovcnt,
			     const void *riov, unsigned long riovcnt,
			     unsigned long flags)
{
	long ret = syscall(SYS_process_vm_writev, pid, liov, liovcnt, riov, riovcnt, flags);

	return ret < 0 ? -errno : ret;
}

static inline long do_vmsplice(long fd, const void *iov, unsigned long nr_segs,
			       unsigned long flags)
{
	long ret = syscall(SYS_vmsplice, fd, iov, nr_segs, flags);

	return ret < 0 ? -errno : ret;
}

/* The bytes that call_to() and call_self() move. */
#define CALL_BYTES 8

/* A call that works, if @pid has the caller's memory at the same addresses. */
static inline long call_to(pid_t pid)
{
	static char from[CALL_BYTES] = "payload", to[CALL_BYTES];
	struct iovec local = { from, sizeof(from) }, remote = { to, sizeof(to) };

	return do_writev(pid, &local, 1, &remote, 1, 0);
}

/* A call that always works. */
static inline long call_self(void)
{
	return call_to(getpid());
}

/**
 * full_pipe() - makes a pipe that blocks whoever vmsplices into it
 * @fds: filled in, as by pipe()
 *
 * Return: 0, or -1.
 */
int full_pipe(int fds[2]);

/**
 * drain_pipe() - reads all that is in a pipe
 * @fd: of the pipe's read end
 *
 * Return: bytes read.
 */
long drain_pipe(int fd);

#endif /* SVMTRACE_TESTS_CALLS_H */
