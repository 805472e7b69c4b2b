// SPDX-License-Identifier: GPL-2.0
/*
 * What tracing and recording have in common: a session as the command line wants it,
 * the command, and what ends it all.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture.h"
#include "rlimits.h"
#include "selftest.h"

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
	if (o->flight)
		config.flags |= SVMTRACE_CONFIG_FLIGHT;
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
	const pid_t self = getpid();

	session_add_callers(s, o->pids, o->nr_pids, o->follow ? SVMTRACE_PIDS_FOLLOW : 0);
	session_add_cgroups(s, o->cgroups, o->nr_cgroups);
	if (o->command) {
		command_adopt();
		session_add_callers(s, &self, 1, SVMTRACE_PIDS_FOLLOW);
	}
}

/**
 * capture_open() - sets up a session as the command line wants it
 * @c: filled in
 * @o: the command line
 *
 * Signals are from here on waited for.
 */
void capture_open(struct capture *c, const struct options *o)
{
	*c = (struct capture){ .o = o };
	signals_take(&c->signals);
	session_open(&c->session);
	configure(&c->session, o);
	choose_callers(&c->session, o);
	if (o->filter.program.len)
		session_set_program(&c->session, &o->filter.program, 0);
	if (o->until.program.len)
		session_set_program(&c->session, &o->until.program,
				    SVMTRACE_PROGRAM_TRIGGER);
}

/*
 * poll() of the device returns at once if there is any record, and at a high rate there
 * always is one or two. Edge triggered, it is woken up as the session is set up: when a
 * ring is as full as the watermark, or flush_ms after a record.
 */
static int watch(const struct session *s)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, s->fd, &event))
		err(EXIT_FAILURE, "cannot wait");
	return fd;
}

/* Takes the edge, so that the next one is waited for. */
static void take_edge(struct pollfd *watched)
{
	struct epoll_event event;

	if (watched->revents && epoll_wait(watched->fd, &event, 1, 0) < 1)
		watched->revents = 0;
}

static void wait_for(struct capture *c, int fd, short events)
{
	c->fds[c->nr_fds++] = (struct pollfd){ .fd = fd, .events = events };
}

static void wait_for_processes(struct capture *c)
{
	size_t i;
	int fd;

	/* poll() takes no more entries than files are allowed, either. */
	rlimits_allow_files();
	for (i = 0; i < c->o->nr_pids; i++) {
		fd = syscall(SYS_pidfd_open, c->o->pids[i], 0);
		/* It was there when it was added. */
		if (fd < 0 && errno == ESRCH)
			continue;
		if (fd < 0)
			err(EXIT_FAILURE, "cannot wait for process %d", c->o->pids[i]);
		wait_for(c, fd, POLLIN);
		c->pids_left++;
	}
	c->done = c->o->nr_pids && !c->pids_left;
}

static void prepare_waiting(struct capture *c)
{
	const struct options *o = c->o;
	int signal_fd = signalfd(-1, &c->signals.waited, SFD_CLOEXEC | SFD_NONBLOCK);

	c->fds = calloc(CAPTURE_PIDS + o->nr_pids, sizeof(*c->fds));
	if (!c->fds || signal_fd < 0)
		err(EXIT_FAILURE, "cannot wait");
	wait_for(c, watch(&c->session), POLLIN);
	wait_for(c, signal_fd, POLLIN);
	wait_for(c, -1, 0);
	/* With -f children go on when their parent has ended. */
	if (!o->follow && !o->command)
		wait_for_processes(c);
}

/**
 * capture_start() - from here on calls are recorded
 * @c: after capture_open()
 *
 * Who has an output to be watched for errors puts it into @fds afterwards.
 * The session of the self-test, if there can be one more, lasts until ours has
 * started, so that the probes stay armed.
 */
void capture_start(struct capture *c)
{
	struct session test;
	bool tested;

	tested = !session_try_open(&test);
	if (tested && selftest(&test) != SVMTRACE_SYSCALLS_ALL)
		warnx("calls are not recorded: %s", selftest_cure());
	session_start(&c->session);
	if (tested)
		session_close(&test);
	session_stats(&c->session, &c->before);
	prepare_waiting(c);
}

/**
 * capture_run() - runs the command, if there is one
 * @c:	   after capture_start()
 * @doing: what to say if there is none
 */
void capture_run(struct capture *c, const char *doing)
{
	if (c->o->command)
		command_run(&c->command, c->o, &c->signals);
	else if (!c->o->quiet)
		warnx("%s", doing);
}

static void on_command(struct capture *c)
{
	command_reap(&c->command);
	if (c->command.ended && c->command.alone) {
		c->done = true;
	} else if (c->command.ended && !c->noted && !c->done) {
		c->noted = true;
		if (!c->o->quiet)
			warnx("%s has ended, but not all children: Ctrl-C ends the trace",
			      c->o->command[0]);
	}
}

/* What a terminal sends goes to the command anyway. */
static void on_signal(struct capture *c, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCHLD) {
		if (c->command.pid)
			on_command(c);
	} else if (!c->command.pid || c->command.ended) {
		c->done = true;
	} else if (info->ssi_code != SI_KERNEL) {
		kill(c->command.pid, info->ssi_signo);
	}
}

static void read_signals(struct capture *c)
{
	struct signalfd_siginfo info;

	while (read(c->fds[CAPTURE_SIGNALS].fd, &info, sizeof(info)) == sizeof(info))
		on_signal(c, &info);
}

/**
 * capture_wait() - waits until something happens
 * @c:	     after capture_start(); @fds say what, and @done whether that is all
 * @timeout: ms, or -1
 */
void capture_wait(struct capture *c, int timeout)
{
	size_t i;

	if (poll(c->fds, c->nr_fds, timeout) < 0 && errno != EINTR)
		err(EXIT_FAILURE, "cannot wait");
	take_edge(&c->fds[CAPTURE_SESSION]);
	if (c->fds[CAPTURE_SIGNALS].revents)
		read_signals(c);
	for (i = CAPTURE_PIDS; i < c->nr_fds; i++) {
		if (c->fds[i].revents) {
			close(c->fds[i].fd);
			c->fds[i].fd = -1;
			if (!--c->pids_left)
				c->done = true;
		}
	}
}

/**
 * capture_close() - ends the session, but not the command
 * @c: after session_stop(), and after its last record was read
 */
void capture_close(struct capture *c)
{
	close(c->fds[CAPTURE_SESSION].fd);
	session_close(&c->session);
}

/**
 * capture_status() - waits for the command, if there is one, and for the end
 * @c: of no use after that
 *
 * It may all end before the command: by -n, or as nobody reads the output.
 *
 * Return: exit status of the command, or 0.
 */
int capture_status(struct capture *c)
{
	while (c->command.pid && !c->command.ended) {
		if (poll(&c->fds[CAPTURE_SIGNALS], 1, -1) < 0 && errno != EINTR)
			err(EXIT_FAILURE, "cannot wait");
		read_signals(c);
	}
	free(c->fds);
	return c->command.status;
}
