// SPDX-License-Identifier: GPL-2.0
/*
 * A record as one flat JSON object. The names are those of the table of fields,
 * see svmtrace(8); what a record does not have is absent, what is not known is
 * null. Numbers that are shown as hexadecimal are strings.
 */
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "lookup.h"
#include "names.h"
#include "printer.h"

/* What a line may need beside what depends on the record's size. */
#define LINE_FIXED	8192
#define LINE_LOOKUP	(3 * 2 * LOOKUP_LEN)
/* More than any group may be shown as. */
#define KEPT_TEXT	2048

/* Fields that JSON has otherwise: by a better name, of some calls only, or not at all. */
static inline bool is_special(const char *field)
{
	return !strcmp(field, "record.time") || !strcmp(field, "record.size") ||
	       !strcmp(field, "call.ret") || !strcmp(field, "call.remote_bytes") ||
	       !strcmp(field, "call.relation");
}

static char *put_id(char *at, const char *key, __u64 value)
{
	return value == UINT32_MAX ? json_null(at, key) : json_number(at, key, value);
}

static char *put_inode(char *at, const char *key, __u64 value)
{
	return value ? json_number(at, key, value) : json_null(at, key);
}

static char *put_device(char *at, const char *key, __u64 value)
{
	return value ? json_hex(at, key, value) : json_null(at, key);
}

static char *put_syscall(char *at, const char *key, const struct svmtrace_record *record)
{
	if (record->kind == SVMTRACE_KIND_GAP)
		return at;
	return json_word(at, key, name_syscall(record->syscall));
}

/* An array of names. */
static char *put_bits(char *at, const char *key, __u32 bits, const struct name_bit *names)
{
	at = put_char(put_text(at, key), '[');
	for (; bits && names->bit; names++) {
		if (bits & names->bit)
			at = put_char(json_word(at, "", names->name), ',');
		bits &= ~names->bit;
	}
	if (bits)
		at = json_hex(at, "", bits);
	return json_close(at, ']');
}

/* Inline, so that the key is a literal, and the switch is none. */
static inline char *put_arg(char *at, const char *key, __u64 value, enum arg_show show,
			    enum arg_type type)
{
	switch (show) {
	case ARG_SPLICE_FLAGS:
		at = json_hex(at, key, value);
		return put_bits(at, JSON_KEY("flags"), value, name_splice_flags);
	case ARG_HEX:
	case ARG_LOCAL_IOV:
	case ARG_REMOTE_IOV:
		return json_hex(at, key, value);
	default:
		return type == ARG_s32 ? json_signed(at, key, value) :
					 json_number(at, key, value);
	}
}

#include "json_fields.h"

/**
 * struct kept - text of a group of fields, as long as records have the same one
 * @group: the fields
 * @text:  what they are shown as
 * @len:   bytes of it, 0 if there is nothing yet
 *
 * Who calls, and whom, is half of a line, and often the same as in the line before.
 */
struct kept {
	union {
		struct svmtrace_caller caller;
		struct svmtrace_context context;
		struct svmtrace_target target;
		struct svmtrace_target_context target_context;
	} group;
	char text[KEPT_TEXT];
	size_t len;
};

static char *put_kept(char *at, struct kept *kept, const void *group, size_t size,
		      char *(*put)(char *at, const void *group))
{
	if (!kept->len || memcmp(&kept->group, group, size)) {
		memcpy(&kept->group, group, size);
		kept->len = put(kept->text, group) - kept->text;
	}
	return put_bytes(at, kept->text, kept->len);
}

/* Is there what the groups of the target are about? */
static bool is_resolved(const struct record_view *v)
{
	return !(v->record->marks & SVMTRACE_MARK_NO_TARGET);
}

static char *put_groups(char *at, const struct record_view *v)
{
	static struct kept caller, context, target, target_context;
	bool resolved = is_resolved(v);

	at = put_record(at, v->record);
	if (v->call)
		at = put_call(at, v->call);
	if (v->caller)
		at = put_kept(at, &caller, v->caller, sizeof(*v->caller), put_caller);
	if (v->context)
		at = put_kept(at, &context, v->context, sizeof(*v->context), put_context);
	if (v->target && resolved)
		at = put_kept(at, &target, v->target, sizeof(*v->target), put_target);
	if (v->target_context && resolved)
		at = put_kept(at, &target_context, v->target_context,
			      sizeof(*v->target_context), put_target_context);
	if ((v->target || v->target_context) && resolved)
		at = put_bits(at, JSON_KEY("relation"), v->call->relation, name_relations);
	if (v->pipe)
		at = put_pipe(at, v->pipe);
	if (v->gap)
		at = put_gap(at, v->gap);
	return at;
}

static bool has_result(const struct record_view *v)
{
	return v->record->kind == SVMTRACE_KIND_CALL &&
	       !(v->record->marks & SVMTRACE_MARK_NO_RESULT);
}

static char *put_result(char *at, const struct record_view *v)
{
	char buf[NAME_ERROR_LEN];
	const char *error;

	if (!has_result(v))
		return json_null(at, JSON_KEY("ret"));
	at = json_signed(at, JSON_KEY("ret"), v->call->ret);
	error = name_error(buf, sizeof(buf), v->call->ret);
	if (error)
		at = json_word(at, JSON_KEY("errno"), error);
	return json_number(at, JSON_KEY("duration"), v->record->time - v->call->entry_time);
}

static char *put_iovs(char *at, const char *key, const struct svmtrace_iovec *iov,
		      unsigned int count)
{
	at = put_char(put_text(at, key), '[');
	for (; count; count--, iov++) {
		at = json_hex(at, "{\"base\":", iov->base);
		at = json_number(at, JSON_KEY("len"), iov->len);
		at = put_text(at, "},");
	}
	return json_close(at, ']');
}

static char *put_arrays(char *at, const struct record_view *v)
{
	const struct svmtrace_extra *extra = v->extra;

	at = put_iovs(at, JSON_KEY("iov"), v->iov[0], v->call->iovs);
	if (v->record->syscall == SVMTRACE_NR_process_vm_writev) {
		at = json_number(at, JSON_KEY("remote_bytes"), v->call->remote_bytes);
		at = put_iovs(at, JSON_KEY("remote_iov"), v->iov[1], v->call->remote_iovs);
	}
	if (!extra)
		return at;
	if (extra->iovs_at_return)
		at = put_iovs(at, JSON_KEY("iov_at_return"), v->iov_at_return[0],
			      extra->iovs_at_return);
	if (extra->remote_iovs_at_return)
		at = put_iovs(at, JSON_KEY("remote_iov_at_return"), v->iov_at_return[1],
			      extra->remote_iovs_at_return);
	if (extra->preview_len)
		at = json_bytes(at, JSON_KEY("preview"), v->preview, extra->preview_len);
	if (extra->preview_at_return_len)
		at = json_bytes(at, JSON_KEY("preview_at_return"), v->preview_at_return,
				extra->preview_at_return_len);
	return at;
}

/*
 * An executable's name is recorded only where it differs from comm, and where there is one.
 * Inline, so that the key is a literal.
 */
static inline char *put_exe(char *at, const char *key, const char *exe, unsigned int len,
			    __u64 ino, const char *comm)
{
	if (len)
		return json_bytes(at, key, exe, len);
	return ino && comm ? json_comm(at, key, comm) : json_null(at, key);
}

static char *put_exes(char *at, const struct record_view *v)
{
	if (v->context)
		at = put_exe(at, JSON_KEY("exe"), v->exe, v->call->exe_len,
			     v->context->exe_ino, v->caller ? v->caller->comm : NULL);
	if (v->target_context && is_resolved(v))
		at = put_exe(at, JSON_KEY("target_exe"), v->target_exe,
			     v->call->target_exe_len, v->target_context->exe_ino,
			     v->target ? v->target->comm : NULL);
	return at;
}

static char *put_times(char *at, const struct record_view *v)
{
	const char *boot_id = clock_boot_id();

	at = put_text(at, "{\"time_utc\":\"");
	at = clock_rfc3339(at, clock_realtime(v->record->time));
	at = json_number(at, "\"" JSON_KEY("time_mono"), v->record->time);
	if (!*boot_id)
		return json_null(at, JSON_KEY("boot_id"));
	return json_word(at, JSON_KEY("boot_id"), boot_id);
}

static char *put_found(char *at, const char *key, const char *found)
{
	if (!*found)
		return at;
	at = put_char(put_text(at, key), '"');
	return put_char(json_escaped(at, found, strlen(found)), '"');
}

static char *put_lookup(char *at, const struct record_view *v)
{
	static struct lookup found;

	lookup(&found, v);
	at = put_found(at, JSON_KEY("later_exe"), found.exe);
	at = put_found(at, JSON_KEY("later_target_exe"), found.target_exe);
	return put_found(at, JSON_KEY("later_fd"), found.fd);
}

/* The bytes of a record are shown as JSON_BYTE_MAX each, or as less than that. */
static char *line_for(const struct record_view *v)
{
	size_t need = LINE_FIXED + LINE_LOOKUP + JSON_BYTE_MAX * (size_t)v->record->size;
	static size_t size;
	static char *line;

	if (size < need) {
		free(line);
		size = 2 * need;
		line = malloc(size);
		if (!line)
			errx(EXIT_FAILURE, "out of memory");
	}
	return line;
}

/**
 * print_json() - prints a record as a line with a JSON object
 * @file: where to
 * @v:	  the record
 * @o:	  how
 */
void print_json(FILE *file, const struct record_view *v, const struct options *o)
{
	char *line = line_for(v), *at = line;

	at = put_times(at, v);
	at = put_groups(at, v);
	if (v->gap)
		at = json_number(at, JSON_KEY("lost"),
				 v->gap->last_seq - v->gap->first_seq + 1);
	if (v->call) {
		at = put_result(at, v);
		at = put_args(at, v);
		at = put_exes(at, v);
		at = put_arrays(at, v);
	}
	if (o->lookup)
		at = put_lookup(at, v);
	at = put_text(at, "}\n");
	fwrite(line, 1, at - line, file);
}
