/* SPDX-License-Identifier: GPL-2.0 */
/* Prints records, as lines of text or as JSON. */
#ifndef SVMTRACE_PRINTER_H
#define SVMTRACE_PRINTER_H

#include <stdio.h>

#include "options.h"
#include "record.h"

void print_text(FILE *file, const struct record_view *v, const struct options *o);
void print_json(FILE *file, const struct record_view *v, const struct options *o);

#endif
