/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel has and libc has not. */
#ifndef SVMTRACE_UTIL_H
#define SVMTRACE_UTIL_H

/* The harness of the tests has these, too. */
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#ifndef __printf
#define __printf(format, first) __attribute__((__format__(__printf__, format, first)))
#endif

#endif
