// SPDX-License-Identifier: GPL-2.0
/* What strace wrote of a call, compared with a record of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strace.h"

/* What was found in the buffers, as far as it is known. */
struct content {
	const __u8 *bytes;
	__u64 left;
};

bool strace_is_call(const char *line)
{
	return !strchr("+-[", *line);
}

static bool literal(const char **p, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*p, text, len))
		return false;
	*p += len;
	return true;
}

static bool number(const char **p, __u64 *value)
{
	char *end;

	if (literal(p, "NULL")) {
		*value = 0;
		return true;
	}
	*value = **p == '-' ? (__u64)strtoll(*p, &end, 0) : strtoull(*p, &end, 0);
	if (end == *p)
		return false;
	*p = end;
	return true;
}

static bool this_number(const char **p, __u64 value)
{
	const char *start = *p;
	__u64 found;

	if (number(p, &found) && found == value)
		return true;
	*p = start;
	return false;
}

static __u64 min_u64(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* "\x68\x65\x6c"...: the first bytes of a buffer. */
static bool string(const char **p, const struct content *content, __u64 len)
{
	const char *start = *p;
	__u64 i, shown = min_u64(len, STRACE_STRING);
	__u64 byte;

	literal(p, "\"");
	for (i = 0; **p == '\\'; i++) {
		char digits[5] = { '0', 'x' };

		if (!literal(p, "\\x"))
			return false;
		memcpy(digits + 2, *p, 2);
		*p += 2;
		byte = strtoul(digits, NULL, 16);
		if (i < content->left && content->bytes[i] != byte) {
			*p = start;
			return false;
		}
	}
	return i == shown && literal(p, "\"") && literal(p, "...") == (len > shown);
}

static void skip(struct content *content, __u64 len)
{
	len = min_u64(len, content->left);
	content->bytes += len;
	content->left -= len;
}

/* strace shows what is in a buffer if it can read it, else its address. */
static bool entry(const char **p, const struct svmtrace_iovec *iov, struct content *content)
{
	bool ok;

	if (!literal(p, "{iov_base="))
		return false;
	if (**p == '"')
		ok = string(p, content, iov->len);
	else
		ok = (!iov->len || content->left < min_u64(iov->len, STRACE_STRING)) &&
		     this_number(p, iov->base);
	if (!ok)
		return false;
	skip(content, iov->len);
	return literal(p, ", iov_len=") && this_number(p, iov->len) && literal(p, "}");
}

/*
 * What follows after the last entry that was recorded: nothing, if these are
 * all; the address of what could not be read; or entries beyond the most that
 * the kernel takes.
 */
static bool rest(const char **p, unsigned int n, __u64 count)
{
	const char *end;

	if (n == count)
		return literal(p, "]");
	if (literal(p, ", ... /* 0x")) {
		*p += strspn(*p, "0123456789abcdef");
		return literal(p, " */]");
	}
	if (n != SVMTRACE_IOVS_MAX || **p != ',')
		return false;
	end = strchr(*p, ']');
	*p = end ? end + 1 : *p;
	return end;
}

static bool array(const char **p, const struct svmtrace_iovec *iov, unsigned int n,
		  __u64 address, __u64 count, struct content content)
{
	unsigned int i;

	if (!address)
		return literal(p, "NULL");
	if (!count)
		return literal(p, "[]");
	/* Such a count is too much for strace itself. */
	if (!n || (count > SVMTRACE_IOVS_MAX && **p == '0'))
		return this_number(p, address);
	if (!literal(p, "["))
		return false;
	for (i = 0; i < n; i++) {
		if ((i && !literal(p, ", ")) || !entry(p, &iov[i], &content))
			return false;
	}
	return rest(p, n, count);
}

static struct content content_of(const struct record_view *v)
{
	struct content content = { .bytes = v->preview };

	/* What arrived was recorded, strace shows what was there before. */
	if (v->extra && !(v->pipe && v->pipe->direction == SVMTRACE_PIPE_READ))
		content.left = v->extra->preview_len;
	return content;
}

static bool decoded_args(const char **p, const struct record_view *v)
{
	static const struct content nothing;
	const __u64 *args = v->args;

	if (!this_number(p, args[0]) || !literal(p, ", ") ||
	    !array(p, v->iov[0], v->call->iovs, args[1], args[2], content_of(v)) ||
	    !literal(p, ", ") || !this_number(p, args[2]) || !literal(p, ", "))
		return false;
	if (v->record->syscall == SVMTRACE_NR_vmsplice)
		return this_number(p, args[3]);
	return array(p, v->iov[1], v->call->remote_iovs, args[3], args[4], nothing) &&
	       literal(p, ", ") && this_number(p, args[4]) && literal(p, ", ") &&
	       this_number(p, args[5]);
}

/* The kernel takes half of the register only of some arguments. */
static bool is_narrow(const struct record_view *v, unsigned int i)
{
	static const char *const types[][SVMTRACE_ARGS_MAX] = {
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
		[SVMTRACE_NR_##syscall][index] = #type,
#include <linux/svmtrace_fields.h>
	};

	return strcmp(types[v->record->syscall][i], "u64");
}

static bool raw_args(const char **p, const struct record_view *v)
{
	unsigned int i, n = record_nr_args(v->record->syscall);

	for (i = 0; i < n; i++) {
		const char *start = *p;
		__u64 value;

		if ((i && !literal(p, ", ")) || !number(p, &value))
			return false;
		if (is_narrow(v, i) ? (__u32)value != (__u32)v->args[i] : value != v->args[i]) {
			*p = start;
			return false;
		}
	}
	return true;
}

static const char *error_name(int error)
{
	switch (error) {
	case 512:
		return "ERESTARTSYS";
	case 513:
		return "ERESTARTNOINTR";
	case 514:
		return "ERESTARTNOHAND";
	case 516:
		return "ERESTART_RESTARTBLOCK";
	default:
		return strerrorname_np(error);
	}
}

/* "9", "-1 EFAULT (Bad address)", "? ERESTARTSYS (To be restarted)", "?" */
static bool result(const char **p, const struct record_view *v)
{
	long long ret = v->call->ret;

	if (v->record->marks & SVMTRACE_MARK_NO_RESULT)
		return false;
	/* Killed in the midst of it: strace does not know. */
	if (!strcmp(*p, "?"))
		return ret == -512;
	if (ret >= 0)
		return this_number(p, ret) && !**p;
	return (literal(p, "-1 ") || literal(p, "? ")) &&
	       literal(p, error_name(-ret)) && literal(p, " (");
}

const char *strace_agrees(const char *line, bool raw, const struct record_view *v)
{
	const char *p = line;
	const char *name = v->record->syscall == SVMTRACE_NR_vmsplice ?
			   "vmsplice" : "process_vm_writev";

	if (!literal(&p, name) || !literal(&p, "(") ||
	    !(raw ? raw_args(&p, v) : decoded_args(&p, v)))
		return p;
	/* With -ff, this is of one that was killed. */
	literal(&p, " <unfinished ...>");
	if (!literal(&p, ")"))
		return p;
	p += strspn(p, " ");
	return literal(&p, "= ") && result(&p, v) ? NULL : p;
}
