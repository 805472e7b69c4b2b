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
#include <linux/math64.h>
#include <linux/string.h>
#else
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#endif

#include "names.h"
#include "text.h"

#ifndef __KERNEL__
/* What the kernel has and libc has not; the kernel's build checks formats. */
#define __printf(format, args)

static inline __u64 div_u64_rem(__u64 dividend, __u32 divisor, __u32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}
#endif

#define NSEC_IN_USEC	1000U
#define NSEC_IN_SEC	1000000000U

/* What a line may need beside arrays and payload: two names of a thread with 16
 * and two of an executable with 255 bytes, four characters for each, and the rest.
 */
#define LINE_FIXED	4096
/* "{0x0123456789abcdef, 18446744073709551615}, " */
#define LINE_IOV	48
/* "\377" */
#define LINE_BYTE	4

/* The marks that are shown as words at the end of the line. */
#define MARKS_SHOWN \
	(SVMTRACE_MARK_TARGET_BUSY | SVMTRACE_MARK_UNDECIDED | \
	 SVMTRACE_MARK_EXE_DELETED | SVMTRACE_MARK_EXE_MEMFD | \
	 (SVMTRACE_MARK_EXE_DELETED | SVMTRACE_MARK_EXE_MEMFD) << \
	 SVMTRACE_MARK_TARGET_EXE_SHIFT)

/* Shows everything that was recorded. */
const struct text_style text_style_default = {
	.flags = TEXT_TIME | TEXT_DURATION,
	.iovs = SVMTRACE_IOVS_MAX,
	.preview = SVMTRACE_PREVIEW_MAX,
};

/* A line that is being written: @size includes the zero at the end. */
struct line {
	char *buf;
	size_t len;
	size_t size;
	bool cut;
};

static void put_char(struct line *l, char c)
{
	if (l->len + 1 < l->size)
		l->buf[l->len++] = c;
	else
		l->cut = true;
}

static void put_text(struct line *l, const char *text)
{
	while (*text)
		put_char(l, *text++);
}

static __printf(2, 3) void put(struct line *l, const char *format, ...)
{
	size_t room = l->size - l->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->buf + l->len, room, format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	if ((size_t)n >= room) {
		n = room - 1;
		l->cut = true;
	}
	l->len += n;
}

/* Ends the line, with dots if some of it had no room. */
static size_t end_line(struct line *l)
{
	static const char dots[] = "...";

	put_char(l, '\n');
	if (l->cut) {
		l->len = l->size - sizeof(dots) - 1;
		memcpy(l->buf + l->len, dots, sizeof(dots) - 1);
		l->len += sizeof(dots) - 1;
		l->buf[l->len++] = '\n';
	}
	l->buf[l->len] = '\0';
	return l->len;
}

static bool is_printable(unsigned char c)
{
	return c >= ' ' && c <= '~';
}

static bool is_octal(unsigned char c)
{
	return c >= '0' && c <= '7';
}

/* @next is the byte after @c: three digits, if it could be taken for a fourth. */
static void put_octal(struct line *l, unsigned char c, unsigned char next)
{
	put_char(l, '\\');
	if (c > 077 || is_octal(next))
		put_char(l, '0' + (c >> 6));
	if (c > 07 || is_octal(next))
		put_char(l, '0' + (c >> 3 & 7));
	put_char(l, '0' + (c & 7));
}

static void put_escaped(struct line *l, const unsigned char *bytes, size_t count)
{
	static const char control[] = "abtnvfr"; /* from 7 */
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned char c = bytes[i];

		if (c == '"' || c == '\\') {
			put_char(l, '\\');
			put_char(l, c);
		} else if (is_printable(c)) {
			put_char(l, c);
		} else if (c >= '\a' && c <= '\r') {
			put_char(l, '\\');
			put_char(l, control[c - '\a']);
		} else {
			put_octal(l, c, i + 1 < count ? bytes[i + 1] : 0);
		}
	}
}

static void put_quoted(struct line *l, const void *bytes, size_t count)
{
	put_char(l, '"');
	put_escaped(l, bytes, count);
	put_char(l, '"');
}

/* A name in quotes if it has a character that the line itself uses. */
static void put_name(struct line *l, const char *name, size_t size)
{
	static const char special[] = " \"\\/(),[]{}<>=";
	size_t len = 0;
	bool plain = true;

	for (; len < size && name[len]; len++)
		plain = plain && is_printable(name[len]) && !strchr(special, name[len]);
	if (!plain || !len)
		put_quoted(l, name, len);
	else
		put(l, "%.*s", (int)len, name);
}

static void put_address(struct line *l, __u64 address)
{
	if (address)
		put(l, "0x%llx", (unsigned long long)address);
	else
		put_text(l, "NULL");
}

static void put_bits(struct line *l, __u32 bits, const struct name_bit *names,
		     char separator)
{
	for (; names->bit; names++) {
		if (!(bits & names->bit))
			continue;
		bits &= ~names->bit;
		put_text(l, names->name);
		if (bits)
			put_char(l, separator);
	}
	if (bits)
		put(l, "0x%x", bits);
}

static void put_time(struct line *l, __u64 ns)
{
	__u32 rest;
	__u64 seconds = div_u64_rem(ns, NSEC_IN_SEC, &rest);

	put(l, "%llu.%09u", (unsigned long long)seconds, rest);
}

/* Three units of a thousand each, with one digit after the point. */
static void put_duration(struct line *l, __u64 ns)
{
	static const char units[][3] = { "ns", "us", "ms", "s" };
	unsigned int unit = 0;
	__u32 rest = 0;

	while (ns >= NSEC_IN_USEC && unit < 3) {
		ns = div_u64_rem(ns, NSEC_IN_USEC, &rest);
		unit++;
	}
	if (unit)
		put(l, " <%llu.%u%s>", (unsigned long long)ns, rest / 100, units[unit]);
	else
		put(l, " <%lluns>", (unsigned long long)ns);
}

static void put_stamp(struct line *l, const struct record_view *v,
		      const struct text_style *style)
{
	if (!(style->flags & TEXT_TIME))
		return;
	put_time(l, v->record->time);
	put(l, " [%03u] ", v->record->cpu);
}

static void put_caller(struct line *l, const struct record_view *v)
{
	const struct svmtrace_caller *caller = v->caller;

	if (!caller) {
		put(l, "tid=%u ", v->call->tid);
		return;
	}
	put(l, "uid=%u ", caller->uid);
	if (caller->euid != caller->uid)
		put(l, "euid=%u ", caller->euid);
	put_name(l, caller->comm, sizeof(caller->comm));
	if (v->call->exe_len) {
		put_char(l, '(');
		put_name(l, v->exe, v->call->exe_len);
		put_char(l, ')');
	}
	put(l, "/%u", caller->pid);
	if (v->call->tid != caller->pid)
		put(l, ":%u", v->call->tid);
	put_char(l, ' ');
}

static void put_target(struct line *l, const struct record_view *v)
{
	const struct svmtrace_target *target = v->target;

	if (v->record->marks & SVMTRACE_MARK_NO_TARGET) {
		put_text(l, " no-such-process");
		return;
	}
	if (!target)
		return;
	/* The argument names a thread, or is a number in another namespace. */
	if ((__s64)v->args[0] != target->pid)
		put(l, " pid=%u", target->pid);
	put_char(l, ' ');
	put_name(l, target->comm, sizeof(target->comm));
	if (v->call->target_exe_len) {
		put_char(l, '(');
		put_name(l, v->target_exe, v->call->target_exe_len);
		put_char(l, ')');
	}
	put(l, " uid=%u", target->uid);
}

static void put_pipe(struct line *l, const struct record_view *v)
{
	const struct svmtrace_pipe *pipe = v->pipe;

	if (!pipe)
		return;
	if (pipe->direction != SVMTRACE_PIPE_WRITE &&
	    pipe->direction != SVMTRACE_PIPE_READ) {
		put(l, " %s", name_direction(pipe->direction));
		return;
	}
	put(l, " pipe:%llu %s %u", (unsigned long long)pipe->ino,
	    name_direction(pipe->direction), pipe->used_before);
	if (v->record->kind == SVMTRACE_KIND_CALL &&
	    !(v->record->marks & SVMTRACE_MARK_NO_RESULT) &&
	    pipe->used_after != pipe->used_before)
		put(l, "->%u", pipe->used_after);
	put(l, "/%u", pipe->slots);
}

/* The entries of an array, without what closes it. */
static void put_entries(struct line *l, const struct svmtrace_iovec *iov,
			unsigned int count, unsigned int shown)
{
	unsigned int i;

	for (i = 0; i < count && i < shown; i++) {
		put_text(l, i ? ", {" : "{");
		put_address(l, iov[i].base);
		put(l, ", %llu}", (unsigned long long)iov[i].len);
	}
	if (i < count)
		put_text(l, i ? ", ..." : "...");
}

static void put_array(struct line *l, const struct record_view *v, unsigned int side,
		      __u64 address, const struct text_style *style)
{
	unsigned int marks = v->record->marks >> (side * SVMTRACE_MARK_REMOTE_SHIFT);
	unsigned int count = side ? v->call->remote_iovs : v->call->iovs;
	unsigned int entry = v->call->abi == SVMTRACE_ABI_64 ? 16 : 8;
	/* All that was found, or nothing: the array was not worth a bracket. */
	bool none = marks & (SVMTRACE_MARK_UNREADABLE | SVMTRACE_MARK_TRUNCATED);

	if (!count && none) {
		put_address(l, address);
		return;
	}
	put_char(l, '[');
	put_entries(l, v->iov[side], count, style->iovs);
	if (marks & SVMTRACE_MARK_UNREADABLE) {
		put_text(l, ", ... /* ");
		put_address(l, address + (__u64)count * entry);
		put_text(l, " unreadable */");
	} else if (marks & SVMTRACE_MARK_TRUNCATED && count <= style->iovs) {
		put_text(l, ", ...");
	}
	put_char(l, ']');
}

/* What was found out about the array at return. */
static void put_array_at_return(struct line *l, const struct record_view *v,
				unsigned int side, const struct text_style *style)
{
	unsigned int marks = v->record->marks >> (side * SVMTRACE_MARK_REMOTE_SHIFT);
	unsigned int count = 0;

	if (v->extra)
		count = side ? v->extra->remote_iovs_at_return : v->extra->iovs_at_return;
	if (count) {
		put_text(l, " /* at return: [");
		put_entries(l, v->iov_at_return[side], count, style->iovs);
		put_text(l, "] */");
	} else if (marks & SVMTRACE_MARK_CHANGED) {
		put_text(l, " /* changed during the call */");
	} else if (marks & SVMTRACE_MARK_AT_RETURN) {
		put_text(l, " /* read at return */");
	}
}

static void put_payload(struct line *l, const __u8 *bytes, size_t count, bool more,
			const struct text_style *style)
{
	size_t shown = count < style->preview ? count : style->preview;

	put_quoted(l, bytes, shown);
	if (more || shown < count)
		put_text(l, "...");
}

static void put_preview(struct line *l, const struct record_view *v,
			const struct text_style *style)
{
	unsigned int marks = v->record->marks >> SVMTRACE_MARK_PREVIEW_SHIFT;
	bool more = marks & (SVMTRACE_MARK_TRUNCATED | SVMTRACE_MARK_UNREADABLE);
	bool arrives = v->pipe && v->pipe->direction == SVMTRACE_PIPE_READ;

	if (!style->preview)
		return;
	if (v->extra && v->extra->preview_len) {
		put_char(l, ' ');
		put_payload(l, v->preview, v->extra->preview_len, more, style);
	}
	if (marks & SVMTRACE_MARK_UNREADABLE)
		put_text(l, " /* payload unreadable */");
	if (v->extra && v->extra->preview_at_return_len) {
		put_text(l, " /* at return: ");
		put_payload(l, v->preview_at_return, v->extra->preview_at_return_len,
			    more, style);
		put_text(l, " */");
	} else if (marks & SVMTRACE_MARK_CHANGED) {
		put_text(l, " /* payload changed during the call */");
	} else if (marks & SVMTRACE_MARK_AT_RETURN && !arrives) {
		put_text(l, " /* payload read at return */");
	}
}

static void put_arg(struct line *l, const struct record_view *v,
		    const struct arg_info *info, __u64 value,
		    const struct text_style *style)
{
	switch (info->show) {
	case ARG_HEX:
		put(l, value ? "0x%llx" : "%llu", (unsigned long long)value);
		break;
	case ARG_SPLICE_FLAGS:
		if (value)
			put_bits(l, value, name_splice_flags, '|');
		else
			put_char(l, '0');
		break;
	case ARG_LOCAL_IOV:
		put_array(l, v, 0, value, style);
		put_array_at_return(l, v, 0, style);
		put_preview(l, v, style);
		break;
	case ARG_REMOTE_IOV:
		put_array(l, v, 1, value, style);
		put_array_at_return(l, v, 1, style);
		break;
	default:
		put(l, info->type == ARG_s32 ? "%lld" : "%llu", (unsigned long long)value);
	}
	if (info->show == ARG_PID)
		put_target(l, v);
	else if (info->show == ARG_FD)
		put_pipe(l, v);
}

static void put_args(struct line *l, const struct record_view *v,
		     const struct text_style *style)
{
	unsigned int i, count = record_nr_args(v->record->syscall);

	if (v->call->abi != SVMTRACE_ABI_64)
		put(l, "%s ", name_abi(v->call->abi));
	put(l, "%s(", name_syscall(v->record->syscall));
	for (i = 0; i < count; i++) {
		if (i)
			put_text(l, ", ");
		put_arg(l, v, arg_info(v->record->syscall, i), v->args[i], style);
	}
	put_char(l, ')');
}

static void put_result(struct line *l, const struct record_view *v,
		       const struct text_style *style)
{
	char buf[NAME_ERROR_LEN];
	long long ret = v->call->ret;
	const char *error = name_error(buf, sizeof(buf), ret);

	if (v->record->kind == SVMTRACE_KIND_ENTRY) {
		put_text(l, " = <unfinished ...>");
		return;
	}
	if (v->record->marks & SVMTRACE_MARK_NO_RESULT) {
		put_text(l, " = ?");
		return;
	}
	if (name_restart(ret))
		put(l, " = ? %s", error);
	else if (error)
		put(l, " = -1 %s", error);
	else
		put(l, " = %lld", ret);

	if (style->flags & TEXT_SECONDS) {
		put_text(l, " <");
		put_time(l, v->record->time - v->call->entry_time);
		put_char(l, '>');
	} else if (style->flags & TEXT_DURATION) {
		put_duration(l, v->record->time - v->call->entry_time);
	}
}

/* The relation, without the bits that others imply. */
static void put_relation(struct line *l, const struct record_view *v)
{
	__u32 relation = v->call->relation;

	if (relation & SVMTRACE_REL_SELF)
		relation &= ~SVMTRACE_REL_THREAD;
	if (relation & (SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD))
		relation &= ~SVMTRACE_REL_MM;
	if (relation & SVMTRACE_REL_PARENT)
		relation &= ~SVMTRACE_REL_ANCESTOR;
	if (!relation)
		return;
	put_char(l, ' ');
	put_bits(l, relation, name_relations, ' ');
}

static void put_marks(struct line *l, const struct record_view *v)
{
	__u32 marks = v->record->marks & MARKS_SHOWN;

	if (!marks)
		return;
	put_char(l, ' ');
	put_bits(l, marks, name_marks, ' ');
}

static void put_cause(struct line *l, const char *cause, __u64 count)
{
	if (count)
		put(l, ", %s %llu", cause, (unsigned long long)count);
}

static void put_gap(struct line *l, const struct record_view *v)
{
	const struct svmtrace_gap *gap = v->gap;

	put(l, "--- %llu record%s lost on CPU %u: seq %llu to %llu",
	    (unsigned long long)(gap->last_seq - gap->first_seq + 1),
	    gap->first_seq == gap->last_seq ? "" : "s", v->record->cpu,
	    (unsigned long long)gap->first_seq, (unsigned long long)gap->last_seq);
	put_cause(l, "ring full", gap->ring_full);
	put_cause(l, "no ring", gap->no_ring);
	put_cause(l, "simulated", gap->simulated);
	put_text(l, " ---");
}

/**
 * text_escape() - makes any bytes readable, as in a string of C
 * @buf:   where to
 * @size:  of @buf; 4 * @count + 1 is always enough
 * @bytes: what to escape
 * @count: how many of them
 *
 * Quotation marks and backslashes are escaped, too, but the string itself is
 * not put in quotation marks. A zero follows, which is not counted. Any context.
 *
 * Return: bytes written, less than @size.
 */
size_t text_escape(char *buf, size_t size, const void *bytes, size_t count)
{
	struct line line = { .buf = buf, .size = size };

	put_escaped(&line, bytes, count);
	buf[line.len] = '\0';
	return line.len;
}

/**
 * text_line_max() - size of the longest line
 * @iovs:    entries per iovec array that are recorded
 * @preview: bytes of payload that are recorded
 *
 * Return: bytes that text_line() needs so that no line is cut. Any context.
 */
size_t text_line_max(unsigned int iovs, unsigned int preview)
{
	/* Local and remote, at entry and at return; payload at entry and at return. */
	return LINE_FIXED + (size_t)iovs * 4 * LINE_IOV + (size_t)preview * 2 * LINE_BYTE;
}

/**
 * text_line() - writes the line for a record
 * @buf:   where to
 * @size:  of @buf, at least TEXT_SIZE_MIN
 * @v:	   parts of the record, as found by record_view(), which has not failed
 * @style: how it shall look
 *
 * The line always ends in a newline; it has "..." before that if @buf is too
 * small for all of it. A zero follows, which is not counted. Any context.
 *
 * Return: bytes written, less than @size.
 */
size_t text_line(char *buf, size_t size, const struct record_view *v,
		 const struct text_style *style)
{
	struct line line = { .buf = buf, .size = size };

	put_stamp(&line, v, style);
	if (v->gap) {
		put_gap(&line, v);
	} else if (v->call) {
		put_caller(&line, v);
		put_args(&line, v, style);
		put_result(&line, v, style);
		put_relation(&line, v);
		put_marks(&line, v);
	} else {
		put(&line, "--- record of unknown kind %u, syscall %u ---",
		    v->record->kind, v->record->syscall);
	}
	return end_line(&line);
}
