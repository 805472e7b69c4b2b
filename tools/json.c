// SPDX-License-Identifier: GPL-2.0
/*
 * Writes JSON, value by value: there is no tree to be built for every call.
 * What needs care, the text, is left to json-c.
 */
#include <err.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static void grow(struct json *j, size_t count)
{
	j->size = 2 * j->size + count;
	j->text = realloc(j->text, j->size);
	if (!j->text)
		errx(EXIT_FAILURE, "out of memory");
}

static void put(struct json *j, const char *text, size_t count)
{
	if (j->size - j->len < count)
		grow(j, count);
	memcpy(j->text + j->len, text, count);
	j->len += count;
}

/* Values but the first one have a comma before them. */
static void put_value(struct json *j, const char *text, size_t count)
{
	if (j->comma)
		put(j, ",", 1);
	put(j, text, count);
	j->comma = true;
}

/**
 * json_end_line() - writes the line out, and begins a new one
 * @j:	  the JSON
 * @file: where to
 */
void json_end_line(struct json *j, FILE *file)
{
	put(j, "\n", 1);
	fwrite(j->text, 1, j->len, file);
	j->len = 0;
	j->comma = false;
}

/**
 * json_open() - begins an object or an array
 * @j:	     the JSON
 * @bracket: '{' or '['
 */
void json_open(struct json *j, char bracket)
{
	put_value(j, &bracket, 1);
	j->comma = false;
}

/**
 * json_close() - ends an object or an array
 * @j:	     the JSON
 * @bracket: '}' or ']'
 */
void json_close(struct json *j, char bracket)
{
	put(j, &bracket, 1);
	j->comma = true;
}

/**
 * json_key() - begins a member of an object; its value must follow
 * @j:	 the JSON
 * @key: its name, in which nothing needs to be escaped
 */
void json_key(struct json *j, const char *key)
{
	put_value(j, "\"", 1);
	put(j, key, strlen(key));
	put(j, "\":", 2);
	j->comma = false;
}

/**
 * json_null() - writes null
 * @j: the JSON
 */
void json_null(struct json *j)
{
	put_value(j, "null", 4);
}

/**
 * json_number() - writes a number
 * @j:	   the JSON
 * @value: the number
 */
void json_number(struct json *j, __u64 value)
{
	char text[TEXT_DEC_LEN];

	put_value(j, text, text_dec(text, value));
}

/**
 * json_signed() - writes a number that may be negative
 * @j:	   the JSON
 * @value: the number
 */
void json_signed(struct json *j, __s64 value)
{
	char text[TEXT_DEC_LEN + 1] = "-";

	if (value < 0)
		put_value(j, text, 1 + text_dec(text + 1, 0 - (__u64)value));
	else
		json_number(j, value);
}

/**
 * json_hex() - writes a number as a string of hexadecimal digits
 * @j:	   the JSON
 * @value: the number
 */
void json_hex(struct json *j, __u64 value)
{
	char text[TEXT_HEX_LEN + 2] = "\"";
	size_t len = 1 + text_hex(text + 1, value);

	text[len] = '"';
	put_value(j, text, len + 1);
}

/**
 * json_text() - writes a string
 * @j:	   the JSON
 * @text:  UTF-8
 * @count: bytes of it
 */
void json_text(struct json *j, const char *text, size_t count)
{
	static struct json_object *string;
	const char *json = NULL;
	size_t len;

	/* json-c forgets what it has allocated when a text becomes empty. */
	if (!count) {
		put_value(j, "\"\"", 2);
		return;
	}
	if (!string)
		string = json_object_new_string("");
	if (string && json_object_set_string_len(string, text, count))
		json = json_object_to_json_string_length(string, JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE,
							 &len);
	if (!json)
		errx(EXIT_FAILURE, "out of memory");
	put_value(j, json, len);
}

/**
 * json_bytes() - writes any bytes as a string, escaped as in a string of C
 * @j:	   the JSON, which itself knows no bytes
 * @bytes: the bytes
 * @count: how many, at most SVMTRACE_PREVIEW_MAX
 */
void json_bytes(struct json *j, const void *bytes, size_t count)
{
	static char text[4 * SVMTRACE_PREVIEW_MAX + 1];

	if (count > SVMTRACE_PREVIEW_MAX)
		count = SVMTRACE_PREVIEW_MAX;
	json_text(j, text, text_escape(text, sizeof(text), bytes, count));
}
