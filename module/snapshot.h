/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshot: all that is known of a call, from its entry to its return. It is
 * kept in the kretprobe instance of the call, or, without one, in the scratch
 * memory of the CPU until it has been recorded.
 */
#ifndef SVMTRACE_SNAPSHOT_H
#define SVMTRACE_SNAPSHOT_H

#include <linux/percpu.h>
#include <linux/svmtrace.h>
#include <linux/types.h>

#include "identity.h"
#include "pipe.h"
#include "umem.h"

/* The bits of a mark for an iovec array, or for the preview. */
#define SIDE_MARK(side, mark)	((mark) << ((side) * SVMTRACE_MARK_REMOTE_SHIFT))
#define PREVIEW_MARK(mark)	((mark) << SVMTRACE_MARK_PREVIEW_SHIFT)
#define PREVIEW_MARKS		PREVIEW_MARK(SIDE_MARK(1, 1U) - 1)

struct program;
struct pt_regs;
struct quota;

/* What a snapshot holds of an iovec array; of the rest it keeps a hash. */
#define SNAPSHOT_IOVS		UMEM_FEW
/* What it holds of the payload; of the rest it keeps a hash. */
#define SNAPSHOT_PREVIEW	640

/* A snapshot notes by a bit each which sessions see the call. */
#define SESSIONS_MAX		16

enum { LOCAL, REMOTE, SIDES };

/* What has been gathered of a call, besides SVMTRACE_GROUP_ and IDENTITY_ bits. */
#define SNAPSHOT_TIME		0x100
#define SNAPSHOT_ARRAYS		0x200
/* The arguments, the ABI and the thread. */
#define SNAPSHOT_CALL		0x10000
/* Of the caller, for a program: SVMTRACE_GROUP_CALLER is all of it. */
#define SNAPSHOT_CALLER		(IDENTITY_IDS | IDENTITY_PARENT | IDENTITY_COMM)
/* Likewise of the target, until the call is kept: SVMTRACE_GROUP_TARGET is all of it. */
#define SNAPSHOT_TARGET		(IDENTITY_TARGET | IDENTITY_KIN | IDENTITY_CROSSES)
/* What is in either group comes from the same lookup. */
#define TARGET_GROUPS		(SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_TARGET_CONTEXT)
/* All of these are what costs little to find out. */
#define SNAPSHOT_PARTS		(SNAPSHOT_CALL | SNAPSHOT_CALLER | SNAPSHOT_TARGET)

/* Why a record is more than a copy of what the snapshot has. */
#define SPECIAL_ARRAYS		0x1	/* maybe too long for it: see the second look */
#define SPECIAL_NAMES		0x2	/* an executable is not named as its thread */
#define SPECIAL_LOOK		0x4	/* it has not found whole arrays as they were */
#define SPECIAL_PREVIEW		0x8	/* some session wants one */

/**
 * struct snapshot - a call
 * @sessions: bit per slot of the sessions that see the call
 * @undecided: of them, those whose filter program decides at return
 * @special:  SPECIAL_ bits
 * @epoch:    session_epoch() when it entered
 * @quota:    of the probe
 * @bucket:   of the quota
 * @preview_wanted: if SPECIAL_PREVIEW, bytes of payload that some session wants
 * @preview_len: if SPECIAL_PREVIEW, bytes of payload that were read
 * @have:     what has been gathered: SVMTRACE_GROUP_ and SNAPSHOT_ bits
 * @user_regs: of current as it entered the kernel; until SNAPSHOT_CALL
 * @target:   if SNAPSHOT_TARGET, who is written to, or NULL; while the call enters
 * @delays:   delays_of_current() when the target was looked up
 * @d:	      the facts
 * @exe:      name of the caller's executable
 * @target_exe: name of the target's executable
 * @scan:     what the arrays held, beyond @iov
 * @iov:      the first entries of both arrays
 * @programs: of the undecided sessions, by slot
 * @preview_hash: over all of the preview
 * @preview:  the first of the bytes
 */
struct snapshot {
	u32 sessions;
	u32 undecided;
	u32 special;
	u64 epoch;
	struct quota *quota;
	u16 bucket;
	u16 preview_wanted;
	u16 preview_len;
	u32 have;
	struct pt_regs *user_regs;
	struct task_struct *target;
	unsigned long delays;
	struct svmtrace_filter_data d;
	struct exe_name exe;
	struct exe_name target_exe;
	struct iov_scan scan[SIDES];
	struct svmtrace_iovec iov[SIDES][SNAPSHOT_IOVS];
	struct program *programs[SESSIONS_MAX];
	u64 preview_hash;
	u8 preview[SNAPSHOT_PREVIEW];
};

static inline unsigned int sides_of(unsigned int syscall)
{
	return syscall == SVMTRACE_NR_process_vm_writev ? SIDES : 1;
}

/**
 * struct second_look - the caller's memory at return; scratch of a CPU
 * @other:	 an entry that was seen to have changed
 * @scan:	 what the arrays hold now
 * @iov:	 their entries; before the return, with SPECIAL_ARRAYS, those at entry
 * @preview_len: bytes of payload that could be read now
 * @preview:	 these bytes; before the return, those at entry
 */
struct second_look {
	struct svmtrace_iovec other;
	struct iov_scan scan[SIDES];
	struct svmtrace_iovec iov[SIDES][SVMTRACE_IOVS_MAX];
	u16 preview_len;
	u8 preview[SVMTRACE_PREVIEW_MAX];
};

DECLARE_PER_CPU(struct second_look *, second_look);

/**
 * snapshot_look() - the second look of this CPU
 *
 * Return: it, for as long as preemption is off.
 */
static inline struct second_look *snapshot_look(void)
{
	return this_cpu_read(second_look);
}

/**
 * snapshot_sides() - how many iovec arrays a call has
 * @snap: the call
 *
 * Return: 1, or SIDES if there is a remote one. Any context.
 */
static inline unsigned int snapshot_sides(const struct snapshot *snap)
{
	return sides_of(snap->d.record.syscall);
}

/**
 * snapshot_count() - the length of an iovec array, as the kernel takes it
 * @snap: the call, which has that array
 * @side: LOCAL or REMOTE
 *
 * The argument is a long, but import_iovec() takes 32 bits: a count of 2^32 + 1
 * is a valid call with one entry. The remote array does not pass through it.
 *
 * Return: entries, perhaps more than the kernel accepts. Any context.
 */
static inline u64 snapshot_count(const struct snapshot *snap, unsigned int side)
{
	u64 count = snap->d.args[2 + 2 * side];

	return side == LOCAL ? (u32)count : count;
}

int snapshot_init(void);
void snapshot_exit(void);
void snapshot_call(struct snapshot *snap);
void snapshot_gather(struct snapshot *snap, u32 groups);
void snapshot_target_parts(struct snapshot *snap, u32 parts);
void snapshot_complete(struct snapshot *snap, u32 groups);
void snapshot_take(struct snapshot *snap, unsigned int syscall, struct pt_regs *user_regs,
		   u32 groups);
void snapshot_clear_absent(struct snapshot *snap, u32 groups);
void snapshot_copy(struct snapshot *to, const struct snapshot *from);
void snapshot_preview(struct snapshot *snap, struct second_look *look, u16 size);
void snapshot_look_closely(struct snapshot *snap, struct second_look *look, int number);
void snapshot_check_payload(struct snapshot *snap, struct second_look *look);
void snapshot_check_target(struct snapshot *snap);
u32 snapshot_no_result(const struct snapshot *snap);

/**
 * snapshot_begin() - prepares for facts of a call that enters
 * @snap:      emptied, but for the sessions
 * @syscall:   SVMTRACE_NR_: all that is known so far
 * @user_regs: registers of current as it entered the kernel
 *
 * In a probe.
 */
static __always_inline void snapshot_begin(struct snapshot *snap, unsigned int syscall,
					   struct pt_regs *user_regs)
{
	snap->d.record = (struct svmtrace_record){
		.kind = SVMTRACE_KIND_CALL,
		.syscall = syscall,
	};
	snap->d.present = 0;
	snap->d.reserved = 0;
	snap->have = 0;
	snap->undecided = 0;
	snap->special = 0;
	snap->user_regs = user_regs;
}

/**
 * snapshot_gather_parts() - takes facts of a call that enters, for a program
 * @snap:  after snapshot_begin()
 * @parts: SNAPSHOT_CALL and IDENTITY_ bits
 *
 * In a probe, under rcu_read_lock().
 */
static __always_inline void snapshot_gather_parts(struct snapshot *snap, u32 parts)
{
	parts &= SNAPSHOT_PARTS & ~snap->have;
	if (parts & SNAPSHOT_CALLER) {
		identity_caller_parts(&snap->d.caller, parts);
		snap->d.present |= SVMTRACE_GROUP_CALLER;
	}
	if (parts & (SNAPSHOT_CALL | SNAPSHOT_TARGET))
		snapshot_call(snap);
	if (parts & SNAPSHOT_TARGET)
		snapshot_target_parts(snap, parts);
	snap->have |= parts;
}

/* The arrays of both syscalls stand, as address and count, from argument 1 on. */
static __always_inline const struct umem_few *snapshot_few(const struct snapshot *snap)
{
	BUILD_BUG_ON(sizeof(struct umem_few) != 2 * sizeof(snap->d.args[0]));
	return (const struct umem_few *)&snap->d.args[1];
}

static __always_inline int snapshot_compare_few(const struct snapshot *snap,
						struct second_look *look,
						unsigned int sides)
{
	return umem_same_few(snapshot_few(snap), sides,
			     (const struct svmtrace_iovec (*)[UMEM_FEW])snap->iov,
			     &look->other);
}

/*
 * What gives others the time to end the target and to have its number used again: sleep,
 * preemption, and page faults, of which a caller can have many before the kernel looks.
 */
static __always_inline unsigned long delays_of_current(void)
{
	return current->nvcsw + current->nivcsw + current->min_flt;
}

/* Can it be another by now, or be there at last? */
static __always_inline bool snapshot_doubts_target(const struct snapshot *snap)
{
	return snap->have & TARGET_GROUPS &&
	       (snap->delays != delays_of_current() ||
		(snap->d.record.marks & SVMTRACE_MARK_NO_TARGET && snap->d.call.ret > 0));
}

/**
 * snapshot_return() - looks again, when the call returns
 * @snap: as it was at entry; its result and marks are completed
 * @look: what is found now, of this CPU; only what is marked to have changed
 * @ret:  what the kernel function returned
 *
 * In a probe, under rcu_read_lock().
 */
static __always_inline void snapshot_return(struct snapshot *snap, struct second_look *look,
					    s64 ret)
{
	int number = UMEM_FAULT;

	snap->d.call.ret = ret;
	snap->d.present |= SVMTRACE_PRESENT_RESULT;
	if (likely(!(snap->special & SPECIAL_ARRAYS)))
		number = snapshot_sides(snap) == SIDES ?
			 snapshot_compare_few(snap, look, SIDES) :
			 snapshot_compare_few(snap, look, 1);
	if (unlikely(number != UMEM_SAME))
		snapshot_look_closely(snap, look, number);
	if (snap->d.record.syscall == SVMTRACE_NR_vmsplice)
		pipe_at_return(&snap->d.pipe, snap->d.args[0]);
	if (unlikely(snapshot_doubts_target(snap)))
		snapshot_check_target(snap);
	if (unlikely(snap->special & SPECIAL_PREVIEW))
		snapshot_check_payload(snap, look);
}

#endif /* SVMTRACE_SNAPSHOT_H */
