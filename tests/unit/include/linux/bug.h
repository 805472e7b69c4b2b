/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_UNIT_BUG_H
#define SVMTRACE_UNIT_BUG_H

#include <stdbool.h>

/* Number of warnings; a test defines it. */
extern unsigned int warnings;

static inline bool warn_on(bool condition)
{
	warnings += condition;
	return condition;
}

#define WARN_ON_ONCE(condition) warn_on(condition)

#endif
