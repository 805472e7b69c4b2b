/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Provided: a page that is there only when the test says so. Whoever touches it
 * before waits, the kernel as well, in a call that was given its address.
 */
#ifndef SVMTRACE_TESTS_PROVIDED_H
#define SVMTRACE_TESTS_PROVIDED_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "memory.h"

/* Who is asked for the page: the process, or a file system in user space. */
enum provided_kind { PROVIDED_UFFD, PROVIDED_FUSE };

/**
 * struct provided - a page that is not there yet
 * @page:    where it is going to be
 * @content: of it, to be filled in before it is asked for
 * @times:   how often it was asked for
 * @kind:    who is asked
 * @fd:	     that asks
 * @orders:  pipe from the test to the thread
 * @order:   the last of them; 0: none
 * @asked:   posted when the page is asked for
 * @thread:  that answers
 */
struct provided {
	char *page;
	char content[PAGE];
	unsigned int times;
	enum provided_kind kind;
	int fd;
	int orders[2];
	char order;
	sem_t asked;
	pthread_t thread;
};

/**
 * provided_start() - makes a page that is not there
 * @p:	  filled in, but for @content
 * @kind: who is asked for it
 *
 * Return: NULL, or why there can be none.
 */
const char *provided_start(struct provided *p, enum provided_kind kind);

/**
 * provided_wait() - waits until somebody has asked for the page
 * @p: from provided_start()
 *
 * Return: 0, or -1 if nobody does.
 */
int provided_wait(struct provided *p);

/**
 * provided_answer() - lets all go on who have asked, or will
 * @p:	  from provided_start()
 * @give: the page is there, or else it is a bad address
 */
void provided_answer(struct provided *p, bool give);

/**
 * provided_end() - takes the page away, if it is still there
 * @p: from provided_start(); nobody waits for it any more
 */
void provided_end(struct provided *p);

#endif /* SVMTRACE_TESTS_PROVIDED_H */
