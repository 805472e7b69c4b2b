/* SPDX-License-Identifier: GPL-2.0 */
/* Reads the caller's memory from a probe, where nothing may fault or sleep. */
#ifndef SVMTRACE_UMEM_H
#define SVMTRACE_UMEM_H

#include <linux/svmtrace.h>
#include <linux/types.h>

/**
 * struct umem_iov - an iovec array in the memory of current
 * @addr:      user address
 * @n:	       entries, at most SVMTRACE_IOVS_MAX
 * @hash_from: the hash covers entries from this one ...
 * @hash_to:   ... up to, but not including this one
 * @compat:    the array has the 32-bit layout
 */
struct umem_iov {
	u64 addr;
	u32 n;
	u32 hash_from;
	u32 hash_to;
	bool compat;
};

/**
 * struct iov_scan - what was found in an iovec array
 * @total: sum of the lengths of the entries read, U64_MAX if it overflows
 * @hash:  keyed hash of the entries that umem_iov says
 * @read:  entries that could be read, up to the first that could not
 */
struct iov_scan {
	u64 total;
	u64 hash;
	u32 read;
};

void umem_init(void);
void umem_scan_iov(struct iov_scan *scan, const struct umem_iov *iov,
		   struct svmtrace_iovec *keep, unsigned int keep_max);
size_t umem_iov_size(bool compat);
unsigned int umem_gather(u8 *buf, unsigned int size,
			 const struct svmtrace_iovec *iov, unsigned int n, bool *fault);
u64 umem_hash(const void *data, unsigned int size);

#endif /* SVMTRACE_UMEM_H */
