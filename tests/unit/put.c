// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers and strings of text and of JSON, beside what printf() makes of them. What is
 * written has its own allocation: AddressSanitizer sees a byte too many.
 */
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

static const char *json_of(const void *bytes, size_t count)
{
	static char *text;

	text = realloc(text, JSON_BYTE_MAX * count + 3);
	*json_string(text, bytes, count) = '\0';
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
