// SPDX-License-Identifier: GPL-2.0
/*
 * Writes classic BPF. All jumps go forward, so that the program is put together
 * from its end: then it is known how far a jump goes, and where it is further than
 * the 8 bits of an instruction, an unconditional jump is put behind it.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "expr_code.h"

#define CODE_LABEL 0xffff
/* Two unconditional jumps may come between a jump and where it goes. */
#define NEAR (255 - 2)

static struct code_item *add(struct code *c, unsigned short code, __u32 k)
{
	if (c->count == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->items = reallocarray(c->items, c->room, sizeof(*c->items));
		if (!c->items)
			err(EXIT_FAILURE, "a program");
	}
	c->items[c->count] = (struct code_item){ .code = code, .k = k };
	return &c->items[c->count++];
}

/**
 * code_label() - makes a label, to be placed later
 * @c: the program
 *
 * Return: its number.
 */
unsigned int code_label(struct code *c)
{
	return ++c->labels;
}

/**
 * code_place() - puts a label before the next instruction
 * @c:	   the program
 * @label: from code_label(); jumps to it are before this
 */
void code_place(struct code *c, unsigned int label)
{
	add(c, CODE_LABEL, label);
}

/**
 * code_add() - adds an instruction that does not jump
 * @c:	  the program
 * @code: opcode
 * @k:	  its constant
 */
void code_add(struct code *c, unsigned short code, __u32 k)
{
	add(c, code, k);
}

/**
 * code_jump() - adds a conditional jump
 * @c:	  the program
 * @test: BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET, with BPF_K or BPF_X
 * @k:	  that A is compared to
 * @yes:  label, or CODE_NEXT
 * @no:	  label, or CODE_NEXT
 */
void code_jump(struct code *c, unsigned short test, __u32 k, unsigned int yes,
	       unsigned int no)
{
	struct code_item *item = add(c, BPF_JMP | test, k);

	item->yes = yes;
	item->no = no;
}

/**
 * code_goto() - adds an unconditional jump
 * @c:	   the program
 * @label: where to
 */
void code_goto(struct code *c, unsigned int label)
{
	add(c, BPF_JMP | BPF_JA, 0)->yes = label;
}

/* The kernel goes by all loads that there are, whether reached or not. */
static void find_dead(struct code *c, bool *reached)
{
	struct code_item *item;
	bool dead = false;

	for (item = c->items; item < c->items + c->count; item++) {
		if (item->code == CODE_LABEL) {
			dead &= !reached[item->k];
			continue;
		}
		item->dead = dead;
		if (dead)
			continue;
		if (BPF_CLASS(item->code) == BPF_RET) {
			dead = true;
		} else if (item->code == (BPF_JMP | BPF_JA)) {
			reached[item->yes] = true;
			dead = true;
		} else if (BPF_CLASS(item->code) == BPF_JMP) {
			reached[item->yes] = true;
			reached[item->no] = true;
			dead = item->yes && item->no;
		}
	}
}

/**
 * struct writer - puts a program together from its end
 * @p:	at its end, the instructions so far
 * @at: for each label, how many instructions follow it; of CODE_NEXT, how many
 *	there are
 */
struct writer {
	struct expr_program *p;
	unsigned int *at;
};

static bool put(struct writer *w, struct sock_filter insn)
{
	if (w->at[CODE_NEXT] == SVMTRACE_PROGRAM_MAX)
		return false;
	w->p->insns[SVMTRACE_PROGRAM_MAX - ++w->at[CODE_NEXT]] = insn;
	return true;
}

static bool put_goto(struct writer *w, unsigned int label)
{
	struct sock_filter insn = {
		.code = BPF_JMP | BPF_JA, .k = w->at[CODE_NEXT] - w->at[label],
	};

	/* Of labels that stand together, one goes on to the other. */
	return !insn.k || put(w, insn);
}

/* How many instructions follow where a jump really goes to. */
static bool put_if_far(struct writer *w, unsigned int label, unsigned int *to)
{
	*to = w->at[label];
	if (w->at[CODE_NEXT] - *to <= NEAR)
		return true;
	if (!put_goto(w, label))
		return false;
	*to = w->at[CODE_NEXT];
	return true;
}

static bool put_jump(struct writer *w, const struct code_item *item)
{
	unsigned int yes = w->at[item->yes], no = w->at[item->no];

	/* First both, as CODE_NEXT is not what is put here. */
	if ((item->yes && !put_if_far(w, item->yes, &yes)) ||
	    (item->no && !put_if_far(w, item->no, &no)))
		return false;
	return put(w, (struct sock_filter){
		.code = item->code, .k = item->k,
		.jt = w->at[CODE_NEXT] - yes, .jf = w->at[CODE_NEXT] - no,
	});
}

static bool put_item(struct writer *w, const struct code_item *item)
{
	if (item->code == CODE_LABEL) {
		w->at[item->k] = w->at[CODE_NEXT];
		return true;
	}
	if (item->dead)
		return true;
	if (item->code == (BPF_JMP | BPF_JA))
		return put_goto(w, item->yes);
	if (BPF_CLASS(item->code) == BPF_JMP)
		return put_jump(w, item);
	return put(w, (struct sock_filter){ .code = item->code, .k = item->k });
}

/**
 * code_finish() - makes the program of what was written, and forgets that
 * @c: every label is placed
 * @p: filled in
 *
 * Return: whether it is short enough.
 */
bool code_finish(struct code *c, struct expr_program *p)
{
	bool *reached = calloc(c->labels + 1, sizeof(*reached));
	struct writer w = { .p = p, .at = calloc(c->labels + 1, sizeof(*w.at)) };
	bool fits = true;

	if (!reached || !w.at)
		err(EXIT_FAILURE, "a program");
	find_dead(c, reached);
	while (fits && c->count)
		fits = put_item(&w, &c->items[--c->count]);
	p->len = w.at[CODE_NEXT];
	memmove(p->insns, p->insns + SVMTRACE_PROGRAM_MAX - p->len,
		p->len * sizeof(*p->insns));
	free(reached);
	free(w.at);
	free(c->items);
	*c = (struct code){};
	return fits;
}
