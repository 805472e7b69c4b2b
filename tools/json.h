/* SPDX-License-Identifier: GPL-2.0 */
/* Writes JSON, value by value: there is no tree to be built for every call. */
#ifndef SVMTRACE_JSON_H
#define SVMTRACE_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include <linux/types.h>

/**
 * struct json - JSON that is being written
 * @text:  what has been written
 * @len:   bytes of it
 * @size:  room for it
 * @comma: the next value comes after another one
 */
struct json {
	char *text;
	size_t len;
	size_t size;
	bool comma;
};

void json_open(struct json *j, char bracket);
void json_close(struct json *j, char bracket);
void json_key(struct json *j, const char *key);
void json_null(struct json *j);
void json_number(struct json *j, __u64 value);
void json_signed(struct json *j, __s64 value);
void json_hex(struct json *j, __u64 value);
void json_text(struct json *j, const char *text, size_t count);
void json_end_line(struct json *j, FILE *file);
void json_bytes(struct json *j, const void *bytes, size_t count);

#endif
