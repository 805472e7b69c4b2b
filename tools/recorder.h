/* SPDX-License-Identifier: GPL-2.0 */
/* svmtrace record: from the session to a recording. */
#ifndef SVMTRACE_RECORDER_H
#define SVMTRACE_RECORDER_H

#include "options.h"

int record(const struct options *o);

#endif
