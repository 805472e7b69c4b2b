// SPDX-License-Identifier: GPL-2.0
/* The list of the fields of a record, for people. */
#include <stdio.h>
#include <string.h>

#include "expr_field.h"
#include "field_prefix.h"
#include "fields.h"
#include "table.h"
#include "util.h"

#define ORIGIN_KERNEL "kernel"
#define ORIGIN_REGISTER "register"
#define ORIGIN_ENTRY "memory at entry"
#define ORIGIN_RETURN "memory at return"
#define ORIGIN_READER "looked up later"

/* What the table of the list has beside the columns of these rows. */
#define COLUMNS 5
#define ALL_COLUMNS (COLUMNS + 2)

/* Rows of the list: the fields, then arguments, then what only the outputs have. */
static const char *const list[][COLUMNS] = {
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	{ PREFIX_##group #name, #type, #show, ORIGIN_##origin, help },
#include <linux/svmtrace_fields.h>
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	{ "arg_" #name, #type, #show, ORIGIN_REGISTER, #syscall ": " help },
#include <linux/svmtrace_fields.h>
	{ "time_utc", "text", "TEXT", ORIGIN_READER,
	  "time as UTC, by the difference of the clocks when it is printed" },
	{ "time_mono", "u64", "TIME", ORIGIN_KERNEL, "time, as JSON names it" },
	{ "boot_id", "text", "TEXT", ORIGIN_READER, "which boot the times are of" },
	{ "duration", "u64", "TIME", ORIGIN_KERNEL, "time - entry_time" },
	{ "errno", "text", "TEXT", ORIGIN_KERNEL, "name of the error in ret" },
	{ "exe", "text", "TEXT", ORIGIN_KERNEL, "base name of the caller's executable" },
	{ "target_exe", "text", "TEXT", ORIGIN_KERNEL,
	  "base name of the target's executable" },
	{ "flags", "names", "SPLICE_FLAGS", ORIGIN_REGISTER, "arg_flags of vmsplice" },
	{ "iov", "array", "ADDRESSES", ORIGIN_ENTRY,
	  "local (or only) iovec array; at return where marks say at-return" },
	{ "remote_iov", "array", "ADDRESSES", ORIGIN_ENTRY,
	  "remote iovec array; at return where marks say remote-at-return" },
	{ "iov_at_return", "array", "ADDRESSES", ORIGIN_RETURN,
	  "the local array, if it changed" },
	{ "remote_iov_at_return", "array", "ADDRESSES", ORIGIN_RETURN,
	  "the remote array, if it changed" },
	{ "preview", "text", "TEXT", ORIGIN_ENTRY,
	  "payload; at return where marks say preview-at-return" },
	{ "preview_at_return", "text", "TEXT", ORIGIN_RETURN,
	  "payload, if it changed" },
	{ "lost", "u64", "DEC", ORIGIN_KERNEL, "records lost in a gap" },
	{ "later_exe", "text", "TEXT", ORIGIN_READER, "-y: /proc/PID/exe of the caller" },
	{ "later_target_exe", "text", "TEXT", ORIGIN_READER,
	  "-y: /proc/PID/exe of the target" },
	{ "later_fd", "text", "TEXT", ORIGIN_READER, "-y: /proc/PID/fd of vmsplice's fd" },
};

static const char *unit_of(const char *show)
{
	static const struct {
		const char *show;
		const char *unit;
	} units[] = {
		{ "TIME", "ns" },
		{ "BYTES", "bytes" },
		{ "SLOTS", "buffers" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strcmp(show, units[i].show))
			return units[i].unit;
	}
	return "";
}

/* What an expression calls it, if it can: as here, or with a dot. */
static const char *name_in_expression(const char *name)
{
	const struct expr_field *field = expr_field_find(name, strlen(name));

	return field && strlen(field->name) == strlen(name) ? field->name : "";
}

/**
 * fields_list() - prints the list of fields
 * @json: as JSON
 *
 * Return: exit status.
 */
int fields_list(int json)
{
	static const struct column columns[ALL_COLUMNS] = {
		{ "NAME" }, { "TYPE" }, { "SHOW" }, { "ORIGIN" }, { "MEANING" }, { "UNIT" },
		{ "EXPRESSION" },
	};
	struct table *t = table_new("fields", columns, ALL_COLUMNS, json);
	const char *cells[ALL_COLUMNS];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		memcpy(cells, list[i], sizeof(list[i]));
		cells[COLUMNS] = unit_of(list[i][2]);
		cells[COLUMNS + 1] = name_in_expression(list[i][0]);
		table_add(t, cells);
	}
	table_print(t, stdout);
	return 0;
}
