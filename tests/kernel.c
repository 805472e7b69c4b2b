// SPDX-License-Identifier: GPL-2.0
/* Kernel: what it says of the module, apart from the module's own device. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"

unsigned long kernel_parameter(const char *name)
{
	unsigned long value = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/svmtrace/parameters/%s", name);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%lu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

int kernel_load(const char *parameters)
{
	const char *path = getenv("SVMTRACE_KO"), *usual = getenv("SVMTRACE_PARAMETERS");
	int fd = open(path ? path : "/lib/modules/svmtrace.ko", O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (!parameters)
		parameters = usual ? usual : "";
	if (syscall(SYS_finit_module, fd, parameters, 0))
		err = errno;
	close(fd);
	return err;
}

int kernel_unload(void)
{
	return syscall(SYS_delete_module, "svmtrace", O_NONBLOCK) ? errno : 0;
}

/* Areas are listed with the function that asked for them, and its module. */
long kernel_ring_memory(void)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	unsigned long size;
	char line[512];
	long sum = 0;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "[svmtrace]") && strstr(line, " vmap") &&
		    sscanf(line, "%*s %lu", &size) == 1)
			sum += size;
	}
	fclose(file);
	return sum;
}

/* Is some probe of ours armed, with @mark in its line? Where the kernel does not tell: no. */
static bool is_armed(const char *mark)
{
	FILE *file = fopen("/sys/kernel/debug/kprobes/list", "r");
	bool armed = false;
	char line[256];

	while (file && !armed && fgets(line, sizeof(line), file))
		armed = (strstr(line, "_sys_process_vm_writev") || strstr(line, "_sys_vmsplice")) &&
			!strstr(line, "[DISABLED]") && strstr(line, mark);
	if (file)
		fclose(file);
	return armed;
}

bool kernel_probes_by_ftrace(void)
{
	return is_armed("[FTRACE]");
}

const char *kernel_left(void)
{
	FILE *file = fopen("/sys/module/svmtrace/refcnt", "r");
	long users = 0;

	if (file && fscanf(file, "%ld", &users) != 1)
		users = -1;
	if (file)
		fclose(file);
	if (users)
		return "the module is in use";
	if (is_armed(""))
		return "a probe is armed";
	return kernel_ring_memory() > 0 ? "memory of rings is not back" : NULL;
}

bool full_test(void)
{
	return getenv("FULL");
}
