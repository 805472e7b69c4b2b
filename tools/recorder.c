// SPDX-License-Identifier: GPL-2.0
/*
 * svmtrace record: from the session to a recording. What is in the ring of a CPU goes
 * to its file in one piece, so that it keeps up with what nobody could print.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "clock.h"
#include "ctf_write.h"
#include "rlimits.h"
#include "losses.h"
#include "mapped.h"
#include "printer.h"
#include "recorder.h"

/**
 * struct recorder - a recording that is being made
 * @capture: where records come from
 * @writer:  where they go to
 * @mapped:  the rings of the session
 * @streams: the files, in the order of these rings
 * @opened:  how many of them are open, the first ones
 * @calls:   how many have been written
 * @failed:  it could not be written any further
 */
struct recorder {
	struct capture capture;
	struct ctf_writer writer;
	struct mapped mapped;
	struct ctf_stream *streams;
	unsigned int opened;
	uint64_t calls;
	bool failed;
};

static void fail(struct recorder *r, unsigned int cpu, int error)
{
	warnx("%s/" CTF_STREAM ": %s; the recording ends here", r->writer.path, cpu,
	      strerror(-error));
	r->failed = true;
	r->capture.done = true;
}

/* Rings come with the CPUs. */
static void open_streams(struct recorder *r)
{
	unsigned int cpu;
	int error;

	for (; r->opened < r->mapped.count && !r->failed; r->opened++) {
		cpu = r->mapped.rings[r->opened].cpu;
		error = ctf_open_stream(&r->writer, &r->streams[r->opened], cpu);
		if (error)
			fail(r, cpu, error);
		if (error && r->streams[r->opened].fd < 0)
			return;
	}
}

/* The command, if there is one, runs already, with the limits that we were started with. */
static void map_rings(struct recorder *r)
{
	rlimits_allow_files();
	mapped_init(&r->mapped, &r->capture.session);
	r->streams = calloc(r->capture.session.info.nr_cpus, sizeof(*r->streams));
	if (!r->streams)
		err(EXIT_FAILURE, "the recording");
	open_streams(r);
}

/*
 * Takes about a quarter of a ring, so that what has been written makes room soon.
 * Returns whether there is more.
 */
static bool take(struct recorder *r, unsigned int i)
{
	struct mapped_ring *ring = &r->mapped.rings[i];
	const void *data = mapped_next(ring);
	struct ctf_span span;
	int error;

	ring->head = mapped_head(ring);
	ctf_measure(&span, data, mapped_readable(ring), (ring->mask + 1) / 4, losses_add);
	if (span.size) {
		error = ctf_write_packet(&r->streams[i], data, &span);
		r->calls += span.calls;
		if (error) {
			fail(r, ring->cpu, error);
			return false;
		}
		mapped_consume(ring, span.size);
	}
	if (span.damaged || !mapped_readable(ring)) {
		if (ring->tail != ring->head)
			warnx("CPU %u: a damaged record, skipping what its ring holds", ring->cpu);
		mapped_consume(ring, ring->head - ring->tail);
	}
	return ring->tail != ring->head;
}

/* Returns whether there is more. */
static bool take_all(struct recorder *r)
{
	bool more = false;
	unsigned int i;

	for (i = 0; i < r->opened && !r->failed; i++)
		more |= take(r, i);
	return more && !r->failed;
}

static void run(struct recorder *r)
{
	int timeout;
	bool more;

	map_rings(r);
	for (;;) {
		more = take_all(r);
		timeout = losses_tell();
		if (r->capture.done)
			break;
		capture_wait(&r->capture, more ? 0 : timeout);
		mapped_update(&r->mapped);
		open_streams(r);
	}
}

/* The first call in a ring that the trigger was to wait for. */
static bool find_trigger(const struct recorder *r, struct mapped_ring *ring,
			 struct record_view *v)
{
	const char *pos = mapped_next(ring);
	uint64_t left;
	long size;

	ring->head = mapped_head(ring);
	for (left = mapped_readable(ring); left; left -= size, pos += size) {
		size = record_view(v, pos, left);
		if (size < 0)
			return false;
		if (v->record->kind == SVMTRACE_KIND_CALL && v->call &&
		    expr_keeps(&r->capture.o->until.program, v))
			return true;
		size = v->record->size;
	}
	return false;
}

/* The call that has frozen the session is the first one of its kind. */
static void tell_trigger(const struct recorder *r)
{
	struct record_view v, found = { 0 };
	unsigned int i;

	for (i = 0; i < r->mapped.count; i++) {
		if (find_trigger(r, &r->mapped.rings[i], &v) &&
		    (!found.record || v.record->time < found.record->time))
			found = v;
	}
	if (!found.record) {
		warnx("ended by --until");
		return;
	}
	fprintf(stderr, "%s: ended by --until: ", program_invocation_short_name);
	print_text(stderr, &found, r->capture.o);
}

/* Of a flight recorder nothing can be seen before it is frozen. */
static void run_flight(struct recorder *r)
{
	struct capture *c = &r->capture;
	bool triggered = false;

	while (!triggered && !c->done) {
		capture_wait(c, -1);
		triggered = c->fds[CAPTURE_SESSION].revents & POLLIN;
	}
	session_stop(&c->session);
	map_rings(r);
	if (triggered && !c->o->quiet)
		tell_trigger(r);
}

/* A gap after which no record came is written when it is waited for. */
static void drain(struct recorder *r)
{
	struct pollfd session = { .fd = r->capture.session.fd, .events = POLLIN };
	int i;

	mapped_update(&r->mapped);
	open_streams(r);
	for (i = 0; i < 2; i++) {
		while (take_all(r))
			;
		poll(&session, 1, 0);
	}
}

/* There was no program to run: that is no recording. */
static int give_up(struct recorder *r)
{
	session_stop(&r->capture.session);
	ctf_discard(&r->writer);
	capture_close(&r->capture);
	return capture_status(&r->capture);
}

static void finish(struct recorder *r)
{
	struct svmtrace_stats after;
	unsigned int i;
	int error;

	drain(r);
	for (i = 0; i < r->opened; i++) {
		error = ctf_close_stream(&r->streams[i], !r->failed);
		if (error)
			fail(r, r->mapped.rings[i].cpu, error);
	}
	ctf_close(&r->writer);
	session_stats(&r->capture.session, &after);
	losses_total(&r->capture.before, &after, "written", r->calls, r->capture.o->quiet);
	mapped_free(&r->mapped);
	free(r->streams);
	capture_close(&r->capture);
}

/**
 * record() - records until it is told to end, or the command has ended
 * @o: the command line
 *
 * Return: exit status.
 */
int record(const struct options *o)
{
	struct recorder r = { 0 };
	uint64_t begun;
	int status;

	clock_update();
	capture_open(&r.capture, o);
	begun = clock_monotonic();
	capture_start(&r.capture);
	ctf_create(&r.writer, o->recording, r.capture.before.rings, begun, o->argv);
	capture_run(&r.capture, "recording");
	if (r.capture.command.failed)
		return give_up(&r);
	if (o->flight) {
		run_flight(&r);
	} else {
		run(&r);
		session_stop(&r.capture.session);
	}
	finish(&r);
	status = capture_status(&r.capture);
	return r.failed ? EXIT_FAILURE : status;
}
