/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What strace wrote of a call, compared with a record of it. strace is to be run
 * as STRACE_DECODED or STRACE_RAW says: together they show everything.
 */
#ifndef SVMTRACE_TESTS_STRACE_H
#define SVMTRACE_TESTS_STRACE_H

#include <stdbool.h>

#include "../module/record.h"

/* Bytes of every buffer that strace shows. */
#define STRACE_STRING 32

#define STRACE_COMMON "strace", "-ff", "-v", "-e", "trace=process_vm_writev,vmsplice"
/* Arrays and what is in the buffers, but neither their addresses. */
#define STRACE_DECODED STRACE_COMMON, "-X", "raw", "-xx", "-s", "32"
/* Every argument as it was in its register. */
#define STRACE_RAW STRACE_COMMON, "-e", "raw=process_vm_writev,vmsplice"

/**
 * strace_is_call() - is a line of the log about a call?
 * @line: the line
 *
 * Return: false if it is about a signal or an exit.
 */
bool strace_is_call(const char *line);

/**
 * strace_agrees() - does strace say the same of a call as its record does?
 * @line: a line of the log, STRACE_DECODED or STRACE_RAW
 * @raw:  which of them
 * @v:	  the record, with as many entries and as much preview as can be recorded
 *
 * Return: NULL if it does, else where in the line it does not.
 */
const char *strace_agrees(const char *line, bool raw, const struct record_view *v);

#endif /* SVMTRACE_TESTS_STRACE_H */
