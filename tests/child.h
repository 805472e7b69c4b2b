/* SPDX-License-Identifier: GPL-2.0 */
/* Children of a test: they die with it. */
#ifndef SVMTRACE_TESTS_CHILD_H
#define SVMTRACE_TESTS_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/**
 * child_start() - starts a process
 * @flags: of clone(), such as CLONE_NEWPID; not CLONE_VM
 * @fn:	   its result is the exit status
 * @arg:   for @fn
 *
 * Return: its pid, or a negative errno.
 */
pid_t child_start(int flags, int (*fn)(void *arg), void *arg);

/**
 * child_wait() - waits for the end of a process
 * @pid: from child_start()
 *
 * Return: its exit status, 128 + number of the signal that killed it, or a
 * negative errno.
 */
int child_wait(pid_t pid);

/**
 * child_run() - child_start() and child_wait()
 */
int child_run(int flags, int (*fn)(void *arg), void *arg);

/**
 * child_numbered() - starts a process that has a certain number
 * @nr:	 the number, which nobody has
 * @fn:	 its result is the exit status
 * @arg: for @fn
 *
 * Return: its pid, or a negative errno.
 */
pid_t child_numbered(pid_t nr, int (*fn)(void *arg), void *arg);

/**
 * child_pauses() - what a process can do until it is killed: nothing
 * @arg: ignored
 *
 * Return: never.
 */
int child_pauses(void *arg);

/**
 * child_idle() - starts a process that does nothing until it is killed
 * @flags: of clone(); not CLONE_VM
 *
 * Return: its pid, or a negative errno.
 */
pid_t child_idle(int flags);

/**
 * child_kill() - kills a process and waits for its end
 * @pid: from child_start()
 */
void child_kill(pid_t pid);

/**
 * child_shared() - memory that a process and its later children share
 * @size: bytes
 *
 * Return: zeroed memory; does not return on failure.
 */
void *child_shared(size_t size);

/**
 * child_asleep() - waits until a thread sleeps, for instance blocks in a call
 * @tid: the thread
 *
 * Return: 0, or -ETIMEDOUT after some seconds.
 */
int child_asleep(pid_t tid);

#endif /* SVMTRACE_TESTS_CHILD_H */
