/* SPDX-License-Identifier: GPL-2.0 */
/* Crowd: many threads that block in vmsplice() on a full pipe. */
#ifndef SVMTRACE_TESTS_CROWD_H
#define SVMTRACE_TESTS_CROWD_H

#include <stdbool.h>
#include <sys/types.h>

#include "trace.h"

/* What each of them would write. */
#define CROWD_BYTES 4096

/**
 * struct crowd - a process with threads that block
 * @pid:  the process
 * @fds:  its pipe
 * @size: number of threads
 * @page: what they write
 * @int80: to be set before crowd_start(): they call as i386 programs do
 */
struct crowd {
	pid_t pid;
	int fds[2];
	unsigned int size;
	void *page;
	bool int80;
};

/**
 * crowd_start() - starts a crowd
 * @crowd: filled in but for @int80
 * @size:  number of threads
 * @uid:   user they are
 *
 * Return: 0 or a negative errno. The threads may not all have arrived yet.
 */
int crowd_start(struct crowd *crowd, unsigned int size, uid_t uid);

/**
 * crowd_wait() - waits until a session has seen as many calls enter
 * @t:	     the session
 * @entered: number of calls since its start
 *
 * Return: 0, or -ETIMEDOUT.
 */
int crowd_wait(struct trace *t, unsigned long long entered);

/**
 * crowd_end() - kills a crowd
 * @crowd: started; or all zeros, or killed: does nothing
 */
void crowd_end(struct crowd *crowd);

#endif /* SVMTRACE_TESTS_CROWD_H */
