/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_PROBE_H
#define SVMTRACE_PROBE_H

#include <linux/types.h>

int probe_init(unsigned int instances);
void probe_exit(void);
int probe_arm(void);
void probe_disarm(void);
u64 probe_missed(void);
u64 probe_features(void);

#endif /* SVMTRACE_PROBE_H */
