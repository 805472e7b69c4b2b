/* SPDX-License-Identifier: GPL-2.0 */
/* How many files may be open. */
#ifndef SVMTRACE_FILES_H
#define SVMTRACE_FILES_H

#include <sys/resource.h>

/* There is a file for each CPU of a recording, and for each process that is waited for. */
static inline void files_allow(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

#endif
