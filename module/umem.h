/* SPDX-License-Identifier: GPL-2.0 */
/* Reads the caller's memory from a probe, where nothing may fault or sleep. */
#ifndef SVMTRACE_UMEM_H
#define SVMTRACE_UMEM_H

#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/svmtrace.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * struct umem_iov - an iovec array in the memory of current
 * @addr:   user address
 * @n:	    entries, at most SVMTRACE_IOVS_MAX
 * @kept:   so many of them are kept from entry to return; of the others, a hash
 * @compat: the array has the 32-bit layout
 */
struct umem_iov {
	u64 addr;
	u32 n;
	u32 kept;
	bool compat;
};

/**
 * struct iov_scan - what was found in an iovec array
 * @total: sum of the lengths of the entries read, U64_MAX if it overflows
 * @hash:  keyed hash of the entries that are not kept
 * @read:  entries that could be read, up to the first that could not
 * @differs: in a second scan, one of the entries that are kept does
 */
struct iov_scan {
	u64 total;
	u64 hash;
	u32 read;
	bool differs;
};

/* No more entries than these are few. */
#define UMEM_FEW 16

/* Results of umem_same_few() besides the number of an entry. */
#define UMEM_SAME (-1)
#define UMEM_FAULT (-2)

/**
 * struct umem_few - an iovec array, as it stands in the arguments of a call
 * @addr: user address
 * @n:	  entries
 */
struct umem_few {
	u64 addr;
	u64 n;
};

void umem_init(void);
void umem_scan_iov(struct iov_scan *scan, const struct umem_iov *iov,
		   struct svmtrace_iovec *entries);
void umem_rescan_iov(struct iov_scan *scan, const struct umem_iov *iov,
		     struct svmtrace_iovec *entries, const struct svmtrace_iovec *known, u32 n);
u64 umem_total(const struct svmtrace_iovec *entries, u32 n);
unsigned int umem_gather(u8 *buf, unsigned int size,
			 const struct svmtrace_iovec *iov, unsigned int n, bool *fault);
u64 umem_hash(const void *data, unsigned int size);

/*
 * Most calls have few entries, in the 64-bit layout: all arrays of these are read in
 * one go. Opens access to as many as can be few: a constant is quickly compared, and
 * who has an array at the very end of user memory takes the other way.
 */
static __always_inline bool umem_begin_few(const struct umem_few *few, unsigned int sides)
{
	const size_t size = UMEM_FEW * sizeof(struct svmtrace_iovec);

	return (sides == 1 || access_ok(u64_to_user_ptr(few[1].addr), size)) &&
	       user_access_begin(u64_to_user_ptr(few[0].addr), size);
}

/**
 * umem_read_few() - reads the short iovec arrays of a call
 * @few:   the arrays, of at most UMEM_FEW entries each
 * @sides: their number, 1 or 2
 * @iov:   filled in
 * @scan:  filled in, for each array, but for the hash
 *
 * Any context in which current is the caller; does not sleep.
 *
 * Return: whether all of them could be read; nothing is filled in completely if not.
 */
static __always_inline bool umem_read_few(const struct umem_few *few, unsigned int sides,
					  struct svmtrace_iovec (*iov)[UMEM_FEW],
					  struct iov_scan *scan)
{
	unsigned int side;
	bool good = false;

	pagefault_disable();
	if (!umem_begin_few(few, sides))
		goto enable;
#pragma GCC unroll 2
	for (side = 0; side < sides; side++) {
		const struct svmtrace_iovec __user *from = u64_to_user_ptr(few[side].addr);
		const struct svmtrace_iovec __user *end = from + few[side].n;
		struct svmtrace_iovec *to = iov[side];
		u64 sum = 0;

		for (; from != end; from++, to++) {
			unsafe_get_user(to->base, &from->base, fault);
			unsafe_get_user(to->len, &from->len, fault);
			if (unlikely(check_add_overflow(sum, to->len, &sum)))
				sum = U64_MAX;
		}
		scan[side].total = sum;
		scan[side].read = few[side].n;
	}
	good = true;
fault:
	user_access_end();
enable:
	pagefault_enable();
	return good;
}

/**
 * umem_same_few() - compares short iovec arrays with what they were
 * @few:   as for umem_read_few()
 * @sides: as for umem_read_few()
 * @iov:   what it read
 * @other: filled in with what was read now, if that is different
 *
 * Any context in which current is the caller; does not sleep.
 *
 * Return: the number of the entry that differs, counted from UMEM_FEW in the second
 * array; UMEM_SAME, or UMEM_FAULT.
 */
static __always_inline int umem_same_few(const struct umem_few *few, unsigned int sides,
					 const struct svmtrace_iovec (*iov)[UMEM_FEW],
					 struct svmtrace_iovec *other)
{
	struct svmtrace_iovec now;
	int result = UMEM_FAULT;
	unsigned int side;

	pagefault_disable();
	if (!umem_begin_few(few, sides))
		goto enable;
#pragma GCC unroll 2
	for (side = 0; side < sides; side++) {
		const struct svmtrace_iovec __user *from = u64_to_user_ptr(few[side].addr);
		const struct svmtrace_iovec __user *end = from + few[side].n;
		const struct svmtrace_iovec *then = iov[side];

		for (; from != end; from++, then++) {
			unsafe_get_user(now.base, &from->base, fault);
			unsafe_get_user(now.len, &from->len, fault);
			if (unlikely((now.base ^ then->base) | (now.len ^ then->len))) {
				*other = now;
				result = side * UMEM_FEW + (then - iov[side]);
				goto fault;
			}
		}
	}
	result = UMEM_SAME;
fault:
	user_access_end();
enable:
	pagefault_enable();
	return result;
}

#endif /* SVMTRACE_UMEM_H */
