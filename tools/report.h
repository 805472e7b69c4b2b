/* SPDX-License-Identifier: GPL-2.0 */
/* svmtrace report: from a recording to the output. */
#ifndef SVMTRACE_REPORT_H
#define SVMTRACE_REPORT_H

#include "options.h"

int report(const struct options *o);

#endif
