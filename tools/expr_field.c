// SPDX-License-Identifier: GPL-2.0
/* The fields of an expression, and the names of their values. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "expr_field.h"
#include "fields.h"
#include "names.h"
#include "util.h"

/* Besides enum field_show: flags of vmsplice(). */
#define SHOW_SPLICE_FLAGS 0xff
/* How an argument is shown where no names come of it. */
#define SHOW_PID SHOW_DEC
#define SHOW_FD SHOW_DEC
#define SHOW_LOCAL_IOV SHOW_HEX
#define SHOW_REMOTE_IOV SHOW_HEX

/* What a group is called, and what says that it is there. */
#define PREFIX_record ""
#define PREFIX_call ""
#define PREFIX_caller ""
#define PREFIX_context ""
#define PREFIX_target "target."
#define PREFIX_target_context "target."
#define PREFIX_pipe "pipe."
#define PREFIX_extra ""
#define PREFIX_gap ""
#define NEEDS_record 0
#define NEEDS_call 0
#define NEEDS_caller SVMTRACE_GROUP_CALLER
#define NEEDS_context SVMTRACE_GROUP_CONTEXT
#define NEEDS_target SVMTRACE_GROUP_TARGET
#define NEEDS_target_context SVMTRACE_GROUP_TARGET_CONTEXT
#define NEEDS_pipe SVMTRACE_GROUP_PIPE
#define SIZE_u8 1
#define SIZE_u16 2
#define SIZE_u32 4
#define SIZE_u64 8
#define SIZE_s64 8
#define SIZE_comm SVMTRACE_COMM_LEN
#define SIGNED_u8 false
#define SIGNED_u16 false
#define SIGNED_u32 false
#define SIGNED_u64 false
#define SIGNED_s32 true
#define SIGNED_s64 true
#define SIGNED_comm false

#define AT(at) offsetof(struct svmtrace_filter_data, at)
#define FIELD(group, type, name, show) \
	{ PREFIX_##group #name, SIZE_##type, SHOW_##show, SIGNED_##type, \
	  false, EXPR_ANY_SYSCALL, NEEDS_##group, AT(group.name) },

/* Those of the table, with gaps where a row is of no use here. */
static const struct expr_field table[] = {
#define SVMTRACE_ONLY SVMTRACE_PART_RECORD
#define SVMTRACE_FIELD(group, type, name, show, origin, help) FIELD(group, type, name, show)
#include <linux/svmtrace_fields.h>
#define SVMTRACE_ONLY SVMTRACE_PART_CALL
#define SVMTRACE_FIELD(group, type, name, show, origin, help) FIELD(group, type, name, show)
#include <linux/svmtrace_fields.h>
#define SVMTRACE_ONLY SVMTRACE_PART_CALLER
#define SVMTRACE_FIELD(group, type, name, show, origin, help) FIELD(group, type, name, show)
#include <linux/svmtrace_fields.h>
#define SVMTRACE_ONLY SVMTRACE_PART_CONTEXT
#define SVMTRACE_FIELD(group, type, name, show, origin, help) FIELD(group, type, name, show)
#include <linux/svmtrace_fields.h>
#define SVMTRACE_ONLY SVMTRACE_PART_TARGET
#define SVMTRACE_FIELD(group, type, name, show, origin, help) FIELD(group, type, name, show)
#include <linux/svmtrace_fields.h>
#define SVMTRACE_ONLY SVMTRACE_PART_TARGET_CONTEXT
#define SVMTRACE_FIELD(group, type, name, show, origin, help) FIELD(group, type, name, show)
#include <linux/svmtrace_fields.h>
#define SVMTRACE_ONLY SVMTRACE_PART_PIPE
#define SVMTRACE_FIELD(group, type, name, show, origin, help) FIELD(group, type, name, show)
#include <linux/svmtrace_fields.h>
};

/* What only a result has, or not every call; these come before the table. */
static const struct expr_field special[] = {
	{ "ret", 8, SHOW_DEC, true, false, EXPR_ANY_SYSCALL,
	  SVMTRACE_PRESENT_RESULT, AT(call.ret) },
	{ "duration", 8, SHOW_TIME, false, false, EXPR_ANY_SYSCALL,
	  SVMTRACE_PRESENT_RESULT, AT(duration) },
	{ "remote_bytes", 8, SHOW_BYTES, false, false, EXPR_ANY_SYSCALL,
	  SVMTRACE_PRESENT_REMOTE, AT(call.remote_bytes) },
	{ "relation", 4, SHOW_RELATION, false, false, EXPR_ANY_SYSCALL,
	  SVMTRACE_GROUP_TARGET, AT(call.relation) },
	{ "pipe.used_after", 4, SHOW_SLOTS, false, true, EXPR_ANY_SYSCALL,
	  SVMTRACE_GROUP_PIPE | SVMTRACE_PRESENT_RESULT, AT(pipe.used_after) },
};

static const struct expr_field args[] = {
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	{ "arg." #name, 8, SHOW_##show, SIGNED_##type, false, SVMTRACE_NR_##syscall, 0, \
	  AT(args[index]) },
#include <linux/svmtrace_fields.h>
};

/* What the outputs have, whether an expression can ask for it or not. */
static const struct {
	const char *name;
} shown[] = {
#define SVMTRACE_FIELD(group, type, name, show, origin, help) { PREFIX_##group #name },
#include <linux/svmtrace_fields.h>
#define OUTPUT_FIELD(group, type, name, show, origin, help) { PREFIX_##group #name },
#include "output_fields.h"
};

#define ARG_PREFIX 4

static const struct {
	const char *name;
	__u64 needs;
} groups[] = {
	{ "caller", SVMTRACE_GROUP_CALLER },
	{ "context", SVMTRACE_GROUP_CONTEXT },
	{ "target", SVMTRACE_GROUP_TARGET },
	{ "pipe", SVMTRACE_GROUP_PIPE },
	{ "remote", SVMTRACE_PRESENT_REMOTE },
	{ "result", SVMTRACE_PRESENT_RESULT },
};

/* The numbering of the record and the shape of its arrays are no facts of a call. */
static bool is_of_use(const struct expr_field *f)
{
	return f->show != SHOW_COUNT && f->show != SHOW_GROUPS &&
	       (f->offset >= sizeof(struct svmtrace_record) ||
		f->offset == AT(record.syscall) || f->offset == AT(record.marks));
}

static bool is_exactly(const char *of, const char *name, size_t length)
{
	return strlen(of) == length && !memcmp(of, name, length);
}

/* "target_uid", as in JSON, is the same as "target.uid". */
static bool is_name(const char *of, const char *name, size_t length)
{
	for (; length && *of; length--, of++, name++) {
		if (*of != *name && !(*of == '.' && *name == '_'))
			return false;
	}
	return !length && !*of;
}

/* Calls f() with each field that can be named, until it says true. */
static const struct expr_field *each_field(bool (*f)(const struct expr_field *field,
						     void *data),
					   void *data)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(special); i++) {
		if (f(&special[i], data))
			return &special[i];
	}
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (is_of_use(&table[i]) && f(&table[i], data))
			return &table[i];
	}
	for (i = 0; i < ARRAY_SIZE(args); i++) {
		if (f(&args[i], data))
			return &args[i];
	}
	return NULL;
}

/**
 * struct word - a name that is looked for
 * @at:	      where it begins
 * @length:   bytes
 * @best:     the name that is most like it
 * @distance: of @best
 */
struct word {
	const char *at;
	size_t length;
	const char *best;
	size_t distance;
};

static bool has_name(const struct expr_field *f, void *data)
{
	const struct word *w = data;

	return is_name(f->name, w->at, w->length);
}

static bool is_plain_argument(const struct expr_field *f, void *data)
{
	const struct word *w = data;

	return f->syscall != EXPR_ANY_SYSCALL &&
	       is_name(f->name + ARG_PREFIX, w->at, w->length);
}

/**
 * expr_field_find() - looks for a field by its name
 * @name:   need not end with a zero
 * @length: of the name
 *
 * Return: the field, or, of an argument, that of the first syscall that has it; or
 * NULL.
 */
const struct expr_field *expr_field_find(const char *name, size_t length)
{
	struct word w = { name, length, NULL, 0 };
	const struct expr_field *field = each_field(has_name, &w);

	return field ? field : each_field(is_plain_argument, &w);
}

/**
 * expr_field_is_shown() - do the outputs have a field of that name?
 * @name:   need not end with a zero
 * @length: of the name
 */
bool expr_field_is_shown(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shown); i++) {
		if (is_name(shown[i].name, name, length))
			return true;
	}
	return false;
}

/**
 * expr_field_of() - where a field is in calls of a syscall
 * @field:   the field
 * @syscall: SVMTRACE_NR_
 *
 * Return: the field, another one for the argument of the same name, or NULL.
 */
const struct expr_field *expr_field_of(const struct expr_field *field, unsigned int syscall)
{
	size_t i;

	if (field->syscall == EXPR_ANY_SYSCALL || field->syscall == syscall)
		return field;
	for (i = 0; i < ARRAY_SIZE(args); i++) {
		if (args[i].syscall == syscall && !strcmp(args[i].name, field->name))
			return &args[i];
	}
	return NULL;
}

static bool covers(const struct expr_field *f, void *data)
{
	size_t offset = *(const size_t *)data;

	return f->syscall == EXPR_ANY_SYSCALL && offset >= f->offset / 4 * 4 &&
	       offset < (size_t)f->offset + f->size;
}

/**
 * expr_field_at() - the field that a word is of
 * @offset: of a word of struct svmtrace_filter_data
 *
 * Return: the field, or NULL if it is of none, or of an argument.
 */
const struct expr_field *expr_field_at(size_t offset)
{
	return each_field(covers, &offset);
}

/**
 * expr_field_is_text() - is it no number?
 * @field: the field
 */
bool expr_field_is_text(const struct expr_field *field)
{
	return field->show == SHOW_TEXT;
}

/**
 * expr_field_is_time() - is it a number of nanoseconds?
 * @field: the field
 */
bool expr_field_is_time(const struct expr_field *field)
{
	return field->show == SHOW_TIME;
}

/**
 * expr_field_is_mask() - are its values sets of bits that have names?
 * @field: the field
 */
bool expr_field_is_mask(const struct expr_field *field)
{
	const struct expr_field *of;
	unsigned int syscall;

	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		of = expr_field_of(field, syscall);
		if (of && (of->show == SHOW_RELATION || of->show == SHOW_MARKS ||
			   of->show == SHOW_SPLICE_FLAGS))
			return true;
	}
	return false;
}

/**
 * expr_field_is_choice() - is it one of several numbers that have names?
 * @field: the field
 */
bool expr_field_is_choice(const struct expr_field *field)
{
	return field->show == SHOW_SYSCALL || field->show == SHOW_ABI ||
	       field->show == SHOW_DIRECTION;
}

/**
 * expr_field_bits() - how large its values are
 * @field: the field
 *
 * Return: bits; of an argument those that the kernel takes, though 64 are recorded.
 */
unsigned int expr_field_bits(const struct expr_field *field)
{
	const struct expr_field *of;
	unsigned int syscall;

	if (field->syscall == EXPR_ANY_SYSCALL)
		return 8 * field->size;
	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		of = expr_field_of(field, syscall);
		if (of && arg_info(syscall, (of->offset - AT(args)) / 8)->type == ARG_u64)
			return 64;
	}
	return 32;
}

/**
 * expr_group_find() - looks for a group by its name
 * @name:   need not end with a zero
 * @length: of the name
 * @needs:  the bit that tells that it is there
 *
 * Return: whether there is one.
 */
bool expr_group_find(const char *name, size_t length, __u64 *needs)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!is_name(groups[i].name, name, length))
			continue;
		*needs = groups[i].needs;
		return true;
	}
	return false;
}

static const char *bit_at(const struct name_bit *bits, size_t i, __u64 *value)
{
	size_t j;

	for (j = 0; j < i && bits[j].name; j++)
		;
	*value = bits[j].bit;
	return bits[j].name;
}

static const char *number_at(const char *(*name)(unsigned int), size_t i, __u64 *value)
{
	*value = i;
	return *name(i) == '?' ? NULL : name(i);
}

/**
 * expr_value_at() - a value that has a name
 * @field: of this field
 * @i:	   which of them, from 0
 * @value: the value
 *
 * Return: its name, or NULL if there are no more.
 */
const char *expr_value_at(const struct expr_field *field, size_t i, __u64 *value)
{
	switch (field->show) {
	case SHOW_RELATION:
		return bit_at(name_relations, i, value);
	case SHOW_MARKS:
		return bit_at(name_marks, i, value);
	case SHOW_SPLICE_FLAGS:
		return bit_at(name_splice_flags, i, value);
	case SHOW_SYSCALL:
		return number_at(name_syscall, i, value);
	case SHOW_ABI:
		return number_at(name_abi, i, value);
	case SHOW_DIRECTION:
		return number_at(name_direction, i, value);
	case SHOW_ID:
		*value = ~0U;
		return i ? NULL : "unset";
	default:
		return NULL;
	}
}

/**
 * expr_value_find() - looks for a value by its name
 * @field:  that has such values
 * @name:   need not end with a zero
 * @length: of the name
 * @value:  what is found
 *
 * Return: whether there is one.
 */
bool expr_value_find(const struct expr_field *field, const char *name, size_t length,
		     __u64 *value)
{
	const struct expr_field *of;
	unsigned int syscall;
	const char *known;
	size_t i;

	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		of = expr_field_of(field, syscall);
		for (i = 0; of && (known = expr_value_at(of, i, value)); i++) {
			if (is_exactly(known, name, length))
				return true;
		}
	}
	return false;
}

/* Other names that <errno.h> has, which no output writes. */
static const struct {
	const char *name;
	int number;
} error_aliases[] = {
	{ "EWOULDBLOCK", EWOULDBLOCK },
	{ "EDEADLOCK", EDEADLOCK },
	{ "ENOTSUP", ENOTSUP },
};

/**
 * expr_error_find() - looks for an error by its name
 * @name:   such as EPERM; need not end with a zero
 * @length: of the name
 *
 * Return: its number, or 0.
 */
int expr_error_find(const char *name, size_t length)
{
	char room[NAME_ERROR_LEN];
	const char *known;
	int number;
	size_t i;

	if (!length || *name != 'E')
		return 0;
	for (i = 0; i < ARRAY_SIZE(error_aliases); i++) {
		if (is_exactly(error_aliases[i].name, name, length))
			return error_aliases[i].number;
	}
	for (number = 1; number < 600; number++) {
		known = name_error(room, sizeof(room), -number);
		if (is_exactly(known, name, length))
			return number;
	}
	return 0;
}

#define WORD_MAX 40

/* How many bytes to add, to remove and to replace (Levenshtein); case makes no difference. */
static size_t distance(const char *a, size_t a_length, const char *b)
{
	size_t row[WORD_MAX + 1], i, j, corner, up, best, b_length = strlen(b);

	/* Such as a whole expression: that is like no name, whatever may be too far. */
	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return SIZE_MAX;
	for (j = 0; j <= b_length; j++)
		row[j] = j;
	for (i = 1; i <= a_length; i++) {
		corner = row[0];
		row[0] = i;
		for (j = 1; j <= b_length; j++) {
			up = row[j];
			best = corner + (tolower((unsigned char)a[i - 1]) !=
					 tolower((unsigned char)b[j - 1]));
			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = up;
		}
	}
	return row[b_length];
}

/* From here on, words of this length are not alike: two of four letters are half of it. */
static size_t too_far(size_t length)
{
	return 1 + (length + 1) / 3;
}

static void offer_at(struct word *w, const char *name, size_t d)
{
	if (d >= w->distance)
		return;
	w->distance = d;
	w->best = name;
}

static void offer(struct word *w, const char *name)
{
	offer_at(w, name, distance(w->at, w->length, name));
}

/*
 * Who leaves out the group, or names one where there is none, means the field of it:
 * "direction", "caller.uid". A name that one byte makes of the whole word comes first.
 */
static void offer_without_group(struct word *w, const char *name)
{
	const char *dot = memchr(w->at, '.', w->length), *in = strchr(name, '.');
	const char *at = dot ? dot + 1 : w->at, *of = in ? in + 1 : name;
	size_t length = w->at + w->length - at;

	if (!dot != !in && strlen(of) == length && !strncasecmp(of, at, length))
		offer_at(w, name, 2);
}

/**
 * expr_difference() - how much a mistyped word differs from what may be meant
 * @word: the word
 * @name: what may be meant
 *
 * Return: bytes to change, or SIZE_MAX if they are not alike.
 */
size_t expr_difference(const char *word, const char *name)
{
	size_t length = strlen(word), bytes = distance(word, length, name);

	return bytes < too_far(length) ? bytes : SIZE_MAX;
}

static bool offer_field(const struct expr_field *f, void *data)
{
	offer(data, f->name);
	if (f->syscall != EXPR_ANY_SYSCALL)
		offer(data, f->name + ARG_PREFIX);
	else
		offer_without_group(data, f->name);
	return false;
}

/**
 * expr_suggest() - what could have been meant
 * @field:  whose values are possible, too, or NULL
 * @name:   need not end with a zero
 * @length: of the name
 *
 * Return: a name that is much like it, or NULL.
 */
const char *expr_suggest(const struct expr_field *field, const char *name, size_t length)
{
	struct word w = { name, length, NULL, too_far(length) };
	const struct expr_field *of;
	unsigned int syscall;
	const char *known;
	__u64 value;
	size_t i;

	for (syscall = 0; field && syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		of = expr_field_of(field, syscall);
		for (i = 0; of && (known = expr_value_at(of, i, &value)); i++)
			offer(&w, known);
	}
	each_field(offer_field, &w);
	return w.best;
}

/**
 * expr_error_suggest() - which error could have been meant
 * @name:   need not end with a zero
 * @length: of the name
 *
 * Return: a name that is much like it, or NULL.
 */
const char *expr_error_suggest(const char *name, size_t length)
{
	struct word w = { name, length, NULL, too_far(length) };
	char room[NAME_ERROR_LEN];
	const char *known;
	int number;

	for (number = 1; number < 600; number++) {
		known = name_error(room, sizeof(room), -number);
		/* Others have no name. */
		if (known != room)
			offer(&w, known);
	}
	return w.best;
}
