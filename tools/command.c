// SPDX-License-Identifier: GPL-2.0
/*
 * The COMMAND that is run and traced, and what descends from it. We are the
 * subreaper, so that a process whose parent has ended becomes our child, stays
 * a descendant, and is waited for, as with strace -f.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* As a shell has it. */
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127
#define EXIT_SIGNAL 128

/**
 * command_adopt() - from now on orphaned descendants are our children
 */
void command_adopt(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		err(EXIT_FAILURE, "cannot adopt orphaned processes");
}

static bool become_user(const struct options *o)
{
	return !initgroups(o->user, o->gid) && !setgid(o->gid) && !setuid(o->uid);
}

/* Returns only if that fails, with the exit status. */
static int execute(const struct options *o, const struct signals *signals)
{
	int error;

	signals_give_back(signals);
	if (o->user && !become_user(o)) {
		warn("cannot become user %s", o->user);
		return EXIT_FAILURE;
	}
	execvp(o->command[0], o->command);
	error = errno;
	warn("%s", o->command[0]);
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/**
 * command_run() - runs the command of the command line
 * @c:	     filled in
 * @o:	     the command line
 * @signals: what we have done to them; the command shall find them as we did
 */
void command_run(struct command *c, const struct options *o, const struct signals *signals)
{
	int failure[2], status;

	*c = (struct command){ 0 };
	if (pipe2(failure, O_CLOEXEC))
		err(EXIT_FAILURE, "pipe");
	c->pid = fork();
	if (c->pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!c->pid) {
		status = execute(o, signals);
		_exit(write(failure[1], "", 1) == 1 ? status : EXIT_FAILURE);
	}
	close(failure[1]);
	/* When a program runs, the other end is closed. */
	c->failed = read(failure[0], &(char){ 0 }, 1) == 1;
	close(failure[0]);
}

/**
 * command_reap() - sees which children have ended
 * @c: brought up to date
 */
void command_reap(struct command *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != c->pid)
			continue;
		c->ended = true;
		c->status = WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) :
						  WEXITSTATUS(status);
	}
	c->alone = pid < 0 && errno == ECHILD;
}
