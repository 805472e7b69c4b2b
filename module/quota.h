/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_QUOTA_H
#define SVMTRACE_QUOTA_H

#include <linux/types.h>

int quota_init(void);
void quota_exit(void);
void quota_reset(unsigned int instances);
bool quota_take(u16 *bucket);
void quota_give(u16 bucket);

#endif /* SVMTRACE_QUOTA_H */
