// SPDX-License-Identifier: GPL-2.0
/*
 * Ring memory: pages, their double mapping in the kernel and in user space, and
 * the bound on all of them together.
 *
 * A ring is mapped as: consumer page, producer page, data, the same data again.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "ring_memory.h"

enum { CONSUMER_PAGE, PRODUCER_PAGE, DATA_PAGE };

static atomic64_t bytes_used;
static u64 bytes_max;

/**
 * ring_memory_init() - sets the bound on the memory of all rings
 * @limit_mb: MiB, or 0 for an eighth of the machine's memory
 *
 * Return: 0, or -EINVAL if that is more than the machine has.
 */
int ring_memory_init(unsigned int limit_mb)
{
	u64 ram = (u64)totalram_pages() << PAGE_SHIFT;

	bytes_max = limit_mb ? (u64)limit_mb << 20 : ram / 8;
	if (bytes_max <= ram)
		return 0;
	pr_err("memory_mb must be from 0 to %llu, not %u\n", ram >> 20, limit_mb);
	return -EINVAL;
}

static bool charge(size_t bytes)
{
	if (atomic64_add_return(bytes, &bytes_used) <= bytes_max)
		return true;
	atomic64_sub(bytes, &bytes_used);
	return false;
}

static void free_pages_of(struct page **pages, unsigned int n)
{
	while (n--)
		__free_page(pages[n]);
}

/* Maps @pages (the last @nr_data of them twice), and frees them on error. */
static char *alloc_and_map(struct page **pages, unsigned int nr_data, int node)
{
	unsigned int i, n = DATA_PAGE + nr_data;
	char *area;

	for (i = 0; i < n; i++) {
		pages[i] = alloc_pages_node(node, GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					    __GFP_NORETRY | __GFP_NOWARN, 0);
		if (!pages[i]) {
			free_pages_of(pages, i);
			return NULL;
		}
		if (i >= DATA_PAGE)
			pages[i + nr_data] = pages[i];
		/* There can be very many, to be filled with zeros. */
		cond_resched();
	}
	/* VM_USERMAP lets remap_vmalloc_range() have it. */
	area = vmap(pages, n + nr_data, VM_MAP | VM_USERMAP, PAGE_KERNEL);
	if (!area)
		free_pages_of(pages, n);
	return area;
}

/* What must stay known until the ring is freed. */
struct ring_memory {
	struct ring ring;
	char *area;
	struct page **pages;
	unsigned int nr_data;
};

/**
 * ring_alloc() - makes an empty ring
 * @cpu:  the CPU that will write to it: the memory is near to it
 * @size: bytes of data, a power of two, at least PAGE_SIZE
 *
 * The memory is charged to the memory cgroup of the calling task. May sleep.
 *
 * Return: the ring, or NULL.
 */
struct ring *ring_alloc(unsigned int cpu, size_t size)
{
	unsigned int nr_data = size >> PAGE_SHIFT;
	struct ring_memory *memory;

	if (!charge(size + DATA_PAGE * PAGE_SIZE))
		return NULL;
	memory = kzalloc_node(sizeof(*memory), GFP_KERNEL_ACCOUNT, cpu_to_node(cpu));
	if (!memory)
		goto uncharge;
	memory->pages = kvcalloc(DATA_PAGE + 2 * nr_data, sizeof(*memory->pages),
				 GFP_KERNEL_ACCOUNT);
	if (!memory->pages)
		goto free;
	memory->nr_data = nr_data;
	memory->area = alloc_and_map(memory->pages, nr_data, cpu_to_node(cpu));
	if (!memory->area)
		goto free;

	memory->ring.consumer = (void *)(memory->area + CONSUMER_PAGE * PAGE_SIZE);
	memory->ring.producer = (void *)(memory->area + PRODUCER_PAGE * PAGE_SIZE);
	memory->ring.data = memory->area + DATA_PAGE * PAGE_SIZE;
	memory->ring.size = size;
	memory->ring.producer->cpu = cpu;
	return &memory->ring;

free:
	kvfree(memory->pages);
	kfree(memory);
uncharge:
	atomic64_sub(size + DATA_PAGE * PAGE_SIZE, &bytes_used);
	return NULL;
}

/**
 * ring_free() - frees a ring that nobody writes to or has mapped any more
 * @ring: from ring_alloc(), or NULL
 *
 * May sleep.
 */
void ring_free(struct ring *ring)
{
	struct ring_memory *memory = container_of(ring, struct ring_memory, ring);

	if (!ring)
		return;
	vunmap(memory->area);
	free_pages_of(memory->pages, DATA_PAGE + memory->nr_data);
	atomic64_sub(ring->size + DATA_PAGE * PAGE_SIZE, &bytes_used);
	kvfree(memory->pages);
	kfree(memory);
}

/**
 * ring_stride() - bytes that a ring takes in the offsets of mmap()
 * @size: bytes of data
 *
 * Return: a multiple of PAGE_SIZE. Any context.
 */
size_t ring_stride(size_t size)
{
	return DATA_PAGE * PAGE_SIZE + 2 * size;
}

/**
 * ring_mmap() - maps (a part of) a ring into user space
 * @ring:  the ring; it must outlive the mapping
 * @vma:   what user space wants
 * @pgoff: first page wanted, within the ring
 *
 * Only the consumer page can be writable, and then must be mapped alone, so that
 * mprotect() cannot extend the permission. Called with the mmap lock held.
 *
 * Return: 0, -EINVAL for a bad range or a private mapping, -EPERM for a
 * protection that is not granted.
 */
int ring_mmap(struct ring *ring, struct vm_area_struct *vma, unsigned long pgoff)
{
	struct ring_memory *memory = container_of(ring, struct ring_memory, ring);
	unsigned long pages = vma_pages(vma);
	unsigned long clear = VM_MAYEXEC;

	if (!(vma->vm_flags & VM_SHARED) ||
	    pages > (ring_stride(ring->size) >> PAGE_SHIFT) - pgoff)
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (vma->vm_flags & VM_WRITE) {
		if (pgoff != CONSUMER_PAGE || pages != 1)
			return -EPERM;
	} else {
		clear |= VM_MAYWRITE;
	}
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP, clear);
	return remap_vmalloc_range(vma, memory->area, pgoff);
}
