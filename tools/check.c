// SPDX-License-Identifier: GPL-2.0
/* svmtrace check: does everything work, and if not, what is to be done? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "names.h"
#include "selftest.h"
#include "session.h"
#include "version.h"

static int failed(const char *what, const char *cure)
{
	printf("FAIL  %s: %s\n", what, cure);
	return EXIT_FAILURE;
}

static int check_version(const struct svmtrace_info *info)
{
	const char *cure = session_version_cure(info);

	if (cure)
		return failed("version", cure);
	if (strcmp(info->version, SVMTRACE_VERSION))
		printf("note  the module is version %s, this tool %s; they understand each other\n",
		       info->version, SVMTRACE_VERSION);
	else
		printf("ok    version %s\n", info->version);
	return EXIT_SUCCESS;
}

static int check_probes(struct session *s)
{
	unsigned int i, seen = selftest(s);
	struct svmtrace_stats stats;

	for (i = 0; i < SVMTRACE_NR_SYSCALLS; i++) {
		if (!(seen & 1U << i))
			return failed(name_syscall(i), selftest_cure());
		printf("ok    %s is recorded\n", name_syscall(i));
	}
	session_stats(s, &stats);
	if (stats.missed)
		printf("note  %llu probe hits dropped by the kernel since the module was loaded\n",
		       (unsigned long long)stats.missed);
	return EXIT_SUCCESS;
}

/**
 * check() - checks and says what it finds
 *
 * Return: exit status.
 */
int check(void)
{
	struct session s;
	int error = session_try_open(&s);

	if (error)
		return failed(SVMTRACE_DEVICE, session_cure(-error));
	printf("ok    %s can be opened\n", SVMTRACE_DEVICE);
	if (check_version(&s.info) || check_probes(&s))
		return EXIT_FAILURE;
	session_close(&s);
	return EXIT_SUCCESS;
}
