// SPDX-License-Identifier: GPL-2.0
/* Ledger: do a session's records and counters add up? */
#include <stdio.h>
#include <stdlib.h>

#include "ledger.h"

static const char *add_gap(struct ledger *ledger, const struct svmtrace_gap *gap, __u32 cpu)
{
	__u64 lost = gap->last_seq - gap->first_seq + 1;

	if (gap->first_seq != ledger->next[cpu])
		return "a gap does not begin where the last record ended";
	if (gap->last_seq < gap->first_seq)
		return "an empty gap";
	if (gap->ring_full + gap->no_ring + gap->simulated != lost)
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

const char *ledger_take(struct ledger *ledger, struct trace *t)
{
	const char *wrong = NULL;
	int got = trace_read(t);

	if (got < 0)
		return "cannot read";
	for (; t->seen < t->n && !wrong; t->seen++)
		wrong = ledger_add(ledger, &t->records[t->seen]);
	while (t->n)
		free((void *)t->records[--t->n].record);
	t->seen = 0;
	return wrong;
}

__u64 ledger_lost(const struct svmtrace_stats *stats)
{
	return stats->lost_ring_full + stats->lost_nested + stats->lost_no_ring +
	       stats->lost_simulated;
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
