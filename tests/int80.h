/* SPDX-License-Identifier: GPL-2.0 */
/* Syscalls of i386, as any program can make them: with pointers below 4 GiB. */
#ifndef SVMTRACE_TESTS_INT80_H
#define SVMTRACE_TESTS_INT80_H

#include <linux/types.h>
#include <signal.h>
#include <sys/mman.h>

#define IA32_VMSPLICE 316
#define IA32_PROCESS_VM_WRITEV 348

struct iovec32 {
	__u32 base;
	__u32 len;
};

#ifdef __x86_64__
/* What the kernel returns; a kernel without such calls kills by SIGSEGV. */
static inline long int80(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	/* The sixth argument, in ebp, is 0: flags. Below rsp there is the red zone. */
	asm volatile("sub $128, %%rsp\n\t"
		     "push %%rbp\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "int $0x80\n\t"
		     "pop %%rbp\n\t"
		     "add $128, %%rsp"
		     : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)ret;
}
#else
#define MAP_32BIT 0
/* As if by a kernel without such calls. */
#define int80(nr, a, b, c, d, e) ((void)(b), (long)raise(SIGSEGV))
#endif

#endif /* SVMTRACE_TESTS_INT80_H */
