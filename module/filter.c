// SPDX-License-Identifier: GPL-2.0
/*
 * Filter: which calls a session sees, by sets of processes, sets of cgroups, and a
 * program.
 *
 * A filter is copied, changed and replaced as a whole, so a call sees all of a
 * change or nothing of it, and no one waits.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "cgroups.h"
#include "filter.h"
#include "program.h"
#include "snapshot.h"

static const struct filter empty;

/* A copy with room for @room more in one of the sets. */
static struct filter *copy(const struct filter *old, u32 set, u32 room)
{
	struct filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	unsigned int i;

	if (!filter)
		return ERR_PTR(-ENOMEM);
	if (!old)
		old = &empty;
	for (i = 0; i < SVMTRACE_PIDS_SETS; i++) {
		int err = pids_copy(&filter->sets[i], &old->sets[i], i == set ? room : 0);

		if (err) {
			filter_free(filter);
			return ERR_PTR(err);
		}
	}
	for (i = 0; i < SVMTRACE_CGROUPS_SETS; i++) {
		struct cgroup_set *cgroups = cgroups_copy(old->cgroups[i]);

		if (IS_ERR(cgroups)) {
			filter_free(filter);
			return ERR_CAST(cgroups);
		}
		filter->cgroups[i] = cgroups;
	}
	filter->program = program_get(old->program);
	filter->trigger = program_get(old->trigger);
	return filter;
}

static bool has_sets(const struct filter *filter, u32 set, u32 other)
{
	return filter->sets[set].used || filter->sets[other].used;
}

/* Notes what it has, before it is in use. */
static struct filter *finish(struct filter *filter)
{
	if (has_sets(filter, SVMTRACE_PIDS_CALLER, SVMTRACE_PIDS_NOT_CALLER) ||
	    filter->cgroups[SVMTRACE_CGROUPS_CALLER] ||
	    filter->cgroups[SVMTRACE_CGROUPS_NOT_CALLER])
		filter->asks |= FILTER_CALLERS;
	if (has_sets(filter, SVMTRACE_PIDS_TARGET, SVMTRACE_PIDS_NOT_TARGET))
		filter->asks |= FILTER_TARGETS;
	if (filter->program)
		filter->asks |= FILTER_PROGRAM;
	return filter;
}

/**
 * filter_change_pids() - makes a copy of a filter with another set
 * @old:    or NULL
 * @change: checked but for its pids
 * @nrs:    its pids
 *
 * May sleep.
 *
 * Return: the copy, or -ENOMEM, -ESRCH, -ENOENT or -ENOSPC.
 */
struct filter *filter_change_pids(const struct filter *old,
				  const struct svmtrace_pids *change, const u32 *nrs)
{
	struct filter *filter = copy(old, change->set, change->count);
	int err;

	if (IS_ERR(filter))
		return filter;
	err = pids_change(&filter->sets[change->set], change, nrs);
	if (err) {
		filter_free(filter);
		return ERR_PTR(err);
	}
	return finish(filter);
}

/**
 * filter_change_cgroups() - makes a copy of a filter with another set
 * @old:    or NULL
 * @change: checked but for its ids
 * @ids:    these
 *
 * May sleep.
 *
 * Return: the copy, or -ENOMEM, -EINVAL, -ENOENT or -ENOSPC.
 */
struct filter *filter_change_cgroups(const struct filter *old,
				     const struct svmtrace_cgroups *change, const u64 *ids)
{
	struct filter *filter = copy(old, 0, 0);
	struct cgroup_set *set;

	if (IS_ERR(filter))
		return filter;
	set = cgroups_change(filter->cgroups[change->set], change, ids);
	if (IS_ERR(set)) {
		filter_free(filter);
		return ERR_CAST(set);
	}
	kfree(filter->cgroups[change->set]);
	filter->cgroups[change->set] = set;
	return finish(filter);
}

/**
 * filter_change_program() - makes a copy of a filter with another program
 * @old:     or NULL
 * @program: or NULL
 * @trigger: it is to be the trigger
 *
 * May sleep.
 *
 * Return: the copy, or -ENOMEM.
 */
struct filter *filter_change_program(const struct filter *old, struct program *program,
				     bool trigger)
{
	struct filter *filter = copy(old, 0, 0);
	struct program **place;

	if (IS_ERR(filter))
		return filter;
	place = trigger ? &filter->trigger : &filter->program;
	program_put(*place);
	*place = program_get(program);
	return finish(filter);
}

/**
 * filter_free() - frees a filter that no call looks at any more
 * @filter: or NULL
 *
 * May sleep.
 */
void filter_free(struct filter *filter)
{
	unsigned int i;

	if (!filter)
		return;
	for (i = 0; i < SVMTRACE_PIDS_SETS; i++)
		pids_free(&filter->sets[i]);
	for (i = 0; i < SVMTRACE_CGROUPS_SETS; i++)
		kfree(filter->cgroups[i]);
	program_put(filter->program);
	program_put(filter->trigger);
	kfree(filter);
}

/**
 * filter_decide_by_all() - decides by all that a program loads
 * @program: of a filter
 * @snap:    the call; what is still missing is gathered
 *
 * In a probe, under rcu_read_lock().
 *
 * Return: the verdict.
 */
enum verdict filter_decide_by_all(const struct program *program, struct snapshot *snap)
{
	u32 result = PROGRAM_UNDECIDED;

	snapshot_gather_parts(snap, program->needs);
	snapshot_gather(snap, program->needs);
	filter_clear_absent(program->groups, snap);
	if (filter_is_blind(program, snap))
		return FILTER_LATER;
	if (!program->late)
		return program_run(program, &snap->d) ? FILTER_KEEP : FILTER_DROP;
	if (program->by_entry)
		result = bpf_prog_run(program->by_entry, &snap->d);
	if (result == PROGRAM_UNDECIDED)
		return FILTER_LATER;
	return result ? FILTER_KEEP : FILTER_DROP;
}

/**
 * filter_decide_at_return() - decides on a call that has returned
 * @program: that said FILTER_LATER when it entered, or a trigger
 * @snap:    the call
 *
 * What moved something, though what the program asks for was never seen, is not hidden.
 * In a probe.
 *
 * Return: whether the call is kept.
 */
bool filter_decide_at_return(const struct program *program, const struct snapshot *snap)
{
	return program_run(program, &snap->d) ||
	       (snap->d.call.ret > 0 && filter_is_blind(program, snap));
}

/* Others may have asked for parts of the caller, but not for all that this one loads. */
static bool lacks_part(const struct program *program, const struct snapshot *snap)
{
	u32 have = snap->have;

	if (!(have & SNAPSHOT_CALLER) || have & SVMTRACE_GROUP_CALLER)
		return false;
	return program->needs & SNAPSHOT_CALLER & ~have;
}

/**
 * filter_triggers() - does a call freeze a flight recorder?
 * @filter: or NULL
 * @snap:   the call, which filter_decide() has kept, and which has been recorded; with its
 *	    duration
 *
 * Facts that were not gathered, because the trigger was set meanwhile, are absent; a
 * call of whose caller only a part is known does not freeze it. A call without a
 * result cannot hide it from a trigger that asks for it, unless that can say early
 * that it is not about this call. In a probe, under rcu_read_lock().
 *
 * Return: whether it does.
 */
bool filter_triggers(const struct filter *filter, struct snapshot *snap)
{
	const struct program *trigger = filter ? filter->trigger : NULL;
	bool blind;

	if (!trigger || lacks_part(trigger, snap))
		return false;
	filter_clear_absent(trigger->groups, snap);
	blind = filter_is_blind(trigger, snap);
	if (!(snap->d.present & SVMTRACE_PRESENT_RESULT) && (trigger->late || blind))
		return program_run_early(trigger, &snap->d, !blind);
	return filter_decide_at_return(trigger, snap);
}
