// SPDX-License-Identifier: GPL-2.0
/*
 * Notes constants that a field is never equal to: such a comparison has an answer, but
 * is probably a mistake. What is less or more may be out of range.
 */
#include <stdio.h>

#include "expr.h"

static const char *name_of(const struct expr_field *field, __u64 value)
{
	const char *name;
	__u64 named;
	size_t i;

	for (i = 0; (name = expr_value_at(field, i, &named)); i++) {
		if (named == value)
			return name;
	}
	return NULL;
}

/* A mask can ask for all that is recorded, also above the sign of 32 bits. */
static unsigned int bits_of(const struct expr_node *field)
{
	return field->masked ? 8 * field->field->size : expr_field_bits(field->field);
}

/* What a field is if its lower bits are those of a number. */
static __u64 nearest(const struct expr_node *field, __u64 value)
{
	unsigned int above = 64 - bits_of(field);

	value <<= above;
	value = field->field->is_signed ? (__u64)((__s64)value >> above) : value >> above;
	return field->masked ? value & field->value : value;
}

/* A field of this value has none: every comparison with it is false. */
static bool stands_for_unknown(const struct expr_field *field, __u64 value)
{
	return field->has_unknown && value == ~0U;
}

static bool can_be(const struct expr_node *field, const struct expr_node *number)
{
	bool is_signed = expr_is_signed(field, field->field);

	if (stands_for_unknown(field->field, number->value))
		return false;
	if (number->negative ? !is_signed : is_signed && number->value & EXPR_TOP_BIT)
		return false;
	if (nearest(field, number->value) != number->value)
		return false;
	return !expr_field_is_choice(field->field) || name_of(field->field, number->value);
}

static void note_choice(struct expr *e, size_t column, const struct expr_field *field)
{
	const char *name, *next, *between = "";
	char list[128] = "";
	size_t i, used = 0;
	__u64 value;

	for (i = 0; (name = expr_value_at(field, i, &value)); i++) {
		used += snprintf(list + used, sizeof(list) - used, "%s%s", between, name);
		next = expr_value_at(field, i + 2, &value);
		between = next ? ", " : " or ";
	}
	expr_note(e, column, "never equal: %s is %s", field->name, list);
}

/* Says why it cannot be, or what was probably meant. */
static void note(struct expr *e, const struct expr_node *field, const struct expr_node *number)
{
	const struct expr_field *of = field->field;
	unsigned int bits = bits_of(field);
	const char *ones = name_of(of, ~0ULL >> (64 - bits));
	bool is_signed = expr_is_signed(field, of);

	if (expr_field_is_choice(of))
		note_choice(e, number->column, of);
	else if (stands_for_unknown(of, number->value))
		expr_note(e, number->column, "never equal: it stands for unknown, ask has(%s)",
			  of->name);
	else if (number->value == ~0ULL && ones)	/* such as of an id that is unset */
		expr_note(e, number->column, "never equal: did you mean '%s'?", ones);
	else if (number->negative && !is_signed)
		expr_note(e, number->column, "never equal: %s is not negative", of->name);
	else if (is_signed && number->value >> (bits - 1) == 1)
		expr_note(e, number->column, "never equal: did you mean %lld?",
			  (long long)nearest(field, number->value));
	else if (field->masked)
		expr_note(e, number->column, "never equal: the mask has not all its bits");
	else
		expr_note(e, number->column, "never equal: %s has %u bits", of->name, bits);
}

/**
 * expr_note_range() - can a field be what it is compared to?
 * @e:	  gets a note if not
 * @node: EXPR_COMPARE, of numbers
 */
void expr_note_range(struct expr *e, const struct expr_node *node)
{
	const struct expr_node *left = node->first, *other;
	const struct expr_node *field = left->kind == EXPR_FIELD ? left : left->next;

	if (node->op != EXPR_EQ && node->op != EXPR_NE)
		return;
	for (other = left; other; other = other->next) {
		if (other->kind == EXPR_NUMBER && !can_be(field, other))
			note(e, field, other);
	}
}
