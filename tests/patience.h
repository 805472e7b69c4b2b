/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's harness, with more patience: a kernel may check everything. */
#ifndef SVMTRACE_TESTS_PATIENCE_H
#define SVMTRACE_TESTS_PATIENCE_H

#include "kselftest_harness.h"

/* A test that waits in vain ends after this many seconds. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#endif /* SVMTRACE_TESTS_PATIENCE_H */
