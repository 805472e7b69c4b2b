/* SPDX-License-Identifier: GPL-2.0 */
/* Comparisons, and whether fields are known, as classic BPF. */
#ifndef SVMTRACE_EXPR_COMPARE_H
#define SVMTRACE_EXPR_COMPARE_H

#include "expr_code.h"

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define OFFSET(member) offsetof(struct svmtrace_filter_data, member)

/**
 * struct fork - where a condition goes on
 * @yes: label, if it is true
 * @no:  label, if not
 */
struct fork {
	unsigned int yes;
	unsigned int no;
};

unsigned int compare_needs(const struct expr_node *node);
void compile_compare(struct code *c, const struct expr_node *node, unsigned int known,
		     struct fork to);
void compile_known(struct code *c, const struct expr_field *field, struct fork to);

#endif
