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
#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/once.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/user_namespace.h>

#include "quota.h"

/* A CPU adds to the total when it has taken or given back so many. */
#define BATCH_MAX 64

u32 quota_key __read_mostly;

/**
 * quota_init() - allocates the counters of a pool
 * @quota: of the pool
 *
 * Return: 0 or -ENOMEM.
 */
int quota_init(struct quota *quota)
{
	get_random_once(&quota_key, sizeof(quota_key));
	quota->cpus = alloc_percpu(struct quota_cpu);
	return quota->cpus ? 0 : -ENOMEM;
}

/**
 * quota_exit() - undoes quota_init(), or a failed one
 * @quota: of the pool
 */
void quota_exit(struct quota *quota)
{
	free_percpu(quota->cpus);
}

/**
 * quota_reset() - starts afresh, while no probe is armed
 * @quota:     of the pool
 * @instances: return hooks that there will be in it
 */
void quota_reset(struct quota *quota, unsigned int instances)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(quota->cpus, cpu), 0, sizeof(struct quota_cpu));
	atomic_set(&quota->total, 0);
	quota->crowded = instances / 4;
	quota->share = instances / 8;
	/* What is pending on all CPUs together stays a small part. */
	quota->batch = clamp_t(int, instances / 16 / num_possible_cpus(), 1, BATCH_MAX);
}

/**
 * quota_owner() - who answers for a user in user namespaces
 * @ns: of current, not the initial one
 *
 * Return: the owner of the outermost but one.
 */
u32 quota_owner(const struct user_namespace *ns)
{
	while (ns->parent->parent)
		ns = ns->parent;
	return ns->owner.val;
}

/**
 * quota_refuses() - has a user as many as one may have, when they become few?
 * @quota:  of the pool
 * @bucket: of the user
 *
 * Preemption off.
 *
 * Return: whether the user gets no more.
 */
bool quota_refuses(const struct quota *quota, u16 bucket)
{
	int cpu, sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(quota->cpus, cpu)->held[bucket]);
	return sum >= quota->share;
}
