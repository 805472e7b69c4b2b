// SPDX-License-Identifier: GPL-2.0
/* What a record says of callers in every ABI of the machine. */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#include "patience.h"
#include "abi/report.h"
#include "calls.h"
#include "child.h"
#include "int80.h"
#include "trace.h"

#define REMOTE_MARK(mark) (SVMTRACE_MARK_##mark << SVMTRACE_MARK_REMOTE_SHIFT)
#define CANNOT_EXECUTE 99
#define NO_PROGRAM 97

/* Numbers of the syscalls in the other ABIs. */
#define X32_GETPID (0x40000000 | 39)
#define X32_VMSPLICE (0x40000000 | 532)
#define X32_PROCESS_VM_WRITEV (0x40000000 | 540)

static int start(struct trace *t)
{
	struct svmtrace_config config;

	trace_config(&config);
	config.iovs_max = 1024;
	return trace_start(t, &config);
}

/* abi/calls beside this program, as compiled for an ABI. */
struct program {
	const char *abi;
	int fds[2];
};

static int execute(void *arg)
{
	const struct program *p = arg;
	char self[PATH_MAX] = {}, path[2 * PATH_MAX];

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 98;
	snprintf(path, sizeof(path), "%s/abi/calls.%s", dirname(self), p->abi);
	if (access(path, X_OK))
		return NO_PROGRAM;
	dup2(p->fds[1], 1);
	execl(path, path, NULL);
	return CANNOT_EXECUTE;
}

FIXTURE(compat) {
	struct trace t;
	struct report r;
	const struct record_view *calls;
	int status;
};

FIXTURE_VARIANT(compat) {
	const char *name;
	__u8 abi;
};

FIXTURE_VARIANT_ADD(compat, native) {
	.name = "64",
	.abi = SVMTRACE_ABI_64,
};

FIXTURE_VARIANT_ADD(compat, ia32) {
	.name = "ia32",
	.abi = SVMTRACE_ABI_IA32,
};

FIXTURE_VARIANT_ADD(compat, x32) {
	.name = "x32",
	.abi = SVMTRACE_ABI_X32,
};

FIXTURE_SETUP(compat)
{
	struct program p = { .abi = variant->name };

	ASSERT_EQ(0, start(&self->t));
	ASSERT_EQ(0, pipe2(p.fds, O_CLOEXEC));
	self->status = child_run(0, execute, &p);
	if (self->status == CANNOT_EXECUTE)
		SKIP_ALL("the kernel cannot execute %s programs", variant->name);
	if (self->status == NO_PROGRAM)
		SKIP_ALL("there are no %s programs here", variant->name);
	ASSERT_EQ(0, self->status);
	ASSERT_EQ(sizeof(self->r), read(p.fds[0], &self->r, sizeof(self->r)));
	ASSERT_EQ(REPORT_CALLS, trace_read(&self->t));
	self->calls = self->t.records;
}

FIXTURE_TEARDOWN(compat)
{
	trace_end(&self->t);
}

static bool is(const struct svmtrace_iovec *iov, __u64 base, __u64 len)
{
	return iov->base == base && iov->len == len;
}

TEST_F(compat, every_call)
{
	unsigned int i;

	for (i = 0; i < REPORT_CALLS; i++) {
		const struct record_view *v = &self->calls[i];

		EXPECT_EQ(variant->abi, v->call->abi);
		EXPECT_EQ(self->r.pid, v->caller->pid);
		EXPECT_EQ(self->r.ret[i], v->call->ret);
		EXPECT_EQ(i == REPORT_VMSPLICE || i == REPORT_BAD_FD ?
			  SVMTRACE_NR_vmsplice : SVMTRACE_NR_process_vm_writev,
			  v->record->syscall);
		EXPECT_EQ(0, v->record->marks & SVMTRACE_MARK_NO_RESULT);
	}
}

TEST_F(compat, process_vm_writev)
{
	const struct record_view *v = &self->calls[REPORT_WRITEV];
	const struct report *r = &self->r;

	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(9, v->call->ret);
	EXPECT_EQ(r->pid, v->args[0]);
	EXPECT_EQ(r->local, v->args[1]);
	EXPECT_EQ(3, v->args[2]);
	EXPECT_EQ(r->remote, v->args[3]);
	EXPECT_EQ(2, v->args[4]);
	EXPECT_EQ(0, v->args[5]);
	ASSERT_EQ(3, v->call->iovs);
	EXPECT_TRUE(is(&v->iov[0][0], r->from, 4));
	EXPECT_TRUE(is(&v->iov[0][1], r->from + 8, 0));
	EXPECT_TRUE(is(&v->iov[0][2], r->from + 16, 5));
	ASSERT_EQ(2, v->call->remote_iovs);
	EXPECT_TRUE(is(&v->iov[1][0], r->to, 6));
	EXPECT_TRUE(is(&v->iov[1][1], r->to + 6, 3));
	EXPECT_EQ(9, v->call->bytes);
	EXPECT_EQ(9, v->call->remote_bytes);
	EXPECT_EQ(r->pid, v->target->pid);
	EXPECT_EQ(SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD | SVMTRACE_REL_MM, v->call->relation);
}

TEST_F(compat, vmsplice)
{
	const struct record_view *v = &self->calls[REPORT_VMSPLICE];

	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(9, v->call->ret);
	EXPECT_EQ(self->r.fd, v->args[0]);
	EXPECT_EQ(self->r.local, v->args[1]);
	EXPECT_EQ(3, v->args[2]);
	EXPECT_EQ(SPLICE_F_MORE, v->args[3]);
	ASSERT_EQ(3, v->call->iovs);
	EXPECT_TRUE(is(&v->iov[0][2], self->r.from + 16, 5));
	EXPECT_EQ(0, v->call->remote_iovs);
	EXPECT_EQ(9, v->call->bytes);
	EXPECT_EQ(SVMTRACE_PIPE_WRITE, v->pipe->direction);
	EXPECT_EQ(2, v->pipe->used_after);
}

/* Signed or not, and how wide: as the kernel takes it. */
TEST_F(compat, extension)
{
	const struct record_view *v = &self->calls[REPORT_NEGATIVE];

	EXPECT_EQ(-EINVAL, v->call->ret);
	EXPECT_EQ(-1ULL, v->args[0]);
	EXPECT_EQ(REPORT_FLAGS, v->args[5]);
	EXPECT_EQ(SVMTRACE_MARK_NO_TARGET, v->record->marks);

	v = &self->calls[REPORT_BAD_FD];
	EXPECT_EQ(-EBADF, v->call->ret);
	EXPECT_EQ(-2ULL, v->args[0]);
	EXPECT_EQ(SVMTRACE_PIPE_BAD_FD, v->pipe->direction);

	v = &self->calls[REPORT_HUGE];
	EXPECT_EQ(-EINVAL, v->call->ret);
	EXPECT_EQ(variant->abi == SVMTRACE_ABI_64 ? -1ULL : UINT_MAX, v->args[2]);
	EXPECT_EQ(SVMTRACE_MARK_TRUNCATED, v->record->marks & SVMTRACE_MARK_TRUNCATED);
	EXPECT_TRUE(is(&v->iov[0][0], self->r.from, 4));
}

TEST_F(compat, many_entries)
{
	const struct record_view *v = &self->calls[REPORT_BAD_FD];
	unsigned int i;

	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(self->r.many, v->args[1]);
	EXPECT_EQ(REPORT_MANY * (REPORT_MANY - 1) / 2, v->call->bytes);
	ASSERT_EQ(REPORT_MANY, v->call->iovs);
	for (i = 0; i < REPORT_MANY; i++)
		EXPECT_TRUE(is(&v->iov[0][i], 0x1000 + i, i));
}

TEST_F(compat, changed)
{
	const struct record_view *v = &self->calls[REPORT_ONTO_ARRAY];

	EXPECT_EQ(REMOTE_MARK(CHANGED), v->record->marks);
	EXPECT_EQ(4, v->call->ret);
	ASSERT_EQ(2, v->call->remote_iovs);
	EXPECT_TRUE(is(&v->iov[1][1], 0, 0));
	ASSERT_NE(NULL, v->extra);
	EXPECT_EQ(0, v->extra->iovs_at_return);
	ASSERT_EQ(2, v->extra->remote_iovs_at_return);
	EXPECT_EQ(v->iov[1][0].base, v->iov_at_return[1][0].base);
	EXPECT_TRUE(is(&v->iov_at_return[1][1], 0x5a5a5a5a, 0));
}

/* Memory of 32-bit calls, below 4 GiB. */
struct low {
	struct iovec32 local[2];
	struct iovec32 remote[2];
	char data[64];
};

static int call_by_int80(void *arg)
{
	struct low *low = arg;
	long high = 0x7654321000000000L;
	int fds[2];

	if (pipe(fds))
		return 1;
	if (int80(IA32_PROCESS_VM_WRITEV, high | getpid(), high | (long)low->local, high | 2,
		  (long)low->remote, 1) != 3)
		return 2;
	return int80(IA32_VMSPLICE, fds[1], (long)low->local, 2, 0, 0) == 3 ? 0 : 3;
}

FIXTURE(from_64_bit) {
	struct trace t;
	struct low *low;
};

FIXTURE_SETUP(from_64_bit)
{
	struct low *low;

	ASSERT_EQ(0, start(&self->t));
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		   -1, 0);
	ASSERT_NE(MAP_FAILED, low);
	low->local[0] = (struct iovec32){ (__u32)(long)low->data, 1 };
	low->local[1] = (struct iovec32){ (__u32)(long)low->data + 1, 2 };
	low->remote[0] = (struct iovec32){ (__u32)(long)low->data + 32, 3 };
	self->low = low;
}

FIXTURE_TEARDOWN(from_64_bit)
{
	trace_end(&self->t);
}

static void check_both(struct __test_metadata *_metadata, struct trace *t,
		       const struct low *low, __u8 abi)
{
	const struct record_view *v;

	ASSERT_EQ(2, trace_read(t));
	v = &t->records[0];
	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(SVMTRACE_NR_process_vm_writev, v->record->syscall);
	EXPECT_EQ(abi, v->call->abi);
	EXPECT_EQ(3, v->call->ret);
	EXPECT_EQ(v->caller->pid, v->args[0]);
	EXPECT_EQ((__u64)low->local, v->args[1]);
	EXPECT_EQ(2, v->args[2]);
	EXPECT_EQ((__u64)low->remote, v->args[3]);
	EXPECT_EQ(1, v->args[4]);
	EXPECT_EQ(0, v->args[5]);
	ASSERT_EQ(2, v->call->iovs);
	EXPECT_TRUE(is(&v->iov[0][0], (__u64)low->data, 1));
	EXPECT_TRUE(is(&v->iov[0][1], (__u64)low->data + 1, 2));
	ASSERT_EQ(1, v->call->remote_iovs);
	EXPECT_TRUE(is(&v->iov[1][0], (__u64)low->data + 32, 3));

	v = &t->records[1];
	EXPECT_EQ(0, v->record->marks);
	EXPECT_EQ(SVMTRACE_NR_vmsplice, v->record->syscall);
	EXPECT_EQ(abi, v->call->abi);
	EXPECT_EQ(3, v->call->ret);
	ASSERT_EQ(2, v->call->iovs);
	EXPECT_TRUE(is(&v->iov[0][1], (__u64)low->data + 1, 2));
	EXPECT_EQ(SVMTRACE_PIPE_WRITE, v->pipe->direction);
}

TEST_F(from_64_bit, int80)
{
	int status = child_run(0, call_by_int80, self->low);

	if (status == 128 + SIGSEGV)
		SKIP(return, "the kernel has no ia32 calls");
	ASSERT_EQ(0, status);
	check_both(_metadata, &self->t, self->low, SVMTRACE_ABI_IA32);
}

static int call_by_x32(void *arg)
{
	struct low *low = arg;
	int fds[2];

	if (syscall(X32_GETPID) != getpid())
		return CANNOT_EXECUTE;
	if (pipe(fds))
		return 1;
	if (syscall(X32_PROCESS_VM_WRITEV, getpid(), low->local, 2L, low->remote, 1L, 0L) != 3)
		return 2;
	return syscall(X32_VMSPLICE, fds[1], low->local, 2L, 0L) == 3 ? 0 : 3;
}

TEST_F(from_64_bit, x32)
{
	int status = child_run(0, call_by_x32, self->low);

	if (status == CANNOT_EXECUTE)
		SKIP(return, "the kernel has no x32 calls");
	ASSERT_EQ(0, status);
	check_both(_metadata, &self->t, self->low, SVMTRACE_ABI_X32);
}

/* 64-bit calls are none of the others, whatever was called before. */
TEST_F(from_64_bit, native_after_int80)
{
	const struct record_view *v;

	if (child_run(0, call_by_int80, self->low))
		SKIP(return, "the kernel has no ia32 calls");
	trace_drop(&self->t);
	int80(IA32_VMSPLICE, -1, 0, 0, 0, 0);
	ASSERT_EQ(CALL_BYTES, call_self());
	ASSERT_EQ(2, trace_read(&self->t));
	v = self->t.records;
	EXPECT_EQ(SVMTRACE_ABI_IA32, v[0].call->abi);
	EXPECT_EQ(-EBADF, v[0].call->ret);
	EXPECT_EQ(-1ULL, v[0].args[0]);
	EXPECT_EQ(SVMTRACE_ABI_64, v[1].call->abi);
	EXPECT_EQ(0, v[1].record->marks);
	EXPECT_EQ(CALL_BYTES, v[1].call->bytes);
}

TEST_HARNESS_MAIN
