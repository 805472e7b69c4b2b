// SPDX-License-Identifier: GPL-2.0
/*
 * A record as one flat JSON object. The names are those of the table of fields,
 * see svmtrace(8); what a record does not have is absent, what is not known is
 * null. Numbers that are shown as hexadecimal are strings.
 */
#include <err.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fields.h"
#include "lookup.h"
#include "names.h"
#include "printer.h"
#include "text.h"
#include "util.h"

/* A key that is a constant and is not yet in the object. */
static void add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add_ex(object, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW |
				      JSON_C_OBJECT_ADD_CONSTANT_KEY))
		errx(EXIT_FAILURE, "out of memory");
}

static void add_number(struct json_object *object, const char *key, __u64 value)
{
	add(object, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	add(object, key, json_object_new_string(text));
}

static struct json_object *new_hex(__u64 value)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);

	return json_object_new_string_len(text, len);
}

/* Any bytes, escaped as in a string of C: JSON itself knows no bytes. */
static void add_bytes(struct json_object *object, const char *key, const void *bytes,
		      size_t count)
{
	static char text[4 * SVMTRACE_PREVIEW_MAX + 1];
	size_t len;

	if (count > SVMTRACE_PREVIEW_MAX)
		count = SVMTRACE_PREVIEW_MAX;
	len = text_escape(text, sizeof(text), bytes, count);
	add(object, key, json_object_new_string_len(text, len));
}

static void add_bits(struct json_object *object, const char *key, __u32 bits,
		     const struct name_bit *names)
{
	struct json_object *array = json_object_new_array();

	for (; names->bit; names++) {
		if (bits & names->bit)
			json_object_array_add(array, json_object_new_string(names->name));
		bits &= ~names->bit;
	}
	if (bits)
		json_object_array_add(array, new_hex(bits));
	add(object, key, array);
}

static void add_comm(struct json_object *object, const char *key, const char *comm)
{
	add_bytes(object, key, comm, strnlen(comm, SVMTRACE_COMM_LEN));
}

static bool has_result(const struct record_view *v)
{
	return v->record->kind == SVMTRACE_KIND_CALL &&
	       !(v->record->marks & SVMTRACE_MARK_NO_RESULT);
}

static void add_result(struct json_object *object, const struct record_view *v)
{
	char buf[NAME_ERROR_LEN];
	const char *error;

	if (!has_result(v)) {
		add(object, "ret", NULL);
		return;
	}
	add(object, "ret", json_object_new_int64(v->call->ret));
	error = name_error(buf, sizeof(buf), v->call->ret);
	if (error)
		add_text(object, "errno", error);
	add_number(object, "duration", v->record->time - v->call->entry_time);
}

static void add_field(struct json_object *object, const struct field *f, const void *group)
{
	__u64 value;

	if (f->type == FIELD_comm) {
		add_comm(object, f->name, (const char *)group + f->offset);
		return;
	}
	value = field_number(f, group);
	switch (f->show) {
	case SHOW_HEX:
		add(object, f->name, new_hex(value));
		break;
	case SHOW_ID:
		add(object, f->name, (__u32)value == UINT32_MAX ? NULL :
		    json_object_new_uint64(value));
		break;
	case SHOW_RELATION:
		add_bits(object, f->name, value, name_relations);
		break;
	case SHOW_MARKS:
		add_bits(object, f->name, value, name_marks);
		break;
	case SHOW_ABI:
		add_text(object, f->name, name_abi(value));
		break;
	case SHOW_DIRECTION:
		add_text(object, f->name, name_direction(value));
		break;
	case SHOW_KIND:
		add_text(object, f->name, name_kind(value));
		break;
	case SHOW_SYSCALL:
		add_text(object, f->name, name_syscall(value));
		break;
	case SHOW_COUNT:	/* the array itself follows */
	case SHOW_GROUPS:	/* seen by what is there */
		break;
	default:
		add_number(object, f->name, value);
	}
}

/* Fields that JSON has otherwise: by a better name, or not at all. */
static bool is_special(const struct record_view *v, const struct field *f)
{
	static const char *const special[] = { "time", "size", "ret" };
	size_t i;

	if (f->group == FIELD_record && v->gap && !strcmp(f->name, "syscall"))
		return true;
	for (i = 0; i < ARRAY_SIZE(special); i++) {
		if (!strcmp(f->name, special[i]))
			return true;
	}
	return !strcmp(f->name, "pipe_used_after") && !has_result(v);
}

static void add_fields(struct json_object *object, const struct record_view *v)
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
			add_field(object, f, groups[f->group]);
	}
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

static void add_args(struct json_object *object, const struct record_view *v)
{
	unsigned int syscall = v->record->syscall;
	unsigned int i, count = record_nr_args(syscall);

	for (i = 0; i < count; i++) {
		const struct arg_info *info = arg_info(syscall, i);
		const char *key = arg_key(syscall, i);

		switch (info->show) {
		case ARG_SPLICE_FLAGS:
			add(object, key, new_hex(v->args[i]));
			add_bits(object, "flags", v->args[i], name_splice_flags);
			break;
		case ARG_HEX:
		case ARG_LOCAL_IOV:
		case ARG_REMOTE_IOV:
			add(object, key, new_hex(v->args[i]));
			break;
		default:
			if (info->type == ARG_s32)
				add(object, key, json_object_new_int64((__s64)v->args[i]));
			else
				add_number(object, key, v->args[i]);
		}
	}
}

static void add_iovs(struct json_object *object, const char *key,
		     const struct svmtrace_iovec *iov, unsigned int count)
{
	struct json_object *array = json_object_new_array_ext(count ? count : 1);
	struct json_object *entry;
	unsigned int i;

	for (i = 0; i < count; i++) {
		entry = json_object_new_object();
		add(entry, "base", new_hex(iov[i].base));
		add_number(entry, "len", iov[i].len);
		json_object_array_add(array, entry);
	}
	add(object, key, array);
}

static void add_arrays(struct json_object *object, const struct record_view *v)
{
	const struct svmtrace_extra *extra = v->extra;

	add_iovs(object, "iov", v->iov[0], v->call->iovs);
	if (v->record->syscall == SVMTRACE_NR_process_vm_writev)
		add_iovs(object, "remote_iov", v->iov[1], v->call->remote_iovs);
	if (!extra)
		return;
	if (extra->iovs_at_return)
		add_iovs(object, "iov_at_return", v->iov_at_return[0],
			 extra->iovs_at_return);
	if (extra->remote_iovs_at_return)
		add_iovs(object, "remote_iov_at_return", v->iov_at_return[1],
			 extra->remote_iovs_at_return);
	if (extra->preview_len)
		add_bytes(object, "preview", v->preview, extra->preview_len);
	if (extra->preview_at_return_len)
		add_bytes(object, "preview_at_return", v->preview_at_return,
			  extra->preview_at_return_len);
}

/* An executable's name is recorded only where it differs from comm. */
static void add_exe(struct json_object *object, const char *key, const char *exe,
		    unsigned int len, const char *comm)
{
	if (len)
		add_bytes(object, key, exe, len);
	else
		add_comm(object, key, comm);
}

static void add_exes(struct json_object *object, const struct record_view *v)
{
	if (v->caller)
		add_exe(object, "exe", v->exe, v->call->exe_len, v->caller->comm);
	if (v->target && !(v->record->marks &
			   (SVMTRACE_MARK_NO_TARGET | SVMTRACE_MARK_TARGET_BUSY)))
		add_exe(object, "target_exe", v->target_exe, v->call->target_exe_len,
			v->target->comm);
}

static void add_times(struct json_object *object, const struct record_view *v)
{
	char text[48];

	clock_rfc3339(text, sizeof(text), clock_realtime(v->record->time));
	add_text(object, "time_utc", text);
	add_number(object, "time_mono", v->record->time);
	add_text(object, "boot_id", clock_boot_id());
}

static void add_lookup(struct json_object *object, const struct record_view *v)
{
	static struct lookup found;

	lookup(&found, v);
	if (*found.exe)
		add_text(object, "later_exe", found.exe);
	if (*found.target_exe)
		add_text(object, "later_target_exe", found.target_exe);
	if (*found.fd)
		add_text(object, "later_fd", found.fd);
}

/**
 * print_json() - prints a record as a line with a JSON object
 * @file: where to
 * @v:	  the record
 * @o:	  how
 */
void print_json(FILE *file, const struct record_view *v, const struct options *o)
{
	struct json_object *object = json_object_new_object();
	const char *text;
	size_t len;

	if (!object)
		errx(EXIT_FAILURE, "out of memory");
	add_times(object, v);
	add_fields(object, v);
	if (v->gap)
		add_number(object, "lost", v->gap->last_seq - v->gap->first_seq + 1);
	if (v->call) {
		add_result(object, v);
		add_args(object, v);
		add_exes(object, v);
		add_arrays(object, v);
	}
	if (o->lookup)
		add_lookup(object, v);
	text = json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN |
						 JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (!text)
		errx(EXIT_FAILURE, "out of memory");
	fwrite(text, 1, len, file);
	fputc('\n', file);
	json_object_put(object);
}
