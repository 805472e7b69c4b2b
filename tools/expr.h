/* SPDX-License-Identifier: GPL-2.0 */
/* Expressions that choose calls: text to tree, and tree to classic BPF. */
#ifndef SVMTRACE_EXPR_H
#define SVMTRACE_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/filter.h>

#include <linux/svmtrace.h>

#include "expr_field.h"

/* How deep conditions and values can be nested. */
#define EXPR_DEPTH_MAX 200
/* The longest text, in bytes. */
#define EXPR_TEXT_MAX 65536
/* Set in all numbers that are negative, and in the largest. */
#define EXPR_TOP_BIT 0x8000000000000000ULL

/**
 * enum expr_kind - what a node of the tree is
 * @EXPR_OR:	     a condition: one of its children, in order
 * @EXPR_AND:	     a condition: all of its children, in order
 * @EXPR_NOT:	     a condition: not its child
 * @EXPR_HAS:	     a condition: the field or the group is known
 * @EXPR_COMPARE:    a condition: the first child compares to one of the others
 * @EXPR_BIT_OR:     of its children; gone after the check, as are these:
 * @EXPR_BIT_AND:    of its children
 * @EXPR_NEGATE:     minus its child
 * @EXPR_COMPLEMENT: all bits of its child the other way
 * @EXPR_NAME:	     of a field or a value
 * @EXPR_NUMBER:     a constant
 * @EXPR_FIELD:	     a field, masked or not
 * @EXPR_TEXT:	     a constant text
 */
enum expr_kind {
	EXPR_OR,
	EXPR_AND,
	EXPR_NOT,
	EXPR_HAS,
	EXPR_COMPARE,
	EXPR_BIT_OR,
	EXPR_BIT_AND,
	EXPR_NEGATE,
	EXPR_COMPLEMENT,
	EXPR_NAME,
	EXPR_NUMBER,
	EXPR_FIELD,
	EXPR_TEXT,
};

enum expr_op {
	EXPR_EQ,
	EXPR_NE,
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE,
};

enum expr_unit {
	EXPR_NO_UNIT,
	EXPR_SIZE,
	EXPR_TIME,
};

/**
 * struct expr_node - a node of the tree
 * @kind:     enum expr_kind
 * @op:	      of EXPR_COMPARE: enum expr_op
 * @unit:     of a constant: enum expr_unit
 * @negative: the constant, or mask, is @value - 2^64
 * @masked:   @value is the mask of a field
 * @named:    names of values are part of the constant, or mask
 * @prefix:   a text need only begin like that
 * @column:   where it is in the text, from 0
 * @length:   bytes of the name or text
 * @name:     what it is called in the expression
 * @text:     zero padded
 * @value:    of a constant; mask; of EXPR_HAS without field: SVMTRACE_PRESENT_ bits
 * @field:    of EXPR_FIELD and EXPR_HAS
 * @first:    first child
 * @next:     next child of the same node
 * @older:    the node that was made before
 */
struct expr_node {
	unsigned char kind;
	unsigned char op;
	unsigned char unit;
	bool negative;
	bool masked;
	bool named;
	bool prefix;
	size_t column;
	size_t length;
	const char *name;
	char text[SVMTRACE_COMM_LEN];
	__u64 value;
	const struct expr_field *field;
	struct expr_node *first;
	struct expr_node *next;
	struct expr_node *older;
};

/**
 * struct expr_error - why an expression is refused, or probably not what is meant
 * @column: where, in bytes from 0
 * @text:   what is wrong there; empty if nothing is
 */
struct expr_error {
	size_t column;
	char text[256];
};

/* What an expression can cost, from 0 on. */
#define EXPR_COSTS 7

/**
 * struct expr - an expression
 * @root:   condition
 * @cost:   of what it takes to work it out, in the worst case
 * @newest: the node that was made last
 * @error:  the first one
 * @note:   the first thing that is odd, but can be compiled
 */
struct expr {
	struct expr_node *root;
	unsigned int cost;
	struct expr_node *newest;
	struct expr_error error;
	struct expr_error note;
};

struct record_view;

/**
 * struct expr_program - what an expression is compiled to
 * @len:   instructions
 * @insns: these
 */
struct expr_program {
	unsigned int len;
	struct sock_filter insns[SVMTRACE_PROGRAM_MAX];
};

bool expr_read(struct expr *e, const char *text);
void expr_note_late(struct expr *e);
void expr_free(struct expr *e);
bool expr_compile(struct expr_program *p, const struct expr *const *exprs, size_t count);
bool expr_run(const struct expr_program *p, const struct svmtrace_filter_data *data);
bool expr_keeps(const struct expr_program *p, const struct record_view *v);

/* Can a field, masked or not, be below 0? */
static inline bool expr_is_signed(const struct expr_node *node, const struct expr_field *field)
{
	return field->is_signed && (!node->masked || node->negative);
}

/* Between the files that are behind this. */
struct expr_node *expr_node(struct expr *e, enum expr_kind kind, size_t column);
bool expr_fail(struct expr *e, size_t column, const char *format, ...);
void expr_note(struct expr *e, size_t column, const char *format, ...);
bool expr_check(struct expr *e);
void expr_note_range(struct expr *e, const struct expr_node *node);
void expr_order(struct expr *e);

#endif
