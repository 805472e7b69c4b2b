/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the parts of a record are. Used by the module to write and to print
 * records, and by the tool to read them; knows nothing but the UAPI.
 */
#ifndef SVMTRACE_RECORD_H
#define SVMTRACE_RECORD_H

#include <linux/svmtrace.h>

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/errno.h>
#else
#include <stddef.h>
#include <errno.h>
#endif

/**
 * struct record_view - pointers to the parts of a record
 * @record:	    the record
 * @gap:	    of a gap, and then nothing else
 * @call:	    of a call or an entry
 * @args:	    the arguments, as many as the syscall has
 * @caller:	    NULL if not recorded, as are the following
 * @context:	    of the caller
 * @target:	    of process_vm_writev
 * @target_context: of process_vm_writev
 * @pipe:	    of vmsplice
 * @extra:	    lengths of the optional arrays
 * @iov:	    arrays at entry: 0 local, 1 remote
 * @iov_at_return:  arrays at return, if they changed
 * @exe:	    caller's executable, call->exe_len bytes, not terminated
 * @target_exe:	    target's executable, call->target_exe_len bytes
 * @preview:	    extra->preview_len bytes, NULL without @extra
 * @preview_at_return: extra->preview_at_return_len bytes, NULL without @extra
 */
struct record_view {
	const struct svmtrace_record *record;
	const struct svmtrace_gap *gap;
	const struct svmtrace_call *call;
	const __u64 *args;
	const struct svmtrace_caller *caller;
	const struct svmtrace_context *context;
	const struct svmtrace_target *target;
	const struct svmtrace_target_context *target_context;
	const struct svmtrace_pipe *pipe;
	const struct svmtrace_extra *extra;
	const struct svmtrace_iovec *iov[2];
	const struct svmtrace_iovec *iov_at_return[2];
	const char *exe;
	const char *target_exe;
	const __u8 *preview;
	const __u8 *preview_at_return;
};

/**
 * record_nr_args() - number of arguments of a traced syscall
 * @syscall: SVMTRACE_NR_
 *
 * Return: 1 to SVMTRACE_ARGS_MAX, or 0 for an unknown syscall. Any context.
 */
static inline unsigned int record_nr_args(unsigned int syscall)
{
	static const __u8 nr_args[] = {
#define SVMTRACE_SYSCALL(number, name, nr_args) \
		[number] = nr_args,
#include <linux/svmtrace_fields.h>
	};

	return syscall < SVMTRACE_NR_SYSCALLS ? nr_args[syscall] : 0;
}

/* Takes @size bytes off the record: NULL, and no more parts, if they are not there. */
static inline const void *record_take(const char **pos, size_t *left, size_t size)
{
	const char *part = *pos;

	if (!part || *left < size) {
		*pos = NULL;
		return NULL;
	}
	*pos += size;
	*left -= size;
	return part;
}

static inline const void *record_take_group(const char **pos, size_t *left,
					    const struct svmtrace_call *call,
					    unsigned int group, size_t size)
{
	return call->groups & group ? record_take(pos, left, size) : NULL;
}

/**
 * record_view() - finds the parts of a record
 * @v:	  filled in
 * @data: the record, aligned to 8 bytes
 * @size: bytes that can be read at @data
 *
 * Trusts nothing but @size: no pointer in @v leads outside of @data, whatever
 * the bytes are. Any context.
 *
 * Return: the size of the record; 0 for a whole record of unknown kind or
 * syscall: only @v->record is set then; -EAGAIN if @size ends before the
 * record does; -EBADMSG if the parts do not fit the record.
 */
static inline long record_view(struct record_view *v, const void *data, size_t size)
{
	const struct svmtrace_record *record = data;
	const struct svmtrace_call *call;
	const char *pos = data;
	unsigned int nr_args;
	size_t left;

	*v = (struct record_view){ .record = record };
	if (size < sizeof(*record))
		return -EAGAIN;
	if (record->size < sizeof(*record) || record->size % 8)
		return -EBADMSG;
	if (size < record->size)
		return -EAGAIN;
	left = record->size;
	record_take(&pos, &left, sizeof(*record));

	if (record->kind == SVMTRACE_KIND_GAP) {
		v->gap = record_take(&pos, &left, sizeof(*v->gap));
		return v->gap ? (long)record->size : -EBADMSG;
	}
	nr_args = record_nr_args(record->syscall);
	if (record->kind > SVMTRACE_KIND_ENTRY || !nr_args)
		return 0;

	call = record_take(&pos, &left, sizeof(*call));
	if (!call)
		return -EBADMSG;
	v->call = call;
	v->args = record_take(&pos, &left, nr_args * sizeof(__u64));
	v->caller = record_take_group(&pos, &left, call, SVMTRACE_GROUP_CALLER,
				      sizeof(*v->caller));
	v->context = record_take_group(&pos, &left, call, SVMTRACE_GROUP_CONTEXT,
				       sizeof(*v->context));
	v->target = record_take_group(&pos, &left, call, SVMTRACE_GROUP_TARGET,
				      sizeof(*v->target));
	v->target_context = record_take_group(&pos, &left, call,
					      SVMTRACE_GROUP_TARGET_CONTEXT,
					      sizeof(*v->target_context));
	v->pipe = record_take_group(&pos, &left, call, SVMTRACE_GROUP_PIPE,
				    sizeof(*v->pipe));
	v->extra = record_take_group(&pos, &left, call, SVMTRACE_GROUP_EXTRA,
				     sizeof(*v->extra));
	v->iov[0] = record_take(&pos, &left, call->iovs * sizeof(*v->iov[0]));
	v->iov[1] = record_take(&pos, &left, call->remote_iovs * sizeof(*v->iov[1]));
	if (v->extra) {
		v->iov_at_return[0] = record_take(&pos, &left, v->extra->iovs_at_return *
						  sizeof(*v->iov[0]));
		v->iov_at_return[1] = record_take(&pos, &left,
						  v->extra->remote_iovs_at_return *
						  sizeof(*v->iov[1]));
	}
	v->exe = record_take(&pos, &left, call->exe_len);
	v->target_exe = record_take(&pos, &left, call->target_exe_len);
	if (v->extra) {
		v->preview = record_take(&pos, &left, v->extra->preview_len);
		v->preview_at_return = record_take(&pos, &left,
						   v->extra->preview_at_return_len);
	}
	return pos ? (long)record->size : -EBADMSG;
}

#endif /* SVMTRACE_RECORD_H */
