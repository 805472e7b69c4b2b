/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault: has the kernel fail one allocation, or one access to user memory, of the
 * calling thread: the first, the second, ..., until there are no more.
 *
 * The kernel must have been built for that (see Documentation/fault-injection).
 */
#ifndef SVMTRACE_TESTS_FAULT_H
#define SVMTRACE_TESTS_FAULT_H

#include <stdbool.h>

/* Of the memory that fails, besides accesses to user memory. */
#define FAULT_SLAB 1	/* allocations of objects */
#define FAULT_OURS 2	/* of them, only those that "slub_debug=A" names */
#define FAULT_PAGES 4	/* allocations of pages */

/**
 * fault_possible() - can this kernel do that?
 *
 * Return: NULL, or why it cannot.
 */
const char *fault_possible(void);

/**
 * fault_ours() - is there memory that FAULT_OURS means?
 *
 * Return: whether "slub_debug=A" names that of the instances.
 */
bool fault_ours(void);

/**
 * fault_kinds() - chooses what fails, without a word in the kernel's log
 * @kinds: FAULT_ bits
 *
 * Return: 0, or -1.
 */
int fault_kinds(int kinds);

/**
 * fault_arm() - has the @n-th that the calling thread comes across fail
 * @n: from 1
 */
void fault_arm(unsigned int n);

/**
 * fault_disarm() - ends what fault_arm() began
 *
 * Return: whether something has failed.
 */
bool fault_disarm(void);

#endif /* SVMTRACE_TESTS_FAULT_H */
