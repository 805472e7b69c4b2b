// SPDX-License-Identifier: GPL-2.0
/* Tables for people, or the same as JSON: a thin layer above libsmartcols. */
#include <err.h>
#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>

#include "table.h"

/**
 * struct table - a table
 * @scols:   of the library
 * @columns: how many columns it has
 */
struct table {
	struct libscols_table *scols;
	size_t columns;
};

/* The library returns negative error numbers; all of them mean lack of memory. */
static void check(int error)
{
	if (error < 0) {
		errno = -error;
		err(EXIT_FAILURE, "a table");
	}
}

/**
 * table_new() - makes a table
 * @name:    of its rows in JSON
 * @columns: its columns
 * @count:   how many
 * @json:    it shall be JSON
 *
 * Return: the table, to be ended with table_print().
 */
struct table *table_new(const char *name, const struct column *columns, size_t count,
			bool json)
{
	struct table *t = malloc(sizeof(*t));
	struct libscols_column *column;
	size_t i;

	scols_init_debug(0);
	if (!t)
		err(EXIT_FAILURE, "a table");
	t->scols = scols_new_table();
	t->columns = count;
	if (!t->scols)
		err(EXIT_FAILURE, "a table");
	check(scols_table_set_name(t->scols, name));
	check(scols_table_enable_json(t->scols, json));
	for (i = 0; i < count; i++) {
		column = scols_table_new_column(t->scols, columns[i].name, 0,
						columns[i].number ? SCOLS_FL_RIGHT : 0);
		if (!column)
			err(EXIT_FAILURE, "a table");
		check(scols_column_set_json_type(column, columns[i].number ?
						 SCOLS_JSON_NUMBER : SCOLS_JSON_STRING));
	}
	return t;
}

/**
 * table_add() - adds a row
 * @t:	   the table
 * @cells: one text per column, NULL if it is not known; they are copied
 */
void table_add(struct table *t, const char *const *cells)
{
	struct libscols_line *line = scols_table_new_line(t->scols, NULL);
	const char *unknown = scols_table_is_json(t->scols) ? NULL : "-";
	size_t i;

	if (!line)
		err(EXIT_FAILURE, "a table");
	for (i = 0; i < t->columns; i++)
		check(scols_line_set_data(line, i, cells[i] ? cells[i] : unknown));
}

/**
 * table_print() - prints a table and frees it
 * @t:	  the table
 * @file: where to
 */
void table_print(struct table *t, FILE *file)
{
	check(scols_table_set_stream(t->scols, file));
	check(scols_print_table(t->scols));
	scols_unref_table(t->scols);
	free(t);
}
