// SPDX-License-Identifier: GPL-2.0
/*
 * Program: classic BPF over the facts of a call, checked, translated and compiled
 * by the kernel, as seccomp does it.
 *
 * The kernel's own check lets a program load from packets and more: what is not
 * listed here is refused, or user space would read kernel memory.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "program.h"
#include "snapshot.h"

#define IS_LOAD(code)	((code) == (BPF_LD | BPF_W | BPF_ABS))

/* Protects the list of programs whose last calls have not returned yet. */
static DEFINE_MUTEX(retired_lock);
static LIST_HEAD(retired);

static bool is_allowed(u16 code)
{
	switch (code) {
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return true;
	default:
		return false;
	}
}

/*
 * Called by the kernel after its own check, before it translates. A load of a
 * packet's word becomes one of our data, which it knows by this opcode.
 */
static int translate(struct sock_filter *insns, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++) {
		if (IS_LOAD(insns[i].code)) {
			if (insns[i].k % 4 ||
			    insns[i].k >= sizeof(struct svmtrace_filter_data))
				return -EINVAL;
			insns[i].code = BPF_LDX | BPF_W | BPF_ABS;
		} else if (!is_allowed(insns[i].code)) {
			return -EINVAL;
		}
	}
	return 0;
}

#define FROM(member)	offsetof(struct svmtrace_filter_data, member)

/*
 * What must be gathered before a word of the data can be loaded, and whether it
 * is there at return only. Each row is about the words up to the next row.
 */
static const struct {
	u16 from;
	u32 needs;
	bool late;
} words[] = {
	{ 0, 0, false },
	/* Also whether there is a target, and what is odd about the executables. */
	{ FROM(record.marks), SVMTRACE_GROUP_CONTEXT | IDENTITY_COMM | SVMTRACE_GROUP_TARGET,
	  true },
	{ FROM(call.entry_time), SNAPSHOT_TIME, false },
	{ FROM(call.ret), 0, true },
	{ FROM(call.bytes), SNAPSHOT_ARRAYS, false },
	/* For the relation, see needs_of_relation(). */
	{ FROM(call.tid), SNAPSHOT_CALL, false },
	{ FROM(caller), IDENTITY_IDS, false },
	{ FROM(caller.ppid), IDENTITY_PARENT, false },
	{ FROM(caller.uid), IDENTITY_IDS, false },
	{ FROM(caller.comm), IDENTITY_COMM, false },
	/* With the name of the executable comes what it is compared with. */
	{ FROM(context), SVMTRACE_GROUP_CONTEXT | IDENTITY_COMM, false },
	{ FROM(target), IDENTITY_TARGET, false },
	{ FROM(target_context), SVMTRACE_GROUP_TARGET_CONTEXT, false },
	{ FROM(pipe), SVMTRACE_GROUP_PIPE, false },
	{ FROM(pipe.used_after), SVMTRACE_GROUP_PIPE, true },
	{ FROM(duration), SNAPSHOT_TIME, true },
	{ FROM(present), 0, false },
};

static unsigned int find_word(u32 k)
{
	unsigned int i = ARRAY_SIZE(words) - 1;

	while (words[i].from > k)
		i--;
	return i;
}

/* A mask leaves only some bits of a word; a jump by some would leave all where they are. */
static bool is_masked(const struct sock_filter *load)
{
	return load[1].code == (BPF_ALU | BPF_AND | BPF_K);
}

/* What it asks for must be looked for, even if it loads nothing else of it. */
static u32 needs_of_present(u32 bits)
{
	u32 needs = bits & (SVMTRACE_GROUP_CONTEXT | SVMTRACE_GROUP_TARGET_CONTEXT |
			    SVMTRACE_GROUP_PIPE);

	if (bits & SVMTRACE_GROUP_CALLER)
		needs |= IDENTITY_IDS;
	if (bits & SVMTRACE_GROUP_TARGET)
		needs |= IDENTITY_TARGET;
	if (bits & SVMTRACE_PRESENT_REMOTE)
		needs |= SNAPSHOT_ARRAYS;
	return needs;
}

static u32 needs_of_relation(u32 bits)
{
	u32 needs = 0;

	if (bits & IDENTITY_KIN_BITS)
		needs |= IDENTITY_KIN;
	if (bits & IDENTITY_CROSSES_BITS)
		needs |= IDENTITY_CROSSES;
	/* The others are told by what only the target's lock holds in place. */
	if (bits & ~(IDENTITY_KIN_BITS | IDENTITY_CROSSES_BITS))
		needs |= SVMTRACE_GROUP_TARGET;
	return needs;
}

static u32 needs_of(const struct sock_filter *load, bool *late)
{
	unsigned int word = find_word(load->k);
	u32 needs = words[word].needs, bits = ~0U;

	*late = words[word].late;
	if (is_masked(load))
		bits = load[1].k;
	if (load->k == FROM(present)) {
		*late = bits & SVMTRACE_PRESENT_RESULT;
		needs = needs_of_present(bits);
	}
	if (load->k == FROM(call.relation))
		needs = needs_of_relation(bits);
	return needs;
}

static void find_needs(struct program *program, const struct sock_filter *insns, u32 len)
{
	bool late;
	u32 i;

	for (i = 0; i < len; i++) {
		if (IS_LOAD(insns[i].code)) {
			program->needs |= needs_of(&insns[i], &late);
			program->late |= late;
		}
	}
}

/*
 * Can a load be done when only some parts are known? Of the word that says what there
 * is, only by bits that are known then.
 */
static bool is_early(const struct sock_filter *load, u32 parts)
{
	bool late;
	u32 needs = needs_of(load, &late);

	return !late && !(needs & ~parts) && (load->k != FROM(present) || is_masked(load));
}

/* The same program, but that it gives up where it would load more. */
static int translate_early(struct sock_filter *insns, unsigned int len, u32 parts)
{
	unsigned int i;

	for (i = 0; i < len; i++) {
		if (IS_LOAD(insns[i].code) && !is_early(&insns[i], parts))
			insns[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
								PROGRAM_UNDECIDED);
	}
	return translate(insns, len);
}

static int translate_by_caller(struct sock_filter *insns, unsigned int len)
{
	return translate_early(insns, len, SNAPSHOT_CALLER);
}

static int translate_by_parts(struct sock_filter *insns, unsigned int len)
{
	return translate_early(insns, len, SNAPSHOT_PARTS);
}

static int translate_by_entry(struct sock_filter *insns, unsigned int len)
{
	return translate_early(insns, len, ~0U);
}

/* Can it be decided by these parts? */
static bool is_worth_a_try(const struct program *program, u32 parts)
{
	const struct sock_filter *insns = program->bpf->orig_prog->filter;

	while (!IS_LOAD(insns->code) && BPF_CLASS(insns->code) != BPF_RET)
		insns++;
	return IS_LOAD(insns->code) && is_early(insns, parts);
}

static void program_free(struct program *program)
{
	if (program->by_caller && program->by_caller != program->bpf)
		bpf_prog_destroy(program->by_caller);
	if (program->by_parts && program->by_parts != program->bpf)
		bpf_prog_destroy(program->by_parts);
	if (program->by_entry)
		bpf_prog_destroy(program->by_entry);
	if (program->bpf)
		bpf_prog_destroy(program->bpf);
	free_percpu(program->in_flight);
	kfree(program);
}

/* Whoever changes the instructions meanwhile gets two programs that differ. */
static int compile(struct bpf_prog **bpf, const struct svmtrace_program *request,
		   bpf_aux_classic_check_t translate)
{
	struct sock_fprog fprog = {
		.len = request->len,
		.filter = u64_to_user_ptr(request->insns),
	};
	int err = bpf_prog_create_from_user(bpf, &fprog, translate, true);

	if (err)
		*bpf = NULL;
	/* No errno of user space: the JIT compiler, which there must be, had no memory. */
	return err == -ENOTSUPP ? -ENOMEM : err;
}

/* What it can say by these parts: all, if it needs no more. */
static int compile_early(const struct program *program, struct bpf_prog **early,
			 const struct svmtrace_program *request,
			 bpf_aux_classic_check_t translate, u32 parts)
{
	if (!program->late && !(program->needs & ~parts)) {
		*early = program->bpf;
		return 0;
	}
	return is_worth_a_try(program, parts) ? compile(early, request, translate) : 0;
}

static int compile_all(struct program *program, const struct svmtrace_program *request)
{
	const struct sock_fprog_kern *insns;
	int err = compile(&program->bpf, request, translate);

	if (err)
		return err;
	insns = program->bpf->orig_prog;
	find_needs(program, insns->filter, insns->len);
	program->groups = program->needs & (SVMTRACE_GROUP_EXTRA - 1);
	if (program->needs & SNAPSHOT_CALLER)
		program->groups |= SVMTRACE_GROUP_CALLER;
	if (program->needs & SNAPSHOT_TARGET)
		program->groups |= SVMTRACE_GROUP_TARGET;
	if (program->needs & SNAPSHOT_CALLER)
		err = compile_early(program, &program->by_caller, request,
				    translate_by_caller, SNAPSHOT_CALLER);
	if (!err && program->by_caller != program->bpf &&
	    (program->needs & (SNAPSHOT_CALL | SNAPSHOT_TARGET) || !program->by_caller))
		err = compile_early(program, &program->by_parts, request,
				    translate_by_parts, SNAPSHOT_PARTS);
	if (!err && program->late && program->needs & ~SNAPSHOT_PARTS)
		err = compile_early(program, &program->by_entry, request,
				    translate_by_entry, ~0U);
	return err;
}

/**
 * program_create() - checks and compiles a program
 * @request: what user space wants, with a valid length
 *
 * May sleep.
 *
 * Return: the program, in one filter, or -EFAULT, -EINVAL or -ENOMEM.
 */
struct program *program_create(const struct svmtrace_program *request)
{
	struct program *program = kzalloc(sizeof(*program), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!program)
		return ERR_PTR(-ENOMEM);
	refcount_set(&program->users, 1);
	program->in_flight = alloc_percpu_gfp(int, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (program->in_flight)
		err = compile_all(program, request);
	if (err) {
		program_free(program);
		return ERR_PTR(err);
	}
	return program;
}

/**
 * program_get() - puts a program into one more filter
 * @program: or NULL
 *
 * Return: @program.
 */
struct program *program_get(struct program *program)
{
	if (program)
		refcount_inc(&program->users);
	return program;
}

static int calls_in_flight(const struct program *program)
{
	int cpu, sum = 0;

	/*
	 * No call enters any more, so the sum can only be read too high: what is
	 * counted at entry was there before, what is missed is returns.
	 */
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(program->in_flight, cpu));
	return sum;
}

/**
 * program_put() - takes a program out of a filter that no call looks at any more
 * @program: or NULL
 *
 * It is freed when no call in flight needs it. May sleep.
 */
void program_put(struct program *program)
{
	struct program *next;

	if (!program || !refcount_dec_and_test(&program->users))
		return;
	mutex_lock(&retired_lock);
	list_add(&program->retired, &retired);
	list_for_each_entry_safe(program, next, &retired, retired) {
		if (calls_in_flight(program))
			continue;
		list_del(&program->retired);
		/* A return that gave it up may still be running. */
		synchronize_rcu();
		program_free(program);
	}
	mutex_unlock(&retired_lock);
}

/**
 * program_reap_all() - frees all programs that are in no filter
 *
 * When the probes have been disarmed: the returns in flight are not seen. May
 * sleep.
 */
void program_reap_all(void)
{
	struct program *program, *next;

	mutex_lock(&retired_lock);
	list_for_each_entry_safe(program, next, &retired, retired) {
		list_del(&program->retired);
		program_free(program);
	}
	mutex_unlock(&retired_lock);
}

/**
 * program_enter() - a call will be decided when it returns
 * @program: of the session when the call enters
 *
 * Preemption off, under rcu_read_lock().
 */
void program_enter(struct program *program)
{
	this_cpu_inc(*program->in_flight);
}

/**
 * program_leave() - it has been decided
 * @program: may be gone when rcu_read_unlock() is called
 *
 * Preemption off, under rcu_read_lock().
 */
void program_leave(struct program *program)
{
	this_cpu_dec(*program->in_flight);
}
