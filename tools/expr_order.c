// SPDX-License-Identifier: GPL-2.0
/*
 * Puts what costs little to find out first: a call that it decides on costs no more,
 * and one that it rejects takes no return hook, even if the rest is about the result.
 * Nothing but that depends on the order.
 */
#include "expr.h"

/* What the kernel finds out together, the cheapest first; the order of the steps. */
static unsigned int cost_of_group(__u64 needs)
{
	if (needs & SVMTRACE_PRESENT_RESULT)
		return 6;
	if (needs & SVMTRACE_GROUP_TARGET_CONTEXT)
		return 5;
	if (needs & (SVMTRACE_GROUP_CONTEXT | SVMTRACE_GROUP_PIPE))
		return 4;
	if (needs & SVMTRACE_PRESENT_REMOTE)
		return 3;
	if (needs & SVMTRACE_GROUP_TARGET)
		return 2;
	return needs & SVMTRACE_GROUP_CALLER ? 0 : 1;
}

static unsigned int cost_of_field(const struct expr_node *node)
{
	const struct expr_field *field = node->field;

	switch (field->offset) {
	/* Every probe knows this one. */
	case offsetof(struct svmtrace_filter_data, record.syscall):
		return 0;
	case offsetof(struct svmtrace_filter_data, call.relation):
		/* This one needs the target's namespaces. */
		if (!node->masked || node->value & SVMTRACE_REL_CROSS_MNTNS)
			return cost_of_group(SVMTRACE_GROUP_TARGET_CONTEXT);
		return cost_of_group(SVMTRACE_GROUP_TARGET);
	case offsetof(struct svmtrace_filter_data, record.marks):
		return cost_of_group(SVMTRACE_PRESENT_RESULT);
	case offsetof(struct svmtrace_filter_data, call.bytes):
		return cost_of_group(SVMTRACE_PRESENT_REMOTE);
	default:
		return cost_of_group(field->needs);
	}
}

static unsigned int order(struct expr_node *node);

/* Children of the same cost stay in their order. */
static unsigned int order_children(struct expr_node *node)
{
	struct expr_node *first[EXPR_COSTS] = {}, **last[EXPR_COSTS], *child, **end = &node->first;
	unsigned int cost, most = 0;

	for (cost = 0; cost < EXPR_COSTS; cost++)
		last[cost] = &first[cost];
	for (child = node->first; child; child = child->next) {
		cost = order(child);
		most = cost > most ? cost : most;
		*last[cost] = child;
		last[cost] = &child->next;
	}
	for (cost = 0; cost < EXPR_COSTS; cost++) {
		*last[cost] = NULL;
		*end = first[cost];
		end = first[cost] ? last[cost] : end;
	}
	return most;
}

/* What the left side is compared to must stay where it is. */
static unsigned int cost_of_compare(const struct expr_node *node)
{
	const struct expr_node *child;
	unsigned int cost, most = 0;

	for (child = node->first; child; child = child->next) {
		cost = child->field ? cost_of_field(child) : 0;
		most = cost > most ? cost : most;
	}
	return most;
}

static unsigned int order(struct expr_node *node)
{
	switch (node->kind) {
	case EXPR_COMPARE:
		return cost_of_compare(node);
	case EXPR_HAS:
		return node->field ? cost_of_field(node) : cost_of_group(node->value);
	default:
		return order_children(node);
	}
}

/**
 * expr_order() - puts the conditions of an expression into the order of their cost
 * @e: after expr_check(); cost is filled in
 */
void expr_order(struct expr *e)
{
	e->cost = order(e->root);
}
