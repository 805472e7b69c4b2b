/* SPDX-License-Identifier: GPL-2.0 */
/* Ledger: do a session's records and counters add up? */
#ifndef SVMTRACE_TESTS_LEDGER_H
#define SVMTRACE_TESTS_LEDGER_H

#include "trace.h"

#define LEDGER_CPUS 256

/**
 * struct ledger - what the records say, all of them since the session's start
 * @next:    number of the next record, by CPU
 * @time:    of the last record, by CPU
 * @latest:  time of the last record
 * @calls:   KIND_CALL
 * @entries: KIND_ENTRY
 * @gaps:    KIND_GAP
 * @lost:    records that are missing, as the gaps tell
 * @got:     result of the last read()
 * @disorder: records with an earlier time than the one before, over all CPUs
 */
struct ledger {
	__u64 next[LEDGER_CPUS];
	__u64 time[LEDGER_CPUS];
	__u64 latest;
	__u64 calls;
	__u64 entries;
	__u64 gaps;
	__u64 lost;
	__s64 got;
	__u64 disorder;
};

/**
 * ledger_add() - takes in the next record
 * @ledger: all zeros at first
 * @v:	    the record
 *
 * Return: NULL, or what is wrong: a number is missing or double, a ring's time
 * decreases, a gap's causes do not add up.
 */
const char *ledger_add(struct ledger *ledger, const struct record_view *v);

/**
 * ledger_some() - takes in as many records as one read() returns
 * @ledger: all zeros at first
 * @t:	    the session, whose own records stay as they are
 *
 * Return: as ledger_add(), or that reading failed.
 */
const char *ledger_some(struct ledger *ledger, struct trace *t);

/**
 * ledger_take() - takes in records until there are none
 * @ledger: all zeros at first
 * @t:	    the session; under endless load it may be endless
 *
 * Return: as ledger_some().
 */
const char *ledger_take(struct ledger *ledger, struct trace *t);

/**
 * ledger_lost() - calls that were lost, for whatever reason
 * @stats: of a session
 */
__u64 ledger_lost(const struct svmtrace_stats *stats);

/**
 * ledger_balance() - entered less what became of them
 * @stats: of a session on a quiet machine
 *
 * Return: 0 if the identity holds.
 */
__s64 ledger_balance(const struct svmtrace_stats *stats);

#endif /* SVMTRACE_TESTS_LEDGER_H */
