// SPDX-License-Identifier: GPL-2.0
/* Load: threads that make traced calls, and know how many they made. */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "calls.h"
#include "load.h"

struct load_thread {
	struct load *load;
	unsigned int nr;
	pthread_t thread;
	unsigned long made;
};

struct load {
	unsigned int threads;
	unsigned long calls;
	int flags;
	bool stop;
	struct load_thread thread[];
};

int load_pin(unsigned int nr)
{
	cpu_set_t set;
	int cpu = -1;

	CPU_ZERO(&set);
	nr %= sysconf(_SC_NPROCESSORS_ONLN);
	do {
		CPU_ZERO(&set);
		CPU_SET(++cpu, &set);
		/* Fails for those that are offline. */
	} while (cpu < CPU_SETSIZE - 1 &&
		 (sched_setaffinity(0, sizeof(set), &set) || nr-- > 0));
	return cpu;
}

static bool goes_on(const struct load *load, unsigned long made)
{
	return load->calls ? made < load->calls :
			     !__atomic_load_n(&load->stop, __ATOMIC_RELAXED);
}

static void *make_calls(void *arg)
{
	struct load_thread *thread = arg;
	struct load *load = thread->load;
	unsigned long n;

	if (!(load->flags & LOAD_ROAM))
		load_pin(thread->nr);
	for (n = 0; goes_on(load, n);) {
		if (n % 2)
			do_vmsplice(-1, NULL, 0, 0);
		else
			call_self();
		__atomic_store_n(&thread->made, ++n, __ATOMIC_RELAXED);
	}
	return NULL;
}

struct load *load_start(unsigned int threads, unsigned long calls, int flags)
{
	struct load *load = calloc(1, sizeof(*load) + threads * sizeof(*load->thread));
	unsigned int i;

	if (!load)
		abort();
	load->threads = threads;
	load->calls = calls;
	load->flags = flags;
	for (i = 0; i < threads; i++) {
		load->thread[i].load = load;
		load->thread[i].nr = i;
		if (pthread_create(&load->thread[i].thread, NULL, make_calls, &load->thread[i])) {
			perror("pthread_create");
			exit(1);
		}
	}
	return load;
}

unsigned long load_made(const struct load *load)
{
	unsigned long made = 0;
	unsigned int i;

	for (i = 0; i < load->threads; i++)
		made += __atomic_load_n(&load->thread[i].made, __ATOMIC_RELAXED);
	return made;
}

unsigned long load_end(struct load *load)
{
	unsigned long made;
	unsigned int i;

	__atomic_store_n(&load->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < load->threads; i++)
		pthread_join(load->thread[i].thread, NULL);
	made = load_made(load);
	free(load);
	return made;
}

unsigned long load_run(unsigned int threads, unsigned long calls)
{
	return load_end(load_start(threads, calls, 0));
}
