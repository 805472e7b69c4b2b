/* SPDX-License-Identifier: GPL-2.0 */
/* The filter of the command line: an expression, and presets. */
#ifndef SVMTRACE_FILTER_H
#define SVMTRACE_FILTER_H

#include <stdbool.h>
#include <stdio.h>

#include "expr.h"

enum filter_preset {
	FILTER_INJECTION,
	FILTER_ESCAPE,
	FILTER_SPLICE_LPE,
	FILTER_RACED,
	FILTER_PRESETS,
};

/**
 * struct filter - what calls have to be like
 * @presets: bit per enum filter_preset
 * @text:    the expression, or NULL
 * @also:    what other options ask for, as an expression, or NULL
 * @live:    the kernel asks it about calls; otherwise report does about records
 * @program: what these become; its len is 0 if there are none
 */
struct filter {
	unsigned int presets;
	char *text;
	char *also;
	bool live;
	struct expr_program program;
};

void filter_add_word(struct filter *filter, const char *word);
void filter_require(struct filter *filter, const char *condition);
bool filter_compile(struct filter *filter, FILE *errors, const char *name);
void filter_print(const struct filter *filter, FILE *file);

#endif
