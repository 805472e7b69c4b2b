/* SPDX-License-Identifier: GPL-2.0 */
/* What -y looks up in /proc, when a call is printed. */
#ifndef SVMTRACE_LOOKUP_H
#define SVMTRACE_LOOKUP_H

#include "put.h"
#include "record.h"

/* Escaped, so four characters for each of what readlink() gives. */
#define LOOKUP_LEN (PUT_BYTE_MAX * 4096 + 1)

/**
 * struct lookup - what was found; an empty text if nothing was
 * @exe:	executable of the caller
 * @target_exe: executable of the target
 * @fd:		the file of vmsplice()
 */
struct lookup {
	char exe[LOOKUP_LEN];
	char target_exe[LOOKUP_LEN];
	char fd[LOOKUP_LEN];
};

void lookup(struct lookup *found, const struct record_view *v);

#endif
