/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace: a session of a test, and the records that it delivered.
 *
 *	struct trace t;
 *	struct svmtrace_config config;
 *
 *	trace_config(&config);
 *	config.iovs_max = 4;
 *	ASSERT_EQ(0, trace_start(&t, &config));
 *	...make one call...
 *	v = trace_one(&t);
 *	ASSERT_NE(NULL, v);
 *	trace_end(&t);
 */
#ifndef SVMTRACE_TESTS_TRACE_H
#define SVMTRACE_TESTS_TRACE_H

#include <linux/filter.h>
#include <stddef.h>
#include <linux/svmtrace.h>

#include "../module/record.h"

#define TRACE_DEVICE "/dev/svmtrace"

/**
 * struct trace - a started session in binary format, not blocking
 * @fd:	     the open device
 * @n:	     number of records read so far
 * @seen:    of these, what trace_one() has handed out
 * @records: all of them, in the order of read()
 */
struct trace {
	int fd;
	size_t n;
	size_t seen;
	struct record_view *records;
};

/**
 * trace_config() - the settings that most tests want
 * @config: filled in: binary, everything but payload, readers woken at once
 */
void trace_config(struct svmtrace_config *config);

/**
 * trace_start() - opens the device, configures the session and starts it
 * @t:	    filled in
 * @config: settings, NULL: those of trace_config()
 *
 * Return: 0 or a negative errno; nothing is left open then.
 */
int trace_start(struct trace *t, const struct svmtrace_config *config);

/**
 * trace_read() - reads what is there
 * @t: the session
 *
 * Return: number of new records, or a negative errno; -EBADMSG for a record
 * that is not well-formed.
 */
int trace_read(struct trace *t);

/**
 * trace_wait() - reads until there are enough records
 * @t:		the session
 * @n:		number of records, counted from the session's start
 * @timeout_ms: give up after this time
 *
 * Return: 0, -ETIMEDOUT or another negative errno.
 */
int trace_wait(struct trace *t, size_t n, int timeout_ms);

/**
 * trace_one() - the one call that was made since the last time
 * @t: the session
 *
 * Return: its record, valid until the next read; NULL, after a diagnostic
 * message, if there is not exactly one new record or it is none of a call.
 */
const struct record_view *trace_one(struct trace *t);

/**
 * trace_drop() - forgets all records read so far, after reading what is there
 * @t: the session
 */
void trace_drop(struct trace *t);

/**
 * trace_stats() - the session's counters
 * @t:	   the session
 * @stats: filled in
 *
 * Return: 0 or a negative errno.
 */
int trace_stats(struct trace *t, struct svmtrace_stats *stats);

/**
 * trace_program() - sets the session's filter program
 * @t:	   the session
 * @insns: the program
 * @len:   its instructions, 0: none
 * @flags: SVMTRACE_PROGRAM_TRIGGER: the trigger instead; or 0
 *
 * Return: 0 or a negative errno.
 */
int trace_program(struct trace *t, const struct sock_filter *insns, __u32 len, __u32 flags);

/**
 * trace_end() - ends the session and frees its records
 * @t: the session
 */
void trace_end(struct trace *t);

#endif /* SVMTRACE_TESTS_TRACE_H */
