// SPDX-License-Identifier: GPL-2.0
/* The JSON of a record: what it says of things that are not there, or not known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "printer.h"

/* A call by a process to another, each with an executable that is called as it is. */
struct parts {
	struct svmtrace_record record;
	struct svmtrace_call call;
	__u64 args[6];
	struct svmtrace_caller caller;
	struct svmtrace_context context;
	struct svmtrace_target target;
	struct svmtrace_target_context target_context;
	struct record_view view;
};

static void begin(struct parts *p)
{
	*p = (struct parts){
		.record = { .kind = SVMTRACE_KIND_CALL, .size = sizeof(*p) },
		.call = { .remote_bytes = 64, .relation = SVMTRACE_REL_CHILD },
		.caller = { .pid = 812, .comm = "injector" },
		.context = { .pid_ns = 7, .mnt_ns = 8, .user_ns = 9, .exe_dev = 0x800001,
			     .exe_ino = 4711 },
		.target = { .pid = 640, .comm = "victim" },
		.target_context = { .pid_ns = 17, .mnt_ns = 18, .user_ns = 19,
				    .exe_dev = 0x800002, .exe_ino = 4712 },
	};
	p->view = (struct record_view){
		.record = &p->record, .call = &p->call, .args = p->args,
		.caller = &p->caller, .context = &p->context, .target = &p->target,
		.target_context = &p->target_context,
	};
}

static const char *line_of(const struct parts *p)
{
	const struct options options = { .json = true };
	static char *line;
	static size_t size;
	FILE *file;

	free(line);
	file = open_memstream(&line, &size);
	print_json(file, &p->view, &options);
	fclose(file);
	return line;
}

#define EXPECT_HAS(part) EXPECT_NE(NULL, strstr(line_of(&p), part))
#define EXPECT_HAS_NO(part) EXPECT_EQ(NULL, strstr(line_of(&p), part))

TEST(known)
{
	struct parts p;

	begin(&p);
	EXPECT_HAS(",\"exe\":\"injector\"");
	EXPECT_HAS(",\"target_exe\":\"victim\"");
	EXPECT_HAS(",\"exe_dev\":\"0x800001\",\"exe_ino\":4711,");
	EXPECT_HAS(",\"target_exe_dev\":\"0x800002\",\"target_exe_ino\":4712,");
	EXPECT_HAS(",\"mnt_ns\":8,");
	EXPECT_HAS(",\"target_pid_ns\":17,\"target_mnt_ns\":18,\"target_user_ns\":19,");
	EXPECT_HAS(",\"relation\":[\"child\"]");
	EXPECT_HAS(",\"remote_bytes\":64,");
	p.view.exe = "injector2";
	p.call.exe_len = 9;
	p.view.target_exe = "victim2";
	p.call.target_exe_len = 7;
	EXPECT_HAS(",\"exe\":\"injector2\"");
	EXPECT_HAS(",\"target_exe\":\"victim2\"");
}

/* A thread chooses its name, so it is no substitute for that of its executable. */
TEST(no_executable)
{
	struct parts p;

	begin(&p);
	p.context.exe_dev = 0;
	p.context.exe_ino = 0;
	p.context.mnt_ns = 0;
	EXPECT_HAS(",\"exe\":null");
	EXPECT_HAS(",\"exe_dev\":null,\"exe_ino\":null,");
	EXPECT_HAS(",\"mnt_ns\":null,");
	EXPECT_HAS(",\"target_exe\":\"victim\"");
	begin(&p);
	p.target_context = (struct svmtrace_target_context){ .user_ns = 19 };
	EXPECT_HAS(",\"exe\":\"injector\"");
	EXPECT_HAS(",\"target_exe\":null");
	EXPECT_HAS(",\"target_pid_ns\":null,\"target_mnt_ns\":null,\"target_user_ns\":19,");
	EXPECT_HAS(",\"target_exe_dev\":null,\"target_exe_ino\":null,");
	p.record.marks = SVMTRACE_MARK_TARGET_BUSY;
	EXPECT_HAS(",\"target_exe\":null");
}

/* What a session does not ask for is in none of its records. */
TEST(not_recorded)
{
	struct parts p;

	begin(&p);
	p.view.context = NULL;
	p.view.target_context = NULL;
	EXPECT_HAS_NO("exe");
	EXPECT_HAS(",\"comm\":\"injector\"");
	EXPECT_HAS(",\"target_comm\":\"victim\"");
	begin(&p);
	p.view.caller = NULL;
	p.view.target = NULL;
	EXPECT_HAS(",\"exe\":null");
	EXPECT_HAS(",\"target_exe\":null");
}

TEST(no_target)
{
	struct parts p;

	begin(&p);
	p.record.marks = SVMTRACE_MARK_NO_TARGET;
	EXPECT_HAS_NO("target_");
	EXPECT_HAS_NO("relation");
	EXPECT_HAS(",\"remote_bytes\":64,");
	EXPECT_HAS(",\"remote_iov\":[]");
}

/* No target and no second array are part of the call. */
TEST(splice)
{
	const struct svmtrace_pipe pipe = { .ino = 71234, .slots = 16 };
	struct parts p;

	begin(&p);
	p.record.syscall = SVMTRACE_NR_vmsplice;
	p.call.relation = 0;
	p.call.remote_bytes = 0;
	p.view.target = NULL;
	p.view.target_context = NULL;
	p.view.pipe = &pipe;
	EXPECT_HAS(",\"pipe_ino\":71234,");
	EXPECT_HAS(",\"bytes\":0,");
	EXPECT_HAS_NO("relation");
	EXPECT_HAS_NO("remote_");
	EXPECT_HAS_NO("target_");
}

TEST_HARNESS_MAIN
