/* SPDX-License-Identifier: GPL-2.0 */
/* Mapped: the rings of a session in user space, read as the header describes it. */
#ifndef SVMTRACE_TESTS_MAPPED_H
#define SVMTRACE_TESTS_MAPPED_H

#include "ledger.h"

#define MAPPED_CPUS 64

/**
 * struct mapped_ring - the ring of a CPU
 * @consumer: its only page that can be written to
 * @producer: positions
 * @data:     records, all of them twice
 */
struct mapped_ring {
	struct svmtrace_consumer *consumer;
	const struct svmtrace_producer *producer;
	const char *data;
};

/**
 * struct mapped - all rings of a session
 * @rings: their number, those of CPUs 0 to @rings - 1
 * @size:  bytes of data of each
 * @ring:  by CPU
 */
struct mapped {
	unsigned int rings;
	size_t size;
	struct mapped_ring ring[MAPPED_CPUS];
};

/**
 * mapped_at() - maps a part of the rings
 * @fd:	    of the session
 * @offset: as the header describes it
 * @size:   bytes
 * @prot:   PROT_
 *
 * Return: where it is, or NULL.
 */
void *mapped_at(int fd, __u64 offset, size_t size, int prot);

/**
 * mapped_start() - maps all rings
 * @m: filled in
 * @t: a started session that nobody has read
 *
 * Return: 0, or -1.
 */
int mapped_start(struct mapped *m, const struct trace *t);

/**
 * mapped_take() - takes in records until there are none
 * @m:	    from mapped_start()
 * @ledger: all zeros at first
 *
 * Return: NULL, or what is wrong, as ledger_add().
 */
const char *mapped_take(struct mapped *m, struct ledger *ledger);

/**
 * mapped_end() - unmaps all rings
 * @m: from mapped_start()
 */
void mapped_end(struct mapped *m);

#endif /* SVMTRACE_TESTS_MAPPED_H */
