/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * svmtrace: records every process_vm_writev(2) and vmsplice(2) call.
 *
 * This header is the whole contract between the kernel module and user space.
 *
 * Sessions
 * --------
 * Every open() of /dev/svmtrace makes a session with its own settings, rings,
 * filter and counters; sessions never take records from one another. It needs
 * CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace. dup() and fork()
 * share a session, as they share a file.
 *
 * A session is NEW, then STARTED, then STOPPED, and may be started again.
 * SVMTRACE_IOC_SET_CONFIG works while it is NEW only, the filter can be changed
 * at any time. The first read() or poll() of a NEW session starts it, so that
 * "cat /dev/svmtrace" works. STOP ends the stream: what is in the rings can
 * still be read, then read() returns 0.
 *
 * A flight recorder (SVMTRACE_CONFIG_FLIGHT) keeps the newest records instead of
 * the oldest: a full ring gives up its oldest ones. They cannot be read before it
 * is frozen, by SVMTRACE_IOC_FREEZE, by its trigger (SVMTRACE_PROGRAM_TRIGGER) or
 * by STOP: until then there is nothing to read, and mmap() fails (EBUSY). From then
 * on it is like any other session: nothing is overwritten, and what does not fit
 * is lost. The first record of a ring is then a gap, that tells of the overwritten
 * ones. START after STOP makes it overwrite again, unless a ring has been mapped
 * (EBUSY).
 *
 * ioctl
 * -----
 * Every argument is a pointer to a structure whose first member is its size as
 * the caller knows it. A shorter structure than the kernel's is completed with
 * zeros, a longer one is accepted if the excess is zero (E2BIG otherwise, and
 * above a page), one shorter than SVMTRACE_*_SIZE_VER0 is refused (EINVAL).
 * Structures that the kernel fills (GET_*: whatever was in them) get as many
 * bytes as the caller has room for, zeros beyond those that the kernel knows,
 * and the size of these. Unknown flags and reserved fields that are not zero: EINVAL.
 * Unknown ioctl: ENOTTY. Any error leaves everything as it was.
 *
 * read()
 * ------
 * SVMTRACE_FORMAT_TEXT (default): one line per record. A read returns whole
 * lines; only a line that is longer than the buffer is continued by the next
 * read. SVMTRACE_FORMAT_BINARY: whole records, EMSGSIZE (and nothing lost) if
 * the next one does not fit the buffer. Both are in the order of commit, the
 * record's time, over all CPUs. Once a ring is mapped, read() fails (EBUSY);
 * once read() was used, mmap() does.
 *
 * mmap()
 * ------
 * Each CPU has a ring; that of CPU n is mapped at offset n * ring_stride (see
 * struct svmtrace_info) of the device, MAP_SHARED:
 *
 *	+0		struct svmtrace_consumer, PROT_READ | PROT_WRITE
 *	+page_size	struct svmtrace_producer, PROT_READ
 *	+data_offset	the data, ring_size bytes, twice in a row, PROT_READ
 *
 * so that a record is contiguous wherever it begins. ENXIO: no such ring, or
 * not yet: the session has not been started or there has never been such a CPU.
 * Whenever struct svmtrace_stats.rings grows, a CPU has come online.
 *
 * A consumer loads head with acquire semantics, reads the records from tail to
 * head at offset (position & (ring_size - 1)) of the data, and stores the new
 * tail with release semantics. Positions are bytes since the first start, they do
 * not wrap; 64-bit positions must be loaded in one access (use __atomic_load_n()).
 * A position is the consumer's only to get wrong: a bad tail costs records of
 * its own session, which are counted as lost, and nothing else.
 *
 * To merge the rings in order: load the head of every ring; after that, for every
 * ring that was empty, load producer.pending with acquire semantics and then its
 * head again. If none is pending, and all are still empty, the record with the
 * lowest time is the next one; otherwise begin again. (pending is set before a
 * record gets its time, and cleared after head has been stored.)
 *
 * Records
 * -------
 * A record is a struct svmtrace_record, then for a finished call (KIND_CALL) or
 * an entry (KIND_ENTRY), in this order, each part a multiple of 8 bytes:
 *
 *	struct svmtrace_call
 *	__u64 args[]		  as many as the syscall has arguments
 *	struct svmtrace_caller		if call.groups & SVMTRACE_GROUP_CALLER
 *	struct svmtrace_context			...      SVMTRACE_GROUP_CONTEXT
 *	struct svmtrace_target			...      SVMTRACE_GROUP_TARGET
 *	struct svmtrace_target_context		... SVMTRACE_GROUP_TARGET_CONTEXT
 *	struct svmtrace_pipe			...      SVMTRACE_GROUP_PIPE
 *	struct svmtrace_extra			...      SVMTRACE_GROUP_EXTRA
 *	struct svmtrace_iovec	  [call.iovs]
 *	struct svmtrace_iovec	  [call.remote_iovs]
 *	struct svmtrace_iovec	  [extra.iovs_at_return]
 *	struct svmtrace_iovec	  [extra.remote_iovs_at_return]
 *
 * followed by byte arrays, without padding between them:
 *
 *	char			  [call.exe_len]
 *	char			  [call.target_exe_len]
 *	__u8			  [extra.preview_len]
 *	__u8			  [extra.preview_at_return_len]
 *
 * and zeros up to a multiple of 8. A gap (KIND_GAP) is followed by a struct
 * svmtrace_gap, and stands where the lost records would have stood.
 *
 * Readers skip a record of unknown kind or syscall by its size. Where the
 * structures grow, SVMTRACE_SCHEMA_VERSION does.
 *
 * The iovec arrays and the preview are snapshots that the tracer took, not what
 * the kernel itself imported: a difference between the one at entry and the one
 * at return (SVMTRACE_MARK_*CHANGED) is evidence that the caller changed them
 * during the call. The target and the pipe are the tracer's own lookup at entry;
 * that the number was another's when the call returned is marked as well.
 *
 * All structures are in host byte order, and the same for 32-bit and 64-bit
 * readers.
 */
#ifndef _UAPI_LINUX_SVMTRACE_H
#define _UAPI_LINUX_SVMTRACE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Version of the ioctl, read and mmap contract: major << 16 | minor. */
#define SVMTRACE_ABI_VERSION		0x00010000
/* Version of the records' layout and meaning: major << 16 | minor. */
#define SVMTRACE_SCHEMA_VERSION		0x00010000

#define SVMTRACE_COMM_LEN		16
#define SVMTRACE_ARGS_MAX		6
/* The most entries of an iovec array that can be recorded (UIO_MAXIOV). */
#define SVMTRACE_IOVS_MAX		1024
/* The most bytes of payload that can be recorded. */
#define SVMTRACE_PREVIEW_MAX		4096

/* Parts of a record, as numbered for SVMTRACE_ONLY. */
#define SVMTRACE_PART_RECORD		1
#define SVMTRACE_PART_CALL		2
#define SVMTRACE_PART_CALLER		3
#define SVMTRACE_PART_CONTEXT		4
#define SVMTRACE_PART_TARGET		5
#define SVMTRACE_PART_TARGET_CONTEXT	6
#define SVMTRACE_PART_PIPE		7
#define SVMTRACE_PART_EXTRA		8
#define SVMTRACE_PART_GAP		9

/* Optional groups: of a record, and (all but EXTRA) of a session's wishes. */
#define SVMTRACE_GROUP_CALLER		0x1U
#define SVMTRACE_GROUP_CONTEXT		0x2U
#define SVMTRACE_GROUP_TARGET		0x4U
#define SVMTRACE_GROUP_TARGET_CONTEXT	0x8U
#define SVMTRACE_GROUP_PIPE		0x10U
#define SVMTRACE_GROUP_EXTRA		0x20U
#define SVMTRACE_GROUPS_ALL		0x1fU

/* svmtrace_record.kind */
#define SVMTRACE_KIND_GAP		0
#define SVMTRACE_KIND_CALL		1
#define SVMTRACE_KIND_ENTRY		2

/* svmtrace_call.abi */
#define SVMTRACE_ABI_64			0
#define SVMTRACE_ABI_IA32		1	/* on arm64, its 32-bit calls */
#define SVMTRACE_ABI_X32		2

/* svmtrace_pipe.direction */
#define SVMTRACE_PIPE_NONE		0	/* the file is not a pipe */
#define SVMTRACE_PIPE_WRITE		1	/* memory to pipe */
#define SVMTRACE_PIPE_READ		2	/* pipe to memory */
#define SVMTRACE_PIPE_BAD_FD		3	/* not an open file */

/*
 * svmtrace_record.marks. The first five say something about the local (or only)
 * iovec array, and, shifted, about the remote array and the preview.
 */
#define SVMTRACE_MARK_TRUNCATED		0x1U  /* there was more */
#define SVMTRACE_MARK_UNREADABLE	0x2U  /* the rest: bad address */
#define SVMTRACE_MARK_AT_RETURN		0x4U  /* (partly) read at return */
#define SVMTRACE_MARK_CHANGED		0x8U  /* during the call */
#define SVMTRACE_MARK_UNCHECKED		0x10U  /* not compared at return */
#define SVMTRACE_MARK_REMOTE_SHIFT	5
#define SVMTRACE_MARK_PREVIEW_SHIFT	10
/* The result is not known: no return hook was left, or none has run yet. */
#define SVMTRACE_MARK_NO_RESULT		0x8000U
/* No such thread in the caller's pid namespace. */
#define SVMTRACE_MARK_NO_TARGET		0x10000U
/* The target's lock was taken: target.exe_*, target.mnt_ns are not known. */
#define SVMTRACE_MARK_TARGET_BUSY	0x20000U
/* The executable's name was longer than what is recorded. */
#define SVMTRACE_MARK_EXE_TRUNCATED	0x40000U
#define SVMTRACE_MARK_EXE_DELETED	0x80000U
/* The executable is a memfd or another file that never had a name. */
#define SVMTRACE_MARK_EXE_MEMFD		0x100000U
/* The same three about the target's executable. */
#define SVMTRACE_MARK_TARGET_EXE_SHIFT	3
/* The filter could not be decided, so the call was kept. */
#define SVMTRACE_MARK_UNDECIDED		0x1000000U
/* There was no such thread at entry: the target is that of the return. */
#define SVMTRACE_MARK_TARGET_AT_RETURN	0x2000000U
/* At return, it was of another process, or of another program: either can be meant. */
#define SVMTRACE_MARK_TARGET_CHANGED	0x4000000U

/* svmtrace_call.relation: of the target to the caller */
#define SVMTRACE_REL_SELF		0x1U  /* the calling thread */
#define SVMTRACE_REL_THREAD		0x2U  /* same thread group */
#define SVMTRACE_REL_MM			0x4U  /* same address space */
#define SVMTRACE_REL_CHILD		0x8U  /* child of the caller */
#define SVMTRACE_REL_PARENT		0x10U  /* parent of the caller */
#define SVMTRACE_REL_ANCESTOR		0x20U  /* parent, or further up */
#define SVMTRACE_REL_TRACEE		0x40U  /* the caller ptraces it */
#define SVMTRACE_REL_CROSS_UID		0x80U
#define SVMTRACE_REL_CROSS_USERNS	0x100U
#define SVMTRACE_REL_CROSS_PIDNS	0x200U
#define SVMTRACE_REL_CROSS_MNTNS	0x400U
#define SVMTRACE_REL_CROSS_CGROUP	0x800U
/* It has capabilities that the caller lacks, or an outer user namespace. */
#define SVMTRACE_REL_PRIVILEGED		0x1000U

/*
 * The structures of a record: their members are the rows of the table, in the
 * order they stand there.
 */
struct svmtrace_record {
#define SVMTRACE_ONLY SVMTRACE_PART_RECORD
#include <linux/svmtrace_fields.h>
};

struct svmtrace_call {
#define SVMTRACE_ONLY SVMTRACE_PART_CALL
#include <linux/svmtrace_fields.h>
};

struct svmtrace_caller {
#define SVMTRACE_ONLY SVMTRACE_PART_CALLER
#include <linux/svmtrace_fields.h>
};

struct svmtrace_context {
#define SVMTRACE_ONLY SVMTRACE_PART_CONTEXT
#include <linux/svmtrace_fields.h>
};

struct svmtrace_target {
#define SVMTRACE_ONLY SVMTRACE_PART_TARGET
#include <linux/svmtrace_fields.h>
};

struct svmtrace_target_context {
#define SVMTRACE_ONLY SVMTRACE_PART_TARGET_CONTEXT
#include <linux/svmtrace_fields.h>
};

struct svmtrace_pipe {
#define SVMTRACE_ONLY SVMTRACE_PART_PIPE
#include <linux/svmtrace_fields.h>
};

struct svmtrace_extra {
#define SVMTRACE_ONLY SVMTRACE_PART_EXTRA
#include <linux/svmtrace_fields.h>
};

struct svmtrace_gap {
#define SVMTRACE_ONLY SVMTRACE_PART_GAP
#include <linux/svmtrace_fields.h>
};

/**
 * struct svmtrace_iovec - one entry of an iovec array, whatever the caller's ABI
 * @base: user address
 * @len:  bytes
 */
struct svmtrace_iovec {
	__aligned_u64 base;
	__aligned_u64 len;
};

/* svmtrace_record.syscall, SVMTRACE_NR_<name> */
#define SVMTRACE_NR_process_vm_writev	0
#define SVMTRACE_NR_vmsplice		1
#define SVMTRACE_NR_SYSCALLS		2
#define SVMTRACE_SYSCALLS_ALL		0x3U

/**
 * struct svmtrace_producer - the kernel's page of a ring, read only
 * @head:    position after the newest record
 * @pending: not zero while a record is being written
 * @cpu:     the CPU of the ring
 */
struct svmtrace_producer {
	__aligned_u64 head;
	__u32 pending;
	__u32 cpu;
};

/**
 * struct svmtrace_consumer - the reader's page of a ring
 * @tail: position up to which records have been consumed
 */
struct svmtrace_consumer {
	__aligned_u64 tail;
};

/* svmtrace_filter_data.present, besides SVMTRACE_GROUP_ bits of what is known */
#define SVMTRACE_PRESENT_REMOTE		0x20U  /* there is a remote array */
#define SVMTRACE_PRESENT_RESULT		0x40U  /* the call has returned */

/**
 * struct svmtrace_filter_data - what a filter program can load words of
 * @record:   kind, syscall and marks; the rest is zero
 * @call:     without the lengths of arrays, groups and exe_len
 * @args:     the arguments; 0 beyond those that the syscall has
 * @caller:   if present & SVMTRACE_GROUP_CALLER, and so on
 * @context:  see @caller
 * @target:   see @caller
 * @target_context: see @caller
 * @pipe:     see @caller
 * @duration: of the call in ns, if present & SVMTRACE_PRESENT_RESULT, as are
 *	      call.ret and pipe.used_after
 * @present:  which of the above are known; what the call does not have is zero.
 *	      What a program asks for by a mask (BPF_AND) in the next instruction
 *	      is looked for; if it does anything else with it, all is
 * @reserved: zero
 *
 * The same layout as in a record, and of the same schema version.
 */
struct svmtrace_filter_data {
	struct svmtrace_record record;
	struct svmtrace_call call;
	__aligned_u64 args[SVMTRACE_ARGS_MAX];
	struct svmtrace_caller caller;
	struct svmtrace_context context;
	struct svmtrace_target target;
	struct svmtrace_target_context target_context;
	struct svmtrace_pipe pipe;
	__aligned_u64 duration;
	__u32 present;
	__u32 reserved;
};

/* svmtrace_info.features */
#define SVMTRACE_FEATURE_X32		0x1ULL  /* the kernel has x32 */
#define SVMTRACE_FEATURE_IA32		0x2ULL  /* 32-bit calls are probed */
#define SVMTRACE_FEATURE_MNT_NS		0x4ULL  /* mnt_ns is known */

/**
 * struct svmtrace_info - what the module is and what it can do
 * @size:	 in: size of this structure; out: size that the kernel knows
 * @abi_version: SVMTRACE_ABI_VERSION of the module
 * @schema_version: SVMTRACE_SCHEMA_VERSION of the module
 * @page_size:	 unit of the mapping
 * @features:	 SVMTRACE_FEATURE_ bits
 * @ring_stride: distance of two rings in the offsets of mmap(), in bytes
 * @data_offset: offset of the data within a ring's mapping, in bytes
 * @ring_size:	 bytes of data of each ring of this session, a power of two
 * @ring_size_min: smallest ring_size that SET_CONFIG takes
 * @ring_size_max: largest ring_size that SET_CONFIG takes
 * @nr_cpus:	 CPU numbers are below this
 * @syscalls:	 bit per traced syscall, 1 << SVMTRACE_NR_
 * @groups:	 SVMTRACE_GROUP_ bits that can be asked for
 * @sessions_max: sessions that can be open at once
 * @reserved:	 zero
 * @version:	 version of the module, zero terminated
 */
struct svmtrace_info {
	__u32 size;
	__u32 abi_version;
	__u32 schema_version;
	__u32 page_size;
	__aligned_u64 features;
	__aligned_u64 ring_stride;
	__u32 data_offset;
	__u32 ring_size;
	__u32 ring_size_min;
	__u32 ring_size_max;
	__u32 nr_cpus;
	__u32 syscalls;
	__u32 groups;
	__u32 sessions_max;
	__u32 reserved[2];
	char version[32];
};

#define SVMTRACE_INFO_SIZE_VER0		104

/* svmtrace_config.format */
#define SVMTRACE_FORMAT_TEXT		0
#define SVMTRACE_FORMAT_BINARY		1

/* svmtrace_config.flags */
/*
 * Record calls when they enter, too, not only when they return: all that have not
 * been rejected by then, and do not stay without a result.
 */
#define SVMTRACE_CONFIG_ENTRIES		0x1U
/* Flight recorder: keep the newest records, until it is frozen. */
#define SVMTRACE_CONFIG_FLIGHT		0x2U

/**
 * struct svmtrace_config - settings of a session that has not been started
 * @size:	 size of this structure
 * @flags:	 SVMTRACE_CONFIG_ bits, default 0
 * @format:	 what read() returns: SVMTRACE_FORMAT_TEXT (default) or _BINARY
 * @syscalls:	 bit per wanted syscall, 1 << SVMTRACE_NR_; default all; not 0
 * @groups:	 SVMTRACE_GROUP_ bits to record; default all
 * @ring_size:	 bytes of data per CPU, a power of two within the limits that
 *		 GET_INFO gives; default 1 MiB
 * @iovs_max:	 entries recorded per iovec array, 0 to SVMTRACE_IOVS_MAX;
 *		 default 16
 * @preview_max: bytes of payload recorded, 0 (default) to SVMTRACE_PREVIEW_MAX;
 *		 needs CAP_SYS_PTRACE (EPERM)
 * @watermark:	 wake up a reader at once when a ring holds this many bytes, at
 *		 most ring_size; default 256 KiB; 0 at each record
 * @flush_ms:	 wake up a reader this long after a record at the latest, 0 to
 *		 10000 ms; default 10
 * @lose_every:	 drop every n-th record, to test alarms; 0 (default): none
 * @reserved:	 must be zero
 */
struct svmtrace_config {
	__u32 size;
	__u32 flags;
	__u32 format;
	__u32 syscalls;
	__u32 groups;
	__u32 ring_size;
	__u32 iovs_max;
	__u32 preview_max;
	__u32 watermark;
	__u32 flush_ms;
	__u32 lose_every;
	__u32 reserved;
};

#define SVMTRACE_CONFIG_SIZE_VER0	48

/* svmtrace_stats.state */
#define SVMTRACE_STATE_NEW		0
#define SVMTRACE_STATE_STARTED		1
#define SVMTRACE_STATE_STOPPED		2

/**
 * struct svmtrace_stats - counters of a session, over all CPUs
 * @size:	in: size of this structure; out: size that the kernel knows
 * @state:	SVMTRACE_STATE_
 * @entered:	calls that entered the kernel while the session was started
 * @delivered:	of these, calls that were written to a ring
 * @filtered:	calls that the session's settings or filter rejected
 * @lost_ring_full: calls lost because the ring was full
 * @lost_nested: calls lost because the ring was being written to on that CPU: they
 *		have no number, and are in no gap
 * @lost_no_ring: calls lost because the CPU had no ring yet
 * @lost_simulated: calls dropped by svmtrace_config.lose_every
 * @in_flight:	calls that have not returned yet, or only after the session's stop
 * @no_result:	calls whose result is not known (delivered or lost)
 * @entries:	entry records delivered (SVMTRACE_CONFIG_ENTRIES)
 * @entries_lost: entry records lost, for whatever reason
 * @missed:	probe hits that the kernel itself dropped, module wide, since
 *		the module was loaded: not in @entered; 0 unless other probes
 *		interfere
 * @rings:	rings that exist
 * @sessions:	sessions that are open, module wide
 * @lost_overwritten: calls that a flight recorder gave up for newer ones; they are
 *		not in @delivered any more
 * @frozen:	1: a flight recorder that does not overwrite any more
 * @reserved:	zero
 *
 * On a quiet machine, and always after STOP: entered = delivered + filtered +
 * lost_* + in_flight.
 */
struct svmtrace_stats {
	__u32 size;
	__u32 state;
	__aligned_u64 entered;
	__aligned_u64 delivered;
	__aligned_u64 filtered;
	__aligned_u64 lost_ring_full;
	__aligned_u64 lost_nested;
	__aligned_u64 lost_no_ring;
	__aligned_u64 lost_simulated;
	__aligned_u64 in_flight;
	__aligned_u64 no_result;
	__aligned_u64 entries;
	__aligned_u64 entries_lost;
	__aligned_u64 missed;
	__u32 rings;
	__u32 sessions;
	__aligned_u64 lost_overwritten;
	__u32 frozen;
	__u32 reserved;
};

#define SVMTRACE_STATS_SIZE_VER0	112

/* svmtrace_pids.op */
#define SVMTRACE_PIDS_ADD		0
#define SVMTRACE_PIDS_REMOVE		1
#define SVMTRACE_PIDS_CLEAR		2

/* svmtrace_pids.set */
#define SVMTRACE_PIDS_CALLER		0  /* keep calls made by these */
#define SVMTRACE_PIDS_NOT_CALLER	1  /* drop calls made by these */
#define SVMTRACE_PIDS_TARGET		2  /* keep calls that write to these */
#define SVMTRACE_PIDS_NOT_TARGET	3  /* drop calls that write to these */
#define SVMTRACE_PIDS_SETS		4

/* svmtrace_pids.flags */
/* CALLER, NOT_CALLER: their descendants as well, as long as a line of living
 * parents leads to them (a subreaper keeps it)
 */
#define SVMTRACE_PIDS_FOLLOW		0x1U
/* The numbers are of threads; only these are meant, not their processes. */
#define SVMTRACE_PIDS_THREAD		0x2U

/* The most processes in one set. */
#define SVMTRACE_PIDS_MAX		65536

/**
 * struct svmtrace_pids - changes one of the four sets of processes of the filter
 * @size:     size of this structure
 * @op:	      SVMTRACE_PIDS_ADD, _REMOVE or _CLEAR
 * @set:      SVMTRACE_PIDS_CALLER, ...
 * @flags:    SVMTRACE_PIDS_FOLLOW or SVMTRACE_PIDS_THREAD, not both, or 0; with ADD only
 * @count:    number of pids, 0 to SVMTRACE_PIDS_MAX; 0 with CLEAR
 * @reserved: must be zero
 * @pids:     address of @count __u32 process ids in the pid namespace of the
 *	      ioctl's caller; 0 with CLEAR
 *
 * A call is kept if it is in no NOT_ set, and in each of CALLER and TARGET that
 * is not empty. The change takes effect as a whole, for calls that enter after
 * it. The sets hold processes, not numbers: one that ends leaves no trace, and
 * a later process with its number is another one; a set stays not empty, and
 * so in force, when its processes have ended. ADD of one that is in the set gives
 * it the flags of this ADD; but a process there does not become its first thread.
 * Threads that were added are in the set beside their process, and stay when that is
 * removed. REMOVE takes the number of a process or of a thread.
 *
 * ESRCH: no such process (to ADD without PIDS_THREAD, a thread id is none) or thread;
 * ENOENT: REMOVE of one that is not in the set; ENOSPC: the set would get more than
 * SVMTRACE_PIDS_MAX.
 */
struct svmtrace_pids {
	__u32 size;
	__u32 op;
	__u32 set;
	__u32 flags;
	__u32 count;
	__u32 reserved;
	__aligned_u64 pids;
};

#define SVMTRACE_PIDS_SIZE_VER0		32

/* svmtrace_cgroups.set */
#define SVMTRACE_CGROUPS_CALLER		0  /* keep calls made in these */
#define SVMTRACE_CGROUPS_NOT_CALLER	1  /* drop calls made in these */
#define SVMTRACE_CGROUPS_SETS		2

/* The most cgroups in one set. */
#define SVMTRACE_CGROUPS_MAX		1024

/**
 * struct svmtrace_cgroups - changes one of the two sets of cgroups of the filter
 * @size:     size of this structure
 * @op:	      SVMTRACE_PIDS_ADD, _REMOVE or _CLEAR
 * @set:      SVMTRACE_CGROUPS_CALLER or _NOT_CALLER
 * @count:    number of cgroups, 0 to SVMTRACE_CGROUPS_MAX; 0 with CLEAR
 * @ids:      address of @count __u64 ids of cgroups (v2): the inode numbers of their
 *	      directories; 0 with CLEAR
 *
 * A caller is in a cgroup if it is in that one or in one below it, also one that is
 * made later. A call is kept if its caller is in none of NOT_CALLER, and in one of
 * CALLER if that is not empty; the sets of processes and the program have their say
 * as well. Each change takes effect as a whole.
 *
 * ENOENT: REMOVE of one that is not in the set; ENOSPC: the set would get more than
 * SVMTRACE_CGROUPS_MAX; EINVAL: an id of 0.
 */
struct svmtrace_cgroups {
	__u32 size;
	__u32 op;
	__u32 set;
	__u32 count;
	__aligned_u64 ids;
};

#define SVMTRACE_CGROUPS_SIZE_VER0	24

/* The most instructions of a filter program (BPF_MAXINSNS). */
#define SVMTRACE_PROGRAM_MAX		4096

/* svmtrace_program.flags */
/* Not the filter, but the trigger: a call that it keeps freezes the session. */
#define SVMTRACE_PROGRAM_TRIGGER	0x1U

/**
 * struct svmtrace_program - sets the filter program, or the trigger, of a session
 * @size:     size of this structure
 * @len:      instructions, 0: remove the program
 * @flags:    SVMTRACE_PROGRAM_TRIGGER or 0
 * @reserved: must be zero
 * @insns:    address of @len struct sock_filter (see linux/filter.h); 0 if @len
 *	      is 0
 *
 * A classic BPF program, over a struct svmtrace_filter_data. It may contain loads
 * of aligned words of that by absolute offset (BPF_LD | BPF_W | BPF_ABS), loads
 * of constants, the scratch memory, arithmetic but BPF_MOD, jumps, BPF_MISC and
 * BPF_RET; anything else is refused. It returns 0 to drop the call, 1 to keep it;
 * other values keep it as well, but are reserved.
 *
 * A program decides when the call enters, and a rejected call then costs no more,
 * if it contains no load of call.ret, duration, pipe.used_after or marks, and does
 * not ask for SVMTRACE_PRESENT_RESULT; or if it comes to its verdict before it loads
 * any other words than those of caller, target, args, record.syscall, call.tid and
 * call.abi, or call.relation with a mask (BPF_AND) in the next instruction that is
 * without SVMTRACE_REL_CROSS_MNTNS. So what is about these should come first.
 * Otherwise it decides when the call returns, as does one that asks for what cannot be
 * seen yet: call.bytes or remote_bytes of arrays that cannot be read, or the target
 * where there is none. A call that moved something although that was never seen is
 * kept, whatever the program says. If the return is not seen, the call is kept, and
 * marked SVMTRACE_MARK_UNDECIDED. A call is decided by the program
 * that was set when it entered; when it decides makes no difference to what.
 *
 * A trigger is of use to a flight recorder only. It judges the calls that the filter
 * keeps, when they have returned and their record has been written, so that this is
 * the last that overwrites any; a call without a result freezes the session as well,
 * if the trigger would have waited for it.
 *
 * EINVAL: not such a program, which the kernel also says if it lacks a verdict
 * or jumps out of itself. The old program stays then.
 */
struct svmtrace_program {
	__u32 size;
	__u32 len;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 insns;
};

#define SVMTRACE_PROGRAM_SIZE_VER0	24

/**
 * struct svmtrace_try - what would the program of a session say?
 * @size:      in: size of this structure; out: size that the kernel knows
 * @flags:     SVMTRACE_PROGRAM_TRIGGER: ask the trigger instead; or 0
 * @data_size: sizeof(struct svmtrace_filter_data)
 * @verdict:   in: zero; out: what the program returns
 * @data:      address of the struct svmtrace_filter_data of a call, which need not
 *	       have happened
 *
 * To test filters. ENOENT: there is no program.
 */
struct svmtrace_try {
	__u32 size;
	__u32 flags;
	__u32 data_size;
	__u32 verdict;
	__aligned_u64 data;
};

#define SVMTRACE_TRY_SIZE_VER0		24

/*
 * The numbers carry no size, because the structures say their own. START fails
 * with EALREADY if started, STOP with EALREADY if not. FREEZE fails with EALREADY
 * if not started, or frozen, and with EINVAL if not a flight recorder. All three
 * take no argument (0). SET_CONFIG: EBUSY once the session has been started.
 */
#define SVMTRACE_IOC_GET_INFO		_IO(0xF9, 0x00)
#define SVMTRACE_IOC_GET_CONFIG		_IO(0xF9, 0x01)
#define SVMTRACE_IOC_SET_CONFIG		_IO(0xF9, 0x02)
#define SVMTRACE_IOC_START		_IO(0xF9, 0x03)
#define SVMTRACE_IOC_STOP		_IO(0xF9, 0x04)
#define SVMTRACE_IOC_GET_STATS		_IO(0xF9, 0x05)
#define SVMTRACE_IOC_PIDS		_IO(0xF9, 0x06)
#define SVMTRACE_IOC_PROGRAM		_IO(0xF9, 0x07)
#define SVMTRACE_IOC_FREEZE		_IO(0xF9, 0x08)
#define SVMTRACE_IOC_TRY		_IO(0xF9, 0x09)
#define SVMTRACE_IOC_CGROUPS		_IO(0xF9, 0x0a)

#endif /* _UAPI_LINUX_SVMTRACE_H */
