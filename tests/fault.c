// SPDX-License-Identifier: GPL-2.0
/* Fault: the kernel's fault injection, for one thread and one fault at a time. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "files.h"

#define DEBUG "/sys/kernel/debug/"

static int fail_nth = -1;

const char *fault_possible(void)
{
	if (fail_nth < 0)
		fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		return "this kernel has no fault injection";
	if (access(DEBUG "failslab", F_OK) || access(DEBUG "fail_page_alloc", F_OK))
		return "no failslab or fail_page_alloc in debugfs";
	return NULL;
}

bool fault_ours(void)
{
	int fd = open("/sys/kernel/slab/kmalloc-2k/failslab", O_RDONLY | O_CLOEXEC);
	char yes = 0;

	if (fd < 0)
		return false;
	if (read(fd, &yes, 1) != 1)
		yes = 0;
	close(fd);
	return yes == '1';
}

int fault_kinds(int kinds)
{
	const char *no_slab = kinds & FAULT_SLAB ? "N" : "Y";
	const char *only_ours = kinds & FAULT_OURS ? "Y" : "N";
	const char *no_pages = kinds & FAULT_PAGES ? "N" : "Y";

	if (files_write(DEBUG "failslab/ignore-gfp-wait", no_slab) ||
	    files_write(DEBUG "failslab/cache-filter", only_ours) ||
	    files_write(DEBUG "failslab/verbose", "0") ||
	    files_write(DEBUG "fail_page_alloc/ignore-gfp-wait", no_pages) ||
	    files_write(DEBUG "fail_page_alloc/ignore-gfp-highmem", no_pages) ||
	    files_write(DEBUG "fail_page_alloc/min-order", "0") ||
	    files_write(DEBUG "fail_page_alloc/verbose", "0"))
		return -1;
	/* Not all kernels with the others have it. */
	files_write(DEBUG "fail_usercopy/verbose", "0");
	return 0;
}

void fault_arm(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	if (pwrite(fail_nth, text, strlen(text), 0) < 0)
		abort();
}

bool fault_disarm(void)
{
	char text[16] = "";
	/* If this is what fails, nothing else has. */
	bool hit = pread(fail_nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	while (pwrite(fail_nth, "0", 1, 0) < 0)
		;
	return hit;
}
