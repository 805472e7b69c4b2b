/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_WAIT_H
#define SVMTRACE_WAIT_H

#include <linux/types.h>

struct ring;
struct session;

void wait_init(struct session *session);
void wait_exit(struct session *session);
void wait_prepare(struct session *session);
void wait_wake(struct session *session);
void wait_wake_soon(struct session *session);
void wait_notify(struct session *session, const struct ring *ring);

#endif /* SVMTRACE_WAIT_H */
