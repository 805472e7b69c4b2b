// SPDX-License-Identifier: GPL-2.0
/* Kcov: which code of the kernel a thread has come through. */
#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kcov.h"

#define PLACES 65536UL

/* A place is a bit. Two of them may by chance share one. */
static unsigned char known[PLACES];

void kcov_start(struct kcov *kcov)
{
	*kcov = (struct kcov){ .fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC) };
	if (kcov->fd < 0)
		return;
	if (!ioctl(kcov->fd, KCOV_INIT_TRACE, PLACES)) {
		kcov->area = mmap(NULL, PLACES * sizeof(*kcov->area), PROT_READ | PROT_WRITE,
				  MAP_SHARED, kcov->fd, 0);
		if (kcov->area != MAP_FAILED && !ioctl(kcov->fd, KCOV_ENABLE, KCOV_TRACE_PC))
			return;
	}
	close(kcov->fd);
	kcov->fd = -1;
}

void kcov_reset(struct kcov *kcov)
{
	if (kcov->fd >= 0)
		__atomic_store_n(&kcov->area[0], 0, __ATOMIC_RELAXED);
}

unsigned int kcov_new(const struct kcov *kcov)
{
	unsigned long i, n;
	unsigned int found = 0;

	if (kcov->fd < 0)
		return 0;
	n = __atomic_load_n(&kcov->area[0], __ATOMIC_RELAXED);
	for (i = 1; i <= n; i++) {
		unsigned long bit = kcov->area[i] % (8 * PLACES);

		found += !(__atomic_fetch_or(&known[bit / 8], 1 << bit % 8,
					     __ATOMIC_RELAXED) >> bit % 8 & 1);
	}
	return found;
}

void kcov_end(struct kcov *kcov)
{
	if (kcov->fd < 0)
		return;
	ioctl(kcov->fd, KCOV_DISABLE, 0);
	munmap(kcov->area, PLACES * sizeof(*kcov->area));
	close(kcov->fd);
}
