/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Session: what an open file of the device stands for.
 */
#ifndef SVMTRACE_SESSION_H
#define SVMTRACE_SESSION_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/svmtrace.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "filter.h"
#include "snapshot.h"
#include "stream.h"

/* What a session wants of a call, besides groups. */
#define SESSION_PREVIEW		0x10000
#define SESSION_ENTRIES		0x20000

/**
 * struct session - see the file's head
 * @slot:    number of the session, below SESSIONS_MAX
 * @epoch:   session_epoch() when it was started; calls of before are not its own
 * @lock:    see below, as are the other locks
 * @state:   SVMTRACE_STATE_; there are rings, for good, unless it is _NEW
 * @map_lock: see below
 * @settled: a flight recorder: no CPU is still overwriting since it was frozen
 * @mapped:  user space has (or had) a ring mapped: no read() any more
 * @reading: read() was used: no mmap() any more
 * @config:  constant once the session has been started
 * @wants:   of @config: groups and SESSION_ bits
 * @plain_iovs: of @config: iovs_max, or -1 if there is a preview
 * @filter:  of RCU, NULL: all calls
 * @rules:   of @streams; rules.overwrite is that of a flight recorder not yet
 *	     frozen, and also changed by the probes
 * @streams: per possible CPU
 * @hotplug: in the list of sessions whose streams get rings, under rings_lock
 * @rings:   number of rings, under rings_lock
 * @wait:    readers that sleep
 * @waiting: WAIT_
 * @wake:    wakes them up, from a probe
 * @flush:   wakes them up later
 * @read_lock: see below
 * @flush_lock: see below
 * @line:    the line that did not fit the last read()
 */
struct session {
	unsigned int slot;
	u64 epoch;
	struct mutex lock;	/* changes of @state, @config, @filter and @rules */
	u32 state;
	/*
	 * Changes of these, and setting rules.overwrite, which is cleared without it
	 * (by the trigger, and FREEZE). The innermost lock, because mmap() takes it
	 * under the mmap_lock: that must not wait for CPU hotplug, which itself waits
	 * for it (cpusets do).
	 */
	struct mutex map_lock;
	bool settled;
	bool mapped;
	bool reading;
	struct svmtrace_config config;
	u32 wants;
	int plain_iovs;
	struct filter __rcu *filter;
	struct stream_rules rules;
	struct stream __percpu *streams;
	struct list_head hotplug;
	u32 rings;

	wait_queue_head_t wait;
	int waiting;
	struct irq_work wake;
	struct delayed_work flush;

	struct mutex flush_lock; /* one writes gaps at a time */
	struct mutex read_lock;	/* one reads at a time; protects @line; outside @lock */
	struct session_line {
		char *buf;
		size_t size;
		size_t start;
		size_t end;
	} line;
};

/**
 * struct session_table - what the probes see; changed under the session's lock
 * @active:  bit per slot of the sessions that have been started
 * @epoch:   number of starts so far
 * @started: these sessions, by slot
 */
struct session_table {
	atomic_t active;
	atomic64_t epoch;
	struct session __rcu *started[SESSIONS_MAX];
};

extern struct session_table session_table;

/**
 * sessions_active() - which sessions have been started
 *
 * Return: a bit per slot. Any context.
 */
static inline u32 sessions_active(void)
{
	return atomic_read(&session_table.active);
}

/**
 * session_at() - the started session of a slot
 * @slot: below SESSIONS_MAX
 *
 * Under rcu_read_lock(), for as long as the result is used.
 *
 * Return: the session, or NULL if it is not started.
 */
static inline struct session *session_at(unsigned int slot)
{
	return rcu_dereference(session_table.started[slot]);
}

/**
 * session_epoch() - number of starts so far
 *
 * A call that has seen a session at session_at(), and reads this afterwards,
 * gets at least that session's epoch, and less than that of any later session
 * in the same slot, because stopping waits for the probes.
 *
 * Return: the number. Any context.
 */
static inline u64 session_epoch(void)
{
	/* Pairs with rcu_assign_pointer() in start(), after which the epoch is there. */
	smp_rmb();
	return atomic64_read(&session_table.epoch);
}

/**
 * session_is_readable() - can its records be read?
 * @session: any
 *
 * Any context.
 *
 * Return: false for a flight recorder that overwrites them.
 */
static inline bool session_is_readable(const struct session *session)
{
	return !READ_ONCE(session->rules.overwrite);
}

int sessions_init(unsigned int max);
void sessions_exit(void);

struct session *session_create(void);
void session_destroy(struct session *session);
int session_start(struct session *session, bool only_new);
int session_stop(struct session *session);
int session_freeze(struct session *session);
void session_freeze_now(struct session *session);
bool session_settle(struct session *session);
int session_configure(struct session *session, const struct svmtrace_config *config);
int session_change_pids(struct session *session, const struct svmtrace_pids *change,
			const u32 *nrs);
int session_change_cgroups(struct session *session, const struct svmtrace_cgroups *change,
			   const u64 *ids);
void session_flush_gaps(struct session *session);
int session_change_program(struct session *session, struct program *program, bool trigger);
struct program *session_program(struct session *session, bool trigger);
void session_stats(struct session *session, struct svmtrace_stats *stats);
void session_info(struct session *session, struct svmtrace_info *info);

#endif /* SVMTRACE_SESSION_H */
