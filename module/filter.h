/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_FILTER_H
#define SVMTRACE_FILTER_H

#include <linux/types.h>
#include <linux/svmtrace.h>

struct pid;
struct snapshot_args;

/**
 * struct pid_set - a set of processes, never changed once it is in use
 * @used:   a set that was never added to filters nothing
 * @ended:  of those that were added and not removed, some have ended and are no
 *	    longer in @table; so the set is not empty, whatever is removed
 * @follow: some entry is to be followed
 * @count:  processes
 * @bits:   the table has 1 << @bits entries, at most half of them in use
 * @table:  open addressing, by the process's struct pid; each holds a reference
 */
struct pid_set {
	bool used;
	bool ended;
	bool follow;
	u32 count;
	u32 bits;
	struct pid_set_entry {
		struct pid *pid;
		u32 flags;
	} *table;
};

/**
 * struct filter - what a session wants to see, never changed once it is in use
 * @sets: indexed by SVMTRACE_PIDS_
 */
struct filter {
	struct pid_set sets[SVMTRACE_PIDS_SETS];
};

struct filter *filter_change_pids(const struct filter *old,
				  const struct svmtrace_pids *change, const u32 *nrs);
void filter_free(struct filter *filter);
bool filter_keeps(const struct filter *filter, const struct snapshot_args *a);

#endif /* SVMTRACE_FILTER_H */
