/* SPDX-License-Identifier: GPL-2.0 */
/* The fields that an expression can name, made of the table in the UAPI. */
#ifndef SVMTRACE_EXPR_FIELD_H
#define SVMTRACE_EXPR_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/svmtrace.h>

/* A field of every syscall. */
#define EXPR_ANY_SYSCALL 0xff

/**
 * struct expr_field - a field, or an argument of one syscall
 * @name:    with a prefix: target.uid, pipe.ino, arg.fd
 * @size:    bytes
 * @show:    enum field_show, or SHOW_SPLICE_FLAGS of expr_field.c
 * @is_signed: it can be negative
 * @has_unknown: all ones mean that it is not known
 * @syscall: SVMTRACE_NR_ or EXPR_ANY_SYSCALL
 * @needs:   SVMTRACE_PRESENT_ and SVMTRACE_GROUP_ bits without which it is absent
 * @offset:  in struct svmtrace_filter_data
 */
struct expr_field {
	const char *name;
	unsigned char size;
	unsigned char show;
	bool is_signed;
	bool has_unknown;
	unsigned char syscall;
	unsigned char needs;
	unsigned short offset;
};

const struct expr_field *expr_field_find(const char *name, size_t length);
bool expr_field_is_shown(const char *name, size_t length);
const struct expr_field *expr_field_of(const struct expr_field *field,
				       unsigned int syscall);
const struct expr_field *expr_field_at(size_t offset);
bool expr_field_is_text(const struct expr_field *field);
bool expr_field_is_time(const struct expr_field *field);
unsigned int expr_field_bits(const struct expr_field *field);
bool expr_field_is_mask(const struct expr_field *field);
bool expr_field_is_choice(const struct expr_field *field);
bool expr_group_find(const char *name, size_t length, __u64 *needs);
const char *expr_value_at(const struct expr_field *field, size_t i, __u64 *value);
bool expr_value_find(const struct expr_field *field, const char *name, size_t length,
		     __u64 *value);
int expr_error_find(const char *name, size_t length);
const char *expr_error_suggest(const char *name, size_t length);
const char *expr_suggest(const struct expr_field *field, const char *name, size_t length);
size_t expr_difference(const char *word, const char *name);

#endif
