/* SPDX-License-Identifier: GPL-2.0 */
/* Classic BPF that is being written: with labels, of any distance. */
#ifndef SVMTRACE_EXPR_CODE_H
#define SVMTRACE_EXPR_CODE_H

#include "expr.h"

/* Where a jump goes on with the next instruction. */
#define CODE_NEXT 0U

/**
 * struct code_item - an instruction, or a label that stands before the next one
 * @code: opcode, or CODE_LABEL
 * @dead: nothing leads here
 * @k:	  its constant
 * @yes:  label that it jumps to, if what it tests is true
 * @no:	  if not
 */
struct code_item {
	unsigned short code;
	bool dead;
	__u32 k;
	unsigned int yes;
	unsigned int no;
};

/**
 * struct code - the instructions so far
 * @items:  instructions and labels
 * @count:  of @items
 * @room:   for so many
 * @labels: numbers given out, besides CODE_NEXT
 */
struct code {
	struct code_item *items;
	size_t count;
	size_t room;
	unsigned int labels;
};

unsigned int code_label(struct code *c);
void code_place(struct code *c, unsigned int label);
void code_add(struct code *c, unsigned short code, __u32 k);
void code_jump(struct code *c, unsigned short test, __u32 k, unsigned int yes,
	       unsigned int no);
void code_goto(struct code *c, unsigned int label);
bool code_finish(struct code *c, struct expr_program *p);

#endif
