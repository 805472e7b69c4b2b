// SPDX-License-Identifier: GPL-2.0
/* Signals: those that end it, and what a COMMAND shall find as we did. */
#include <stddef.h>

#include "signals.h"
#include "util.h"

/*
 * Who ignores SIGCHLD has no children to be waited for. A file that may not become any
 * larger is one that cannot be written, as on a disk that is full.
 */
static const struct {
	int number;
	sighandler_t handler;
} changed[] = {
	{ SIGPIPE, SIG_IGN },
	{ SIGXFSZ, SIG_IGN },
	{ SIGCHLD, SIG_DFL },
};

/*
 * SIGHUP stays ignored if it was when we were started, as nohup(1) wants it. SIGINT does
 * not: a shell's script has it ignored by all that it puts into the background.
 */
static void choose_ending(sigset_t *ending)
{
	struct sigaction action;

	sigemptyset(ending);
	sigaddset(ending, SIGINT);
	sigaddset(ending, SIGTERM);
	sigaction(SIGHUP, NULL, &action);
	if (action.sa_handler != SIG_IGN)
		sigaddset(ending, SIGHUP);
}

/**
 * signals_take() - from now on signals are waited for
 * @s: filled in
 */
void signals_take(struct signals *s)
{
	size_t i;

	choose_ending(&s->ending);
	s->waited = s->ending;
	sigaddset(&s->waited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &s->waited, &s->mask);
	for (i = 0; i < ARRAY_SIZE(changed); i++) {
		sigaction(changed[i].number, NULL, &s->before[i]);
		signal(changed[i].number, changed[i].handler);
	}
}

/**
 * signals_give_back() - undoes signals_take(), for a program that we start
 * @s: of signals_take()
 */
void signals_give_back(const struct signals *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(changed); i++)
		sigaction(changed[i].number, &s->before[i], NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}
