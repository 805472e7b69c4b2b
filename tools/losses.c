// SPDX-License-Identifier: GPL-2.0
/*
 * Tells what was lost, as it happens (but at most once a second) and at the end.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>

#include "clock.h"
#include "losses.h"
#include "session.h"
#include "util.h"

#define INTERVAL_MS 1000

/* What was lost since it was last told. */
static struct {
	uint64_t records;
	uint64_t gaps;
	unsigned int cpu;
	uint64_t first;
	uint64_t last;
	uint64_t told_ms;
} untold;

/**
 * losses_add() - notes a gap, for losses_tell()
 * @record: its record
 * @gap:    the gap
 */
void losses_add(const struct svmtrace_record *record, const struct svmtrace_gap *gap)
{
	untold.records += gap->last_seq - gap->first_seq + 1;
	untold.gaps++;
	untold.cpu = record->cpu;
	untold.first = gap->first_seq;
	untold.last = gap->last_seq;
}

/**
 * losses_tell() - tells the gaps that have been noted, if it is time to
 *
 * Return: ms after which it shall be called again, or -1 if it need not.
 */
int losses_tell(void)
{
	uint64_t now = clock_monotonic() / 1000000;

	if (!untold.gaps)
		return -1;
	if (untold.told_ms && now - untold.told_ms < INTERVAL_MS)
		return INTERVAL_MS - (now - untold.told_ms);
	if (untold.gaps == 1)
		warnx("records lost on CPU %2$u: %1$llu, seq %3$llu to %4$llu",
		      (unsigned long long)untold.records, untold.cpu,
		      (unsigned long long)untold.first, (unsigned long long)untold.last);
	else
		warnx("records lost: %llu in %llu gaps", (unsigned long long)untold.records,
		      (unsigned long long)untold.gaps);
	untold.records = 0;
	untold.gaps = 0;
	untold.told_ms = now;
	return -1;
}

/* A number and what it counts; is it worth telling if it is 0? */
struct part {
	const char *what;
	uint64_t count;
	bool always;
};

/* Lists the parts that are worth telling. */
static void join(char *text, size_t size, const struct part *parts, size_t count)
{
	size_t i, len = 0;

	*text = '\0';
	for (i = 0; i < count; i++) {
		if (parts[i].count || parts[i].always)
			len += snprintf(text + len, size - len, "%s%llu %s", len ? ", " : "",
					(unsigned long long)parts[i].count, parts[i].what);
	}
}

/*
 * Of the calls that were to be recorded, and have come to an end. What a frozen flight
 * recorder has no room for came after what it is about.
 */
static void tell_lost(const struct svmtrace_stats *s)
{
	const uint64_t lost = session_lost(s);
	const struct part parts[] = {
		{ "ring full", s->lost_ring_full },
		{ "nested", s->lost_nested },
		{ "no ring", s->lost_no_ring },
		{ "simulated", s->lost_simulated },
		{ "overwritten", s->lost_overwritten },
	};
	const char *cure = s->lost_ring_full && !s->frozen ?
			   "; a larger buffer (-B) or a narrower trace helps" : "";
	char text[200];

	join(text, sizeof(text), parts, ARRAY_SIZE(parts));
	warnx("calls lost: %llu of %llu (%s)%s", (unsigned long long)lost,
	      (unsigned long long)(s->delivered + lost), text, cure);
}

static void tell_recorded(const struct svmtrace_stats *s, const char *done, uint64_t count)
{
	const bool differs = count != s->delivered;
	const struct part parts[] = {
		{ "recorded", s->delivered },
		{ done, differs ? count : 0, differs },
		{ "without result", s->no_result },
		{ "still running", s->in_flight },
		{ "filtered out", s->filtered },
	};
	char text[200];

	join(text, sizeof(text), parts, ARRAY_SIZE(parts));
	warnx("calls: %s", *text ? text : "none");
}

/**
 * losses_total() - tells what the trace has, and what it has not
 * @before: counters when the session was started
 * @after:  counters after it was stopped
 * @done:   what was done to them: "shown"
 * @count:  to how many calls
 * @quiet:  only what it has not
 */
void losses_total(const struct svmtrace_stats *before, const struct svmtrace_stats *after,
		  const char *done, uint64_t count, bool quiet)
{
	uint64_t missed = after->missed - before->missed;

	untold.told_ms = 0;
	losses_tell();
	if (!quiet)
		tell_recorded(after, done, count);
	if (session_lost(after))
		tell_lost(after);
	if (after->entries_lost)
		warnx("entry records lost: %llu", (unsigned long long)after->entries_lost);
	if (missed)
		warnx("calls not seen: %llu, because other probes interfere",
		      (unsigned long long)missed);
}
