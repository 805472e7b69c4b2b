// SPDX-License-Identifier: GPL-2.0
/* A record as a line of text: that of the module, with the tool's own stamps. */
#include <err.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "lookup.h"
#include "printer.h"
#include "text.h"

static void print_clock(FILE *file, uint64_t monotonic, enum stamp stamp)
{
	uint64_t realtime = clock_realtime(monotonic);
	unsigned int usec = realtime % NSEC_PER_SEC / 1000;
	time_t seconds = realtime / NSEC_PER_SEC;
	char text[16];
	struct tm tm;

	if (stamp == STAMP_EPOCH_USEC) {
		fprintf(file, "%lld.%06u ", (long long)seconds, usec);
		return;
	}
	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fputs(text, file);
	if (stamp == STAMP_CLOCK_USEC)
		fprintf(file, ".%06u", usec);
	fputc(' ', file);
}

static void print_relative(FILE *file, uint64_t monotonic)
{
	static uint64_t last;
	uint64_t passed = last && monotonic > last ? monotonic - last : 0;

	last = monotonic;
	fprintf(file, "%6llu.%06u ", (unsigned long long)(passed / NSEC_PER_SEC),
		(unsigned int)(passed % NSEC_PER_SEC / 1000));
}

static void print_lookup(FILE *file, const struct record_view *v)
{
	static struct lookup found;

	lookup(&found, v);
	if (*found.exe)
		fprintf(file, " later-exe=\"%s\"", found.exe);
	if (*found.target_exe)
		fprintf(file, " later-target-exe=\"%s\"", found.target_exe);
	if (*found.fd)
		fprintf(file, " later-fd=\"%s\"", found.fd);
}

/**
 * print_text() - prints a record as a line of text
 * @file: where to
 * @v:	  the record
 * @o:	  how
 */
void print_text(FILE *file, const struct record_view *v, const struct options *o)
{
	struct text_style style = text_style_default;
	static size_t size;
	static char *line;
	size_t len;

	if (!line) {
		size = text_line_max(SVMTRACE_IOVS_MAX, SVMTRACE_PREVIEW_MAX);
		line = malloc(size);
		if (!line)
			err(EXIT_FAILURE, "a line");
	}
	if (o->seconds)
		style.flags |= TEXT_SECONDS;
	if (o->stamp || o->relative)
		style.flags &= ~TEXT_TIME;
	if (o->relative)
		print_relative(file, v->record->time);
	if (o->stamp)
		print_clock(file, v->record->time, o->stamp);
	len = text_line(line, size, v, &style);
	fwrite(line, 1, len - 1, file);
	if (o->lookup)
		print_lookup(file, v);
	fputc('\n', file);
}
