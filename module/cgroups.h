/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_CGROUPS_H
#define SVMTRACE_CGROUPS_H

#include <linux/svmtrace.h>
#include <linux/types.h>

/**
 * struct cgroup_set - a set of cgroups, never changed once it is in use
 * @count: of @ids
 * @ids:   in ascending order
 */
struct cgroup_set {
	u32 count;
	u64 ids[];
};

struct cgroup_set *cgroups_copy(const struct cgroup_set *set);
struct cgroup_set *cgroups_change(const struct cgroup_set *old,
				  const struct svmtrace_cgroups *change, const u64 *ids);
bool cgroups_keep(struct cgroup_set *const sets[SVMTRACE_CGROUPS_SETS]);

#endif /* SVMTRACE_CGROUPS_H */
