// SPDX-License-Identifier: GPL-2.0
/*
 * Session: the table of sessions, and the life of each: settings, start, stop,
 * rings, counters.
 */
#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "probe.h"
#include "program.h"
#include "ring_memory.h"
#include "session.h"
#include "snapshot.h"
#include "version.h"
#include "wait.h"

#define RING_SIZE_MAX (256U << 20)

/* table_lock protects the slots (taken_slots), not what the probes read. */
static DEFINE_MUTEX(table_lock);
static DECLARE_BITMAP(taken_slots, SESSIONS_MAX);
static unsigned int slots_max;

struct session_table session_table;

/*
 * rings_lock protects the list of sessions that get rings for new CPUs, and the
 * giving of rings. It nests inside of the CPU hotplug lock, so nothing that
 * takes that one (arming a probe does) may be called under it.
 */
static DEFINE_MUTEX(rings_lock);
static LIST_HEAD(hotplug_list);
static enum cpuhp_state hotplug_state;

static unsigned int sessions_open(void)
{
	/* Sessions come and go meanwhile, in any case. */
	return data_race(bitmap_weight(taken_slots, SESSIONS_MAX));
}

static void free_rings(struct session *session)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct stream *stream = per_cpu_ptr(session->streams, cpu);

		ring_free(stream->ring);
		stream->ring = NULL;
	}
	session->rings = 0;
}

static int add_ring(struct session *session, unsigned int cpu)
{
	struct stream *stream = per_cpu_ptr(session->streams, cpu);
	struct ring *ring;

	if (stream->ring)
		return 0;
	ring = ring_alloc(cpu, session->config.ring_size);
	if (!ring)
		return -ENOMEM;
	/* Pairs with smp_load_acquire() in stream_enter(), ring_of() and map_ring(). */
	smp_store_release(&stream->ring, ring);
	/* After it, for who counts: pairs with smp_load_acquire() in session_stats(). */
	smp_store_release(&session->rings, session->rings + 1);
	return 0;
}

/*
 * A new CPU comes up. If there is no memory for a ring it comes up nonetheless,
 * and what is lost there is counted.
 */
static int prepare_cpu(unsigned int cpu)
{
	struct session *session;

	mutex_lock(&rings_lock);
	list_for_each_entry(session, &hotplug_list, hotplug)
		add_ring(session, cpu);
	mutex_unlock(&rings_lock);
	return 0;
}

/**
 * sessions_init() - prepares the table
 * @max: sessions that can be open at once, 1 to SESSIONS_MAX
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int sessions_init(unsigned int max)
{
	int state;

	if (!max || max > SESSIONS_MAX) {
		pr_err("sessions must be from 1 to %u, not %u\n", SESSIONS_MAX, max);
		return -EINVAL;
	}
	slots_max = max;
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "svmtrace:prepare",
					  prepare_cpu, NULL);
	if (state < 0)
		return state;
	hotplug_state = state;
	return 0;
}

/**
 * sessions_exit() - undoes sessions_init(), when no session is left
 */
void sessions_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
}

static int take_slot(void)
{
	unsigned int slot;

	mutex_lock(&table_lock);
	slot = find_first_zero_bit(taken_slots, slots_max);
	if (slot < slots_max)
		__set_bit(slot, taken_slots);
	mutex_unlock(&table_lock);
	return slot < slots_max ? slot : -EUSERS;
}

static void give_slot(unsigned int slot)
{
	mutex_lock(&table_lock);
	__clear_bit(slot, taken_slots);
	mutex_unlock(&table_lock);
}

static const struct svmtrace_config config_default = {
	.size = sizeof(config_default),
	.format = SVMTRACE_FORMAT_TEXT,
	.syscalls = SVMTRACE_SYSCALLS_ALL,
	.groups = SVMTRACE_GROUPS_ALL,
	.ring_size = 1U << 20,
	.iovs_max = SNAPSHOT_IOVS,
	.watermark = 1U << 18,
	.flush_ms = 10,
};

/* Valid settings, and what the probes make of them. */
static void set_config(struct session *session, const struct svmtrace_config *config)
{
	session->config = *config;
	session->config.size = sizeof(*config);
	session->rules.lose_every = config->lose_every;
	session->plain_iovs = config->iovs_max;
	session->wants = config->groups;
	if (config->flags & SVMTRACE_CONFIG_ENTRIES)
		session->wants |= SESSION_ENTRIES;
	if (config->preview_max) {
		/* Where the bytes are depends on the direction of the pipe. */
		session->wants |= SESSION_PREVIEW | SVMTRACE_GROUP_PIPE;
		session->plain_iovs = -1;
	}
}

/**
 * session_create() - makes a session with default settings
 *
 * The memory is charged to the memory cgroup of the calling task. May sleep.
 *
 * Return: the session, or -EUSERS if there are too many, or -ENOMEM.
 */
struct session *session_create(void)
{
	struct session *session;
	int slot, cpu;

	slot = take_slot();
	if (slot < 0)
		return ERR_PTR(slot);
	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		goto give;
	session->streams = alloc_percpu_gfp(struct stream, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!session->streams)
		goto free;
	for_each_possible_cpu(cpu)
		stream_init(per_cpu_ptr(session->streams, cpu), &session->rules);
	session->slot = slot;
	set_config(session, &config_default);
	mutex_init(&session->lock);
	mutex_init(&session->map_lock);
	mutex_init(&session->read_lock);
	mutex_init(&session->flush_lock);
	INIT_LIST_HEAD(&session->hotplug);
	wait_init(session);
	return session;

free:
	kfree(session);
give:
	give_slot(slot);
	return ERR_PTR(-ENOMEM);
}

/**
 * session_destroy() - ends a session that no file stands for any more
 * @session: from session_create()
 *
 * May sleep.
 */
void session_destroy(struct session *session)
{
	session_stop(session);
	mutex_lock(&rings_lock);
	list_del(&session->hotplug);
	mutex_unlock(&rings_lock);
	wait_exit(session);
	free_rings(session);
	filter_free(rcu_dereference_protected(session->filter, true));
	free_percpu(session->streams);
	kvfree(session->line.buf);
	give_slot(session->slot);
	kfree(session);
}

/*
 * Size of the largest record with these settings. What it has before its arrays is what
 * filters know of a call, and stands in the same order.
 */
static size_t record_max(const struct svmtrace_config *config)
{
	return ALIGN(offsetof(struct svmtrace_filter_data, duration) +
		     sizeof(struct svmtrace_extra) +
		     4 * max_t(u32, config->iovs_max, SNAPSHOT_IOVS) *
		     sizeof(struct svmtrace_iovec) +
		     2 * EXE_NAME_MAX + 2 * config->preview_max, 8);
}

static u32 ring_size_min(const struct svmtrace_config *config)
{
	return max_t(u32, PAGE_SIZE, roundup_pow_of_two(2 * record_max(config)));
}

static int check_config(const struct svmtrace_config *config)
{
	if (config->flags & ~(SVMTRACE_CONFIG_ENTRIES | SVMTRACE_CONFIG_FLIGHT) ||
	    config->reserved ||
	    config->format > SVMTRACE_FORMAT_BINARY ||
	    !config->syscalls || config->syscalls & ~SVMTRACE_SYSCALLS_ALL ||
	    config->groups & ~SVMTRACE_GROUPS_ALL ||
	    config->iovs_max > SVMTRACE_IOVS_MAX ||
	    config->preview_max > SVMTRACE_PREVIEW_MAX ||
	    config->flush_ms > 10000)
		return -EINVAL;
	if (!is_power_of_2(config->ring_size) || config->ring_size > RING_SIZE_MAX ||
	    config->ring_size < ring_size_min(config) ||
	    config->watermark > config->ring_size)
		return -EINVAL;
	if (config->preview_max && !capable(CAP_SYS_PTRACE))
		return -EPERM;
	return 0;
}

/**
 * session_configure() - changes the settings of a session not yet started
 * @session: under session->lock
 * @config:  complete settings
 *
 * Return: 0, -EINVAL, -EPERM, or -EBUSY once it has been started.
 */
int session_configure(struct session *session, const struct svmtrace_config *config)
{
	int err;

	lockdep_assert_held(&session->lock);
	err = check_config(config);
	if (err)
		return err;
	if (session->state != SVMTRACE_STATE_NEW)
		return -EBUSY;
	set_config(session, config);
	return 0;
}

static struct filter *filter_of(struct session *session)
{
	return rcu_dereference_protected(session->filter,
					 lockdep_is_held(&session->lock));
}

/* Takes over @filter, which may be an error. */
static int set_filter(struct session *session, struct filter *filter)
{
	struct filter *old = filter_of(session);

	if (IS_ERR(filter))
		return PTR_ERR(filter);
	rcu_assign_pointer(session->filter, filter);
	/* Only a session that is started is seen by the probes. */
	if (old && session->state == SVMTRACE_STATE_STARTED)
		synchronize_rcu();
	filter_free(old);
	return 0;
}

/**
 * session_change_pids() - changes the filter
 * @session: under session->lock
 * @change:  checked but for its pids
 * @nrs:     its pids, already here: who waits for a page must not have the lock
 *
 * Return: 0, or an error of filter_change_pids().
 */
int session_change_pids(struct session *session, const struct svmtrace_pids *change,
			const u32 *nrs)
{
	return set_filter(session, filter_change_pids(filter_of(session), change, nrs));
}

/**
 * session_change_cgroups() - changes the filter
 * @session: under session->lock
 * @change:  checked but for its ids
 * @ids:     these
 *
 * Return: 0, or an error of filter_change_cgroups().
 */
int session_change_cgroups(struct session *session, const struct svmtrace_cgroups *change,
			   const u64 *ids)
{
	return set_filter(session, filter_change_cgroups(filter_of(session), change, ids));
}

/**
 * session_change_program() - changes the filter, or what freezes a flight recorder
 * @session: under session->lock
 * @program: or NULL for none; the caller keeps its own reference
 * @trigger: which of the two
 *
 * Return: 0 or -ENOMEM.
 */
int session_change_program(struct session *session, struct program *program, bool trigger)
{
	const struct filter *old = filter_of(session);

	if (!program && (!old || !(trigger ? old->trigger : old->program)))
		return 0;
	return set_filter(session, filter_change_program(old, program, trigger));
}

/**
 * session_program() - the program of the filter, or the trigger
 * @session: under session->lock
 * @trigger: which of the two
 *
 * Return: a reference for program_put(), or NULL.
 */
struct program *session_program(struct session *session, bool trigger)
{
	const struct filter *filter = filter_of(session);

	if (!filter)
		return NULL;
	return program_get(trigger ? filter->trigger : filter->program);
}

/*
 * Rings for all CPUs that are plugged in, even if offline now; those that are
 * plugged in later get theirs from prepare_cpu().
 */
static int add_rings(struct session *session)
{
	int cpu, err = 0;

	mutex_lock(&rings_lock);
	for_each_present_cpu(cpu) {
		err = add_ring(session, cpu);
		if (err)
			break;
	}
	if (!err && list_empty(&session->hotplug))
		list_add(&session->hotplug, &hotplug_list);
	mutex_unlock(&rings_lock);
	return err;
}

/* After a start that failed: none was there before, and the next may be of another size. */
static void drop_rings(struct session *session)
{
	mutex_lock(&rings_lock);
	list_del_init(&session->hotplug);
	free_rings(session);
	mutex_unlock(&rings_lock);
}

/* Readers look at these two without a lock. */
static int set_overwrite(struct session *session, bool overwrite)
{
	int err = 0;

	mutex_lock(&session->map_lock);
	/* Who has mapped a ring could read what is being overwritten. */
	if (overwrite && session->mapped) {
		err = -EBUSY;
	} else {
		/* Pairs with smp_load_acquire() in may_read(). */
		smp_store_release(&session->settled, !overwrite);
		WRITE_ONCE(session->rules.overwrite, overwrite);
	}
	mutex_unlock(&session->map_lock);
	return err;
}

static int start(struct session *session, bool only_new)
{
	int err;

	if (session->state == SVMTRACE_STATE_STARTED ||
	    (only_new && session->state != SVMTRACE_STATE_NEW))
		return -EALREADY;
	err = add_rings(session);
	if (!err)
		err = probe_arm();
	if (err) {
		if (session->state == SVMTRACE_STATE_NEW)
			drop_rings(session);
		return err;
	}
	err = set_overwrite(session, session->config.flags & SVMTRACE_CONFIG_FLIGHT);
	if (err) {
		probe_disarm();
		return err;
	}
	session->epoch = atomic64_inc_return(&session_table.epoch);
	/* Pairs with smp_load_acquire() in map_ring(). */
	smp_store_release(&session->state, SVMTRACE_STATE_STARTED);
	rcu_assign_pointer(session_table.started[session->slot], session);
	atomic_or(BIT(session->slot), &session_table.active);
	return 0;
}

/**
 * session_start() - starts recording
 * @session:  not under its lock, nor its read_lock
 * @only_new: only if it has never been started
 *
 * Memory of the rings is charged to the calling task's memory cgroup. May sleep.
 *
 * Return: 0, -EALREADY if started, -ENOMEM, -EBUSY for a flight recorder with mapped
 * rings, -EINTR if killed while somebody else reads, or an error of probe_arm().
 */
int session_start(struct session *session, bool only_new)
{
	int err;

	/* Nobody may be reading what is going to be overwritten. */
	if (mutex_lock_killable(&session->read_lock))
		return -EINTR;
	mutex_lock(&session->lock);
	err = start(session, only_new);
	mutex_unlock(&session->lock);
	mutex_unlock(&session->read_lock);
	return err;
}

/**
 * session_settle() - waits until nothing is overwritten any more
 * @session: under session->map_lock
 *
 * The trigger may have frozen it while another CPU was in the midst of a record.
 * May sleep.
 *
 * Return: false if it has not been frozen.
 */
bool session_settle(struct session *session)
{
	lockdep_assert_held(&session->map_lock);
	if (session->settled)
		return true;
	if (!session_is_readable(session))
		return false;
	synchronize_rcu();
	smp_store_release(&session->settled, true);	/* As above. */
	return true;
}

/**
 * session_freeze_now() - stops a flight recorder from overwriting
 * @session: started
 *
 * In a probe, or under session->lock.
 */
void session_freeze_now(struct session *session)
{
	WRITE_ONCE(session->rules.overwrite, false);
	wait_wake_soon(session);
}

/**
 * session_freeze() - stops a flight recorder from overwriting
 * @session: not under its lock
 *
 * Return: 0, -EINVAL if it is none, -EALREADY if it is not started or frozen.
 */
int session_freeze(struct session *session)
{
	int err = 0;

	mutex_lock(&session->lock);
	if (!(session->config.flags & SVMTRACE_CONFIG_FLIGHT))
		err = -EINVAL;
	else if (session->state != SVMTRACE_STATE_STARTED || session_is_readable(session))
		err = -EALREADY;
	else
		session_freeze_now(session);
	mutex_unlock(&session->lock);
	return err;
}

static void flush_gap(void *stream)
{
	stream_flush_gap(stream);
}

/**
 * session_flush_gaps() - tells of losses after which no record came
 * @session: any
 *
 * A gap is written where all records are: on the CPU of the ring, where it does
 * not come in between a call's; or anywhere, if that CPU is offline. May sleep.
 */
void session_flush_gaps(struct session *session)
{
	int cpu;

	cpus_read_lock();
	mutex_lock(&session->flush_lock);
	for_each_possible_cpu(cpu) {
		struct stream *stream = per_cpu_ptr(session->streams, cpu);

		if (!stream_has_gap(stream))
			continue;
		if (cpu_online(cpu))
			smp_call_function_single(cpu, flush_gap, stream, true);
		else
			stream_flush_gap(stream);
	}
	mutex_unlock(&session->flush_lock);
	cpus_read_unlock();
}

/**
 * session_stop() - stops recording
 * @session: not under its lock
 *
 * No call writes to the session's rings any more afterwards. May sleep.
 *
 * Return: 0, or -EALREADY if not started.
 */
int session_stop(struct session *session)
{
	int err = -EALREADY;

	mutex_lock(&session->lock);
	if (session->state != SVMTRACE_STATE_STARTED)
		goto unlock;
	atomic_andnot(BIT(session->slot), &session_table.active);
	rcu_assign_pointer(session_table.started[session->slot], NULL);
	probe_disarm();
	session_flush_gaps(session);
	set_overwrite(session, false);
	WRITE_ONCE(session->state, SVMTRACE_STATE_STOPPED);
	wait_wake(session);
	err = 0;
unlock:
	mutex_unlock(&session->lock);
	return err;
}

/* All but what has to be read before them: see session_stats(). */
static void add_counts(struct svmtrace_stats *stats, const struct stream_counts *counts)
{
	stats->entered += READ_ONCE(counts->entered);
	stats->delivered += READ_ONCE(counts->delivered);
	stats->filtered += READ_ONCE(counts->filtered);
	stats->lost_ring_full += READ_ONCE(counts->ring_full);
	stats->lost_nested += READ_ONCE(counts->nested);
	stats->lost_no_ring += READ_ONCE(counts->no_ring);
	stats->lost_simulated += READ_ONCE(counts->simulated);
	stats->no_result += READ_ONCE(counts->no_result);
	stats->entries += READ_ONCE(counts->entries);
	stats->entries_lost += READ_ONCE(counts->entries_lost);
}

/**
 * session_stats() - adds up the counters of all CPUs
 * @session: under session->lock
 * @stats:   filled in
 */
void session_stats(struct session *session, struct svmtrace_stats *stats)
{
	u64 returned = 0, overwritten = 0, entries_overwritten = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct stream_counts *counts =
			&per_cpu_ptr(session->streams, cpu)->counts;

		returned += READ_ONCE(counts->returned);
		overwritten += READ_ONCE(counts->overwritten);
		entries_overwritten += READ_ONCE(counts->entries_overwritten);
	}
	/*
	 * What returned has entered before, and what was overwritten has been delivered
	 * before: pairs with ring_leave() for the latter.
	 */
	smp_rmb();
	*stats = (struct svmtrace_stats){
		.size = sizeof(*stats),
		.state = session->state,
		.missed = probe_missed(),
		/* Pairs with smp_store_release() in add_ring(). */
		.rings = smp_load_acquire(&session->rings),
		.sessions = sessions_open(),
		.frozen = session->config.flags & SVMTRACE_CONFIG_FLIGHT &&
			  session->state != SVMTRACE_STATE_NEW &&
			  session_is_readable(session),
	};
	for_each_possible_cpu(cpu)
		add_counts(stats, &per_cpu_ptr(session->streams, cpu)->counts);
	stats->delivered -= overwritten;
	stats->lost_overwritten = overwritten;
	stats->entries -= entries_overwritten;
	stats->entries_lost += entries_overwritten;
	/* But a weakly ordered processor may say so the other way round. */
	stats->in_flight = max_t(s64, stats->entered - returned, 0);
}

/**
 * session_info() - what the module can do, and the session's geometry
 * @session: under session->lock
 * @info:    filled in
 */
void session_info(struct session *session, struct svmtrace_info *info)
{
	*info = (struct svmtrace_info){
		.size = sizeof(*info),
		.abi_version = SVMTRACE_ABI_VERSION,
		.schema_version = SVMTRACE_SCHEMA_VERSION,
		.page_size = PAGE_SIZE,
		.features = probe_features(),
		.ring_stride = ring_stride(session->config.ring_size),
		.data_offset = 2 * PAGE_SIZE,
		.ring_size = session->config.ring_size,
		.ring_size_min = ring_size_min(&session->config),
		.ring_size_max = RING_SIZE_MAX,
		.nr_cpus = nr_cpu_ids,
		.syscalls = SVMTRACE_SYSCALLS_ALL,
		.groups = SVMTRACE_GROUPS_ALL,
		.sessions_max = slots_max,
		.version = SVMTRACE_VERSION,
	};
}
