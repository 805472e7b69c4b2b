/* SPDX-License-Identifier: GPL-2.0 */
/* Load: threads that make traced calls, and know how many they made. */
#ifndef SVMTRACE_TESTS_LOAD_H
#define SVMTRACE_TESTS_LOAD_H

struct load;

/* Each thread stays on a CPU, unless LOAD_ROAM. */
#define LOAD_ROAM 1
/* After the given number of calls each, the threads end by themselves. */
#define LOAD_ENDLESS 0

/**
 * load_start() - starts threads that make calls of both syscalls by turns
 * @threads: number of threads; thread n starts on online CPU n, modulo their number
 * @calls:   each thread makes, or LOAD_ENDLESS
 * @flags:   LOAD_ROAM or 0
 *
 * Return: the load; does not return on failure.
 */
struct load *load_start(unsigned int threads, unsigned long calls, int flags);

/**
 * load_made() - how many calls have returned so far
 * @load: from load_start()
 */
unsigned long load_made(const struct load *load);

/**
 * load_end() - ends an endless load, or waits for the end of another
 * @load: from load_start(); no more of use
 *
 * Return: number of calls that were made.
 */
unsigned long load_end(struct load *load);

/**
 * load_run() - load_start() and load_end(): makes @threads times @calls calls
 */
unsigned long load_run(unsigned int threads, unsigned long calls);

/**
 * load_pin() - keeps the calling thread on one CPU
 * @nr: number of the CPU among those that are online, modulo their number
 *
 * Return: the CPU.
 */
int load_pin(unsigned int nr);

#endif /* SVMTRACE_TESTS_LOAD_H */
