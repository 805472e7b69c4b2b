// SPDX-License-Identifier: GPL-2.0
/*
 * Who traces a process can change its arguments once a call has entered the kernel,
 * which then takes them as they are left. So that is what a record is about.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <linux/ptrace.h>

#include "patience.h"
#include "abi/report.h"
#include "child.h"
#include "trace.h"

#define NO_PROGRAM 97

FIXTURE(tracer) {
	struct trace t;
	struct report r;
	int report;
	pid_t pid;
};

FIXTURE_VARIANT(tracer) {
	const char *abi;
};

FIXTURE_VARIANT_ADD(tracer, native) { .abi = "64" };
FIXTURE_VARIANT_ADD(tracer, ia32) { .abi = "ia32" };
FIXTURE_VARIANT_ADD(tracer, x32) { .abi = "x32" };

struct program {
	const char *abi;
	int fds[2];
};

/* Stops before it is what it executes. */
static int execute(void *arg)
{
	const struct program *p = arg;
	char path[64];

	snprintf(path, sizeof(path), "/tests/abi/calls.%s", p->abi);
	dup2(p->fds[1], 1);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		return 1;
	execl(path, path, NULL);
	return NO_PROGRAM;
}

FIXTURE_SETUP(tracer)
{
	struct program p = { .abi = variant->abi };
	int status;

	ASSERT_EQ(0, trace_start(&self->t, NULL));
	ASSERT_EQ(0, pipe(p.fds));
	self->report = p.fds[0];
	self->pid = child_start(0, execute, &p);
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
		SKIP_ALL("no %s programs can be executed here", variant->abi);
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, self->pid, 0,
			    PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
}

FIXTURE_TEARDOWN(tracer)
{
	close(self->report);
	trace_end(&self->t);
}

#ifdef __x86_64__
static long set_first_argument(pid_t pid, const char *abi, __u32 value)
{
	return ptrace(PTRACE_POKEUSER, pid, strcmp(abi, "ia32") ?
		      offsetof(struct user_regs_struct, rdi) :
		      offsetof(struct user_regs_struct, rbx), value);
}
#else
/* Registers of 32 or 64 bits, the first of which is the argument. */
static long set_first_argument(pid_t pid, const char *abi, __u32 value)
{
	__u64 regs[40] = {};
	struct iovec iov = { regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov))
		return -1;
	memcpy(regs, &(__u64){ value }, strcmp(abi, "ia32") ? sizeof(__u64) : sizeof(__u32));
	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}
#endif

/* Does it enter its REPORT_WRITEV? */
static bool is_to_change(pid_t pid)
{
	struct ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (pid_t)info.entry.args[0] == pid && info.entry.args[2] == 3 &&
	       info.entry.args[4] == 2;
}

/* Return: how often that was, or a negative errno. */
static int run_to_the_end(pid_t pid, const char *abi, pid_t number)
{
	int status, changed = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
			return -errno;
		if (!WIFSTOPPED(status))
			return changed;
		if (!is_to_change(pid))
			continue;
		if (set_first_argument(pid, abi, number))
			return -errno;
		changed++;
	}
}

TEST_F(tracer, changes_the_target)
{
	const struct record_view *v;
	pid_t other = child_idle(0);

	ASSERT_LT(0, other);
	child_kill(other);
	ASSERT_EQ(1, run_to_the_end(self->pid, variant->abi, other));
	ASSERT_EQ(sizeof(self->r), read(self->report, &self->r, sizeof(self->r)));
	ASSERT_EQ(REPORT_CALLS, trace_read(&self->t));
	v = self->t.records;

	/* What the kernel did, */
	EXPECT_EQ(-ESRCH, self->r.ret[REPORT_WRITEV]);
	EXPECT_EQ(9, self->r.ret[REPORT_VMSPLICE]);
	/* and what is told of it. */
	EXPECT_EQ(-ESRCH, v[REPORT_WRITEV].call->ret);
	EXPECT_EQ(other, v[REPORT_WRITEV].args[0]);
	EXPECT_TRUE(v[REPORT_WRITEV].record->marks & SVMTRACE_MARK_NO_TARGET);
	EXPECT_EQ(self->r.fd, v[REPORT_VMSPLICE].args[0]);
}

TEST_HARNESS_MAIN
