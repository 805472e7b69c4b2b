// SPDX-License-Identifier: GPL-2.0
/*
 * From the kernel's monotonic time to the time of day. Both clocks are slewed
 * alike, so their difference changes only when the time of day is set.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"

/* Less than this is the error of measuring the difference. */
#define STEP_MIN 1000000

static int64_t difference;

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * (int64_t)NSEC_PER_SEC + ts.tv_nsec;
}

/* The best of some measurements: the one that took least. */
static int64_t measure(void)
{
	int64_t before, real, after, found = 0, least = INT64_MAX;
	int i;

	for (i = 0; i < 5; i++) {
		before = now(CLOCK_MONOTONIC);
		real = now(CLOCK_REALTIME);
		after = now(CLOCK_MONOTONIC);
		if (after - before < least) {
			least = after - before;
			found = real - (before + least / 2);
		}
	}
	return found;
}

/**
 * clock_update() - sees whether the time of day was set; to be called first
 */
void clock_update(void)
{
	int64_t found = measure();

	if (found - difference > STEP_MIN || difference - found > STEP_MIN)
		difference = found;
}

/**
 * clock_realtime() - the time of day
 * @monotonic: ns of CLOCK_MONOTONIC
 *
 * Return: ns of CLOCK_REALTIME.
 */
uint64_t clock_realtime(uint64_t monotonic)
{
	return monotonic + difference;
}

/**
 * clock_rfc3339() - writes a time as 2026-01-31T23:59:59.123456789Z
 * @buf:      where to
 * @size:     of @buf, at least 40
 * @realtime: ns of CLOCK_REALTIME
 */
void clock_rfc3339(char *buf, size_t size, uint64_t realtime)
{
	time_t seconds = realtime / NSEC_PER_SEC;
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, size - len, ".%09uZ", (unsigned int)(realtime % NSEC_PER_SEC));
}

/**
 * clock_boot_id() - names the boot that monotonic times are of
 *
 * Return: what the kernel says, or "" if it does not.
 */
const char *clock_boot_id(void)
{
	static char id[64];
	FILE *file;

	if (*id)
		return id;
	file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!file)
		return id;
	if (!fgets(id, sizeof(id), file))
		*id = '\0';
	id[strcspn(id, "\n")] = '\0';
	fclose(file);
	return id;
}
