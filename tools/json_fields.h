/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The groups of fields and the arguments as members of a JSON object: put_record(),
 * put_call() and so on, made of the table in the UAPI. There is no loop over fields in
 * them, but a store of each name and a call for its number.
 *
 * Only print_json.c includes this.
 */
#include "field_prefix.h"

/* By the @show column of the table. */
#define PUT_DEC(at, key, value) json_number(at, key, value)
#define PUT_TIME(at, key, value) json_number(at, key, value)
#define PUT_BYTES(at, key, value) json_number(at, key, value)
#define PUT_HEX(at, key, value) json_hex(at, key, value)
#define PUT_ID(at, key, value) put_id(at, key, value)
#define PUT_INODE(at, key, value) put_inode(at, key, value)
#define PUT_DEVICE(at, key, value) put_device(at, key, value)
#define PUT_SLOTS(at, key, value) put_id(at, key, value)
#define PUT_TEXT(at, key, value) json_comm(at, key, value)
#define PUT_RELATION(at, key, value) put_bits(at, key, value, name_relations)
#define PUT_MARKS(at, key, value) put_bits(at, key, value, name_marks)
#define PUT_ABI(at, key, value) json_word(at, key, name_abi(value))
#define PUT_DIRECTION(at, key, value) json_word(at, key, name_direction(value))
#define PUT_KIND(at, key, value) json_word(at, key, name_kind(value))
#define PUT_SYSCALL(at, key, value) put_syscall(at, key, record)
/* The array itself follows; the groups are seen by what is there. */
#define PUT_COUNT(at, key, value) (at)
#define PUT_GROUPS(at, key, value) (at)

#define PUT_FIELD(group, name, show, value) \
	at = is_special(#group "." #name) ? at : \
	     PUT_##show(at, JSON_KEY(PREFIX_##group #name), value);

static char *put_record(char *at, const struct svmtrace_record *record)
{
#define SVMTRACE_ONLY SVMTRACE_PART_RECORD
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_call(char *at, const struct svmtrace_call *call)
{
#define SVMTRACE_ONLY SVMTRACE_PART_CALL
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_caller(char *at, const void *group)
{
	const struct svmtrace_caller *caller = group;

#define SVMTRACE_ONLY SVMTRACE_PART_CALLER
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_context(char *at, const void *group)
{
	const struct svmtrace_context *context = group;

#define SVMTRACE_ONLY SVMTRACE_PART_CONTEXT
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_target(char *at, const void *group)
{
	const struct svmtrace_target *target = group;

#define SVMTRACE_ONLY SVMTRACE_PART_TARGET
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_target_context(char *at, const void *group)
{
	const struct svmtrace_target_context *target_context = group;

#define SVMTRACE_ONLY SVMTRACE_PART_TARGET_CONTEXT
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_pipe(char *at, const struct svmtrace_pipe *pipe)
{
#define SVMTRACE_ONLY SVMTRACE_PART_PIPE
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_gap(char *at, const struct svmtrace_gap *gap)
{
#define SVMTRACE_ONLY SVMTRACE_PART_GAP
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	PUT_FIELD(group, name, show, group->name)
#include <linux/svmtrace_fields.h>
	return at;
}

static char *put_args(char *at, const struct record_view *v)
{
	unsigned int nr = v->record->syscall;

#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	at = nr != SVMTRACE_NR_##syscall ? at : \
	     put_arg(at, JSON_KEY("arg_" #name), v->args[index], ARG_##show, ARG_##type);
#include <linux/svmtrace_fields.h>
	return at;
}
