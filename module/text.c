// SPDX-License-Identifier: GPL-2.0
/*
 * One line of text per record, for people. This file is compiled into the
 * kernel module and into the tool.
 *
 * The look is that of strace:
 *
 *	73.015622190 [001] uid=1000 injector/812 process_vm_writev(640 sshd uid=0,
 *		[{0x7ffd2c10, 64}], 1, [{0x55d0c2a0, 64}], 1, 0) = 64 <4.1us> cross-uid
 *	73.015998004 [000] uid=0 feeder/900:901 vmsplice(4 pipe:71234 write 1/16,
 *		[{0x7f10a000, 4096}], 1, SPLICE_F_GIFT) = 4096 <2.0us>
 *
 * What comes from user space (names, payload) is escaped: no line has a byte
 * that is not printable ASCII.
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#else
#include <stdbool.h>
#endif

#include "names.h"
#include "put.h"
#include "text.h"

#define NSEC_IN_USEC	1000U
#define NSEC_IN_SEC	1000000000U

/* svmtrace_pipe.used_after before the call returns, or if it is no such pipe then. */
#define UNKNOWN_SLOTS	0xffffffffU

/* What a line may need beside arrays and payload: two names of a thread with 16
 * and two of an executable with 255 bytes, PUT_BYTE_MAX for each, and the rest.
 */
#define LINE_FIXED	4096
/* "{0x0123456789abcdef, 18446744073709551615}, " */
#define LINE_IOV	48

/* The marks that are shown as words at the end of the line. */
#define MARKS_SHOWN \
	(SVMTRACE_MARK_TARGET_BUSY | SVMTRACE_MARK_UNDECIDED | \
	 SVMTRACE_MARK_TARGET_AT_RETURN | SVMTRACE_MARK_TARGET_CHANGED | \
	 SVMTRACE_MARK_EXE_DELETED | SVMTRACE_MARK_EXE_MEMFD | \
	 (SVMTRACE_MARK_EXE_DELETED | SVMTRACE_MARK_EXE_MEMFD) << \
	 SVMTRACE_MARK_TARGET_EXE_SHIFT)

/* Shows everything that was recorded. */
const struct text_style text_style_default = {
	.flags = TEXT_TIME | TEXT_DURATION,
	.iovs = SVMTRACE_IOVS_MAX,
	.preview = SVMTRACE_PREVIEW_MAX,
};

static char *put_quoted(char *at, const void *bytes, size_t count)
{
	at = put_char(at, '"');
	at = put_escaped(at, bytes, count);
	return put_char(at, '"');
}

/* The characters that neither the line itself nor a string in it uses. */
static const bool is_plain[256] = {
	['!'] = true, ['#' ... '\''] = true, ['*' ... '+'] = true, ['-' ... '.'] = true,
	['0' ... ';'] = true, ['?' ... 'Z'] = true, ['^' ... 'z'] = true, ['|'] = true,
	['~'] = true,
};

/* A name, zero terminated if it is shorter than @size; in quotes if it is not plain. */
static char *put_name(char *at, const char *name, size_t size)
{
	bool plain = true;
	size_t len;

	for (len = 0; len < size && name[len]; len++) {
		at[len] = name[len];
		plain &= is_plain[(unsigned char)name[len]];
	}
	if (plain && len)
		return at + len;
	return put_quoted(at, name, len);
}

static char *put_address(char *at, __u64 address)
{
	if (address)
		at = put_hex(at, address);
	else
		at = put_text(at, "NULL");
	return at;
}

static char *put_bits(char *at, __u32 bits, const struct name_bit *names,
		      char separator)
{
	for (; names->bit; names++) {
		if (!(bits & names->bit))
			continue;
		bits &= ~names->bit;
		at = put_text(at, names->name);
		if (bits)
			at = put_char(at, separator);
	}
	if (bits)
		at = put_hex(at, bits);
	return at;
}

static char *put_time(char *at, __u64 ns)
{
	__u32 rest;
	__u64 seconds = div_u64_rem(ns, NSEC_IN_SEC, &rest);

	at = put_dec(at, seconds);
	at = put_char(at, '.');
	return put_padded(at, rest, 9);
}

/* Three units of a thousand each, with one digit after the point. */
static char *put_duration(char *at, __u64 ns)
{
	static const char units[][3] = { "ns", "us", "ms", "s" };
	unsigned int unit = 0;
	__u32 rest = 0;

	while (ns >= NSEC_IN_USEC && unit < 3) {
		ns = div_u64_rem(ns, NSEC_IN_USEC, &rest);
		unit++;
	}
	at = put_named(at, " <", ns);
	if (unit)
		at = put_named(at, ".", rest / 100);
	at = put_text(at, units[unit]);
	return put_char(at, '>');
}

static char *put_stamp(char *at, const struct record_view *v,
		       const struct text_style *style)
{
	if (!(style->flags & TEXT_TIME))
		return at;
	at = put_time(at, v->record->time);
	at = put_text(at, " [");
	at = put_padded(at, v->record->cpu, 3);
	return put_text(at, "] ");
}

/* In parentheses: nothing if it is called as the thread, and () if it is not known. */
static char *put_exe(char *at, const char *name, unsigned int len, bool known)
{
	if (known && !len)
		return at;
	at = put_char(at, '(');
	if (len)
		at = put_name(at, name, len);
	return put_char(at, ')');
}

static char *put_caller(char *at, const struct record_view *v)
{
	const struct svmtrace_caller *caller = v->caller;

	if (!caller) {
		at = put_named(at, "tid=", v->call->tid);
		return put_char(at, ' ');
	}
	at = put_named(at, "uid=", caller->uid);
	if (caller->euid != caller->uid)
		at = put_named(at, " euid=", caller->euid);
	at = put_char(at, ' ');
	at = put_name(at, caller->comm, sizeof(caller->comm));
	at = put_exe(at, v->exe, v->call->exe_len, !v->context || v->context->exe_ino);
	at = put_named(at, "/", caller->pid);
	if (v->call->tid != caller->pid)
		at = put_named(at, ":", v->call->tid);
	return put_char(at, ' ');
}

static char *put_target(char *at, const struct record_view *v)
{
	const struct svmtrace_target *target = v->target;

	if (v->record->marks & SVMTRACE_MARK_NO_TARGET)
		return put_text(at, " no-such-process");
	if (!target)
		return at;
	/* The argument names a thread, or is a number in another namespace. */
	if ((__s64)v->args[0] != target->pid)
		at = put_named(at, " pid=", target->pid);
	at = put_char(at, ' ');
	at = put_name(at, target->comm, sizeof(target->comm));
	at = put_exe(at, v->target_exe, v->call->target_exe_len,
		     !v->target_context || v->target_context->exe_ino);
	return put_named(at, " uid=", target->uid);
}

static char *put_pipe(char *at, const struct record_view *v)
{
	const struct svmtrace_pipe *pipe = v->pipe;

	if (!pipe)
		return at;
	if (pipe->direction != SVMTRACE_PIPE_WRITE &&
	    pipe->direction != SVMTRACE_PIPE_READ) {
		at = put_char(at, ' ');
		return put_text(at, name_direction(pipe->direction));
	}
	at = put_named(at, " pipe:", pipe->ino);
	at = put_char(at, ' ');
	at = put_text(at, name_direction(pipe->direction));
	at = put_named(at, " ", pipe->used_before);
	if (pipe->used_after != pipe->used_before && pipe->used_after != UNKNOWN_SLOTS)
		at = put_named(at, "->", pipe->used_after);
	return put_named(at, "/", pipe->slots);
}

/* The entries of an array, without what closes it. */
static char *put_entries(char *at, const struct svmtrace_iovec *iov,
			 unsigned int count, unsigned int shown)
{
	unsigned int i;

	for (i = 0; i < count && i < shown; i++) {
		if (i)
			at = put_text(at, ", ");
		at = put_char(at, '{');
		at = put_address(at, iov[i].base);
		at = put_named(at, ", ", iov[i].len);
		at = put_char(at, '}');
	}
	if (i < count)
		at = put_text(at, i ? ", ..." : "...");
	return at;
}

/* Where it is, is known if all entries before it are there. */
static char *put_unreadable(char *at, __u64 address, bool truncated)
{
	if (truncated)
		return put_text(at, " /* unreadable further on */");
	at = put_text(at, " /* ");
	at = put_address(at, address);
	return put_text(at, " unreadable */");
}

static char *put_array(char *at, const struct record_view *v, unsigned int side,
		       __u64 address, const struct text_style *style)
{
	unsigned int marks = v->record->marks >> (side * SVMTRACE_MARK_REMOTE_SHIFT);
	unsigned int count = side ? v->call->remote_iovs : v->call->iovs;
	unsigned int entry = v->call->abi == SVMTRACE_ABI_64 ? 16 : 8;
	bool more = marks & (SVMTRACE_MARK_UNREADABLE | SVMTRACE_MARK_TRUNCATED);

	/* Nothing of it is known, which is not to be empty. */
	if (!count && more)
		return put_address(at, address);
	at = put_char(at, '[');
	at = put_entries(at, v->iov[side], count, style->iovs);
	if (more && count <= style->iovs)
		at = put_text(at, ", ...");
	if (marks & SVMTRACE_MARK_UNREADABLE)
		at = put_unreadable(at, address + (__u64)count * entry,
				    marks & SVMTRACE_MARK_TRUNCATED);
	return put_char(at, ']');
}

/* What was found out about the array at return. */
static char *put_array_at_return(char *at, const struct record_view *v,
				 unsigned int side, const struct text_style *style)
{
	unsigned int marks = v->record->marks >> (side * SVMTRACE_MARK_REMOTE_SHIFT);
	unsigned int count = 0;

	if (v->extra)
		count = side ? v->extra->remote_iovs_at_return : v->extra->iovs_at_return;
	if (count) {
		at = put_text(at, " /* at return: [");
		at = put_entries(at, v->iov_at_return[side], count, style->iovs);
		at = put_text(at, "] */");
	} else if (marks & SVMTRACE_MARK_CHANGED) {
		at = put_text(at, " /* changed during the call */");
	} else if (marks & SVMTRACE_MARK_AT_RETURN) {
		at = put_text(at, " /* read at return */");
	}
	return at;
}

static char *put_payload(char *at, const __u8 *bytes, size_t count, bool more,
			 const struct text_style *style)
{
	size_t shown = count < style->preview ? count : style->preview;

	at = put_quoted(at, bytes, shown);
	if (more || shown < count)
		at = put_text(at, "...");
	return at;
}

static char *put_preview(char *at, const struct record_view *v,
			 const struct text_style *style)
{
	unsigned int marks = v->record->marks >> SVMTRACE_MARK_PREVIEW_SHIFT;
	bool more = marks & (SVMTRACE_MARK_TRUNCATED | SVMTRACE_MARK_UNREADABLE);
	bool arrives = v->pipe && v->pipe->direction == SVMTRACE_PIPE_READ;

	if (!style->preview)
		return at;
	if (v->extra && v->extra->preview_len) {
		at = put_char(at, ' ');
		at = put_payload(at, v->preview, v->extra->preview_len, more, style);
	}
	if (marks & SVMTRACE_MARK_UNREADABLE)
		at = put_text(at, " /* payload unreadable */");
	if (v->extra && v->extra->preview_at_return_len) {
		at = put_text(at, " /* at return: ");
		at = put_payload(at, v->preview_at_return, v->extra->preview_at_return_len,
				 more, style);
		at = put_text(at, " */");
	} else if (marks & SVMTRACE_MARK_CHANGED) {
		at = put_text(at, " /* payload changed during the call */");
	} else if (marks & SVMTRACE_MARK_AT_RETURN && !arrives) {
		at = put_text(at, " /* payload read at return */");
	}
	return at;
}

static char *put_arg(char *at, const struct record_view *v,
		     const struct arg_info *info, __u64 value,
		     const struct text_style *style)
{
	switch (info->show) {
	case ARG_HEX:
		if (value)
			at = put_hex(at, value);
		else
			at = put_char(at, '0');
		break;
	case ARG_SPLICE_FLAGS:
		if (value)
			at = put_bits(at, value, name_splice_flags, '|');
		else
			at = put_char(at, '0');
		break;
	case ARG_LOCAL_IOV:
		at = put_array(at, v, 0, value, style);
		at = put_array_at_return(at, v, 0, style);
		at = put_preview(at, v, style);
		break;
	case ARG_REMOTE_IOV:
		at = put_array(at, v, 1, value, style);
		at = put_array_at_return(at, v, 1, style);
		break;
	default:
		if (info->type == ARG_s32)
			at = put_signed(at, value);
		else
			at = put_dec(at, value);
	}
	if (info->show == ARG_PID)
		at = put_target(at, v);
	else if (info->show == ARG_FD)
		at = put_pipe(at, v);
	return at;
}

static char *put_args(char *at, const struct record_view *v,
		      const struct text_style *style)
{
	const struct arg_info *info = arg_info(v->record->syscall, 0);
	unsigned int i, count = record_nr_args(v->record->syscall);

	if (v->call->abi != SVMTRACE_ABI_64) {
		at = put_text(at, name_abi(v->call->abi));
		at = put_char(at, ' ');
	}
	at = put_text(at, name_syscall(v->record->syscall));
	at = put_char(at, '(');
	for (i = 0; i < count; i++) {
		if (i)
			at = put_text(at, ", ");
		at = put_arg(at, v, &info[i], v->args[i], style);
	}
	return put_char(at, ')');
}

static char *put_result(char *at, const struct record_view *v,
			const struct text_style *style)
{
	char buf[NAME_ERROR_LEN];
	long long ret = v->call->ret;
	const char *error;

	if (v->record->kind == SVMTRACE_KIND_ENTRY)
		return put_text(at, " = <unfinished ...>");
	if (v->record->marks & SVMTRACE_MARK_NO_RESULT)
		return put_text(at, " = ?");
	at = put_text(at, " = ");
	error = name_error(buf, sizeof(buf), ret);
	if (error) {
		at = put_text(at, name_restart(ret) ? "? " : "-1 ");
		at = put_text(at, error);
	} else {
		at = put_signed(at, ret);
	}
	if (style->flags & TEXT_SECONDS) {
		at = put_text(at, " <");
		at = put_time(at, v->record->time - v->call->entry_time);
		at = put_char(at, '>');
	} else if (style->flags & TEXT_DURATION) {
		at = put_duration(at, v->record->time - v->call->entry_time);
	}
	return at;
}

/* The relation, without the bits that others imply. */
static char *put_relation(char *at, const struct record_view *v)
{
	__u32 relation = v->call->relation;

	if (relation & SVMTRACE_REL_SELF)
		relation &= ~SVMTRACE_REL_THREAD;
	if (relation & (SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD))
		relation &= ~SVMTRACE_REL_MM;
	if (relation & SVMTRACE_REL_PARENT)
		relation &= ~SVMTRACE_REL_ANCESTOR;
	if (!relation)
		return at;
	at = put_char(at, ' ');
	return put_bits(at, relation, name_relations, ' ');
}

static char *put_marks(char *at, const struct record_view *v)
{
	__u32 marks = v->record->marks & MARKS_SHOWN;

	if (!marks)
		return at;
	at = put_char(at, ' ');
	return put_bits(at, marks, name_marks, ' ');
}

static char *put_cause(char *at, const char *cause, __u64 count)
{
	if (count)
		at = put_named(at, cause, count);
	return at;
}

static char *put_gap(char *at, const struct record_view *v)
{
	const struct svmtrace_gap *gap = v->gap;

	at = put_named(at, "--- ", gap->last_seq - gap->first_seq + 1);
	at = put_text(at, gap->first_seq == gap->last_seq ? " record" : " records");
	at = put_named(at, " lost on CPU ", v->record->cpu);
	at = put_named(at, ": seq ", gap->first_seq);
	at = put_named(at, " to ", gap->last_seq);
	at = put_cause(at, ", ring full ", gap->ring_full);
	at = put_cause(at, ", no ring ", gap->no_ring);
	at = put_cause(at, ", simulated ", gap->simulated);
	at = put_cause(at, ", overwritten ", gap->overwritten);
	return put_text(at, " ---");
}

/**
 * text_line_max() - size of the longest line
 * @iovs:    entries per iovec array that are recorded
 * @preview: bytes of payload that are recorded
 *
 * Return: bytes that text_line() needs. Any context.
 */
size_t text_line_max(unsigned int iovs, unsigned int preview)
{
	/* Local and remote, at entry and at return; payload at entry and at return. */
	return LINE_FIXED + (size_t)iovs * 4 * LINE_IOV + (size_t)preview * 2 * PUT_BYTE_MAX;
}

/**
 * text_line() - writes the line for a record
 * @buf:   where to
 * @size:  of @buf, at least text_line_max() of what @style shows
 * @v:	   parts of the record, as found by record_view(), which has not failed
 * @style: how it shall look
 *
 * The line ends in a newline. Any context.
 *
 * Return: bytes written, 0 if @size is too small for what a line can be.
 */
size_t text_line(char *buf, size_t size, const struct record_view *v,
		 const struct text_style *style)
{
	char *at = buf;

	/* From here on nothing looks for the end of the buffer. */
	if (size < text_line_max(style->iovs, style->preview))
		return 0;
	at = put_stamp(at, v, style);
	if (v->gap) {
		at = put_gap(at, v);
	} else if (v->call) {
		at = put_caller(at, v);
		at = put_args(at, v, style);
		at = put_result(at, v, style);
		at = put_relation(at, v);
		at = put_marks(at, v);
	} else {
		at = put_named(at, "--- record of unknown kind ", v->record->kind);
		at = put_named(at, ", syscall ", v->record->syscall);
		at = put_text(at, " ---");
	}
	return put_char(at, '\n') - buf;
}
