/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel has and libc has not. */
#ifndef SVMTRACE_UTIL_H
#define SVMTRACE_UTIL_H

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
