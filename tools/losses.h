/* SPDX-License-Identifier: GPL-2.0 */
/* Tells what was lost, as it happens and at the end. */
#ifndef SVMTRACE_LOSSES_H
#define SVMTRACE_LOSSES_H

#include <linux/svmtrace.h>
#include <stdbool.h>
#include <stdint.h>

void losses_add(const struct svmtrace_record *record, const struct svmtrace_gap *gap);
int losses_tell(void);
void losses_total(const struct svmtrace_stats *before, const struct svmtrace_stats *after,
		  const char *done, uint64_t count, bool quiet);

#endif
