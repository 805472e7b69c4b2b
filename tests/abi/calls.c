// SPDX-License-Identifier: GPL-2.0
/* Makes the calls that compat_test compares, in the ABI it is compiled for. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "abi/report.h"

#define PAGE 4096

/* Nothing but 0 where it is to be written. */
static char from[32], to[32];
static struct iovec local[3] = { { from, 4 }, { from + 8, 0 }, { from + 16, 5 } };
static struct iovec remote[2] = { { to, 6 }, { to + 6, 3 } };
static struct iovec onto[2] = { { &onto[1].iov_base, 4 }, { NULL, 0 } };

static long writev_to(int pid, struct iovec *liov, unsigned long liovcnt,
		      struct iovec *riov, unsigned long riovcnt, unsigned long flags)
{
	long ret = syscall(SYS_process_vm_writev, pid, liov, liovcnt, riov, riovcnt, flags);

	return ret < 0 ? -errno : ret;
}

static long splice_from(int fd, struct iovec *iov, unsigned long nr_segs, unsigned int flags)
{
	long ret = syscall(SYS_vmsplice, fd, iov, nr_segs, flags);

	return ret < 0 ? -errno : ret;
}

/* Entries just before the end of what is mapped. */
static struct iovec *many(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	struct iovec *iov = (struct iovec *)(p + 3 * PAGE) - REPORT_MANY;
	int i;

	munmap(p + 3 * PAGE, PAGE);
	for (i = 0; i < REPORT_MANY; i++)
		iov[i] = (struct iovec){ (void *)(uintptr_t)(0x1000 + i), i };
	return iov;
}

int main(void)
{
	struct iovec *array = many();
	struct report r = {};
	int fds[2];

	if (pipe(fds))
		return 1;
	r.pid = getpid();
	r.fd = fds[1];
	r.local = (uintptr_t)local;
	r.remote = (uintptr_t)remote;
	r.many = (uintptr_t)array;
	r.onto = (uintptr_t)onto;
	r.from = (uintptr_t)from;
	r.to = (uintptr_t)to;
	memset(from, 0x5a, sizeof(from));
	r.ret[REPORT_WRITEV] = writev_to(r.pid, local, 3, remote, 2, 0);
	r.ret[REPORT_VMSPLICE] = splice_from(fds[1], local, 3, SPLICE_F_MORE);
	r.ret[REPORT_NEGATIVE] = writev_to(-1, local, 1, remote, 1, REPORT_FLAGS);
	r.ret[REPORT_BAD_FD] = splice_from(-2, array, REPORT_MANY, 0);
	r.ret[REPORT_HUGE] = writev_to(r.pid, local, -1UL, remote, 1, 0);
	r.ret[REPORT_ONTO_ARRAY] = writev_to(r.pid, local, 1, onto, 2, 0);
	return write(1, &r, sizeof(r)) == sizeof(r) ? 0 : 2;
}
