// SPDX-License-Identifier: GPL-2.0
/*
 * The line of text for a record: how it looks, and that neither its room nor
 * the terminal suffers from what is in the record. Build with AddressSanitizer.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "names.h"
#include "text.h"

/* A record that is being made; parts are added in the order of the UAPI. */
struct draft {
	union {
		struct svmtrace_record record;
		char bytes[65536];
	};
	struct svmtrace_call *call;
};

static void *append(struct draft *d, const void *part, size_t size)
{
	void *at = d->bytes + d->record.size;

	if (part)
		memcpy(at, part, size);
	d->record.size += size;
	return at;
}

static void finish(struct draft *d)
{
	while (d->record.size % 8)
		d->bytes[d->record.size++] = 0;
}

static void begin(struct draft *d, unsigned int syscall, const __u64 *args)
{
	memset(d, 0, sizeof(*d));
	d->record = (struct svmtrace_record){
		.kind = SVMTRACE_KIND_CALL, .syscall = syscall, .cpu = 1,
		.size = sizeof(d->record), .time = 73015622190ULL,
	};
	d->call = append(d, NULL, sizeof(*d->call));
	d->call->entry_time = d->record.time - 4123;
	d->call->tid = 812;
	append(d, args, record_nr_args(syscall) * sizeof(*args));
}

static void add_caller(struct draft *d)
{
	const struct svmtrace_caller caller = {
		.pid = 812, .uid = 1000, .euid = 1000, .comm = "injector",
	};

	d->call->groups |= SVMTRACE_GROUP_CALLER;
	append(d, &caller, sizeof(caller));
}

static void add_pipe(struct draft *d, __u32 direction, __u32 after)
{
	const struct svmtrace_pipe pipe = {
		.ino = 71234, .direction = direction, .slots = 16, .used_before = 1,
		.used_after = after,
	};

	d->call->groups |= SVMTRACE_GROUP_PIPE;
	append(d, &pipe, sizeof(pipe));
}

static const struct svmtrace_iovec local = { 0x7ffd2c10, 64 }, remote = { 0x55d0c2a0, 64 };

/* The record of the manual page, up to its arrays. */
static void begin_write(struct draft *d)
{
	const __u64 args[] = { 640, 0x1000, 1, 0x2000, 1, 0 };
	const struct svmtrace_target target = { .pid = 640, .comm = "sshd" };

	begin(d, SVMTRACE_NR_process_vm_writev, args);
	d->call->ret = 64;
	d->call->relation = SVMTRACE_REL_CROSS_UID;
	add_caller(d);
	d->call->groups |= SVMTRACE_GROUP_TARGET;
	append(d, &target, sizeof(target));
}

static void add_arrays(struct draft *d)
{
	d->call->iovs = 1;
	d->call->remote_iovs = 1;
	append(d, &local, sizeof(local));
	append(d, &remote, sizeof(remote));
}

static void begin_splice(struct draft *d, int fd, __u32 direction, __u32 after)
{
	const __u64 args[] = { fd, 0x1000, 1, 8 };

	begin(d, SVMTRACE_NR_vmsplice, args);
	d->call->ret = 4096;
	add_caller(d);
	add_pipe(d, direction, after);
	d->call->iovs = 1;
	append(d, &local, sizeof(local));
	finish(d);
}

static const char *line_of(const struct draft *d)
{
	static char line[1 << 18];
	struct record_view v;

	if (record_view(&v, d->bytes, sizeof(d->bytes)) < 0)
		return "no record";
	line[text_line(line, sizeof(line), &v, &text_style_default)] = '\0';
	return line;
}

#define START "73.015622190 [001] uid=1000 injector/812 "
#define LOCAL "[{0x7ffd2c10, 64}]"
#define REMOTE "[{0x55d0c2a0, 64}]"
#define ARRAYS LOCAL ", 1, " REMOTE ", 1, 0) = "

TEST(a_write)
{
	static struct draft d;

	begin_write(&d);
	add_arrays(&d);
	finish(&d);
	ASSERT_STREQ(line_of(&d), START "process_vm_writev(640 sshd uid=0, " ARRAYS
		     "64 <4.1us> cross-uid\n");
	d.call->tid = 813;
	d.call->abi = SVMTRACE_ABI_IA32;
	d.call->ret = -1;
	d.call->relation = SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD | SVMTRACE_REL_MM;
	ASSERT_NE(strstr(line_of(&d), "/812:813 ia32 process_vm_writev(640 "), NULL);
	ASSERT_NE(strstr(line_of(&d), ARRAYS "-1 EPERM <4.1us> self\n"), NULL);
}

TEST(results)
{
	static const struct {
		long long ret;
		const char *end;
	} cases[6] = {
		{ 0, ") = 0 <4.1us>\n" },
		{ -14, ") = -1 EFAULT <4.1us>\n" },
		{ -512, ") = ? ERESTARTSYS <4.1us>\n" },
		{ -516, ") = ? ERESTART_RESTARTBLOCK <4.1us>\n" },
		{ -4000, ") = -1 errno 4000 <4.1us>\n" },
		{ INT64_MIN, ") = -9223372036854775808 <4.1us>\n" },
	};
	static struct draft d;
	const char *line;
	size_t i;

	begin_splice(&d, 4, SVMTRACE_PIPE_WRITE, 1);
	for (i = 0; i < 6; i++) {
		d.call->ret = cases[i].ret;
		line = line_of(&d);
		ASSERT_STREQ(strchr(line, ')'), cases[i].end);
	}
	d.record.marks = SVMTRACE_MARK_NO_RESULT;
	ASSERT_STREQ(strchr(line_of(&d), ')'), ") = ?\n");
	d.record.kind = SVMTRACE_KIND_ENTRY;
	ASSERT_STREQ(strchr(line_of(&d), ')'), ") = <unfinished ...>\n");
}

TEST(pipes)
{
	static struct draft d;

	begin_splice(&d, 4, SVMTRACE_PIPE_WRITE, 2);
	ASSERT_STREQ(line_of(&d), START "vmsplice(4 pipe:71234 write 1->2/16, " LOCAL
		     ", 1, SPLICE_F_GIFT) = 4096 <4.1us>\n");
	begin_splice(&d, 4, SVMTRACE_PIPE_READ, 1);
	ASSERT_NE(strstr(line_of(&d), "(4 pipe:71234 read 1/16, "), NULL);
	begin_splice(&d, 3, SVMTRACE_PIPE_NONE, 0);
	ASSERT_NE(strstr(line_of(&d), "(3 not-a-pipe, "), NULL);
	begin_splice(&d, -1, SVMTRACE_PIPE_BAD_FD, 0);
	ASSERT_NE(strstr(line_of(&d), "(-1 bad-fd, "), NULL);
}

TEST(unresolved_target)
{
	static struct draft d;

	begin_write(&d);
	add_arrays(&d);
	finish(&d);
	d.record.marks = SVMTRACE_MARK_NO_TARGET;
	ASSERT_NE(strstr(line_of(&d), "writev(640 no-such-process, "), NULL);
}

/* That who is named need not be who was written to, and why --raced finds the call. */
TEST(target_in_doubt)
{
	static struct draft d;

	begin_write(&d);
	add_arrays(&d);
	finish(&d);
	d.record.marks = SVMTRACE_MARK_TARGET_CHANGED;
	ASSERT_NE(strstr(line_of(&d), " cross-uid target-changed\n"), NULL);
	d.record.marks = SVMTRACE_MARK_TARGET_AT_RETURN;
	ASSERT_NE(strstr(line_of(&d), " cross-uid target-at-return\n"), NULL);
}

/* A name of a thread alone would say that its executable is called like this, too. */
TEST(unknown_executables)
{
	const __u64 args[] = { 640, 0x1000, 1, 0x2000, 1, 0 };
	const struct svmtrace_target target = { .pid = 640, .comm = "sshd" };
	struct svmtrace_target_context *target_context;
	struct svmtrace_context *context;
	static struct draft d;

	begin(&d, SVMTRACE_NR_process_vm_writev, args);
	add_caller(&d);
	context = append(&d, NULL, sizeof(*context));
	append(&d, &target, sizeof(target));
	target_context = append(&d, NULL, sizeof(*target_context));
	d.call->groups = SVMTRACE_GROUPS_ALL & ~SVMTRACE_GROUP_PIPE;
	ASSERT_NE(strstr(line_of(&d), " injector()/812 process_vm_writev(640 sshd() uid=0, "),
		  NULL);
	context->exe_ino = 7;
	ASSERT_NE(strstr(line_of(&d), " injector/812 process_vm_writev(640 sshd() uid=0, "), NULL);
	target_context->exe_ino = 8;
	ASSERT_NE(strstr(line_of(&d), " injector/812 process_vm_writev(640 sshd uid=0, "), NULL);
}

TEST(marked_arrays)
{
	static struct draft d;

	begin_write(&d);
	add_arrays(&d);
	finish(&d);
	d.record.marks = SVMTRACE_MARK_TRUNCATED |
			 SVMTRACE_MARK_UNREADABLE << SVMTRACE_MARK_REMOTE_SHIFT;
	ASSERT_NE(strstr(line_of(&d), ", [{0x7ffd2c10, 64}, ...], 1, ["), NULL);
	ASSERT_NE(strstr(line_of(&d), "64}, ... /* 0x2010 unreadable */], 1, "), NULL);

	/* Where that is, is known of an array that was recorded up to there only. */
	d.record.marks = (SVMTRACE_MARK_TRUNCATED | SVMTRACE_MARK_UNREADABLE) <<
			 SVMTRACE_MARK_REMOTE_SHIFT;
	ASSERT_NE(strstr(line_of(&d), "64}, ... /* unreadable further on */], 1, "), NULL);

	begin_write(&d);
	finish(&d);
	ASSERT_NE(strstr(line_of(&d), "uid=0, [], 1, [], 1, 0)"), NULL);
	d.record.marks = SVMTRACE_MARK_UNREADABLE |
			 SVMTRACE_MARK_TRUNCATED << SVMTRACE_MARK_REMOTE_SHIFT;
	ASSERT_NE(strstr(line_of(&d), "uid=0, 0x1000, 1, 0x2000, 1, 0)"), NULL);
}

TEST(changed_arrays_and_preview)
{
	const struct svmtrace_extra extra = {
		.iovs_at_return = 1, .preview_len = 4, .preview_at_return_len = 2,
	};
	static struct draft d;

	begin_write(&d);
	d.call->groups |= SVMTRACE_GROUP_EXTRA;
	append(&d, &extra, sizeof(extra));
	add_arrays(&d);
	append(&d, &remote, sizeof(remote));
	append(&d, "a\n\0011", 4);
	append(&d, "\"\377", 2);
	finish(&d);
	d.record.marks = SVMTRACE_MARK_CHANGED;
	ASSERT_NE(strstr(line_of(&d), LOCAL " /* at return: " REMOTE " */ \"a\\n\\0011\" "),
		  NULL);
	ASSERT_NE(strstr(line_of(&d), " \"a\\n\\0011\" /* at return: \"\\\"\\377\" */, 1, "),
		  NULL);
}

TEST(names_that_lie)
{
	static struct draft d;
	struct record_view v;
	char *comm;

	begin_splice(&d, 4, SVMTRACE_PIPE_WRITE, 1);
	ASSERT_GT(record_view(&v, d.bytes, sizeof(d.bytes)), 0);
	comm = (char *)v.caller->comm;
	memcpy(comm, "a b/1 x(\033[2J\"\\\n", 16);
	ASSERT_NE(strstr(line_of(&d), " \"a b/1 x(\\33[2J\\\"\\\\\\n\"/812 vmsplice("), NULL);
	memset(comm, 0, 16);
	ASSERT_NE(strstr(line_of(&d), " \"\"/812 vmsplice("), NULL);
	memset(comm, 'x', 16);
	ASSERT_NE(strstr(line_of(&d), " xxxxxxxxxxxxxxxx/812 vmsplice("), NULL);
}

TEST(a_gap)
{
	const struct svmtrace_gap gap = { .first_seq = 100, .last_seq = 111, .ring_full = 12 };
	static struct draft d;

	d.record = (struct svmtrace_record){
		.size = sizeof(d.record), .cpu = 1, .time = 1000000005,
	};
	append(&d, &gap, sizeof(gap));
	ASSERT_EQ(strncmp(line_of(&d), "1.000000005 [001] --- 12 records lost ", 38), 0);
	ASSERT_STREQ(line_of(&d) + 38, "on CPU 1: seq 100 to 111, ring full 12 ---\n");
}

/* It is not known before how long the line will be, so it must not be the longest. */
TEST(a_buffer_that_may_be_too_small)
{
	const struct text_style style = { .iovs = 2, .preview = 3 };
	size_t size = text_line_max(2, 3);
	static struct draft d;
	struct record_view v;
	char *buf = malloc(size);

	begin_write(&d);
	add_arrays(&d);
	finish(&d);
	ASSERT_GT(record_view(&v, d.bytes, sizeof(d.bytes)), 0);
	buf[0] = 'x';
	ASSERT_EQ(text_line(buf, size - 1, &v, &style), 0);
	ASSERT_EQ(buf[0], 'x');
	ASSERT_GT(text_line(buf, size, &v, &style), 0);
	free(buf);
}

static int is_clean(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i++) {
		if (line[i] < ' ' || line[i] > '~')
			return 0;
	}
	return line[len - 1] == '\n';
}

/* Random bytes in a record whose lengths are plausible now and then. */
TEST(hostile_records)
{
	size_t size, max = text_line_max(SVMTRACE_IOVS_MAX, SVMTRACE_PREVIEW_MAX);
	struct record_view v;
	unsigned int round, i, lines = 0;
	char *line = malloc(max), *bytes;
	struct svmtrace_record *record;
	long found;

	srandom(1);
	for (round = 0; round < 50000; round++) {
		size = (1 + random() % 100) * 8;
		bytes = malloc(size);
		for (i = 0; i < size; i++)
			bytes[i] = random() % 4 ? random() : 0;
		record = (struct svmtrace_record *)bytes;
		record->kind %= 3;
		record->syscall %= 2;
		if (size >= sizeof(*record))
			record->size = random() % 8 ? size : record->size;
		if (size >= sizeof(*record) + sizeof(*v.call)) {
			v.call = (void *)(record + 1);
			((struct svmtrace_call *)v.call)->iovs %= 4;
			((struct svmtrace_call *)v.call)->remote_iovs %= 4;
		}
		found = record_view(&v, bytes, size);
		if (found >= 0) {
			size_t len = text_line(line, max, &v, &text_style_default);

			ASSERT_TRUE(is_clean(line, len));
			lines++;
		}
		free(bytes);
	}
	free(line);
	ASSERT_GT(lines, 1000U);
}

/* The longest line fits what text_line_max() says. */
TEST(the_longest_line)
{
	const struct svmtrace_extra extra = {
		.iovs_at_return = 100, .remote_iovs_at_return = 100,
		.preview_len = 4096, .preview_at_return_len = 4096,
	};
	const struct text_style style = {
		.flags = TEXT_TIME | TEXT_DURATION, .iovs = 100, .preview = 4096,
	};
	size_t len, max = text_line_max(100, 4096);
	static struct draft d;
	struct record_view v;
	const __u64 args[] = { -1, -1, -1, -1, -1, -1 };
	char *line = malloc(max), *rest;

	begin(&d, SVMTRACE_NR_process_vm_writev, args);
	d.call->groups = SVMTRACE_GROUP_CALLER | SVMTRACE_GROUP_TARGET | SVMTRACE_GROUP_EXTRA;
	d.call->iovs = 100;
	d.call->remote_iovs = 100;
	d.call->exe_len = 255;
	d.call->target_exe_len = 255;
	rest = append(&d, NULL, sizeof(*v.caller) + sizeof(*v.target));
	memset(rest, 0xff, sizeof(*v.caller) + sizeof(*v.target));
	append(&d, &extra, sizeof(extra));
	memset(d.bytes + d.record.size, 0xff, 400 * 16 + 510 + 2 * 4096);
	append(&d, NULL, 400 * 16 + 510 + 2 * 4096);
	finish(&d);
	d.record.marks = ~SVMTRACE_MARK_NO_TARGET & ~SVMTRACE_MARK_NO_RESULT;
	d.call->relation = ~0U;
	d.call->ret = INT64_MIN;
	d.call->abi = SVMTRACE_ABI_X32;
	ASSERT_GT(record_view(&v, d.bytes, sizeof(d.bytes)), 0);
	len = text_line(line, max, &v, &style);
	ASSERT_GT(len, 0U);
	ASSERT_TRUE(is_clean(line, len));
	free(line);
}

TEST_HARNESS_MAIN
