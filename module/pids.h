/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_PIDS_H
#define SVMTRACE_PIDS_H

#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/svmtrace.h>
#include <linux/types.h>

struct snapshot;

/**
 * struct pid_set - a set of processes and threads, never changed once it is in use
 * @used:   a set that was never added to filters nothing
 * @ended:  of those that were added and not removed, some have ended and are no
 *	    longer in @table; so the set is not empty, whatever is removed
 * @flags:  SVMTRACE_PIDS_ that some entry has
 * @count:  entries
 * @bits:   the table has 1 << @bits entries, at most half of them in use
 * @table:  open addressing, by struct pid; each holds a reference
 */
struct pid_set {
	bool used;
	bool ended;
	u32 flags;
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
bool pids_has_special(const struct pid_set *set, bool if_unknown);
bool pids_keep_target(const struct pid_set sets[SVMTRACE_PIDS_SETS],
		      const struct snapshot *snap);

/**
 * pids_slot() - the place of a process or thread in a set's table
 * @set: with a table
 * @pid: its pid
 *
 * Return: its entry, or the free one where it would have to be. Any context.
 */
static inline struct pid_set_entry *pids_slot(const struct pid_set *set, const struct pid *pid)
{
	u32 mask = (1U << set->bits) - 1;
	u32 i = hash_ptr(pid, set->bits);

	while (set->table[i].pid && set->table[i].pid != pid)
		i = (i + 1) & mask;
	return &set->table[i];
}

/**
 * pids_find() - looks for a process or thread in a set
 * @set: any
 * @pid: its pid, or NULL
 *
 * Return: its entry, or NULL. Any context.
 */
static inline const struct pid_set_entry *pids_find(const struct pid_set *set,
						    const struct pid *pid)
{
	const struct pid_set_entry *entry;

	if (!set->count || !pid)
		return NULL;
	entry = pids_slot(set, pid);
	return entry->pid ? entry : NULL;
}

/**
 * pids_has_task() - is a thread, or its process, in a set?
 * @set:  any
 * @task: the thread
 *
 * Return: whether it is. Under rcu_read_lock().
 */
static inline bool pids_has_task(const struct pid_set *set, struct task_struct *task)
{
	const struct pid_set_entry *entry = pids_find(set, task_tgid(task));

	if (entry && !(entry->flags & SVMTRACE_PIDS_THREAD))
		return true;
	return set->flags & SVMTRACE_PIDS_THREAD && pids_find(set, task_pid(task));
}

/* A set that is used has a table; most sets do not have current, or are plain. */
static inline bool pids_has_caller(const struct pid_set *set, bool if_unknown)
{
	if (likely(!pids_slot(set, task_tgid(current))->pid && !set->flags))
		return false;
	return pids_has_special(set, if_unknown);
}

/**
 * pids_keep_caller() - decides on a call of current that enters
 * @sets: indexed by SVMTRACE_PIDS_
 *
 * Under rcu_read_lock().
 *
 * Return: false if a set of callers rejects it.
 */
static inline bool pids_keep_caller(const struct pid_set sets[SVMTRACE_PIDS_SETS])
{
	return (!sets[SVMTRACE_PIDS_CALLER].used ||
		pids_has_caller(&sets[SVMTRACE_PIDS_CALLER], true)) &&
	       (!sets[SVMTRACE_PIDS_NOT_CALLER].used ||
		!pids_has_caller(&sets[SVMTRACE_PIDS_NOT_CALLER], false));
}

#endif /* SVMTRACE_PIDS_H */
