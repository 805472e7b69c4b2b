// SPDX-License-Identifier: GPL-2.0
/*
 * The eBPF programs that a user would write for these two calls, in three ways:
 *
 *	fexit	 one program at the return, where the arguments can still be seen.
 *		 The leanest; it reads the iovecs when another thread may have
 *		 changed them, and knows no duration.
 *	fentry	 iovecs and arguments at entry, kept in a hash map until fexit
 *	kprobe	 the same with a kprobe and a kretprobe
 *
 * fexit reads up to 8 entries of both arrays, the others of the local one, as do two
 * variants of fexit: "local", and "macros", which asks for the registers by the
 * portable macros of libbpf (PT_REGS_PARM*_CORE_SYSCALL).
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "event.h"

char _license[] SEC("license") = "GPL";

/* BPF_RB_NO_WAKEUP if the reader polls; a constant once this is loaded. */
SEC(".rodata") __u64 submit_flags;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

/* What fits the 512 bytes of stack that there are. */
struct kept {
	__u64 time;
	__u64 args[EVENT_ARGS];
	__u64 iovs;
	struct event_iov iov[EVENT_IOVS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, struct kept);
} entered SEC(".maps");

/* Bytes that were read. */
static __always_inline __u32 read_array(struct event_iov *to, __u64 base, __u64 n)
{
	if (n > EVENT_IOVS)
		n = EVENT_IOVS;
	/* Or clang multiplies what it has not bounded yet, and the verifier objects. */
	asm volatile("" : "+r"(n));
	if (bpf_probe_read_user(to, n * sizeof(*to), (const void *)base))
		return 0;
	return n * sizeof(*to);
}

static __always_inline void read_iovs(struct event *e, int arrays)
{
	e->iovs = read_array(e->iov, e->args[1], e->args[2]);
	e->remote_iovs = arrays > 1 ? read_array(e->remote_iov, e->args[3], e->args[4]) : 0;
}

/* Arguments as registers of the syscall, which BTF lets us read directly. */
static __always_inline void read_registers(__u64 *args, const struct pt_regs *regs, int count)
{
	args[0] = regs->rdi;
	args[1] = regs->rsi;
	args[2] = regs->rdx;
	args[3] = regs->r10;
	args[4] = count > 4 ? regs->r8 : 0;
	args[5] = count > 4 ? regs->r9 : 0;
}

static __always_inline struct event *begin(long ret)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return NULL;
	e->time = bpf_ktime_get_ns();
	e->duration = 0;
	e->pid_tid = bpf_get_current_pid_tgid();
	e->ret = ret;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	return e;
}

SEC("?fexit/__x64_sys_process_vm_writev")
int BPF_PROG(fexit_writev, const struct pt_regs *regs, long ret)
{
	struct event *e = begin(ret);

	if (e) {
		read_registers(e->args, regs, 6);
		read_iovs(e, 2);
		bpf_ringbuf_submit(e, submit_flags);
	}
	return 0;
}

SEC("?fexit/__x64_sys_vmsplice")
int BPF_PROG(fexit_vmsplice, const struct pt_regs *regs, long ret)
{
	struct event *e = begin(ret);

	if (e) {
		read_registers(e->args, regs, 4);
		read_iovs(e, 1);
		bpf_ringbuf_submit(e, submit_flags);
	}
	return 0;
}

/* The same without the remote array. */
SEC("?fexit/__x64_sys_process_vm_writev")
int BPF_PROG(local_writev, const struct pt_regs *regs, long ret)
{
	struct event *e = begin(ret);

	if (e) {
		read_registers(e->args, regs, 6);
		read_iovs(e, 1);
		bpf_ringbuf_submit(e, submit_flags);
	}
	return 0;
}

/* As the kernel calls them; where they are is found out when this is loaded. */
struct pt_regs___kernel {
	unsigned long di, si, dx, r10, r8, r9;
} __attribute__((preserve_access_index));

/* Again, with the macros that libbpf has for any architecture and kernel. */
SEC("?fexit/__x64_sys_process_vm_writev")
int BPF_PROG(macros_writev, const struct pt_regs___kernel *regs, long ret)
{
	struct event *e = begin(ret);

	if (e) {
		e->args[0] = BPF_CORE_READ(regs, di);
		e->args[1] = BPF_CORE_READ(regs, si);
		e->args[2] = BPF_CORE_READ(regs, dx);
		e->args[3] = BPF_CORE_READ(regs, r10);
		e->args[4] = BPF_CORE_READ(regs, r8);
		e->args[5] = BPF_CORE_READ(regs, r9);
		read_iovs(e, 1);
		bpf_ringbuf_submit(e, submit_flags);
	}
	return 0;
}

static __always_inline int keep(struct kept *e)
{
	__u64 id = bpf_get_current_pid_tgid();

	e->time = bpf_ktime_get_ns();
	e->iovs = read_array(e->iov, e->args[1], e->args[2]);
	bpf_map_update_elem(&entered, &id, e, BPF_ANY);
	return 0;
}

static __always_inline int record_kept(long ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct kept *kept = bpf_map_lookup_elem(&entered, &id);
	struct event *e;

	if (!kept)
		return 0;
	e = begin(ret);
	if (e) {
		e->duration = e->time - kept->time;
		__builtin_memcpy(e->args, kept->args, sizeof(e->args));
		__builtin_memcpy(e->iov, kept->iov, sizeof(e->iov));
		e->iovs = kept->iovs;
		e->remote_iovs = 0;
		bpf_ringbuf_submit(e, submit_flags);
	}
	bpf_map_delete_elem(&entered, &id);
	return 0;
}

SEC("?fentry/__x64_sys_process_vm_writev")
int BPF_PROG(fentry_writev, const struct pt_regs *regs)
{
	struct kept e = {};

	read_registers(e.args, regs, 6);
	return keep(&e);
}

SEC("?fentry/__x64_sys_vmsplice")
int BPF_PROG(fentry_vmsplice, const struct pt_regs *regs)
{
	struct kept e = {};

	read_registers(e.args, regs, 4);
	return keep(&e);
}

SEC("?fexit/__x64_sys_process_vm_writev")
int BPF_PROG(fentry_writev_return, const struct pt_regs *regs, long ret)
{
	return record_kept(ret);
}

SEC("?fexit/__x64_sys_vmsplice")
int BPF_PROG(fentry_vmsplice_return, const struct pt_regs *regs, long ret)
{
	return record_kept(ret);
}

/* A kprobe gets the address of the registers, and must ask for what is there. */
static __always_inline int keep_registers(const struct pt_regs *at, int count)
{
	struct pt_regs regs;
	struct kept e = {};

	bpf_probe_read_kernel(&regs, sizeof(regs), at);
	read_registers(e.args, &regs, count);
	return keep(&e);
}

SEC("?kprobe/__x64_sys_process_vm_writev")
int BPF_KPROBE(kprobe_writev, const struct pt_regs *regs)
{
	return keep_registers(regs, 6);
}

SEC("?kprobe/__x64_sys_vmsplice")
int BPF_KPROBE(kprobe_vmsplice, const struct pt_regs *regs)
{
	return keep_registers(regs, 4);
}

SEC("?kretprobe/__x64_sys_process_vm_writev")
int BPF_KRETPROBE(kprobe_writev_return, long ret)
{
	return record_kept(ret);
}

SEC("?kretprobe/__x64_sys_vmsplice")
int BPF_KRETPROBE(kprobe_vmsplice_return, long ret)
{
	return record_kept(ret);
}
