// SPDX-License-Identifier: GPL-2.0
/* The trace itself: from the session to the output. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture.h"
#include "clock.h"
#include "losses.h"
#include "output.h"
#include "reader.h"
#include "summary.h"
#include "trace.h"

/* After so many records signals and losses get their turn. */
#define BATCH 4096

/**
 * struct trace - a running trace
 * @o:	      the command line
 * @capture:  where records come from
 * @reader:   of its session
 * @file:     where they go to
 * @summary:  -c, or NULL
 * @calls:    how many were printed or counted
 * @closed:   nothing can be written any more: the output is a pipe that nobody reads
 * @failed:   or has no room, for example
 */
struct trace {
	const struct options *o;
	struct capture capture;
	struct reader *reader;
	FILE *file;
	struct summary *summary;
	uint64_t calls;
	bool closed;
	bool failed;
};

static void take(struct trace *t, const struct record_view *v)
{
	if (v->gap) {
		losses_add(v->record, v->gap);
		output_record(t->file, v, t->o);
		return;
	}
	if (!v->call || (t->o->count && t->calls >= t->o->count))
		return;
	output_record(t->file, v, t->o);
	if (t->summary)
		summary_add(t->summary, v);
	if (v->record->kind == SVMTRACE_KIND_CALL && ++t->calls == t->o->count)
		t->capture.done = true;
}

/* A reader such as head(1) closes its end when it has enough. */
static void look_at_output(struct trace *t)
{
	if (!(t->capture.fds[CAPTURE_OUTPUT].revents & (POLLERR | POLLHUP)))
		return;
	t->closed = true;
	t->capture.done = true;
}

static void flush(struct trace *t)
{
	int error;

	if (!fflush(t->file) && !ferror(t->file))
		return;
	error = errno;
	poll(&t->capture.fds[CAPTURE_OUTPUT], 1, 0);
	look_at_output(t);
	if (t->closed)
		return;
	errno = error;
	warn("cannot write the trace");
	t->failed = true;
	t->closed = true;
	t->capture.done = true;
}

/* Returns true if there may be more. */
static bool drain(struct trace *t)
{
	struct record_view v;
	unsigned int i;

	for (i = 0; i < BATCH && reader_next(t->reader, &v); i++)
		take(t, &v);
	flush(t);
	return i == BATCH && !t->closed;
}

static void run(struct trace *t)
{
	int timeout;
	bool more;

	for (;;) {
		more = drain(t);
		timeout = losses_tell();
		if (t->capture.done)
			break;
		capture_wait(&t->capture, more ? 0 : timeout);
		reader_look_for_rings(t->reader);
		clock_update();
		look_at_output(t);
	}
}

static void finish(struct trace *t)
{
	struct svmtrace_stats after;

	session_stop(&t->capture.session);
	reader_look_for_rings(t->reader);
	while (!t->closed && drain(t))
		;
	session_stats(&t->capture.session, &after);
	if (t->summary && !t->closed) {
		summary_print(t->summary, t->file, t->o);
		flush(t);
	}
	if (t->summary)
		summary_free(t->summary);
	losses_total(&t->capture.before, &after, "shown", t->calls,
		     t->o->quiet || (t->closed && !t->failed));
	reader_free(t->reader);
	capture_close(&t->capture);
}

/**
 * trace() - traces until it is told to end, or the command has ended
 * @o: the command line
 *
 * Return: exit status.
 */
int trace(const struct options *o)
{
	struct trace t = { .o = o };
	int status;

	clock_update();
	if (o->summary)
		t.summary = summary_new();
	capture_open(&t.capture, o);
	capture_start(&t.capture);
	/*
	 * Now that there will be a trace, what was in the file may go. A fifo waits until
	 * somebody reads it; there is nothing yet that signals would have to end properly.
	 */
	sigprocmask(SIG_UNBLOCK, &t.capture.signals.ending, NULL);
	t.file = output_open(o);
	sigprocmask(SIG_BLOCK, &t.capture.signals.ending, NULL);
	t.capture.fds[CAPTURE_OUTPUT].fd = fileno(t.file);
	t.reader = reader_new(&t.capture.session);
	capture_run(&t.capture, "tracing");
	run(&t);
	finish(&t);
	status = capture_status(&t.capture);
	return t.failed ? EXIT_FAILURE : status;
}
