/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON as "put.h" writes text: members of an object, one after another, with no
 * tree to be built. A key is a literal that has all that stands before the value:
 * JSON_KEY(), or with a brace instead of the comma.
 */
#ifndef SVMTRACE_JSON_H
#define SVMTRACE_JSON_H

#include <linux/svmtrace.h>

#include "put.h"

#define JSON_KEY(name) ",\"" name "\":"

/* The most that a byte needs in json_bytes(), a backslash being two: \\377. */
#define JSON_BYTE_MAX	5

char *json_escaped(char *at, const char *text, size_t count);
char *json_string(char *at, const void *bytes, size_t count);

static inline char *json_number(char *at, const char *key, __u64 value)
{
	return put_dec(put_text(at, key), value);
}

static inline char *json_signed(char *at, const char *key, __s64 value)
{
	return put_signed(put_text(at, key), value);
}

/* A number as a string of hexadecimal digits. */
static inline char *json_hex(char *at, const char *key, __u64 value)
{
	return put_char(put_hex(put_char(put_text(at, key), '"'), value), '"');
}

static inline char *json_null(char *at, const char *key)
{
	return put_text(put_text(at, key), "null");
}

/* A text in which nothing needs to be escaped. */
static inline char *json_word(char *at, const char *key, const char *word)
{
	return put_char(put_text(put_char(put_text(at, key), '"'), word), '"');
}

/* Any bytes, escaped as in a string of C. */
static inline char *json_bytes(char *at, const char *key, const void *bytes, size_t count)
{
	return json_string(put_text(at, key), bytes, count);
}

/* The name of a thread, which fills its array if it is long. */
static inline char *json_comm(char *at, const char *key, const char *comm)
{
	return json_bytes(at, key, comm, strnlen(comm, SVMTRACE_COMM_LEN));
}

/* Ends an array or an object; a comma after its last element goes. */
static inline char *json_close(char *at, char bracket)
{
	if (at[-1] == ',')
		at--;
	return put_char(at, bracket);
}

#endif
