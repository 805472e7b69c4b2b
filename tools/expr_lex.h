/* SPDX-License-Identifier: GPL-2.0 */
/* The words of an expression. */
#ifndef SVMTRACE_EXPR_LEX_H
#define SVMTRACE_EXPR_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "expr.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_NAME,
	TOKEN_TEXT,
	TOKEN_OR,
	TOKEN_AND,
	TOKEN_NOT,
	TOKEN_IN,
	TOKEN_HAS,
	TOKEN_COMPARE,
	TOKEN_BIT_OR,
	TOKEN_BIT_AND,
	TOKEN_MINUS,
	TOKEN_COMPLEMENT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_SET,
	TOKEN_SET_END,
	TOKEN_COMMA,
	TOKEN_BAD,
};

/**
 * struct token - a word
 * @kind:   enum token_kind
 * @op:	    of TOKEN_COMPARE: enum expr_op
 * @at:	    where it begins
 * @length: bytes
 */
struct token {
	enum token_kind kind;
	enum expr_op op;
	const char *at;
	size_t length;
};

/* Does a byte continue a character of UTF-8? */
static inline bool lex_is_within(char byte)
{
	return (byte & 0xc0) == 0x80;
}

struct token lex(const char *at);
bool lex_number(struct expr *e, struct expr_node *node);
bool lex_text(struct expr *e, struct expr_node *node);
bool expr_begins(const char *word);

#endif
