/* SPDX-License-Identifier: GPL-2.0 */
/* What abi/calls says of the calls it made; the same in every ABI. */
#ifndef SVMTRACE_TESTS_ABI_REPORT_H
#define SVMTRACE_TESTS_ABI_REPORT_H

#include <linux/types.h>

/* The calls, in order. */
enum {
	REPORT_WRITEV,		/* local, 3, remote, 2, 0 */
	REPORT_VMSPLICE,	/* local, 3, SPLICE_F_MORE */
	REPORT_NEGATIVE,	/* process_vm_writev(-1, local, 1, remote, 1, REPORT_FLAGS) */
	REPORT_BAD_FD,		/* vmsplice(-2, many, REPORT_MANY, 0) */
	REPORT_HUGE,		/* process_vm_writev(pid, local, -1, remote, 1, 0) */
	REPORT_ONTO_ARRAY,	/* process_vm_writev(pid, local, 1, onto, 2, 0) */
	REPORT_CALLS,
};

#define REPORT_FLAGS 0x80000001U
/* Entries that end where memory ends. */
#define REPORT_MANY 300

/**
 * struct report - of abi/calls, which writes it to its standard output
 * @pid:    its process id
 * @fd:	    the write end of its pipe
 * @local:  address of its local array: { from, 4 }, { from + 8, 0 }, { from + 16, 5 }
 * @remote: address of its remote array: { to, 6 }, { to + 6, 3 }
 * @many:   address of an array with entries { 0x1000 + i, i }
 * @onto:   address of an array { &onto[1].iov_base, 4 }, { 0, 0 }
 * @from:   address of its source
 * @to:	    address of its destination
 * @ret:    the results, errors as negative errno
 */
struct report {
	__u64 pid;
	__u64 fd;
	__u64 local;
	__u64 remote;
	__u64 many;
	__u64 onto;
	__u64 from;
	__u64 to;
	__s64 ret[REPORT_CALLS];
};

#endif /* SVMTRACE_TESTS_ABI_REPORT_H */
