// SPDX-License-Identifier: GPL-2.0
/*
 * User memory: iovec arrays and payload of the caller, read without faulting.
 *
 * Preemption is off in a probe, so a fault cannot be served; what is not
 * resident is reported as unread, never as zeros.
 */
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/uaccess.h>

#include "umem.h"

/* Secret, odd: whoever does not know them cannot make two arrays collide. */
static u64 hash_key[2] __read_mostly;

/**
 * umem_init() - draws the keys of the hashes
 */
void umem_init(void)
{
	get_random_bytes(hash_key, sizeof(hash_key));
	hash_key[0] |= 1;
	hash_key[1] |= 1;
}

/*
 * Folds the 128-bit product of two words that depend on the key: the first by the hash
 * so far, which begins with a key.
 */
static __always_inline u64 hash_mix(u64 hash, u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ a) * (b ^ hash_key[1]);

	return (u64)product ^ (u64)(product >> 64);
}

/*
 * The two functions below run with access to user memory open: objtool lets
 * them call nothing.
 */
static __always_inline bool read_entry(const void __user *at, bool compat,
				       struct svmtrace_iovec *entry)
{
	if (compat) {
		const struct compat_iovec __user *iov = at;
		compat_uptr_t base;
		compat_size_t len;

		unsafe_get_user(base, &iov->iov_base, fault);
		unsafe_get_user(len, &iov->iov_len, fault);
		entry->base = base;
		entry->len = len;
	} else {
		const struct svmtrace_iovec __user *iov = at;

		unsafe_get_user(entry->base, &iov->base, fault);
		unsafe_get_user(entry->len, &iov->len, fault);
	}
	return true;
fault:
	return false;
}

/* What is done with entries; known to the compiler, so that each use is a tight loop. */
#define COMPARE 1
#define HASH 2
#define SUM 4

/* Of an array in user memory, which may have the 32-bit layout. */
static __always_inline size_t entry_size(bool compat)
{
	return compat ? sizeof(struct compat_iovec) : sizeof(struct svmtrace_iovec);
}

/* Goes on with entries up to @to; stops at the first that cannot be read. */
static __always_inline bool scan_part(struct iov_scan *scan, const void __user *array,
				      bool compat, u32 to, struct svmtrace_iovec *entries,
				      const struct svmtrace_iovec *known, unsigned int what)
{
	const size_t size = entry_size(compat);
	const void __user *at = array + scan->read * size, *end = array + to * size;
	struct svmtrace_iovec *entry = entries + scan->read;
	u64 total = scan->total, overflows = 0, hash = scan->hash, difference = 0;

	for (; at < end && read_entry(at, compat, entry); at += size, entry++) {
		if (what & COMPARE) {
			difference |= (entry->base ^ known->base) | (entry->len ^ known->len);
			known++;
		}
		if (what & HASH)
			hash = hash_mix(hash, entry->base, entry->len);
		if (what & SUM) {
			total += entry->len;
			overflows += total < entry->len;
		}
	}
	scan->read = entry - entries;
	scan->total = overflows ? U64_MAX : total;
	scan->hash = hash;
	if (what & COMPARE)
		scan->differs = difference;
	return at >= end;
}

static __always_inline void scan_first(struct iov_scan *scan, const struct umem_iov *iov,
				       bool compat, struct svmtrace_iovec *entries)
{
	const void __user *array = u64_to_user_ptr(iov->addr);

	if (scan_part(scan, array, compat, min(iov->n, iov->kept), entries, NULL, SUM))
		scan_part(scan, array, compat, iov->n, entries, NULL, HASH | SUM);
}

static __always_inline void scan_again(struct iov_scan *scan, const struct umem_iov *iov,
				       bool compat, struct svmtrace_iovec *entries,
				       const struct svmtrace_iovec *known, u32 n)
{
	const void __user *array = u64_to_user_ptr(iov->addr);

	if (scan_part(scan, array, compat, min(n, iov->kept), entries, known, COMPARE) &&
	    scan_part(scan, array, compat, n, entries, NULL, HASH) && unlikely(n < iov->n))
		scan_part(scan, array, compat, iov->n, entries, NULL, 0);
}

/* Opens access to an array. */
static __always_inline bool begin_iov(const struct umem_iov *iov)
{
	pagefault_disable();
	if (user_access_begin(u64_to_user_ptr(iov->addr), iov->n * entry_size(iov->compat)))
		return true;
	pagefault_enable();
	return false;
}

static __always_inline void end_iov(void)
{
	user_access_end();
	pagefault_enable();
}

/**
 * umem_scan_iov() - reads an iovec array of the caller
 * @scan:    filled in
 * @iov:     the array
 * @entries: filled in with what could be read; has room for all of it
 *
 * Any context in which current is the caller; does not sleep.
 */
void umem_scan_iov(struct iov_scan *scan, const struct umem_iov *iov,
		   struct svmtrace_iovec *entries)
{
	*scan = (struct iov_scan){ .hash = hash_key[0] };
	if (!begin_iov(iov))
		return;
	if (iov->compat)
		scan_first(scan, iov, true, entries);
	else
		scan_first(scan, iov, false, entries);
	end_iov();
}

/**
 * umem_rescan_iov() - reads an iovec array again
 * @scan:    filled in, but for the total
 * @iov:     as for umem_scan_iov()
 * @entries: as for umem_scan_iov()
 * @known:   the first entries, as many as are kept, as they were
 * @n:	     how many could be read then, and are compared or hashed now
 *
 * Any context in which current is the caller; does not sleep.
 */
void umem_rescan_iov(struct iov_scan *scan, const struct umem_iov *iov,
		     struct svmtrace_iovec *entries, const struct svmtrace_iovec *known, u32 n)
{
	*scan = (struct iov_scan){ .hash = hash_key[0] };
	if (!begin_iov(iov))
		return;
	if (iov->compat)
		scan_again(scan, iov, true, entries, known, n);
	else
		scan_again(scan, iov, false, entries, known, n);
	end_iov();
}

/**
 * umem_total() - bytes that an iovec array describes
 * @entries: the array
 * @n:	     their number
 *
 * Return: the sum of the lengths, U64_MAX if it overflows. Any context.
 */
u64 umem_total(const struct svmtrace_iovec *entries, u32 n)
{
	u64 total = 0;

	while (n--) {
		if (check_add_overflow(total, entries++->len, &total))
			return U64_MAX;
	}
	return total;
}

/* As copy_from_user_nofault(), which refuses addresses with a tag that the kernel takes. */
static bool copy(u8 *to, const void __user *from, unsigned int size)
{
	bool copied;

	if (!access_ok(from, size))
		return false;
	pagefault_disable();
	copied = !__copy_from_user_inatomic(to, from, size);
	pagefault_enable();
	return copied;
}

/* Copies up to a page boundary at a time, so that a fault loses one page only. */
static unsigned int copy_pages(u8 *buf, u64 addr, unsigned int size)
{
	unsigned int done = 0;

	while (done < size) {
		unsigned int chunk = min_t(unsigned int, size - done,
					   PAGE_SIZE - offset_in_page(addr + done));

		if (!copy(buf + done, u64_to_user_ptr(addr + done), chunk))
			break;
		done += chunk;
	}
	return done;
}

/**
 * umem_gather() - copies the first bytes that an iovec array describes
 * @buf:   destination
 * @size:  bytes wanted
 * @iov:   array, as recorded
 * @n:     entries in @iov
 * @fault: set if the copy ends early because memory could not be read
 *
 * Any context in which current is the caller; does not sleep.
 *
 * Return: number of bytes copied.
 */
unsigned int umem_gather(u8 *buf, unsigned int size,
			 const struct svmtrace_iovec *iov, unsigned int n, bool *fault)
{
	unsigned int done = 0, i;

	*fault = false;
	for (i = 0; i < n && done < size; i++) {
		unsigned int want = min_t(u64, iov[i].len, size - done);
		unsigned int got = copy_pages(buf + done, iov[i].base, want);

		done += got;
		if (got < want) {
			*fault = true;
			break;
		}
	}
	return done;
}

/**
 * umem_hash() - keyed hash of bytes in kernel memory
 * @data: bytes
 * @size: their number
 *
 * Return: the hash. Any context.
 */
u64 umem_hash(const void *data, unsigned int size)
{
	u64 hash = size ^ hash_key[0];

	while (size) {
		u64 word[2] = {};
		unsigned int chunk = min_t(unsigned int, size, sizeof(word));

		memcpy(word, data, chunk);
		hash = hash_mix(hash, word[0], word[1]);
		data += chunk;
		size -= chunk;
	}
	return hash;
}
