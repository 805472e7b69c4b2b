/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel: what it says of the module, apart from the module's own device. */
#ifndef SVMTRACE_TESTS_KERNEL_H
#define SVMTRACE_TESTS_KERNEL_H

#include <stdbool.h>

/**
 * kernel_parameter() - a parameter that the module was loaded with
 * @name: its name
 *
 * Return: its value, or 0 if there is none.
 */
unsigned long kernel_parameter(const char *name);

/**
 * kernel_load() - loads the module
 * @parameters: of it, or NULL for those that the guest usually loads it with
 *
 * Return: 0 or an errno: EEXIST if it is loaded, ENOENT if it is not in the guest.
 */
int kernel_load(const char *parameters);

/**
 * kernel_unload() - unloads the module
 *
 * Return: 0 or an errno: EWOULDBLOCK if it is in use.
 */
int kernel_unload(void);

/**
 * kernel_ring_memory() - address space that the rings of all sessions take
 *
 * Return: bytes, or -1 if the kernel does not say.
 */
long kernel_ring_memory(void);

/**
 * kernel_probes_by_ftrace() - are the probes ftrace's? That depends on the architecture.
 *
 * Return: whether one that is armed is; false if none is.
 */
bool kernel_probes_by_ftrace(void);

/**
 * kernel_left() - what is left of sessions, when there should be none
 *
 * Return: NULL, or what somebody still has of the module, or it of the memory, or that
 * it still has its probes in the path of calls, if nobody else has any there.
 */
const char *kernel_left(void);

/**
 * full_test() - is there time for the long variant of a test?
 *
 * Return: whether FULL is set in the environment.
 */
bool full_test(void);

#endif /* SVMTRACE_TESTS_KERNEL_H */
