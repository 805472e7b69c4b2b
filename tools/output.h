/* SPDX-License-Identifier: GPL-2.0 */
/* Where records are shown, and as what. */
#ifndef SVMTRACE_OUTPUT_H
#define SVMTRACE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"
#include "record.h"

FILE *output_open(const struct options *o);
bool output_is_closed(FILE *file);
void output_record(FILE *file, const struct record_view *v, const struct options *o);

#endif
