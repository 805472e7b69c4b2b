// SPDX-License-Identifier: GPL-2.0
/* Sums over calls, as -c and -C print them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "summary.h"
#include "table.h"

/* Tables are of a library, and not looked at here. */
struct table *table_new(const char *name, const struct column *columns, size_t count,
			bool json)
{
	(void)name;
	(void)columns;
	(void)count;
	(void)json;
	return NULL;
}

void table_add(struct table *t, const char *const *cells)
{
	(void)t;
	(void)cells;
}

void table_print(struct table *t, FILE *file)
{
	(void)t;
	(void)file;
}

/* The JSON of calls that have asked for so many bytes each, with one result. */
static char *sum_of(const __u64 *bytes, unsigned int n, __s64 ret)
{
	const struct options options = { .json = true };
	struct svmtrace_record record = {
		.kind = SVMTRACE_KIND_CALL, .syscall = SVMTRACE_NR_vmsplice, .time = 7,
	};
	struct svmtrace_call call = { .tid = 1, .ret = ret };
	const struct record_view v = { .record = &record, .call = &call };
	struct summary *s = summary_new();
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	while (n--) {
		call.bytes = bytes[n];
		summary_add(s, &v);
	}
	summary_print(s, file, &options);
	fclose(file);
	summary_free(s);
	return text;
}

TEST(sums)
{
	static const __u64 bytes[] = { 4096, 1, 0 };
	char *text = sum_of(bytes, 3, 1);

	EXPECT_NE(NULL, strstr(text, "\"calls\":3,")) {
		TH_LOG("%s", text);
	}
	EXPECT_NE(NULL, strstr(text, "\"asked\":4097,"));
	EXPECT_NE(NULL, strstr(text, "\"moved\":3"));
	free(text);
}

/* A call that asks for all that there can be does not make the sum of others small. */
TEST(sums_stay_at_their_limit)
{
	static const __u64 bytes[] = { 4097, UINT64_MAX, 4097 };
	char *text = sum_of(bytes, 3, 1);

	EXPECT_NE(NULL, strstr(text, "\"asked\":18446744073709551615,")) {
		TH_LOG("%s", text);
	}
	free(text);
}

/* One that fails because it asks for too much is no reason to forget what others asked for. */
TEST(sums_are_without_what_is_absurd)
{
	static const __u64 bytes[] = { 4097, UINT64_MAX, 1ULL << 63, -4096, 4097 };
	char *text = sum_of(bytes, 5, -EINVAL);

	EXPECT_NE(NULL, strstr(text, "\"calls\":5,\"errors\":5,\"asked\":8194,")) {
		TH_LOG("%s", text);
	}
	free(text);
}

TEST_HARNESS_MAIN
