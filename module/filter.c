// SPDX-License-Identifier: GPL-2.0
/*
 * Filter: which calls a session sees, decided when they enter.
 *
 * A filter is copied, changed and replaced as a whole, so a call sees all of a
 * change or nothing of it, and no one waits.
 */
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "filter.h"
#include "identity.h"
#include "snapshot.h"

/* Of a line of parents longer than this, nothing is known: the call is kept. */
#define FOLLOW_MAX 1024

static struct pid_set_entry *set_slot(const struct pid_set *set, const struct pid *pid)
{
	u32 mask = (1U << set->bits) - 1;
	u32 i = hash_ptr(pid, set->bits);

	while (set->table[i].pid && set->table[i].pid != pid)
		i = (i + 1) & mask;
	return &set->table[i];
}

static const struct pid_set_entry *set_find(const struct pid_set *set,
					    const struct pid *pid)
{
	const struct pid_set_entry *entry;

	if (!set->count || !pid)
		return NULL;
	entry = set_slot(set, pid);
	return entry->pid ? entry : NULL;
}

/* Takes over the caller's reference to @pid, for a set that has room. */
static void set_insert(struct pid_set *set, struct pid *pid, u32 flags)
{
	struct pid_set_entry *entry = set_slot(set, pid);

	if (entry->pid)
		put_pid(pid);
	else
		set->count++;
	entry->pid = pid;
	entry->flags = flags;
	set->follow |= flags & SVMTRACE_PIDS_FOLLOW;
}

static int set_alloc(struct pid_set *set, u32 room)
{
	*set = (struct pid_set){ .bits = max(2, ilog2(room + 1) + 2) };
	set->table = kvcalloc(1UL << set->bits, sizeof(*set->table), GFP_KERNEL_ACCOUNT);
	return set->table ? 0 : -ENOMEM;
}

static void set_free(struct pid_set *set)
{
	u32 i;

	if (!set->table)
		return;
	for (i = 0; i < 1U << set->bits; i++)
		put_pid(set->table[i].pid);
	kvfree(set->table);
}

static bool is_alive(struct pid *pid)
{
	bool alive;

	rcu_read_lock();
	alive = pid_task(pid, PIDTYPE_TGID);
	rcu_read_unlock();
	return alive;
}

/* Copies a set, with room for @room more; processes that ended stay behind. */
static int set_copy(struct pid_set *to, const struct pid_set *from, u32 room)
{
	u32 i;
	int err = set_alloc(to, from->count + room);

	if (err)
		return err;
	to->used = from->used;
	to->ended = from->ended;
	for (i = 0; from->count && i < 1U << from->bits; i++) {
		const struct pid_set_entry *entry = &from->table[i];

		if (!entry->pid)
			continue;
		if (is_alive(entry->pid))
			set_insert(to, get_pid(entry->pid), entry->flags);
		else
			to->ended = true;
	}
	return 0;
}

/* By number, in the namespace of current: a process, not one of its threads. */
static struct pid *find_process(u32 nr)
{
	struct pid *pid;

	rcu_read_lock();
	pid = nr <= INT_MAX ? find_vpid(nr) : NULL;
	if (pid && !pid_task(pid, PIDTYPE_TGID))
		pid = NULL;
	pid = get_pid(pid);
	rcu_read_unlock();
	return pid;
}

static int set_add(struct pid_set *set, const u32 *nrs, u32 count, u32 flags)
{
	u32 i;

	for (i = 0; i < count; i++) {
		struct pid *pid = find_process(nrs[i]);

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
		struct pid *pid = find_process(nrs[i]);
		bool found = set_find(set, pid);

		if (found)
			set_slot(set, pid)->flags = ~0U;
		put_pid(pid);
		if (!found)
			return pid ? -ENOENT : -ESRCH;
	}
	err = set_alloc(&rest, set->count);
	if (err)
		return err;
	for (i = 0; i < 1U << set->bits; i++) {
		struct pid_set_entry *entry = &set->table[i];

		if (entry->pid && entry->flags != ~0U)
			set_insert(&rest, get_pid(entry->pid), entry->flags);
	}
	/* An emptied set filters nothing again; one whose processes ended does. */
	rest.used = rest.count > 0 || set->ended;
	rest.ended = set->ended;
	set_free(set);
	*set = rest;
	return 0;
}

static int change_set(struct pid_set *set, const struct svmtrace_pids *change,
		      const u32 *nrs)
{
	if (change->op == SVMTRACE_PIDS_CLEAR) {
		set_free(set);
		*set = (struct pid_set){};
		return 0;
	}
	if (change->op == SVMTRACE_PIDS_ADD)
		return set_add(set, nrs, change->count, change->flags);
	return set_remove(set, nrs, change->count);
}

/**
 * filter_change_pids() - makes a changed copy of a filter
 * @old:    or NULL
 * @change: checked but for its pids
 * @nrs:    its pids
 *
 * May sleep, but touches no user memory.
 *
 * Return: the copy, or -ENOMEM, -ESRCH, -ENOENT or -ENOSPC.
 */
struct filter *filter_change_pids(const struct filter *old,
				  const struct svmtrace_pids *change, const u32 *nrs)
{
	struct filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	unsigned int i;
	int err = 0;

	if (!filter)
		return ERR_PTR(-ENOMEM);
	for (i = 0; old && i < SVMTRACE_PIDS_SETS && !err; i++) {
		if (old->sets[i].used)
			err = set_copy(&filter->sets[i], &old->sets[i],
				       i == change->set ? change->count : 0);
	}
	if (!err && !filter->sets[change->set].table && change->op != SVMTRACE_PIDS_CLEAR)
		err = set_alloc(&filter->sets[change->set], change->count);
	if (!err)
		err = change_set(&filter->sets[change->set], change, nrs);
	if (err) {
		filter_free(filter);
		return ERR_PTR(err);
	}
	return filter;
}

/**
 * filter_free() - frees a filter that no call looks at any more
 * @filter: or NULL
 */
void filter_free(struct filter *filter)
{
	unsigned int i;

	for (i = 0; filter && i < SVMTRACE_PIDS_SETS; i++)
		set_free(&filter->sets[i]);
	kfree(filter);
}

/* Is current, or with SVMTRACE_PIDS_FOLLOW an ancestor of it, in the set? */
static bool set_has_caller(const struct pid_set *set, bool if_unknown)
{
	const struct pid_set_entry *entry = set_find(set, task_tgid(current));
	struct task_struct *task = current;
	unsigned int i;

	if (entry || !set->follow)
		return entry;
	for (i = 0; i < FOLLOW_MAX && task->pid > 1; i++) {
		task = rcu_dereference(task->real_parent);
		entry = set_find(set, task_tgid(task));
		if (entry && entry->flags & SVMTRACE_PIDS_FOLLOW)
			return true;
	}
	return i == FOLLOW_MAX && if_unknown;
}

static bool set_has_target(const struct pid_set *set, const struct snapshot_args *a)
{
	struct task_struct *task;

	if (a->syscall != SVMTRACE_NR_process_vm_writev)
		return false;
	task = identity_find(a->args[0]);
	return task && set_find(set, task_tgid(task));
}

/**
 * filter_keeps() - decides on a call of current that enters
 * @filter: or NULL
 * @a:	    the call
 *
 * Under rcu_read_lock().
 *
 * Return: whether the session sees the call.
 */
bool filter_keeps(const struct filter *filter, const struct snapshot_args *a)
{
	const struct pid_set *sets;

	if (!filter)
		return true;
	sets = filter->sets;
	return (!sets[SVMTRACE_PIDS_CALLER].used ||
		set_has_caller(&sets[SVMTRACE_PIDS_CALLER], true)) &&
	       (!sets[SVMTRACE_PIDS_NOT_CALLER].used ||
		!set_has_caller(&sets[SVMTRACE_PIDS_NOT_CALLER], false)) &&
	       (!sets[SVMTRACE_PIDS_TARGET].used ||
		set_has_target(&sets[SVMTRACE_PIDS_TARGET], a)) &&
	       (!sets[SVMTRACE_PIDS_NOT_TARGET].used ||
		!set_has_target(&sets[SVMTRACE_PIDS_NOT_TARGET], a));
}
