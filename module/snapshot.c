// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshot: takes the facts of a call at its entry, and at its return looks
 * again at what the caller could have changed meanwhile.
 */
#include <linux/compat.h>
#include <linux/sched.h>
#include <linux/ktime.h>
#include <asm/syscall.h>

#include "pipe.h"
#include "snapshot.h"

static u8 current_abi(void)
{
#ifdef CONFIG_X86_64
	if (in_32bit_syscall())
		return in_compat_syscall() && !in_ia32_syscall() ?
		       SVMTRACE_ABI_X32 : SVMTRACE_ABI_IA32;
#endif
	return in_compat_syscall() ? SVMTRACE_ABI_IA32 : SVMTRACE_ABI_64;
}

enum arg_type { ARG_u64, ARG_s32, ARG_u32 };

static const u8 arg_types[SVMTRACE_NR_SYSCALLS][SVMTRACE_ARGS_MAX] = {
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	[SVMTRACE_NR_##syscall][index] = ARG_##type,
#include <linux/svmtrace_fields.h>
};

/*
 * Extends to 64 bits as the kernel takes them. Unrolled for a constant syscall,
 * this is six moves.
 */
static __always_inline void extend(u64 *to, const unsigned long *args,
				   unsigned int syscall)
{
	unsigned int i;

#pragma GCC unroll 6
	for (i = 0; i < SVMTRACE_ARGS_MAX; i++) {
		switch (arg_types[syscall][i]) {
		case ARG_s32:
			to[i] = (s64)(s32)args[i];
			break;
		case ARG_u32:
			to[i] = (u32)args[i];
			break;
		default:
			to[i] = args[i];
		}
	}
}

/**
 * snapshot_begin() - notes the arguments of a call that enters
 * @snap:      emptied, but for the sessions
 * @syscall:   SVMTRACE_NR_
 * @user_regs: registers of current as it entered the kernel
 *
 * In a probe.
 */
void snapshot_begin(struct snapshot *snap, unsigned int syscall,
		    struct pt_regs *user_regs)
{
	unsigned long args[SVMTRACE_ARGS_MAX];
	unsigned int i;

	syscall_get_arguments(current, user_regs, args);
	snap->d.record = (struct svmtrace_record){
		.kind = SVMTRACE_KIND_CALL,
		.syscall = syscall,
	};
	snap->d.call = (struct svmtrace_call){
		.tid = current->pid,
		.abi = current_abi(),
	};
	/* A 64-bit task can leave anything in the upper halves. */
	for (i = 0; snap->d.call.abi == SVMTRACE_ABI_IA32 && i < SVMTRACE_ARGS_MAX; i++)
		args[i] = (u32)args[i];
	if (syscall == SVMTRACE_NR_vmsplice)
		extend(snap->d.args, args, SVMTRACE_NR_vmsplice);
	else
		extend(snap->d.args, args, SVMTRACE_NR_process_vm_writev);
	snap->d.pipe.direction = SVMTRACE_PIPE_NONE;
	snap->d.present = 0;
	snap->d.reserved = 0;
	snap->have = 0;
	snap->undecided = 0;
}

/* Both syscalls have their arrays, as address and count, from argument 1 on. */
static unsigned int sides_of(const struct snapshot *snap)
{
	return snap->d.record.syscall == SVMTRACE_NR_process_vm_writev ? SIDES : 1;
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
u64 snapshot_count(const struct snapshot *snap, unsigned int side)
{
	u64 count = snap->d.args[2 + 2 * side];

	return side == LOCAL ? (u32)count : count;
}

/**
 * snapshot_iov() - an iovec array of the call
 * @snap: the call
 * @side: LOCAL or REMOTE
 *
 * Return: where it is, as far as the kernel could accept it; n is 0 if the
 * syscall has no such array. Any context.
 */
struct umem_iov snapshot_iov(const struct snapshot *snap, unsigned int side)
{
	struct umem_iov iov = {
		.hash_from = SNAPSHOT_IOVS,
		.hash_to = SVMTRACE_IOVS_MAX,
		.compat = snap->d.call.abi != SVMTRACE_ABI_64,
	};

	if (side < sides_of(snap)) {
		iov.addr = snap->d.args[1 + 2 * side];
		iov.n = min_t(u64, snapshot_count(snap, side), SVMTRACE_IOVS_MAX);
	}
	return iov;
}

static void set_totals(struct snapshot *snap)
{
	snap->d.call.bytes = snap->scan[LOCAL].total;
	snap->d.call.remote_bytes = snap->scan[REMOTE].total;
}

static void read_arrays(struct snapshot *snap)
{
	unsigned int side;

	snap->scan[REMOTE] = (struct iov_scan){};
	for (side = 0; side < sides_of(snap); side++) {
		struct umem_iov iov = snapshot_iov(snap, side);

		umem_scan_iov(&snap->scan[side], &iov, snap->iov[side], SNAPSHOT_IOVS);
		if (snap->scan[side].read < iov.n)
			snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_UNREADABLE);
	}
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
static unsigned int read_preview(struct snapshot *snap, u8 *buf, unsigned int size,
				 bool *fault)
{
	struct svmtrace_iovec chunk[SNAPSHOT_IOVS];
	u32 next = min_t(u32, snap->scan[LOCAL].read, SNAPSHOT_IOVS);
	unsigned int done = umem_gather(buf, size, snap->iov[LOCAL], next, fault);

	while (done < size && next < snap->scan[LOCAL].read && !*fault) {
		struct umem_iov iov = snapshot_iov(snap, LOCAL);
		struct iov_scan scan;

		iov.addr += next * umem_iov_size(iov.compat);
		iov.n = min_t(u32, snap->scan[LOCAL].read - next, SNAPSHOT_IOVS);
		umem_scan_iov(&scan, &iov, chunk, SNAPSHOT_IOVS);
		done += umem_gather(buf + done, size - done, chunk, scan.read, fault);
		*fault |= scan.read < iov.n;
		next += iov.n;
	}
	return done;
}

/* What is in either group comes from the same lookup. */
#define TARGET_GROUPS (SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_TARGET_CONTEXT)

static u32 look_up_target(struct snapshot *snap)
{
	struct task_struct *task = identity_find(snap->d.args[0]);

	snap->target_exe.len = 0;
	if (!task) {
		snap->d.record.marks |= SVMTRACE_MARK_NO_TARGET;
		return 0;
	}
	snap->d.record.marks |= identity_target(&snap->d.target, &snap->d.target_context,
						&snap->target_exe,
						&snap->d.call.relation, task);
	return TARGET_GROUPS;
}

static u32 groups_of_syscall(const struct snapshot *snap)
{
	return SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_CONTEXT | SNAPSHOT_TIME |
	       SNAPSHOT_ARRAYS |
	       (snap->d.record.syscall == SVMTRACE_NR_vmsplice ? SVMTRACE_GROUP_PIPE :
								TARGET_GROUPS);
}

/* What a call does not have reads as zeros. */
static void clear_absent(struct snapshot *snap, u32 groups)
{
	if (groups & SVMTRACE_GROUP_TARGET)
		snap->d.target = (struct svmtrace_target){};
	if (groups & SVMTRACE_GROUP_TARGET_CONTEXT)
		snap->d.target_context = (struct svmtrace_target_context){};
	if (groups & SVMTRACE_GROUP_PIPE)
		snap->d.pipe = (struct svmtrace_pipe){};
}

/**
 * snapshot_gather() - takes facts of a call that enters
 * @snap:   after snapshot_begin()
 * @groups: SVMTRACE_GROUP_ and SNAPSHOT_ bits of what is wanted
 *
 * Takes each only once. In a probe, under rcu_read_lock().
 */
void snapshot_gather(struct snapshot *snap, u32 groups)
{
	u32 present = 0, wanted = groups;

	groups &= groups_of_syscall(snap) & ~snap->have;
	if (groups & SNAPSHOT_TIME)
		snap->d.call.entry_time = ktime_get_mono_fast_ns();
	if (groups & SNAPSHOT_ARRAYS) {
		read_arrays(snap);
		if (sides_of(snap) > REMOTE)
			present |= SVMTRACE_PRESENT_REMOTE;
	}
	if (groups & SVMTRACE_GROUP_CALLER) {
		identity_caller(&snap->d.caller);
		present |= SVMTRACE_GROUP_CALLER;
	}
	if (groups & SVMTRACE_GROUP_CONTEXT) {
		snap->d.record.marks |= identity_context(&snap->d.context, &snap->exe);
		present |= SVMTRACE_GROUP_CONTEXT;
	}
	if (groups & SVMTRACE_GROUP_PIPE) {
		pipe_at_entry(&snap->d.pipe, snap->d.args[0]);
		present |= SVMTRACE_GROUP_PIPE;
	}
	if (groups & TARGET_GROUPS) {
		present |= look_up_target(snap);
		groups |= TARGET_GROUPS;
	}
	snap->d.present |= present;
	snap->have |= groups;
	clear_absent(snap, wanted & ~snap->d.present);
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

	if (!from->have) {
		/* Just the arguments. */
		memcpy(to, from, offsetof(struct snapshot, d.caller));
		to->d.pipe.direction = from->d.pipe.direction;
		to->d.present = 0;
		to->d.reserved = 0;
		return;
	}
	memcpy(to, from, offsetof(struct snapshot, iov));
	for (side = 0; (from->have & SNAPSHOT_ARRAYS) && side < sides_of(from); side++)
		memcpy(to->iov[side], from->iov[side],
		       min_t(u32, from->scan[side].read, SNAPSHOT_IOVS) *
		       sizeof(to->iov[side][0]));
}

/**
 * snapshot_preview() - takes the first bytes of the payload at entry
 * @snap:    with SNAPSHOT_ARRAYS and, of vmsplice, SVMTRACE_GROUP_PIPE
 * @scratch: of this CPU; its preview is that of the call afterwards
 * @size:    bytes that some session wants, or 0
 *
 * In a probe.
 */
void snapshot_preview(struct snapshot *snap, struct second_look *scratch, u16 size)
{
	bool fault;

	snap->preview_wanted = size;
	snap->preview_len = 0;
	if (!size || moves_out_of_pipe(snap))
		return;
	snap->preview_len = read_preview(snap, scratch->preview, size, &fault);
	snap->preview_hash = umem_hash(scratch->preview, snap->preview_len);
	memcpy(snap->preview, scratch->preview,
	       min_t(u32, snap->preview_len, SNAPSHOT_PREVIEW));
	if (fault)
		snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_UNREADABLE);
}

static bool entries_differ(const struct svmtrace_iovec *a, const struct svmtrace_iovec *b,
			   unsigned int n)
{
	u64 difference = 0;

	for (; n; n--, a++, b++)
		difference |= (a->base ^ b->base) | (a->len ^ b->len);
	return difference;
}

/* What could not be read before but can be now is taken over, and marked so. */
static void adopt_array(struct snapshot *snap, const struct second_look *look,
			unsigned int side, unsigned int n)
{
	const struct iov_scan *now = &look->scan[side];

	memcpy(snap->iov[side], look->iov[side], sizeof(snap->iov[side]));
	snap->scan[side] = *now;
	set_totals(snap);
	snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_AT_RETURN);
	if (now->read == n)
		snap->d.record.marks &= ~SIDE_MARK(side, SVMTRACE_MARK_UNREADABLE);
}

static void check_array(struct snapshot *snap, struct second_look *look,
			unsigned int side)
{
	const struct iov_scan *then = &snap->scan[side], *now = &look->scan[side];
	struct umem_iov iov = snapshot_iov(snap, side);
	bool less, differ;

	iov.hash_to = then->read;
	umem_scan_iov(&look->scan[side], &iov, look->iov[side], SNAPSHOT_IOVS);
	less = now->read < then->read;
	differ = entries_differ(snap->iov[side], look->iov[side],
				min3(now->read, then->read, (u32)SNAPSHOT_IOVS)) ||
		 (!less && now->hash != then->hash);
	if (less)
		snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_UNCHECKED);
	if (differ)
		snap->d.record.marks |= SIDE_MARK(side, SVMTRACE_MARK_CHANGED);
	else if (now->read > then->read)
		adopt_array(snap, look, side, iov.n);
}

static void check_preview(struct snapshot *snap, struct second_look *look)
{
	u16 then = snap->preview_len, now;
	bool fault, differ;

	now = read_preview(snap, look->preview, snap->preview_wanted, &fault);
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

	snap->preview_len = read_preview(snap, look->preview, want, &fault);
	snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_AT_RETURN);
	if (fault)
		snap->d.record.marks |= PREVIEW_MARK(SVMTRACE_MARK_UNREADABLE);
}

/**
 * snapshot_return() - looks again, when the call returns
 * @snap: as it was at entry; its result and marks are completed
 * @look: what is found now, of this CPU
 * @ret:  what the kernel function returned
 *
 * In a probe, under rcu_read_lock().
 */
void snapshot_return(struct snapshot *snap, struct second_look *look, s64 ret)
{
	unsigned int side;

	snap->d.call.ret = ret;
	snap->d.present |= SVMTRACE_PRESENT_RESULT;
	for (side = 0; side < sides_of(snap); side++)
		check_array(snap, look, side);
	if (snap->d.record.syscall == SVMTRACE_NR_vmsplice)
		pipe_at_return(&snap->d.pipe, snap->d.args[0]);
	if (!snap->preview_wanted)
		return;
	if (moves_out_of_pipe(snap))
		read_arrived(snap, look, ret);
	else
		check_preview(snap, look);
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

	for (side = 0; side < sides_of(snap); side++)
		marks |= SIDE_MARK(side, SVMTRACE_MARK_UNCHECKED);
	return marks | PREVIEW_MARK(SVMTRACE_MARK_UNCHECKED);
}
