// SPDX-License-Identifier: GPL-2.0
/* Strings of JSON, which knows no bytes: they are shown as in a string of C. */
#include <linux/svmtrace.h>

#include "json.h"

/**
 * json_escaped() - writes printable ASCII as a part of a string
 * @at:	   where to
 * @text:  what put_escaped() has made, or any other text without control characters
 * @count: bytes of it
 *
 * Return: where it ends, after twice @count at most.
 */
char *json_escaped(char *at, const char *text, size_t count)
{
	const char *end = text + count;

	for (; text < end; text++) {
		if (*text == '"' || *text == '\\')
			at = put_char(at, '\\');
		at = put_char(at, *text);
	}
	return at;
}

/**
 * json_string() - writes any bytes as a string
 * @at:	   where to
 * @bytes: the bytes
 * @count: how many of them; SVMTRACE_PREVIEW_MAX of them are written at most
 *
 * Return: where it ends, after JSON_BYTE_MAX for each byte and two more at most.
 */
char *json_string(char *at, const void *bytes, size_t count)
{
	static char escaped[PUT_BYTE_MAX * SVMTRACE_PREVIEW_MAX];
	const unsigned char *byte = bytes, *end = byte + count;

	if (count > SVMTRACE_PREVIEW_MAX)
		end = byte + SVMTRACE_PREVIEW_MAX;
	at = put_char(at, '"');
	for (; byte < end && put_is_clean(*byte); byte++)
		at = put_char(at, *byte);
	if (byte < end)
		at = json_escaped(at, escaped,
				  put_escaped(escaped, byte, end - byte) - escaped);
	return put_char(at, '"');
}
