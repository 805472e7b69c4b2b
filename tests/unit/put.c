// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers and strings of text and of JSON, beside what printf() makes of them. What is
 * written has its own allocation: AddressSanitizer sees a byte too many.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/svmtrace.h>

#include "json.h"
#include "kselftest_harness.h"
#include "put.h"

#define ROOM 64

/* Was this written, and is it as long as it was said to be? */
static int is_text(const char *text, const char *end, const char *format, __u64 value)
{
	char expected[ROOM];

	snprintf(expected, sizeof(expected), format, value);
	return (size_t)(end - text) == strlen(expected) &&
	       !memcmp(text, expected, end - text);
}

static int is_number_right(__u64 value)
{
	char *dec = malloc(PUT_DEC_MAX), *hex = malloc(PUT_HEX_MAX), signs[ROOM];
	int right = is_text(dec, put_dec(dec, value), "%llu", value) &&
		    is_text(dec, put_padded(dec, value, 9), "%09llu", value) &&
		    is_text(dec, put_padded(dec, value, 0), "%llu", value) &&
		    is_text(signs, put_signed(signs, value), "%lld", value) &&
		    is_text(hex, put_hex(hex, value), value ? "%#llx" : "0x0", value);

	free(dec);
	free(hex);
	return right;
}

/* Where a digit more begins. */
TEST(numbers_at_their_limits)
{
	unsigned int bits;
	__u64 ten = 1;
	int add;

	for (add = -2; add <= 2; add++) {
		for (bits = 0; bits < 64; bits++)
			ASSERT_TRUE(is_number_right((1ULL << bits) + add));
	}
	for (bits = 0; bits < 20; bits++, ten *= 10) {
		for (add = -2; add <= 2; add++)
			ASSERT_TRUE(is_number_right(ten + add));
	}
}

TEST(numbers_of_all_lengths)
{
	unsigned int i;
	__u64 value;

	srandom(3);
	for (i = 0; i < 200000; i++) {
		value = (__u64)random() << 33 ^ (__u64)random() << 11 ^ random();
		ASSERT_TRUE(is_number_right(value >> random() % 64));
	}
}

/* Reads what put_escaped() has written, as a compiler would. Returns how many bytes. */
static size_t unescape(unsigned char *to, const char *text, const char *end)
{
	static const char names[] = "abtnvfr\"\\", meant[] = "\a\b\t\n\v\f\r\"\\";
	size_t count, digits;
	const char *name;

	for (count = 0; text < end; count++) {
		to[count] = *text++;
		if (to[count] != '\\')
			continue;
		name = memchr(names, *text, strlen(names));
		to[count] = name ? meant[name - names] : 0;
		text += name ? 1 : 0;
		for (digits = 0; !name && digits < 3 && memchr("01234567", *text, 8); digits++)
			to[count] = to[count] * 8 + *text++ - '0';
	}
	return count;
}

static bool stands_for_itself(unsigned char c)
{
	return isprint(c) && c != '"' && c != '\\';
}

static bool is_escaping_right(const unsigned char *bytes)
{
	char text[2 * PUT_BYTE_MAX + 1], *end = put_escaped(text, bytes, 2), *c;
	bool plain = stands_for_itself(bytes[0]) && stands_for_itself(bytes[1]);
	unsigned char back[sizeof(text)];

	*end = '\0';
	for (c = text; c < end; c++) {
		if (!isprint(*c))
			return false;
	}
	return unescape(back, text, end) == 2 && !memcmp(back, bytes, 2) &&
	       (!plain || end - text == 2);
}

/* A byte may need more digits because of the one after it. */
TEST(any_two_bytes_are_read_back)
{
	unsigned char *bytes = malloc(2);
	unsigned int i;

	for (i = 0; i < 1 << 16; i++) {
		bytes[0] = i >> 8;
		bytes[1] = i;
		ASSERT_TRUE(is_escaping_right(bytes)) TH_LOG("bytes %#x", i);
	}
	free(bytes);
}

/* Of bytes with nothing behind them. */
static const char *json_of(const void *bytes, size_t count)
{
	static char *text;
	void *copy = memcpy(malloc(count + !count), bytes, count);

	text = realloc(text, JSON_BYTE_MAX * count + 3);
	*json_string(text, copy, count) = '\0';
	free(copy);
	return text;
}

TEST(strings_of_json)
{
	ASSERT_STREQ(json_of("", 0), "\"\"");
	ASSERT_STREQ(json_of("sshd", 4), "\"sshd\"");
	ASSERT_STREQ(json_of("a\"b\\", 4), "\"a\\\\\\\"b\\\\\\\\\"");
	ASSERT_STREQ(json_of("/\n\0011\177", 5), "\"/\\\\n\\\\0011\\\\177\"");
	ASSERT_STREQ(json_of("\377\377", 2), "\"\\\\377\\\\377\"");
}

/* As many bytes as a preview can have; more are not shown. */
TEST(a_long_string_of_json)
{
	char *bytes = malloc(SVMTRACE_PREVIEW_MAX + 1);

	memset(bytes, 0xff, SVMTRACE_PREVIEW_MAX + 1);
	ASSERT_EQ(strlen(json_of(bytes, SVMTRACE_PREVIEW_MAX)),
		  JSON_BYTE_MAX * SVMTRACE_PREVIEW_MAX + 2UL);
	ASSERT_EQ(strlen(json_of(bytes, SVMTRACE_PREVIEW_MAX + 1)),
		  JSON_BYTE_MAX * SVMTRACE_PREVIEW_MAX + 2UL);
	free(bytes);
}

TEST_HARNESS_MAIN
