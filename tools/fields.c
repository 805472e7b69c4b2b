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
#define OUTPUT_FIELD(group, type, name, show, origin, help) \
	{ PREFIX_##group #name, #type, #show, ORIGIN_##origin, help },
#include "output_fields.h"
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
