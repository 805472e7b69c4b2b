/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshot: all that is known of a call, from its entry to its return. It is
 * kept in the kretprobe instance of the call, or, without one, in the scratch
 * memory of the CPU until it has been recorded.
 */
#ifndef SVMTRACE_SNAPSHOT_H
#define SVMTRACE_SNAPSHOT_H

#include <linux/svmtrace.h>
#include <linux/types.h>

#include "identity.h"
#include "umem.h"

/* The bits of a mark for an iovec array, or for the preview. */
#define SIDE_MARK(side, mark)	((mark) << ((side) * SVMTRACE_MARK_REMOTE_SHIFT))
#define PREVIEW_MARK(mark)	((mark) << SVMTRACE_MARK_PREVIEW_SHIFT)

struct pt_regs;

/* What a snapshot holds of an iovec array; of the rest it keeps a hash. */
#define SNAPSHOT_IOVS		16
/* What it holds of the payload; of the rest it keeps a hash. */
#define SNAPSHOT_PREVIEW	768

enum { LOCAL, REMOTE, SIDES };

/**
 * struct snapshot_args - a call as the registers say it
 * @syscall: SVMTRACE_NR_
 * @abi:     SVMTRACE_ABI_
 * @args:    extended to 64 bits as the kernel takes them
 */
struct snapshot_args {
	u8 syscall;
	u8 abi;
	u64 args[SVMTRACE_ARGS_MAX];
};

/**
 * struct snapshot - a call
 * @sessions: bit per slot of the sessions that see the call
 * @epoch:    session_epoch() when it entered
 * @bucket:   of the instance quota
 * @marks:    SVMTRACE_MARK_
 * @preview_wanted: bytes of payload that some session wants
 * @a:	      what the registers said
 * @call:     the part of the record
 * @caller:   likewise, as are the following
 * @context:  of the caller
 * @target:   of process_vm_writev
 * @target_context: of process_vm_writev
 * @pipe:     of vmsplice
 * @exe:      name of the caller's executable
 * @target_exe: name of the target's executable
 * @scan:     what the arrays held, beyond @iov
 * @iov:      the first entries of both arrays
 * @preview_len: bytes of payload that were read
 * @preview_hash: over all of them
 * @preview:  the first of them
 */
struct snapshot {
	u32 sessions;
	u32 marks;
	u64 epoch;
	u16 bucket;
	u16 preview_wanted;
	u16 preview_len;
	struct snapshot_args a;
	struct svmtrace_call call;
	struct svmtrace_caller caller;
	struct svmtrace_context context;
	struct svmtrace_target target;
	struct svmtrace_target_context target_context;
	struct svmtrace_pipe pipe;
	struct exe_name exe;
	struct exe_name target_exe;
	struct iov_scan scan[SIDES];
	struct svmtrace_iovec iov[SIDES][SNAPSHOT_IOVS];
	u64 preview_hash;
	u8 preview[SNAPSHOT_PREVIEW];
};

/**
 * struct second_look - the caller's memory at return; scratch of a CPU
 * @scan:	 what the arrays hold now
 * @iov:	 their first entries
 * @preview_len: bytes of payload that could be read now
 * @preview:	 these bytes; before the return, those at entry
 */
struct second_look {
	struct iov_scan scan[SIDES];
	struct svmtrace_iovec iov[SIDES][SNAPSHOT_IOVS];
	u16 preview_len;
	u8 preview[SVMTRACE_PREVIEW_MAX];
};

void snapshot_decode(struct snapshot_args *a, unsigned int syscall,
		     struct pt_regs *user_regs);
void snapshot_entry(struct snapshot *snap, struct second_look *scratch,
		    u32 groups, u16 preview);
void snapshot_return(struct snapshot *snap, struct second_look *look, s64 ret);
u32 snapshot_no_result(const struct snapshot *snap);
u64 snapshot_count(const struct snapshot *snap, unsigned int side);
struct umem_iov snapshot_iov(const struct snapshot *snap, unsigned int side);

#endif /* SVMTRACE_SNAPSHOT_H */
