/* SPDX-License-Identifier: GPL-2.0 */
/* How many files may be open. */
#ifndef SVMTRACE_RLIMITS_H
#define SVMTRACE_RLIMITS_H

#include <sys/resource.h>

/* There is a file for each CPU of a recording, and for each process that is waited for. */
static inline void rlimits_allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

#endif /* SVMTRACE_RLIMITS_H */
