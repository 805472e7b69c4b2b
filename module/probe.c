// SPDX-License-Identifier: GPL-2.0
/*
 * Probe: hooks the entry and the return of the two syscalls.
 *
 * A kretprobe needs an instance for every call in flight. When none is left it
 * does not even call its entry_handler, so that whoever blocks in enough calls
 * would make all others invisible. Therefore our own pre_handler is put around
 * that of the kretprobe: it sees every call, decides by the filters, and records
 * at once, without a result, what got no instance.
 *
 *	enter()			kprobe: on every call
 *	  kretprobe core	takes an instance, if there is one
 *	    entry_instance()	snapshot into the instance
 *	  record_now()		without an instance: snapshot, record
 *	leave()			return of a call that has an instance
 */
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <asm/syscall.h>

#include "compat.h"
#include "emit.h"
#include "filter.h"
#include "probe.h"
#include "program.h"
#include "quota.h"
#include "session.h"
#include "snapshot.h"

/* What the instance's slab object has room for: 2048 less its own header. */
#define INSTANCE_DATA_MAX 2000

#if defined(CONFIG_X86_64)
#define NATIVE(name)	"__x64_sys_" #name
#elif defined(CONFIG_ARM64)
#define NATIVE(name)	"__arm64_sys_" #name
#else
#error "svmtrace does not know the names of this architecture's syscalls"
#endif
#define IA32(name)	"__ia32_sys_" #name

/**
 * struct probe - one symbol
 * @bit:     of the syscall, in svmtrace_config.syscalls
 * @syscall: SVMTRACE_NR_
 * @share:   it gets one in @share of the instances
 * @symbol:  name in the kernel
 * @rp:	     the kernel's part
 * @core:    the pre_handler that register_kretprobe() sets
 * @quota:   of its instances
 */
struct probe {
	u32 bit;
	u8 syscall;
	u8 share;
	const char *symbol;
	struct kretprobe rp;
	kprobe_pre_handler_t core;
	struct quota quota;
};

static struct probe probes[] = {
#define SVMTRACE_SYSCALL(number, name, nr_args) \
	{ .syscall = number, .share = 1, .symbol = NATIVE(name) },
#include <linux/svmtrace_fields.h>
#ifdef CONFIG_IA32_EMULATION
#define SVMTRACE_SYSCALL(number, name, nr_args) \
	{ .syscall = number, .share = 4, .symbol = IA32(name) },
#include <linux/svmtrace_fields.h>
#endif
};

/**
 * struct probe_cpu - handed over from enter() to what it calls; of a CPU
 * @probe:    that was hit
 * @sessions: a bit per slot of those that see the call
 * @wants:    all that they want: SVMTRACE_GROUP_ and SESSION_ bits
 * @bucket:   of the quota
 * @begun:    a filter has asked for something: @snap has been begun
 * @recorded: the call has an instance
 * @snap:     the call, until it has an instance
 * @others:   in leave(), sessions after the first, whose rings have been entered; then NULL
 *
 * Probes do not nest: the traced functions are not called in interrupts, and
 * preemption is off from enter() to the end of what it calls, and in leave().
 */
struct probe_cpu {
	struct probe *probe;
	u32 sessions;
	u32 wants;
	u16 bucket;
	bool begun;
	bool recorded;
	struct snapshot snap;
	struct session *others[SESSIONS_MAX];
};

static struct probe_cpu __percpu *probe_cpus;

/*
 * A handler runs with preemption off, and since 5.0 RCU waits for that as it does for
 * rcu_read_lock(). Only lockdep has to be told.
 */
static nokprobe_inline void handler_lock(void)
{
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		rcu_read_lock();
}

static nokprobe_inline void handler_unlock(void)
{
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		rcu_read_unlock();
}

/* Protects the state of the probes: armed while some session is started. */
static DEFINE_MUTEX(arm_lock);
static unsigned int users;
static u64 missed_before;
static unsigned int instances_max;

static nokprobe_inline struct pt_regs *user_regs_of(struct pt_regs *regs)
{
	return (struct pt_regs *)regs_get_kernel_argument(regs, 0);
}

/* Most calls are begun where they are kept; those that a filter looks at, here. */
static nokprobe_inline struct snapshot *scratch_of(struct probe_cpu *pc,
						   const struct probe *probe,
						   struct pt_regs *regs)
{
	if (!pc->begun)
		snapshot_begin(&pc->snap, probe->syscall, user_regs_of(regs));
	pc->begun = true;
	return &pc->snap;
}

/* The program that is in force now decides, even if it is replaced meanwhile. */
static void wait_for_return(struct snapshot *snap, unsigned int slot,
			    const struct filter *filter)
{
	snap->undecided |= BIT(slot);
	snap->programs[slot] = filter->program;
}

/* Its set of targets, and its program, which does not reject the call by its caller. */
static noinline bool ask_further(struct probe_cpu *pc, unsigned int slot,
				 const struct filter *filter, u32 result)
{
	enum verdict verdict = filter_decide(filter, &pc->snap, result);

	if (verdict == FILTER_LATER)
		wait_for_return(&pc->snap, slot, filter);
	return verdict != FILTER_DROP;
}

static nokprobe_inline bool ask(struct probe_cpu *pc, const struct probe *probe,
				struct pt_regs *regs, const struct session *session,
				const struct filter *filter)
{
	u32 result;

	if (unlikely(!(session->config.syscalls & probe->bit)))
		return false;
	if (likely(!filter))
		return true;
	if (!filter_wants_caller(filter))
		return false;
	if (!filter_wants_facts(filter))
		return true;
	result = filter_ask_by_caller(filter, scratch_of(pc, probe, regs));
	return result && ask_further(pc, session->slot, filter, result);
}

/* Asks every session about the call, and notes which see it. */
static nokprobe_inline bool ask_sessions(struct probe_cpu *pc, const struct probe *probe,
					 struct pt_regs *regs)
{
	u32 slots, sessions = 0, wants = 0;

	pc->begun = false;
	for (slots = sessions_active(); slots; slots &= slots - 1) {
		struct session *session = session_at(__ffs(slots));
		struct stream_counts *counts;
		const struct filter *filter;

		if (unlikely(!session))
			continue;
		counts = &this_cpu_ptr(session->streams)->counts;
		stream_count(counts->entered);
		filter = rcu_dereference(session->filter);
		if (ask(pc, probe, regs, session, filter)) {
			sessions |= slots & -slots;
			wants |= session->wants;
			if (unlikely(filter && filter->trigger))
				wants |= filter->trigger->groups;
		} else {
			stream_count(counts->filtered);
			stream_count(counts->returned);
		}
	}
	pc->sessions = sessions;
	pc->wants = wants;
	return sessions;
}

/* As much of it as any session wants. */
static noinline void take_preview(struct snapshot *snap)
{
	u32 slots, size = 0;

	for (slots = snap->sessions; slots; slots &= slots - 1) {
		const struct session *session = session_at(__ffs(slots));

		if (session)
			size = max(size, session->config.preview_max);
	}
	if (size)
		snapshot_preview(snap, snapshot_look(), size);
}

/* All of it, or what no filter has asked for yet. */
static nokprobe_inline void take_snapshot(struct probe_cpu *pc, struct snapshot *snap,
					  struct pt_regs *regs)
{
	if (likely(!pc->begun))
		snapshot_take(snap, pc->probe->syscall, user_regs_of(regs), pc->wants);
	else
		snapshot_complete(snap, pc->wants);
	snap->sessions = pc->sessions;
	snap->epoch = session_epoch();
	snap->quota = &pc->probe->quota;
	snap->bucket = pc->bucket;
	if (unlikely(pc->wants & SESSION_PREVIEW))
		take_preview(snap);
}

/* Of a record that is written before the return. */
static nokprobe_inline u32 marks_now(const struct snapshot *snap, const struct session *session)
{
	u32 marks = snapshot_no_result(snap);

	if (snap->undecided & BIT(session->slot))
		marks |= SVMTRACE_MARK_UNDECIDED;
	return marks;
}

/* What was seen of the payload is for the programs of those who asked for it. */
static nokprobe_inline u32 marks_for(const struct session *session, u32 marks)
{
	return session && session->config.preview_max ? marks : marks & ~PREVIEW_MARKS;
}

/* As its record says it; now, if there is none. */
static u64 duration_of(const struct snapshot *snap, const struct svmtrace_record *record)
{
	u64 time = record ? record->time : ktime_get_mono_fast_ns();

	return time - snap->d.call.entry_time;
}

/*
 * A flight recorder ends with the call that it was waiting for. @record is what it has of
 * it, or NULL.
 */
static nokprobe_inline void trigger(struct session *session, struct snapshot *snap,
				    const struct svmtrace_record *record)
{
	const u32 marks = snap->d.record.marks;

	if (session_is_readable(session))
		return;
	snap->d.duration = duration_of(snap, record);
	snap->d.record.marks = marks_for(session, marks);
	if (filter_triggers(rcu_dereference(session->filter), snap))
		session_freeze_now(session);
	snap->d.record.marks = marks;
}

/* Without an instance: this is all that will be known of the call. */
static void record_now(struct probe_cpu *pc, struct pt_regs *regs)
{
	struct snapshot *snap = &pc->snap;
	u32 slots;

	take_snapshot(pc, snap, regs);
	for (slots = snap->sessions; slots; slots &= slots - 1) {
		struct session *session = session_at(__ffs(slots));
		struct stream_counts *counts;

		if (!session)
			continue;
		counts = &this_cpu_ptr(session->streams)->counts;
		stream_count(counts->no_result);
		emit_early(session, snap, SVMTRACE_KIND_CALL, marks_now(snap, session));
		trigger(session, snap, NULL);
		stream_count(counts->returned);
	}
}

/* Some session sees the call. */
static nokprobe_inline void keep(struct probe_cpu *pc, struct probe *probe, struct pt_regs *regs)
{
	bool granted = quota_take(&probe->quota, &pc->bucket);

	pc->probe = probe;
	pc->recorded = false;
	if (likely(granted))
		probe->core(&probe->rp.kp, regs);
	if (unlikely(!pc->recorded)) {
		if (granted)
			quota_give(&probe->quota, pc->bucket);
		record_now(pc, regs);
	}
}

static int enter(struct kprobe *kp, struct pt_regs *regs)
{
	struct probe *probe = container_of(kp, struct probe, rp.kp);
	struct probe_cpu *pc = this_cpu_ptr(probe_cpus);

	handler_lock();
	if (ask_sessions(pc, probe, regs))
		keep(pc, probe, regs);
	handler_unlock();
	return 0;
}

/* A filter has gathered something for it already. */
static void take_over(struct snapshot *snap, const struct snapshot *from)
{
	u32 slots;

	snapshot_copy(snap, from);
	for (slots = snap->undecided; slots; slots &= slots - 1) {
		struct program *program = from->programs[__ffs(slots)];

		snap->programs[__ffs(slots)] = program;
		program_enter(program);
	}
}

/* For the sessions that want to know of a call before its end. */
static noinline void record_entry(struct snapshot *snap)
{
	u32 slots;

	for (slots = snap->sessions; slots; slots &= slots - 1) {
		struct session *session = session_at(__ffs(slots));

		if (session && session->wants & SESSION_ENTRIES)
			emit_early(session, snap, SVMTRACE_KIND_ENTRY,
				   marks_now(snap, session));
	}
}

/* Called by the kretprobe core, inside of enter(), if it has an instance. */
static int entry_instance(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct probe_cpu *pc = this_cpu_ptr(probe_cpus);
	struct snapshot *snap = (struct snapshot *)ri->data;

	if (unlikely(pc->begun))
		take_over(snap, &pc->snap);
	take_snapshot(pc, snap, regs);
	pc->recorded = true;
	if (unlikely(pc->wants & SESSION_ENTRIES))
		record_entry(snap);
	return 0;
}

/* NULL: there is another session in that slot by now, or another run of it, or none. */
static nokprobe_inline struct session *session_of(const struct snapshot *snap,
						  unsigned int slot)
{
	struct session *session = session_at(slot);

	return likely(session && session->epoch <= snap->epoch) ? session : NULL;
}

static void reject(struct snapshot *snap, unsigned int slot)
{
	struct session *session = session_of(snap, slot);
	struct stream_counts *counts;

	snap->sessions &= ~BIT(slot);
	if (!session)
		return;
	counts = &this_cpu_ptr(session->streams)->counts;
	stream_count(counts->filtered);
	stream_count(counts->returned);
}

/*
 * Lets the programs decide that waited for the return. Whether their sessions
 * still exist or not: a program does, as long as calls wait for it.
 */
static void decide(struct snapshot *snap)
{
	const u32 marks = snap->d.record.marks;
	u32 slots;

	snap->d.duration = duration_of(snap, NULL);
	for (slots = snap->undecided; slots; slots &= slots - 1) {
		unsigned int slot = __ffs(slots);
		struct program *program = snap->programs[slot];

		snap->d.record.marks = marks_for(session_at(slot), marks);
		if (!filter_decide_at_return(program, snap))
			reject(snap, slot);
		program_leave(program);
	}
	snap->d.record.marks = marks;
}

/* The end of a call for a session: it has been written as @record, or lost. */
static nokprobe_inline void finish(struct session *session, struct snapshot *snap,
				   const struct svmtrace_record *record)
{
	struct stream *stream = this_cpu_ptr(session->streams);

	wait_notify(session, stream);
	trigger(session, snap, record);
	stream_count(stream->counts.returned);
}

/* For the first session that sees the call, which mostly is the only one. */
static nokprobe_inline const struct svmtrace_record *
write_first(struct session *session, struct snapshot *snap, const struct second_look *look)
{
	struct stream *stream = this_cpu_ptr(session->streams);
	const struct svmtrace_record *record = NULL;

	if (likely(stream_enter(stream, SVMTRACE_KIND_CALL)))
		record = emit_call(session, stream, snap, look, ktime_get_mono_fast_ns());
	finish(session, snap, record);
	return record;
}

/* For those after the first. Who cannot write is done; the other rings have been entered. */
static nokprobe_inline void enter_others(struct snapshot *snap, u32 slots)
{
	struct session **other = this_cpu_ptr(probe_cpus)->others;

	for (; slots; slots &= slots - 1) {
		struct session *session = session_of(snap, __ffs(slots));

		if (unlikely(!session))
			continue;
		if (likely(stream_enter(this_cpu_ptr(session->streams), SVMTRACE_KIND_CALL)))
			*other++ = session;
		else
			finish(session, snap, NULL);
	}
	*other = NULL;
}

/* Out of line, as most sessions record the same. */
static noinline const struct svmtrace_record *
write_other(const struct session *session, const struct snapshot *snap,
	    const struct second_look *look, u64 now)
{
	return emit_call(session, this_cpu_ptr(session->streams), snap, look, now);
}

/* A session that records the same as the one @before gets a copy of that one's @record. */
static nokprobe_inline void write_others(struct snapshot *snap,
					 const struct second_look *look,
					 const struct session *before,
					 const struct svmtrace_record *record)
{
	u64 now = record ? record->time : ktime_get_mono_fast_ns();
	struct session **other;

	for (other = this_cpu_ptr(probe_cpus)->others; *other; before = *other++) {
		if (likely(record && emit_is_same(&(*other)->config, &before->config)))
			record = emit_again(this_cpu_ptr((*other)->streams), record, now);
		else
			record = write_other(*other, snap, look, now);
		finish(*other, snap, record);
	}
}

/* All records share one time, so all rings are entered before it is taken: rule A of ring.h. */
static nokprobe_inline void write_call(struct snapshot *snap, const struct second_look *look,
				       u32 slots)
{
	const struct svmtrace_record *record = NULL;
	u32 others = slots & (slots - 1);
	struct session *first = NULL;

	if (unlikely(others))
		enter_others(snap, others);
	if (likely(slots))
		first = session_of(snap, __ffs(slots));
	if (likely(first))
		record = write_first(first, snap, look);
	if (unlikely(others))
		write_others(snap, look, first, record);
}

static int leave(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct snapshot *snap = (struct snapshot *)ri->data;
	struct second_look *look = snapshot_look();

	handler_lock();
	quota_give(snap->quota, snap->bucket);
	snapshot_return(snap, look, (s64)regs_return_value(regs));
	if (unlikely(snap->undecided))
		decide(snap);
	write_call(snap, look, snap->sessions & sessions_active());
	handler_unlock();
	return 0;
}

/* Called by the kretprobe core until it is called by enter() only: no instance is taken. */
static int refuse_instance(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 1;
}

/* A probe on these would be hit while one of ours runs, and so be dropped. */
NOKPROBE_SYMBOL(wait_for_return);
NOKPROBE_SYMBOL(ask_further);
NOKPROBE_SYMBOL(take_preview);
NOKPROBE_SYMBOL(duration_of);
NOKPROBE_SYMBOL(record_now);
NOKPROBE_SYMBOL(enter);
NOKPROBE_SYMBOL(take_over);
NOKPROBE_SYMBOL(record_entry);
NOKPROBE_SYMBOL(entry_instance);
NOKPROBE_SYMBOL(reject);
NOKPROBE_SYMBOL(decide);
NOKPROBE_SYMBOL(write_other);
NOKPROBE_SYMBOL(leave);
NOKPROBE_SYMBOL(refuse_instance);

/*
 * Registers one probe, and puts our handler into place. All of the structure is set
 * anew: the kernel leaves its own traces in it.
 *
 * The probe is armed at once. One that is registered disabled, and then enabled, would
 * stay disabled for good if all probes are switched off (debugfs) at that moment.
 */
static int register_probe(struct probe *probe)
{
	int err;

	probe->rp = (struct kretprobe){
		.kp.symbol_name = probe->symbol,
		.entry_handler = refuse_instance,
		.handler = leave,
		.data_size = sizeof(struct snapshot),
		.maxactive = instances_max / probe->share,
	};
	quota_reset(&probe->quota, probe->rp.maxactive);
	err = register_kretprobe(&probe->rp);
	if (err)
		return err;
	probe->core = probe->rp.kp.pre_handler;
	WRITE_ONCE(probe->rp.kp.pre_handler, enter);
	return 0;
}

static void unregister_probes(unsigned int n)
{
	struct kretprobe *rps[ARRAY_SIZE(probes)];
	unsigned int i;

	for (i = 0; i < n; i++)
		rps[i] = &probes[i].rp;
	unregister_kretprobes(rps, n);
	for (i = 0; i < n; i++)
		missed_before += probes[i].rp.kp.nmissed;
}

static int register_probes(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = register_probe(&probes[i]);
		if (err) {
			/* Whoever starts a session can have it said again and again. */
			pr_err_ratelimited("no probe on %s: %d\n", probes[i].symbol, err);
			unregister_probes(i);
			return err;
		}
	}
	/* For hits that have not yet met enter(). */
	synchronize_rcu();
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		WRITE_ONCE(probes[i].rp.entry_handler, entry_instance);
	return 0;
}

/**
 * probe_arm() - makes calls seen, for one more session
 *
 * May sleep; not to be called with the CPU hotplug lock held.
 *
 * Return: 0, or an error of register_kretprobe().
 */
int probe_arm(void)
{
	int err = 0;

	mutex_lock(&arm_lock);
	if (!users)
		err = register_probes();
	if (!err)
		users++;
	mutex_unlock(&arm_lock);
	return err;
}

/**
 * probe_disarm() - undoes a probe_arm(); with the last one, calls cost nothing
 *
 * Waits for handlers that are running; calls in flight return safely, unseen. May
 * sleep.
 */
void probe_disarm(void)
{
	mutex_lock(&arm_lock);
	if (!--users) {
		unregister_probes(ARRAY_SIZE(probes));
		program_reap_all();
	} else {
		synchronize_rcu();
	}
	mutex_unlock(&arm_lock);
}

/**
 * probe_missed() - probe hits that the kernel dropped
 *
 * It does so if a probe is hit while another one runs on the same CPU. May sleep.
 *
 * Return: their number since probe_init().
 */
u64 probe_missed(void)
{
	unsigned int i;
	u64 missed;

	mutex_lock(&arm_lock);
	missed = missed_before;
	for (i = 0; users && i < ARRAY_SIZE(probes); i++)
		missed += READ_ONCE(probes[i].rp.kp.nmissed);
	mutex_unlock(&arm_lock);
	return missed;
}

/**
 * probe_features() - what callers the probes can see
 *
 * Return: SVMTRACE_FEATURE_ bits. Any context.
 */
u64 probe_features(void)
{
	u64 features = 0;

	/* Those of arm64 hit the same symbols as others. */
	if (IS_ENABLED(CONFIG_IA32_EMULATION) ||
	    (IS_ENABLED(CONFIG_ARM64) && IS_ENABLED(CONFIG_COMPAT)))
		features |= SVMTRACE_FEATURE_IA32;
	if (IS_ENABLED(CONFIG_X86_X32) || IS_ENABLED(CONFIG_X86_X32_ABI))
		features |= SVMTRACE_FEATURE_X32;
	if (identity_knows_mnt_ns())
		features |= SVMTRACE_FEATURE_MNT_NS;
	return features;
}

static int init_table(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		probes[i].bit = BIT(probes[i].syscall);
		err = quota_init(&probes[i].quota);
		if (err)
			return err;
	}
	return 0;
}

/**
 * probe_init() - prepares the probes, and tries whether they can be armed
 * @instances: calls in flight, per probe, whose return can be seen
 *
 * Return: 0, -ENOMEM, or an error of register_kretprobe().
 */
int probe_init(unsigned int instances)
{
	int err;

	BUILD_BUG_ON(sizeof(struct snapshot) > INSTANCE_DATA_MAX);
	instances_max = instances;
	identity_init();
	umem_init();
	probe_cpus = alloc_percpu(struct probe_cpu);
	err = probe_cpus ? snapshot_init() : -ENOMEM;
	if (!err)
		err = init_table();
	if (!err)
		err = probe_arm();
	if (err) {
		probe_exit();
		return err;
	}
	probe_disarm();
	return 0;
}

/**
 * probe_exit() - undoes probe_init()
 */
void probe_exit(void)
{
	unsigned int i;

	/* Of the last session, with calls that will now return unseen. */
	program_reap_all();
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		quota_exit(&probes[i].quota);
	snapshot_exit();
	free_percpu(probe_cpus);
}
