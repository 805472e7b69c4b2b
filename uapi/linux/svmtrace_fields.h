/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * svmtrace: the table of the fields of a record, and of the arguments of the
 * traced syscalls.
 *
 * This file has no include guard: it is included once for every use of the
 * table, with SVMTRACE_FIELD() (and, where wanted, SVMTRACE_SYSCALL() and
 * SVMTRACE_ARG()) defined to what a row shall become. The record's structures,
 * the text, the JSON, the CTF metadata, the filter fields and the list of
 * fields are all made of these rows: a new field is one new row.
 *
 *	SVMTRACE_FIELD(group, type, name, show, origin, "help")
 *
 * @group:  the structure the field is part of: struct svmtrace_<group>. The
 *	    macro SVMTRACE_ONLY, if defined, selects one group by its
 *	    SVMTRACE_PART_ number; without SVMTRACE_FIELD() the rows then become
 *	    the members of the structure. They stand in memory order, without
 *	    holes.
 * @type:   u8, u16, u32, u64, s64 or comm (16 bytes, zero padded)
 * @show:   DEC, HEX, TIME (ns of CLOCK_MONOTONIC), BYTES, SLOTS, ID (all ones:
 *	    unset), INODE and DEVICE (0: not known), COUNT (length of an array
 *	    that follows), or the name of a set of names (RELATION, ABI,
 *	    DIRECTION, MARKS, GROUPS, KIND, SYSCALL), or TEXT
 * @origin: where the value is from: KERNEL, REGISTER, ENTRY (user memory at
 *	    entry), RETURN (user memory at return), READER (looked up later)
 *
 *	SVMTRACE_SYSCALL(number, name, nr_args)
 *	SVMTRACE_ARG(syscall, index, type, name, show, "help")
 *
 * @type:   the type the kernel takes the argument as (s32, u32 or u64); it is
 *	    recorded sign or zero extended to 64 bits
 * @show:   PID, FD, LOCAL_IOV, REMOTE_IOV, DEC, HEX or SPLICE_FLAGS
 */

#ifndef SVMTRACE_TYPE_u8
#define SVMTRACE_TYPE_u8	__u8
#define SVMTRACE_TYPE_u16	__u16
#define SVMTRACE_TYPE_u32	__u32
#define SVMTRACE_TYPE_u64	__aligned_u64
#define SVMTRACE_TYPE_s64	__s64
#define SVMTRACE_TYPE_comm	__typeof__(char [SVMTRACE_COMM_LEN])
#define SVMTRACE_MEMBER_END	;
#endif

#ifndef SVMTRACE_FIELD
#ifdef SVMTRACE_ONLY
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	SVMTRACE_TYPE_##type name SVMTRACE_MEMBER_END
#else
#define SVMTRACE_FIELD(group, type, name, show, origin, help)
#endif
#endif
#ifndef SVMTRACE_SYSCALL
#define SVMTRACE_SYSCALL(number, name, nr_args)
#endif
#ifndef SVMTRACE_ARG
#define SVMTRACE_ARG(syscall, index, type, name, show, help)
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_RECORD
SVMTRACE_FIELD(record, u8, kind, KIND, KERNEL,
	       "what the record is: a finished call, the entry of a call, a gap")
SVMTRACE_FIELD(record, u8, syscall, SYSCALL, KERNEL,
	       "the traced syscall; zero in a gap")
SVMTRACE_FIELD(record, u16, cpu, DEC, KERNEL,
	       "the CPU whose ring the record was written to")
SVMTRACE_FIELD(record, u32, size, BYTES, KERNEL,
	       "size of the whole record, a multiple of 8")
SVMTRACE_FIELD(record, u64, time, TIME, KERNEL,
	       "when the record was written, never decreasing within a ring")
SVMTRACE_FIELD(record, u32, seq, DEC, KERNEL,
	       "low half of the number of the record in its session and CPU")
SVMTRACE_FIELD(record, u32, marks, MARKS, KERNEL,
	       "what is uncertain, missing or changed in this record")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_CALL
SVMTRACE_FIELD(call, u64, entry_time, TIME, KERNEL,
	       "when the call was entered")
SVMTRACE_FIELD(call, s64, ret, DEC, KERNEL,
	       "what the kernel function returned, or 0 if marked unknown")
SVMTRACE_FIELD(call, u64, bytes, BYTES, ENTRY,
	       "bytes asked for: the sum over the local (or only) iovec array")
SVMTRACE_FIELD(call, u64, remote_bytes, BYTES, ENTRY,
	       "the sum over the remote iovec array, 0 where there is none")
SVMTRACE_FIELD(call, u32, tid, DEC, KERNEL,
	       "the calling thread")
SVMTRACE_FIELD(call, u32, relation, RELATION, KERNEL,
	       "how the target is related to the caller")
SVMTRACE_FIELD(call, u16, iovs, COUNT, KERNEL,
	       "entries of the local (or only) iovec array that follow")
SVMTRACE_FIELD(call, u16, remote_iovs, COUNT, KERNEL,
	       "entries of the remote iovec array that follow")
SVMTRACE_FIELD(call, u8, abi, ABI, KERNEL,
	       "the system call ABI of the caller; ia32 are the 32-bit calls of arm64, too")
SVMTRACE_FIELD(call, u8, groups, GROUPS, KERNEL,
	       "the optional groups that follow")
SVMTRACE_FIELD(call, u8, exe_len, COUNT, KERNEL,
	       "length of the caller's executable name, 0 if it equals comm or is unknown")
SVMTRACE_FIELD(call, u8, target_exe_len, COUNT, KERNEL,
	       "length of the target's executable name, 0 if it equals comm or is unknown")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_CALLER
SVMTRACE_FIELD(caller, u32, pid, DEC, KERNEL,
	       "the calling process (thread group)")
SVMTRACE_FIELD(caller, u32, ppid, DEC, KERNEL,
	       "its parent process")
SVMTRACE_FIELD(caller, u32, ns_pid, DEC, KERNEL,
	       "pid in the caller's own pid namespace")
SVMTRACE_FIELD(caller, u32, ns_tid, DEC, KERNEL,
	       "tid in the caller's own pid namespace")
SVMTRACE_FIELD(caller, u32, ns_ppid, DEC, KERNEL,
	       "ppid in the caller's own pid namespace, 0 if not in it")
SVMTRACE_FIELD(caller, u32, uid, DEC, KERNEL,
	       "real user id, in the initial user namespace")
SVMTRACE_FIELD(caller, u32, euid, DEC, KERNEL,
	       "effective user id")
SVMTRACE_FIELD(caller, u32, gid, DEC, KERNEL,
	       "real group id")
SVMTRACE_FIELD(caller, u64, start_time, TIME, KERNEL,
	       "start of the process, ns of CLOCK_BOOTTIME")
SVMTRACE_FIELD(caller, comm, comm, TEXT, KERNEL,
	       "name of the calling thread")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_CONTEXT
SVMTRACE_FIELD(context, u32, loginuid, ID, KERNEL,
	       "audit login user id")
SVMTRACE_FIELD(context, u32, session, ID, KERNEL,
	       "audit session id")
SVMTRACE_FIELD(context, u32, pid_ns, INODE, KERNEL,
	       "inode of the caller's pid namespace")
SVMTRACE_FIELD(context, u32, mnt_ns, INODE, KERNEL,
	       "inode of the caller's mount namespace, 0 if unknown")
SVMTRACE_FIELD(context, u32, user_ns, INODE, KERNEL,
	       "inode of the caller's user namespace")
SVMTRACE_FIELD(context, u32, exe_dev, DEVICE, KERNEL,
	       "device of the caller's executable: major << 20 | minor, 0 if unavailable")
SVMTRACE_FIELD(context, u64, exe_ino, INODE, KERNEL,
	       "inode of the caller's executable, 0 if unavailable")
SVMTRACE_FIELD(context, u64, caps, HEX, KERNEL,
	       "effective capabilities, bit per capability")
SVMTRACE_FIELD(context, u64, cgroup, DEC, KERNEL,
	       "id of the caller's cgroup (v2), the inode of its directory")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_TARGET
SVMTRACE_FIELD(target, u32, pid, DEC, KERNEL,
	       "the process written to (thread group), 0 if not resolved")
SVMTRACE_FIELD(target, u32, uid, DEC, KERNEL,
	       "real user id of the target")
SVMTRACE_FIELD(target, u64, start_time, TIME, KERNEL,
	       "start of the target process, ns of CLOCK_BOOTTIME")
SVMTRACE_FIELD(target, comm, comm, TEXT, KERNEL,
	       "name of the target thread")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_TARGET_CONTEXT
SVMTRACE_FIELD(target_context, u32, pid_ns, INODE, KERNEL,
	       "inode of the target's pid namespace, 0 if unavailable")
SVMTRACE_FIELD(target_context, u32, mnt_ns, INODE, KERNEL,
	       "inode of the target's mount namespace, 0 if unavailable")
SVMTRACE_FIELD(target_context, u32, user_ns, INODE, KERNEL,
	       "inode of the target's user namespace")
SVMTRACE_FIELD(target_context, u32, exe_dev, DEVICE, KERNEL,
	       "device of the target's executable: major << 20 | minor, 0 if unavailable")
SVMTRACE_FIELD(target_context, u64, exe_ino, INODE, KERNEL,
	       "inode of the target's executable, 0 if unavailable")
SVMTRACE_FIELD(target_context, u64, cgroup, DEC, KERNEL,
	       "id of the target's cgroup (v2)")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_PIPE
SVMTRACE_FIELD(pipe, u64, ino, DEC, KERNEL,
	       "inode of the pipe, or of the file that is not a pipe")
SVMTRACE_FIELD(pipe, u32, direction, DIRECTION, KERNEL,
	       "which end of the pipe the file descriptor is")
SVMTRACE_FIELD(pipe, u32, slots, SLOTS, KERNEL,
	       "capacity of the pipe in buffers")
SVMTRACE_FIELD(pipe, u32, used_before, SLOTS, KERNEL,
	       "buffers in use at entry")
SVMTRACE_FIELD(pipe, u32, used_after, SLOTS, KERNEL,
	       "buffers in use at return, all ones if not known")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_EXTRA
SVMTRACE_FIELD(extra, u16, iovs_at_return, COUNT, KERNEL,
	       "entries of the local array as found at return, if it changed")
SVMTRACE_FIELD(extra, u16, remote_iovs_at_return, COUNT, KERNEL,
	       "entries of the remote array as found at return, if it changed")
SVMTRACE_FIELD(extra, u16, preview_len, COUNT, KERNEL,
	       "bytes of payload preview that follow")
SVMTRACE_FIELD(extra, u16, preview_at_return_len, COUNT, KERNEL,
	       "bytes of preview as found at return, if they changed")
#endif

#if !defined(SVMTRACE_ONLY) || SVMTRACE_ONLY == SVMTRACE_PART_GAP
SVMTRACE_FIELD(gap, u64, first_seq, DEC, KERNEL,
	       "number of the first lost record")
SVMTRACE_FIELD(gap, u64, last_seq, DEC, KERNEL,
	       "number of the last lost record")
SVMTRACE_FIELD(gap, u64, ring_full, DEC, KERNEL,
	       "records lost because the ring was full")
SVMTRACE_FIELD(gap, u64, no_ring, DEC, KERNEL,
	       "records lost because the CPU had no ring yet")
SVMTRACE_FIELD(gap, u64, simulated, DEC, KERNEL,
	       "records dropped on request, to test alarms")
SVMTRACE_FIELD(gap, u64, overwritten, DEC, KERNEL,
	       "records that a flight recorder gave up for newer ones")
#endif

#ifndef SVMTRACE_ONLY
SVMTRACE_SYSCALL(0, process_vm_writev, 6)
SVMTRACE_ARG(process_vm_writev, 0, s32, pid, PID,
	     "thread to write to, in the caller's pid namespace")
SVMTRACE_ARG(process_vm_writev, 1, u64, local_iov, LOCAL_IOV,
	     "address of the array of buffers to read from")
SVMTRACE_ARG(process_vm_writev, 2, u64, liovcnt, DEC,
	     "entries in local_iov")
SVMTRACE_ARG(process_vm_writev, 3, u64, remote_iov, REMOTE_IOV,
	     "address of the array of ranges to write to")
SVMTRACE_ARG(process_vm_writev, 4, u64, riovcnt, DEC,
	     "entries in remote_iov")
SVMTRACE_ARG(process_vm_writev, 5, u64, flags, HEX,
	     "no flag is defined: must be 0")

SVMTRACE_SYSCALL(1, vmsplice, 4)
SVMTRACE_ARG(vmsplice, 0, s32, fd, FD,
	     "file descriptor of the pipe")
SVMTRACE_ARG(vmsplice, 1, u64, iov, LOCAL_IOV,
	     "address of the array of buffers")
SVMTRACE_ARG(vmsplice, 2, u64, nr_segs, DEC,
	     "entries in iov")
SVMTRACE_ARG(vmsplice, 3, u32, flags, SPLICE_FLAGS,
	     "SPLICE_F_MOVE, _NONBLOCK, _MORE, _GIFT")
#endif

#undef SVMTRACE_FIELD
#undef SVMTRACE_SYSCALL
#undef SVMTRACE_ARG
#undef SVMTRACE_ONLY
