// SPDX-License-Identifier: GPL-2.0
/* Memory with what the tests need in it, or around it. */
#include <sys/mman.h>

#include "memory.h"

void *memory_map(size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

char *memory_last_page(void)
{
	char *p = memory_map(2 * PAGE, PROT_READ | PROT_WRITE);

	munmap(p + PAGE, PAGE);
	return p;
}

void memory_number(struct iovec *iov, size_t n)
{
	static char data[SVMTRACE_IOVS_MAX + 1];
	size_t i;

	for (i = 0; i < n; i++)
		iov[i] = (struct iovec){ data + i, i ? 0 : 1 };
}

bool memory_same(const struct svmtrace_iovec *got, const struct iovec *want, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (got[i].base != (__u64)want[i].iov_base || got[i].len != want[i].iov_len)
			return false;
	return true;
}
