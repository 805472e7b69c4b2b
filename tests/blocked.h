/* SPDX-License-Identifier: GPL-2.0 */
/* A vmsplice() that blocks while the test changes the memory it describes. */
#ifndef SVMTRACE_TESTS_BLOCKED_H
#define SVMTRACE_TESTS_BLOCKED_H

#include <sys/types.h>
#include <sys/uio.h>

/**
 * struct blocked - a child that blocks in vmsplice() on a full pipe
 * @fds:    the pipe
 * @pid:    the child
 * @iov:    its array, in memory that is shared with the test
 * @n:	    number of entries
 * @resident: bytes at @iov, whole pages, that are resident in the child when it
 *	    calls; 0: all of them
 * @data:   more memory that is resident
 * @size:   bytes at @data
 */
struct blocked {
	int fds[2];
	pid_t pid;
	const struct iovec *iov;
	unsigned long n;
	size_t resident;
	const char *data;
	size_t size;
};

/**
 * blocked_start() - starts the call
 * @b: all but @fds and @pid are set; these are filled in
 *
 * Return: 0 when the child blocks, else -1.
 */
int blocked_start(struct blocked *b);

/**
 * blocked_end() - lets the call return
 * @b: from blocked_start()
 *
 * Return: 0 if the call moved some bytes, else -1.
 */
int blocked_end(struct blocked *b);

#endif /* SVMTRACE_TESTS_BLOCKED_H */
