// SPDX-License-Identifier: GPL-2.0
/* Words: splits an expression into them, and reads numbers and texts. */
#include <ctype.h>
#include <string.h>

#include "expr_lex.h"
#include "put.h"
#include "util.h"

/* The longer of those that begin alike come first. */
static const struct {
	const char *text;
	enum token_kind kind;
	enum expr_op op;
} signs[] = {
	{ "||", TOKEN_OR },
	{ "&&", TOKEN_AND },
	{ "==", TOKEN_COMPARE, EXPR_EQ },
	{ "!=", TOKEN_COMPARE, EXPR_NE },
	{ "<=", TOKEN_COMPARE, EXPR_LE },
	{ ">=", TOKEN_COMPARE, EXPR_GE },
	{ "<", TOKEN_COMPARE, EXPR_LT },
	{ ">", TOKEN_COMPARE, EXPR_GT },
	{ "=", TOKEN_COMPARE, EXPR_EQ },
	{ "!", TOKEN_NOT },
	{ "|", TOKEN_BIT_OR },
	{ "&", TOKEN_BIT_AND },
	{ "-", TOKEN_MINUS },
	{ "~", TOKEN_COMPLEMENT },
	{ "(", TOKEN_OPEN },
	{ ")", TOKEN_CLOSE },
	{ "{", TOKEN_SET },
	{ "}", TOKEN_SET_END },
	{ ",", TOKEN_COMMA },
};

static const struct {
	const char *text;
	enum token_kind kind;
} keywords[] = {
	{ "or", TOKEN_OR },
	{ "and", TOKEN_AND },
	{ "not", TOKEN_NOT },
	{ "in", TOKEN_IN },
	{ "has", TOKEN_HAS },
};

static const struct {
	const char *text;
	enum expr_unit unit;
	__u64 scale;
} units[] = {
	{ "", EXPR_NO_UNIT, 1 },
	{ "k", EXPR_SIZE, 1ULL << 10 },
	{ "K", EXPR_SIZE, 1ULL << 10 },
	{ "M", EXPR_SIZE, 1ULL << 20 },
	{ "G", EXPR_SIZE, 1ULL << 30 },
	{ "T", EXPR_SIZE, 1ULL << 40 },
	{ "ns", EXPR_TIME, 1 },
	{ "us", EXPR_TIME, 1000 },
	{ "ms", EXPR_TIME, 1000000 },
	{ "s", EXPR_TIME, 1000000000 },
	{ "min", EXPR_TIME, 60 * 1000000000ULL },
	{ "h", EXPR_TIME, 3600 * 1000000000ULL },
};

static bool is(const struct token *t, const char *text)
{
	return strlen(text) == t->length && !memcmp(text, t->at, t->length);
}

/* A hyphen or a dot is part of a name only before a letter: "cross-pidns". */
static size_t name_length(const char *at)
{
	size_t i = 0;

	while (isalnum((unsigned char)at[i]) || at[i] == '_' ||
	       ((at[i] == '-' || at[i] == '.') && isalpha((unsigned char)at[i + 1])))
		i++;
	return i;
}

static size_t text_length(const char *at)
{
	size_t i = 1;

	while (at[i] && at[i] != *at)
		i += at[i] == '\\' && at[i + 1] ? 2 : 1;
	return at[i] ? i + 1 : 0;
}

static void lex_name(struct token *t)
{
	size_t i;

	t->kind = TOKEN_NAME;
	t->length = name_length(t->at);
	for (i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (is(t, keywords[i].text))
			t->kind = keywords[i].kind;
	}
}

static void lex_sign(struct token *t)
{
	size_t i;

	t->kind = TOKEN_BAD;
	t->length = 1;
	while (lex_is_within(t->at[t->length]))
		t->length++;
	for (i = 0; i < ARRAY_SIZE(signs); i++) {
		if (strncmp(t->at, signs[i].text, strlen(signs[i].text)))
			continue;
		t->kind = signs[i].kind;
		t->op = signs[i].op;
		t->length = strlen(signs[i].text);
		return;
	}
}

/**
 * lex() - finds the next word
 * @at: where the one before ended
 *
 * Return: the word.
 */
struct token lex(const char *at)
{
	struct token t = { .kind = TOKEN_END };

	while (isspace((unsigned char)*at))
		at++;
	t.at = at;
	if (!*at)
		return t;
	if (isdigit((unsigned char)*at)) {
		t.kind = TOKEN_NUMBER;
		while (isalnum((unsigned char)at[t.length]) || at[t.length] == '_' ||
		       at[t.length] == '.')
			t.length++;
	} else if (isalpha((unsigned char)*at) || *at == '_') {
		lex_name(&t);
	} else if (*at == '"' || *at == '\'') {
		t.length = text_length(at);
		t.kind = t.length ? TOKEN_TEXT : TOKEN_BAD;
	} else {
		lex_sign(&t);
	}
	return t;
}

static int digit(char c, int base)
{
	int value = isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;

	return isalnum((unsigned char)c) && value < base ? value : -1;
}

/**
 * lex_number() - reads a number, with its unit if it has one
 * @e:	  gets the error
 * @node: its name; value and unit are filled in
 *
 * Return: whether it is one.
 */
bool lex_number(struct expr *e, struct expr_node *node)
{
	const char *at = node->name, *end = node->name + node->length;
	struct token unit;
	int base = 10;
	size_t i;

	if (node->length > 2 && *at == '0' && tolower((unsigned char)at[1]) == 'x') {
		base = 16;
		at += 2;
	} else if (node->length > 1 && *at == '0' && isdigit((unsigned char)at[1])) {
		return expr_fail(e, node->column, "a number does not begin with 0");
	}
	for (node->value = 0; at < end && digit(*at, base) >= 0; at++) {
		if (__builtin_mul_overflow(node->value, (__u64)base, &node->value) ||
		    __builtin_add_overflow(node->value, (__u64)digit(*at, base), &node->value))
			return expr_fail(e, node->column, "more than 64 bits");
	}
	unit = (struct token){ .at = at, .length = end - at };
	for (i = 0; i < ARRAY_SIZE(units) && !is(&unit, units[i].text); i++)
		;
	if (i == ARRAY_SIZE(units) || (base == 16 && unit.length))
		return expr_fail(e, node->column + (at - node->name),
				 "no unit: sizes have K, M, G or T, times ns, us, ms, s, min or h");
	if (__builtin_mul_overflow(node->value, units[i].scale, &node->value))
		return expr_fail(e, node->column, "more than 64 bits");
	node->unit = units[i].unit;
	return true;
}

/* Three digits at most, as put_escaped() counts on. Returns how many there are. */
static size_t octal(const char *at, unsigned int *value)
{
	size_t i;

	for (i = 0, *value = 0; i < 3 && digit(at[i], 8) >= 0; i++)
		*value = *value << 3 | digit(at[i], 8);
	return i;
}

/* What a backslash before @at stands for: 0 if for no byte of a name. */
static unsigned int escaped(const char *at, size_t *length)
{
	const char *control = strchr(PUT_CONTROL, *at);
	unsigned int value;

	*length = octal(at, &value);
	if (*length)
		return value <= 0xff ? value : 0;
	*length = 1;
	if (control)
		return '\a' + (control - PUT_CONTROL);
	return strchr("*\\\"'", *at) ? *at : 0;
}

/**
 * lex_text() - reads a text in quotation marks
 * @e:	  gets the error
 * @node: its name; length becomes that of the text
 *
 * A star at the end means that only the beginning counts. What the outputs write, as
 * in C, is read.
 *
 * Return: whether it is one.
 */
bool lex_text(struct expr *e, struct expr_node *node)
{
	const char *at = node->name + 1, *end = node->name + node->length - 1;
	size_t length;

	for (node->length = 0; at < end; at += length) {
		size_t where = node->column + (at - node->name);
		unsigned int byte = *at;

		length = 1;
		if (*at == '*' && at + 1 < end)
			return expr_fail(e, where,
					 "a star is possible at the end only, or as \\*");
		node->prefix = *at == '*';
		if (node->prefix)
			break;
		if (*at == '\\') {
			byte = escaped(at + 1, &length);
			length++;
		}
		if (!byte)
			return expr_fail(e, where,
					 "no name has such an escape: a backslash is \\\\");
		if (node->length == SVMTRACE_COMM_LEN - 1)
			return expr_fail(e, node->column, "a name has at most %d bytes",
					 SVMTRACE_COMM_LEN - 1);
		node->text[node->length++] = byte;
	}
	return true;
}

/**
 * expr_begins() - can an expression begin with this word of the command line?
 * @word: it
 */
bool expr_begins(const char *word)
{
	struct token t = lex(word);

	switch (t.kind) {
	case TOKEN_END:
	case TOKEN_BAD:
		return false;
	case TOKEN_NAME:
		return expr_field_find(t.at, t.length);
	default:
		return true;
	}
}
