// SPDX-License-Identifier: GPL-2.0
/*
 * Do the probes fire? Some settings of the kernel silence them without any
 * error, so the only way to know is to make calls and see whether they are
 * recorded. These calls do nothing, and succeed: other sessions see them, too, and may
 * wait for one that fails.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reader.h"
#include "selftest.h"

static int read_flag(const char *path)
{
	FILE *file = fopen(path, "re");
	int value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

/**
 * selftest() - makes harmless calls of every traced syscall
 * @s: a session that has just been opened; it is started
 *
 * Return: bit per syscall that was recorded, 1 << SVMTRACE_NR_.
 */
unsigned int selftest(struct session *s)
{
	const pid_t self = getpid();
	struct svmtrace_config config;
	struct record_view v;
	unsigned int seen = 0;
	struct reader *r;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		err(EXIT_FAILURE, "cannot make a pipe");
	session_get_config(s, &config);
	config.ring_size = s->info.ring_size_min;
	config.watermark = 0;
	session_set_config(s, &config);
	/* By our number here: a record has that of the initial pid namespace. */
	session_add_callers(s, &self, 1, 0);
	session_start(s);
	r = reader_new(s);

	syscall(SYS_process_vm_writev, self, NULL, 0UL, NULL, 0UL, 0UL);
	syscall(SYS_vmsplice, fds[1], NULL, 0UL, 0);
	while (reader_next(r, &v)) {
		if (v.call)
			seen |= 1U << v.record->syscall;
	}
	reader_free(r);
	close(fds[0]);
	close(fds[1]);
	return seen;
}

/**
 * selftest_cure() - what silences the probes?
 *
 * Return: a message that names the cure.
 */
const char *selftest_cure(void)
{
	if (!read_flag("/sys/kernel/debug/kprobes/enabled"))
		return "kprobes are off: try \"echo 1 > /sys/kernel/debug/kprobes/enabled\"";
	/* Not everywhere do probes depend on it. */
	if (!read_flag("/proc/sys/kernel/ftrace_enabled"))
		return "kernel.ftrace_enabled is 0: try \"sysctl kernel.ftrace_enabled=1\"";
	return "is /sys/kernel/debug/kprobes/enabled 1, or does dmesg say why?";
}
