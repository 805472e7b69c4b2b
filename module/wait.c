// SPDX-License-Identifier: GPL-2.0
/*
 * Wait: how a probe wakes up the readers of a session.
 *
 * A probe may neither wake up anybody nor start a timer; it raises an irq_work,
 * and only if a reader waits. A ring filled to the watermark wakes the reader up
 * at once, anything else after flush_ms.
 *
 * A reader sets WAIT_WAITING, and looks at the rings after that. Who commits a
 * record looks at @waiting after that. Both have a full barrier in between, the
 * pair D of ring.h, so that one of them sees the other.
 */
#include "ring.h"
#include "session.h"
#include "wait.h"

/**
 * wait_wake() - wakes the readers up now
 * @session: any
 *
 * Not in a probe.
 */
void wait_wake(struct session *session)
{
	WRITE_ONCE(session->waiting, WAIT_NONE);
	wake_up_all(&session->wait);
}

/**
 * wait_wake_soon() - wakes the readers up
 * @session: any
 *
 * In a probe, or elsewhere.
 */
void wait_wake_soon(struct session *session)
{
	WRITE_ONCE(session->waiting, WAIT_NONE);
	irq_work_queue(&session->wake);
}

static void flush_now(struct work_struct *work)
{
	wait_wake(container_of(to_delayed_work(work), struct session, flush));
}

/* In an interrupt, or a thread of PREEMPT_RT: may take the locks of a wake-up. */
static void wake_work(struct irq_work *work)
{
	struct session *session = container_of(work, struct session, wake);

	if (READ_ONCE(session->waiting) == WAIT_FLUSH)
		schedule_delayed_work(&session->flush,
				      msecs_to_jiffies(session->config.flush_ms));
	else
		wait_wake(session);
}

/**
 * wait_init() - prepares the waiting of a new session
 * @session: new
 */
void wait_init(struct session *session)
{
	init_waitqueue_head(&session->wait);
	init_irq_work(&session->wake, wake_work);
	INIT_DELAYED_WORK(&session->flush, flush_now);
}

/**
 * wait_exit() - ends what may still be on its way
 * @session: no call sees it, and no reader, any more
 *
 * May sleep.
 */
void wait_exit(struct session *session)
{
	irq_work_sync(&session->wake);
	cancel_delayed_work_sync(&session->flush);
}

/**
 * wait_prepare() - to be called before looking for records, and then sleeping
 * @session: any
 *
 * A full barrier.
 */
void wait_prepare(struct session *session)
{
	smp_store_mb(session->waiting, WAIT_WAITING);	/* D */
}

/**
 * wait_tell() - a record was committed, or lost, and a reader waits or did just now
 * @session: its session
 * @ring:    of the record
 *
 * In a probe.
 */
void wait_tell(struct session *session, const struct ring *ring)
{
	int waiting = READ_ONCE(session->waiting);
	u64 used;

	if (waiting == WAIT_NONE || !session_is_readable(session))
		return;
	used = ring_head(ring) - ring_tail(ring);
	if (used >= session->config.watermark || !session->config.flush_ms)
		WRITE_ONCE(session->waiting, WAIT_NONE);
	else if (waiting == WAIT_FLUSH ||
		 cmpxchg(&session->waiting, WAIT_WAITING, WAIT_FLUSH) != WAIT_WAITING)
		return;
	irq_work_queue(&session->wake);
}
