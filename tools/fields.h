/* SPDX-License-Identifier: GPL-2.0 */
/* The fields of a record as data, made of the table in the UAPI. */
#ifndef SVMTRACE_FIELDS_H
#define SVMTRACE_FIELDS_H

#include <stddef.h>

#include <linux/svmtrace.h>

enum field_group {
	FIELD_record,
	FIELD_call,
	FIELD_caller,
	FIELD_context,
	FIELD_target,
	FIELD_target_context,
	FIELD_pipe,
	FIELD_extra,
	FIELD_gap,
};

enum field_type {
	FIELD_u8,
	FIELD_u16,
	FIELD_u32,
	FIELD_u64,
	FIELD_s64,
	FIELD_comm,
};

/* The @show column of the table, see <linux/svmtrace_fields.h>. */
enum field_show {
	SHOW_DEC,
	SHOW_HEX,
	SHOW_TIME,
	SHOW_BYTES,
	SHOW_SLOTS,
	SHOW_ID,
	SHOW_COUNT,
	SHOW_RELATION,
	SHOW_ABI,
	SHOW_DIRECTION,
	SHOW_MARKS,
	SHOW_GROUPS,
	SHOW_KIND,
	SHOW_SYSCALL,
	SHOW_TEXT,
};

/**
 * struct field - a field of a record
 * @name:   in JSON: with a prefix where the target or the pipe is meant
 * @group:  enum field_group: the structure it is part of
 * @type:   enum field_type
 * @show:   enum field_show
 * @offset: in the structure
 */
struct field {
	const char *name;
	unsigned char group;
	unsigned char type;
	unsigned char show;
	unsigned short offset;
};

extern const struct field fields[];
extern const size_t nr_fields;

__u64 field_number(const struct field *f, const void *group);
int fields_list(int json);

#endif
