/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What only the outputs have, in rows as those of <linux/svmtrace_fields.h>: included,
 * without a guard, for every use, with OUTPUT_FIELD() defined.
 */
OUTPUT_FIELD(call, text, time_utc, TEXT, READER,
	     "time as UTC, by the difference of the clocks when it is printed")
OUTPUT_FIELD(call, u64, time_mono, TIME, KERNEL, "time, as JSON names it")
OUTPUT_FIELD(call, text, boot_id, TEXT, READER, "which boot the times are of")
OUTPUT_FIELD(call, u64, duration, TIME, KERNEL, "time - entry_time")
OUTPUT_FIELD(call, text, errno, TEXT, KERNEL, "name of the error in ret")
OUTPUT_FIELD(call, text, exe, TEXT, KERNEL, "base name of the caller's executable")
OUTPUT_FIELD(target, text, exe, TEXT, KERNEL, "base name of the target's executable")
OUTPUT_FIELD(call, names, flags, SPLICE_FLAGS, REGISTER, "arg_flags of vmsplice")
OUTPUT_FIELD(call, array, iov, ADDRESSES, ENTRY,
	     "local (or only) iovec array; at return where marks say at-return")
OUTPUT_FIELD(call, array, remote_iov, ADDRESSES, ENTRY,
	     "remote iovec array; at return where marks say remote-at-return")
OUTPUT_FIELD(call, array, iov_at_return, ADDRESSES, RETURN,
	     "the local array, if it changed")
OUTPUT_FIELD(call, array, remote_iov_at_return, ADDRESSES, RETURN,
	     "the remote array, if it changed")
OUTPUT_FIELD(call, text, preview, TEXT, ENTRY,
	     "payload; at return where marks say preview-at-return")
OUTPUT_FIELD(call, text, preview_at_return, TEXT, RETURN, "payload, if it changed")
OUTPUT_FIELD(gap, u64, lost, DEC, KERNEL, "records lost in a gap")
OUTPUT_FIELD(call, text, later_exe, TEXT, READER, "-y: /proc/PID/exe of the caller")
OUTPUT_FIELD(call, text, later_target_exe, TEXT, READER,
	     "-y: /proc/PID/exe of the target")
OUTPUT_FIELD(call, text, later_fd, TEXT, READER, "-y: /proc/PID/fd of vmsplice's fd")

#undef OUTPUT_FIELD
