// SPDX-License-Identifier: GPL-2.0
/* Children of a test: they die with it. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

/* In both processes, after they have become two. */
static pid_t cloned(long pid, int (*fn)(void *arg), void *arg)
{
	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	return pid;
}

pid_t child_start(int flags, int (*fn)(void *arg), void *arg)
{
	return cloned(syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL), fn, arg);
}

pid_t child_numbered(pid_t nr, int (*fn)(void *arg), void *arg)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (unsigned long)&nr, .set_tid_size = 1,
	};

	return cloned(syscall(SYS_clone3, &args, sizeof(args)), fn, arg);
}

int child_wait(pid_t pid)
{
	int status;

	if (pid < 0)
		return pid;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_run(int flags, int (*fn)(void *arg), void *arg)
{
	return child_wait(child_start(flags, fn, arg));
}

int child_pauses(void *arg)
{
	(void)arg;
	while (pause())
		;
	return 0;
}

pid_t child_idle(int flags)
{
	return child_start(flags, child_pauses, NULL);
}

void child_kill(pid_t pid)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		child_wait(pid);
	}
}

void *child_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

/* The letter of /proc/PID/status, or 0. */
static char state_of(pid_t tid)
{
	char path[64], line[256];
	char state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (!state && fgets(line, sizeof(line), file))
		sscanf(line, "State: %c", &state);
	fclose(file);
	return state;
}

int child_asleep(pid_t tid)
{
	int tries, times = 0;

	for (tries = 0; tries < 2000 && times < 10; tries++) {
		times = state_of(tid) == 'S' ? times + 1 : 0;
		usleep(5000);
	}
	return times < 10 ? -ETIMEDOUT : 0;
}
