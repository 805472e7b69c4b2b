// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups: the sets of cgroups of a filter. An id is not used again, so a set holds
 * these, and not the cgroups. An empty set is NULL.
 */
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "cgroups.h"

/* Of a cgroup deeper than this, nothing is known: the call is kept. */
#define DEPTH_MAX 256

/* Is it in a set? If not, it belongs at @place. */
static bool find(const struct cgroup_set *set, u64 id, u32 *place)
{
	u32 low = 0, high = set->count;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (set->ids[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	*place = low;
	return low < set->count && set->ids[low] == id;
}

/**
 * cgroups_copy() - copies a set
 * @set: or NULL
 *
 * May sleep.
 *
 * Return: the copy, for kfree(); NULL of an empty one, or -ENOMEM.
 */
struct cgroup_set *cgroups_copy(const struct cgroup_set *set)
{
	struct cgroup_set *copy;

	if (!set)
		return NULL;
	copy = kmemdup(set, struct_size(set, ids, set->count), GFP_KERNEL_ACCOUNT);
	return copy ?: ERR_PTR(-ENOMEM);
}

static int add(struct cgroup_set *set, u64 id)
{
	u32 place;

	if (!id)
		return -EINVAL;
	if (find(set, id, &place))
		return 0;
	if (set->count == SVMTRACE_CGROUPS_MAX)
		return -ENOSPC;
	memmove(&set->ids[place + 1], &set->ids[place],
		(set->count++ - place) * sizeof(set->ids[0]));
	set->ids[place] = id;
	return 0;
}

static int remove(struct cgroup_set *set, u64 id)
{
	u32 place;

	if (!find(set, id, &place))
		return -ENOENT;
	memmove(&set->ids[place], &set->ids[place + 1],
		(--set->count - place) * sizeof(set->ids[0]));
	return 0;
}

/**
 * cgroups_change() - makes a changed copy of a set
 * @old:    or NULL
 * @change: checked but for its ids
 * @ids:    these
 *
 * May sleep.
 *
 * Return: the copy, for kfree(); NULL of an empty one; or -ENOMEM, -EINVAL, -ENOENT or
 * -ENOSPC.
 */
struct cgroup_set *cgroups_change(const struct cgroup_set *old,
				  const struct svmtrace_cgroups *change, const u64 *ids)
{
	struct cgroup_set *set;
	u32 i;
	int err = 0;

	if (change->op == SVMTRACE_PIDS_CLEAR)
		return NULL;
	set = kzalloc(struct_size(set, ids, SVMTRACE_CGROUPS_MAX), GFP_KERNEL_ACCOUNT);
	if (!set)
		return ERR_PTR(-ENOMEM);
	if (old)
		memcpy(set, old, struct_size(old, ids, old->count));
	for (i = 0; !err && i < change->count; i++)
		err = change->op == SVMTRACE_PIDS_ADD ? add(set, ids[i]) : remove(set, ids[i]);
	if (!err && set->count)
		return set;
	kfree(set);
	return ERR_PTR(err);
}

/* Is current in one of them, or below? */
static bool has_caller(const struct cgroup_set *set, bool if_unknown)
{
	struct cgroup *cgroup = task_dfl_cgroup(current);
	unsigned int i;
	u32 place;

	for (i = 0; cgroup && i < DEPTH_MAX; i++) {
		if (find(set, cgroup_id(cgroup), &place))
			return true;
		cgroup = cgroup_parent(cgroup);
	}
	return cgroup && if_unknown;
}

/**
 * cgroups_keep() - decides on a call of current that enters
 * @sets: indexed by SVMTRACE_CGROUPS_
 *
 * Under rcu_read_lock().
 *
 * Return: false if a set rejects it.
 */
bool cgroups_keep(struct cgroup_set *const sets[SVMTRACE_CGROUPS_SETS])
{
	const struct cgroup_set *wanted = sets[SVMTRACE_CGROUPS_CALLER];
	const struct cgroup_set *unwanted = sets[SVMTRACE_CGROUPS_NOT_CALLER];

	return (!wanted || has_caller(wanted, true)) &&
	       (!unwanted || !has_caller(unwanted, false));
}
