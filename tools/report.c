// SPDX-License-Identifier: GPL-2.0
/* svmtrace report: from a recording to the output, as the trace would have been. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "clock.h"
#include "ctf_read.h"
#include "losses.h"
#include "output.h"
#include "report.h"
#include "summary.h"

/* Returns whether more is wanted. */
static bool show(FILE *file, const struct record_view *v, struct summary *summary,
		 const struct options *o, uint64_t *calls)
{
	if (v->gap) {
		losses_add(v->record, v->gap);
		output_record(file, v, o);
		return true;
	}
	if (!v->call || (o->filter.program.len && !expr_keeps(&o->filter.program, v)))
		return true;
	output_record(file, v, o);
	if (summary)
		summary_add(summary, v);
	if (v->record->kind == SVMTRACE_KIND_CALL)
		++*calls;
	return !o->count || *calls < o->count;
}

/* Returns whether all of it was written; otherwise nobody wants to know any more. */
static bool close_output(FILE *file)
{
	int error;

	if (!fflush(file) && !ferror(file))
		return true;
	error = errno;
	if (output_is_closed(file))
		return false;
	errno = error;
	err(EXIT_FAILURE, "cannot write the report");
}

/**
 * report() - shows a recording
 * @o: the command line
 *
 * Return: exit status: that it was damaged, too, is a failure.
 */
int report(const struct options *o)
{
	struct ctf_reader *r = ctf_reader_new(o->recording);
	const struct ctf_info *info = ctf_reader_info(r);
	struct summary *summary = o->summary ? summary_new() : NULL;
	FILE *file = output_open(o);
	struct record_view v;
	uint64_t calls = 0;
	bool damaged, whole;

	/* The end of it is seen by what cannot be written. */
	signal(SIGPIPE, SIG_IGN);
	clock_set(info->offset, info->boot_id);
	while (!ferror(file) && ctf_reader_next(r, &v) && show(file, &v, summary, o, &calls))
		;
	if (summary) {
		summary_print(summary, file, o);
		summary_free(summary);
	}
	whole = close_output(file);
	losses_tell();
	if (!o->quiet && whole)
		warnx("calls: %llu shown", (unsigned long long)calls);
	damaged = ctf_reader_damaged(r);
	ctf_reader_free(r);
	return damaged ? EXIT_FAILURE : EXIT_SUCCESS;
}
