// SPDX-License-Identifier: GPL-2.0
/*
 * The table of the fields: its rows are the structures, without holes, and every
 * row has a name of its own. Built for 64 and for 32 bits, so that both are the
 * same.
 */
#include <stddef.h>
#include <string.h>

#include "kselftest_harness.h"
#include "record.h"

struct field {
	const char *group;
	const char *name;
	const char *help;
	size_t offset;
	size_t size;
	size_t group_size;
};

static const struct field fields[] = {
#define SVMTRACE_FIELD(group, type, name, show, origin, help)			\
	{ #group, #name, help, offsetof(struct svmtrace_##group, name),		\
	  sizeof(SVMTRACE_TYPE_##type), sizeof(struct svmtrace_##group) },
#include <linux/svmtrace_fields.h>
};

#define NR_FIELDS (sizeof(fields) / sizeof(*fields))

TEST(rows_are_the_structure)
{
	size_t i, end = 0;

	for (i = 0; i < NR_FIELDS; i++) {
		if (!i || strcmp(fields[i].group, fields[i - 1].group))
			end = 0;
		ASSERT_EQ(fields[i].offset, end) {
			TH_LOG("a hole before %s.%s", fields[i].group, fields[i].name);
		}
		end += fields[i].size;
		if (i + 1 == NR_FIELDS || strcmp(fields[i].group, fields[i + 1].group)) {
			ASSERT_EQ(fields[i].group_size, end) {
				TH_LOG("a hole at the end of %s", fields[i].group);
			}
			ASSERT_EQ(end % 8, 0);
		}
	}
}

/* Groups stand together, and the name of a row is its own within its group. */
TEST(names_are_unique)
{
	size_t i, j;

	for (i = 0; i < NR_FIELDS; i++) {
		ASSERT_GT(strlen(fields[i].help), 3);
		for (j = 0; j < i; j++) {
			if (strcmp(fields[i].group, fields[j].group))
				continue;
			ASSERT_STRNE(fields[i].name, fields[j].name);
			ASSERT_STREQ(fields[i].group, fields[i - 1].group);
		}
	}
}

struct arg {
	unsigned int syscall;
	unsigned int index;
	const char *name;
};

static const struct arg args[] = {
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	{ SVMTRACE_NR_##syscall, index, #name },
#include <linux/svmtrace_fields.h>
};

#define NR_ARGS (sizeof(args) / sizeof(*args))

struct syscall {
	unsigned int number;
	unsigned int constant;
	unsigned int nr_args;
};

static const struct syscall syscalls[] = {
#define SVMTRACE_SYSCALL(number, name, nr_args) \
	{ number, SVMTRACE_NR_##name, nr_args },
#include <linux/svmtrace_fields.h>
};

#define NR_SYSCALLS (sizeof(syscalls) / sizeof(*syscalls))

TEST(every_syscall_has_its_arguments)
{
	unsigned int count[NR_SYSCALLS] = {};
	size_t i, j;

	ASSERT_EQ(NR_SYSCALLS, SVMTRACE_NR_SYSCALLS);

	for (i = 0; i < NR_ARGS; i++) {
		ASSERT_EQ(args[i].index, count[args[i].syscall]);
		count[args[i].syscall]++;
		for (j = 0; j < i; j++) {
			if (args[i].syscall == args[j].syscall)
				ASSERT_STRNE(args[i].name, args[j].name);
		}
	}
	for (i = 0; i < NR_SYSCALLS; i++) {
		ASSERT_EQ(syscalls[i].number, i);
		ASSERT_EQ(syscalls[i].constant, i);
		ASSERT_EQ(syscalls[i].nr_args, count[i]);
		ASSERT_EQ(syscalls[i].nr_args, record_nr_args(i));
	}
	ASSERT_EQ(SVMTRACE_SYSCALLS_ALL, (1U << SVMTRACE_NR_SYSCALLS) - 1);
	ASSERT_EQ(record_nr_args(SVMTRACE_NR_SYSCALLS), 0);
}

/* The same on every architecture: the sizes that the first version had. */
TEST(sizes_of_the_abi)
{
	ASSERT_EQ(sizeof(struct svmtrace_info), SVMTRACE_INFO_SIZE_VER0);
	ASSERT_EQ(sizeof(struct svmtrace_config), SVMTRACE_CONFIG_SIZE_VER0);
	ASSERT_EQ(sizeof(struct svmtrace_stats), 128);
	ASSERT_EQ(sizeof(struct svmtrace_pids), SVMTRACE_PIDS_SIZE_VER0);
	ASSERT_EQ(sizeof(struct svmtrace_program), SVMTRACE_PROGRAM_SIZE_VER0);
	ASSERT_EQ(sizeof(struct svmtrace_producer), 16);
	ASSERT_EQ(sizeof(struct svmtrace_consumer), 8);
	ASSERT_EQ(sizeof(struct svmtrace_iovec), 16);
	ASSERT_EQ(sizeof(struct svmtrace_record), 24);
	ASSERT_EQ(sizeof(struct svmtrace_gap), 48);
}

/* What filter programs load from, by offset. */
TEST(filter_data_has_no_holes)
{
	ASSERT_EQ(sizeof(struct svmtrace_filter_data),
		  sizeof(struct svmtrace_record) + sizeof(struct svmtrace_call) +
		  SVMTRACE_ARGS_MAX * sizeof(__u64) + sizeof(struct svmtrace_caller) +
		  sizeof(struct svmtrace_context) + sizeof(struct svmtrace_target) +
		  sizeof(struct svmtrace_target_context) + sizeof(struct svmtrace_pipe) +
		  sizeof(__u64) + 2 * sizeof(__u32));
	ASSERT_EQ(offsetof(struct svmtrace_filter_data, call), sizeof(struct svmtrace_record));
}

TEST_HARNESS_MAIN
