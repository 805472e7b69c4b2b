/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Classic BPF as the module takes it: what it accepts, what it finds out for a
 * program, and what the program then says. Written from the UAPI's words, not from
 * the module, so that both can be wrong only on their own.
 */
#ifndef UNIT_CBPF_H
#define UNIT_CBPF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/filter.h>

#include <linux/svmtrace.h>

#define CBPF_AT(member) offsetof(struct svmtrace_filter_data, member)
#define CBPF_IS_LOAD(insn) ((insn)->code == (BPF_LD | BPF_W | BPF_ABS))

static inline bool cbpf_accepts_one(const struct sock_filter *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		if (CBPF_IS_LOAD(insn))
			return insn->k % 4 == 0 && insn->k < sizeof(struct svmtrace_filter_data);
		return insn->code == (BPF_LD | BPF_IMM) ||
		       (insn->code == (BPF_LD | BPF_MEM) && insn->k < BPF_MEMWORDS);
	case BPF_LDX:
		return insn->code == (BPF_LDX | BPF_IMM) ||
		       (insn->code == (BPF_LDX | BPF_MEM) && insn->k < BPF_MEMWORDS);
	case BPF_ST:
	case BPF_STX:
		return insn->code == BPF_CLASS(insn->code) && insn->k < BPF_MEMWORDS;
	case BPF_ALU:
		if (BPF_OP(insn->code) == BPF_MOD)
			return false;
		/* Shifts by constants below 32, no division by 0. */
		if (BPF_SRC(insn->code) == BPF_X)
			return true;
		if (BPF_OP(insn->code) == BPF_LSH || BPF_OP(insn->code) == BPF_RSH)
			return insn->k < 32;
		return BPF_OP(insn->code) != BPF_DIV || insn->k;
	case BPF_JMP:
		return BPF_OP(insn->code) <= BPF_JSET;
	case BPF_RET:
		return BPF_RVAL(insn->code) == BPF_K || BPF_RVAL(insn->code) == BPF_A;
	default:
		return insn->code == (BPF_MISC | BPF_TAX) || insn->code == (BPF_MISC | BPF_TXA);
	}
}

/* Would the kernel take this program? */
static inline bool cbpf_accepts(const struct sock_filter *insns, size_t len)
{
	size_t i;

	if (!len || len > SVMTRACE_PROGRAM_MAX)
		return false;
	for (i = 0; i < len; i++) {
		const struct sock_filter *insn = &insns[i];

		if (!cbpf_accepts_one(insn))
			return false;
		if (BPF_CLASS(insn->code) != BPF_JMP)
			continue;
		if (BPF_OP(insn->code) == BPF_JA ? insn->k >= len - i - 1 :
		    i + 1 + insn->jt >= len || i + 1 + insn->jf >= len)
			return false;
	}
	return BPF_CLASS(insns[len - 1].code) == BPF_RET;
}

static inline __u32 cbpf_alu(__u16 op, __u32 a, __u32 b)
{
	switch (op) {
	case BPF_RSH:
		return a >> b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	default:	/* no expression needs it */
		return ~0U;
	}
}

static inline bool cbpf_test(__u16 op, __u32 a, __u32 b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	default:
		return a & b;
	}
}

/* What an accepted program returns; it can only use what expressions need. */
static inline __u32 cbpf_run(const struct sock_filter *insns,
			     const struct svmtrace_filter_data *data)
{
	const struct sock_filter *insn = insns;
	__u32 a = 0, x = 0, b;

	for (;; insn++) {
		b = BPF_SRC(insn->code) == BPF_X ? x : insn->k;
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			if (CBPF_IS_LOAD(insn))
				memcpy(&a, (const char *)data + insn->k, sizeof(a));
			else
				a = insn->k;
			break;
		case BPF_ALU:
			a = cbpf_alu(BPF_OP(insn->code), a, b);
			break;
		case BPF_JMP:
			if (BPF_OP(insn->code) == BPF_JA)
				insn += insn->k;
			else
				insn += cbpf_test(BPF_OP(insn->code), a, b) ? insn->jt : insn->jf;
			break;
		case BPF_MISC:
			x = a;
			break;
		default:
			return insn->k;
		}
	}
}

static inline bool cbpf_loads(const struct sock_filter *insns, size_t len, size_t from,
			      size_t to)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (CBPF_IS_LOAD(&insns[i]) && insns[i].k >= from && insns[i].k < to)
			return true;
	}
	return false;
}

/* Forgets what the module would not find out for this program before it decides. */
static inline void cbpf_forget(const struct sock_filter *insns, size_t len,
			       struct svmtrace_filter_data *d)
{
#define LOADS(from, to) cbpf_loads(insns, len, CBPF_AT(from), CBPF_AT(to))
	bool late = LOADS(record.marks, call.entry_time) || LOADS(call.ret, call.bytes) ||
		    LOADS(pipe.used_after, present);

	if (!late) {
		d->present &= ~SVMTRACE_PRESENT_RESULT;
		d->call.ret = 0;
		d->duration = 0;
		d->pipe.used_after = ~0U;
	}
	if (!LOADS(call.bytes, call.tid))
		d->present &= ~SVMTRACE_PRESENT_REMOTE;
	if (!LOADS(caller, context))
		d->present &= ~SVMTRACE_GROUP_CALLER;
	if (!LOADS(context, target))
		d->present &= ~SVMTRACE_GROUP_CONTEXT;
	if (!LOADS(call.relation, call.iovs) && !LOADS(target, pipe))
		d->present &= ~(SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_TARGET_CONTEXT);
	if (!LOADS(pipe, duration))
		d->present &= ~SVMTRACE_GROUP_PIPE;
#undef LOADS
}

#endif
