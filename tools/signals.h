/* SPDX-License-Identifier: GPL-2.0 */
/* Signals: those that end it, and what a COMMAND shall find as we did. */
#ifndef SVMTRACE_SIGNALS_H
#define SVMTRACE_SIGNALS_H

#include <signal.h>

/**
 * struct signals - what is done to signals
 * @ending: these end it; blocked
 * @waited: they, and SIGCHLD; to be waited for
 * @mask:   which were blocked when we were started
 * @before: what was done then to those that we handle in another way
 */
struct signals {
	sigset_t ending;
	sigset_t waited;
	sigset_t mask;
	struct sigaction before[3];
};

void signals_take(struct signals *s);
void signals_give_back(const struct signals *s);

#endif
