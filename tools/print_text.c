// SPDX-License-Identifier: GPL-2.0
/* A record as a line of text: that of the module, with the tool's own stamps. */
#include <err.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "lookup.h"
#include "printer.h"
#include "put.h"
#include "text.h"

/* What the tool's own stamps and -y add to a line. */
#define LINE_STAMPS	64
#define LINE_LOOKUP	(3 * (LOOKUP_LEN + 32))

/* HH:MM:SS; most times are of the same second as the one before. */
static char *put_second(char *at, time_t second)
{
	static char text[16];
	static time_t last = -1;
	struct tm tm;

	if (second != last) {
		localtime_r(&second, &tm);
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
		last = second;
	}
	return put_text(at, text);
}

static char *put_clock(char *at, uint64_t monotonic, enum stamp stamp)
{
	uint64_t realtime = clock_realtime(monotonic);
	time_t second = realtime / NSEC_PER_SEC;

	if (stamp == STAMP_EPOCH_USEC)
		at = put_dec(at, second);
	else
		at = put_second(at, second);
	if (stamp != STAMP_CLOCK)
		at = put_padded(put_char(at, '.'), realtime % NSEC_PER_SEC / 1000, 6);
	return put_char(at, ' ');
}

static char *put_relative(char *at, uint64_t monotonic)
{
	static uint64_t last;
	uint64_t passed = last && monotonic > last ? monotonic - last : 0;
	uint64_t second = passed / NSEC_PER_SEC, power;

	last = monotonic;
	for (power = 100000; power > second && power > 1; power /= 10)
		at = put_char(at, ' ');
	at = put_dec(at, second);
	at = put_padded(put_char(at, '.'), passed % NSEC_PER_SEC / 1000, 6);
	return put_char(at, ' ');
}

static char *put_found(char *at, const char *key, const char *found)
{
	if (!*found)
		return at;
	return put_char(put_text(put_text(at, key), found), '"');
}

static char *put_lookup(char *at, const struct record_view *v)
{
	static struct lookup found;

	lookup(&found, v);
	at = put_found(at, " later-exe=\"", found.exe);
	at = put_found(at, " later-target-exe=\"", found.target_exe);
	return put_found(at, " later-fd=\"", found.fd);
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
	char *at;

	if (!line) {
		size = text_line_max(SVMTRACE_IOVS_MAX, SVMTRACE_PREVIEW_MAX);
		line = malloc(LINE_STAMPS + size + LINE_LOOKUP);
		if (!line)
			err(EXIT_FAILURE, "a line");
	}
	at = line;
	if (o->seconds)
		style.flags |= TEXT_SECONDS;
	if (o->stamp || o->relative)
		style.flags &= ~TEXT_TIME;
	if (o->relative)
		at = put_relative(at, v->record->time);
	if (o->stamp)
		at = put_clock(at, v->record->time, o->stamp);
	at += text_line(at, size, v, &style);
	if (o->lookup)
		at = put_char(put_lookup(at - 1, v), '\n');
	fwrite(line, 1, at - line, file);
}
