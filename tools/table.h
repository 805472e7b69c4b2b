/* SPDX-License-Identifier: GPL-2.0 */
/* Tables for people, or the same as JSON: a thin layer above libsmartcols. */
#ifndef SVMTRACE_TABLE_H
#define SVMTRACE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct column - a column
 * @name:   its heading
 * @number: right aligned, and a number in JSON
 */
struct column {
	const char *name;
	bool number;
};

struct table;

struct table *table_new(const char *name, const struct column *columns, size_t count,
			bool json);
void table_add(struct table *t, const char *const *cells);
void table_print(struct table *t, FILE *file);

#endif
