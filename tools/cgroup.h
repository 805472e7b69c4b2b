/* SPDX-License-Identifier: GPL-2.0 */
/* Names of cgroups. */
#ifndef SVMTRACE_CGROUP_H
#define SVMTRACE_CGROUP_H

#include <linux/types.h>

__u64 cgroup_id(const char *name);

#endif
