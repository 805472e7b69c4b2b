// SPDX-License-Identifier: GPL-2.0
/*
 * From the kernel's monotonic time to the time of day. Both clocks are slewed
 * alike, so their difference changes only when the time of day is set.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "put.h"

/* Less than this is the error of measuring the difference. */
#define STEP_MIN 1000000

static int64_t difference;
static char boot_id[64];
static bool boot_id_set;

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * (int64_t)NSEC_PER_SEC + ts.tv_nsec;
}

/**
 * clock_monotonic() - the time of records
 *
 * Return: ns of CLOCK_MONOTONIC.
 */
uint64_t clock_monotonic(void)
{
	return now(CLOCK_MONOTONIC);
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
 * clock_set() - from now on the times are those of a recording
 * @offset: ns of CLOCK_REALTIME when CLOCK_MONOTONIC was zero
 * @boot:   which boot they are of, or ""
 */
void clock_set(uint64_t offset, const char *boot)
{
	difference = offset;
	snprintf(boot_id, sizeof(boot_id), "%s", boot);
	boot_id_set = true;
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

/* Most times are of the same second as the one before. */
static const char *format_second(time_t second)
{
	static char text[CLOCK_RFC3339_LEN - 16];
	static time_t last = -1;
	struct tm tm;

	if (second != last) {
		gmtime_r(&second, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		last = second;
	}
	return text;
}

/**
 * clock_rfc3339() - writes a time as 2026-01-31T23:59:59.123456789Z
 * @at:	      where to
 * @realtime: ns of CLOCK_REALTIME
 *
 * Return: where it ends, after CLOCK_RFC3339_LEN at most.
 */
char *clock_rfc3339(char *at, uint64_t realtime)
{
	at = put_text(at, format_second(realtime / NSEC_PER_SEC));
	at = put_padded(put_char(at, '.'), realtime % NSEC_PER_SEC, 9);
	return put_char(at, 'Z');
}

/**
 * clock_boot_id() - names the boot that monotonic times are of
 *
 * Return: what the kernel says, or "" if it does not.
 */
const char *clock_boot_id(void)
{
	FILE *file;

	if (boot_id_set)
		return boot_id;
	boot_id_set = true;
	file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!file)
		return boot_id;
	if (!fgets(boot_id, sizeof(boot_id), file))
		*boot_id = '\0';
	boot_id[strcspn(boot_id, "\n")] = '\0';
	fclose(file);
	return boot_id;
}
