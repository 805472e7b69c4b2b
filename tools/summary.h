/* SPDX-License-Identifier: GPL-2.0 */
/* What -c prints: calls by syscall, and by caller and target. */
#ifndef SVMTRACE_SUMMARY_H
#define SVMTRACE_SUMMARY_H

#include <stdio.h>

#include "options.h"
#include "record.h"

struct summary;

struct summary *summary_new(void);
void summary_free(struct summary *s);
void summary_add(struct summary *s, const struct record_view *v);
void summary_print(struct summary *s, FILE *file, const struct options *o);

#endif
