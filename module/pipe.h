/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_PIPE_H
#define SVMTRACE_PIPE_H

#include <linux/svmtrace.h>

void pipe_at_entry(struct svmtrace_pipe *pipe, int fd);
void pipe_at_return(struct svmtrace_pipe *pipe, int fd);

#endif /* SVMTRACE_PIPE_H */
