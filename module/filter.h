/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_FILTER_H
#define SVMTRACE_FILTER_H

#include <linux/svmtrace.h>

#include "cgroups.h"
#include "pids.h"

struct program;
struct snapshot;

/**
 * struct filter - what a session wants to see, never changed once it is in use
 * @sets:    indexed by SVMTRACE_PIDS_
 * @cgroups: indexed by SVMTRACE_CGROUPS_; NULL: empty
 * @program: or NULL
 * @trigger: what freezes a flight recorder, or NULL
 */
struct filter {
	struct pid_set sets[SVMTRACE_PIDS_SETS];
	struct cgroup_set *cgroups[SVMTRACE_CGROUPS_SETS];
	struct program *program;
	struct program *trigger;
};

/**
 * enum verdict - on a call that enters
 * @FILTER_DROP:  the session does not see it
 * @FILTER_KEEP:  it does
 * @FILTER_LATER: filter.program says at return
 */
enum verdict { FILTER_DROP, FILTER_KEEP, FILTER_LATER };

struct filter *filter_change_pids(const struct filter *old,
				  const struct svmtrace_pids *change, const u32 *nrs);
struct filter *filter_change_cgroups(const struct filter *old,
				     const struct svmtrace_cgroups *change, const u64 *ids);
struct filter *filter_change_program(const struct filter *old, struct program *program);
struct filter *filter_change_trigger(const struct filter *old, struct program *trigger);
void filter_free(struct filter *filter);
enum verdict filter_decide(const struct filter *filter, struct snapshot *snap);
bool filter_triggers(const struct filter *filter, struct snapshot *snap);

/**
 * filter_wants_caller() - does it see calls of current at all?
 * @filter: of a session
 *
 * In a probe, under rcu_read_lock().
 *
 * Return: false if one of the sets of callers, or of cgroups, rejects it.
 */
static inline bool filter_wants_caller(const struct filter *filter)
{
	return pids_keep_caller(filter->sets) &&
	       (likely(!filter->cgroups[SVMTRACE_CGROUPS_CALLER] &&
		       !filter->cgroups[SVMTRACE_CGROUPS_NOT_CALLER]) ||
		cgroups_keep(filter->cgroups));
}

/**
 * filter_wants_facts() - is there more to be asked than who calls?
 * @filter: of a session
 *
 * Return: whether filter_decide() has to be called. Any context.
 */
static inline bool filter_wants_facts(const struct filter *filter)
{
	return filter->program || filter->sets[SVMTRACE_PIDS_TARGET].used ||
	       filter->sets[SVMTRACE_PIDS_NOT_TARGET].used;
}

#endif /* SVMTRACE_FILTER_H */
