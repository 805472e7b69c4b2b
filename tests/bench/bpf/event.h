/* SPDX-License-Identifier: GPL-2.0 */
/* What the eBPF peers record of a call. */
#ifndef SVMTRACE_BENCH_EVENT_H
#define SVMTRACE_BENCH_EVENT_H

#define EVENT_ARGS 6
#define EVENT_IOVS 8

/**
 * struct event - a call
 * @time:     when it was recorded
 * @duration: in ns; 0 where the entry is not seen
 * @pid_tid:  thread group << 32 | thread
 * @ret:      result
 * @args:     of the call
 * @comm:     name of the thread
 * @iovs:     bytes of @iov
 * @remote_iovs: bytes of @remote_iov
 * @iov:      entries of the local array
 * @remote_iov: entries of the remote array
 */
struct event {
	__u64 time;
	__u64 duration;
	__u64 pid_tid;
	__s64 ret;
	__u64 args[EVENT_ARGS];
	char comm[16];
	__u32 iovs;
	__u32 remote_iovs;
	struct event_iov {
		__u64 base;
		__u64 len;
	} iov[EVENT_IOVS], remote_iov[EVENT_IOVS];
};

#endif
