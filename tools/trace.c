// SPDX-License-Identifier: GPL-2.0
/* The trace itself: from the session to the output. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "losses.h"
#include "printer.h"
#include "reader.h"
#include "selftest.h"
#include "session.h"
#include "summary.h"
#include "trace.h"

/* After so many records signals and losses get their turn. */
#define BATCH 4096
#define OUTPUT_BUFFER (256 * 1024)

/* What is waited for; the processes of -p follow. */
enum {
	POLL_SESSION,
	POLL_SIGNALS,
	POLL_OUTPUT,
	POLL_PIDS,
};

/**
 * struct trace - a running trace
 * @o:	      the command line
 * @session:  where records come from
 * @reader:   of the session
 * @file:     where they go to
 * @summary:  -c, or NULL
 * @command:  that is traced
 * @fds:      what is waited for
 * @nr_fds:   entries of @fds
 * @pids_left: processes of -p that have not ended
 * @calls:    how many were printed or counted
 * @done:     the trace has ended
 * @noted:    that processes of the command go on has been told
 * @closed:   the output is a pipe that nobody reads any more
 */
struct trace {
	const struct options *o;
	struct session session;
	struct reader *reader;
	FILE *file;
	struct summary *summary;
	struct command command;
	struct pollfd *fds;
	size_t nr_fds;
	size_t pids_left;
	uint64_t calls;
	bool done;
	bool noted;
	bool closed;
};

static FILE *open_output(const struct options *o)
{
	FILE *file = stdout;

	if (o->file)
		file = fopen(o->file, "we");
	else if (o->command)	/* its own buffer: messages are not to wait */
		file = fdopen(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "w");
	if (!file)
		err(EXIT_FAILURE, "%s", o->file ? o->file : "standard error");
	setvbuf(file, NULL, _IOFBF, OUTPUT_BUFFER);
	return file;
}

static void configure(struct session *s, const struct options *o)
{
	struct svmtrace_config config;

	session_get_config(s, &config);
	config.syscalls = o->syscalls;
	config.iovs_max = o->iovs;
	config.preview_max = o->preview;
	config.lose_every = o->lose_every;
	if (o->entries)
		config.flags |= SVMTRACE_CONFIG_ENTRIES;
	if (o->ring_size) {
		config.ring_size = o->ring_size;
		config.watermark = o->ring_size / 4;
	}
	if (!o->trace)
		config.groups = SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_TARGET |
				SVMTRACE_GROUP_PIPE;
	session_set_config(s, &config);
}

static void choose_callers(const struct session *s, const struct options *o)
{
	size_t i;

	for (i = 0; i < o->nr_pids; i++)
		session_add_caller(s, o->pids[i], o->follow ? SVMTRACE_PIDS_FOLLOW : 0);
	if (o->command) {
		command_adopt();
		session_add_caller(s, getpid(), SVMTRACE_PIDS_FOLLOW);
	}
}

/*
 * The session of the self-test, if there can be one more, lasts until ours has
 * started, so that the probes stay armed.
 */
static void start(struct trace *t)
{
	struct session test;
	bool tested;

	session_open(&t->session);
	configure(&t->session, t->o);
	choose_callers(&t->session, t->o);
	if (t->o->filter.program.len)
		session_set_program(&t->session, &t->o->filter.program);
	tested = !session_try_open(&test);
	if (tested && selftest(&test) != SVMTRACE_SYSCALLS_ALL)
		warnx("calls are not recorded: %s", selftest_cure());
	session_start(&t->session);
	if (tested)
		session_close(&test);
	t->reader = reader_new(&t->session);
}

static void wait_for(struct trace *t, int fd, short events)
{
	t->fds[t->nr_fds++] = (struct pollfd){ .fd = fd, .events = events };
}

static void prepare_waiting(struct trace *t, const sigset_t *signals)
{
	const struct options *o = t->o;
	int signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	size_t i;

	t->fds = calloc(POLL_PIDS + o->nr_pids, sizeof(*t->fds));
	if (!t->fds || signal_fd < 0)
		err(EXIT_FAILURE, "cannot wait");
	wait_for(t, t->session.fd, POLLIN);
	wait_for(t, signal_fd, POLLIN);
	wait_for(t, fileno(t->file), 0);
	/* With -f children go on when their parent has ended. */
	if (o->follow || o->command)
		return;
	for (i = 0; i < o->nr_pids; i++)
		wait_for(t, syscall(SYS_pidfd_open, o->pids[i], 0), POLLIN);
	t->pids_left = o->nr_pids;
}

/* What the kernel does not filter for us; what is not known is kept. */
static bool is_wanted(const struct record_view *v, const struct options *o)
{
	if (!v->call)
		return false;
	if (o->user && !o->command && v->caller && v->caller->uid != o->uid)
		return false;
	if (v->record->kind != SVMTRACE_KIND_CALL ||
	    v->record->marks & SVMTRACE_MARK_NO_RESULT)
		return true;
	return !(o->only_ok && v->call->ret < 0) && !(o->only_failed && v->call->ret >= 0);
}

static void print(struct trace *t, const struct record_view *v)
{
	if (!t->o->trace)
		return;
	if (t->o->json)
		print_json(t->file, v, t->o);
	else
		print_text(t->file, v, t->o);
}

static void take(struct trace *t, const struct record_view *v)
{
	if (v->gap) {
		losses_add(v->record, v->gap);
		print(t, v);
		return;
	}
	if (!is_wanted(v, t->o) || (t->o->count && t->calls >= t->o->count))
		return;
	print(t, v);
	if (t->summary)
		summary_add(t->summary, v);
	if (v->record->kind == SVMTRACE_KIND_CALL && ++t->calls == t->o->count)
		t->done = true;
}

/* A reader such as head(1) closes its end when it has enough. */
static void look_at_output(struct trace *t)
{
	if (!(t->fds[POLL_OUTPUT].revents & (POLLERR | POLLHUP)))
		return;
	t->closed = true;
	t->done = true;
}

static void flush(struct trace *t)
{
	if (!fflush(t->file) && !ferror(t->file))
		return;
	poll(&t->fds[POLL_OUTPUT], 1, 0);
	look_at_output(t);
	if (!t->closed)
		err(EXIT_FAILURE, "cannot write the trace");
}

/* Returns true if there may be more. */
static bool drain(struct trace *t)
{
	struct record_view v;
	unsigned int i;

	for (i = 0; i < BATCH && reader_next(t->reader, &v); i++)
		take(t, &v);
	flush(t);
	return i == BATCH && !t->closed;
}

static void on_command(struct trace *t)
{
	struct command *c = &t->command;

	command_reap(c);
	if (c->ended && c->alone) {
		t->done = true;
	} else if (c->ended && !t->noted && !t->done) {
		t->noted = true;
		if (!t->o->quiet)
			warnx("%s has ended, but not what it started: Ctrl-C ends the trace",
			      t->o->command[0]);
	}
}

/* What a terminal sends goes to the command anyway. */
static void on_signal(struct trace *t, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCHLD) {
		if (t->command.pid)
			on_command(t);
	} else if (!t->command.pid || t->command.ended) {
		t->done = true;
	} else if (info->ssi_code != SI_KERNEL) {
		kill(t->command.pid, info->ssi_signo);
	}
}

static void read_signals(struct trace *t)
{
	struct signalfd_siginfo info;

	while (read(t->fds[POLL_SIGNALS].fd, &info, sizeof(info)) == sizeof(info))
		on_signal(t, &info);
}

static void on_events(struct trace *t)
{
	size_t i;

	if (t->fds[POLL_SIGNALS].revents)
		read_signals(t);
	look_at_output(t);
	for (i = POLL_PIDS; i < t->nr_fds; i++) {
		if (t->fds[i].revents) {
			close(t->fds[i].fd);
			t->fds[i].fd = -1;
			if (!--t->pids_left)
				t->done = true;
		}
	}
}

static void run(struct trace *t)
{
	int timeout;

	for (;;) {
		timeout = drain(t) ? 0 : losses_tell();
		if (t->done)
			break;
		if (poll(t->fds, t->nr_fds, timeout) < 0 && errno != EINTR)
			err(EXIT_FAILURE, "cannot wait");
		reader_look_for_rings(t->reader);
		clock_update();
		on_events(t);
	}
}

static void finish(struct trace *t, const struct svmtrace_stats *before)
{
	struct svmtrace_stats after;

	session_stop(&t->session);
	reader_look_for_rings(t->reader);
	while (!t->closed && drain(t))
		;
	session_stats(&t->session, &after);
	if (t->summary && !t->closed) {
		summary_print(t->summary, t->file, t->o);
		flush(t);
	}
	if (t->summary)
		summary_free(t->summary);
	losses_total(before, &after, t->calls, t->o->quiet || t->closed);
	reader_free(t->reader);
	session_close(&t->session);
}

/* The trace may end before the command: by -n, or as nobody reads it. */
static void wait_for_command(struct trace *t)
{
	while (!t->command.ended) {
		if (poll(&t->fds[POLL_SIGNALS], 1, -1) < 0 && errno != EINTR)
			err(EXIT_FAILURE, "cannot wait");
		read_signals(t);
	}
}

/**
 * trace() - traces until it is told to end, or the command has ended
 * @o: the command line
 *
 * Return: exit status.
 */
int trace(const struct options *o)
{
	struct trace t = { .o = o };
	struct svmtrace_stats before;
	sigset_t signals;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	clock_update();
	t.file = open_output(o);
	if (o->summary)
		t.summary = summary_new();
	start(&t);
	session_stats(&t.session, &before);
	prepare_waiting(&t, &signals);
	if (o->command)
		command_run(&t.command, o, &signals);
	else if (!o->quiet)
		warnx("tracing");
	run(&t);
	finish(&t, &before);
	if (o->command)
		wait_for_command(&t);
	free(t.fds);
	return t.command.status;
}
