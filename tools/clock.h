/* SPDX-License-Identifier: GPL-2.0 */
/* From the kernel's monotonic time to the time of day. */
#ifndef SVMTRACE_CLOCK_H
#define SVMTRACE_CLOCK_H

#include <stdint.h>

/* "2026-01-31T23:59:59.123456789Z" and more, should the year have more digits. */
#define CLOCK_RFC3339_LEN 48
#define NSEC_PER_SEC 1000000000ULL

uint64_t clock_monotonic(void);
void clock_update(void);
void clock_set(uint64_t offset, const char *boot);
uint64_t clock_realtime(uint64_t monotonic);
char *clock_rfc3339(char *at, uint64_t realtime);
const char *clock_boot_id(void);

#endif
