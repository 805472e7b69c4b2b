/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_QUOTA_H
#define SVMTRACE_QUOTA_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/user_namespace.h>

#define BUCKET_BITS 7
#define BUCKETS BIT(BUCKET_BITS)

/**
 * struct quota_cpu - of a CPU; calls may take on one and give back on another
 * @held:    what calls of each user have taken less given back; may be negative
 * @pending: over all users, not yet in the total
 */
struct quota_cpu {
	int held[BUCKETS];
	int pending;
};

/**
 * struct quota - who has how many of a pool of return hooks
 * @cpus:      counters of each CPU
 * @total:     that are taken, but for what is pending in @cpus
 * @crowded:   so many are taken before anybody is refused one
 * @share:     of one user, then
 * @batch:     what may be pending on a CPU
 */
struct quota {
	struct quota_cpu __percpu *cpus;
	atomic_t total;
	int crowded;
	int share;
	unsigned int batch;
};

int quota_init(struct quota *quota);
void quota_exit(struct quota *quota);
void quota_reset(struct quota *quota, unsigned int instances);
bool quota_refuses(const struct quota *quota, u16 bucket);
u32 quota_owner(const struct user_namespace *ns);

/* Users are told apart by a hash with this. */
extern u32 quota_key;

static inline void quota_change(struct quota *quota, u16 bucket, int by)
{
	struct quota_cpu *cpu = this_cpu_ptr(quota->cpus);

	/* As stream_count() does; others read it with READ_ONCE(). */
	data_race(cpu->held[bucket] += by);
	cpu->pending += by;
	/* From -batch to batch is less than twice that. */
	if (unlikely(cpu->pending + quota->batch > 2 * quota->batch)) {
		atomic_add(cpu->pending, &quota->total);
		cpu->pending = 0;
	}
}

/**
 * quota_take() - asks for a return hook for a call of current
 * @quota:  of the pool
 * @bucket: for quota_give()
 *
 * Preemption off, not in an interrupt.
 *
 * Return: whether current's user may have one more.
 */
static inline bool quota_take(struct quota *quota, u16 *bucket)
{
	const struct cred *cred = current_cred();
	u32 uid = cred->uid.val;

	if (unlikely(cred->user_ns->parent))
		uid = quota_owner(cred->user_ns);
	*bucket = hash_32(uid ^ quota_key, BUCKET_BITS);
	if (unlikely(atomic_read(&quota->total) >= quota->crowded) &&
	    quota_refuses(quota, *bucket))
		return false;
	quota_change(quota, *bucket, 1);
	return true;
}

/**
 * quota_give() - gives back what quota_take() granted
 * @quota:  of the pool
 * @bucket: from there
 *
 * Preemption off, not in an interrupt.
 */
static inline void quota_give(struct quota *quota, u16 bucket)
{
	quota_change(quota, bucket, -1);
}

#endif /* SVMTRACE_QUOTA_H */
