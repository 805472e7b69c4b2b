/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses that the sanitizers know, each no stronger than the kernel promises:
 * what is missing in the module must be missing here.
 */
#ifndef SVMTRACE_UNIT_COMPILER_H
#define SVMTRACE_UNIT_COMPILER_H

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define data_race(x)		(x)
#define noinline		__attribute__((__noinline__))
#define likely(x)		(x)
#define unlikely(x)		(x)
#define WRITE_ONCE(x, value)	__atomic_store_n(&(x), (value), __ATOMIC_RELAXED)

#endif
