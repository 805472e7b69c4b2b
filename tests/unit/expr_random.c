// SPDX-License-Identifier: GPL-2.0
/*
 * Random expressions over random calls: what the compiled program says, in an
 * interpreter of the test's own, is what they mean. In a guest, verdict_test lets the
 * kernel say it.
 */
#include <string.h>

#include "kselftest_harness.h"

#include "../random_expr.h"
#include "cbpf.h"
#include "expr.h"

#define SEED 20261121
#define EXPRESSIONS 20000

static struct expr_program program;

/* What the module would not have found out must not matter. */
static bool run_forgetful(const struct svmtrace_filter_data *call)
{
	struct svmtrace_filter_data known = *call;

	cbpf_forget(program.insns, program.len, &known);
	return cbpf_run(program.insns, &known);
}

TEST(programs_say_what_expressions_mean)
{
	unsigned int i, j, kept = 0, refused = 0;

	random_seed(SEED);
	TH_LOG("seed %d", SEED);
	for (i = 0; i < EXPRESSIONS; i++) {
		const char *text = random_expr();
		const struct expr *one;
		struct expr e;

		if (!expr_read(&e, text)) {
			ASSERT_TRUE(strchr(text, 'K') || strstr(text, "64")) {
				TH_LOG("%s: %s at %zu", text, e.error.text, e.error.column);
			}
			refused++;
			expr_free(&e);
			continue;
		}
		ASSERT_EQ(random_is_odd(), !!*e.note.text) {
			TH_LOG("%s: '%s'", text, e.note.text);
		}
		one = &e;
		ASSERT_TRUE(expr_compile(&program, &one, 1));
		expr_free(&e);
		ASSERT_TRUE(cbpf_accepts(program.insns, program.len));
		for (j = 0; j < RANDOM_CALLS; j++) {
			ASSERT_EQ(random_means(j), cbpf_run(program.insns, random_call(j))) {
				TH_LOG("expression %u, call %u: %s", i, j, text);
			}
			ASSERT_EQ(random_means(j), run_forgetful(random_call(j))) {
				TH_LOG("expression %u, call %u, as found out: %s", i, j, text);
			}
			kept += random_means(j);
		}
	}
	/* Neither all nor none, or this says nothing. */
	EXPECT_GT(kept, EXPRESSIONS * RANDOM_CALLS / 5);
	EXPECT_LT(kept, EXPRESSIONS * RANDOM_CALLS / 5 * 4);
	EXPECT_LT(refused, EXPRESSIONS / 20);
}

TEST_HARNESS_MAIN
