/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_UNIT_KTIME_H
#define SVMTRACE_UNIT_KTIME_H

#include <linux/types.h>

#define max(a, b) \
	({ __typeof__(a) max_a = (a); __typeof__(b) max_b = (b); max_a > max_b ? max_a : max_b; })

/* What a test wants it to be. */
u64 ktime_get_mono_fast_ns(void);

#endif
