// SPDX-License-Identifier: GPL-2.0
/* What -c prints: calls by syscall, and by caller and target. */
#include <err.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "names.h"
#include "summary.h"
#include "table.h"

/* The longest line of JSON has two names, and less beside them. */
#define JSON_LINE (2 * JSON_BYTE_MAX * SVMTRACE_COMM_LEN + 1024)

/**
 * struct total - what is counted
 * @calls:  calls
 * @errors: of these, calls that failed
 * @asked:  bytes that they asked for, without calls that were refused for asking too much
 * @moved:  bytes that were transferred
 * @time:   ns that they took
 */
struct total {
	uint64_t calls;
	uint64_t errors;
	uint64_t asked;
	uint64_t moved;
	uint64_t time;
};

/**
 * struct pair - a caller and what it writes to
 * @syscall:	  which, so that a pipe and a process are told apart
 * @caller:	  process, or thread if the process was not recorded
 * @caller_start: its start time
 * @target:	  process, or inode of the pipe
 * @target_start: start time of the process
 * @caller_comm:  name of the first thread seen
 * @target_comm:  the same of the target, "" of a pipe
 * @total:	  the counts
 *
 * The members before @caller_comm are the key, and have no holes.
 */
struct pair {
	uint64_t syscall;
	uint64_t caller;
	uint64_t caller_start;
	uint64_t target;
	uint64_t target_start;
	char caller_comm[SVMTRACE_COMM_LEN];
	char target_comm[SVMTRACE_COMM_LEN];
	struct total total;
};

#define KEY_SIZE offsetof(struct pair, caller_comm)

/**
 * struct summary - all counts
 * @syscalls: by syscall
 * @pairs:    by caller and target, a tree of tsearch()
 * @nr_pairs: how many
 */
struct summary {
	struct total syscalls[SVMTRACE_NR_SYSCALLS];
	void *pairs;
	size_t nr_pairs;
};

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

/**
 * summary_new() - makes an empty summary
 *
 * Return: the summary; summary_free() it.
 */
struct summary *summary_new(void)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (!s)
		err(EXIT_FAILURE, "the summary");
	return s;
}

/**
 * summary_free() - frees a summary
 * @s: the summary
 */
void summary_free(struct summary *s)
{
	tdestroy(s->pairs, free);
	free(s);
}

/* The length of one call can be all that 64 bits hold: such a sum stays there. */
static void add(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

/* No call can move that much: it failed for that, and asked for nothing in earnest. */
static bool is_absurd(const struct svmtrace_call *call)
{
	return call->ret < 0 && call->bytes > INT64_MAX;
}

static void count(struct total *total, const struct record_view *v)
{
	const struct svmtrace_call *call = v->call;
	const bool ended = !(v->record->marks & SVMTRACE_MARK_NO_RESULT);

	total->calls++;
	if (!ended || !is_absurd(call))
		add(&total->asked, call->bytes);
	if (!ended)
		return;
	total->time += v->record->time - call->entry_time;
	if (call->ret < 0)
		total->errors++;
	else
		total->moved += call->ret;
}

static bool is_pipe(const struct svmtrace_pipe *pipe)
{
	return pipe && (pipe->direction == SVMTRACE_PIPE_WRITE ||
			pipe->direction == SVMTRACE_PIPE_READ);
}

static void fill_key(struct pair *p, const struct record_view *v)
{
	memset(p, 0, sizeof(*p));
	p->syscall = v->record->syscall;
	p->caller = v->call->tid;
	if (v->caller) {
		p->caller = v->caller->pid;
		p->caller_start = v->caller->start_time;
		memcpy(p->caller_comm, v->caller->comm, sizeof(p->caller_comm));
	}
	if (v->target) {
		p->target = v->target->pid;
		p->target_start = v->target->start_time;
		memcpy(p->target_comm, v->target->comm, sizeof(p->target_comm));
	} else if (is_pipe(v->pipe)) {
		p->target = v->pipe->ino;
	}
}

static struct pair *find_pair(struct summary *s, const struct record_view *v)
{
	struct pair *p = malloc(sizeof(*p)), *found;
	void *node;

	if (!p)
		err(EXIT_FAILURE, "the summary");
	fill_key(p, v);
	node = tsearch(p, &s->pairs, compare_keys);
	if (!node)
		err(EXIT_FAILURE, "the summary");
	found = *(struct pair **)node;
	if (found == p)
		s->nr_pairs++;
	else
		free(p);
	return found;
}

/**
 * summary_add() - counts a record
 * @s: the summary
 * @v: the record; one that is no finished call is not counted
 */
void summary_add(struct summary *s, const struct record_view *v)
{
	if (!v->call || v->record->kind != SVMTRACE_KIND_CALL)
		return;
	count(&s->syscalls[v->record->syscall], v);
	count(&find_pair(s, v)->total, v);
}

static uint64_t sort_value(const struct total *total, enum sort_key key)
{
	switch (key) {
	case SORT_ERRORS:
		return total->errors;
	case SORT_ASKED:
		return total->asked;
	case SORT_MOVED:
		return total->moved;
	case SORT_TIME:
		return total->time;
	default:
		return total->calls;
	}
}

static int compare_pairs(const void *a, const void *b, void *key)
{
	const struct pair *x = *(struct pair *const *)a, *y = *(struct pair *const *)b;
	enum sort_key sort = *(enum sort_key *)key;
	uint64_t left = sort_value(&x->total, sort), right = sort_value(&y->total, sort);
	int order;

	if (sort == SORT_NAME) {
		order = strncmp(x->caller_comm, y->caller_comm, SVMTRACE_COMM_LEN);
		if (order)
			return order;
	}
	if (left != right)
		return left < right ? 1 : -1;
	return compare_keys(x, y);
}

#define TOTAL_COLUMNS 5
#define NUMBER_LEN 24

static const char *const *format_total(const struct total *t)
{
	static char texts[TOTAL_COLUMNS][NUMBER_LEN];
	static const char *const cells[] = {
		texts[0], texts[1], texts[2], texts[3], texts[4],
	};
	const uint64_t numbers[] = { t->calls, t->errors, t->asked, t->moved };
	size_t i;

	for (i = 0; i < TOTAL_COLUMNS - 1; i++)
		snprintf(texts[i], NUMBER_LEN, "%llu", (unsigned long long)numbers[i]);
	snprintf(texts[i], NUMBER_LEN, "%llu.%06u", (unsigned long long)(t->time / NSEC_PER_SEC),
		 (unsigned int)(t->time % NSEC_PER_SEC / 1000));
	return cells;
}

/* A row of totals and the names that they belong to. */
static void add_row(struct table *table, const struct total *total, const char *syscall,
		    const char *caller, const char *target)
{
	const char *cells[TOTAL_COLUMNS + 3];

	memcpy(cells, format_total(total), TOTAL_COLUMNS * sizeof(cells[0]));
	cells[TOTAL_COLUMNS] = syscall;
	cells[TOTAL_COLUMNS + 1] = caller;
	cells[TOTAL_COLUMNS + 2] = target;
	table_add(table, cells);
}

static const struct column columns[] = {
	{ "CALLS", true }, { "ERRORS", true }, { "ASKED", true }, { "MOVED", true },
	{ "SECONDS", true }, { "SYSCALL" }, { "CALLER" }, { "TARGET" },
};

static void print_syscalls(const struct summary *s, FILE *file)
{
	struct table *table = table_new("syscalls", columns, TOTAL_COLUMNS + 1, false);
	struct total sum = { 0 };
	unsigned int i;

	for (i = 0; i < SVMTRACE_NR_SYSCALLS; i++) {
		const struct total *t = &s->syscalls[i];

		if (!t->calls)
			continue;
		add_row(table, t, name_syscall(i), NULL, NULL);
		sum.calls += t->calls;
		sum.errors += t->errors;
		add(&sum.asked, t->asked);
		sum.moved += t->moved;
		sum.time += t->time;
	}
	add_row(table, &sum, "total", NULL, NULL);
	table_print(table, file);
}

static void format_task(char *buf, const char *comm, uint64_t pid)
{
	char *at = put_escaped(buf, comm, strnlen(comm, SVMTRACE_COMM_LEN));

	*put_named(at, "/", pid) = '\0';
}

static void add_pair(struct table *table, const struct pair *p)
{
	char caller[4 * SVMTRACE_COMM_LEN + 32], target[4 * SVMTRACE_COMM_LEN + 32];

	format_task(caller, p->caller_comm, p->caller);
	if (!p->target)
		snprintf(target, sizeof(target), "-");
	else if (p->syscall == SVMTRACE_NR_vmsplice)
		snprintf(target, sizeof(target), "pipe:%llu", (unsigned long long)p->target);
	else
		format_task(target, p->target_comm, p->target);
	add_row(table, &p->total, name_syscall(p->syscall), caller, target);
}

static void collect(const void *node, VISIT visit, void *closure)
{
	struct pair ***next = closure;

	if (visit == preorder || visit == leaf)
		*(*next)++ = *(struct pair *const *)node;
}

/* All pairs in the order of -S; to be freed. */
static struct pair **sort_pairs(const struct summary *s, enum sort_key sort)
{
	struct pair **pairs = calloc(s->nr_pairs + 1, sizeof(struct pair *)), **end = pairs;

	if (!pairs)
		err(EXIT_FAILURE, "the summary");
	twalk_r(s->pairs, collect, &end);
	qsort_r(pairs, s->nr_pairs, sizeof(struct pair *), compare_pairs, &sort);
	return pairs;
}

static void print_tables(const struct summary *s, struct pair *const *pairs, FILE *file)
{
	struct table *table;
	size_t i;

	print_syscalls(s, file);
	fputc('\n', file);
	table = table_new("pairs", columns, TOTAL_COLUMNS + 3, false);
	for (i = 0; i < s->nr_pairs; i++)
		add_pair(table, pairs[i]);
	table_print(table, file);
}

static char *put_total(char *at, const char *kind, unsigned int syscall, const struct total *t)
{
	at = json_word(at, "{\"kind\":", kind);
	at = json_word(at, JSON_KEY("syscall"), name_syscall(syscall));
	at = json_number(at, JSON_KEY("calls"), t->calls);
	at = json_number(at, JSON_KEY("errors"), t->errors);
	at = json_number(at, JSON_KEY("asked"), t->asked);
	at = json_number(at, JSON_KEY("moved"), t->moved);
	return json_number(at, JSON_KEY("duration"), t->time);
}

static char *put_pair(char *at, const struct pair *p)
{
	at = put_total(at, "pair", p->syscall, &p->total);
	at = json_number(at, JSON_KEY("pid"), p->caller);
	at = json_number(at, JSON_KEY("start_time"), p->caller_start);
	at = json_comm(at, JSON_KEY("comm"), p->caller_comm);
	if (!p->target)
		return at;
	if (p->syscall == SVMTRACE_NR_vmsplice)
		return json_number(at, JSON_KEY("pipe_ino"), p->target);
	at = json_number(at, JSON_KEY("target_pid"), p->target);
	at = json_number(at, JSON_KEY("target_start_time"), p->target_start);
	return json_comm(at, JSON_KEY("target_comm"), p->target_comm);
}

static void print_json_lines(const struct summary *s, struct pair *const *pairs, FILE *file)
{
	char line[JSON_LINE], *at;
	size_t i;

	for (i = 0; i < SVMTRACE_NR_SYSCALLS; i++) {
		at = put_text(put_total(line, "total", i, &s->syscalls[i]), "}\n");
		fwrite(line, 1, at - line, file);
	}
	for (i = 0; i < s->nr_pairs; i++) {
		at = put_text(put_pair(line, pairs[i]), "}\n");
		fwrite(line, 1, at - line, file);
	}
}

/**
 * summary_print() - prints the summary
 * @s:	  the summary
 * @file: where to
 * @o:	  how
 */
void summary_print(struct summary *s, FILE *file, const struct options *o)
{
	struct pair **pairs = sort_pairs(s, o->sort);

	if (o->json)
		print_json_lines(s, pairs, file);
	else
		print_tables(s, pairs, file);
	free(pairs);
}
