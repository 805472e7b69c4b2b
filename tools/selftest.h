/* SPDX-License-Identifier: GPL-2.0 */
/* Do the probes fire? */
#ifndef SVMTRACE_SELFTEST_H
#define SVMTRACE_SELFTEST_H

#include "session.h"

unsigned int selftest(struct session *s);
const char *selftest_cure(void);

#endif
