// SPDX-License-Identifier: GPL-2.0
/*
 * The grammar: recursive descent, from what binds least to what binds most.
 *
 *	or	:= and { "||" and }
 *	and	:= not { "&&" not }
 *	not	:= "!" not | compare
 *	compare	:= bits [ "==" bits | [ "not" ] "in" "{" bits { "," bits } "}" ]
 *	bits	:= masks { "|" masks }
 *	masks	:= unary { "&" unary }
 *	unary	:= "-" unary | "~" unary | primary
 *	primary	:= NUMBER | TEXT | NAME | "has" "(" NAME ")" | "(" or ")"
 *
 * Whether something is a condition or a value is checked afterwards.
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr_lex.h"

/**
 * struct parser - where it stands
 * @e:	   gets the tree
 * @text:  the whole expression
 * @token: the next word
 * @depth: of nesting
 */
struct parser {
	struct expr *e;
	const char *text;
	struct token token;
	unsigned int depth;
};

static struct expr_node *parse_or(struct parser *p);

/* The first one stays. */
static void set(struct expr_error *error, size_t column, const char *format, va_list args)
{
	if (*error->text)
		return;
	error->column = column;
	vsnprintf(error->text, sizeof(error->text), format, args);
}

/**
 * expr_fail() - notes the first error
 * @e:	    gets it
 * @column: where
 * @format: what, as for printf()
 *
 * Return: false.
 */
bool expr_fail(struct expr *e, size_t column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(&e->error, column, format, args);
	va_end(args);
	return false;
}

/**
 * expr_note() - notes the first thing that is odd
 * @e:	    gets it
 * @column: where
 * @format: what, as for printf()
 */
void expr_note(struct expr *e, size_t column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(&e->note, column, format, args);
	va_end(args);
}

/**
 * expr_node() - makes a node
 * @e:	    that it is part of
 * @kind:   what it is
 * @column: where it is
 *
 * Return: the node, until expr_free().
 */
struct expr_node *expr_node(struct expr *e, enum expr_kind kind, size_t column)
{
	struct expr_node *node = calloc(1, sizeof(*node));

	if (!node)
		err(EXIT_FAILURE, "an expression");
	node->kind = kind;
	node->column = column;
	node->older = e->newest;
	e->newest = node;
	return node;
}

static size_t column(const struct parser *p)
{
	return p->token.at - p->text;
}

static void next(struct parser *p)
{
	p->token = lex(p->token.at + p->token.length);
}

static bool skip(struct parser *p, enum token_kind kind)
{
	if (p->token.kind != kind)
		return false;
	next(p);
	return true;
}

/* How much of a word to show: whole characters. */
static int shown(const struct token *t)
{
	int length = t->length < 40 ? t->length : 40;

	while (length && lex_is_within(t->at[length]))
		length--;
	return length;
}

static struct expr_node *unexpected(struct parser *p, const char *wanted)
{
	const struct token *t = &p->token;

	if (t->kind == TOKEN_END)
		expr_fail(p->e, column(p), "%s expected", wanted);
	else if (t->kind == TOKEN_BAD && (*t->at == '"' || *t->at == '\''))
		expr_fail(p->e, column(p), "no quotation mark ends this");
	else
		expr_fail(p->e, column(p), "%s expected, not '%.*s'", wanted, shown(t), t->at);
	return NULL;
}

static struct expr_node *deeper(struct parser *p, struct expr_node *(*parse)(struct parser *p))
{
	struct expr_node *node;

	if (p->depth == EXPR_DEPTH_MAX) {
		expr_fail(p->e, column(p), "nested too deep");
		return NULL;
	}
	p->depth++;
	node = parse(p);
	p->depth--;
	return node;
}

/* A node with one child, which is nested deeper. */
static struct expr_node *around(struct parser *p, enum expr_kind kind,
				struct expr_node *(*parse)(struct parser *p))
{
	struct expr_node *node = expr_node(p->e, kind, column(p));

	next(p);
	node->first = deeper(p, parse);
	return node->first ? node : NULL;
}

/* As many as there are, in one node; one alone has none around it. */
static struct expr_node *list(struct parser *p, enum token_kind between,
			      enum expr_kind kind,
			      struct expr_node *(*parse)(struct parser *p))
{
	size_t start = column(p);
	struct expr_node *first = parse(p), *node, **last;

	if (!first || p->token.kind != between)
		return first;
	node = expr_node(p->e, kind, start);
	node->first = first;
	last = &first->next;
	while (skip(p, between)) {
		*last = parse(p);
		if (!*last)
			return NULL;
		last = &(*last)->next;
	}
	return node;
}

static struct expr_node *leaf(struct parser *p, enum expr_kind kind)
{
	struct expr_node *node = expr_node(p->e, kind, column(p));

	node->name = p->token.at;
	node->length = p->token.length;
	next(p);
	return node;
}

static struct expr_node *parse_has(struct parser *p)
{
	struct expr_node *node;

	next(p);
	if (!skip(p, TOKEN_OPEN))
		return unexpected(p, "'(' after has");
	if (p->token.kind != TOKEN_NAME)
		return unexpected(p, "the name of a field or group");
	node = leaf(p, EXPR_HAS);
	return skip(p, TOKEN_CLOSE) ? node : unexpected(p, "')'");
}

static struct expr_node *parse_primary(struct parser *p)
{
	struct expr_node *node;

	switch (p->token.kind) {
	case TOKEN_NUMBER:
		node = leaf(p, EXPR_NUMBER);
		return lex_number(p->e, node) ? node : NULL;
	case TOKEN_TEXT:
		node = leaf(p, EXPR_TEXT);
		return lex_text(p->e, node) ? node : NULL;
	case TOKEN_NAME:
		return leaf(p, EXPR_NAME);
	case TOKEN_HAS:
		return parse_has(p);
	case TOKEN_OPEN:
		next(p);
		node = deeper(p, parse_or);
		if (!node)
			return NULL;
		return skip(p, TOKEN_CLOSE) ? node : unexpected(p, "')'");
	default:
		return unexpected(p, "a field or a value");
	}
}

static struct expr_node *parse_unary(struct parser *p)
{
	if (p->token.kind == TOKEN_MINUS)
		return around(p, EXPR_NEGATE, parse_unary);
	if (p->token.kind == TOKEN_COMPLEMENT)
		return around(p, EXPR_COMPLEMENT, parse_unary);
	return parse_primary(p);
}

static struct expr_node *parse_masks(struct parser *p)
{
	return list(p, TOKEN_BIT_AND, EXPR_BIT_AND, parse_unary);
}

static struct expr_node *parse_bits(struct parser *p)
{
	return list(p, TOKEN_BIT_OR, EXPR_BIT_OR, parse_masks);
}

static struct expr_node *parse_set(struct parser *p, struct expr_node *node)
{
	struct expr_node **last = &node->first->next;

	if (!skip(p, TOKEN_SET))
		return unexpected(p, "'{' after in");
	do {
		*last = parse_bits(p);
		if (!*last)
			return NULL;
		last = &(*last)->next;
	} while (skip(p, TOKEN_COMMA));
	return skip(p, TOKEN_SET_END) ? node : unexpected(p, "',' or '}'");
}

static struct expr_node *parse_compare(struct parser *p)
{
	struct expr_node *left = parse_bits(p), *node;

	if (!left || (p->token.kind != TOKEN_COMPARE && p->token.kind != TOKEN_IN &&
		      p->token.kind != TOKEN_NOT))
		return left;
	node = expr_node(p->e, EXPR_COMPARE, column(p));
	node->first = left;
	if (p->token.kind != TOKEN_COMPARE) {
		node->op = skip(p, TOKEN_NOT) ? EXPR_NE : EXPR_EQ;
		if (!skip(p, TOKEN_IN))
			return unexpected(p, "in");
		return parse_set(p, node);
	}
	node->op = p->token.op;
	next(p);
	left->next = parse_bits(p);
	if (!left->next)
		return NULL;
	if (p->token.kind == TOKEN_COMPARE) {
		expr_fail(p->e, column(p), "a comparison of a comparison: use &&");
		return NULL;
	}
	return node;
}

static struct expr_node *parse_not(struct parser *p)
{
	if (p->token.kind == TOKEN_NOT)
		return around(p, EXPR_NOT, parse_not);
	return parse_compare(p);
}

static struct expr_node *parse_and(struct parser *p)
{
	return list(p, TOKEN_AND, EXPR_AND, parse_not);
}

static struct expr_node *parse_or(struct parser *p)
{
	return list(p, TOKEN_OR, EXPR_OR, parse_and);
}

/* Makes the tree, if it is an expression by its grammar. */
static bool parse(struct expr *e, const char *text)
{
	struct parser p = { .e = e, .text = text, .token = { .at = text } };

	if (strlen(text) > EXPR_TEXT_MAX)
		return expr_fail(e, EXPR_TEXT_MAX, "too long");
	next(&p);
	e->root = parse_or(&p);
	if (!e->root)
		return false;
	if (p.token.kind != TOKEN_END)
		return unexpected(&p, "&& or ||");
	return true;
}

/**
 * expr_read() - makes the checked tree of an expression
 * @e:	  filled in
 * @text: the expression, which must stay
 *
 * Return: whether it is one; if not, the error is in @e. Call expr_free() anyway.
 */
bool expr_read(struct expr *e, const char *text)
{
	*e = (struct expr){};
	if (!parse(e, text) || !expr_check(e))
		return false;
	expr_order(e);
	return true;
}

/**
 * expr_free() - frees what an expression holds
 * @e: after expr_read()
 */
void expr_free(struct expr *e)
{
	struct expr_node *node;

	while (e->newest) {
		node = e->newest;
		e->newest = node->older;
		free(node);
	}
	e->root = NULL;
}
