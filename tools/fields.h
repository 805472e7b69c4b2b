/* SPDX-License-Identifier: GPL-2.0 */
/* The fields of a record as data, made of the table in the UAPI. */
#ifndef SVMTRACE_FIELDS_H
#define SVMTRACE_FIELDS_H

#include <linux/svmtrace.h>

/* The @show column of the table, see <linux/svmtrace_fields.h>. */
enum field_show {
	SHOW_DEC,
	SHOW_HEX,
	SHOW_TIME,
	SHOW_BYTES,
	SHOW_SLOTS,
	SHOW_ID,
	SHOW_INODE,
	SHOW_DEVICE,
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

int fields_list(int json);

#endif
