// SPDX-License-Identifier: GPL-2.0
/*
 * Compiles expressions: a condition becomes instructions that go on at one of two
 * labels. A number is 64 bits, in two halves of 32, as classic BPF knows no more.
 */
#include "expr.h"
#include "expr_code.h"

#define WORD(offset) ((offset) / 4 * 4)
#define OFFSET(member) offsetof(struct svmtrace_filter_data, member)
#define TOP 0x80000000U
#define IS_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define LOAD (BPF_LD | BPF_W | BPF_ABS)

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

/* A part of the program: goes on at either label. */
struct fork {
	unsigned int yes;
	unsigned int no;
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
	n.negative = field->is_signed && (!node->masked || node->negative);
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
	return a->high.is_const && b->high.is_const &&
	       (a->high.value != b->high.value || (a->low.is_const && b->low.is_const));
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

/* Four bytes of a text, as they are in memory. */
static struct half letters(const struct expr_node *node, const struct expr_field *field,
			   unsigned int i, __u32 mask)
{
	__u32 word;

	if (field)
		return part(field->offset + i, 4, mask);
	__builtin_memcpy(&word, node->text + i, sizeof(word));
	return constant(word & mask);
}

/* The bytes of the word at @i that count. */
static __u32 letters_mask(const struct expr_node *a, const struct expr_node *b, unsigned int i)
{
	const struct expr_node *text = a->prefix ? a : b;
	unsigned char bytes[4] = {};
	unsigned int j;
	__u32 mask;

	for (j = 0; j < sizeof(bytes); j++)
		bytes[j] = !text->prefix || i + j < text->length ? 0xff : 0;
	__builtin_memcpy(&mask, bytes, sizeof(mask));
	return mask;
}

static void test_texts(struct code *c, const struct expr_node *a, const struct expr_field *fa,
		       const struct expr_node *b, const struct expr_field *fb, struct fork to)
{
	unsigned int i, same;
	__u32 mask;

	for (i = 0; i < SVMTRACE_COMM_LEN; i += 4) {
		mask = letters_mask(a, b, i);
		if (!mask)
			break;
		same = code_label(c);
		test_halves(c, &(struct half[]){ letters(a, fa, i, mask) }[0], BPF_JEQ,
			    &(struct half[]){ letters(b, fb, i, mask) }[0],
			    (struct fork){ same, to.no });
		code_place(c, same);
	}
	code_goto(c, to.yes);
}

/* Goes on if the field is known, or else to the label. */
static void need(struct code *c, const struct expr_field *field, unsigned int absent)
{
	if (field->needs) {
		code_add(c, LOAD, OFFSET(present));
		code_add(c, BPF_ALU | BPF_AND | BPF_K, field->needs);
		code_jump(c, BPF_JEQ | BPF_K, field->needs, CODE_NEXT, absent);
	}
	if (field->has_unknown) {
		code_add(c, LOAD, WORD(field->offset));
		code_jump(c, BPF_JEQ | BPF_K, ~0U, absent, CODE_NEXT);
	}
}

/* The kernel finds out only what is loaded, and says that the rest is absent. */
static void touch(struct code *c, const struct expr_field *field)
{
	if (field)
		code_add(c, LOAD, WORD(field->offset));
}

/* A comparison, in calls of a syscall, or of any. */
static void compile_compare_of(struct code *c, const struct expr_node *node,
			       unsigned int syscall, struct fork to)
{
	const struct expr_node *left = node->first, *right;
	bool many = left->next->next, unequal = node->op == EXPR_NE;
	const struct expr_field *fl = NULL, *fr = NULL;
	struct fork each = unequal ? (struct fork){ to.no, to.yes } : to;
	struct number a, b;

	if (left->field)
		fl = expr_field_of(left->field, syscall);
	if (left->next->field)
		fr = expr_field_of(left->next->field, syscall);
	if (fl)
		need(c, fl, to.no);
	if (fr && (!fl || fr->needs != fl->needs || fr->has_unknown))
		need(c, fr, to.no);
	a = number_of(left, fl);
	for (right = left->next; right; right = right->next) {
		struct fork last = each;

		if (right->next)
			last.no = code_label(c);
		b = number_of(right, fr);
		if (right->kind == EXPR_TEXT || left->kind == EXPR_TEXT ||
		    (fl && expr_field_is_text(fl))) {
			touch(c, right->prefix && !right->length ? fl : NULL);
			touch(c, left->prefix && !left->length ? fr : NULL);
			test_texts(c, left, fl, right, fr, last);
		} else {
			if (is_decided(&a, &b)) {
				touch(c, fl);
				touch(c, fr);
			}
			test_numbers(c, &a, many || unequal ? EXPR_EQ : node->op, &b, last);
		}
		if (right->next)
			code_place(c, last.no);
	}
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

static void compile_compare(struct code *c, const struct expr_node *node, struct fork to)
{
	const struct expr_field *left = node->first->field;
	const struct expr_field *right = node->first->next->field;
	unsigned int syscall, other;

	if (!is_argument(left) && !is_argument(right)) {
		compile_compare_of(c, node, EXPR_ANY_SYSCALL, to);
		return;
	}
	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		if (!has_syscall(left, syscall) || !has_syscall(right, syscall))
			continue;
		other = code_label(c);
		need_syscall(c, syscall, other);
		compile_compare_of(c, node, syscall, to);
		code_place(c, other);
	}
	code_goto(c, to.no);
}

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
	unsigned int syscall, other;

	if (!node->field) {
		code_add(c, LOAD, word_of(node->value));
		code_add(c, LOAD, OFFSET(present));
		code_jump(c, BPF_JSET | BPF_K, node->value, to.yes, to.no);
		return;
	}
	if (!is_argument(node->field)) {
		touch(c, node->field);
		need(c, node->field, to.no);
		code_goto(c, to.yes);
		return;
	}
	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		if (!has_syscall(node->field, syscall))
			continue;
		other = code_label(c);
		need_syscall(c, syscall, other);
		code_goto(c, to.yes);
		code_place(c, other);
	}
	code_goto(c, to.no);
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
