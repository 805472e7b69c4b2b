// SPDX-License-Identifier: GPL-2.0
/* Random expressions, and what they mean, worked out in 128 bits from a tree. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "random.h"
#include "random_expr.h"

#define NODES 256

#define FROM(at) offsetof(struct svmtrace_filter_data, at)

/* Wide enough for all values, with their sign. */
#define s128 __int128

static __u64 state;

static unsigned long long any(void)
{
	return random_next(&state);
}

static unsigned int below(unsigned int n)
{
	return random_below(&state, n);
}

struct field {
	const char *name;
	size_t offset;
	size_t size;
	bool is_signed;
	int syscall;		/* -1: any */
	__u32 needs;
	unsigned int names;	/* so many numbers, from 0 on, have names */
	bool is_int;		/* the kernel takes 32 bits of it, with sign */
};

#define UNSIGNED(size, name, at, needs) { name, FROM(at), size, false, -1, needs }
#define NAMED(size, name, at, needs, names) { name, FROM(at), size, false, -1, needs, names }

static const struct field fields[] = {
	NAMED(1, "syscall", record.syscall, 0, 2),
	UNSIGNED(4, "marks", record.marks, 0),
	UNSIGNED(8, "entry_time", call.entry_time, 0),
	{ "ret", FROM(call.ret), 8, true, -1, SVMTRACE_PRESENT_RESULT },
	UNSIGNED(8, "bytes", call.bytes, 0),
	UNSIGNED(8, "remote_bytes", call.remote_bytes, SVMTRACE_PRESENT_REMOTE),
	UNSIGNED(4, "tid", call.tid, 0),
	UNSIGNED(4, "relation", call.relation, SVMTRACE_GROUP_TARGET),
	NAMED(1, "abi", call.abi, 0, 3),
	UNSIGNED(4, "pid", caller.pid, SVMTRACE_GROUP_CALLER),
	UNSIGNED(4, "uid", caller.uid, SVMTRACE_GROUP_CALLER),
	UNSIGNED(8, "start_time", caller.start_time, SVMTRACE_GROUP_CALLER),
	UNSIGNED(4, "loginuid", context.loginuid, SVMTRACE_GROUP_CONTEXT),
	UNSIGNED(4, "user_ns", context.user_ns, SVMTRACE_GROUP_CONTEXT),
	UNSIGNED(8, "caps", context.caps, SVMTRACE_GROUP_CONTEXT),
	UNSIGNED(4, "target.pid", target.pid, SVMTRACE_GROUP_TARGET),
	UNSIGNED(4, "target_uid", target.uid, SVMTRACE_GROUP_TARGET),
	UNSIGNED(8, "target.cgroup", target_context.cgroup, SVMTRACE_GROUP_TARGET_CONTEXT),
	UNSIGNED(4, "target.pid_ns", target_context.pid_ns, SVMTRACE_GROUP_TARGET_CONTEXT),
	UNSIGNED(8, "pipe.ino", pipe.ino, SVMTRACE_GROUP_PIPE),
	NAMED(4, "pipe.direction", pipe.direction, SVMTRACE_GROUP_PIPE, 4),
	UNSIGNED(4, "pipe.used_after", pipe.used_after,
		 SVMTRACE_GROUP_PIPE | SVMTRACE_PRESENT_RESULT),
	UNSIGNED(8, "duration", duration, SVMTRACE_PRESENT_RESULT),
	{ "arg.pid", FROM(args[0]), 8, true, 0, 0, 0, true },
	{ "arg.fd", FROM(args[0]), 8, true, 1, 0, 0, true },
	{ "fd", FROM(args[0]), 8, true, 1, 0, 0, true },
	{ "liovcnt", FROM(args[2]), 8, false, 0, 0 },
	{ "nr_segs", FROM(args[2]), 8, false, 1, 0 },
	{ "flags", FROM(args[5]), 8, false, 0, 0 },
	{ "flags", FROM(args[3]), 8, false, 1, 0 },
	{ "comm", FROM(caller.comm), 16, false, -1, SVMTRACE_GROUP_CALLER },
	{ "target.comm", FROM(target.comm), 16, false, -1, SVMTRACE_GROUP_TARGET },
};

#define NR_FIELDS (sizeof(fields) / sizeof(*fields))
#define NR_TEXTS 2

enum kind { OR, AND, NOT, HAS, COMPARE, IN, NOT_IN };

struct operand {
	const struct field *field;	/* or a constant */
	bool masked;
	s128 value;			/* constant, or mask */
	const char *text;		/* constant */
	bool prefix;
};

struct node {
	enum kind kind;
	int op;
	struct operand left;
	struct operand right[4];
	struct node *child[4];
	unsigned int n;
};

static struct node nodes[NODES];
static unsigned int nr_nodes;
static bool odd;
static struct svmtrace_filter_data calls[RANDOM_CALLS];

/* The field of that name in a call, if it has one. */
static const struct field *in_call(const struct field *f, const struct svmtrace_filter_data *d)
{
	const struct field *other;

	if (f->syscall >= 0 && f->syscall != d->record.syscall) {
		for (other = fields; other < fields + NR_FIELDS; other++) {
			if (!strcmp(other->name, f->name) && other->syscall == d->record.syscall)
				return other;
		}
		return NULL;
	}
	return f;
}

static s128 load(const struct field *f, const struct svmtrace_filter_data *d)
{
	const char *at = (const char *)d + f->offset;
	__u32 u32;
	__u64 u64;

	switch (f->size) {
	case 1:
		return *(const __u8 *)at;
	case 4:
		memcpy(&u32, at, 4);
		return u32;
	default:
		memcpy(&u64, at, 8);
		return f->is_signed ? (s128)(__s64)u64 : (s128)u64;
	}
}

static bool is_known(const struct field *f, const struct svmtrace_filter_data *d)
{
	f = in_call(f, d);
	if (!f || (d->present & f->needs) != f->needs)
		return false;
	return f->offset != FROM(pipe.used_after) || d->pipe.used_after != ~0U;
}

static s128 number(const struct operand *o, const struct svmtrace_filter_data *d)
{
	s128 value;

	if (!o->field)
		return o->value;
	value = load(in_call(o->field, d), d);
	return o->masked ? value & o->value : value;
}

static const char *text(const struct operand *o, const struct svmtrace_filter_data *d)
{
	return o->field ? (const char *)d + o->field->offset : o->text;
}

static bool same_text(const struct operand *a, const struct operand *b,
		      const struct svmtrace_filter_data *d)
{
	if (b->prefix)
		return !strncmp(text(a, d), b->text, strlen(b->text));
	return !strncmp(text(a, d), text(b, d), SVMTRACE_COMM_LEN);
}

static bool holds(const struct node *n, const struct operand *b,
		  const struct svmtrace_filter_data *d)
{
	s128 x, y;

	if (n->left.field->size == 16)
		return same_text(&n->left, b, d) == (n->op != 1);
	x = number(&n->left, d);
	y = number(b, d);
	switch (n->op) {
	case 0:
		return x == y;
	case 1:
		return x != y;
	case 2:
		return x < y;
	case 3:
		return x <= y;
	case 4:
		return x > y;
	default:
		return x >= y;
	}
}

static bool mean(const struct node *n, const struct svmtrace_filter_data *d)
{
	unsigned int i;

	switch (n->kind) {
	case OR:
		for (i = 0; i < n->n && !mean(n->child[i], d); i++)
			;
		return i < n->n;
	case AND:
		for (i = 0; i < n->n && mean(n->child[i], d); i++)
			;
		return i == n->n;
	case NOT:
		return !mean(n->child[0], d);
	case HAS:
		return is_known(n->left.field, d);
	default:
		if (!is_known(n->left.field, d) ||
		    (n->right[0].field && !is_known(n->right[0].field, d)))
			return false;
		for (i = 0; i < n->n && !holds(n, &n->right[i], d); i++)
			;
		return (i < n->n) != (n->kind == NOT_IN);
	}
}

static const char *const names[] = { "gdb", "gdbserver", "sshd", "a", "", "fifteen_letters" };

/* What is worth a try: around the powers of two, and around what there is. */
static __u64 value(void)
{
	switch (below(4)) {
	case 0:
		return below(4);
	case 1:
		return (1ULL << below(64)) + below(3) - 1;
	case 2:
		return -(__u64)below(4);
	default:
		return any() >> below(64);
	}
}

/* Zeros follow it, as in a record. */
static void make_name(char comm[SVMTRACE_COMM_LEN])
{
	const char *name = names[below(6)];

	memset(comm, 0, SVMTRACE_COMM_LEN);
	memcpy(comm, name, strlen(name));
}

static void make_call(struct svmtrace_filter_data *d)
{
	__u64 words[sizeof(*d) / 8];
	unsigned int i;

	for (i = 0; i < sizeof(*d) / 8; i++)
		words[i] = below(2) ? value() : value() | value() << 32;
	memcpy(d, words, sizeof(*d));
	d->record.syscall = below(SVMTRACE_NR_SYSCALLS);
	d->present = below(2) ? ~0U : any();
	if (below(4) == 0)
		d->pipe.used_after = ~0U;
	make_name(d->caller.comm);
	make_name(d->target.comm);
}

static const struct field *number_field(void)
{
	return &fields[below(NR_FIELDS - NR_TEXTS)];
}

/* Has a call a value that is this? */
static bool can_be(const struct operand *o, s128 v)
{
	const struct field *f = o->field;
	__u64 low = (__u64)v;
	s128 value;

	if (f->names && v >= f->names)
		return false;
	if (f->offset == FROM(pipe.used_after) && v == ~0U)
		return false;
	if (f->size < 8)
		low &= (1ULL << 8 * f->size) - 1;
	if (f->is_int && !o->masked)
		return v == (__s32)low;
	value = f->is_signed ? (s128)(__s64)low : (s128)low;
	return (o->masked ? value & o->value : value) == v;
}

static s128 near(const struct field *f)
{
	const struct svmtrace_filter_data *d = &calls[below(RANDOM_CALLS)];
	s128 v = (s128)value();

	/* No others: the ABI that is called 64 is none of this number. */
	if (f->names)
		return below(2 * f->names);
	if (below(3) == 0)
		return below(2) ? v : (s128)(__s64)value();
	f = in_call(f, d);
	v = f ? load(f, d) + below(3) - 1 : 0;
	return v < -((s128)1 << 63) || v > (s128)~0ULL ? 0 : v;
}

static void make_mask(struct operand *o)
{
	o->masked = !o->field->names && below(3) == 0;
	o->value = o->masked ? (below(4) ? (s128)value() : (s128)(__s64)(value() | 1ULL << 63)) : 0;
}

/* Now and then one that it cannot be equal to. */
static s128 equal(const struct operand *o)
{
	unsigned int tries;
	s128 v;

	for (tries = 0; tries < 10; tries++) {
		v = near(o->field);
		if (o->masked && below(10))
			v &= o->value;
		if (can_be(o, v) || !below(100))
			return v;
	}
	return 0;
}

static void make_compare(struct node *n)
{
	unsigned int i;
	bool equality;

	n->kind = below(5) ? COMPARE : IN + below(2);
	n->op = n->kind == COMPARE ? below(6) : 0;
	equality = n->op < 2;
	n->n = n->kind == COMPARE ? 1 : 1 + below(4);
	n->left = (struct operand){ .field = number_field() };
	make_mask(&n->left);
	for (i = 0; i < n->n; i++) {
		n->right[i] = (struct operand){
			.value = equality ? equal(&n->left) : near(n->left.field),
		};
		if (n->kind == COMPARE && below(3) == 0) {
			n->right[i].field = number_field();
			make_mask(&n->right[i]);
		} else if (equality && !can_be(&n->left, n->right[i].value)) {
			odd = true;
		}
	}
}

static void make_text(struct node *n)
{
	n->kind = COMPARE;
	n->op = below(2);
	n->n = 1;
	n->left = (struct operand){ .field = &fields[NR_FIELDS - 1 - below(2)] };
	n->right[0] = (struct operand){ .text = names[below(6)], .prefix = below(2) };
	if (below(4) == 0)
		n->right[0] = (struct operand){ .field = &fields[NR_FIELDS - 1 - below(2)] };
}

static struct node *make(unsigned int depth)
{
	struct node *n = &nodes[nr_nodes++];
	unsigned int i, what = below(10);

	if (depth && what < 6) {
		n->kind = what < 5 ? below(2) : NOT;
		n->n = n->kind == NOT ? 1 : 2 + below(3);
		for (i = 0; i < n->n; i++)
			n->child[i] = make(depth - 1);
	} else if (what == 6) {
		n->kind = HAS;
		n->left = (struct operand){ .field = &fields[below(NR_FIELDS)] };
	} else if (what == 7) {
		make_text(n);
	} else {
		make_compare(n);
	}
	return n;
}

static char words[65536];
static size_t written;

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	written += vsnprintf(words + written, sizeof(words) - written, format, args);
	va_end(args);
}

static void say_number(s128 v)
{
	__u64 size = v < 0 ? -v : v;

	if (v < 0)
		say("-");
	if (size && size % 1024 == 0 && below(8) == 0)
		say("%lluK", size / 1024);
	else
		say(below(2) ? "%llu" : "%#llx", size);
}

static void say_operand(const struct operand *o)
{
	if (o->text)
		say("\"%s%s\"", o->text, o->prefix ? "*" : "");
	else if (!o->field)
		say_number(o->value);
	else
		say("%s", o->field->name);
	if (o->field && o->masked) {
		say(below(2) ? "&" : " & ");
		say_number(o->value);
	}
}

static void say_compare(const struct node *n)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };
	unsigned int i;

	say_operand(&n->left);
	if (n->kind == COMPARE) {
		say(below(2) ? "%s" : " %s ", ops[n->op]);
		say_operand(&n->right[0]);
		return;
	}
	say(n->kind == IN ? " in {" : " not in {");
	for (i = 0; i < n->n; i++) {
		say(i ? ", " : "");
		say_operand(&n->right[i]);
	}
	say("}");
}

/* In parentheses where they are needed, and sometimes where they are not. */
static void say_node(const struct node *n, enum kind around)
{
	bool open = around != COMPARE && (n->kind <= AND ? n->kind < around || around == NOT :
					  !below(5));
	unsigned int i;

	say(open ? "(" : "");
	switch (n->kind) {
	case OR:
	case AND:
		for (i = 0; i < n->n; i++) {
			if (i)
				say(n->kind == OR ? (below(2) ? " or " : "||") :
				    below(2) ? " and " : "&&");
			say_node(n->child[i], n->kind);
		}
		break;
	case NOT:
		say(below(2) ? "!" : "not ");
		say_node(n->child[0], NOT);
		break;
	case HAS:
		say("has(%s)", n->left.field->name);
		break;
	default:
		say_compare(n);
	}
	say(open ? ")" : "");
}

static const struct node *root;

void random_seed(unsigned long long seed)
{
	state = seed;
}

const char *random_expr(void)
{
	unsigned int i;

	for (i = 0; i < RANDOM_CALLS; i++)
		make_call(&calls[i]);
	nr_nodes = 0;
	odd = false;
	memset(nodes, 0, sizeof(nodes));
	root = make(below(4));
	written = 0;
	say_node(root, COMPARE);
	return words;
}

const struct svmtrace_filter_data *random_call(unsigned int i)
{
	return &calls[i];
}

bool random_means(unsigned int i)
{
	return mean(root, &calls[i]);
}

bool random_is_odd(void)
{
	return odd;
}
