/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_RING_MEMORY_H
#define SVMTRACE_RING_MEMORY_H

#include "ring.h"

struct vm_area_struct;

int ring_memory_init(unsigned int limit_mb);
struct ring *ring_alloc(unsigned int cpu, size_t size);
void ring_free(struct ring *ring);
size_t ring_stride(size_t size);
int ring_mmap(struct ring *ring, struct vm_area_struct *vma, unsigned long pgoff);

#endif /* SVMTRACE_RING_MEMORY_H */
