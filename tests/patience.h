/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's harness, with more patience: a kernel may check everything. */
#ifndef SVMTRACE_TESTS_PATIENCE_H
#define SVMTRACE_TESTS_PATIENCE_H

#include "kselftest_harness.h"

/* A test that waits in vain ends after this many seconds. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

/*
 * SKIP() in FIXTURE_SETUP(): if that only returns, the test is run all the same. The
 * harness knows by this status that a test was skipped.
 */
#define SKIP_ALL(fmt, ...) SKIP(_exit(255), fmt, ##__VA_ARGS__)

#endif /* SVMTRACE_TESTS_PATIENCE_H */
