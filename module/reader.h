/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_READER_H
#define SVMTRACE_READER_H

#include <linux/poll.h>
#include <linux/types.h>

struct session;

ssize_t reader_read(struct session *session, char __user *buf, size_t size,
		    bool nonblock);
__poll_t reader_poll(struct session *session, struct file *file, poll_table *table);

#endif /* SVMTRACE_READER_H */
