/* SPDX-License-Identifier: GPL-2.0 */
/* The calls that are measured. */
#ifndef SVMTRACE_BENCH_MODES_H
#define SVMTRACE_BENCH_MODES_H

#include <stdbool.h>
#include <stddef.h>

/* Calls between two looks at the clock: as many as a pipe has room for. */
#define MODES_BATCH 10

/**
 * struct mode - a kind of call
 * @name:    as on the command line
 * @prepare: before each batch, not measured; or NULL
 * @batch:   makes MODES_BATCH calls; false if one did not do what it should
 * @finish:  after each batch, not measured; or NULL
 */
struct mode {
	const char *name;
	void (*prepare)(void);
	bool (*batch)(void);
	void (*finish)(void);
};

const struct mode *mode_find(const char *name);
void mode_setup(size_t iovs, size_t bytes);
void mode_list(void);

#endif
