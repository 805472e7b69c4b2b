// SPDX-License-Identifier: GPL-2.0
/* The command line. */
#include <argp.h>
#include <assert.h>
#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/svmtrace.h>

#include "cgroup.h"
#include "expr_lex.h"
#include "names.h"
#include "options.h"
#include "util.h"
#include "version.h"

#define DEFAULT_IOVS 16
#define DEFAULT_RECORDING "svmtrace.ctf"

enum option_key {
	KEY_JSON = 0x100,
	KEY_LIST_FIELDS,
	KEY_ENTRIES,
	KEY_IOVS,
	KEY_LOSE_EVERY,
	KEY_FLIGHT,
	KEY_UNTIL,
	KEY_CGROUP,
	KEY_PRESET,		/* the last: one key per enum filter_preset */
};

const char *argp_program_version = "svmtrace " SVMTRACE_VERSION;

#define DOC_BEFORE \
	"Traces process_vm_writev(2) and vmsplice(2) calls: all, or those of some processes."
#define DOC_AFTER \
	"record writes a recording, which report shows, as do babeltrace2 and Trace Compass. " \
	"stat shows the module and its sessions, check whether all works. See svmtrace(8)."

static const char args_doc[] = "[EXPRESSION...] [-- COMMAND [ARG...]]\n"
			       "record [EXPRESSION...] [-- COMMAND [ARG...]]\n"
			       "report DIRECTORY [EXPRESSION...]\n"
			       "stat\n"
			       "check";

static const struct argp_option option_table[] = {
	{ NULL, 0, NULL, 0, "What to trace:", 1 },
	{ "trace", 'e', "SYSCALL", 0, "only process_vm_writev or vmsplice", 1 },
	{ "pid", 'p', "PID", 0, "only calls by this process; may be repeated", 1 },
	{ "follow", 'f', NULL, 0, "with -p: and by its descendants", 1 },
	{ "cgroup", KEY_CGROUP, "PATH", 0,
	  "only calls made in this cgroup or below; may be repeated", 1 },
	{ "user", 'u', "USER", 0,
	  "only calls by this user (real uid); with COMMAND: run it as USER", 1 },
	{ "successful-only", 'z', NULL, 0, "only calls that succeeded", 1 },
	{ "failed-only", 'Z', NULL, 0, "only calls that failed", 1 },
	{ "entries", KEY_ENTRIES, NULL, 0, "show calls when they enter, too", 1 },
	{ "count", 'n', "N", 0, "stop after N calls", 1 },

	{ "injection", KEY_PRESET + FILTER_INJECTION, NULL, 0,
	  "only writes into another process, tried or done", 1 },
	{ "escape", KEY_PRESET + FILTER_ESCAPE, NULL, 0,
	  "only across a pid, mount or user namespace", 1 },
	{ "splice-lpe", KEY_PRESET + FILTER_SPLICE_LPE, NULL, 0,
	  "only small vmsplice into a pipe in a user namespace", 1 },
	{ "raced", KEY_PRESET + FILTER_RACED, NULL, 0,
	  "only what changed during the call, or has no result", 1 },
	{ "dump", 'd', NULL, 0, "show the program that EXPRESSION becomes", 1 },

	{ NULL, 0, NULL, 0, "How much of it:", 2 },
	{ "preview", 's', "N", 0, "record N bytes of the payload (default 0)", 2 },
	{ "iovs", KEY_IOVS, "N", 0, "record N entries of each iovec array (default 16)", 2 },
	{ "ring-size", 'B', "SIZE", 0, "buffer per CPU, for example 256K or 8M", 2 },
	{ "lose-every", KEY_LOSE_EVERY, "N", 0, "drop every Nth call, to test alarms", 2 },

	{ "flight", KEY_FLIGHT, "SIZE", 0,
	  "record: keep the newest SIZE bytes per CPU in memory, and write them at the end", 2 },
	{ "until", KEY_UNTIL, "EXPRESSION", 0,
	  "record --flight: a call that this is true of is the end", 2 },

	{ NULL, 0, NULL, 0, "How it looks:", 3 },
	{ "output", 'o', "FILE", 0,
	  "write to FILE; record: to this directory (default " DEFAULT_RECORDING ")", 3 },
	{ "json", KEY_JSON, NULL, 0, "one JSON object per line", 3 },
	{ "summary-only", 'c', NULL, 0, "only a summary at the end", 3 },
	{ "summary", 'C', NULL, 0, "a summary at the end, too", 3 },
	{ "summary-sort-by", 'S', "KEY", 0,
	  "sort it by calls (default), errors, asked, moved, time or name", 3 },
	{ NULL, 't', NULL, 0,
	  "time of day; -tt with microseconds, -ttt in seconds since 1970", 3 },
	{ "relative-timestamps", 'r', NULL, 0, "time since the line before", 3 },
	{ "syscall-times", 'T', NULL, 0, "durations in seconds", 3 },
	{ "decode-fds", 'y', NULL, 0,
	  "look up paths of files and executables, when the call is printed", 3 },
	{ "quiet", 'q', NULL, 0, "no notes; losses are still told", 3 },
	{ "list-fields", KEY_LIST_FIELDS, NULL, 0, "list what is recorded", 3 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, NULL, -1 },
	{ 0 }
};

#define IN(mode) (1U << MODE_##mode)
#define IN_MODE(o) (1U << (o)->mode)
#define CAPTURING (IN(TRACE) | IN(RECORD))
#define SHOWING (IN(TRACE) | IN(REPORT))
#define FILTERING (CAPTURING | IN(REPORT) | IN(DUMP))

/* Where an option is of use, and why not elsewhere, if that needs to be said. */
static const struct {
	int key;
	unsigned int modes;
	const char *why;
} uses[] = {
	{ 'e', CAPTURING | IN(REPORT) },
	{ 'p', CAPTURING | IN(REPORT) },
	{ 'f', CAPTURING },
	{ KEY_CGROUP, CAPTURING },
	{ 'u', FILTERING },
	{ 'z', FILTERING },
	{ 'Z', FILTERING },
	{ KEY_ENTRIES, CAPTURING },
	{ 'n', SHOWING },
	{ KEY_PRESET + FILTER_INJECTION, FILTERING },
	{ KEY_PRESET + FILTER_ESCAPE, FILTERING },
	{ KEY_PRESET + FILTER_SPLICE_LPE, FILTERING },
	{ KEY_PRESET + FILTER_RACED, FILTERING },
	{ 's', CAPTURING },
	{ KEY_IOVS, CAPTURING },
	{ 'B', CAPTURING },
	{ KEY_LOSE_EVERY, CAPTURING },
	{ KEY_FLIGHT, IN(RECORD) },
	{ KEY_UNTIL, IN(RECORD) },
	{ 'o', CAPTURING | IN(REPORT) },
	{ KEY_JSON, SHOWING | IN(STAT) | IN(LIST_FIELDS) },
	{ 'c', SHOWING },
	{ 'C', SHOWING },
	{ 'S', SHOWING },
	{ 't', SHOWING },
	{ 'r', SHOWING },
	{ 'T', SHOWING },
	{ 'y', IN(TRACE), ": it looks at what is there now" },
	{ 'q', CAPTURING | IN(REPORT) },
};

/* There is a bit for each in struct options. */
static_assert(ARRAY_SIZE(uses) <= 64);

static void note_use(struct options *o, int key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		if (uses[i].key == key)
			o->given |= 1ULL << i;
	}
}

static bool is_given(const struct options *o, int key)
{
	size_t i = 0;

	while (uses[i].key != key)
		i++;
	return o->given & 1ULL << i;
}

static void refuse_use(struct argp_state *state, int key, const char *with, const char *why)
{
	const struct argp_option *option = option_table;

	while (option->key != key)
		option++;
	if (option->name)
		argp_error(state, "--%s is of no use with %s%s", option->name, with, why);
	argp_error(state, "-%c is of no use with %s%s", key, with, why);
}

static unsigned long parse_number(struct argp_state *state, const char *what,
				  const char *text, unsigned long min, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || value < min || value > max)
		argp_error(state, "%s must be a number from %lu to %lu, not '%s'", what, min,
			   max, text);
	return value;
}

static unsigned int parse_size(struct argp_state *state, const char *text)
{
	unsigned long long value;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end && strchr("kK", *end))
		shift = 10, end++;
	else if (*end && strchr("mM", *end))
		shift = 20, end++;
	else if (*end && strchr("gG", *end))
		shift = 30, end++;
	if (errno || *end || *text == '-' || !value || value & (value - 1))
		argp_error(state, "the size of a ring is a power of two, such as 256K or 8M");
	/* That is too much for any module; this one says what its limit is. */
	return value > UINT32_MAX >> shift ? 1U << 31 : value << shift;
}

static void parse_pids(struct argp_state *state, struct options *o, char *list)
{
	static const char between[] = ", \t\n";
	char *pid, *save = NULL;

	pid = strtok_r(list, between, &save);
	/* Such as of pgrep that finds none: not all calls are meant. */
	if (!pid)
		argp_error(state, "-p: a process id expected");
	for (; pid; pid = strtok_r(NULL, between, &save)) {
		o->pids = reallocarray(o->pids, o->nr_pids + 1, sizeof(*o->pids));
		if (!o->pids)
			argp_failure(state, EXIT_FAILURE, ENOMEM, "-p");
		o->pids[o->nr_pids++] = parse_number(state, "a process id", pid, 1, INT32_MAX);
	}
}

static void parse_cgroup(struct argp_state *state, struct options *o, const char *name)
{
	__u64 id;

	/* Such as of a variable that is not set: not the root is meant. */
	if (!*name)
		argp_error(state, "--cgroup: the name of a cgroup expected");
	id = cgroup_id(name);
	if (!id)
		argp_error(state, "there is no cgroup (v2) '%s'", name);
	o->cgroups = reallocarray(o->cgroups, o->nr_cgroups + 1, sizeof(*o->cgroups));
	if (!o->cgroups)
		argp_failure(state, EXIT_FAILURE, ENOMEM, "--cgroup");
	o->cgroups[o->nr_cgroups++] = id;
}

static void parse_syscalls(struct argp_state *state, struct options *o, char *list)
{
	char *name, *save = NULL;
	unsigned int i;

	if (!strncmp(list, "trace=", 6))
		list += 6;
	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < SVMTRACE_NR_SYSCALLS && strcmp(name, name_syscall(i)); i++)
			;
		if (i == SVMTRACE_NR_SYSCALLS)
			argp_error(state, "-e is process_vm_writev or vmsplice, not '%s'", name);
		o->syscalls |= 1U << i;
	}
	if (!o->syscalls)
		argp_error(state, "-e: process_vm_writev or vmsplice expected");
}

static void parse_sort(struct argp_state *state, struct options *o, const char *name)
{
	static const char *const names[] = {
		[SORT_CALLS] = "calls",
		[SORT_ERRORS] = "errors",
		[SORT_ASKED] = "asked",
		[SORT_MOVED] = "moved",
		[SORT_TIME] = "time",
		[SORT_NAME] = "name",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i])) {
			o->sort = i;
			return;
		}
	}
	argp_error(state, "cannot sort by '%s'", name);
}

static void parse_user(struct argp_state *state, struct options *o, const char *name)
{
	const struct passwd *user = getpwnam(name);
	unsigned long uid;
	char *end;

	o->user = name;
	if (!user) {
		uid = strtoul(name, &end, 10);
		if (*end || end == name || *name == '-' || uid > UINT32_MAX)
			argp_error(state, "no such user: %s", name);
		o->uid = uid;
		user = getpwuid(o->uid);
	}
	if (user) {
		o->user = user->pw_name;
		o->uid = user->pw_uid;
		o->gid = user->pw_gid;
	}
	o->known_user = user;
}

/* Is it something that a shell would run? */
static bool is_program(const char *name)
{
	const char *path = getenv("PATH");
	char *copy, *dir, *save = NULL, *file;
	bool found = false;
	struct stat st;

	if (strchr(name, '/'))
		return !stat(name, &st) && S_ISREG(st.st_mode) && !access(name, X_OK);
	copy = strdup(path ? path : "");
	if (!copy)
		return false;
	for (dir = strtok_r(copy, ":", &save); dir && !found; dir = strtok_r(NULL, ":", &save)) {
		if (asprintf(&file, "%s/%s", dir, name) < 0)
			break;
		found = is_program(file);
		free(file);
	}
	free(copy);
	return found;
}

static const struct {
	const char *word;
	enum mode mode;
} modes[] = {
	{ "record", MODE_RECORD },
	{ "report", MODE_REPORT },
	{ "stat", MODE_STAT },
	{ "check", MODE_CHECK },
};

/* "record" and its like can only be the first word. */
static bool parse_mode(struct options *o, const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if (o->mode == MODE_TRACE && !o->filter.text && !strcmp(word, modes[i].word)) {
			o->mode = modes[i].mode;
			return true;
		}
	}
	return false;
}

/* The first word is none that an expression begins with. */
static void refuse_word(struct argp_state *state, const struct options *o, const char *word)
{
	bool runs = CAPTURING & IN_MODE(o), in_record = o->mode == MODE_RECORD;
	size_t i, difference, least = SIZE_MAX;
	const char *best = NULL;

	if (runs && is_program(word))
		argp_failure(state, EXIT_USAGE, 0, "did you mean: %s%s -- %s ...?", state->name,
			     in_record ? " record" : "", word);
	/* There is one such word already. */
	if (o->mode != MODE_TRACE)
		return;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		difference = expr_difference(word, modes[i].word);
		if (difference < least) {
			least = difference;
			best = modes[i].word;
		}
	}
	if (best)
		argp_failure(state, EXIT_USAGE, 0, "did you mean: %s %s ...?", state->name,
			     best);
}

static void parse_word(struct argp_state *state, struct options *o, char *word)
{
	if (state->quoted && state->next > state->quoted) {
		o->command = state->argv + state->next - 1;
		state->next = state->argc;
	} else if (parse_mode(o, word)) {
		return;
	} else if (o->mode == MODE_REPORT && !o->recording) {
		o->recording = word;
	} else {
		if (!o->filter.text && !expr_begins(word))
			refuse_word(state, o, word);
		filter_add_word(&o->filter, word);
	}
}

/* Of a trace, the kernel knows such a set by itself; of a recording, it is a condition. */
static void require_pids(struct options *o)
{
	char *condition;
	size_t i, size;
	FILE *file = open_memstream(&condition, &size);

	if (!file)
		err(EXIT_FAILURE, "-p");
	for (i = 0; i < o->nr_pids; i++)
		fprintf(file, "%s%d", i ? ", " : "pid in {", o->pids[i]);
	fputc('}', file);
	if (fclose(file))
		err(EXIT_FAILURE, "-p");
	filter_require(&o->filter, condition);
	free(condition);
}

static void require_recorded(struct options *o)
{
	char condition[32];

	if (o->nr_pids)
		require_pids(o);
	if (o->syscalls && o->syscalls != SVMTRACE_SYSCALLS_ALL) {
		snprintf(condition, sizeof(condition), "syscall == %u",
			 __builtin_ctz(o->syscalls));
		filter_require(&o->filter, condition);
	}
}

/* What these options do not want is rejected by the kernel, or, of a recording, by report. */
static void require(struct options *o)
{
	char condition[32];

	if (o->user && !o->command) {
		snprintf(condition, sizeof(condition), "uid == %u", o->uid);
		filter_require(&o->filter, condition);
	}
	if (o->only_ok)
		filter_require(&o->filter, "ret >= 0");
	if (o->only_failed)
		filter_require(&o->filter, "ret < 0");
	if (o->mode == MODE_REPORT)
		require_recorded(o);
}

static void check_filter(struct argp_state *state, struct options *o)
{
	bool any = o->filter.text || o->filter.presets || o->filter.also;

	if (any && !(FILTERING & IN_MODE(o)))
		argp_error(state, "no EXPRESSION is of use here");
	if (!any && o->mode == MODE_DUMP)
		argp_error(state, "-d shows an EXPRESSION, and there is none");
	o->filter.live = o->mode != MODE_REPORT;
	o->until.live = true;
	if (!filter_compile(&o->filter, stderr, state->name) ||
	    !filter_compile(&o->until, stderr, state->name))
		exit(EXIT_USAGE);
}

/* Records are written as they come; how they look is up to who reads them. */
static void check_record(struct argp_state *state, struct options *o)
{
	if (o->until.text && !o->flight)
		argp_error(state, "--until ends a flight recorder: --flight SIZE");
	o->recording = o->file ? o->file : DEFAULT_RECORDING;
}

/* What was recorded is there; an expression still chooses of it. */
static void check_report(struct argp_state *state, struct options *o)
{
	if (!o->recording)
		argp_error(state, "report what? It needs a DIRECTORY");
}

static void check_uses(struct argp_state *state, const struct options *o)
{
	static const char *const names[] = {
		[MODE_TRACE] = "a trace",
		[MODE_RECORD] = "record",
		[MODE_REPORT] = "report",
		[MODE_STAT] = "stat",
		[MODE_CHECK] = "check",
		[MODE_LIST_FIELDS] = "--list-fields",
		[MODE_DUMP] = "--dump",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		if (o->given & 1ULL << i && !(uses[i].modes & IN_MODE(o)))
			refuse_use(state, uses[i].key, names[o->mode],
				   uses[i].why ? uses[i].why : "");
	}
}

/* What would change nothing, as what it is about is not shown. */
static void check_look(struct argp_state *state, const struct options *o)
{
	static const int stamps[] = { 't', 'r', 'T' };
	size_t i;

	if (is_given(o, 'S') && !o->summary)
		argp_error(state, "--summary-sort-by is of no use without a summary: -c or -C");
	for (i = 0; i < ARRAY_SIZE(stamps); i++) {
		if (is_given(o, stamps[i]) && o->json)
			refuse_use(state, stamps[i], "--json", ", which has all times");
	}
}

static void check_together(struct argp_state *state, struct options *o)
{
	check_uses(state, o);
	check_look(state, o);
	if (o->only_ok && o->only_failed)
		argp_error(state, "-z and -Z exclude each other");
	require(o);
	check_filter(state, o);
	/* Such as of a variable that is not set: not all calls are meant. */
	if (state->quoted && !o->command)
		argp_error(state, "a COMMAND expected after --");
	if (o->command && o->mode != MODE_TRACE && o->mode != MODE_RECORD)
		argp_error(state, "no COMMAND is run here");
	if (o->command && o->user && !o->known_user)
		argp_error(state, "there is no user %s to run a COMMAND as", o->user);
	if (o->mode == MODE_RECORD)
		check_record(state, o);
	if (o->mode == MODE_REPORT)
		check_report(state, o);
	if (o->follow && !o->nr_pids && !o->command)
		argp_error(state, "-f goes with -p PID; without it everything is traced");
	if (!o->syscalls)
		o->syscalls = SVMTRACE_SYSCALLS_ALL;
}

static error_t parse_look(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->file = arg;
		break;
	case KEY_JSON:
		o->json = true;
		break;
	case 'c':
		o->trace = false;
		o->summary = true;
		break;
	case 'C':
		o->summary = true;
		break;
	case 'S':
		parse_sort(state, o, arg);
		break;
	case 't':
		if (o->stamp < STAMP_EPOCH_USEC)
			o->stamp++;
		break;
	case 'r':
		o->relative = true;
		break;
	case 'T':
		o->seconds = true;
		break;
	case 'y':
		o->lookup = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	note_use(o, key);
	switch (key) {
	case 'e':
		parse_syscalls(state, o, arg);
		break;
	case 'p':
		parse_pids(state, o, arg);
		break;
	case 'f':
		o->follow = true;
		break;
	case KEY_CGROUP:
		parse_cgroup(state, o, arg);
		break;
	case 'u':
		parse_user(state, o, arg);
		break;
	case 'z':
		o->only_ok = true;
		break;
	case 'Z':
		o->only_failed = true;
		break;
	case KEY_ENTRIES:
		o->entries = true;
		break;
	case 'n':
		o->count = parse_number(state, "-n", arg, 1, INT64_MAX);
		break;
	case 's':
		o->preview = parse_number(state, "-s", arg, 0, SVMTRACE_PREVIEW_MAX);
		break;
	case KEY_IOVS:
		o->iovs = parse_number(state, "--iovs", arg, 0, SVMTRACE_IOVS_MAX);
		break;
	case KEY_FLIGHT:
	case 'B':
		if (o->ring_size)
			argp_error(state, "one SIZE: either --flight or -B");
		o->flight = key == KEY_FLIGHT;
		o->ring_size = parse_size(state, arg);
		break;
	case KEY_UNTIL:
		filter_add_word(&o->until, arg);
		break;
	case KEY_LOSE_EVERY:
		o->lose_every = parse_number(state, "--lose-every", arg, 0, UINT32_MAX);
		break;
	case 'd':
		o->mode = MODE_DUMP;
		break;
	case KEY_PRESET ... KEY_PRESET + FILTER_PRESETS - 1:
		o->filter.presets |= 1U << (key - KEY_PRESET);
		break;
	case KEY_LIST_FIELDS:
		o->mode = MODE_LIST_FIELDS;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	case ARGP_KEY_ARG:
		parse_word(state, o, arg);
		break;
	case ARGP_KEY_END:
		check_together(state, o);
		break;
	default:
		return parse_look(key, arg, state);
	}
	return 0;
}

/**
 * options_parse() - reads the command line; ends the program if it is wrong
 * @o:	  filled in
 * @argc: of main()
 * @argv: of main(); parts of it are used as long as @o is
 */
void options_parse(struct options *o, int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = args_doc,
		.doc = DOC_BEFORE "\v" DOC_AFTER,
	};

	*o = (struct options){ .iovs = DEFAULT_IOVS, .trace = true, .argv = argv };
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, o);
}
