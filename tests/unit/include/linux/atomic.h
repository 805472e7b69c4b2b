/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_UNIT_ATOMIC_H
#define SVMTRACE_UNIT_ATOMIC_H

#include <linux/compiler.h>

#define smp_load_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, value)	__atomic_store_n((p), (value), __ATOMIC_RELEASE)

/*
 * ThreadSanitizer knows no fences, and needs none here: whatever data the ring
 * hands over, it does by an acquire and a release.
 */
#ifdef __SANITIZE_THREAD__
#define smp_mb()	__asm__ __volatile__("" : : : "memory")
#define smp_store_mb(x, value) \
	((void)__atomic_exchange_n(&(x), (value), __ATOMIC_RELAXED))
#else
#define smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_store_mb(x, value) \
	do { WRITE_ONCE(x, value); smp_mb(); } while (0)
#endif

#endif
