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
 * @bits:   the table has 1 << @bits entries, few of them in use
 * @table:  open addressing; an entry is 0, or a reference to a struct pid with flags
 *	    in its lowest bits
 */
struct pid_set {
	bool used;
	bool ended;
	u32 flags;
	u32 count;
	u32 bits;
	unsigned long *table;
};

/* Bits of an entry that are not its pid's. */
#define PIDS_FLAGS 7UL

int pids_copy(struct pid_set *to, const struct pid_set *from, u32 room);
int pids_change(struct pid_set *set, const struct svmtrace_pids *change, const u32 *nrs);
void pids_free(struct pid_set *set);
bool pids_has_special(const struct pid_set *set, bool if_unknown);
bool pids_has_target(const struct pid_set *set, const struct snapshot *snap);

/**
 * pids_entry_pid() - the process or thread of an entry
 * @entry: any
 *
 * Return: its pid, or NULL. Any context.
 */
static inline struct pid *pids_entry_pid(unsigned long entry)
{
	return (struct pid *)(entry & ~PIDS_FLAGS);
}

/**
 * pids_slot() - the place of a process or thread in a set's table
 * @set: with a table
 * @pid: its pid
 *
 * Return: its entry, or the free one where it would have to be. Any context.
 */
static inline unsigned long *pids_slot(const struct pid_set *set, const struct pid *pid)
{
	u32 mask = (1U << set->bits) - 1;
	u32 i = hash_ptr(pid, set->bits);

	while (set->table[i] && pids_entry_pid(set->table[i]) != pid)
		i = (i + 1) & mask;
	return &set->table[i];
}

/**
 * pids_find() - looks for a process or thread in a set
 * @set: any
 * @pid: its pid, or NULL
 *
 * Return: its entry, or 0. Any context.
 */
static inline unsigned long pids_find(const struct pid_set *set, const struct pid *pid)
{
	return set->count && pid ? *pids_slot(set, pid) : 0;
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
	unsigned long entry = pids_find(set, task_tgid(task));

	if (entry && !(entry & SVMTRACE_PIDS_THREAD))
		return true;
	return set->flags & SVMTRACE_PIDS_THREAD && pids_find(set, task_pid(task));
}

/* A set that is used has a table; most sets do not have current, or are plain. */
static inline bool pids_has_caller(const struct pid_set *set, bool if_unknown)
{
	if (likely(!*pids_slot(set, task_tgid(current)) && !set->flags))
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

/**
 * pids_keep_target() - decides on a call of current that enters
 * @sets: indexed by SVMTRACE_PIDS_
 * @snap: the call
 *
 * Under rcu_read_lock().
 *
 * Return: false if a set of targets rejects it.
 */
static inline bool pids_keep_target(const struct pid_set sets[SVMTRACE_PIDS_SETS],
				    const struct snapshot *snap)
{
	return (likely(!sets[SVMTRACE_PIDS_TARGET].used) ||
		pids_has_target(&sets[SVMTRACE_PIDS_TARGET], snap)) &&
	       (likely(!sets[SVMTRACE_PIDS_NOT_TARGET].used) ||
		!pids_has_target(&sets[SVMTRACE_PIDS_NOT_TARGET], snap));
}

#endif /* SVMTRACE_PIDS_H */
