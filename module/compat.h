/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels. Those it is tested on are in tests/vm/kernels.
 * Kbuild looks for each difference in the kernel's headers, because distributions
 * bring changes back to older versions.
 */
#ifndef SVMTRACE_COMPAT_H
#define SVMTRACE_COMPAT_H

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

/* Moved in 6.12. */
#ifdef HAVE_LINUX_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#ifndef CONFIG_ARCH_HAS_SYSCALL_WRAPPER
#error "svmtrace needs an architecture with syscall wrappers"
#endif

#ifndef HAVE_VM_FLAGS_MOD
/* Since 6.3, vm_flags is changed by functions only. */
static inline void vm_flags_mod(struct vm_area_struct *vma,
				unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

/* A reference to the file at @at, for fput(), or NULL. Under rcu_read_lock(). */
static inline struct file *get_file_at(struct file __rcu **at)
{
#ifdef HAVE_GET_FILE_RCU_AT
	/* Since 6.7, a file can become another one at once. */
	return get_file_rcu(at);
#else
	struct file *file = rcu_dereference(*at);

	return file && get_file_rcu(file) ? file : NULL;
#endif
}

/* One u64 since 6.3, two u32 before: the same bytes. */
static inline u64 cap_bits(const kernel_cap_t *cap)
{
	u64 bits;

	BUILD_BUG_ON(sizeof(bits) != sizeof(*cap) || IS_ENABLED(CONFIG_CPU_BIG_ENDIAN));
	memcpy(&bits, cap, sizeof(bits));
	return bits;
}

#endif /* SVMTRACE_COMPAT_H */
