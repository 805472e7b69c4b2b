// SPDX-License-Identifier: GPL-2.0
/*
 * Pids: the sets of processes of a filter. A set holds processes, by a reference,
 * and not their numbers, which others may get.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "identity.h"
#include "pids.h"
#include "snapshot.h"

/* Of a line of parents longer than this, nothing is known: the call is kept. */
#define FOLLOW_MAX 1024

/*
 * A table has at least eight times as many entries as it is made for: who is not in
 * the set seldom meets one who is, and is found out just as fast in a large set.
 */
#define BITS_MORE 4
#define BITS_MIN 8

/* Beside the flags of an entry, while a set is changed. */
#define REMOVED (SVMTRACE_PIDS_THREAD << 1)

/* Takes over the caller's reference to @pid, for a set that has room. */
static void set_insert(struct pid_set *set, struct pid *pid, u32 flags)
{
	unsigned long *entry = pids_slot(set, pid);

	if (*entry) {
		put_pid(pid);
		/* Of a process and its first thread, the process is more: it stays as it is. */
		if (flags & SVMTRACE_PIDS_THREAD && !(*entry & SVMTRACE_PIDS_THREAD))
			return;
	} else {
		set->count++;
	}
	*entry = (unsigned long)pid | flags;
	set->flags |= flags;
}

static int set_alloc(struct pid_set *set, u32 room)
{
	BUILD_BUG_ON(PIDS_FLAGS + 1 > __alignof__(struct pid));
	BUILD_BUG_ON((SVMTRACE_PIDS_FOLLOW | SVMTRACE_PIDS_THREAD | REMOVED) & ~PIDS_FLAGS);
	*set = (struct pid_set){ .bits = max(BITS_MIN, ilog2(room + 1) + BITS_MORE) };
	set->table = kvcalloc(1UL << set->bits, sizeof(*set->table), GFP_KERNEL_ACCOUNT);
	return set->table ? 0 : -ENOMEM;
}

/**
 * pids_free() - frees a set that no call looks at any more
 * @set: all zeros, or from pids_copy()
 */
void pids_free(struct pid_set *set)
{
	u32 i;

	if (!set->table)
		return;
	for (i = 0; i < 1U << set->bits; i++)
		put_pid(pids_entry_pid(set->table[i]));
	kvfree(set->table);
}

/* Of a process, its leader's number lasts as long as any of its threads. */
static bool is_alive(struct pid *pid)
{
	bool alive;

	rcu_read_lock();
	alive = pid_task(pid, PIDTYPE_PID) || pid_task(pid, PIDTYPE_TGID);
	rcu_read_unlock();
	return alive;
}

/**
 * pids_copy() - copies a set, but for processes that have ended
 * @to:	  is filled in
 * @from: a set
 * @room: how many shall fit in besides
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM; pids_free() is fine after either.
 */
int pids_copy(struct pid_set *to, const struct pid_set *from, u32 room)
{
	u32 i;
	int err;

	*to = (struct pid_set){};
	if (!from->used && !room)
		return 0;
	err = set_alloc(to, from->count + room);
	if (err)
		return err;
	to->used = from->used;
	to->ended = from->ended;
	for (i = 0; from->count && i < 1U << from->bits; i++) {
		struct pid *pid = pids_entry_pid(from->table[i]);

		if (!pid)
			continue;
		if (is_alive(pid))
			set_insert(to, get_pid(pid), from->table[i] & PIDS_FLAGS);
		else
			to->ended = true;
	}
	return 0;
}

/* By number, in the namespace of current: a process, or with @thread a thread. */
static struct pid *find_number(u32 nr, bool thread)
{
	struct pid *pid;

	rcu_read_lock();
	pid = nr <= INT_MAX ? find_vpid(nr) : NULL;
	if (pid && !pid_task(pid, thread ? PIDTYPE_PID : PIDTYPE_TGID))
		pid = NULL;
	pid = get_pid(pid);
	rcu_read_unlock();
	return pid;
}

static int set_add(struct pid_set *set, const u32 *nrs, u32 count, u32 flags)
{
	u32 i;

	for (i = 0; i < count; i++) {
		struct pid *pid = find_number(nrs[i], flags & SVMTRACE_PIDS_THREAD);

		if (!pid)
			return -ESRCH;
		set_insert(set, pid, flags);
	}
	set->used |= count > 0;
	return set->count > SVMTRACE_PIDS_MAX ? -ENOSPC : 0;
}

/* Open addressing has no simple removal: marks first, then copies the others. */
static int set_remove(struct pid_set *set, const u32 *nrs, u32 count)
{
	struct pid_set rest;
	u32 i;
	int err;

	for (i = 0; i < count; i++) {
		struct pid *pid = find_number(nrs[i], true);
		bool found = pids_find(set, pid);

		if (found)
			*pids_slot(set, pid) |= REMOVED;
		put_pid(pid);
		if (!found)
			return pid ? -ENOENT : -ESRCH;
	}
	err = set_alloc(&rest, set->count);
	if (err)
		return err;
	for (i = 0; i < 1U << set->bits; i++) {
		unsigned long entry = set->table[i];

		if (entry && !(entry & REMOVED))
			set_insert(&rest, get_pid(pids_entry_pid(entry)), entry & PIDS_FLAGS);
	}
	/* An emptied set filters nothing again; one whose processes ended does. */
	rest.used = rest.count > 0 || set->ended;
	rest.ended = set->ended;
	pids_free(set);
	*set = rest;
	return 0;
}

/**
 * pids_change() - changes a set that is not in use yet
 * @set:    has room for what is added
 * @change: checked but for its pids
 * @nrs:    its pids
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM, -ESRCH, -ENOENT or -ENOSPC, and @set is of no use then.
 */
int pids_change(struct pid_set *set, const struct svmtrace_pids *change, const u32 *nrs)
{
	if (change->op == SVMTRACE_PIDS_CLEAR) {
		pids_free(set);
		*set = (struct pid_set){};
		return 0;
	}
	if (!change->count)
		return 0;
	if (change->op == SVMTRACE_PIDS_ADD)
		return set_add(set, nrs, change->count, change->flags);
	return set_remove(set, nrs, change->count);
}

/* Is an ancestor of current in the set, and to be followed? */
static bool follows(const struct pid_set *set, bool if_unknown)
{
	struct task_struct *task = current;
	unsigned int i;

	for (i = 0; i < FOLLOW_MAX && task->pid > 1; i++) {
		task = rcu_dereference(task->real_parent);
		if (pids_find(set, task_tgid(task)) & SVMTRACE_PIDS_FOLLOW)
			return true;
	}
	return i == FOLLOW_MAX && if_unknown;
}

/**
 * pids_has_special() - is current in a set, in whatever way?
 * @set:	that is used
 * @if_unknown: what to say if the line of its parents is too long
 *
 * Under rcu_read_lock().
 *
 * Return: whether it is.
 */
bool pids_has_special(const struct pid_set *set, bool if_unknown)
{
	return pids_has_task(set, current) ||
	       (set->flags & SVMTRACE_PIDS_FOLLOW && follows(set, if_unknown));
}

/**
 * pids_has_target() - is the target of a call in a set?
 * @set:  that is used
 * @snap: the call
 *
 * Under rcu_read_lock().
 *
 * Return: whether it is.
 */
bool pids_has_target(const struct pid_set *set, const struct snapshot *snap)
{
	struct task_struct *task;

	if (snap->d.record.syscall != SVMTRACE_NR_process_vm_writev)
		return false;
	task = identity_find(snap->d.args[0]);
	return task && pids_has_task(set, task);
}
