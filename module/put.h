/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Appending to text. What is to be written comes behind the place in a buffer where
 * the text ends so far, and the place where it then ends is returned. None of this
 * looks for the end of the buffer: who has one asks once for all that a line can
 * need. No zero is written.
 */
#ifndef SVMTRACE_PUT_H
#define SVMTRACE_PUT_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/math64.h>
#include <linux/string.h>
#else
#include <stdbool.h>
#include <string.h>

/* What the kernel has and libc has not. */
static inline __u64 div_u64(__u64 dividend, __u32 divisor)
{
	return dividend / divisor;
}

static inline __u64 div_u64_rem(__u64 dividend, __u32 divisor, __u32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}
#endif

/* The most that a number needs: 18446744073709551615, 0x0123456789abcdef. */
#define PUT_DEC_MAX	20
#define PUT_HEX_MAX	18
/* The most that a byte needs when it is escaped: \377. */
#define PUT_BYTE_MAX	4
/* What stands after a backslash for the bytes from 7 on. */
#define PUT_CONTROL	"abtnvfr"

char *put_padded(char *at, __u64 value, unsigned int digits);
char *put_hex(char *at, __u64 value);
char *put_escaped(char *at, const void *bytes, size_t count);

static inline char *put_char(char *at, char c)
{
	*at = c;
	return at + 1;
}

static inline char *put_bytes(char *at, const char *bytes, size_t count)
{
	memcpy(at, bytes, count);
	return at + count;
}

/* Of a literal the compiler knows the length: that is a store or two. */
static inline char *put_text(char *at, const char *text)
{
	return put_bytes(at, text, strlen(text));
}

static inline char *put_dec(char *at, __u64 value)
{
	return value < 10 ? put_char(at, '0' + value) : put_padded(at, value, 1);
}

static inline char *put_signed(char *at, __s64 value)
{
	if (value >= 0)
		return put_dec(at, value);
	return put_dec(put_char(at, '-'), 0 - (__u64)value);
}

/* A number and what stands before it. */
static inline char *put_named(char *at, const char *name, __u64 value)
{
	return put_dec(put_text(at, name), value);
}

/**
 * put_is_clean() - does a byte stand for itself in a string?
 * @c: the byte
 *
 * Return: whether it is printable, and neither quotation mark nor backslash.
 */
static inline bool put_is_clean(unsigned char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

#endif /* SVMTRACE_PUT_H */
