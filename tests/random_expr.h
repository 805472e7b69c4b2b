/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random expressions over random calls. What an expression means is worked out from a
 * tree of our own; the compiler under test gets the text only.
 */
#ifndef SVMTRACE_TESTS_RANDOM_EXPR_H
#define SVMTRACE_TESTS_RANDOM_EXPR_H

#include <stdbool.h>
#include <linux/svmtrace.h>

/* Calls made up for each expression. */
#define RANDOM_CALLS 6

/**
 * random_seed() - begins a row of expressions that is always the same
 * @seed: not 0
 */
void random_seed(unsigned long long seed);

/**
 * random_expr() - makes the next expression, and calls for it
 *
 * Return: its text. It may be refused for a size, such as 4K, where a time has to stand, or
 * for the mask 64 of a field that is compared with abi, where 64 is the name of a value.
 */
const char *random_expr(void);

/**
 * random_call() - one of the calls
 * @i: below RANDOM_CALLS
 *
 * Return: its facts.
 */
const struct svmtrace_filter_data *random_call(unsigned int i);

/**
 * random_means() - what the expression says of a call
 * @i: below RANDOM_CALLS
 */
bool random_means(unsigned int i);

/**
 * random_is_odd() - does the expression ask for what no call has?
 */
bool random_is_odd(void);

#endif /* SVMTRACE_TESTS_RANDOM_EXPR_H */
