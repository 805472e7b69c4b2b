/* SPDX-License-Identifier: GPL-2.0 */
/* svmtrace check, and svmtrace stat. */
#ifndef SVMTRACE_CHECK_H
#define SVMTRACE_CHECK_H

#include <stdbool.h>

int check(void);
int stat_show(bool json);

#endif
