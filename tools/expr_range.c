// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses constants that a field is never equal to: such a comparison is a mistake,
 * though it has an answer. What is less or more may be out of range.
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

static bool can_be(const struct expr_node *field, const struct expr_node *number)
{
	bool is_signed = expr_is_signed(field, field->field);

	if (number->negative ? !is_signed : is_signed && number->value & EXPR_TOP_BIT)
		return false;
	if (nearest(field, number->value) != number->value)
		return false;
	return !expr_field_is_choice(field->field) || name_of(field->field, number->value);
}

static bool fail_choice(struct expr *e, size_t column, const struct expr_field *field)
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
	return expr_fail(e, column, "never equal: %s is %s", field->name, list);
}

/* Says why it cannot be, or what was probably meant. */
static bool fail(struct expr *e, const struct expr_node *field, const struct expr_node *number)
{
	const struct expr_field *of = field->field;
	unsigned int bits = bits_of(field);
	const char *ones = name_of(of, ~0ULL >> (64 - bits));
	bool is_signed = expr_is_signed(field, of);

	if (expr_field_is_choice(of))
		return fail_choice(e, number->column, of);
	/* Such as of an id that is unset. */
	if (number->value == ~0ULL && ones)
		return expr_fail(e, number->column, "never equal: did you mean '%s'?", ones);
	if (number->negative && !is_signed)
		return expr_fail(e, number->column, "never equal: %s is not negative", of->name);
	if (is_signed && number->value >> (bits - 1) == 1)
		return expr_fail(e, number->column, "never equal: did you mean %lld?",
				 (long long)nearest(field, number->value));
	if (field->masked)
		return expr_fail(e, number->column, "never equal: the mask has not all its bits");
	return expr_fail(e, number->column, "never equal: %s has %u bits", of->name, bits);
}

/**
 * expr_check_range() - can a field be what it is compared to?
 * @e:	  gets the error
 * @node: EXPR_COMPARE, of numbers
 *
 * Return: whether it can, or at least be less or more.
 */
bool expr_check_range(struct expr *e, const struct expr_node *node)
{
	const struct expr_node *left = node->first, *other;
	const struct expr_node *field = left->kind == EXPR_FIELD ? left : left->next;

	if (node->op != EXPR_EQ && node->op != EXPR_NE)
		return true;
	for (other = left; other; other = other->next) {
		if (other->kind == EXPR_NUMBER && !can_be(field, other))
			return fail(e, field, other);
	}
	return true;
}
