// SPDX-License-Identifier: GPL-2.0
/*
 * Random expressions over random calls, compiled by the tool: the kernel takes every
 * program, and its verdict is what the expression means.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "patience.h"

#include "expr.h"
#include "random_expr.h"
#include "trace.h"

/* Others than those of the unit test. */
#define SEED 20261124
#define EXPRESSIONS 2500

static struct expr_program program;

/* 0 or a negative errno. */
static int set_program(int fd)
{
	struct svmtrace_program request = {
		.size = sizeof(request), .len = program.len,
		.insns = (uintptr_t)program.insns,
	};

	return ioctl(fd, SVMTRACE_IOC_PROGRAM, &request) ? -errno : 0;
}

/* 0, 1 or a negative errno. */
static int verdict(int fd, const struct svmtrace_filter_data *call)
{
	struct svmtrace_try request = {
		.size = sizeof(request), .data_size = sizeof(*call), .data = (uintptr_t)call,
	};

	return ioctl(fd, SVMTRACE_IOC_TRY, &request) ? -errno : (int)request.verdict;
}

TEST(the_kernel_says_what_expressions_mean)
{
	unsigned int i, j, kept = 0, refused = 0;
	int fd = open(TRACE_DEVICE, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	random_seed(SEED);
	TH_LOG("seed %d", SEED);
	for (i = 0; i < EXPRESSIONS; i++) {
		const char *text = random_expr();
		const struct expr *one;
		struct expr e;

		if (!expr_read(&e, text)) {
			refused++;
			expr_free(&e);
			continue;
		}
		one = &e;
		ASSERT_TRUE(expr_compile(&program, &one, 1));
		expr_free(&e);
		ASSERT_EQ(0, set_program(fd)) {
			TH_LOG("expression %u: %s", i, text);
		}
		for (j = 0; j < RANDOM_CALLS; j++) {
			ASSERT_EQ(random_means(j), verdict(fd, random_call(j))) {
				TH_LOG("expression %u, call %u: %s", i, j, text);
			}
			kept += random_means(j);
		}
	}
	EXPECT_GT(kept, EXPRESSIONS * RANDOM_CALLS / 5);
	EXPECT_LT(kept, EXPRESSIONS * RANDOM_CALLS / 5 * 4);
	EXPECT_LT(refused, EXPRESSIONS / 20);
	close(fd);
}

TEST_HARNESS_MAIN
