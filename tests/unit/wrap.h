/* SPDX-License-Identifier: GPL-2.0 */
/* What "ld --wrap" makes of mmap(), munmap() and openat(): see ld(1). */
#ifndef SVMTRACE_UNIT_WRAP_H
#define SVMTRACE_UNIT_WRAP_H

#include <sys/types.h>

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_openat(int dir, const char *name, int flags, mode_t mode);
int __wrap_openat(int dir, const char *name, int flags, mode_t mode);

#endif
