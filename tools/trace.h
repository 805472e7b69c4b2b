/* SPDX-License-Identifier: GPL-2.0 */
/* The trace itself: from the session to the output. */
#ifndef SVMTRACE_TRACE_H
#define SVMTRACE_TRACE_H

#include "options.h"

int trace(const struct options *o);

#endif
