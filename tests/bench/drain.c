// SPDX-License-Identifier: GPL-2.0
/*
 * drain [OPTION]... - sessions of svmtrace that are drained, by mmap(), until the
 * program is told to end (SIGTERM). It prints "ready" once they are started, and at
 * the end a line with the counters of the first session: entered, delivered,
 * filtered, lost, and the size of its last record.
 *
 *	-s N	  so many sessions, all the same (1)
 *	-g GROUPS of fields, as a number (all)
 *	-i N	  entries recorded per iovec array (16)
 *	-p N	  bytes of preview (0)
 *	-e EXPR	  the filter
 *	-P N	  only calls of N processes, which make none
 *	-r N	  MiB of each ring (8)
 *	-m N	  look at the rings every N ms (1)
 *	-k	  sleep in poll() until the module wakes us up instead
 *	-x	  look at nothing before the end, with rings of the default size
 */
#include <err.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../tools/expr.h"
#include "../../tools/reader.h"
#include "../../tools/session.h"

#define SESSIONS 16
#define STACK 8192
static struct {
	unsigned int sessions;
	long groups, iovs, preview, processes;
	const char *text;
	unsigned int ring, ms;
	bool woken;
	bool stuck;
} options = {
	.sessions = 1,
	.groups = -1,
	.iovs = -1,
	/* Nothing is lost to a consumer that looks every ms. */
	.ring = 8,
	.ms = 1,
};

static struct session sessions[SESSIONS];
static struct reader *readers[SESSIONS];
static struct expr_program program;
static bool ended;
static unsigned int record_size;
static unsigned long calls;

static void end(int signal)
{
	(void)signal;
	__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
}

static void compile(const char *text)
{
	const struct expr *one;
	struct expr e;

	one = &e;
	if (!expr_read(&e, text))
		errx(EXIT_FAILURE, "%s: %s", text, e.error.text);
	if (!expr_compile(&program, &one, 1))
		errx(EXIT_FAILURE, "%s: too long", text);
	expr_free(&e);
}

static int wait_for_ever(void *arg)
{
	(void)arg;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (pause())
		;
	return 0;
}

/* Processes that share our memory are cheap. */
static void make_processes(__u32 *pids, long n)
{
	char *stacks = mmap(NULL, n * STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long i;

	if (stacks == MAP_FAILED)
		err(EXIT_FAILURE, "stacks");
	for (i = 0; i < n; i++) {
		pids[i] = clone(wait_for_ever, stacks + (i + 1) * STACK, CLONE_VM | SIGCHLD, NULL);
		if ((int)pids[i] < 0)
			err(EXIT_FAILURE, "process %ld", i);
	}
}

static void choose_processes(const struct session *s, long n)
{
	struct svmtrace_pids request = {
		.size = sizeof(request),
		.op = SVMTRACE_PIDS_ADD,
		.set = SVMTRACE_PIDS_CALLER,
		.count = n,
	};
	__u32 *pids = calloc(n, sizeof(*pids));

	if (!pids)
		err(EXIT_FAILURE, "pids");
	make_processes(pids, n);
	request.pids = (uintptr_t)pids;
	if (ioctl(s->fd, SVMTRACE_IOC_PIDS, &request))
		err(EXIT_FAILURE, "the set of processes");
	free(pids);
}

static void start(struct session *s)
{
	struct svmtrace_config config;

	session_open(s);
	session_get_config(s, &config);
	if (options.groups >= 0)
		config.groups = options.groups;
	if (options.iovs >= 0)
		config.iovs_max = options.iovs;
	config.preview_max = options.preview;
	if (!options.stuck)
		config.ring_size = options.ring << 20;
	if (config.ring_size > s->info.ring_size_max)
		config.ring_size = s->info.ring_size_max;
	config.watermark = config.ring_size / 4;
	session_set_config(s, &config);
	if (options.processes)
		choose_processes(s, options.processes);
	if (program.len)
		session_set_program(s, &program, 0);
	session_start(s);
}

static void drain(struct reader *reader)
{
	struct record_view v;

	while (reader_next(reader, &v)) {
		if (!v.call)
			continue;
		record_size = v.record->size;
		calls++;
	}
}

static void wait_for_records(void)
{
	struct pollfd fds[SESSIONS];
	unsigned int i;

	if (!options.woken) {
		usleep(options.ms * 1000);
		return;
	}
	for (i = 0; i < options.sessions; i++)
		fds[i] = (struct pollfd){ .fd = sessions[i].fd, .events = POLLIN };
	poll(fds, options.sessions, -1);
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "s:g:i:p:e:P:r:m:kx")) != -1) {
		switch (option) {
		case 's':
			options.sessions = atoi(optarg);
			break;
		case 'g':
			options.groups = strtol(optarg, NULL, 0);
			break;
		case 'i':
			options.iovs = atol(optarg);
			break;
		case 'p':
			options.preview = atol(optarg);
			break;
		case 'e':
			compile(optarg);
			break;
		case 'P':
			options.processes = atol(optarg);
			break;
		case 'r':
			options.ring = atoi(optarg);
			break;
		case 'm':
			options.ms = atoi(optarg);
			break;
		case 'k':
			options.woken = true;
			break;
		case 'x':
			options.stuck = true;
			break;
		default:
			exit(EXIT_FAILURE);
		}
	}
	if (optind < argc || !options.sessions || options.sessions > SESSIONS)
		errx(EXIT_FAILURE, "see the top of drain.c");
}

static void report(const struct session *s)
{
	struct svmtrace_stats stats;

	session_stats(s, &stats);
	if (options.sessions == 1 && calls != stats.delivered)
		errx(EXIT_FAILURE, "%lu calls read of %llu delivered", calls,
		     (unsigned long long)stats.delivered);
	printf("%llu\t%llu\t%llu\t%llu\t%u\n", (unsigned long long)stats.entered,
	       (unsigned long long)stats.delivered, (unsigned long long)stats.filtered,
	       (unsigned long long)session_lost(&stats), record_size);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	unsigned int i;

	parse(argc, argv);
	sigaction(SIGTERM, &action, NULL);
	for (i = 0; i < options.sessions; i++) {
		start(&sessions[i]);
		readers[i] = reader_new(&sessions[i]);
	}
	puts("ready");
	fflush(stdout);
	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED)) {
		wait_for_records();
		for (i = 0; i < options.sessions && !options.stuck; i++)
			drain(readers[i]);
	}
	for (i = 0; i < options.sessions; i++) {
		session_stop(&sessions[i]);
		drain(readers[i]);
	}
	report(&sessions[0]);
	return 0;
}
