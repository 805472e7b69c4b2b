/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Emit: the plain record of a call that returns, which most are, is written inline;
 * all others by emit_record() and emit_long().
 */
#ifndef SVMTRACE_EMIT_H
#define SVMTRACE_EMIT_H

#include <linux/string.h>
#include <linux/types.h>

#include "record.h"
#include "session.h"
#include "snapshot.h"
#include "stream.h"
#include "wait.h"

#define EMIT_GROUPS (SVMTRACE_GROUP_EXTRA << 1)

/* Size of what stands between a record's header and its arrays, by syscall and groups. */
extern u16 emit_facts_sizes[SVMTRACE_NR_SYSCALLS][EMIT_GROUPS];

void emit_init(void);
void *emit_facts(void *pos, const struct snapshot *snap, u32 groups);
const struct svmtrace_record *emit_long(struct stream *stream, const struct snapshot *snap,
					const struct second_look *look, u32 groups, u64 now);
const struct svmtrace_record *emit_record(const struct session *session,
					  const struct snapshot *snap,
					  const struct second_look *look, u8 kind,
					  u32 marks, u64 now);
void emit_early(struct session *session, const struct snapshot *snap, u8 kind, u32 marks);

/* The facts of a process_vm_writev() stand in the snapshot as they do in a record. */
static __always_inline bool emit_is_row(const struct snapshot *snap, u32 groups)
{
	return snap->d.record.syscall == SVMTRACE_NR_process_vm_writev &&
	       !(groups & (groups + 1));
}

static __always_inline void *emit_iovs(void *pos, const struct svmtrace_iovec *iov, u32 n)
{
	struct svmtrace_iovec *to = pos;

	while (n--)
		*to++ = *iov++;
	return to;
}

static __always_inline size_t emit_facts_size(const struct snapshot *snap, u32 groups)
{
	return emit_facts_sizes[snap->d.record.syscall][groups];
}

static __always_inline size_t emit_plain_size(const struct snapshot *snap, size_t facts)
{
	return sizeof(struct svmtrace_record) + facts +
	       (snap->scan[LOCAL].read + snap->scan[REMOTE].read) * sizeof(*snap->iov[0]);
}

/* Return: where the arrays are to be written, and then names, if there are any. */
static __always_inline void *emit_head(struct svmtrace_record *record,
				       const struct snapshot *snap, u32 groups,
				       size_t facts)
{
	struct svmtrace_call *call = (struct svmtrace_call *)(record + 1);

	record->syscall = snap->d.record.syscall;
	record->marks = snap->d.record.marks;
	if (likely(emit_is_row(snap, groups)))
		memcpy(call, &snap->d.call, facts);
	else
		emit_facts(call, snap, groups);
	call->iovs = snap->scan[LOCAL].read;
	call->remote_iovs = snap->scan[REMOTE].read;
	call->groups = groups;
	return (char *)call + facts;
}

static __always_inline const struct svmtrace_record *
emit_plain(struct stream *stream, const struct snapshot *snap, u32 groups, u64 now)
{
	size_t facts = emit_facts_size(snap, groups), size = emit_plain_size(snap, facts);
	struct svmtrace_record *record = stream_next(stream, SVMTRACE_KIND_CALL, size, now);
	void *pos;

	if (unlikely(!record))
		return NULL;
	pos = emit_head(record, snap, groups, facts);
	pos = emit_iovs(pos, snap->iov[LOCAL], snap->scan[LOCAL].read);
	emit_iovs(pos, snap->iov[REMOTE], snap->scan[REMOTE].read);
	stream_commit(stream, record, SVMTRACE_KIND_CALL, size);
	return record;
}

/* Does the session record all entries that there are, and no preview? */
static __always_inline bool emit_takes_all(const struct session *session,
					   const struct snapshot *snap)
{
	return (int)snap->scan[LOCAL].read <= session->plain_iovs &&
	       (int)snap->scan[REMOTE].read <= session->plain_iovs;
}

/* Does the one record the same of a call that is seen by both? */
static __always_inline bool emit_is_same(const struct svmtrace_config *a,
					 const struct svmtrace_config *b)
{
	return a->groups == b->groups && a->iovs_max == b->iovs_max &&
	       a->preview_max == b->preview_max;
}

/**
 * emit_again() - writes a copy of a record of the same call on this CPU
 * @stream: of a session that records the same, on this CPU, after stream_enter()
 * @from:   the record
 * @now:    the time
 *
 * What does not fit the ring is counted as lost. In a probe.
 *
 * Return: the copy, or NULL.
 */
static __always_inline const struct svmtrace_record *
emit_again(struct stream *stream, const struct svmtrace_record *from, u64 now)
{
	size_t size = from->size;
	struct svmtrace_record *record = stream_room(stream, SVMTRACE_KIND_CALL, size, now);

	if (unlikely(!record))
		return NULL;
	memcpy(record, from, size);
	record->time = stream_next_time(stream, now);
	record->seq = stream->seq;
	stream_commit(stream, record, SVMTRACE_KIND_CALL, size);
	return record;
}

/**
 * emit_call() - writes a call that returns to the ring of a session on this CPU
 * @session: a session that sees the call
 * @stream:  of it, on this CPU, after stream_enter()
 * @snap:    the call
 * @look:    the second look
 * @now:     the time
 *
 * What does not fit the ring is counted as lost. In a probe.
 *
 * Return: the record, or NULL.
 */
static __always_inline const struct svmtrace_record *
emit_call(const struct session *session, struct stream *stream, const struct snapshot *snap,
	  const struct second_look *look, u64 now)
{
	u32 groups = session->config.groups & snap->d.present;

	if (unlikely(snap->special & ~(SPECIAL_NAMES | SPECIAL_ARRAYS) ||
		     !emit_takes_all(session, snap)))
		return emit_record(session, snap, look, SVMTRACE_KIND_CALL,
				   snap->d.record.marks, now);
	if (unlikely(snap->special))
		return emit_long(stream, snap, look, groups, now);
	return emit_plain(stream, snap, groups, now);
}

#endif /* SVMTRACE_EMIT_H */
