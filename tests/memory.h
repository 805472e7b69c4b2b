/* SPDX-License-Identifier: GPL-2.0 */
/* Memory with what the tests need in it, or around it. */
#ifndef SVMTRACE_TESTS_MEMORY_H
#define SVMTRACE_TESTS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>
#include <linux/svmtrace.h>

#define PAGE 4096UL
/* Entries of an iovec array in a page. */
#define PER_PAGE (PAGE / sizeof(struct iovec))

/**
 * memory_map() - private, anonymous memory
 * @size: bytes
 * @prot: PROT_
 *
 * Return: its address, or MAP_FAILED.
 */
void *memory_map(size_t size, int prot);

/**
 * memory_last_page() - a page with nothing mapped after it
 *
 * Return: its address.
 */
char *memory_last_page(void);

/**
 * memory_number() - makes entries that tell where they stand
 * @iov: an array; only the first of its entries describes a byte
 * @n:	 number of entries
 */
void memory_number(struct iovec *iov, size_t n);

/**
 * memory_same() - compares an array with its record
 * @got:  as recorded
 * @want: the array
 * @n:	  number of entries
 *
 * Return: whether they are the same.
 */
bool memory_same(const struct svmtrace_iovec *got, const struct iovec *want, size_t n);

#endif /* SVMTRACE_TESTS_MEMORY_H */
