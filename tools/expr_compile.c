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
	code_jump(c, BPF_JSET | BPF_K, node->value, to.yes, to.no);
}

static void compile(struct code *c, const struct expr_node *node, struct fork to)
{
	const struct expr_node *child;
	struct fork each;

	switch (node->kind) {
	case EXPR_NOT:
		return compile(c, node->first, (struct fork){ to.no, to.yes });
	case EXPR_HAS:
		return compile_has(c, node, to);
	case EXPR_COMPARE:
		return compile_compare(c, node, to);
	}
	for (child = node->first; child->next; child = child->next) {
		unsigned int next = code_label(c);

		each = node->kind == EXPR_AND ? (struct fork){ next, to.no } :
						(struct fork){ to.yes, next };
		compile(c, child, each);
		code_place(c, next);
	}
	compile(c, child, to);
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
	size_t i;

	for (i = 0; i < count; i++) {
		struct fork each = { code_label(&c), end.no };

		compile(&c, exprs[i]->root, each);
		code_place(&c, each.yes);
	}
	code_place(&c, end.yes);
	code_add(&c, BPF_RET | BPF_K, 1);
	code_place(&c, end.no);
	code_add(&c, BPF_RET | BPF_K, 0);
	return code_finish(&c, p);
}
