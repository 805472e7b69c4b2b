// SPDX-License-Identifier: GPL-2.0
/*
 * What an expression says of a call that has been recorded: the kernel's verdict once
 * more, from what the record has. The programs are those of expr_compile().
 */
#include <string.h>

#include "expr.h"
#include "record.h"
#include "util.h"

#define AT(member) offsetof(struct svmtrace_filter_data, member)

/* What is known when the call has returned only, as the kernel sees it. */
static const struct {
	size_t from;
	size_t to;
} late[] = {
	{ AT(record.marks), AT(call.entry_time) },
	{ AT(call.ret), AT(call.bytes) },
	{ AT(pipe.used_after), AT(duration) },
	{ AT(duration), AT(present) },
};

#define TARGET_GROUPS (SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_TARGET_CONTEXT)
#define UNREADABLE (SVMTRACE_MARK_UNREADABLE | \
		    SVMTRACE_MARK_UNREADABLE << SVMTRACE_MARK_REMOTE_SHIFT)

static bool is_load(const struct sock_filter *insn)
{
	return insn->code == (BPF_LD | BPF_W | BPF_ABS);
}

/* What was seen neither at entry nor at return, but that the kernel may have seen. */
static bool is_unseen(const struct sock_filter *load, const struct svmtrace_filter_data *data)
{
	__u32 marks = data->record.marks;

	if (load->k >= AT(call.bytes) && load->k < AT(call.tid))
		return marks & UNREADABLE;
	if (load->k == AT(present))
		return marks & SVMTRACE_MARK_NO_TARGET && load[1].k & TARGET_GROUPS;
	return marks & SVMTRACE_MARK_NO_TARGET &&
	       (load->k == AT(call.relation) ||
		(load->k >= AT(target) && load->k < AT(pipe)));
}

/* Is it a load of what this call might have had? */
static bool is_missing(const struct sock_filter *load, const struct svmtrace_filter_data *data)
{
	bool returned = data->present & SVMTRACE_PRESENT_RESULT;
	size_t i;

	if ((!returned || data->call.ret > 0) && is_unseen(load, data))
		return true;
	if (returned)
		return false;
	/* What it asks for is in the next instruction. */
	if (load->k == AT(present))
		return load[1].k & SVMTRACE_PRESENT_RESULT;
	for (i = 0; i < ARRAY_SIZE(late); i++) {
		if (load->k >= late[i].from && load->k < late[i].to)
			return true;
	}
	return false;
}

static __u32 calculate(const struct sock_filter *insn, __u32 a)
{
	switch (BPF_OP(insn->code)) {
	case BPF_RSH:
		return a >> insn->k;
	case BPF_AND:
		return a & insn->k;
	default:	/* BPF_XOR */
		return a ^ insn->k;
	}
}

static bool compare(__u16 op, __u32 a, __u32 b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	default:	/* BPF_JSET */
		return a & b;
	}
}

/* How far the next instruction is away. */
static __u32 jump(const struct sock_filter *insn, __u32 a, __u32 x)
{
	if (BPF_OP(insn->code) == BPF_JA)
		return insn->k;
	if (compare(BPF_OP(insn->code), a, BPF_SRC(insn->code) == BPF_X ? x : insn->k))
		return insn->jt;
	return insn->jf;
}

/* With @is_whole, nothing is missing. */
static bool run(const struct expr_program *p, const struct svmtrace_filter_data *data,
		bool is_whole)
{
	const struct sock_filter *insn;
	__u32 a = 0, x = 0;

	for (insn = p->insns; ; insn++) {
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			if (is_load(insn) && !is_whole && is_missing(insn, data))
				return true;
			if (is_load(insn))
				memcpy(&a, (const char *)data + insn->k, sizeof(a));
			else
				a = insn->k;
			break;
		case BPF_ALU:
			a = calculate(insn, a);
			break;
		case BPF_JMP:
			insn += jump(insn, a, x);
			break;
		case BPF_MISC:
			x = a;
			break;
		default:	/* BPF_RET */
			return insn->k;
		}
	}
}

/**
 * expr_run() - what a program says of a call
 * @p:	  of expr_compile()
 * @data: the call
 *
 * Return: whether it keeps it.
 */
bool expr_run(const struct expr_program *p, const struct svmtrace_filter_data *data)
{
	return run(p, data, true);
}

static void fill_groups(struct svmtrace_filter_data *data, const struct record_view *v)
{
	if (v->caller)
		data->caller = *v->caller;
	if (v->context)
		data->context = *v->context;
	if (v->target)
		data->target = *v->target;
	if (v->target_context)
		data->target_context = *v->target_context;
	if (v->pipe)
		data->pipe = *v->pipe;
}

static void fill(struct svmtrace_filter_data *data, const struct record_view *v)
{
	*data = (struct svmtrace_filter_data){
		.record = {
			.kind = SVMTRACE_KIND_CALL,
			.syscall = v->record->syscall,
			.marks = v->record->marks,
		},
		.call = *v->call,
		.duration = v->record->time - v->call->entry_time,
		.present = v->call->groups & SVMTRACE_GROUPS_ALL,
	};
	memcpy(data->args, v->args, record_nr_args(v->record->syscall) * sizeof(*v->args));
	fill_groups(data, v);
	if (v->record->syscall == SVMTRACE_NR_process_vm_writev)
		data->present |= SVMTRACE_PRESENT_REMOTE;
	if (v->record->kind == SVMTRACE_KIND_CALL &&
	    !(v->record->marks & SVMTRACE_MARK_NO_RESULT))
		data->present |= SVMTRACE_PRESENT_RESULT;
}

/**
 * expr_keeps() - what a program says of a call that has been recorded
 * @p: of expr_compile()
 * @v: a call, or the entry of one
 *
 * Return: whether it keeps it, or cannot know without what was not seen of it.
 */
bool expr_keeps(const struct expr_program *p, const struct record_view *v)
{
	struct svmtrace_filter_data data;

	fill(&data, v);
	return run(p, &data, false);
}
