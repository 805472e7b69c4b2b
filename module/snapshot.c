// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshot: takes the facts of a call at its entry, and at its return looks
 * again at what the caller could have changed meanwhile.
 */
#include <linux/compat.h>
#include <linux/sched.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/topology.h>
#include <asm/syscall.h>

#include "names.h"
#include "pipe.h"
#include "snapshot.h"

DEFINE_PER_CPU(struct second_look *, second_look);

/**
 * snapshot_exit() - undoes snapshot_init()
 */
void snapshot_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		kvfree(per_cpu(second_look, cpu));
}

/**
 * snapshot_init() - gets memory for the second looks
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM, and then snapshot_exit() is due as well.
 */
int snapshot_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct second_look *look = kvzalloc_node(sizeof(*look), GFP_KERNEL,
							 cpu_to_node(cpu));

		if (!look)
			return -ENOMEM;
		per_cpu(second_look, cpu) = look;
	}
	return 0;
}

static __always_inline u8 current_abi(void)
{
	if (likely(!in_compat_syscall()))
		return SVMTRACE_ABI_64;
#ifdef CONFIG_X86_64
	if (!in_ia32_syscall())
		return SVMTRACE_ABI_X32;
#endif
	return SVMTRACE_ABI_IA32;
}

static const u8 arg_types[SVMTRACE_NR_SYSCALLS][SVMTRACE_ARGS_MAX] = {
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	[SVMTRACE_NR_##syscall][index] = ARG_##type,
#include <linux/svmtrace_fields.h>
};

/* Extends to 64 bits as the kernel takes them: few moves, for a constant syscall. */
static __always_inline void extend(u64 *args, unsigned int syscall)
{
	unsigned int i;

#pragma GCC unroll 6
	for (i = 0; i < SVMTRACE_ARGS_MAX; i++) {
		if (arg_types[syscall][i] == ARG_s32)
			args[i] = (s64)(s32)args[i];
		else if (arg_types[syscall][i] == ARG_u32)
			args[i] = (u32)args[i];
	}
}

/* The times and sums come with what is gathered. */
static __always_inline void clear_call(struct svmtrace_call *call, u8 abi)
{
	call->ret = 0;
	call->tid = current->pid;
	call->relation = 0;
	call->iovs = 0;
	call->remote_iovs = 0;
	call->abi = abi;
	call->groups = 0;
	call->exe_len = 0;
	call->target_exe_len = 0;
}

/* SNAPSHOT_CALL */
static __always_inline void take_call(struct snapshot *snap, unsigned int syscall)
{
	u64 *args = snap->d.args;
	u8 abi = current_abi();
	unsigned int i;

	BUILD_BUG_ON(sizeof(long) != sizeof(u64));
	syscall_get_arguments(current, snap->user_regs, (unsigned long *)args);
#ifdef CONFIG_ARM64
	/* That is as user space set it, but the kernel takes it as a tracer has left it. */
	args[0] = snap->user_regs->regs[0];
#endif
	clear_call(&snap->d.call, abi);
	/* A 64-bit task can leave anything in the upper halves. */
	for (i = 0; unlikely(abi == SVMTRACE_ABI_IA32) && i < SVMTRACE_ARGS_MAX; i++)
		args[i] = (u32)args[i];
	if (syscall == SVMTRACE_NR_vmsplice) {
		extend(args, SVMTRACE_NR_vmsplice);
		args[4] = 0;
		args[5] = 0;
	} else {
		extend(args, SVMTRACE_NR_process_vm_writev);
	}
	snap->d.pipe.direction = SVMTRACE_PIPE_NONE;
}

/**
 * snapshot_call() - notes the arguments of a call that enters, and how it was made
 * @snap: after snapshot_begin()
 *
 * In a probe.
 */
void snapshot_call(struct snapshot *snap)
{
	if (snap->have & SNAPSHOT_CALL)
		return;
	take_call(snap, snap->d.record.syscall);
	snap->have |= SNAPSHOT_CALL;
}

/* Entries as far as the kernel could accept them. */
static u32 snapshot_reach(const struct snapshot *snap, unsigned int side)
{
	return min_t(u64, snapshot_count(snap, side), SVMTRACE_IOVS_MAX);
}

static void set_totals(struct snapshot *snap)
{
	snap->d.call.bytes = snap->scan[LOCAL].total;
	snap->d.call.remote_bytes = snap->scan[REMOTE].total;
}

/*
 * Few entries: 32 bits of the local count say so only if the others are zero. Both
 * numbers of arrays get code of their own.
 */
static __always_inline bool read_few(struct snapshot *snap, unsigned int sides)
{
	return snap->d.args[2] <= UMEM_FEW && snap->d.call.abi == SVMTRACE_ABI_64 &&
	       (sides == 1 || snap->d.args[4] <= UMEM_FEW) &&
	       umem_read_few(snapshot_few(snap), sides, snap->iov, snap->scan);
}

/* An iovec array, as far as the kernel could accept it. */
static struct umem_iov iov_of(const struct snapshot *snap, unsigned int side)
{
	return (struct umem_iov){
		.addr = snap->d.args[1 + 2 * side],
		.n = snapshot_reach(snap, side),
		.kept = SNAPSHOT_IOVS,
		.compat = snap->d.call.abi != SVMTRACE_ABI_64,
	};
}

/* Takes over what was read of an array, as far as there is room for it. */
static void keep_array(struct snapshot *snap, const struct second_look *look,
		       unsigned int side)
{
	snap->scan[side] = look->scan[side];
	memcpy(snap->iov[side], look->iov[side], sizeof(snap->iov[side]));
}

static noinline void read_many(struct snapshot *snap)
{
	struct second_look *look = snapshot_look();
	unsigned int side;

	snap->special |= SPECIAL_ARRAYS;
	for (side = 0; side < snapshot_sides(snap); side++) {
		const struct umem_iov iov = iov_of(snap, side);

		umem_scan_iov(&look->scan[side], &iov, look->iov[side]);
		keep_array(snap, look, side);
		if (look->scan[side].read < iov.n)
			snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_UNREADABLE);
	}
}

static __always_inline void read_arrays(struct snapshot *snap, unsigned int sides)
{
	bool few;

	if (sides == SIDES) {
		few = read_few(snap, SIDES);
	} else {
		snap->scan[REMOTE] = (struct iov_scan){};
		few = read_few(snap, 1);
	}
	if (unlikely(!few))
		read_many(snap);
	set_totals(snap);
}

static bool moves_out_of_pipe(const struct snapshot *snap)
{
	return snap->d.record.syscall == SVMTRACE_NR_vmsplice &&
	       snap->d.pipe.direction == SVMTRACE_PIPE_READ;
}

/*
 * By the array as it was at entry, even if that has changed since; but of its
 * entries that the snapshot has no room for, as they are now.
 */
static unsigned int read_preview(const struct snapshot *snap, struct second_look *look,
				 unsigned int size, bool *fault)
{
	const u32 all = snap->scan[LOCAL].read, kept = min_t(u32, all, SNAPSHOT_IOVS);
	unsigned int done = umem_gather(look->preview, size, snap->iov[LOCAL], kept, fault);
	u32 now;

	if (all == kept || done == size || *fault)
		return done;
	now = clamp(look->scan[LOCAL].read, kept, all);
	done += umem_gather(look->preview + done, size - done, look->iov[LOCAL] + kept,
			    now - kept, fault);
	*fault |= done < size && now < all;
	return done;
}

/* What a program was told of it is about the same one as what the record says. */
static __always_inline struct task_struct *target_of(const struct snapshot *snap)
{
	if (unlikely(snap->have & SNAPSHOT_TARGET))
		return snap->target;
	return identity_find(snap->d.args[0]);
}

static __always_inline void take_target(struct snapshot *snap, struct task_struct *task)
{
	snap->d.record.marks |= identity_target(&snap->d.target, &snap->d.target_context,
						&snap->target_exe,
						&snap->d.call.relation, task);
	if (unlikely(snap->target_exe.len))
		snap->special |= SPECIAL_NAMES;
}

static u32 look_up_target(struct snapshot *snap)
{
	struct task_struct *task = target_of(snap);

	snap->delays = delays_of_current();
	if (!task) {
		snap->d.record.marks |= SVMTRACE_MARK_NO_TARGET;
		return 0;
	}
	take_target(snap, task);
	return TARGET_GROUPS;
}

/* What there can be to gather. */
static const u16 groups_of_syscall[SVMTRACE_NR_SYSCALLS] = {
	[SVMTRACE_NR_process_vm_writev] = SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_CONTEXT |
					  TARGET_GROUPS | SNAPSHOT_TIME | SNAPSHOT_ARRAYS,
	[SVMTRACE_NR_vmsplice] = SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_CONTEXT |
				 SVMTRACE_GROUP_PIPE | SNAPSHOT_TIME | SNAPSHOT_ARRAYS,
};

/* Groups that come with others. */
static __always_inline u32 add_companions(u32 groups)
{
	/* The name of the executable is compared with that of the thread. */
	if (groups & SVMTRACE_GROUP_CONTEXT)
		groups |= SVMTRACE_GROUP_CALLER;
	if (groups & TARGET_GROUPS)
		groups |= TARGET_GROUPS;
	return groups;
}

/* Return: what is present now, of @groups that are still missing. */
static __always_inline u32 gather(struct snapshot *snap, unsigned int syscall, u32 groups)
{
	u32 present = 0;

	if (groups & SNAPSHOT_TIME)
		snap->d.call.entry_time = ktime_get_mono_fast_ns();
	if (groups & SNAPSHOT_ARRAYS) {
		read_arrays(snap, sides_of(syscall));
		if (sides_of(syscall) > REMOTE)
			present |= SVMTRACE_PRESENT_REMOTE;
	}
	if (groups & SVMTRACE_GROUP_CALLER) {
		identity_caller(&snap->d.caller);
		present |= SVMTRACE_GROUP_CALLER;
	}
	if (groups & SVMTRACE_GROUP_CONTEXT) {
		snap->d.record.marks |= identity_context(&snap->d.context, &snap->exe,
							   snap->d.caller.comm);
		if (unlikely(snap->exe.len))
			snap->special |= SPECIAL_NAMES;
		present |= SVMTRACE_GROUP_CONTEXT;
	}
	if (groups & SVMTRACE_GROUP_PIPE) {
		pipe_at_entry(&snap->d.pipe, snap->d.args[0]);
		present |= SVMTRACE_GROUP_PIPE;
	}
	if (groups & TARGET_GROUPS)
		present |= look_up_target(snap);
	return present;
}

/**
 * snapshot_gather() - takes facts of a call that enters
 * @snap:   after snapshot_begin()
 * @groups: SVMTRACE_GROUP_ bits, SNAPSHOT_TIME, SNAPSHOT_ARRAYS: what is wanted
 *
 * Takes each only once. In a probe, under rcu_read_lock().
 */
void snapshot_gather(struct snapshot *snap, u32 groups)
{
	unsigned int syscall = snap->d.record.syscall;

	snapshot_call(snap);
	groups = add_companions(groups) & groups_of_syscall[syscall] & ~snap->have;
	snap->have |= groups;
	snap->d.present |= gather(snap, syscall, groups);
}

/**
 * snapshot_target_parts() - takes facts of the target that a program asks for
 * @snap:  after snapshot_call()
 * @parts: IDENTITY_ bits
 *
 * In a probe, under rcu_read_lock().
 */
void snapshot_target_parts(struct snapshot *snap, u32 parts)
{
	if (snap->d.record.syscall != SVMTRACE_NR_process_vm_writev ||
	    snap->have & SVMTRACE_GROUP_TARGET)
		return;
	snap->target = target_of(snap);
	if (!snap->target) {
		snap->d.record.marks |= SVMTRACE_MARK_NO_TARGET;
		return;
	}
	identity_target_parts(&snap->d.target, &snap->d.call.relation, snap->target, parts);
	snap->d.present |= SVMTRACE_GROUP_TARGET;
}

/**
 * snapshot_complete() - takes what a call that is kept still lacks
 * @snap:   after snapshot_begin()
 * @groups: SVMTRACE_GROUP_ bits of what is wanted besides time and arrays
 *
 * Of its target, it has all or nothing then. In a probe, under the rcu_read_lock() of
 * what has been gathered before.
 */
void snapshot_complete(struct snapshot *snap, u32 groups)
{
	if (snap->have & SNAPSHOT_TARGET)
		groups |= SVMTRACE_GROUP_TARGET;
	snapshot_gather(snap, groups | SNAPSHOT_TIME | SNAPSHOT_ARRAYS);
}

/* For a constant syscall, what it has not is never asked for. */
static __always_inline void take(struct snapshot *snap, unsigned int syscall,
				 struct pt_regs *user_regs, u32 groups)
{
	groups = add_companions(groups) & groups_of_syscall[syscall];
	snapshot_begin(snap, syscall, user_regs);
	take_call(snap, syscall);
	snap->have = groups | SNAPSHOT_CALL;
	snap->d.present = gather(snap, syscall, groups);
}

/**
 * snapshot_take() - all at once: snapshot_begin(), snapshot_call(), snapshot_gather()
 * @snap:      emptied, but for the sessions
 * @syscall:   SVMTRACE_NR_
 * @user_regs: registers of current as it entered the kernel
 * @groups:    SVMTRACE_GROUP_ bits of what is wanted besides time and arrays
 *
 * In a probe, under rcu_read_lock().
 */
void snapshot_take(struct snapshot *snap, unsigned int syscall, struct pt_regs *user_regs,
		   u32 groups)
{
	groups |= SNAPSHOT_TIME | SNAPSHOT_ARRAYS;
	if (syscall == SVMTRACE_NR_process_vm_writev)
		take(snap, SVMTRACE_NR_process_vm_writev, user_regs, groups);
	else
		take(snap, SVMTRACE_NR_vmsplice, user_regs, groups);
}

/**
 * snapshot_clear_absent() - what was not gathered reads as zeros
 * @snap:   after snapshot_begin()
 * @groups: SVMTRACE_GROUP_ bits of what a program loads
 *
 * It would see what an earlier call has left there. Any context.
 */
void snapshot_clear_absent(struct snapshot *snap, u32 groups)
{
	groups &= ~snap->d.present;
	if (groups & SVMTRACE_GROUP_CALLER)
		snap->d.caller = (struct svmtrace_caller){};
	if (groups & SVMTRACE_GROUP_CONTEXT)
		snap->d.context = (struct svmtrace_context){};
	if (groups & SVMTRACE_GROUP_TARGET)
		snap->d.target = (struct svmtrace_target){};
	if (groups & SVMTRACE_GROUP_TARGET_CONTEXT)
		snap->d.target_context = (struct svmtrace_target_context){};
	if (groups & SVMTRACE_GROUP_PIPE)
		snap->d.pipe = (struct svmtrace_pipe){};
}

/**
 * snapshot_copy() - copies what has been gathered, but for a preview
 * @to:   a snapshot that is empty
 * @from: a snapshot after snapshot_begin()
 *
 * Any context.
 */
void snapshot_copy(struct snapshot *to, const struct snapshot *from)
{
	unsigned int side;

	memcpy(to, from, offsetof(struct snapshot, iov));
	for (side = 0; (from->have & SNAPSHOT_ARRAYS) && side < snapshot_sides(from); side++)
		memcpy(to->iov[side], from->iov[side],
		       min_t(u32, from->scan[side].read, SNAPSHOT_IOVS) *
		       sizeof(to->iov[side][0]));
}

/**
 * snapshot_preview() - takes the first bytes of the payload at entry
 * @snap: with SNAPSHOT_ARRAYS and, of vmsplice, SVMTRACE_GROUP_PIPE
 * @look: of this CPU; its preview is that of the call afterwards
 * @size: bytes that some session wants
 *
 * In a probe.
 */
void snapshot_preview(struct snapshot *snap, struct second_look *look, u16 size)
{
	bool fault;

	snap->special |= SPECIAL_PREVIEW;
	snap->preview_wanted = size;
	snap->preview_len = 0;
	if (moves_out_of_pipe(snap))
		return;
	snap->preview_len = read_preview(snap, look, size, &fault);
	snap->preview_hash = umem_hash(look->preview, snap->preview_len);
	memcpy(snap->preview, look->preview,
	       min_t(u32, snap->preview_len, SNAPSHOT_PREVIEW));
	if (fault)
		snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_UNREADABLE);
}

/* What could not be read before but can be now is taken over, and marked so. */
static void adopt_array(struct snapshot *snap, struct second_look *look, unsigned int side)
{
	look->scan[side].total = umem_total(look->iov[side], look->scan[side].read);
	keep_array(snap, look, side);
	set_totals(snap);
	snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_AT_RETURN);
	if (look->scan[side].read == snapshot_reach(snap, side))
		snap->d.record.marks &= ~SIDE_MARK(side, SVMTRACE_MARK_UNREADABLE);
}

static void check_array(struct snapshot *snap, struct second_look *look,
			unsigned int side)
{
	const struct iov_scan *then = &snap->scan[side], *now = &look->scan[side];
	const struct umem_iov iov = iov_of(snap, side);
	bool less, differ;

	umem_rescan_iov(&look->scan[side], &iov, look->iov[side], snap->iov[side], then->read);
	less = now->read < then->read;
	differ = now->differs ||
		 (!less && then->read > SNAPSHOT_IOVS && now->hash != then->hash);
	if (!differ && now->read == then->read && then->read == snapshot_count(snap, side))
		return;
	snap->special |= SPECIAL_LOOK;
	if (less)
		snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_UNCHECKED);
	if (differ)
		snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_CHANGED);
	else if (now->read > then->read)
		adopt_array(snap, look, side);
}

static void check_preview(struct snapshot *snap, struct second_look *look)
{
	u16 then = snap->preview_len, now;
	bool fault, differ;

	now = read_preview(snap, look, snap->preview_wanted, &fault);
	look->preview_len = now;
	differ = memcmp(look->preview, snap->preview,
			min3(now, then, (u16)SNAPSHOT_PREVIEW)) ||
		 (now >= then && umem_hash(look->preview, then) != snap->preview_hash);
	if (now < then)
		snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_UNCHECKED);
	if (differ) {
		snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_CHANGED);
	} else if (now > then) {
		snap->preview_len = now;
		snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_AT_RETURN);
		if (!fault)
			snap->d.record.marks &= ~PREVIEW_MARK(SVMTRACE_MARK_UNREADABLE);
	}
}

/* What arrived from the pipe is there only now. */
static void read_arrived(struct snapshot *snap, struct second_look *look, s64 ret)
{
	unsigned int want = clamp_t(s64, ret, 0, snap->preview_wanted);
	bool fault;

	snap->preview_len = read_preview(snap, look, want, &fault);
	snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_AT_RETURN);
	if (fault)
		snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_UNREADABLE);
}

/*
 * One entry was seen to be different, whatever is there by now: that has to be what
 * the second look has.
 */
static void note_other(struct snapshot *snap, struct second_look *look, unsigned int number)
{
	unsigned int side = number / UMEM_FEW, i = number % UMEM_FEW;

	snap->special |= SPECIAL_LOOK;
	snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_CHANGED);
	/* Or it has become unreadable, with those after it. */
	if (i < look->scan[side].read)
		look->iov[side][i] = look->other;
}

/**
 * snapshot_look_closely() - reads the arrays again, where it matters how they differ
 * @snap:   as it was at entry; its marks are completed
 * @look:   what is found now
 * @number: of an entry that was seen to differ, as umem_same_few() returns it
 *
 * In a probe.
 */
void snapshot_look_closely(struct snapshot *snap, struct second_look *look, int number)
{
	unsigned int side;

	for (side = 0; side < snapshot_sides(snap); side++)
		check_array(snap, look, side);
	if (number >= 0)
		note_other(snap, look, number);
}

/**
 * snapshot_check_payload() - reads the preview again, or what has arrived
 * @snap: with SPECIAL_PREVIEW and its result; its marks are completed
 * @look: what is found now
 *
 * In a probe.
 */
void snapshot_check_payload(struct snapshot *snap, struct second_look *look)
{
	if (moves_out_of_pipe(snap))
		read_arrived(snap, look, snap->d.call.ret);
	else
		check_preview(snap, look);
}

/**
 * snapshot_check_target() - looks the target up again, when the call returns
 * @snap: with the result of a call that asked for its target; its marks are completed
 *
 * The kernel looks it up after it has read the arrays, and how long that takes is up to
 * the caller. In a probe, under rcu_read_lock().
 */
void snapshot_check_target(struct snapshot *snap)
{
	struct task_struct *task = identity_find(snap->d.args[0]);
	u32 *marks = &snap->d.record.marks;

	if (!task)
		return;
	if (!(*marks & SVMTRACE_MARK_NO_TARGET)) {
		if (!identity_is_target(task, &snap->d.target, &snap->d.target_context,
					snap->d.call.relation))
			*marks |= SVMTRACE_MARK_TARGET_CHANGED;
	} else if (snap->d.call.ret > 0) {
		*marks ^= SVMTRACE_MARK_NO_TARGET | SVMTRACE_MARK_TARGET_AT_RETURN;
		take_target(snap, task);
		snap->d.present |= TARGET_GROUPS;
	}
}

/**
 * snapshot_no_result() - marks a call whose return will not be seen, or not yet
 * @snap: as it was at entry
 *
 * Any context.
 *
 * Return: the marks that its record gets.
 */
u32 snapshot_no_result(const struct snapshot *snap)
{
	u32 marks = snap->d.record.marks | SVMTRACE_MARK_NO_RESULT;
	unsigned int side;

	for (side = 0; side < snapshot_sides(snap); side++)
		marks |= SIDE_MARK(side, SVMTRACE_MARK_UNCHECKED);
	return marks | PREVIEW_MARK(SVMTRACE_MARK_UNCHECKED);
}
