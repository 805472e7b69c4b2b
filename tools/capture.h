/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tracing and recording have in common: a session as the command line wants it,
 * the command, and what ends it all.
 */
#ifndef SVMTRACE_CAPTURE_H
#define SVMTRACE_CAPTURE_H

#include <poll.h>
#include <stdbool.h>

#include "command.h"
#include "options.h"
#include "session.h"
#include "signals.h"

/* What is waited for; the processes of -p follow. */
enum {
	CAPTURE_SESSION,
	CAPTURE_SIGNALS,
	CAPTURE_OUTPUT,
	CAPTURE_PIDS,
};

/**
 * struct capture - calls that are being captured
 * @o:	       the command line
 * @session:   where records come from
 * @before:    its counters when it was started
 * @signals:   what we have done to them
 * @command:   that is traced
 * @fds:       what is waited for; of the session, its edges
 * @nr_fds:    entries of @fds
 * @pids_left: processes of -p that have not ended
 * @done:      it is to end
 * @noted:     that processes of the command go on has been told
 */
struct capture {
	const struct options *o;
	struct session session;
	struct svmtrace_stats before;
	struct signals signals;
	struct command command;
	struct pollfd *fds;
	size_t nr_fds;
	size_t pids_left;
	bool done;
	bool noted;
};

void capture_open(struct capture *c, const struct options *o);
void capture_start(struct capture *c);
void capture_run(struct capture *c, const char *doing);
void capture_wait(struct capture *c, int timeout);
void capture_close(struct capture *c);
int capture_status(struct capture *c);

#endif
