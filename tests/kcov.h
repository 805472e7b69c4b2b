/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kcov: which code of the kernel a thread has come through, if the kernel keeps that.
 * In the debug kernel it is the module's only.
 */
#ifndef SVMTRACE_TESTS_KCOV_H
#define SVMTRACE_TESTS_KCOV_H

#include <stdbool.h>

/**
 * struct kcov - what the kernel keeps of one thread
 * @fd:	  of debugfs, or -1: the kernel keeps nothing
 * @area: number of places, and then the places
 */
struct kcov {
	int fd;
	unsigned long *area;
};

/**
 * kcov_start() - begins with the calling thread
 * @kcov: filled in
 */
void kcov_start(struct kcov *kcov);

/**
 * kcov_reset() - forgets where the thread has been
 * @kcov: of the calling thread
 */
void kcov_reset(struct kcov *kcov);

/**
 * kcov_new() - where no thread had been before
 * @kcov: of the calling thread
 *
 * Return: number of places that it has been to since kcov_reset(), as the first thread
 * since the program began.
 */
unsigned int kcov_new(const struct kcov *kcov);

/**
 * kcov_end() - ends what kcov_start() began
 * @kcov: of the calling thread
 */
void kcov_end(struct kcov *kcov);

#endif /* SVMTRACE_TESTS_KCOV_H */
