// SPDX-License-Identifier: GPL-2.0
/* A vmsplice() that blocks while the test changes the memory it describes. */
#include <sys/mman.h>

#include "blocked.h"
#include "calls.h"
#include "child.h"

/* Shared memory is resident in a process only after its first access. */
static unsigned int touch(const char *data, size_t size)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum += data[i] & 1;
	return sum;
}

static int call(void *arg)
{
	const struct blocked *b = arg;
	size_t all = b->n * sizeof(*b->iov);

	if (touch((const char *)b->iov, all) > all || touch(b->data, b->size) > b->size)
		return 1;
	if (b->resident)
		madvise((char *)b->iov + b->resident, all - b->resident, MADV_DONTNEED);
	return do_vmsplice(b->fds[1], b->iov, b->n, 0) > 0 ? 0 : 1;
}

int blocked_start(struct blocked *b)
{
	if (full_pipe(b->fds))
		return -1;
	b->pid = child_start(0, call, b);
	return b->pid < 0 || child_asleep(b->pid) ? -1 : 0;
}

int blocked_end(struct blocked *b)
{
	int status;

	drain_pipe(b->fds[0]);
	status = child_wait(b->pid);
	close(b->fds[0]);
	close(b->fds[1]);
	return status ? -1 : 0;
}
