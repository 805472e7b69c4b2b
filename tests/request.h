/* SPDX-License-Identifier: GPL-2.0 */
/* Request: ioctls of the device as a fuzzer makes them, from sensible to nonsense. */
#ifndef SVMTRACE_TESTS_REQUEST_H
#define SVMTRACE_TESTS_REQUEST_H

#include <linux/types.h>

/* Bytes that the structure of any request takes. */
#define REQUEST_BYTES 256

/**
 * request_good() - an ioctl that the session may well accept
 * @fd:	    the session
 * @random: state of random_next()
 */
void request_good(int fd, __u64 *random);

/**
 * request_bad() - the same with some bits, or its size, or its address changed
 * @fd:	    the session
 * @end:    end of memory; REQUEST_BYTES before it can be written
 * @random: see request_good()
 */
void request_bad(int fd, char *end, __u64 *random);

/**
 * request_replace() - a filter that takes long to keep all, and then others like it
 * @fd:	   the session
 * @times: how many others
 */
void request_replace(int fd, unsigned int times);

/**
 * request_config() - settings with small rings
 * @fd:	    the session
 * @random: see request_good()
 */
void request_config(int fd, __u64 *random);

#endif /* SVMTRACE_TESTS_REQUEST_H */
