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
#include <stdbool.h>
#include <string.h>
#endif

#include "names.h"
#include "text.h"

#ifndef __KERNEL__
/* What the kernel has and libc has not. */
static inline __u64 div_u64_rem(__u64 dividend, __u32 divisor, __u32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}
#endif

#define NSEC_IN_USEC	1000U
#define NSEC_IN_SEC	1000000000U

/* svmtrace_pipe.used_after before the call returns, or if it is no such pipe then. */
#define UNKNOWN_SLOTS	0xffffffffU

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

/**
 * text_dec() - writes a number as decimal digits
 * @buf:   where to, at least TEXT_DEC_LEN
 * @value: the number
 *
 * A zero follows, which is not counted. Any context.
 *
 * Return: bytes written.
 */
size_t text_dec(char *buf, __u64 value)
{
	char digits[TEXT_DEC_LEN];
	size_t i, count = 0;
	__u32 digit;

	do {
		value = div_u64_rem(value, 10, &digit);
		digits[count++] = '0' + digit;
	} while (value);
	for (i = 0; i < count; i++)
		buf[i] = digits[count - 1 - i];
	buf[count] = '\0';
	return count;
}

/**
 * text_hex() - writes a number as "0x" and hexadecimal digits
 * @buf:   where to, at least TEXT_HEX_LEN
 * @value: the number
 *
 * A zero follows, which is not counted. Any context.
 *
 * Return: bytes written.
 */
size_t text_hex(char *buf, __u64 value)
{
	unsigned int shift = 0;
	size_t count = 0;

	while (shift < 60 && value >> shift > 0xf)
		shift += 4;
	buf[count++] = '0';
	buf[count++] = 'x';
	for (;; shift -= 4) {
		buf[count++] = "0123456789abcdef"[value >> shift & 0xf];
		if (!shift)
			break;
	}
	buf[count] = '\0';
	return count;
}

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

static void put_bytes(struct line *l, const char *bytes, size_t count)
{
	while (count--)
		put_char(l, *bytes++);
}

static void put_dec(struct line *l, __u64 value)
{
	char digits[TEXT_DEC_LEN];

	text_dec(digits, value);
	put_text(l, digits);
}

static void put_signed(struct line *l, __s64 value)
{
	if (value < 0)
		put_char(l, '-');
	put_dec(l, value < 0 ? 0 - (__u64)value : (__u64)value);
}

/* With zeros before it, at least @digits digits. */
static void put_padded(struct line *l, __u32 value, unsigned int digits)
{
	__u32 power;

	for (power = 1; digits > 1; digits--)
		power *= 10;
	for (; power > value && power > 1; power /= 10)
		put_char(l, '0');
	put_dec(l, value);
}

static void put_hex(struct line *l, __u64 value)
{
	char digits[TEXT_HEX_LEN];

	text_hex(digits, value);
	put_text(l, digits);
}

/* A number and what stands before it. */
static void put_named(struct line *l, const char *name, __u64 value)
{
	put_text(l, name);
	put_dec(l, value);
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
		put_bytes(l, name, len);
}

static void put_address(struct line *l, __u64 address)
{
	if (address)
		put_hex(l, address);
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
		put_hex(l, bits);
}

static void put_time(struct line *l, __u64 ns)
{
	__u32 rest;
	__u64 seconds = div_u64_rem(ns, NSEC_IN_SEC, &rest);

	put_dec(l, seconds);
	put_char(l, '.');
	put_padded(l, rest, 9);
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
	put_named(l, " <", ns);
	if (unit)
		put_named(l, ".", rest / 100);
	put_text(l, units[unit]);
	put_char(l, '>');
}

static void put_stamp(struct line *l, const struct record_view *v,
		      const struct text_style *style)
{
	if (!(style->flags & TEXT_TIME))
		return;
	put_time(l, v->record->time);
	put_text(l, " [");
	put_padded(l, v->record->cpu, 3);
	put_text(l, "] ");
}

static void put_caller(struct line *l, const struct record_view *v)
{
	const struct svmtrace_caller *caller = v->caller;

	if (!caller) {
		put_named(l, "tid=", v->call->tid);
		put_char(l, ' ');
		return;
	}
	put_named(l, "uid=", caller->uid);
	if (caller->euid != caller->uid)
		put_named(l, " euid=", caller->euid);
	put_char(l, ' ');
	put_name(l, caller->comm, sizeof(caller->comm));
	if (v->call->exe_len) {
		put_char(l, '(');
		put_name(l, v->exe, v->call->exe_len);
		put_char(l, ')');
	}
	put_named(l, "/", caller->pid);
	if (v->call->tid != caller->pid)
		put_named(l, ":", v->call->tid);
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
		put_named(l, " pid=", target->pid);
	put_char(l, ' ');
	put_name(l, target->comm, sizeof(target->comm));
	if (v->call->target_exe_len) {
		put_char(l, '(');
		put_name(l, v->target_exe, v->call->target_exe_len);
		put_char(l, ')');
	}
	put_named(l, " uid=", target->uid);
}

static void put_pipe(struct line *l, const struct record_view *v)
{
	const struct svmtrace_pipe *pipe = v->pipe;

	if (!pipe)
		return;
	if (pipe->direction != SVMTRACE_PIPE_WRITE &&
	    pipe->direction != SVMTRACE_PIPE_READ) {
		put_char(l, ' ');
		put_text(l, name_direction(pipe->direction));
		return;
	}
	put_named(l, " pipe:", pipe->ino);
	put_char(l, ' ');
	put_text(l, name_direction(pipe->direction));
	put_named(l, " ", pipe->used_before);
	if (pipe->used_after != pipe->used_before && pipe->used_after != UNKNOWN_SLOTS)
		put_named(l, "->", pipe->used_after);
	put_named(l, "/", pipe->slots);
}

/* The entries of an array, without what closes it. */
static void put_entries(struct line *l, const struct svmtrace_iovec *iov,
			unsigned int count, unsigned int shown)
{
	unsigned int i;

	for (i = 0; i < count && i < shown; i++) {
		put_text(l, i ? ", {" : "{");
		put_address(l, iov[i].base);
		put_named(l, ", ", iov[i].len);
		put_char(l, '}');
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
		if (value)
			put_hex(l, value);
		else
			put_char(l, '0');
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
		if (info->type == ARG_s32)
			put_signed(l, value);
		else
			put_dec(l, value);
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

	if (v->call->abi != SVMTRACE_ABI_64) {
		put_text(l, name_abi(v->call->abi));
		put_char(l, ' ');
	}
	put_text(l, name_syscall(v->record->syscall));
	put_char(l, '(');
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
	put_text(l, " = ");
	if (error) {
		put_text(l, name_restart(ret) ? "? " : "-1 ");
		put_text(l, error);
	} else {
		put_signed(l, ret);
	}
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
		put_named(l, cause, count);
}

static void put_gap(struct line *l, const struct record_view *v)
{
	const struct svmtrace_gap *gap = v->gap;

	put_named(l, "--- ", gap->last_seq - gap->first_seq + 1);
	put_text(l, gap->first_seq == gap->last_seq ? " record" : " records");
	put_named(l, " lost on CPU ", v->record->cpu);
	put_named(l, ": seq ", gap->first_seq);
	put_named(l, " to ", gap->last_seq);
	put_cause(l, ", ring full ", gap->ring_full);
	put_cause(l, ", no ring ", gap->no_ring);
	put_cause(l, ", simulated ", gap->simulated);
	put_cause(l, ", overwritten ", gap->overwritten);
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
		put_named(&line, "--- record of unknown kind ", v->record->kind);
		put_named(&line, ", syscall ", v->record->syscall);
		put_text(&line, " ---");
	}
	return end_line(&line);
}
