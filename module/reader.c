// SPDX-License-Identifier: GPL-2.0
/*
 * Reader: read() and poll(). Merges the rings of a session in the order of
 * commit, as text or as they are.
 */
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "reader.h"
#include "record.h"
#include "session.h"
#include "text.h"
#include "wait.h"

static struct stream *stream_of(struct session *session, int cpu)
{
	return per_cpu_ptr(session->streams, cpu);
}

static struct ring *ring_of(struct session *session, int cpu)
{
	/* Pairs with smp_store_release() in add_ring(). */
	return smp_load_acquire(&stream_of(session, cpu)->ring);
}

static bool ring_is_empty(const struct ring *ring)
{
	return ring_head(ring) == ring_tail(ring);
}

static bool has_records(struct session *session)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *ring = ring_of(session, cpu);

		if (ring && !ring_is_empty(ring))
			return true;
	}
	return false;
}

/* The ring whose next record has the lowest time, or NULL if all are empty. */
static struct ring *earliest(struct session *session)
{
	struct ring *first = NULL;
	u64 first_time = U64_MAX;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *ring = ring_of(session, cpu);
		const struct svmtrace_record *record;

		if (!ring || ring_is_empty(ring))
			continue;
		record = ring_at(ring, ring_tail(ring));
		if (record->time < first_time) {
			first_time = record->time;
			first = ring;
		}
	}
	return first;
}

/*
 * Is some ring, that was found empty, being written to? Its record may have an
 * earlier time than the one that was found; else, any that comes has a later one.
 */
static bool may_come_earlier(struct session *session)
{
	int cpu;

	/* A: after the head of the ring that was found */
	smp_mb();
	for_each_possible_cpu(cpu) {
		struct ring *ring = ring_of(session, cpu);

		if (ring && ring_is_empty(ring) && ring_pending(ring))
			return true;
	}
	return false;
}

static struct ring *next_ring(struct session *session)
{
	struct ring *ring = earliest(session);

	while (ring && may_come_earlier(session)) {
		/* Not for long: who writes a record cannot be preempted. */
		cond_resched();
		ring = earliest(session);
	}
	/* One that was empty may have got an earlier record before the check. */
	return ring ? earliest(session) : NULL;
}

/* The next record, which is whole, or NULL. Under read_lock. */
static const struct svmtrace_record *peek(struct session *session, struct ring **ring)
{
	*ring = next_ring(session);
	return *ring ? ring_at(*ring, ring_tail(*ring)) : NULL;
}

static void consume(struct ring *ring, const struct svmtrace_record *record)
{
	ring_consume(ring, ring_tail(ring) + record->size);
}

/*
 * Whoever reads chooses how much, and the rings are filled meanwhile: between records,
 * others get their turn, and signals.
 */
static bool may_go_on(size_t done)
{
	cond_resched();
	return !done || !signal_pending(current);
}

static ssize_t read_binary(struct session *session, char __user *buf, size_t size)
{
	const struct svmtrace_record *record;
	struct ring *ring;
	size_t done = 0;

	while (may_go_on(done) && (record = peek(session, &ring))) {
		if (record->size > size - done)
			return done ?: -EMSGSIZE;
		if (copy_to_user(buf + done, record, record->size))
			return done ?: -EFAULT;
		done += record->size;
		consume(ring, record);
	}
	return done;
}

static int alloc_line(struct session *session)
{
	struct session_line *line = &session->line;

	if (line->buf)
		return 0;
	line->size = text_line_max(session->config.iovs_max, session->config.preview_max);
	line->buf = kvmalloc(line->size, GFP_KERNEL_ACCOUNT);
	return line->buf ? 0 : -ENOMEM;
}

/* Makes the line of the next record. Return: false if there is none. */
static bool next_line(struct session *session)
{
	const struct text_style style = {
		.flags = text_style_default.flags,
		.iovs = session->config.iovs_max,
		.preview = session->config.preview_max,
	};
	struct session_line *line = &session->line;
	const struct svmtrace_record *record;
	struct record_view view;
	struct ring *ring;

	record = peek(session, &ring);
	if (!record)
		return false;
	WRITE_ONCE(line->start, 0);
	WRITE_ONCE(line->end, 0);
	if (!WARN_ON_ONCE(record_view(&view, record, record->size) <= 0))
		WRITE_ONCE(line->end, text_line(line->buf, line->size, &view, &style));
	consume(ring, record);
	return true;
}

/*
 * Whole lines, as many as fit; but if not even the first does, as much of it as
 * does, and the rest next time.
 */
static ssize_t read_text(struct session *session, char __user *buf, size_t size)
{
	struct session_line *line = &session->line;
	size_t done = 0;
	int err = alloc_line(session);

	if (err)
		return err;
	while (may_go_on(done) && (line->start < line->end || next_line(session))) {
		size_t chunk = line->end - line->start;

		if (chunk > size - done) {
			if (done)
				break;
			chunk = size;
		}
		if (copy_to_user(buf + done, line->buf + line->start, chunk))
			return done ?: -EFAULT;
		WRITE_ONCE(line->start, line->start + chunk);
		done += chunk;
		if (done == size)
			break;
	}
	return done;
}

static bool has_gaps(struct session *session)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		if (ring_of(session, cpu) && stream_has_gap(stream_of(session, cpu)))
			return true;
	}
	return false;
}

static bool is_started(struct session *session)
{
	return READ_ONCE(session->state) == SVMTRACE_STATE_STARTED;
}

/* Also without read_lock: whoever has it may be in the midst of a line. */
static bool has_line(struct session *session)
{
	return READ_ONCE(session->line.start) < READ_ONCE(session->line.end);
}

/* Anything but to go on sleeping. A full barrier before it looks. */
static bool is_ready(struct session *session)
{
	wait_prepare(session);
	if (!session_is_readable(session))
		return false;
	return has_records(session) || has_gaps(session) || has_line(session) ||
	       !is_started(session);
}

/* The first read() or poll() of a session starts it. */
static int start_if_new(struct session *session)
{
	int err = 0;

	if (READ_ONCE(session->state) == SVMTRACE_STATE_NEW)
		err = session_start(session, true);
	return err == -EALREADY ? 0 : err;
}

/*
 * A flight recorder has nothing to read as long as it overwrites. Under read_lock it
 * does not begin to do so again.
 */
static bool may_read(struct session *session)
{
	bool settled;

	/* Pairs with smp_store_release() by who settles it: then look at the rings. */
	if (smp_load_acquire(&session->settled))
		return true;
	mutex_lock(&session->map_lock);
	settled = session_settle(session);
	mutex_unlock(&session->map_lock);
	return settled;
}

/* Once a ring is mapped, its positions are no longer ours. */
static int enter_read_mode(struct session *session)
{
	int err = 0;

	mutex_lock(&session->map_lock);
	if (session->mapped)
		err = -EBUSY;
	else
		session->reading = true;
	mutex_unlock(&session->map_lock);
	return err;
}

static ssize_t read_now(struct session *session, char __user *buf, size_t size)
{
	ssize_t done = 0;

	if (mutex_lock_interruptible(&session->read_lock))
		return -ERESTARTSYS;
	if (may_read(session)) {
		if (has_gaps(session))
			session_flush_gaps(session);
		if (session->config.format == SVMTRACE_FORMAT_BINARY)
			done = read_binary(session, buf, size);
		else
			done = read_text(session, buf, size);
	}
	mutex_unlock(&session->read_lock);
	return done;
}

/**
 * reader_read() - read() of the device
 * @session:  of the file
 * @buf:      user memory
 * @size:     bytes
 * @nonblock: do not wait
 *
 * May sleep.
 *
 * Return: number of bytes; 0 at the end of a stopped session; -EAGAIN, -EBUSY if
 * a ring is mapped, -EFAULT, -EMSGSIZE, -ENOMEM, -ERESTARTSYS, or an error of
 * session_start().
 */
ssize_t reader_read(struct session *session, char __user *buf, size_t size,
		    bool nonblock)
{
	ssize_t done;
	bool stopped;
	int err;

	err = enter_read_mode(session);
	if (!err)
		err = start_if_new(session);
	if (err || !size)
		return err;
	for (;;) {
		stopped = !is_started(session);
		/* Then look: what is not there after a stop will never be. */
		smp_rmb();
		done = read_now(session, buf, size);
		if (done || stopped)
			return done;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(session->wait, is_ready(session)))
			return -ERESTARTSYS;
	}
}

/**
 * reader_poll() - poll() of the device
 * @session: of the file
 * @file:    the file
 * @table:   of the caller
 *
 * Return: EPOLLIN if there is something to read, with EPOLLHUP at the end of a
 * stopped session, EPOLLERR if it cannot be started.
 */
__poll_t reader_poll(struct session *session, struct file *file, poll_table *table)
{
	if (start_if_new(session))
		return EPOLLERR;
	poll_wait(file, &session->wait, table);
	if (session_is_readable(session) && has_gaps(session))
		session_flush_gaps(session);
	if (!is_ready(session))
		return 0;
	if (is_started(session))
		return EPOLLIN | EPOLLRDNORM;
	/* Then look: as in reader_read(). */
	smp_rmb();
	if (!has_records(session) && !has_line(session))
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return EPOLLIN | EPOLLRDNORM;
}
