/* SPDX-License-Identifier: GPL-2.0 */
/* A session with the kernel module: one open /dev/svmtrace. */
#ifndef SVMTRACE_SESSION_H
#define SVMTRACE_SESSION_H

#include <sys/types.h>

#include <linux/svmtrace.h>

struct expr_program;

#define SVMTRACE_DEVICE "/dev/svmtrace"

/**
 * struct session - a session
 * @fd:	  of the device
 * @info: what the module says about itself and the session
 */
struct session {
	int fd;
	struct svmtrace_info info;
};

const char *session_cure(int error);
const char *session_version_cure(const struct svmtrace_info *info);

int session_try_open(struct session *s);
void session_open(struct session *s);
void session_close(struct session *s);

void session_get_config(const struct session *s, struct svmtrace_config *config);
void session_set_config(struct session *s, const struct svmtrace_config *config);
void session_add_callers(const struct session *s, const pid_t *pids, size_t count,
			 unsigned int flags);
void session_add_cgroups(const struct session *s, const __u64 *ids, size_t count);
void session_set_program(const struct session *s, const struct expr_program *program,
			 unsigned int flags);
void session_start(const struct session *s);
void session_stop(const struct session *s);
void session_stats(const struct session *s, struct svmtrace_stats *stats);
__u64 session_lost(const struct svmtrace_stats *stats);

#endif
