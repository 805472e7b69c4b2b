// SPDX-License-Identifier: GPL-2.0
/*
 * A record as one flat JSON object. The names are those of the table of fields,
 * see svmtrace(8); what a record does not have is absent, what is not known is
 * null. Numbers that are shown as hexadecimal are strings.
 */
#include <string.h>

#include "clock.h"
#include "fields.h"
#include "json.h"
#include "lookup.h"
#include "names.h"
#include "printer.h"
#include "util.h"

static void add_number(struct json *j, const char *key, __u64 value)
{
	json_key(j, key);
	json_number(j, value);
}

static void add_text(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	json_text(j, text, strlen(text));
}

static void add_bytes(struct json *j, const char *key, const void *bytes, size_t count)
{
	json_key(j, key);
	json_bytes(j, bytes, count);
}

static void add_comm(struct json *j, const char *key, const char *comm)
{
	add_bytes(j, key, comm, strnlen(comm, SVMTRACE_COMM_LEN));
}

/* An array of names. */
static void add_bits(struct json *j, const char *key, __u32 bits,
		     const struct name_bit *names)
{
	json_key(j, key);
	json_open(j, '[');
	for (; names->bit; names++) {
		if (bits & names->bit)
			json_text(j, names->name, strlen(names->name));
		bits &= ~names->bit;
	}
	if (bits)
		json_hex(j, bits);
	json_close(j, ']');
}

static void add_number_field(struct json *j, const struct field *f, __u64 value)
{
	json_key(j, f->name);
	if (f->show == SHOW_HEX)
		json_hex(j, value);
	else if ((f->show == SHOW_ID || f->show == SHOW_SLOTS) && value == UINT32_MAX)
		json_null(j);
	else
		json_number(j, value);
}

static void add_field(struct json *j, const struct field *f, const void *group)
{
	__u64 value;

	if (f->type == FIELD_comm) {
		add_comm(j, f->name, (const char *)group + f->offset);
		return;
	}
	value = field_number(f, group);
	switch (f->show) {
	case SHOW_RELATION:
		add_bits(j, f->name, value, name_relations);
		break;
	case SHOW_MARKS:
		add_bits(j, f->name, value, name_marks);
		break;
	case SHOW_ABI:
		add_text(j, f->name, name_abi(value));
		break;
	case SHOW_DIRECTION:
		add_text(j, f->name, name_direction(value));
		break;
	case SHOW_KIND:
		add_text(j, f->name, name_kind(value));
		break;
	case SHOW_SYSCALL:
		add_text(j, f->name, name_syscall(value));
		break;
	case SHOW_COUNT:	/* the array itself follows */
	case SHOW_GROUPS:	/* seen by what is there */
		break;
	default:
		add_number_field(j, f, value);
	}
}

/* Fields that JSON has otherwise: by a better name, or not at all. */
static bool is_special(const struct record_view *v, const struct field *f)
{
	switch (f->group) {
	case FIELD_record:
		return f->offset == offsetof(struct svmtrace_record, time) ||
		       f->offset == offsetof(struct svmtrace_record, size) ||
		       (v->gap && f->show == SHOW_SYSCALL);
	case FIELD_call:
		return f->offset == offsetof(struct svmtrace_call, ret);
	default:
		return false;
	}
}

static void add_fields(struct json *j, const struct record_view *v)
{
	const void *groups[] = {
		[FIELD_record] = v->record,
		[FIELD_call] = v->call,
		[FIELD_caller] = v->caller,
		[FIELD_context] = v->context,
		[FIELD_target] = v->target,
		[FIELD_target_context] = v->target_context,
		[FIELD_pipe] = v->pipe,
		[FIELD_extra] = v->extra,
		[FIELD_gap] = v->gap,
	};
	size_t i;

	if (v->record->marks & SVMTRACE_MARK_NO_TARGET) {
		groups[FIELD_target] = NULL;
		groups[FIELD_target_context] = NULL;
	}
	for (i = 0; i < nr_fields; i++) {
		const struct field *f = &fields[i];

		if (groups[f->group] && !is_special(v, f))
			add_field(j, f, groups[f->group]);
	}
}

static bool has_result(const struct record_view *v)
{
	return v->record->kind == SVMTRACE_KIND_CALL &&
	       !(v->record->marks & SVMTRACE_MARK_NO_RESULT);
}

static void add_result(struct json *j, const struct record_view *v)
{
	char buf[NAME_ERROR_LEN];
	const char *error;

	json_key(j, "ret");
	if (!has_result(v)) {
		json_null(j);
		return;
	}
	json_signed(j, v->call->ret);
	error = name_error(buf, sizeof(buf), v->call->ret);
	if (error)
		add_text(j, "errno", error);
	add_number(j, "duration", v->record->time - v->call->entry_time);
}

static const char *arg_key(unsigned int syscall, unsigned int i)
{
	static const char *const keys[SVMTRACE_NR_SYSCALLS * SVMTRACE_ARGS_MAX] = {
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	[SVMTRACE_NR_##syscall * SVMTRACE_ARGS_MAX + (index)] = "arg_" #name,
#include <linux/svmtrace_fields.h>
	};

	return keys[syscall * SVMTRACE_ARGS_MAX + i];
}

static void add_args(struct json *j, const struct record_view *v)
{
	unsigned int syscall = v->record->syscall;
	unsigned int i, count = record_nr_args(syscall);

	for (i = 0; i < count; i++) {
		const struct arg_info *info = arg_info(syscall, i);

		json_key(j, arg_key(syscall, i));
		switch (info->show) {
		case ARG_SPLICE_FLAGS:
			json_hex(j, v->args[i]);
			add_bits(j, "flags", v->args[i], name_splice_flags);
			break;
		case ARG_HEX:
		case ARG_LOCAL_IOV:
		case ARG_REMOTE_IOV:
			json_hex(j, v->args[i]);
			break;
		default:
			if (info->type == ARG_s32)
				json_signed(j, v->args[i]);
			else
				json_number(j, v->args[i]);
		}
	}
}

static void add_iovs(struct json *j, const char *key, const struct svmtrace_iovec *iov,
		     unsigned int count)
{
	unsigned int i;

	json_key(j, key);
	json_open(j, '[');
	for (i = 0; i < count; i++) {
		json_open(j, '{');
		json_key(j, "base");
		json_hex(j, iov[i].base);
		add_number(j, "len", iov[i].len);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void add_arrays(struct json *j, const struct record_view *v)
{
	const struct svmtrace_extra *extra = v->extra;

	add_iovs(j, "iov", v->iov[0], v->call->iovs);
	if (v->record->syscall == SVMTRACE_NR_process_vm_writev)
		add_iovs(j, "remote_iov", v->iov[1], v->call->remote_iovs);
	if (!extra)
		return;
	if (extra->iovs_at_return)
		add_iovs(j, "iov_at_return", v->iov_at_return[0], extra->iovs_at_return);
	if (extra->remote_iovs_at_return)
		add_iovs(j, "remote_iov_at_return", v->iov_at_return[1],
			 extra->remote_iovs_at_return);
	if (extra->preview_len)
		add_bytes(j, "preview", v->preview, extra->preview_len);
	if (extra->preview_at_return_len)
		add_bytes(j, "preview_at_return", v->preview_at_return,
			  extra->preview_at_return_len);
}

/* An executable's name is recorded only where it differs from comm. */
static void add_exe(struct json *j, const char *key, const char *exe, unsigned int len,
		    const char *comm)
{
	if (len)
		add_bytes(j, key, exe, len);
	else
		add_comm(j, key, comm);
}

static void add_exes(struct json *j, const struct record_view *v)
{
	if (v->caller)
		add_exe(j, "exe", v->exe, v->call->exe_len, v->caller->comm);
	if (v->target && !(v->record->marks &
			   (SVMTRACE_MARK_NO_TARGET | SVMTRACE_MARK_TARGET_BUSY)))
		add_exe(j, "target_exe", v->target_exe, v->call->target_exe_len,
			v->target->comm);
}

static void add_times(struct json *j, const struct record_view *v)
{
	char text[CLOCK_RFC3339_LEN];

	clock_rfc3339(text, clock_realtime(v->record->time));
	add_text(j, "time_utc", text);
	add_number(j, "time_mono", v->record->time);
	add_text(j, "boot_id", clock_boot_id());
}

static void add_lookup(struct json *j, const struct record_view *v)
{
	static struct lookup found;

	lookup(&found, v);
	if (*found.exe)
		add_text(j, "later_exe", found.exe);
	if (*found.target_exe)
		add_text(j, "later_target_exe", found.target_exe);
	if (*found.fd)
		add_text(j, "later_fd", found.fd);
}

/**
 * print_json() - prints a record as a line with a JSON object
 * @file: where to
 * @v:	  the record
 * @o:	  how
 */
void print_json(FILE *file, const struct record_view *v, const struct options *o)
{
	static struct json j;

	json_open(&j, '{');
	add_times(&j, v);
	add_fields(&j, v);
	if (v->gap)
		add_number(&j, "lost", v->gap->last_seq - v->gap->first_seq + 1);
	if (v->call) {
		add_result(&j, v);
		add_args(&j, v);
		add_exes(&j, v);
		add_arrays(&j, v);
	}
	if (o->lookup)
		add_lookup(&j, v);
	json_close(&j, '}');
	json_end_line(&j, file);
}
