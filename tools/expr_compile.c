// SPDX-License-Identifier: GPL-2.0
/*
 * Compiles expressions: a condition becomes instructions that go on at one of two
 * labels.
 */
#include "expr.h"
#include "expr_code.h"
#include "expr_compare.h"

/* A word of the group that a bit is about. */
static unsigned int word_of(__u64 needs)
{
	switch (needs) {
	case SVMTRACE_GROUP_CALLER:
		return OFFSET(caller.pid);
	case SVMTRACE_GROUP_CONTEXT:
		return OFFSET(context.user_ns);
	case SVMTRACE_GROUP_TARGET:
		return OFFSET(target.pid);
	case SVMTRACE_GROUP_PIPE:
		return OFFSET(pipe.direction);
	case SVMTRACE_PRESENT_REMOTE:
		return OFFSET(call.remote_bytes);
	default:
		return OFFSET(call.ret);
	}
}

static void compile_has(struct code *c, const struct expr_node *node, struct fork to)
{
	if (node->field) {
		compile_known(c, node->field, to);
		return;
	}
	code_add(c, LOAD, word_of(node->value));
	code_add(c, LOAD, OFFSET(present));
	code_add(c, BPF_ALU | BPF_AND | BPF_K, node->value);
	code_jump(c, BPF_JEQ | BPF_K, node->value, to.yes, to.no);
}

static void compile(struct code *c, const struct expr_node *node, unsigned int known,
		    struct fork to);

/* What one of them has found to be known, the next ones need not ask for. */
static void compile_and(struct code *c, const struct expr_node *node, unsigned int known,
			struct fork to)
{
	const struct expr_node *child;

	for (child = node->first; child->next; child = child->next) {
		unsigned int next = code_label(c);

		compile(c, child, known, (struct fork){ next, to.no });
		code_place(c, next);
		if (child->kind == EXPR_COMPARE)
			known |= compare_needs(child);
	}
	compile(c, child, known, to);
}

static void compile_or(struct code *c, const struct expr_node *node, unsigned int known,
		       struct fork to)
{
	const struct expr_node *child;

	for (child = node->first; child->next; child = child->next) {
		unsigned int next = code_label(c);

		compile(c, child, known, (struct fork){ to.yes, next });
		code_place(c, next);
	}
	compile(c, child, known, to);
}

/* @known: SVMTRACE_PRESENT_ and SVMTRACE_GROUP_ bits that have been found to be set. */
static void compile(struct code *c, const struct expr_node *node, unsigned int known,
		    struct fork to)
{
	switch (node->kind) {
	case EXPR_NOT:
		return compile(c, node->first, known, (struct fork){ to.no, to.yes });
	case EXPR_HAS:
		return compile_has(c, node, to);
	case EXPR_COMPARE:
		return compile_compare(c, node, known, to);
	case EXPR_AND:
		return compile_and(c, node, known, to);
	default:
		return compile_or(c, node, known, to);
	}
}

/**
 * expr_compile() - makes a program that keeps what all expressions are true of
 * @p:	   filled in
 * @exprs: after expr_read()
 * @count: how many
 *
 * Return: whether it is short enough.
 */
bool expr_compile(struct expr_program *p, const struct expr *const *exprs, size_t count)
{
	struct code c = {};
	struct fork end = { code_label(&c), code_label(&c) };
	unsigned int cost;
	size_t i;

	for (cost = 0; cost < EXPR_COSTS; cost++) {
		for (i = 0; i < count; i++) {
			struct fork each = { code_label(&c), end.no };

			if (exprs[i]->cost == cost)
				compile(&c, exprs[i]->root, 0, each);
			code_place(&c, each.yes);
		}
	}
	code_place(&c, end.yes);
	code_add(&c, BPF_RET | BPF_K, 1);
	code_place(&c, end.no);
	code_add(&c, BPF_RET | BPF_K, 0);
	return code_finish(&c, p);
}
