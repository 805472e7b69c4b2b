/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_PIDS_H
#define SVMTRACE_PIDS_H

#include <linux/svmtrace.h>
#include <linux/types.h>

struct pid;
struct snapshot;

/**
 * struct pid_set - a set of processes and threads, never changed once it is in use
 * @used:   a set that was never added to filters nothing
 * @ended:  of those that were added and not removed, some have ended and are no
 *	    longer in @table; so the set is not empty, whatever is removed
 * @follow: some entry is to be followed
 * @thread: some entry is a thread
 * @count:  entries
 * @bits:   the table has 1 << @bits entries, at most half of them in use
 * @table:  open addressing, by struct pid; each holds a reference
 */
struct pid_set {
	bool used;
	bool ended;
	bool follow;
	bool thread;
	u32 count;
	u32 bits;
	struct pid_set_entry {
		struct pid *pid;
		u32 flags;
	} *table;
};

int pids_copy(struct pid_set *to, const struct pid_set *from, u32 room);
int pids_change(struct pid_set *set, const struct svmtrace_pids *change, const u32 *nrs);
void pids_free(struct pid_set *set);
bool pids_keep_caller(const struct pid_set sets[SVMTRACE_PIDS_SETS]);
bool pids_keep_target(const struct pid_set sets[SVMTRACE_PIDS_SETS],
		      const struct snapshot *snap);

#endif /* SVMTRACE_PIDS_H */
