/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_WAIT_H
#define SVMTRACE_WAIT_H

#include "session.h"

struct ring;

/*
 * WAIT_NONE:	 nobody waits, or was woken up already
 * WAIT_WAITING: a reader waits, no record has come yet
 * WAIT_FLUSH:	 a record has come, the flush is on its way
 */
enum { WAIT_NONE, WAIT_WAITING, WAIT_FLUSH };

void wait_init(struct session *session);
void wait_exit(struct session *session);
void wait_prepare(struct session *session);
void wait_wake(struct session *session);
void wait_wake_soon(struct session *session);
void wait_tell(struct session *session, const struct ring *ring);

/**
 * wait_notify() - a record was committed, or lost, which is news, too
 * @session: its session
 * @stream:  where; ring_leave() was called since if it has a ring
 *
 * In a probe.
 */
static inline void wait_notify(struct session *session, const struct stream *stream)
{
	/* D, after ring_leave() */
	if (unlikely(READ_ONCE(session->waiting) != WAIT_NONE) && stream->ring)
		wait_tell(session, stream->ring);
}

#endif /* SVMTRACE_WAIT_H */
