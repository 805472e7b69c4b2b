// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes what makes text and JSON of a record: whatever is in it, a line of text is
 * printable characters, and JSON is valid.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "printer.h"
#include "record.h"
#include "summary.h"

static char *output;
static size_t output_size;

static void check_text(void)
{
	size_t i;

	if (!output_size || output[output_size - 1] != '\n')
		abort();
	for (i = 0; i < output_size - 1; i++) {
		if (!isprint((unsigned char)output[i]))
			abort();
	}
}

static void check_json(void)
{
	struct json_object *object;

	check_text();
	object = json_tokener_parse(output);
	if (!object || !json_object_is_type(object, json_type_object))
		abort();
	json_object_put(object);
}

static void print(const struct record_view *v, const struct options *o)
{
	FILE *file = open_memstream(&output, &output_size);

	if (!file)
		return;
	if (o->json)
		print_json(file, v, o);
	else
		print_text(file, v, o);
	fclose(file);
	if (o->json)
		check_json();
	else
		check_text();
	free(output);
}

static void sum_up(const struct record_view *v, const struct options *o)
{
	struct summary *summary = summary_new();
	FILE *file = open_memstream(&output, &output_size);

	summary_add(summary, v);
	summary_print(summary, file, o);
	summary_free(summary);
	fclose(file);
	free(output);
}

int fuzz(const __u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

/**
 * fuzz() - what libFuzzer calls
 * @data: options, in the first byte, and a record
 * @size: of it
 *
 * Return: 0.
 */
int fuzz(const __u8 *data, size_t size)
{
	struct options o = { .trace = true };
	struct svmtrace_record *record;
	struct record_view v;

	if (size < 1 + sizeof(*record))
		return 0;
	o.stamp = data[0] & 3;
	o.relative = data[0] & 4;
	o.seconds = data[0] & 8;
	record = malloc(size - 1);
	if (!record)
		return 0;
	memcpy(record, data + 1, size - 1);
	/* Most sizes would be wrong. */
	if (data[0] & 16)
		record->size = (size - 1) & ~7U;
	if (record_view(&v, record, size - 1) > 0) {
		print(&v, &o);
		o.json = true;
		print(&v, &o);
		if (v.call)
			sum_up(&v, &o);
	}
	free(record);
	return 0;
}
