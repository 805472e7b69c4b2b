// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers and bytes as text. This file is compiled into the kernel module and into
 * the tool. Most of what a reader spends on a record is here, so digits are made two
 * at a time, and where they belong.
 */
#include "put.h"

static const char dec_pairs[100][3] = {
	"00", "01", "02", "03", "04", "05", "06", "07", "08", "09",
	"10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
	"20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
	"30", "31", "32", "33", "34", "35", "36", "37", "38", "39",
	"40", "41", "42", "43", "44", "45", "46", "47", "48", "49",
	"50", "51", "52", "53", "54", "55", "56", "57", "58", "59",
	"60", "61", "62", "63", "64", "65", "66", "67", "68", "69",
	"70", "71", "72", "73", "74", "75", "76", "77", "78", "79",
	"80", "81", "82", "83", "84", "85", "86", "87", "88", "89",
	"90", "91", "92", "93", "94", "95", "96", "97", "98", "99",
};

/* The number of digits is that of bits by 1233 / 4096, the logarithm of 2, or one more. */
static unsigned int count_dec(__u64 value)
{
	static const __u64 least[] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		10000000000ULL, 100000000000ULL, 1000000000000ULL, 10000000000000ULL,
		100000000000000ULL, 1000000000000000ULL, 10000000000000000ULL,
		100000000000000000ULL, 1000000000000000000ULL, 10000000000000000000ULL,
	};
	unsigned int count = (64 - __builtin_clzll(value | 1)) * 1233 >> 12;

	return count + (value >= least[count]);
}

/**
 * put_padded() - writes a number as decimal digits
 * @at:     where to
 * @value:  the number
 * @digits: how many there are at least, with zeros before the number
 *
 * Any context.
 *
 * Return: where it ends, after PUT_DEC_MAX or @digits at most.
 */
char *put_padded(char *at, __u64 value, unsigned int digits)
{
	unsigned int count = count_dec(value);
	__u64 hundreds;
	char *end, *pos;

	if (count < digits)
		count = digits;
	end = at + count;
	for (pos = end; pos - at > 1; value = hundreds) {
		hundreds = div_u64(value, 100);
		pos -= 2;
		memcpy(pos, dec_pairs[(__u32)value - (__u32)hundreds * 100], 2);
	}
	if (pos > at)
		*at = '0' + value;
	return end;
}

/**
 * put_hex() - writes a number as "0x" and hexadecimal digits
 * @at:    where to
 * @value: the number
 *
 * Any context.
 *
 * Return: where it ends, after PUT_HEX_MAX at most.
 */
char *put_hex(char *at, __u64 value)
{
	unsigned int count = (67 - __builtin_clzll(value | 1)) / 4;
	char *end, *pos;

	at = put_text(at, "0x");
	end = at + count;
	for (pos = end; pos > at; value >>= 4)
		*--pos = "0123456789abcdef"[value & 0xf];
	return end;
}

static bool is_octal(unsigned char c)
{
	return c >= '0' && c <= '7';
}

/* @next is the byte after @c: three digits, if it could be taken for a fourth. */
static char *put_octal(char *at, unsigned char c, unsigned char next)
{
	at = put_char(at, '\\');
	if (c > 077 || is_octal(next))
		at = put_char(at, '0' + (c >> 6));
	if (c > 07 || is_octal(next))
		at = put_char(at, '0' + (c >> 3 & 7));
	return put_char(at, '0' + (c & 7));
}

/**
 * put_escaped() - makes any bytes readable, as in a string of C
 * @at:    where to
 * @bytes: what to escape
 * @count: how many of them
 *
 * Quotation marks and backslashes are escaped, too, but the string itself is
 * not put in quotation marks. Any context.
 *
 * Return: where it ends, after PUT_BYTE_MAX for each byte at most.
 */
char *put_escaped(char *at, const void *bytes, size_t count)
{
	const unsigned char *byte = bytes, *end = byte + count;

	for (; byte < end; byte++) {
		unsigned char c = *byte;

		if (put_is_clean(c))
			at = put_char(at, c);
		else if (c == '"' || c == '\\')
			at = put_char(put_char(at, '\\'), c);
		else if (c >= '\a' && c <= '\r')
			at = put_char(put_char(at, '\\'), PUT_CONTROL[c - '\a']);
		else
			at = put_octal(at, c, byte + 1 < end ? byte[1] : 0);
	}
	return at;
}
