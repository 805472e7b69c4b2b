/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers, the same row for the same seed. */
#ifndef SVMTRACE_TESTS_RANDOM_H
#define SVMTRACE_TESTS_RANDOM_H

#include <linux/types.h>

/**
 * random_next() - the next number of a row
 * @state: where in the row; at first the seed, not 0
 */
static inline __u64 random_next(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dULL;
}

/**
 * random_below() - the next number, made small
 * @state: see random_next()
 * @n:	   not 0
 */
static inline unsigned int random_below(__u64 *state, unsigned int n)
{
	return (random_next(state) >> 33) % n;
}

#endif /* SVMTRACE_TESTS_RANDOM_H */
