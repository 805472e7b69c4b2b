// SPDX-License-Identifier: GPL-2.0
/*
 * Emit: turns a snapshot into the record that a session asked for, right in the
 * memory of its ring.
 */
#include <linux/align.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "emit.h"

u16 emit_facts_sizes[SVMTRACE_NR_SYSCALLS][EMIT_GROUPS] __ro_after_init;

static u16 __init facts_size(unsigned int syscall, unsigned int groups)
{
	static const u16 sizes[] __initconst = {
		sizeof(struct svmtrace_caller), sizeof(struct svmtrace_context),
		sizeof(struct svmtrace_target), sizeof(struct svmtrace_target_context),
		sizeof(struct svmtrace_pipe), sizeof(struct svmtrace_extra),
	};
	u16 size = sizeof(struct svmtrace_call) + record_nr_args(syscall) * sizeof(u64);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		size += groups & BIT(i) ? sizes[i] : 0;
	return size;
}

/**
 * emit_init() - adds up the sizes of the parts of records
 */
void __init emit_init(void)
{
	unsigned int syscall, groups;

	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++)
		for (groups = 0; groups < EMIT_GROUPS; groups++)
			emit_facts_sizes[syscall][groups] = facts_size(syscall, groups);
}

/* A record in the making: what the session wants of what there is. */
struct draft {
	const struct svmtrace_config *config;
	const struct snapshot *snap;
	const struct second_look *look;
	u32 marks;
	u32 groups;
	bool at_return;
	u16 iovs[SIDES];
	u16 iovs_at_return[SIDES];
	u16 preview;
	u16 preview_at_return;
	u8 exe_len;
	u8 target_exe_len;
};

/* What the snapshot has no room for is what the second look has, if that is the same. */
static void plan_array(struct draft *draft, unsigned int side)
{
	const u32 then = draft->snap->scan[side].read;
	const u32 now = draft->look->scan[side].read;
	u32 max = draft->config->iovs_max;

	if (draft->marks & SIDE_MARK(side, SVMTRACE_MARK_CHANGED)) {
		draft->iovs_at_return[side] = min(now, max);
		max = min_t(u32, max, SNAPSHOT_IOVS);
	} else if (then > SNAPSHOT_IOVS && now < then) {
		max = min(max, max_t(u32, now, SNAPSHOT_IOVS));
		if (max > SNAPSHOT_IOVS)
			draft->marks |= SIDE_MARK(side, SVMTRACE_MARK_AT_RETURN);
	}
	draft->iovs[side] = min(then, max);
}

/* The second look has not the bytes of entry, so there are those the snapshot holds. */
static bool first_look_only(const struct draft *draft)
{
	return draft->at_return && (draft->marks & (PREVIEW_MARK(SVMTRACE_MARK_CHANGED) |
						    PREVIEW_MARK(SVMTRACE_MARK_UNCHECKED)));
}

static void plan_preview(struct draft *draft)
{
	const struct snapshot *snap = draft->snap;
	u32 max = draft->config->preview_max;

	if (!max) {
		draft->marks &= ~PREVIEW_MARKS;
		return;
	}
	if (draft->marks & PREVIEW_MARK(SVMTRACE_MARK_CHANGED))
		draft->preview_at_return = min_t(u32, draft->look->preview_len, max);
	if (first_look_only(draft))
		max = min_t(u32, max, SNAPSHOT_PREVIEW);
	draft->preview = min_t(u32, snap->preview_len, max);
}

static void plan(struct draft *draft)
{
	const struct snapshot *snap = draft->snap;

	draft->groups = draft->config->groups & snap->d.present;
	plan_array(draft, LOCAL);
	plan_array(draft, REMOTE);
	plan_preview(draft);
	if (draft->groups & SVMTRACE_GROUP_CONTEXT)
		draft->exe_len = snap->exe.len;
	if (draft->groups & SVMTRACE_GROUP_TARGET_CONTEXT)
		draft->target_exe_len = snap->target_exe.len;
	if (draft->iovs_at_return[LOCAL] || draft->iovs_at_return[REMOTE] ||
	    draft->preview || draft->preview_at_return)
		draft->groups |= SVMTRACE_GROUP_EXTRA;
}

static size_t size_of(const struct draft *draft)
{
	size_t size = sizeof(struct svmtrace_record) +
		      emit_facts_sizes[draft->snap->d.record.syscall][draft->groups];

	size += (draft->iovs[LOCAL] + draft->iovs[REMOTE] + draft->iovs_at_return[LOCAL] +
		 draft->iovs_at_return[REMOTE]) * sizeof(struct svmtrace_iovec);
	size += draft->exe_len + draft->target_exe_len;
	size += draft->preview + draft->preview_at_return;
	return ALIGN(size, 8);
}

/* Inline, so that what has a constant size is copied by a few moves. */
static __always_inline void *put(void *pos, const void *data, size_t size)
{
	memcpy(pos, data, size);
	return pos + size;
}

static char *put_array(char *pos, const struct draft *draft, unsigned int side)
{
	u32 first = min_t(u32, draft->iovs[side], SNAPSHOT_IOVS);

	pos = put(pos, draft->snap->iov[side], first * sizeof(struct svmtrace_iovec));
	return put(pos, draft->look->iov[side] + first,
		   (draft->iovs[side] - first) * sizeof(struct svmtrace_iovec));
}

static char *put_arrays(char *pos, const struct draft *draft)
{
	unsigned int side;

	for (side = LOCAL; side < SIDES; side++)
		pos = put_array(pos, draft, side);
	for (side = LOCAL; side < SIDES; side++)
		pos = put(pos, draft->look->iov[side],
			  draft->iovs_at_return[side] * sizeof(struct svmtrace_iovec));
	return pos;
}

/**
 * emit_facts() - writes what stands between the header and the arrays
 * @pos:    where to
 * @snap:   the call
 * @groups: that are recorded
 *
 * Return: where it ends. Any context.
 */
void *emit_facts(void *pos, const struct snapshot *snap, u32 groups)
{
	pos = put(pos, &snap->d.call, sizeof(snap->d.call));
	pos = put(pos, snap->d.args, record_nr_args(snap->d.record.syscall) * sizeof(u64));
	if (groups & SVMTRACE_GROUP_CALLER)
		pos = put(pos, &snap->d.caller, sizeof(snap->d.caller));
	if (groups & SVMTRACE_GROUP_CONTEXT)
		pos = put(pos, &snap->d.context, sizeof(snap->d.context));
	if (groups & SVMTRACE_GROUP_TARGET)
		pos = put(pos, &snap->d.target, sizeof(snap->d.target));
	if (groups & SVMTRACE_GROUP_TARGET_CONTEXT)
		pos = put(pos, &snap->d.target_context, sizeof(snap->d.target_context));
	if (groups & SVMTRACE_GROUP_PIPE)
		pos = put(pos, &snap->d.pipe, sizeof(snap->d.pipe));
	return pos;
}

static char *put_bytes(char *pos, const struct draft *draft)
{
	const struct snapshot *snap = draft->snap;
	const struct second_look *look = draft->look;
	/* Unchanged bytes are whole in the second look, the first has no room. */
	const u8 *preview = first_look_only(draft) ? snap->preview : look->preview;

	if (draft->exe_len)
		pos = put(pos, snap->exe.name, draft->exe_len);
	if (draft->target_exe_len)
		pos = put(pos, snap->target_exe.name, draft->target_exe_len);
	if (draft->preview)
		pos = put(pos, preview, draft->preview);
	if (draft->preview_at_return)
		pos = put(pos, look->preview, draft->preview_at_return);
	return pos;
}

/* Less than there was, for no other reason than that it did not fit. */
static u32 truncation(const struct draft *draft)
{
	const struct snapshot *snap = draft->snap;
	u64 bytes = snap->d.call.bytes;
	u32 marks = 0;

	if (draft->iovs[LOCAL] < snap->scan[LOCAL].read ||
	    snapshot_count(snap, LOCAL) > SVMTRACE_IOVS_MAX)
		marks |= SVMTRACE_MARK_TRUNCATED;
	if (draft->iovs[REMOTE] < snap->scan[REMOTE].read ||
	    (snap->d.record.syscall == SVMTRACE_NR_process_vm_writev &&
	     snapshot_count(snap, REMOTE) > SVMTRACE_IOVS_MAX))
		marks |= SIDE_MARK(REMOTE, SVMTRACE_MARK_TRUNCATED);

	if (snap->d.pipe.direction == SVMTRACE_PIPE_READ)
		bytes = max_t(s64, snap->d.call.ret, 0);
	if (draft->config->preview_max && draft->preview < bytes &&
	    !(draft->marks & PREVIEW_MARK(SVMTRACE_MARK_UNREADABLE) &&
	      draft->preview == snap->preview_len))
		marks |= PREVIEW_MARK(SVMTRACE_MARK_TRUNCATED);
	return marks;
}

static size_t fill(struct svmtrace_record *record, struct draft *draft)
{
	struct svmtrace_call *call = (struct svmtrace_call *)(record + 1);
	const struct snapshot *snap = draft->snap;
	struct svmtrace_extra *extra = NULL;
	char *pos = emit_facts(call, snap, draft->groups);
	size_t size;

	if (draft->groups & SVMTRACE_GROUP_EXTRA) {
		extra = (struct svmtrace_extra *)pos;
		pos += sizeof(*extra);
	}
	pos = put_arrays(pos, draft);
	pos = put_bytes(pos, draft);
	for (size = pos - (char *)record; size % 8; size++)
		*pos++ = 0;

	call->iovs = draft->iovs[LOCAL];
	call->remote_iovs = draft->iovs[REMOTE];
	call->groups = draft->groups;
	call->exe_len = draft->exe_len;
	call->target_exe_len = draft->target_exe_len;
	if (extra)
		*extra = (struct svmtrace_extra){
			.iovs_at_return = draft->iovs_at_return[LOCAL],
			.remote_iovs_at_return = draft->iovs_at_return[REMOTE],
			.preview_len = draft->preview,
			.preview_at_return_len = draft->preview_at_return,
		};
	record->syscall = snap->d.record.syscall;
	record->marks = draft->marks | truncation(draft);
	return size;
}

/**
 * emit_record() - writes a call to the ring of a session on this CPU
 * @session: a session that sees the call; after stream_enter() of it
 * @snap:    the call
 * @look:    at return, the second look; at entry, the preview
 * @kind:    SVMTRACE_KIND_CALL or _ENTRY
 * @marks:   SVMTRACE_MARK_
 * @now:     the time
 *
 * Of any call; what does not fit the ring is counted as lost. In a probe.
 *
 * Return: the record, or NULL.
 */
const struct svmtrace_record *emit_record(const struct session *session,
					  const struct snapshot *snap,
					  const struct second_look *look, u8 kind,
					  u32 marks, u64 now)
{
	struct stream *stream = this_cpu_ptr(session->streams);
	struct draft draft = {
		.config = &session->config,
		.snap = snap,
		.look = look,
		.marks = marks,
		.at_return = !(marks & SVMTRACE_MARK_NO_RESULT),
	};
	struct svmtrace_record *record;

	plan(&draft);
	record = stream_next(stream, kind, size_of(&draft), now);
	if (record)
		stream_commit(stream, record, kind, fill(record, &draft));
	return record;
}

/**
 * emit_early() - writes a call that has not returned, or will not be seen to
 * @session: a session that sees the call
 * @snap:    the call
 * @kind:    SVMTRACE_KIND_CALL or _ENTRY
 * @marks:   SVMTRACE_MARK_
 *
 * Enters the ring, takes the time, and tells who waits. In a probe.
 */
void emit_early(struct session *session, const struct snapshot *snap, u8 kind, u32 marks)
{
	struct stream *stream = this_cpu_ptr(session->streams);

	if (stream_enter(stream, kind))
		emit_record(session, snap, snapshot_look(), kind, marks,
			    ktime_get_mono_fast_ns());
	wait_notify(session, stream);
}

/* Of both executables, and zeros up to a multiple of 8 bytes. */
static __always_inline void put_names(char *pos, const struct snapshot *snap, u32 exe_len,
				      u32 target_len)
{
	u32 len = exe_len + target_len;

	memset(pos + round_down(len, 8), 0, len % 8 ? 8 : 0);
	memcpy(pos, snap->exe.name, exe_len);
	memcpy(pos + exe_len, snap->target_exe.name, target_len);
}

/**
 * emit_long() - writes a plain record with the names of executables, or long arrays
 * @stream: of a session on this CPU, after stream_enter()
 * @snap:   the call, special for no other reason
 * @look:   the second look, which has found the arrays as they were
 * @groups: that are recorded
 * @now:    the time
 *
 * Names are of a process that is not called as its file is: that of a script, for
 * example. In a probe.
 *
 * Return: the record, or NULL.
 */
const struct svmtrace_record *emit_long(struct stream *stream, const struct snapshot *snap,
					const struct second_look *look, u32 groups, u64 now)
{
	const bool many = snap->special & SPECIAL_ARRAYS;
	u32 exe_len = groups & SVMTRACE_GROUP_CONTEXT ? snap->exe.len : 0;
	u32 target_len = groups & SVMTRACE_GROUP_TARGET_CONTEXT ? snap->target_exe.len : 0;
	size_t facts = emit_facts_size(snap, groups);
	size_t size = emit_plain_size(snap, facts) + ALIGN(exe_len + target_len, 8);
	struct svmtrace_record *record = stream_next(stream, SVMTRACE_KIND_CALL, size, now);
	struct svmtrace_call *call;
	unsigned int side;
	void *pos;

	if (!record)
		return NULL;
	pos = emit_head(record, snap, groups, facts);
	call = (struct svmtrace_call *)(record + 1);
	call->exe_len = exe_len;
	call->target_exe_len = target_len;
	for (side = LOCAL; side < SIDES; side++)
		pos = put(pos, many ? look->iov[side] : snap->iov[side],
			  snap->scan[side].read * sizeof(struct svmtrace_iovec));
	put_names(pos, snap, exe_len, target_len);
	stream_commit(stream, record, SVMTRACE_KIND_CALL, size);
	return record;
}
