// SPDX-License-Identifier: GPL-2.0
/*
 * Quota: no user may hold so many return hooks, by blocking in the traced
 * syscalls, that none are left for the others.
 *
 * As long as most hooks are free, only counters of this CPU are touched; then a
 * user is granted an eighth. Users are told apart by a keyed hash, so that one
 * cannot choose to share with another. Whoever is in user namespaces counts as
 * the owner of the outermost: subordinate ids are no further users.
 */
#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/percpu_counter.h>
#include <linux/random.h>
#include <linux/user_namespace.h>

#include "quota.h"

#define BUCKET_BITS 7
#define BUCKETS BIT(BUCKET_BITS)

/* What calls of each user have taken less given back on a CPU; may be negative. */
struct quota_cpu {
	int held[BUCKETS];
};

static struct quota_cpu __percpu *held;
static struct percpu_counter total;
static u32 key __read_mostly;
static int instances_max;

/**
 * quota_init() - allocates the counters
 *
 * Return: 0 or -ENOMEM.
 */
int quota_init(void)
{
	int err;

	get_random_bytes(&key, sizeof(key));
	err = percpu_counter_init(&total, 0, GFP_KERNEL);
	if (err)
		return err;
	held = alloc_percpu(struct quota_cpu);
	if (!held) {
		percpu_counter_destroy(&total);
		return -ENOMEM;
	}
	return 0;
}

/**
 * quota_exit() - undoes quota_init()
 */
void quota_exit(void)
{
	free_percpu(held);
	percpu_counter_destroy(&total);
}

/**
 * quota_reset() - starts afresh, while no probe is armed
 * @instances: return hooks that there will be
 */
void quota_reset(unsigned int instances)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(held, cpu), 0, sizeof(*held));
	percpu_counter_set(&total, 0);
	instances_max = instances;
}

/* Initial namespace: the user; else the one who made the outermost other one. */
static u32 accountable_uid(void)
{
	const struct cred *cred = current_cred();
	const struct user_namespace *ns = cred->user_ns;

	if (!ns->parent)
		return cred->uid.val;
	while (ns->parent->parent)
		ns = ns->parent;
	return ns->owner.val;
}

static bool over_quota(u16 bucket)
{
	int cpu, sum = 0;

	if (percpu_counter_read(&total) < instances_max / 4)
		return false;
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(held, cpu)->held[bucket]);
	return sum >= instances_max / 8;
}

/**
 * quota_take() - asks for a return hook for a call of current
 * @bucket: for quota_give()
 *
 * Preemption off.
 *
 * Return: whether current's user may have one more.
 */
bool quota_take(u16 *bucket)
{
	*bucket = hash_32(accountable_uid() ^ key, BUCKET_BITS);
	if (over_quota(*bucket))
		return false;
	this_cpu_inc(held->held[*bucket]);
	percpu_counter_add(&total, 1);
	return true;
}

/**
 * quota_give() - gives back what quota_take() granted
 * @bucket: from there
 *
 * Preemption off.
 */
void quota_give(u16 bucket)
{
	this_cpu_dec(held->held[bucket]);
	percpu_counter_sub(&total, 1);
}
