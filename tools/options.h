/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line asks for. */
#ifndef SVMTRACE_OPTIONS_H
#define SVMTRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "filter.h"

#define EXIT_USAGE 2

enum mode {
	MODE_TRACE,
	MODE_RECORD,
	MODE_REPORT,
	MODE_STAT,
	MODE_CHECK,
	MODE_LIST_FIELDS,
	MODE_DUMP,
};

enum sort_key {
	SORT_CALLS,
	SORT_ERRORS,
	SORT_ASKED,
	SORT_MOVED,
	SORT_TIME,
	SORT_NAME,
};

enum stamp {
	STAMP_MONOTONIC,
	STAMP_CLOCK,		/* -t */
	STAMP_CLOCK_USEC,	/* -tt */
	STAMP_EPOCH_USEC,	/* -ttt */
};

/**
 * struct options - the command line, parsed
 * @mode:	  what to do
 * @given:	  bit per option of options.c
 * @command:	  COMMAND and its arguments, or NULL
 * @pids:	  -p: callers to trace
 * @nr_pids:	  entries of @pids
 * @follow:	  -f: and their descendants
 * @cgroups:	  --cgroup: ids of these
 * @nr_cgroups:	  entries of @cgroups
 * @user:	  -u: name of the user, or NULL
 * @uid:	  of @user
 * @gid:	  of @user
 * @known_user:	  @user is a name, with a group
 * @syscalls:	  -e: bit per syscall
 * @filter:	  expression and presets
 * @flight:	  --flight: keep the newest; its argument is @ring_size
 * @until:	  --until
 * @only_ok:	  -z
 * @only_failed:  -Z
 * @entries:	  --entries
 * @count:	  -n: stop after so many calls; 0 never
 * @iovs:	  --iovs
 * @preview:	  -s
 * @ring_size:	  -B: bytes per CPU, 0 for the module's default
 * @lose_every:	  --lose-every
 * @file:	  -o, or NULL
 * @recording:	  directory of the recording, to be made or to be read
 * @argv:	  the command line as it was
 * @json:	  --json
 * @summary:	  -c or -C
 * @trace:	  print every call: not -c
 * @sort:	  -S
 * @stamp:	  -t
 * @relative:	  -r
 * @seconds:	  -T
 * @lookup:	  -y
 * @quiet:	  -q
 */
struct options {
	enum mode mode;
	uint64_t given;
	char **command;
	pid_t *pids;
	size_t nr_pids;
	bool follow;
	__u64 *cgroups;
	size_t nr_cgroups;
	const char *user;
	uid_t uid;
	gid_t gid;
	bool known_user;
	unsigned int syscalls;
	struct filter filter;
	bool flight;
	struct filter until;
	bool only_ok;
	bool only_failed;
	bool entries;
	uint64_t count;
	unsigned int iovs;
	unsigned int preview;
	unsigned int ring_size;
	unsigned int lose_every;
	const char *file;
	const char *recording;
	char **argv;
	bool json;
	bool summary;
	bool trace;
	enum sort_key sort;
	enum stamp stamp;
	bool relative;
	bool seconds;
	bool lookup;
	bool quiet;
};

void options_parse(struct options *o, int argc, char **argv);

#endif
