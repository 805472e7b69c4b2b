// SPDX-License-Identifier: GPL-2.0
/* Signals: those that end it, and what a COMMAND shall find as we did. */
#include <stddef.h>

#include "signals.h"
#include "util.h"

/* Who ignores SIGCHLD has no children to be waited for. */
static const struct {
	int number;
	sighandler_t handler;
} changed[] = {
	{ SIGPIPE, SIG_IGN },
	{ SIGCHLD, SIG_DFL },
};

/* What was ignored when we were started stays so, as nohup(1) wants it. */
static void choose_ending(sigset_t *ending)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	size_t i;

	sigemptyset(ending);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		sigaction(numbers[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			sigaddset(ending, numbers[i]);
	}
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
