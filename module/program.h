/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_PROGRAM_H
#define SVMTRACE_PROGRAM_H

#include <linux/filter.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/svmtrace.h>

/* What an early answer is if it takes more to decide; or the program's own, if it likes. */
#define PROGRAM_UNDECIDED 0x80000000U

/**
 * struct program - a filter program
 * @bpf:       the kernel's translation of it
 * @by_caller: the same, for when nothing but SNAPSHOT_CALLER is known; @bpf, if that
 *	       asks for nothing else; or NULL
 * @by_parts:  likewise for SNAPSHOT_PARTS
 * @by_entry:  likewise for all that is known before the return; or NULL, also if @bpf or
 *	       @by_parts says the same
 * @needs:     SVMTRACE_GROUP_, SNAPSHOT_ and IDENTITY_ bits of what it loads
 * @groups:    SVMTRACE_GROUP_ bits that it loads something of
 * @late:      it loads what is known at return only
 * @users:     filters that it is part of
 * @in_flight: calls that it will decide at return, per CPU; may be negative
 * @retired:   in the list of programs that are in no filter, but may be in flight
 */
struct program {
	struct bpf_prog *bpf;
	struct bpf_prog *by_caller;
	struct bpf_prog *by_parts;
	struct bpf_prog *by_entry;
	u32 needs;
	u32 groups;
	bool late;
	refcount_t users;
	int __percpu *in_flight;
	struct list_head retired;
};

struct program *program_create(const struct svmtrace_program *request);
struct program *program_get(struct program *program);
void program_put(struct program *program);
void program_enter(struct program *program);
void program_leave(struct program *program);
void program_reap_all(void);

/**
 * program_run() - what a program says of a call
 * @program: any
 * @d:	     the facts, true or not
 *
 * Preemption off.
 *
 * Return: what it returns; anything but 0 keeps the call.
 */
static inline u32 program_run(const struct program *program,
			      const struct svmtrace_filter_data *d)
{
	return bpf_prog_run(program->bpf, d);
}

/**
 * program_run_early() - what a program says before the return
 * @program: any
 * @d:	     the facts, as far as they are known before the return
 * @seen:    is all of them there that the program asks for, besides the caller?
 *
 * Preemption off.
 *
 * Return: what program_run() would return, or PROGRAM_UNDECIDED.
 */
static inline u32 program_run_early(const struct program *program,
				    const struct svmtrace_filter_data *d, bool seen)
{
	u32 result = PROGRAM_UNDECIDED;

	if (program->by_caller)
		result = bpf_prog_run(program->by_caller, d);
	if (result == PROGRAM_UNDECIDED && program->by_parts && seen)
		result = bpf_prog_run(program->by_parts, d);
	if (result == PROGRAM_UNDECIDED && program->by_entry && seen)
		result = bpf_prog_run(program->by_entry, d);
	return result;
}

#endif /* SVMTRACE_PROGRAM_H */
