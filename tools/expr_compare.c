// SPDX-License-Identifier: GPL-2.0
/*
 * Compiles comparisons. A number is 64 bits, in two halves of 32, as classic BPF
 * knows no more; a text is words, too.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "expr_code.h"
#include "expr_compare.h"

#define WORD(offset) ((offset) / 4 * 4)
#define TOP 0x80000000U
#define IS_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/**
 * struct half - 32 bits of a number: a constant, or part of a word
 * @is_const: it is @value
 * @value:    constant
 * @word:     offset of the word
 * @shift:    bits of the word that are not of the field
 * @mask:     after the shift
 * @flip:     bits to flip at last
 */
struct half {
	bool is_const;
	__u32 value;
	unsigned short word;
	unsigned char shift;
	__u32 mask;
	__u32 flip;
};

/**
 * struct number - a number to compare
 * @low:      its lower half
 * @high:     its upper half
 * @negative: it can be below 0
 * @big:      it can be 2^63 or more
 */
struct number {
	struct half low;
	struct half high;
	bool negative;
	bool big;
};

static struct half constant(__u32 value)
{
	return (struct half){ .is_const = true, .value = value };
}

static struct half part(unsigned int offset, unsigned int size, __u32 mask)
{
	unsigned int before = offset % 4;
	__u32 all = size == 4 ? ~0U : (1U << 8 * size) - 1;
	struct half h = {
		.word = WORD(offset),
		.shift = 8 * (IS_LITTLE_ENDIAN ? before : 4 - size - before),
		.mask = all & mask,
	};

	return h.mask ? h : constant(0);
}

static struct number number_of(const struct expr_node *node, const struct expr_field *field)
{
	struct number n = { .negative = node->negative };
	__u64 mask = node->masked ? node->value : ~0ULL;

	if (!field) {
		n.low = constant(node->value);
		n.high = constant(node->value >> 32);
		n.big = !n.negative && n.high.value & TOP;
		return n;
	}
	if (field->size == 8) {
		n.low = part(field->offset + (IS_LITTLE_ENDIAN ? 0 : 4), 4, mask);
		n.high = part(field->offset + (IS_LITTLE_ENDIAN ? 4 : 0), 4, mask >> 32);
	} else {
		n.low = part(field->offset, field->size, mask);
		n.high = constant(0);
	}
	n.negative = expr_is_signed(node, field);
	n.big = !n.negative && !n.high.is_const && n.high.mask & TOP;
	return n;
}

static __u32 value_of(const struct half *h)
{
	return h->value ^ h->flip;
}

static void load(struct code *c, const struct half *h)
{
	if (h->is_const) {
		code_add(c, BPF_LD | BPF_IMM, value_of(h));
		return;
	}
	code_add(c, LOAD, h->word);
	if (h->shift)
		code_add(c, BPF_ALU | BPF_RSH | BPF_K, h->shift);
	if (h->mask != ~0U >> h->shift)
		code_add(c, BPF_ALU | BPF_AND | BPF_K, h->mask);
	if (h->flip)
		code_add(c, BPF_ALU | BPF_XOR | BPF_K, h->flip);
}

/* After this, A is to be compared to X, or to a constant. */
static void load_both(struct code *c, const struct half *a, const struct half *b)
{
	if (!b->is_const) {
		load(c, b);
		code_add(c, BPF_MISC | BPF_TAX, 0);
	}
	load(c, a);
}

static bool holds(__u32 a, unsigned short test, __u32 b)
{
	return test == BPF_JEQ ? a == b : test == BPF_JGT ? a > b : a >= b;
}

static void test_loaded(struct code *c, const struct half *a, unsigned short test,
			const struct half *b, struct fork to)
{
	if (a->is_const && b->is_const)
		code_goto(c, holds(value_of(a), test, value_of(b)) ? to.yes : to.no);
	else if (b->is_const)
		code_jump(c, test | BPF_K, value_of(b), to.yes, to.no);
	else
		code_jump(c, test | BPF_X, 0, to.yes, to.no);
}

static void test_halves(struct code *c, const struct half *a, unsigned short test,
			const struct half *b, struct fork to)
{
	if (!a->is_const || !b->is_const)
		load_both(c, a, b);
	test_loaded(c, a, test, b, to);
}

/* Goes to the label if a number is below 0, or else on. */
static void if_negative(struct code *c, const struct half *high, unsigned int label)
{
	if (high->is_const) {
		if (high->value & TOP)
			code_goto(c, label);
		return;
	}
	load(c, high);
	code_jump(c, BPF_JSET | BPF_K, TOP, label, CODE_NEXT);
}

/* Brings both into the order of numbers without sign, or decides. */
static void compare_signs(struct code *c, struct number *a, unsigned short test,
			  struct number *b, struct fork to)
{
	if (a->negative && b->big) {
		if_negative(c, &a->high, to.no);
	} else if (a->big && b->negative) {
		if_negative(c, &b->high, test == BPF_JEQ ? to.no : to.yes);
	} else if (a->negative || b->negative) {
		a->high.flip = TOP;
		b->high.flip = TOP;
	}
}

static void compare_numbers(struct code *c, struct number a, unsigned short test,
			    struct number b, struct fork to)
{
	unsigned int same = code_label(c), below = code_label(c);

	compare_signs(c, &a, test, &b, to);
	if (test == BPF_JEQ) {
		test_halves(c, &a.high, BPF_JEQ, &b.high, (struct fork){ same, to.no });
	} else {
		test_halves(c, &a.high, BPF_JGT, &b.high, (struct fork){ to.yes, below });
		code_place(c, below);
		test_loaded(c, &a.high, BPF_JEQ, &b.high, (struct fork){ same, to.no });
	}
	code_place(c, same);
	test_halves(c, &a.low, test, &b.low, to);
}

/* Is it decided without a look at the field? */
static bool is_decided(const struct number *a, const struct number *b)
{
	if ((a->big && b->negative && b->high.is_const) ||
	    (b->big && a->negative && a->high.is_const))
		return true;
	return a->high.is_const && b->high.is_const && a->high.value != b->high.value;
}

static bool is_constant(const struct number *n)
{
	return n->high.is_const && n->low.is_const;
}

static void test_numbers(struct code *c, const struct number *a, enum expr_op op,
			 const struct number *b, struct fork to)
{
	struct fork other = { to.no, to.yes };

	switch (op) {
	case EXPR_EQ:
		return compare_numbers(c, *a, BPF_JEQ, *b, to);
	case EXPR_NE:
		return compare_numbers(c, *a, BPF_JEQ, *b, other);
	case EXPR_GT:
		return compare_numbers(c, *a, BPF_JGT, *b, to);
	case EXPR_LE:
		return compare_numbers(c, *a, BPF_JGT, *b, other);
	case EXPR_GE:
		return compare_numbers(c, *a, BPF_JGE, *b, to);
	case EXPR_LT:
		return compare_numbers(c, *a, BPF_JGE, *b, other);
	}
}

/* Goes on if the field is known, or else to the label. */
static void need(struct code *c, const struct expr_field *field, unsigned int known,
		 unsigned int absent)
{
	if (field->needs & ~known) {
		code_add(c, LOAD, OFFSET(present));
		code_add(c, BPF_ALU | BPF_AND | BPF_K, field->needs);
		code_jump(c, BPF_JEQ | BPF_K, field->needs, CODE_NEXT, absent);
	}
	if (field->has_unknown) {
		code_add(c, LOAD, WORD(field->offset));
		code_jump(c, BPF_JEQ | BPF_K, ~0U, absent, CODE_NEXT);
	}
}

/**
 * struct side - one side of a comparison
 * @node:  the value
 * @field: where it is in the calls that this is about, or NULL
 */
struct side {
	const struct expr_node *node;
	const struct expr_field *field;
};

static struct side side_of(const struct expr_node *node, unsigned int syscall)
{
	return (struct side){
		.node = node,
		.field = node->field ? expr_field_of(node->field, syscall) : NULL,
	};
}

static bool is_text(const struct side *s)
{
	return s->field ? expr_field_is_text(s->field) : s->node->kind == EXPR_TEXT;
}

/* Four bytes of a text, as they are in memory. */
static struct half letters(const struct side *s, unsigned int i, __u32 mask)
{
	__u32 word;

	if (s->field)
		return part(s->field->offset + i, 4, mask);
	memcpy(&word, s->node->text + i, sizeof(word));
	return constant(word & mask);
}

/* The bytes of the word at @i that count. */
static __u32 letters_mask(const struct expr_node *text, unsigned int i)
{
	unsigned char bytes[4];
	unsigned int j;
	__u32 mask;

	for (j = 0; j < sizeof(bytes); j++)
		bytes[j] = !text->prefix || i + j < text->length ? 0xff : 0;
	memcpy(&mask, bytes, sizeof(mask));
	return mask;
}

/* The kernel finds out only what is loaded, and says that the rest is absent. */
static void touch(struct code *c, const struct expr_field *field)
{
	if (field)
		code_add(c, LOAD, WORD(field->offset));
}

static void test_texts(struct code *c, const struct side *a, const struct side *b,
		       struct fork to)
{
	const struct expr_node *text = a->node->prefix ? a->node : b->node;
	unsigned int i, same;
	struct half x, y;
	__u32 mask;

	if (text->prefix && !text->length) {
		touch(c, a->field);
		touch(c, b->field);
	}
	for (i = 0; i < SVMTRACE_COMM_LEN; i += 4) {
		mask = letters_mask(text, i);
		if (!mask)
			break;
		same = code_label(c);
		x = letters(a, i, mask);
		y = letters(b, i, mask);
		test_halves(c, &x, BPF_JEQ, &y, (struct fork){ same, to.no });
		code_place(c, same);
	}
	code_goto(c, to.yes);
}

/* Both are known. */
static void test_sides(struct code *c, const struct side *a, enum expr_op op,
		       const struct side *b, struct fork to)
{
	struct number x, y;
	bool decided;

	if (is_text(a)) {
		test_texts(c, a, b, op == EXPR_NE ? (struct fork){ to.no, to.yes } : to);
		return;
	}
	x = number_of(a->node, a->field);
	y = number_of(b->node, b->field);
	decided = is_decided(&x, &y);
	if (decided || is_constant(&x))
		touch(c, a->field);
	if (decided || is_constant(&y))
		touch(c, b->field);
	test_numbers(c, &x, op, &y, to);
}

/* Of more constants than these, the half is left out that it cannot be. */
#define FEW 16

/* Is what is loaded one of these, which are sorted? */
static void search(struct code *c, const __u32 *values, size_t count, struct fork to)
{
	unsigned int found = code_label(c), above = code_label(c);
	size_t i;

	if (count > FEW) {
		code_jump(c, BPF_JGE | BPF_K, values[count / 2], above, CODE_NEXT);
		search(c, values, count / 2, to);
		code_place(c, above);
		search(c, values + count / 2, count - count / 2, to);
		return;
	}
	for (i = 0; i < count; i++)
		code_jump(c, BPF_JEQ | BPF_K, values[i], found, CODE_NEXT);
	code_goto(c, to.no);
	code_place(c, found);
	code_goto(c, to.yes);
}

static int by_value(const void *a, const void *b)
{
	const __u32 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* A field of at most 32 bits in a set, which a jump can ask for a value of at once. */
static void compile_narrow_set(struct code *c, const struct side *left,
			       const struct expr_node *set, struct fork to)
{
	struct number field = number_of(left->node, left->field);
	const struct expr_node *other;
	size_t count = 0;
	__u32 *values;

	for (other = set; other; other = other->next)
		count++;
	values = calloc(count, sizeof(*values));
	if (!values)
		err(EXIT_FAILURE, "a program");
	count = 0;
	for (other = set; other; other = other->next) {
		if (!other->negative && !(other->value >> 32))
			values[count++] = other->value;
	}
	qsort(values, count, sizeof(*values), by_value);
	if (field.low.is_const)
		touch(c, left->field);
	load(c, &field.low);
	search(c, values, count, to);
	free(values);
}

/* A comparison, in calls of a syscall, or of any. */
static void compile_compare_of(struct code *c, const struct expr_node *node,
			       unsigned int syscall, unsigned int known, struct fork to)
{
	struct side left = side_of(node->first, syscall), right;
	const struct expr_node *other = node->first->next;
	enum expr_op op = node->op;

	right = side_of(other, syscall);
	if (left.field) {
		need(c, left.field, known, to.no);
		known |= left.field->needs;
	}
	if (right.field)
		need(c, right.field, known, to.no);
	if (other->next && !is_text(&left) && left.field->size < 8) {
		compile_narrow_set(c, &left, other,
				   op == EXPR_NE ? (struct fork){ to.no, to.yes } : to);
		return;
	}
	/* Of a set, all but the last go on if they are not what decides. */
	for (; other->next; other = other->next) {
		unsigned int next = code_label(c);

		right = side_of(other, syscall);
		test_sides(c, &left, EXPR_EQ, &right,
			   (struct fork){ op == EXPR_NE ? to.no : to.yes, next });
		code_place(c, next);
	}
	right = side_of(other, syscall);
	test_sides(c, &left, op, &right, to);
}

/* Goes on if the call is of that syscall. */
static void need_syscall(struct code *c, unsigned int syscall, unsigned int other)
{
	struct half is = part(OFFSET(record.syscall), 1, ~0U);

	load(c, &is);
	code_jump(c, BPF_JEQ | BPF_K, syscall, CODE_NEXT, other);
}

static bool is_argument(const struct expr_field *field)
{
	return field && field->syscall != EXPR_ANY_SYSCALL;
}

static bool has_syscall(const struct expr_field *field, unsigned int syscall)
{
	return !field || expr_field_of(field, syscall);
}

/**
 * compare_needs() - what is known if a comparison is true
 * @node: EXPR_COMPARE
 *
 * Return: SVMTRACE_PRESENT_ and SVMTRACE_GROUP_ bits.
 */
unsigned int compare_needs(const struct expr_node *node)
{
	const struct expr_field *left = node->first->field;
	const struct expr_field *right = node->first->next->field;

	return (left ? left->needs : 0) | (right ? right->needs : 0);
}

/**
 * compile_compare() - a comparison; false if one of its fields is not known
 * @c:	   the program
 * @node:  EXPR_COMPARE
 * @known: SVMTRACE_PRESENT_ and SVMTRACE_GROUP_ bits that need not be asked for
 * @to:	   where it goes on
 */
void compile_compare(struct code *c, const struct expr_node *node, unsigned int known,
		     struct fork to)
{
	const struct expr_field *left = node->first->field;
	const struct expr_field *right = node->first->next->field;
	unsigned int syscall, other;

	if (!is_argument(left) && !is_argument(right)) {
		compile_compare_of(c, node, EXPR_ANY_SYSCALL, known, to);
		return;
	}
	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		if (!has_syscall(left, syscall) || !has_syscall(right, syscall))
			continue;
		other = code_label(c);
		need_syscall(c, syscall, other);
		compile_compare_of(c, node, syscall, known, to);
		code_place(c, other);
	}
	code_goto(c, to.no);
}

/**
 * compile_known() - is a field known?
 * @c:	   the program
 * @field: the field
 * @to:	   where it goes on
 */
void compile_known(struct code *c, const struct expr_field *field, struct fork to)
{
	unsigned int syscall, other;

	if (!is_argument(field)) {
		touch(c, field);
		need(c, field, 0, to.no);
		code_goto(c, to.yes);
		return;
	}
	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		if (!has_syscall(field, syscall))
			continue;
		other = code_label(c);
		need_syscall(c, syscall, other);
		code_goto(c, to.yes);
		code_place(c, other);
	}
	code_goto(c, to.no);
}
