/* SPDX-License-Identifier: GPL-2.0 */
/* The COMMAND that is run and traced, and what descends from it. */
#ifndef SVMTRACE_COMMAND_H
#define SVMTRACE_COMMAND_H

#include <stdbool.h>

#include "options.h"
#include "signals.h"

/**
 * struct command - a command that was run
 * @pid:    of its process, 0 if there is no command
 * @ended:  its process has ended
 * @status: for exit(), as a shell has it
 * @failed: there was no program to run
 * @alone:  no descendant is left, either
 */
struct command {
	pid_t pid;
	bool ended;
	int status;
	bool failed;
	bool alone;
};

void command_adopt(void);
void command_run(struct command *c, const struct options *o, const struct signals *signals);
void command_reap(struct command *c);

#endif
