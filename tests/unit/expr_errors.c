// SPDX-License-Identifier: GPL-2.0
/* Expressions: what is refused, or noted, and at which character. */
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "expr.h"
#include "../../tools/filter.h"

struct refusal {
	const char *text;
	int column;
	const char *says;	/* part of the message */
};

#define LONG "thirty_five_bytes_like_no_other_one"

static const struct refusal refusals[] = {
	{ "", 0, "a field or a value expected" },
	{ "   ", 3, "expected" },
	{ "ud == 0", 0, "'uid'" },
	{ "uid == 0 && targt.uid == 0", 12, "'target.uid'" },
	{ "pipe.used_befor > 1", 0, "'pipe.used_before'" },
	{ "relation & cross-pidn", 11, "'cross-pidns'" },
	{ "syscall == vmslice", 11, "'vmsplice'" },
	{ "has(ducation)", 4, "'duration'" },
	{ "uid == root", 7, "'root' is neither a field nor a value of uid" },
	{ "syscall in {vmsplice, openat}", 22, "'openat' is neither" },
	{ "uid == target.ud", 7, "'target.uid'" },
	{ "xyzzyplugh == 1", 0, "--list-fields" },
	{ "ret == EPERM", 7, "-EPERM" },
	{ "ret == -EPREM", 8, "'EPERM'" },
	{ "ret in {-EPERM, -EACCESS}", 17, "'EACCES'" },
	{ "ret == -EXYZZYPLUGH", 8, "no error" },
	{ "uid ==", 6, "expected" },
	{ "uid == 0 0", 9, "&& or ||" },
	{ "uid == 0 &&", 11, "expected" },
	{ "(uid == 0", 9, "')'" },
	{ "uid == 0)", 8, "&& or ||" },
	{ "uid in 3", 7, "'{'" },
	{ "uid in {1, 2", 12, "'}'" },
	{ "uid in {}", 8, "expected" },
	{ "uid in {1, pid}", 11, "constants" },
	{ "uid not 3", 8, "in expected" },
	{ "1 < uid < 5", 8, "&&" },
	{ "uid == 0x", 8, "unit" },
	{ "uid == 1x", 8, "unit" },
	{ "uid == 010", 7, "begin with 0" },
	{ "uid == 18446744073709551616", 7, "64 bits" },
	{ "bytes > 16777216T", 8, "64 bits" },
	{ "ret > -9223372036854775809", 6, "64 bits" },
	{ "bytes > 1ms", 8, "not a time" },
	{ "duration > 1M", 11, "is a time" },
	{ "comm == gdb", 8, "quotation marks" },
	{ "comm in {'gdb', sshd}", 16, "quotation marks" },
	{ "com == gdb", 0, "'comm'" },
	{ "comm == target.com", 8, "'target.comm'" },
	{ "comm == 3", 8, "quotation" },
	{ "comm == uid", 8, "quotation" },
	{ "uid == \"root\"", 7, "number" },
	{ "comm < \"a\"", 5, "equal or not" },
	{ "comm == \"sixteen_letters_\"", 8, "15" },
	{ "comm == \"a*b\"", 10, "star" },
	{ "comm == \"a\\x41\"", 10, "a backslash is \\\\" },
	{ "comm == \"\\g\"", 9, "escape" },
	{ "comm == \"a\\0\"", 10, "escape" },
	{ "comm == \"a\\400\"", 10, "escape" },
	{ "comm == \"a\\9\"", 10, "escape" },
	{ "comm == \"a\\1b\\*c*d\"", 16, "star" },
	{ "comm == \"abc\\\"", 8, "quotation mark" },
	{ "comm == \"abc", 8, "quotation mark" },
	{ "comm", 0, "condition expected" },
	{ "1", 0, "condition expected" },
	{ "1 == 1", 2, "without a field" },
	{ "uid & pid == 3", 6, "constants only" },
	{ "uid | 3", 0, "constants only" },
	{ "-uid == 3", 1, "constant" },
	{ "(uid == 3) == 1", 5, "condition" },
	{ "uid == (pid == 1)", 12, "condition" },
	{ "uid # 3", 4, "not '#'" },
	{ "syscall == (process_vm_writev | vmsplice)", 12, "syscall has no bits: use in { }" },
	{ "pipe.direction & write", 0, "pipe.direction has no bits: use in" },
	{ "uid == 0 && abi & 64", 12, "use in" },
	{ "abi in {64, 64 & 64}", 12, "use in" },
	{ "loginuid == unset | 1", 12, "use in" },
	{ "loginuid & unset", 0, "use in" },
	{ "has uid", 4, "'('" },
	{ "has()", 4, "name" },
	{ "kind == 1", 0, "not in expressions" },
	{ "cpu == 1", 0, "not in expressions" },
	{ "uid == 1 && exe == \"a\"", 12, "'exe' is in the outputs" },
	{ "target.exe == \"a\"", 0, "not in expressions" },
	{ "target_exe == \"a\"", 0, "not in expressions" },
	{ "errno == -1", 0, "not in expressions" },
	{ "has(preview_len)", 4, "not in expressions" },
	{ "UID == 0", 0, "'uid'?" },
	{ "flags & splice_f_gift", 8, "'SPLICE_F_GIFT'?" },
	{ "ret == -eperm", 8, "'EPERM'?" },
	{ "ret == -euid", 8, "only a constant" },
	{ "direction == write", 0, "'pipe.direction'?" },
	{ "caller.uid == 0", 0, "'uid'?" },
	{ "context.user_ns == 0", 0, "'user_ns'?" },
	{ "target.gid == 0", 0, "'target.pid'?" },
	{ LONG LONG LONG LONG " == 0", 0, "--list-fields" },
};

TEST(refused_at_the_column)
{
	struct expr e;
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		const struct refusal *r = &refusals[i];

		EXPECT_FALSE(expr_read(&e, r->text));
		EXPECT_EQ(e.error.column, (size_t)r->column) {
			TH_LOG("%s: '%s'", r->text, e.error.text);
		}
		EXPECT_NE(strstr(e.error.text, r->says), NULL) {
			TH_LOG("%s: '%s', not '%s'", r->text, e.error.text, r->says);
		}
		expr_free(&e);
	}
}

static const struct refusal notes[] = {
	{ "relation == self", 9, "use &" },
	{ "uid == 1 && child != relation", 18, "relation may be set, too: use &" },
	{ "marks == changed | no-result", 6, "use &" },
	{ "marks != ~changed", 6, "use &" },
	{ "flags == SPLICE_F_GIFT", 6, "arg.flags may be set, too: use &" },
	{ "flags in {0, SPLICE_F_GIFT}", 6, "use &" },
	{ "relation not in {self, 3}", 9, "use &" },
	{ "loginuid == -1", 12, "'unset'" },
	{ "loginuid != -1", 12, "'unset'" },
	{ "session in {1, 18446744073709551615}", 15, "'unset'" },
	{ "uid in {0, -1}", 11, "uid is not negative" },
	{ "uid not in {0, 4G}", 15, "uid has 32 bits" },
	{ "-1 == uid", 0, "never equal" },
	{ "caps == ~3", 8, "not negative" },
	{ "ret == 0xfffffffffffffff2", 7, "-14" },
	{ "ret != 18446744073709551615", 7, "-1?" },
	{ "uid == 0 && syscall == 7", 23, "syscall is process_vm_writev or vmsplice" },
	{ "pipe.direction == 9", 18, "is not-a-pipe, write, read or bad-fd" },
	{ "abi != 32", 7, "abi is 64, ia32 or x32" },
	{ "syscall == -vmsplice", 11, "never equal" },
	{ "flags & 3 == 4", 13, "mask" },
	{ "ret & 0xff == -1", 14, "not negative" },
	{ "ret & -8 == 0x8000000000000000", 12, "-9223372036854775808" },
	{ "uid & -1 == 4G", 12, "mask" },
	{ "fd == 4294967295", 6, "-1?" },
	{ "arg.pid in {0, 0x1ffffffff}", 15, "arg.pid has 32 bits" },
	{ "fd != -4294967296", 6, "fd has 32 bits" },
	{ "pipe.used_after == 4294967295", 19, "has(pipe.used_after)" },
	{ "pipe.used_after in {0, 0xffffffff}", 23, "unknown" },
	{ "pipe.used_after & 0xffffffff != 4294967295", 32, "unknown" },
	{ "pipe.used_after == 0xffffff || pipe.used_before == 4294967295", 0, "" },
	{ "uid == 0", 0, "" },
	{ "relation & self", 0, "" },
	{ "flags & SPLICE_F_GIFT == SPLICE_F_GIFT && flags == 0", 0, "" },
	{ "uid < 4G && ret >= -5 && loginuid == unset", 0, "" },
};

/* What has an answer, but probably not the one to what was meant. */
TEST(noted_at_the_column)
{
	size_t i;

	for (i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		const struct refusal *n = &notes[i];
		struct expr e;

		ASSERT_TRUE(expr_read(&e, n->text)) {
			TH_LOG("%s: '%s'", n->text, e.error.text);
		}
		EXPECT_EQ(e.note.column, n->column) {
			TH_LOG("%s: '%s'", n->text, e.note.text);
		}
		EXPECT_NE(strstr(e.note.text, n->says), NULL) {
			TH_LOG("%s: '%s', not '%s'", n->text, e.note.text, n->says);
		}
		EXPECT_EQ(!*n->says, !*e.note.text);
		expr_free(&e);
	}
}

static const struct refusal late[] = {
	{ "marks & truncated", 0, "only report finds truncated" },
	{ "uid == 0 || marks & (remote-truncated | changed)", 12, "finds remote-truncated" },
	{ "(marks & preview-truncated) == 0", 1, "finds preview-truncated" },
	{ "marks & undecided != 0 && marks & truncated", 0, "finds undecided" },
	{ "marks & ~undecided", 0, "" },
	{ "marks & changed || relation & 1 || marks == 0", 0, "" },
};

/* A call that a filter sees has not yet what its record gets when it is written. */
TEST(marks_of_records_are_noted_when_live)
{
	char *text;
	size_t i, size;

	for (i = 0; i < 2 * sizeof(late) / sizeof(*late); i++) {
		const struct refusal *n = &late[i / 2];
		struct filter filter = { .text = (char *)n->text, .live = i % 2 };
		FILE *errors = open_memstream(&text, &size);
		const char *caret;

		ASSERT_TRUE(filter_compile(&filter, errors, "test"));
		fclose(errors);
		EXPECT_EQ(filter.live && *n->says, size > 0);
		if (size) {
			EXPECT_NE(strstr(text, n->says), NULL) {
				TH_LOG("%s: '%s'", n->text, text);
			}
			caret = strrchr(text, '\n') - 1;
			while (caret[-1] != '\n')
				caret--;
			EXPECT_EQ(strcspn(caret, "^"), 2U + n->column) {
				TH_LOG("%s: '%s'", n->text, text);
			}
		}
		free(text);
	}
}

/* As wide as a terminal shows them, however many bytes characters have; none is cut. */
TEST(caret_is_below_the_character)
{
	static const struct {
		const char *text;
		const char *says;
	} of[] = {
		{ "comm == \"x\" && foo == 1", "see --list-fields\n"
		  "  comm == \"x\" && foo == 1\n"
		  "                 ^\n" },
		{ "comm == \"äö\" && foo == 1", "see --list-fields\n"
		  "  comm == \"äö\" && foo == 1\n"
		  "                  ^\n" },
		{ "comm == \"日本\" && foo == 1", "see --list-fields\n"
		  "  comm == \"日本\" && foo == 1\n"
		  "                    ^\n" },
		{ "comm == \"e\xcc\x81\" && foo == 1", "see --list-fields\n"
		  "  comm == \"e\xcc\x81\" && foo == 1\n"
		  "                 ^\n" },
		{ "comm == \"\xff\xe6\x97\" && foo == 1", "see --list-fields\n"
		  "  comm == \"\xff\xe6\x97\" && foo == 1\n"
		  "                  ^\n" },
		{ "uid == “0”", "not '“'\n"
		  "  uid == “0”\n"
		  "         ^\n" },
		{ "uid \"x日日日日日日日日日日日日日日\"",
		  "not '\"x日日日日日日日日日日日日'\n"
		  "  uid \"x日日日日日日日日日日日日日日\"\n"
		  "      ^\n" },
		{ "uid ==\t\033[2J", "not ' '\n"
		  "  uid ==  [2J\n"
		  "         ^\n" },
	};
	char said[500];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		struct filter filter = { .text = (char *)of[i].text };
		FILE *errors = fmemopen(said, sizeof(said), "w");

		EXPECT_FALSE(filter_compile(&filter, errors, "test"));
		fclose(errors);
		EXPECT_NE(strstr(said, of[i].says), NULL) {
			TH_LOG("%s", said);
		}
	}
}

/* Of what options ask for, nothing can be wrong but its length: a list of -p. */
TEST(too_many_processes)
{
	static char also[EXPR_TEXT_MAX + 2];
	struct filter filter = { .also = also };
	char said[200] = "";
	FILE *errors = fmemopen(said, sizeof(said), "w");

	memset(also, '1', sizeof(also) - 1);
	EXPECT_FALSE(filter_compile(&filter, errors, "test"));
	fclose(errors);
	EXPECT_NE(strstr(said, "3000 pids"), NULL);
}

/* The same value by another name. */
TEST(errors_with_two_names)
{
	static const char *const names[][2] = {
		{ "EWOULDBLOCK", "EAGAIN" }, { "ENOTSUP", "EOPNOTSUPP" },
		{ "EDEADLOCK", "EDEADLK" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_NE(expr_error_find(names[i][0], strlen(names[i][0])), 0);
		EXPECT_EQ(expr_error_find(names[i][0], strlen(names[i][0])),
			  expr_error_find(names[i][1], strlen(names[i][1])));
	}
}

TEST_HARNESS_MAIN
