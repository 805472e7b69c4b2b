// SPDX-License-Identifier: GPL-2.0
/*
 * svmtrace stat: the module, and the sessions that are open. Counters of other
 * sessions are in /proc/PID/fdinfo of their device, by their names in struct
 * svmtrace_stats.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "put.h"
#include "session.h"
#include "table.h"
#include "util.h"

#define MODULE "/sys/module/svmtrace"
#define PARAMETERS MODULE "/parameters"

/* @format is that of printf(). */
static void add_value(struct table *t, const char *name, const char *format, ...)
{
	char value[256];
	const char *const cells[] = { name, value };
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	table_add(t, cells);
}

/* The first line of a file; "" if it cannot be read. */
static void read_line(char *line, int size, const char *path)
{
	FILE *file = fopen(path, "re");

	*line = '\0';
	if (!file)
		return;
	if (!fgets(line, size, file))
		*line = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

static void add_parameters(struct table *t)
{
	DIR *dir = opendir(PARAMETERS);
	struct dirent *entry;
	char path[512], value[256], name[300];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PARAMETERS "/%s", entry->d_name);
		snprintf(name, sizeof(name), "parameter %s", entry->d_name);
		read_line(value, sizeof(value), path);
		add_value(t, name, "%s", value);
	}
	if (dir)
		closedir(dir);
}

/* Without the one that asks. That there is none for it means that all are open. */
static unsigned int count_open(const struct session *s)
{
	struct svmtrace_stats stats;
	char max[16];

	if (s) {
		session_stats(s, &stats);
		return stats.sessions - 1;
	}
	read_line(max, sizeof(max), PARAMETERS "/sessions");
	return strtoul(max, NULL, 10);
}

static void add_info(struct table *t, const struct session *s)
{
	const struct svmtrace_info *info = &s->info;
	struct svmtrace_stats stats;

	session_stats(s, &stats);
	add_value(t, "version", "%s", info->version);
	add_value(t, "ABI version", "%u.%u", info->abi_version >> 16,
		  info->abi_version & 0xffff);
	add_value(t, "schema version", "%u.%u", info->schema_version >> 16,
		  info->schema_version & 0xffff);
	add_value(t, "features", "%s%s%s",
		  info->features & SVMTRACE_FEATURE_IA32 ? "ia32 " : "",
		  info->features & SVMTRACE_FEATURE_X32 ? "x32 " : "",
		  info->features & SVMTRACE_FEATURE_MNT_NS ? "mnt_ns" : "");
	add_value(t, "ring size", "%u", info->ring_size);
	add_value(t, "ring size min", "%u", info->ring_size_min);
	add_value(t, "ring size max", "%u", info->ring_size_max);
	add_value(t, "sessions", "%u", count_open(s));
	add_value(t, "sessions max", "%u", info->sessions_max);
	add_value(t, "probe hits missed", "%llu", (unsigned long long)stats.missed);
}

/* Of a module that cannot be asked, what others know of it. */
static void show_module(const struct session *s, bool json)
{
	static const struct column columns[] = { { "MODULE" }, { "VALUE" } };
	struct table *t = table_new("module", columns, 2, json);
	char version[64];

	if (s) {
		add_info(t, s);
	} else {
		read_line(version, sizeof(version), MODULE "/version");
		add_value(t, "version", "%s", version);
	}
	add_parameters(t);
	table_print(t, stdout);
}

/* What is shown of a session: values in its fdinfo, added up if they are no words. */
static const struct {
	const char *heading;
	const char *keys[5];
	bool word;
} counters[] = {
	{ "STATE", { "state" }, true },
	{ "FLIGHT", { "flight" }, true },
	{ "ENTERED", { "entered" } },
	{ "DELIVERED", { "delivered" } },
	{ "FILTERED", { "filtered" } },
	{ "LOST", { "lost_ring_full", "lost_nested", "lost_no_ring", "lost_simulated",
		    "lost_overwritten" } },
	{ "IN-FLIGHT", { "in_flight" } },
	{ "NO-RESULT", { "no_result" } },
	{ "RINGS", { "rings" } },
};

#define NR_COUNTERS (ARRAY_SIZE(counters))
#define COLUMNS (NR_COUNTERS + 3)
#define CELL_LEN 80

static bool has_key(size_t counter, const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters[0].keys) && counters[counter].keys[i]; i++) {
		if (!strcmp(counters[counter].keys[i], key))
			return true;
	}
	return false;
}

/* A counter that comes twice is a sum; other values are words. */
static void add_counter(char *cell, const char *value)
{
	if (!*cell || !isdigit((unsigned char)*value))
		snprintf(cell, CELL_LEN, "%s", value);
	else
		snprintf(cell, CELL_LEN, "%llu",
			 strtoull(cell, NULL, 10) + strtoull(value, NULL, 10));
}

static void read_counters(char cells[][CELL_LEN], const char *path)
{
	char key[64], value[CELL_LEN];
	FILE *file = fopen(path, "re");
	size_t i;

	if (!file)
		return;
	while (fscanf(file, " %63[^:]: %79s", key, value) == 2) {
		for (i = 0; i < NR_COUNTERS; i++) {
			if (has_key(i, key))
				add_counter(cells[i], value);
		}
	}
	fclose(file);
}

static void add_session(struct table *t, const char *pid, const char *fd)
{
	char cells[COLUMNS][CELL_LEN] = { "" };
	char comm[SVMTRACE_COMM_LEN], path[600];
	const char *row[COLUMNS];
	size_t i;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	read_line(comm, sizeof(comm), path);
	*put_escaped(cells[1], comm, strlen(comm)) = '\0';
	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	read_counters(&cells[3], path);
	row[0] = pid;
	row[2] = fd;
	row[1] = cells[1];
	for (i = 3; i < COLUMNS; i++)
		row[i] = *cells[i] ? cells[i] : NULL;
	table_add(t, row);
}

/*
 * Is it one of our device's? By number, as anybody can give any file its name. What is
 * known of it already will do: a network, or a user's own file system, is not asked.
 */
static bool is_session(const char *pid, const char *fd, dev_t device)
{
	struct statx st;
	char path[600];

	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	return !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE, &st) &&
	       S_ISCHR(st.stx_mode) &&
	       makedev(st.stx_rdev_major, st.stx_rdev_minor) == device;
}

/* Returns how many. */
static unsigned int add_sessions_of(struct table *t, const char *pid, dev_t device)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (is_session(pid, entry->d_name, device)) {
			add_session(t, pid, entry->d_name);
			count++;
		}
	}
	if (dir)
		closedir(dir);
	return count;
}

/* All but our own. Returns how many. */
static unsigned int show_sessions(bool json)
{
	struct column columns[COLUMNS] = { { "PID", true }, { "COMMAND" }, { "FD", true } };
	unsigned int count = 0;
	struct dirent *entry;
	struct stat device;
	struct table *t;
	DIR *dir;
	size_t i;

	if (stat(SVMTRACE_DEVICE, &device))
		err(EXIT_FAILURE, SVMTRACE_DEVICE);
	for (i = 0; i < NR_COUNTERS; i++)
		columns[i + 3] = (struct column){ counters[i].heading, !counters[i].word };
	t = table_new("sessions", columns, COLUMNS, json);
	dir = opendir("/proc");
	while (dir && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid())
			count += add_sessions_of(t, entry->d_name, device.st_rdev);
	}
	if (dir)
		closedir(dir);
	table_print(t, stdout);
	return count;
}

/* Who finds all sessions open wants to know whose they are. Returns whether there is @s. */
static bool try_to_ask(struct session *s)
{
	int error = session_try_open(s);
	const char *cure;

	if (error == -EUSERS) {
		warnx("the module could not be asked: too many sessions are open");
		return false;
	}
	if (error)
		errx(EXIT_FAILURE, SVMTRACE_DEVICE ": %s", session_cure(-error));
	cure = session_version_cure(&s->info);
	if (cure)
		errx(EXIT_FAILURE, "%s", cure);
	return true;
}

static void tell_unlisted(unsigned int listed, unsigned int open)
{
	if (listed < open)
		warnx("%u of %u open sessions cannot be listed: try as root, not in a container",
		      open - listed, open);
}

/**
 * stat_show() - prints what is known of the module and its sessions
 * @json: as JSON
 *
 * Return: exit status: that the module could not be asked is a failure.
 */
int stat_show(bool json)
{
	unsigned int before, listed, after;
	struct session s;
	bool asked = try_to_ask(&s);

	show_module(asked ? &s : NULL, json);
	if (!json)
		putchar('\n');
	before = count_open(asked ? &s : NULL);
	listed = show_sessions(json);
	after = count_open(asked ? &s : NULL);
	tell_unlisted(listed, before < after ? before : after);
	if (asked)
		session_close(&s);
	return asked ? EXIT_SUCCESS : EXIT_FAILURE;
}
