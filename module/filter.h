/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_FILTER_H
#define SVMTRACE_FILTER_H

#include <linux/svmtrace.h>

#include "cgroups.h"
#include "pids.h"
#include "program.h"
#include "snapshot.h"

/* What a filter asks, in this order. */
#define FILTER_CALLERS	0x1	/* the sets of callers, and of cgroups */
#define FILTER_TARGETS	0x2	/* the sets of targets */
#define FILTER_PROGRAM	0x4

/**
 * struct filter - what a session wants to see, never changed once it is in use
 * @asks:    FILTER_ bits of what it has
 * @sets:    indexed by SVMTRACE_PIDS_
 * @cgroups: indexed by SVMTRACE_CGROUPS_; NULL: empty
 * @program: or NULL
 * @trigger: what freezes a flight recorder, or NULL
 */
struct filter {
	u32 asks;
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
struct filter *filter_change_program(const struct filter *old, struct program *program,
				     bool trigger);
void filter_free(struct filter *filter);
enum verdict filter_decide_by_all(const struct program *program, struct snapshot *snap);
bool filter_decide_at_return(const struct program *program, const struct snapshot *snap);
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
	return !(filter->asks & FILTER_CALLERS) ||
	       (pids_keep_caller(filter->sets) &&
		(likely(!filter->cgroups[SVMTRACE_CGROUPS_CALLER] &&
			!filter->cgroups[SVMTRACE_CGROUPS_NOT_CALLER]) ||
		 cgroups_keep(filter->cgroups)));
}

/**
 * filter_wants_facts() - is there more to be asked than who calls?
 * @filter: of a session
 *
 * Return: whether its program, or a set of targets, has to be asked. Any context.
 */
static inline bool filter_wants_facts(const struct filter *filter)
{
	return filter->asks & (FILTER_TARGETS | FILTER_PROGRAM);
}

/* By its sets of targets. */
static inline bool filter_wants_target(const struct filter *filter, struct snapshot *snap)
{
	snapshot_call(snap);
	return pids_keep_target(filter->sets, snap);
}

/* What a program loads, but what is not known, is zeros. */
static __always_inline void filter_clear_absent(u32 groups, struct snapshot *snap)
{
	if (unlikely(groups & ~snap->d.present))
		snapshot_clear_absent(snap, groups);
}

/**
 * filter_is_blind() - does a program ask for what could not be seen?
 * @program: of a filter
 * @snap:    the call, of which that has been looked for
 *
 * The kernel may see it all the same, when it looks: by then there can be memory where
 * the array is, or a process of that number. Any context.
 *
 * Return: whether it does.
 */
static __always_inline bool filter_is_blind(const struct program *program,
					    const struct snapshot *snap)
{
	const u32 marks = snap->d.record.marks;

	return (marks & SVMTRACE_MARK_NO_TARGET &&
		program->needs & (SNAPSHOT_TARGET | TARGET_GROUPS)) ||
	       (marks & (SIDE_MARK(LOCAL, SVMTRACE_MARK_UNREADABLE) |
			 SIDE_MARK(REMOTE, SVMTRACE_MARK_UNREADABLE)) &&
		program->needs & SNAPSHOT_ARRAYS);
}

/* What a program says by these parts, if it is one that can say anything by them. */
static __always_inline u32 filter_ask_early(const struct program *program,
					    const struct bpf_prog *early, u32 parts,
					    struct snapshot *snap)
{
	if (!early)
		return PROGRAM_UNDECIDED;
	snapshot_gather_parts(snap, program->needs & parts);
	if (parts & SNAPSHOT_TARGET) {
		if (unlikely(filter_is_blind(program, snap)))
			return PROGRAM_UNDECIDED;
		filter_clear_absent(program->groups & SVMTRACE_GROUP_TARGET, snap);
	}
	return bpf_prog_run(early, &snap->d);
}

/**
 * filter_ask_by_caller() - what the program says by what the caller is
 * @filter: which wants its caller, and looks at facts
 * @snap:   the call; the facts are gathered
 *
 * By this most programs can reject most calls. In a probe, under rcu_read_lock().
 *
 * Return: 0 if it rejects the call; PROGRAM_UNDECIDED if it takes more than that.
 */
static __always_inline u32 filter_ask_by_caller(const struct filter *filter,
						struct snapshot *snap)
{
	const struct program *program = filter->program;

	return program ? filter_ask_early(program, program->by_caller, SNAPSHOT_CALLER, snap) :
			 PROGRAM_UNDECIDED;
}

/**
 * filter_decide() - decides on a call of current that enters
 * @filter: which wants its caller, and looks at facts
 * @snap:   the call; facts that are needed for the decision are gathered
 * @result: of filter_ask_by_caller(), which does not reject it
 *
 * Inline as far as it rejects most other calls. In a probe, under rcu_read_lock().
 *
 * Return: the verdict.
 */
static __always_inline enum verdict filter_decide(const struct filter *filter,
						  struct snapshot *snap, u32 result)
{
	const struct program *program = filter->program;

	if (unlikely(filter->asks & FILTER_TARGETS) && !filter_wants_target(filter, snap))
		return FILTER_DROP;
	if (!program)
		return FILTER_KEEP;
	if (result == PROGRAM_UNDECIDED)
		result = filter_ask_early(program, program->by_parts, SNAPSHOT_PARTS, snap);
	if (likely(result != PROGRAM_UNDECIDED))
		return result ? FILTER_KEEP : FILTER_DROP;
	return filter_decide_by_all(program, snap);
}

#endif /* SVMTRACE_FILTER_H */
