// SPDX-License-Identifier: GPL-2.0
/*
 * What -y looks up in /proc, when a call is printed. The process may have
 * changed or ended since; that its number belongs to another one by now is
 * ruled out by its start time.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "lookup.h"
#include "put.h"

/* Field 22 of /proc/PID/stat, counted from the one after the name. */
#define FIELDS_BEFORE_START 20

/* Is it the process that started at @start (ns of CLOCK_BOOTTIME)? */
static bool is_same(__u32 pid, __u64 start)
{
	char path[64], text[1024];
	const char *field;
	FILE *file;
	size_t len;
	int i;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	field = strrchr(text, ')');
	for (i = 0; field && i < FIELDS_BEFORE_START; i++)
		field = strchr(field + 1, ' ');
	return field && strtoull(field, NULL, 10) == start / (NSEC_PER_SEC / sysconf(_SC_CLK_TCK));
}

static void read_link(char *found, const char *path)
{
	char link[4096];
	ssize_t len = readlink(path, link, sizeof(link));

	if (len > 0)
		*put_escaped(found, link, len) = '\0';
}

static void look_up_exe(char *found, __u32 pid, __u64 start)
{
	char path[64];

	if (!is_same(pid, start))
		return;
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	read_link(found, path);
}

/**
 * lookup() - looks up what -y shows
 * @found: filled in
 * @v:	   a record
 */
void lookup(struct lookup *found, const struct record_view *v)
{
	char path[64];

	found->exe[0] = '\0';
	found->target_exe[0] = '\0';
	found->fd[0] = '\0';
	if (!v->call || !v->caller)
		return;
	look_up_exe(found->exe, v->caller->pid, v->caller->start_time);
	if (v->target && v->target->pid)
		look_up_exe(found->target_exe, v->target->pid, v->target->start_time);
	if (v->pipe && v->pipe->direction != SVMTRACE_PIPE_BAD_FD && *found->exe) {
		snprintf(path, sizeof(path), "/proc/%u/task/%u/fd/%d", v->caller->pid,
			 v->call->tid, (int)v->args[0]);
		read_link(found->fd, path);
	}
}
