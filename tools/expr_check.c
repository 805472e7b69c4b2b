// SPDX-License-Identifier: GPL-2.0
/*
 * What an expression means: finds the fields and values that its names are of,
 * works out constants, and refuses what makes no sense.
 */
#include <string.h>

#include "expr.h"
#include "names.h"

/* What a record gets when it is written: no program in the kernel sees these. */
#define LATE_MARKS \
	(SVMTRACE_MARK_TRUNCATED | \
	 SVMTRACE_MARK_TRUNCATED << SVMTRACE_MARK_REMOTE_SHIFT | \
	 SVMTRACE_MARK_TRUNCATED << SVMTRACE_MARK_PREVIEW_SHIFT | \
	 SVMTRACE_MARK_UNDECIDED)

/* Does it stand for true or false? */
static bool is_condition(const struct expr_node *node)
{
	return node->kind <= EXPR_COMPARE;
}

static bool is_text(const struct expr_node *node)
{
	return node->kind == EXPR_TEXT ||
	       (node->kind == EXPR_FIELD && expr_field_is_text(node->field));
}

/* The first field in a value: other names in the comparison are of its values. */
static const struct expr_field *find_field(const struct expr_node *node)
{
	const struct expr_field *field = NULL;
	const struct expr_node *child;

	if (node->kind == EXPR_NAME)
		return expr_field_find(node->name, node->length);
	for (child = node->first; child && !field; child = child->next)
		field = find_field(child);
	return field;
}

static bool is_name_of_text(const char *name)
{
	const struct expr_field *field = name ? expr_field_find(name, strlen(name)) : NULL;

	return field && expr_field_is_text(field);
}

static bool unknown_name(struct expr *e, const struct expr_node *node,
			 const struct expr_field *context)
{
	const char *best = expr_suggest(context, node->name, node->length);
	int length = node->length < 40 ? node->length : 40;

	if (expr_error_find(node->name, node->length))
		return expr_fail(e, node->column, "results are negative: -%.*s", length,
				 node->name);
	if (context && expr_field_is_text(context) && !is_name_of_text(best))
		return expr_fail(e, node->column,
				 "there is no field '%.*s': a text is in quotation marks", length,
				 node->name);
	if (expr_field_is_shown(node->name, node->length))
		return expr_fail(e, node->column, "'%.*s' is in the outputs, not in expressions",
				 length, node->name);
	if (best)
		return expr_fail(e, node->column, "there is no field '%.*s': did you mean '%s'?",
				 length, node->name, best);
	if (context)
		return expr_fail(e, node->column, "'%.*s' is neither a field nor a value of %s",
				 length, node->name, context->name);
	return expr_fail(e, node->column, "there is no field '%.*s': see --list-fields", length,
			 node->name);
}

/* A name of a field is none of an error, however it begins. */
static bool is_like_error(const struct expr_node *node)
{
	return (*node->name == 'E' || *node->name == 'e') &&
	       !expr_field_find(node->name, node->length);
}

static bool unknown_error(struct expr *e, const struct expr_node *node)
{
	const char *best = expr_error_suggest(node->name, node->length);
	int length = node->length < 40 ? node->length : 40;

	if (best)
		return expr_fail(e, node->column, "there is no error '%.*s': did you mean '%s'?",
				 length, node->name, best);
	return expr_fail(e, node->column, "there is no error '%.*s'", length, node->name);
}

static void become_number(struct expr_node *node, __u64 value, bool negative)
{
	node->kind = EXPR_NUMBER;
	node->value = value;
	node->negative = negative;
}

static bool resolve_name(struct expr *e, struct expr_node *node,
			 const struct expr_field *context)
{
	__u64 value;

	if (context && expr_value_find(context, node->name, node->length, &value)) {
		become_number(node, value, false);
		node->named = true;
		return true;
	}
	node->field = expr_field_find(node->name, node->length);
	if (!node->field)
		return unknown_name(e, node, context);
	node->kind = EXPR_FIELD;
	return true;
}

/* The ABI called 64 is a name, too. */
static bool resolve_number(struct expr *e, struct expr_node *node,
			   const struct expr_field *context)
{
	__u64 value;

	if (context && expr_value_find(context, node->name, node->length, &value)) {
		node->value = value;
		node->named = true;
	}
	if (node->unit == EXPR_TIME && context && !expr_field_is_time(context))
		return expr_fail(e, node->column, "%s is not a time", context->name);
	if (node->unit == EXPR_SIZE && context && expr_field_is_time(context))
		return expr_fail(e, node->column, "%s is a time", context->name);
	return true;
}

static bool is_in_range(struct expr *e, const struct expr_node *node)
{
	if (!node->negative || node->value & EXPR_TOP_BIT)
		return true;
	return expr_fail(e, node->column, "more than 64 bits");
}

static bool resolve(struct expr *e, struct expr_node *node, const struct expr_field *context);

static bool resolve_children(struct expr *e, struct expr_node *node,
			     const struct expr_field *context)
{
	struct expr_node *child;

	for (child = node->first; child; child = child->next) {
		if (!resolve(e, child, context))
			return false;
		if (is_text(child))
			return expr_fail(e, child->column, "a text is not a number");
		node->named |= child->named;
	}
	return true;
}

/* The children of | or &. */
static bool resolve_bits(struct expr *e, struct expr_node *node,
			 const struct expr_field *context)
{
	const struct expr_field *field = find_field(node);

	field = field ? field : context;
	if (!resolve_children(e, node, context))
		return false;
	if (!field || expr_field_is_mask(field) || !node->named)
		return true;
	return expr_fail(e, node->column, "%s has no bits: use in { } for several values",
			 field->name);
}

static bool resolve_negate(struct expr *e, struct expr_node *node,
			   const struct expr_field *context)
{
	struct expr_node *child = node->first;
	int number = 0;

	if (child->kind == EXPR_NAME)
		number = expr_error_find(child->name, child->length);
	if (number) {
		become_number(node, -(__u64)number, true);
		return true;
	}
	if (child->kind == EXPR_NAME && is_like_error(child))
		return unknown_error(e, child);
	if (!resolve_children(e, node, context))
		return false;
	if (child->kind != EXPR_NUMBER)
		return expr_fail(e, child->column, "only a constant can have a minus");
	if (child->negative && child->value == EXPR_TOP_BIT) {
		become_number(node, EXPR_TOP_BIT, false);
		return true;
	}
	become_number(node, -child->value, child->value && !child->negative);
	return is_in_range(e, node);
}

static bool resolve_complement(struct expr *e, struct expr_node *node,
			       const struct expr_field *context)
{
	if (!resolve_children(e, node, context))
		return false;
	if (node->first->kind != EXPR_NUMBER)
		return expr_fail(e, node->first->column, "only a constant can have a ~");
	/* Of a number that takes all 64 bits, the others, such as of a mask. */
	become_number(node, ~node->first->value,
		      !node->first->negative && !(node->first->value & EXPR_TOP_BIT));
	return true;
}

static bool resolve_bit_or(struct expr *e, struct expr_node *node,
			   const struct expr_field *context)
{
	const struct expr_node *child;
	bool negative = false;
	__u64 value = 0;

	if (!resolve_bits(e, node, context))
		return false;
	for (child = node->first; child; child = child->next) {
		if (child->kind != EXPR_NUMBER)
			return expr_fail(e, child->column,
					 "| joins constants only, as in relation & (child | parent)");
		value |= child->value;
		negative |= child->negative;
	}
	become_number(node, value, negative);
	return is_in_range(e, node);
}

static bool resolve_bit_and(struct expr *e, struct expr_node *node,
			    const struct expr_field *context)
{
	const struct expr_node *child;
	bool negative = true;
	__u64 value = ~0ULL;

	if (!resolve_bits(e, node, context))
		return false;
	for (child = node->first; child; child = child->next) {
		if (child->kind == EXPR_FIELD && node->field)
			return expr_fail(e, child->column, "a field is masked by constants only");
		if (child->kind == EXPR_FIELD)
			node->field = child->field;
		/* Of a field there may be a mask already: (flags & 3) & 1. */
		if (child->kind == EXPR_FIELD && !child->masked)
			continue;
		value &= child->value;
		negative &= child->negative;
	}
	become_number(node, value, negative);
	if (node->field) {
		node->kind = EXPR_FIELD;
		node->masked = true;
	}
	return is_in_range(e, node);
}

/* Makes a value a number, a field or a text. */
static bool resolve(struct expr *e, struct expr_node *node, const struct expr_field *context)
{
	switch (node->kind) {
	case EXPR_NAME:
		return resolve_name(e, node, context);
	case EXPR_NUMBER:
		return resolve_number(e, node, context);
	case EXPR_NEGATE:
		return resolve_negate(e, node, context);
	case EXPR_COMPLEMENT:
		return resolve_complement(e, node, context);
	case EXPR_BIT_OR:
		return resolve_bit_or(e, node, context);
	case EXPR_BIT_AND:
		return resolve_bit_and(e, node, context);
	case EXPR_TEXT:
		return true;
	default:
		return expr_fail(e, node->column, "a condition is not a value");
	}
}

static bool check_types(struct expr *e, const struct expr_node *node)
{
	const struct expr_node *left = node->first, *right;

	for (right = left->next; right; right = right->next) {
		if (is_text(left) != is_text(right))
			return expr_fail(e, right->column, is_text(left) ?
					 "a text in quotation marks expected" :
					 "a number expected, not a text");
		if (left->kind != EXPR_FIELD && right->kind != EXPR_FIELD)
			return expr_fail(e, node->column, "a comparison without a field");
		if (left->next->next && right->kind == EXPR_FIELD)
			return expr_fail(e, right->column, "a set is of constants");
	}
	if (is_text(left) && node->op != EXPR_EQ && node->op != EXPR_NE)
		return expr_fail(e, node->column, "texts are equal or not, nothing else");
	return true;
}

/* What the outputs call "self" has the bits of thread and mm, too. */
static void note_bits(struct expr *e, const struct expr_node *node)
{
	const struct expr_node *left = node->first, *other;
	const struct expr_node *field = left->kind == EXPR_FIELD ? left : left->next;

	if (field->masked || !expr_field_is_mask(field->field))
		return;
	for (other = left; other; other = other->next) {
		if (other->named)
			expr_note(e, node->column, "other bits of %s may be set, too: use & here",
				  field->field->name);
	}
}

static bool check_compare(struct expr *e, struct expr_node *node)
{
	const struct expr_field *context = find_field(node);
	struct expr_node *child;

	for (child = node->first; child; child = child->next) {
		if (!resolve(e, child, context))
			return false;
	}
	if (!check_types(e, node))
		return false;
	note_bits(e, node);
	expr_note_range(e, node);
	return true;
}

/* A value alone: is it anything but zero? */
static bool check_value(struct expr *e, struct expr_node *node)
{
	struct expr_node *value = expr_node(e, node->kind, node->column);
	struct expr_node *older = value->older, *after = node->next;

	*value = *node;
	value->older = older;
	value->next = expr_node(e, EXPR_NUMBER, node->column);
	value->next->name = "0";
	value->next->length = 1;
	older = node->older;
	*node = (struct expr_node){
		.kind = EXPR_COMPARE, .op = EXPR_NE, .column = value->column,
		.first = value, .next = after, .older = older,
	};
	if (!resolve(e, value, find_field(value)))
		return false;
	if (is_text(value) || value->kind != EXPR_FIELD)
		return expr_fail(e, value->column, "a condition expected, such as 'uid == 0'");
	return true;
}

static bool check_has(struct expr *e, struct expr_node *node)
{
	if (expr_group_find(node->name, node->length, &node->value))
		return true;
	node->field = expr_field_find(node->name, node->length);
	return node->field || unknown_name(e, node, NULL);
}

static bool check_condition(struct expr *e, struct expr_node *node)
{
	struct expr_node *child;

	if (!is_condition(node))
		return check_value(e, node);
	if (node->kind == EXPR_COMPARE)
		return check_compare(e, node);
	if (node->kind == EXPR_HAS)
		return check_has(e, node);
	for (child = node->first; child; child = child->next) {
		if (!check_condition(e, child))
			return false;
	}
	return true;
}

/**
 * expr_check() - finds out what the names in a tree mean
 * @e: with its tree
 *
 * Return: whether it makes sense; the error is in @e.
 */
bool expr_check(struct expr *e)
{
	return check_condition(e, e->root);
}

/* Does it ask for such marks? Those that are left of the others by ~ are not asked for. */
static bool asks_late(const struct expr_node *node)
{
	return node->kind == EXPR_FIELD && node->masked && !node->negative &&
	       node->field->offset == offsetof(struct svmtrace_filter_data, record.marks) &&
	       node->value & LATE_MARKS;
}

/**
 * expr_note_late() - notes a mark that is never there when a call is judged
 * @e: after expr_read(), of an expression that becomes a program of the kernel
 */
void expr_note_late(struct expr *e)
{
	const struct expr_node *node, *first = NULL;
	const struct name_bit *mark = name_marks;

	for (node = e->newest; node; node = node->older) {
		if (asks_late(node) && (!first || node->column < first->column))
			first = node;
	}
	if (!first)
		return;
	while (!(mark->bit & first->value & LATE_MARKS))
		mark++;
	expr_note(e, first->column,
		  "only report finds %s: a record gets it when it is written", mark->name);
}
