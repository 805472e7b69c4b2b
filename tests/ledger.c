// SPDX-License-Identifier: GPL-2.0
/* Ledger: do a session's records and counters add up? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ledger.h"

static const char *add_gap(struct ledger *ledger, const struct svmtrace_gap *gap, __u32 cpu)
{
	__u64 lost = gap->last_seq - gap->first_seq + 1;

	if (gap->first_seq != ledger->next[cpu])
		return "a gap does not begin where the last record ended";
	if (gap->last_seq < gap->first_seq)
		return "an empty gap";
	if (gap->ring_full + gap->no_ring + gap->simulated + gap->overwritten != lost)
		return "the causes of a gap do not add up";
	ledger->next[cpu] = gap->last_seq + 1;
	ledger->gaps++;
	ledger->lost += lost;
	return NULL;
}

static const char *add_call(struct ledger *ledger, const struct svmtrace_record *record)
{
	if (record->seq != (__u32)ledger->next[record->cpu])
		return "a record is missing, or there twice";
	ledger->next[record->cpu]++;
	if (record->kind == SVMTRACE_KIND_ENTRY)
		ledger->entries++;
	else
		ledger->calls++;
	return NULL;
}

static const char *add(struct ledger *ledger, const struct record_view *v)
{
	const struct svmtrace_record *record = v->record;

	if (record->cpu >= LEDGER_CPUS)
		return "no such CPU";
	if (record->time < ledger->time[record->cpu])
		return "the time of a ring decreases";
	ledger->time[record->cpu] = record->time;
	ledger->disorder += record->time < ledger->latest;
	ledger->latest = record->time;
	if (v->gap)
		return add_gap(ledger, v->gap, record->cpu);
	return add_call(ledger, record);
}

const char *ledger_add(struct ledger *ledger, const struct record_view *v)
{
	const char *wrong = add(ledger, v);
	const struct svmtrace_record *record = v->record;

	if (wrong)
		printf("# kind %u seq %u cpu %u time %llu, expected %llu: %s\n", record->kind,
		       record->seq, record->cpu, record->time,
		       record->cpu < LEDGER_CPUS ? ledger->next[record->cpu] : 0, wrong);
	return wrong;
}

/* The records in @buf, into the ledger. */
static const char *add_all(struct ledger *ledger, const char *buf, ssize_t size)
{
	const char *wrong = NULL;
	struct record_view v;
	long one;

	for (; size > 0 && !wrong; size -= one, buf += one) {
		one = record_view(&v, buf, size);
		if (one <= 0)
			return "no whole record";
		wrong = ledger_add(ledger, &v);
	}
	return wrong;
}

const char *ledger_some(struct ledger *ledger, struct trace *t)
{
	const size_t size = 256 * 1024;
	char *buf = malloc(size);
	const char *wrong;

	if (!buf)
		return "no memory";
	ledger->got = read(t->fd, buf, size);
	if (ledger->got < 0 && errno != EAGAIN)
		wrong = "cannot read";
	else
		wrong = add_all(ledger, buf, ledger->got);
	free(buf);
	return wrong;
}

const char *ledger_take(struct ledger *ledger, struct trace *t)
{
	const char *wrong;

	do {
		wrong = ledger_some(ledger, t);
	} while (!wrong && ledger->got > 0);
	return wrong;
}

__u64 ledger_lost(const struct svmtrace_stats *stats)
{
	return stats->lost_ring_full + stats->lost_nested + stats->lost_no_ring +
	       stats->lost_simulated + stats->lost_overwritten;
}

__s64 ledger_balance(const struct svmtrace_stats *stats)
{
	__s64 balance = stats->entered - stats->delivered - stats->filtered -
			ledger_lost(stats) - stats->in_flight;

	if (balance)
		printf("# entered %llu delivered %llu filtered %llu lost %llu in flight %llu\n",
		       stats->entered, stats->delivered, stats->filtered, ledger_lost(stats),
		       stats->in_flight);
	return balance;
}
