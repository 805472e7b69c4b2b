// SPDX-License-Identifier: GPL-2.0
/* Expressions: what single ones mean, and what they cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "cbpf.h"
#include "expr.h"
#include "../../tools/filter.h"
#include "put.h"
#include "records.h"

static struct expr_program program;

/* Compiles it; the column of the error, or -1. */
static int compile(const char *text, struct expr_error *error)
{
	struct expr e;
	const struct expr *one = &e;
	int column = -1;

	memset(error, 0, sizeof(*error));
	program.len = 0;
	if (!expr_read(&e, text)) {
		*error = e.error;
		column = error->column;
	} else if (!expr_compile(&program, &one, 1)) {
		strcpy(error->text, "too many instructions");
		column = strlen(text);
	}
	expr_free(&e);
	return column;
}

/* The process_vm_writev() of uid 1000 to a process of root. */
static struct svmtrace_filter_data write_call(void)
{
	return (struct svmtrace_filter_data){
		.record = { .kind = SVMTRACE_KIND_CALL },
		.call = { .ret = -1, .bytes = 1 << 20, .remote_bytes = 4096, .tid = 801,
			  .relation = SVMTRACE_REL_CROSS_UID | SVMTRACE_REL_CROSS_PIDNS,
			  .abi = SVMTRACE_ABI_X32 },
		.args = { 640, 0x1000, 2, 0x2000, 3, 8 },
		.caller = { .pid = 800, .uid = 1000, .comm = "gdbserver" },
		.context = { .loginuid = ~0U, .pid_ns = 7, .caps = 1ULL << 40 },
		.target = { .pid = 640, .comm = "sshd" },
		.target_context = { .pid_ns = 8 },
		.duration = 1500000,
		.present = SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_CONTEXT |
			   SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_TARGET_CONTEXT |
			   SVMTRACE_PRESENT_REMOTE | SVMTRACE_PRESENT_RESULT,
	};
}

/* A vmsplice() that has not returned. */
static struct svmtrace_filter_data splice_call(void)
{
	return (struct svmtrace_filter_data){
		.record = { .kind = SVMTRACE_KIND_CALL, .syscall = SVMTRACE_NR_vmsplice },
		.call = { .bytes = 24 },
		.args = { -1ULL, 0x1000, 1, 8 },
		.caller = { .uid = 33, .comm = "gdb" },
		.pipe = { .ino = 5, .direction = SVMTRACE_PIPE_WRITE, .used_after = ~0U },
		.present = SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_PIPE,
	};
}

struct verdict {
	const char *text;
	bool write;
	bool splice;
};

static const struct verdict verdicts[] = {
	{ "syscall == process_vm_writev && uid != 0 && target.uid == 0", true, false },
	{ "syscall == vmsplice", false, true },
	{ "ret < 0", true, false },
	{ "ret == -EPERM", true, false },
	{ "ret = -1", true, false },
	{ "ret >= 0", false, false },
	{ "!(ret >= 0)", true, true },
	{ "! ret >= 0", true, true },
	{ "not ret >= 0", true, true },
	{ "ret in {-EPERM, -EFAULT}", true, false },
	{ "ret < bytes", true, false },
	{ "bytes > ret", true, false },
	{ "ret < 18446744073709551615", true, false },
	{ "ret <= 18446744073709551615", true, false },
	{ "ret > 18446744073709551615", false, false },
	{ "bytes > -9223372036854775808", true, true },
	{ "uid <= -1", false, false },
	{ "uid > -1", true, true },
	{ "uid < 4G", true, true },
	{ "uid >= 4294967296", false, false },
	{ "uid != 4294967295", true, true },
	{ "syscall < 7", true, true },
	{ "pipe.direction >= 9", false, false },
	{ "ret & ~7 == -8", true, false },
	{ "ret & 0x8000000000000000 == 0x8000000000000000", true, false },
	{ "uid & 0x100000000 == 0", true, true },
	{ "uid & 0 in {0}", true, true },
	{ "fd & 0xffffffff == 4294967295", false, true },
	{ "fd & 0xffffffff00000000 != 0", false, true },
	{ "flags == 0x100000000", false, false },
	{ "fd == -1", false, true },
	{ "fd < 0", false, true },
	{ "arg.fd != -1", false, false },
	{ "bytes >= 1M", true, false },
	{ "bytes == 1024k", true, false },
	{ "bytes > 1M", false, false },
	{ "bytes < 4G", true, true },
	{ "duration > 1ms", true, false },
	{ "duration == 1500us", true, false },
	{ "1ms < duration", true, false },
	{ "duration >= 2000000", false, false },
	{ "comm == \"gdb*\"", true, true },
	{ "comm == \"gdb\"", false, true },
	{ "comm != 'gdb'", true, false },
	{ "comm == \"gdb\\*\"", false, false },
	{ "comm == \"\\147\\144b\"", false, true },
	{ "comm == '\\147db*'", true, true },
	{ "comm == \"*\"", true, true },
	{ "target.comm == \"*\"", true, false },
	{ "comm == target.comm", false, false },
	{ "comm != target.comm", true, false },
	{ "comm in {\"sshd\", \"gdbs*\"}", true, false },
	{ "comm not in {\"sshd\", \"gdbs*\"}", false, true },
	{ "relation & cross-pidns && !(relation & child)", true, false },
	{ "relation & (child | cross-uid)", true, false },
	{ "relation & cross-uid == 0x80", true, false },
	{ "relation & ~(cross-uid | cross-pidns) == 0", true, false },
	{ "relation == 0x280", true, false },
	{ "flags & SPLICE_F_GIFT == SPLICE_F_GIFT", true, true },
	{ "flags & (SPLICE_F_GIFT | 1) in {1, SPLICE_F_GIFT}", true, true },
	{ "flags in {0, 8}", true, true },
	{ "marks == 0", true, true },
	{ "relation", true, false },
	{ "!relation & child", true, true },
	{ "pipe.direction == write && flags & SPLICE_F_GIFT", false, true },
	{ "flags & SPLICE_F_GIFT", true, true },
	{ "flags == 8", true, true },
	{ "arg.flags & ~8", false, false },
	{ "pipe.used_after >= 0", false, false },
	{ "uid in {0, 33, 1000}", true, true },
	{ "uid in {33}", false, true },
	{ "uid not in {33, 34}", true, false },
	{ "target.uid not in {33, 34}", true, false },
	{ "has(pipe)", false, true },
	{ "has(target)", true, false },
	{ "has(ret)", true, false },
	{ "has(result) and has(remote)", true, false },
	{ "has(fd)", false, true },
	{ "has(flags)", true, true },
	{ "has(target.pid_ns)", true, false },
	{ "target.uid != 0", false, false },
	{ "!(target.uid == 0)", false, true },
	{ "target.pid == arg.pid", true, false },
	{ "pid_ns != target_pid_ns", true, false },
	{ "loginuid == unset", true, false },
	{ "loginuid & 0xff == 255", true, false },
	{ "syscall in {process_vm_writev, vmsplice}", true, true },
	{ "caps & 0x10000000000", true, false },
	{ "caps & ~0xfffffe0000000000", true, false },
	{ "caps & ~0x8000010000000000", false, false },
	{ "caps >= 1T", true, false },
	{ "abi == x32", true, false },
	{ "abi == 64", false, true },
	{ "liovcnt == 2 or nr_segs == 1", true, true },
	{ "uid == 1000 || uid == 33 && bytes == 0", true, false },
	{ "(uid == 1000 or uid == 33) and not bytes == 24", true, false },
	{ "uid&1000==1000", true, false },
};

TEST(single_ones_mean)
{
	const struct svmtrace_filter_data write = write_call(), splice = splice_call();
	struct svmtrace_filter_data known;
	struct expr_error error;
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		const struct verdict *v = &verdicts[i];

		ASSERT_EQ(compile(v->text, &error), -1) {
			TH_LOG("%s: %s", v->text, error.text);
		}
		ASSERT_TRUE(cbpf_accepts(program.insns, program.len));
		EXPECT_EQ(cbpf_run(program.insns, &write), v->write) {
			TH_LOG("process_vm_writev: %s", v->text);
		}
		EXPECT_EQ(cbpf_run(program.insns, &splice), v->splice) {
			TH_LOG("vmsplice: %s", v->text);
		}
		known = write;
		cbpf_forget(program.insns, program.len, &known);
		EXPECT_EQ(cbpf_run(program.insns, &known), v->write) {
			TH_LOG("process_vm_writev, as found out: %s", v->text);
		}
	}
}

/* The record of a call, as the module would write it. */
static size_t record_of(void *buf, const struct svmtrace_filter_data *d)
{
	struct svmtrace_record *record = buf;
	struct svmtrace_call call = d->call;
	char *pos = (char *)(record + 1);

	call.groups = d->present & SVMTRACE_GROUPS_ALL;
	pos = records_put(pos, &call, sizeof(call));
	pos = records_put(pos, d->args, 8 * record_nr_args(d->record.syscall));
	if (call.groups & SVMTRACE_GROUP_CALLER)
		pos = records_put(pos, &d->caller, sizeof(d->caller));
	if (call.groups & SVMTRACE_GROUP_CONTEXT)
		pos = records_put(pos, &d->context, sizeof(d->context));
	if (call.groups & SVMTRACE_GROUP_TARGET)
		pos = records_put(pos, &d->target, sizeof(d->target));
	if (call.groups & SVMTRACE_GROUP_TARGET_CONTEXT)
		pos = records_put(pos, &d->target_context, sizeof(d->target_context));
	if (call.groups & SVMTRACE_GROUP_PIPE)
		pos = records_put(pos, &d->pipe, sizeof(d->pipe));
	*record = d->record;
	record->size = pos - (char *)buf;
	record->time = d->call.entry_time + d->duration;
	if (!(d->present & SVMTRACE_PRESENT_RESULT))
		record->marks |= SVMTRACE_MARK_NO_RESULT;
	return record->size;
}

/* A record has all that the filter has seen, so that it can be asked once more. */
TEST(records_are_judged_as_calls_were)
{
	static __u64 buf[200];
	const struct svmtrace_filter_data call = write_call();
	struct expr_error error;
	struct record_view v;
	size_t i;

	ASSERT_GT(record_view(&v, buf, record_of(buf, &call)), 0);
	for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		ASSERT_EQ(compile(verdicts[i].text, &error), -1);
		EXPECT_EQ(expr_run(&program, &call), verdicts[i].write);
		EXPECT_EQ(expr_keeps(&program, &v), verdicts[i].write) {
			TH_LOG("%s", verdicts[i].text);
		}
	}
}

/* What does not depend on the result is known of a call that has not returned. */
TEST(records_without_result)
{
	static const struct {
		const char *text;
		bool keeps;
	} of[] = {
		{ "ret < 0", true },
		{ "has(result)", true },
		{ "!has(duration)", true },
		{ "marks & changed", true },
		{ "ret < 0 && uid == 33", true },
		{ "ret < 0 && uid == 34", false },
		{ "ret < 0 || uid == 33", true },
		{ "pipe.used_after == 3 && pipe.direction == read", false },
		{ "duration > 1s && has(target)", false },
		{ "(ret < 0 || bytes == 25) && bytes == 24", true },
		{ "bytes == 25", false },
	};
	static __u64 buf[200];
	const struct svmtrace_filter_data call = splice_call();
	struct expr_error error;
	struct record_view v;
	size_t i;

	ASSERT_GT(record_view(&v, buf, record_of(buf, &call)), 0);
	for (i = 0; i < sizeof(of) / sizeof(*of); i++) {
		ASSERT_EQ(compile(of[i].text, &error), -1);
		EXPECT_EQ(expr_keeps(&program, &v), of[i].keeps) {
			TH_LOG("%s", of[i].text);
		}
	}
	/* Nor is it known how long an array was that could not be read. */
	((struct svmtrace_record *)buf)->marks |= SVMTRACE_MARK_UNREADABLE;
	EXPECT_TRUE(expr_keeps(&program, &v));
}

/* As the kernel has it: what moved something is kept if what is asked for was not seen. */
TEST(records_of_what_was_not_seen)
{
	static const struct {
		const char *text;
		__u32 marks;
		bool keeps;
	} of[] = {
		{ "bytes == 25", 0, false },
		{ "bytes == 25", SVMTRACE_MARK_UNREADABLE, true },
		{ "remote_bytes == 25", SVMTRACE_MARK_UNREADABLE << 5, true },
		{ "target.uid == 4711", SVMTRACE_MARK_UNREADABLE, false },
		{ "target.uid == 4711", SVMTRACE_MARK_NO_TARGET, true },
		{ "has(target)", SVMTRACE_MARK_NO_TARGET, true },
		{ "relation & tracee", SVMTRACE_MARK_NO_TARGET, true },
		{ "uid == 34 && has(target)", SVMTRACE_MARK_NO_TARGET, false },
		{ "bytes == 25", SVMTRACE_MARK_NO_TARGET, false },
	};
	static __u64 buf[200];
	struct expr_error error;
	struct record_view v;
	unsigned int i;

	for (i = 0; i < 2 * sizeof(of) / sizeof(*of); i++) {
		struct svmtrace_filter_data seen = write_call();
		bool moved = i % 2;

		seen.record.marks = of[i / 2].marks;
		seen.call.ret = moved ? 24 : -ESRCH;
		if (seen.record.marks & SVMTRACE_MARK_NO_TARGET) {
			seen.present &= ~(SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_TARGET_CONTEXT);
			seen.call.relation = 0;
		}
		ASSERT_GT(record_view(&v, buf, record_of(buf, &seen)), 0);
		ASSERT_EQ(compile(of[i / 2].text, &error), -1);
		EXPECT_EQ(expr_keeps(&program, &v), moved && of[i / 2].keeps) {
			TH_LOG("%s, result %lld", of[i / 2].text, (long long)seen.call.ret);
		}
	}
}

/* Also with digits after what is written in octal. A star means something else. */
static void make_name(char *name, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		do {
			name[i] = random() % (random() % 2 ? 64 : 256);
		} while (!name[i] || name[i] == '*');
	}
}

TEST(names_are_read_as_they_are_shown)
{
	struct svmtrace_filter_data call = splice_call();
	char text[200], *at = put_text(text, "comm == \"");
	const size_t length = sizeof(call.caller.comm) - 1;
	struct expr_error error;
	unsigned int i;

	srandom(7);
	for (i = 0; i < 20000; i++) {
		make_name(call.caller.comm, length);
		*put_text(put_escaped(at, call.caller.comm, length), "\"") = '\0';
		ASSERT_EQ(compile(text, &error), -1) {
			TH_LOG("%s: %s", text, error.text);
		}
		ASSERT_TRUE(cbpf_run(program.insns, &call)) {
			TH_LOG("%s", text);
		}
	}
}

static char *terms_like(const char *format, unsigned int n, const char *between)
{
	char *text = malloc(n * 32 + 1), *at = text;
	unsigned int i;

	for (i = 0; i < n; i++) {
		at += sprintf(at, "%s", i ? between : "");
		at += sprintf(at, format, i);
	}
	return text;
}

static char *terms(unsigned int n, const char *between)
{
	return terms_like("uid == %u", n, between);
}

static unsigned int length_of(unsigned int n, const char *between)
{
	char *text = terms(n, between);
	struct expr_error error;

	compile(text, &error);
	free(text);
	return program.len;
}

/* Where a program loads a word of the data first, or its length. */
static unsigned int first_load(unsigned int offset)
{
	unsigned int i;

	for (i = 0; i < program.len; i++) {
		if (CBPF_IS_LOAD(&program.insns[i]) && program.insns[i].k == offset)
			break;
	}
	return i;
}

#define LOADED(member) first_load(CBPF_AT(member))

TEST(what_costs_little_comes_first)
{
	static const char *const texts[] = {
		"ret && has(target.mnt_ns) && user_ns && bytes && target.uid && tid && uid == 7",
		"bytes == 7 || tid || uid || ret || target.uid == 7 || user_ns || target.mnt_ns",
		"has(result) && !(target.mnt_ns || user_ns) && (bytes || target.uid || tid || uid)",
		"ret || target.mnt_ns && user_ns == 7 && !(bytes || target.uid || tid || uid == 7)",
	};
	struct expr_error error;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		ASSERT_EQ(compile(texts[i], &error), -1) {
			TH_LOG("%s", texts[i]);
		}
		EXPECT_LT(LOADED(caller.uid), LOADED(call.tid));
		EXPECT_LT(LOADED(call.tid), LOADED(target.uid));
		EXPECT_LT(LOADED(target.uid), LOADED(call.bytes));
		EXPECT_LT(LOADED(call.bytes), LOADED(context.user_ns));
		EXPECT_LT(LOADED(context.user_ns), LOADED(target_context.mnt_ns));
		EXPECT_LT(LOADED(target_context.mnt_ns), LOADED(call.ret));
		EXPECT_LT(LOADED(call.ret), program.len);
	}
}

/* Only one bit of the relation takes a look at the target's namespaces. */
TEST(relation_is_cheap_but_for_mount_namespaces)
{
	static const struct {
		const char *text;
		bool cheap;
	} of[] = {
		{ "bytes == 7 && relation & parent", true },
		{ "bytes == 7 && !(relation & (child | cross-uid))", true },
		{ "bytes == 7 && relation & (child | cross-mntns)", false },
		{ "bytes == 7 && relation == 8", false },
	};
	struct expr_error error;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		ASSERT_EQ(compile(of[i].text, &error), -1);
		EXPECT_EQ(of[i].cheap, LOADED(call.relation) < LOADED(call.bytes)) {
			TH_LOG("%s", of[i].text);
		}
	}
}

/* Of what is joined by "and", the first asks whether it is known. */
TEST(what_is_known_is_asked_once)
{
	static const struct {
		const char *text;
		unsigned int loads;
	} of[] = {
		{ "uid == 7 && gid == 7 && pid == 7 && ppid == 7", 1 },
		{ "uid == 7 && (gid == 7 || pid == 7) && !(ppid == 7)", 1 },
		{ "uid == 7 || gid == 7 || pid == 7", 3 },
		{ "!(uid == 7 && gid == 7) && pid == 7", 2 },
		{ "uid == 7 && target.uid == 7 && target.pid == 7", 2 },
	};
	struct expr_error error;
	unsigned int i, j, loads;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		ASSERT_EQ(compile(of[i].text, &error), -1);
		for (j = 0, loads = 0; j < program.len; j++)
			loads += CBPF_IS_LOAD(&program.insns[j]) &&
				 program.insns[j].k == CBPF_AT(present);
		EXPECT_EQ(loads, of[i].loads) {
			TH_LOG("%s", of[i].text);
		}
	}
}

/* Jumps over more than 255 instructions are there from about 64 terms on. */
TEST(long_expressions_are_linear)
{
	struct svmtrace_filter_data d = splice_call();
	unsigned int one = length_of(1, " || "), i;

	EXPECT_LE(length_of(100, " || "), 100 * one);
	EXPECT_LE(length_of(100, " && "), 100 * one);
	EXPECT_LE(length_of(600, " || "), 600 * one);
	ASSERT_TRUE(cbpf_accepts(program.insns, program.len));
	for (i = 0; i < 700; i++) {
		d.caller.uid = i;
		ASSERT_EQ(cbpf_run(program.insns, &d), i < 600);
	}
}

/* How many fit is said by the message, and by the manual page. */
TEST(some_200_to_800_comparisons)
{
	static const char *const kinds[] = {
		"pid == %u", "bytes == %u", "relation & %u", "ret == %u", "fd == %u",
		"comm == \"a%u\"", "flags == %u",
	};
	char said[200] = "", *text;
	struct filter filter = {};
	struct expr_error error;
	FILE *errors;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		text = terms_like(kinds[i], 200, " || ");
		EXPECT_EQ(compile(text, &error), -1) {
			TH_LOG("%s", kinds[i]);
		}
		free(text);
		text = terms_like(kinds[i], 850, " || ");
		EXPECT_EQ(compile(text, &error), strlen(text)) {
			TH_LOG("%s", kinds[i]);
		}
		free(text);
	}
	filter.text = terms(850, " || ");
	errors = fmemopen(said, sizeof(said), "w");
	EXPECT_FALSE(filter_compile(&filter, errors, "test"));
	fclose(errors);
	EXPECT_NE(strstr(said, "some 200 to 800 comparisons"), NULL) {
		TH_LOG("%s", said);
	}
	free(filter.text);
}

/* A set of numbers of 32 bits is searched: it may be large, and unsorted. */
TEST(large_sets)
{
	struct svmtrace_filter_data d = splice_call();
	char *text = malloc(3000 * 8 + 32), *at = text;
	struct expr_error error;
	unsigned int i;

	at += sprintf(at, "uid in {0");
	for (i = 3000; i > 1; i--)
		at += sprintf(at, ", %u", 5 * i);
	strcpy(at, "}");
	ASSERT_EQ(compile(text, &error), -1);
	free(text);
	ASSERT_TRUE(cbpf_accepts(program.insns, program.len));
	for (i = 0; i <= 15002; i++) {
		d.caller.uid = i;
		ASSERT_EQ(cbpf_run(program.insns, &d), i % 5 == 0 && i != 5 && i <= 15000) {
			TH_LOG("uid %u", i);
		}
	}
	d.caller.uid = ~0U;
	EXPECT_FALSE(cbpf_run(program.insns, &d));
}

TEST(too_long)
{
	char *text = terms(2000, " || ");
	struct expr_error error;

	EXPECT_EQ(compile(text, &error), strlen(text));
	EXPECT_STREQ(error.text, "too many instructions");
	free(text);

	text = malloc(EXPR_TEXT_MAX + 2);
	memset(text, ' ', EXPR_TEXT_MAX + 1);
	text[EXPR_TEXT_MAX + 1] = '\0';
	EXPECT_EQ(compile(text, &error), EXPR_TEXT_MAX);
	memset(text, '(', EXPR_TEXT_MAX);
	text[EXPR_TEXT_MAX] = '\0';
	EXPECT_EQ(compile(text, &error), EXPR_DEPTH_MAX + 1);
	memset(text, '!', EXPR_TEXT_MAX);
	EXPECT_EQ(compile(text, &error), EXPR_DEPTH_MAX + 1);
	free(text);
}

/* What is known at entry is decided there: no load of what is known later. */
TEST(no_result_is_loaded_in_vain)
{
	struct expr_error error;

	ASSERT_EQ(compile("uid == 0 && !has(target) && bytes > 3", &error), -1);
	EXPECT_FALSE(cbpf_loads(program.insns, program.len, CBPF_AT(call.ret),
				CBPF_AT(call.bytes)));
	EXPECT_FALSE(cbpf_loads(program.insns, program.len, CBPF_AT(record.marks),
				CBPF_AT(call.entry_time)));
	EXPECT_FALSE(cbpf_loads(program.insns, program.len, CBPF_AT(duration),
				CBPF_AT(present)));
}

TEST_HARNESS_MAIN
