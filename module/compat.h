/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels, 5.10 and later, that svmtrace builds for.
 */
#ifndef SVMTRACE_COMPAT_H
#define SVMTRACE_COMPAT_H

#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "svmtrace needs Linux 5.10 or later"
#endif

#if !defined(CONFIG_ARCH_HAS_SYSCALL_WRAPPER)
#error "svmtrace needs an architecture with syscall wrappers"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma,
				unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

/* An u64 since 6.3, two u32 before. */
static inline u64 cap_bits(const kernel_cap_t *cap)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return cap->cap[0] | (u64)cap->cap[1] << 32;
#else
	return cap->val;
#endif
}

#endif /* SVMTRACE_COMPAT_H */
