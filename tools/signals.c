// SPDX-License-Identifier: GPL-2.0
/* Signals: those that end it, and what a COMMAND shall find as we did. */
#include <stddef.h>

#include "signals.h"
#include "util.h"

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
	choose_ending(&s->ending);
	s->waited = s->ending;
	sigaddset(&s->waited, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &s->waited, NULL);
}
