// SPDX-License-Identifier: GPL-2.0
/*
 * measure [-n CALLS] [-i IOVECS] [-b BYTES] [-w [-t]] LABEL MODE... - what a call costs.
 * measure -s - wait until calls cost always the same.
 * measure -r - wait until a tracer that was started is ready: all others are at rest.
 * measure -l - list the modes.
 *
 * For each mode a line, separated by tabs: label, mode, iovecs, bytes, calls, time
 * of this thread per call in ns, time of all other tasks per call in ns. The clock
 * is that of the thread, so that what a consumer does on the same CPU does not
 * count. In a guest whose clock counts instructions (QEMU's -icount shift=0), a ns
 * is an instruction.
 *
 * With -w the clock is CLOCK_MONOTONIC, and the time is that of the fastest of
 * CHUNKS parts, for a guest that shares its host with others. With -t as well, each
 * CPU has a thread that makes the calls, all at the same time, and there is a line for
 * each; not for modes that need something between the batches.
 */
#include <dirent.h>
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "modes.h"

#define CHUNKS 20
/* Part of the calls that is made before, not measured. */
#define WARM_UP 10

#define SETTLE_TRIES 200
#define SETTLE_TIMES 5
#define SETTLE_CALLS 20000

#define REST_TRIES 100
#define REST_MS 50
#define READY_TIMES 20
#define READY_TRIES 2000

static clockid_t clock_id = CLOCK_THREAD_CPUTIME_ID;

static long long now(void)
{
	struct timespec ts;

	clock_gettime(clock_id, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* The CPU time of a task so far, or 0 if it has ended. */
static long long time_of(const char *pid, const char *tid)
{
	long long ns = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.16s/task/%.16s/schedstat", pid, tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%lld", &ns) != 1)
		ns = 0;
	fclose(file);
	return ns;
}

static long long time_of_process(const char *pid)
{
	long long ns = 0;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (*entry->d_name != '.' && atoi(entry->d_name) != getpid())
			ns += time_of(pid, entry->d_name);
	}
	closedir(dir);
	return ns;
}

/* The CPU time of all other tasks so far. */
static long long time_of_others(void)
{
	long long ns = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (!dir)
		err(EXIT_FAILURE, "/proc");
	while ((entry = readdir(dir))) {
		if (atoi(entry->d_name))
			ns += time_of_process(entry->d_name);
	}
	closedir(dir);
	return ns;
}

static bool run_batches(const struct mode *mode, long batches, long long *spent)
{
	bool good = true;
	long long begin;
	long i;

	for (i = 0; i < batches; i++) {
		if (mode->prepare)
			mode->prepare();
		begin = now();
		good &= mode->batch();
		*spent += now() - begin;
		if (mode->finish)
			mode->finish();
	}
	return good;
}

/* Without anything between the batches, one look at the clock is enough. */
static bool run(const struct mode *mode, long calls, long long *spent)
{
	long i, batches = calls / MODES_BATCH;
	bool good = true;
	long long begin;

	if (mode->prepare || mode->finish)
		return run_batches(mode, batches, spent);
	begin = now();
	for (i = 0; i < batches; i++)
		good &= mode->batch();
	*spent += now() - begin;
	return good;
}

/* ns per call */
static double cost(const struct mode *mode, long calls)
{
	long long spent = 0;

	if (!run(mode, calls, &spent))
		errx(EXIT_FAILURE, "%s: a call did not do what it should", mode->name);
	return (double)spent / calls;
}

static double least_cost(const struct mode *mode, long calls)
{
	double least = 0, one;
	int i;

	for (i = 0; i < CHUNKS; i++) {
		one = cost(mode, calls / CHUNKS);
		if (!i || one < least)
			least = one;
	}
	return least;
}

/* Both do nothing, but profile.c knows by them what to count. */
static void mark_begin(void)
{
	asm volatile("xchg %r15, %r15");
}

static void mark_end(void)
{
	asm volatile("xchg %r14, %r14");
}

/* A consumer may be late: wait until all others together use a twentieth of a CPU. */
static long long time_of_others_at_rest(void)
{
	long long last, time = time_of_others();
	int tries;

	for (tries = 0; tries < REST_TRIES; tries++) {
		usleep(REST_MS * 1000);
		last = time;
		time = time_of_others();
		if (time - last < REST_MS * 1000000 / 20)
			break;
	}
	return time;
}

static void measure(const char *label, const struct mode *mode, size_t iovs, size_t bytes,
		    long calls)
{
	long long others, other_time;
	double ns;

	cost(mode, calls / WARM_UP);
	usleep(20000);
	others = time_of_others();
	mark_begin();
	ns = clock_id == CLOCK_MONOTONIC ? least_cost(mode, calls) : cost(mode, calls);
	mark_end();
	other_time = time_of_others_at_rest() - others;
	printf("%s\t%s\t%zu\t%zu\t%ld\t%.2f\t%.1f\n", label, mode->name, iovs, bytes, calls, ns,
	       (double)other_time / calls);
	fflush(stdout);
}

struct caller {
	pthread_t thread;
	const struct mode *mode;
	long calls;
	int cpu;
	double ns;
};

static pthread_barrier_t all_are_there;

static void *call_on_a_cpu(void *arg)
{
	struct caller *caller = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(caller->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(EXIT_FAILURE, "CPU %d", caller->cpu);
	pthread_barrier_wait(&all_are_there);
	caller->ns = least_cost(caller->mode, caller->calls);
	return NULL;
}

static void measure_on_all(const char *label, const struct mode *mode, size_t iovs,
			   size_t bytes, long calls)
{
	int cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct caller callers[cpus];

	pthread_barrier_init(&all_are_there, NULL, cpus);
	for (cpu = 0; cpu < cpus; cpu++) {
		callers[cpu] = (struct caller){ .mode = mode, .calls = calls, .cpu = cpu };
		if (pthread_create(&callers[cpu].thread, NULL, call_on_a_cpu, &callers[cpu]))
			errx(EXIT_FAILURE, "no thread for CPU %d", cpu);
	}
	for (cpu = 0; cpu < cpus; cpu++) {
		pthread_join(callers[cpu].thread, NULL);
		printf("%s\t%s\t%zu\t%zu\t%ld\t%.2f\t0\n", label, mode->name, iovs, bytes,
		       calls, callers[cpu].ns);
	}
	fflush(stdout);
}

/* From 6.12 on, a kernel that has just been booted is slower for some seconds. */
static void wait_until_steady(void)
{
	const struct mode *mode = mode_find("getppid");
	double last = 0, ns;
	int tries, times = 0;

	for (tries = 0; tries < SETTLE_TRIES && times < SETTLE_TIMES; tries++) {
		ns = cost(mode, SETTLE_CALLS);
		times = ns > last * 0.995 && ns < last * 1.005 ? times + 1 : 0;
		last = ns;
		usleep(100000);
	}
	if (times < SETTLE_TIMES)
		errx(EXIT_FAILURE, "getppid never gets steady: %.1f ns", last);
}

/* Half a second of rest, after at least as much time to begin with something. */
static void wait_until_ready(void)
{
	long long last, time = 0;
	int tries, times = 0;

	for (tries = 0; tries < READY_TRIES && times < READY_TIMES; tries++) {
		usleep(REST_MS * 1000);
		last = time;
		time = time_of_others();
		times = time - last < REST_MS * 1000000 / 20 ? times + 1 : 0;
	}
}

static void explain(void)
{
	fputs("usage: measure [-n CALLS] [-i IOVECS] [-b BYTES] [-w [-t]] LABEL MODE...\n"
	      "       measure -s | -r | -l\n", stderr);
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	size_t iovs = 1, bytes = 64;
	const struct mode *mode;
	bool on_all = false;
	long calls = 20000;
	int option, i;

	while ((option = getopt(argc, argv, "n:i:b:wtsrl")) != -1) {
		switch (option) {
		case 'n':
			calls = atol(optarg);
			break;
		case 'i':
			iovs = atol(optarg);
			break;
		case 'b':
			bytes = atol(optarg);
			break;
		case 'w':
			clock_id = CLOCK_MONOTONIC;
			break;
		case 't':
			on_all = true;
			break;
		case 's':
			wait_until_steady();
			return 0;
		case 'r':
			wait_until_ready();
			return 0;
		case 'l':
			mode_list();
			return 0;
		default:
			explain();
		}
	}
	if (argc - optind < 2 || (on_all && clock_id != CLOCK_MONOTONIC))
		explain();
	mode_setup(iovs, bytes);
	for (i = optind + 1; i < argc; i++) {
		mode = mode_find(argv[i]);
		if (!mode)
			errx(EXIT_FAILURE, "no mode %s", argv[i]);
		if (on_all)
			measure_on_all(argv[optind], mode, iovs, bytes, calls);
		else
			measure(argv[optind], mode, iovs, bytes, calls);
	}
	return 0;
}
