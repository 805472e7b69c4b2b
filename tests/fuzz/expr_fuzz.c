// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the compiler of expressions: it does not crash, and whatever it compiles
 * is a program that the kernel would take, and that ends.
 */
#include <stdlib.h>
#include <string.h>

#include "cbpf.h"
#include "expr.h"

/* Calls that have everything, and nothing. */
static struct svmtrace_filter_data full, empty;

static void check(const struct expr *e, size_t length)
{
	static struct expr_program program;

	if (!expr_compile(&program, &e, 1))
		return;
	if (!cbpf_accepts(program.insns, program.len))
		abort();
	if (cbpf_run(program.insns, &full) > 1 || cbpf_run(program.insns, &empty) > 1)
		abort();
	if (cbpf_run(program.insns, &full) != expr_run(&program, &full) ||
	    cbpf_run(program.insns, &empty) != expr_run(&program, &empty))
		abort();
	/* A comparison has at least three characters, and 40 instructions at most. */
	if (program.len > 40 * length)
		abort();
}

int fuzz(const __u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

/**
 * fuzz() - what libFuzzer calls
 * @data: an expression, without a zero at the end
 * @size: of it
 *
 * Return: 0.
 */
int fuzz(const __u8 *data, size_t size)
{
	char *text = malloc(size + 1);
	struct expr e;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&full, 0xff, sizeof(full));
	full.record.syscall = SVMTRACE_NR_vmsplice;
	if (expr_read(&e, text))
		check(&e, strlen(text));
	else if (!*e.error.text || e.error.column > strlen(text))
		abort();
	expr_free(&e);
	free(text);
	return 0;
}
