// SPDX-License-Identifier: GPL-2.0
/*
 * What a filter delivers while calls are made is what its program says of each of
 * them, as another session has recorded it: whatever of it was decided early.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "patience.h"

#include "calls.h"
#include "child.h"
#include "expr.h"
#include "random.h"
#include "trace.h"

#define SEED 20261125
#define EXPRESSIONS 60
#define PROGRAMS 100
#define AT(member) offsetof(struct svmtrace_filter_data, member)
#define IS_LOAD(insn) ((insn)->code == (BPF_LD | BPF_W | BPF_ABS))

static __u64 state = SEED;
static struct expr_program program;

static unsigned int below(unsigned int n)
{
	return random_below(&state, n);
}

FIXTURE(live) {
	struct trace all;
	struct trace some;
};

FIXTURE_SETUP(live)
{
	ASSERT_EQ(0, trace_start(&self->all, NULL));
	ASSERT_EQ(0, trace_start(&self->some, NULL));
}

FIXTURE_TEARDOWN(live)
{
	trace_end(&self->some);
	trace_end(&self->all);
}

/* Calls of many kinds, by whoever it is. */
static int call(void *arg)
{
	const char *name = arg;
	char text[64] = "payload";
	struct iovec iov[3] = { { text, 8 }, { text, 24 }, { text, 32 } };
	int file = open("/dev/null", O_RDWR | O_CLOEXEC), fds[2];

	prctl(PR_SET_NAME, name);
	call_self();
	call_to(getppid());
	call_to(1);
	call_to(0x3fffffff);
	do_writev(getpid(), iov, 3, iov, 3, 0);
	do_writev(getpid(), iov, 1, iov, 1, 1);
	do_writev(getpid(), (void *)8, 1, iov, 1, 0);
	do_writev(getpid(), iov, 3, (void *)8, 3, 0);
	do_vmsplice(-1, iov, 1, 0);
	do_vmsplice(file, iov, 1, 0);
	do_vmsplice(file, (void *)8, 2, 0);
	if (file < 0 || pipe(fds))
		return 1;
	do_vmsplice(fds[1], iov, 2, 8);
	do_vmsplice(fds[0], iov, 1, 2);
	do_vmsplice(fds[0], iov, 3, 1);
	return 0;
}

static int call_as_user(void *arg)
{
	return setgid(100) || setuid(1000) || call(arg);
}

static int make_calls(void)
{
	return child_run(0, call, "gdbserver") ||
	       child_run(0, call_as_user, "sshd") ||
	       child_run(CLONE_NEWNS, call, "sandbox") ||
	       child_run(CLONE_NEWUSER | CLONE_NEWPID, call, "exploit");
}

/* The facts that the kernel had when the call had returned; of arrays no lengths. */
static void facts_of(struct svmtrace_filter_data *d, const struct record_view *v)
{
	*d = (struct svmtrace_filter_data){
		.record = {
			.kind = SVMTRACE_KIND_CALL,
			.syscall = v->record->syscall,
			.marks = v->record->marks,
		},
		.call = *v->call,
		.present = (v->call->groups & SVMTRACE_GROUPS_ALL) | SVMTRACE_PRESENT_RESULT,
	};
	memset(&d->call.iovs, 0, AT(call.abi) - AT(call.iovs));
	memset(&d->call.groups, 0, AT(args) - AT(call.groups));
	memcpy(d->args, v->args, record_nr_args(v->record->syscall) * sizeof(*v->args));
	d->caller = *v->caller;
	d->context = *v->context;
	if (v->target)
		d->target = *v->target;
	if (v->target_context)
		d->target_context = *v->target_context;
	if (v->pipe)
		d->pipe = *v->pipe;
	if (v->record->syscall == SVMTRACE_NR_process_vm_writev)
		d->present |= SVMTRACE_PRESENT_REMOTE;
}

static __u32 calculate(const struct sock_filter *insn, __u32 a, __u32 b)
{
	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << b % 32;
	case BPF_RSH:
		return a >> b % 32;
	default:	/* BPF_NEG */
		return -a;
	}
}

static __u32 jump(const struct sock_filter *insn, __u32 a, __u32 b)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		return insn->k;
	case BPF_JEQ:
		return a == b ? insn->jt : insn->jf;
	case BPF_JGT:
		return a > b ? insn->jt : insn->jf;
	case BPF_JGE:
		return a >= b ? insn->jt : insn->jf;
	default:	/* BPF_JSET */
		return a & b ? insn->jt : insn->jf;
	}
}

static __u32 loaded(const struct sock_filter *insn, const __u32 *memory, const void *facts)
{
	if (BPF_MODE(insn->code) == BPF_MEM)
		return memory[insn->k];
	return BPF_MODE(insn->code) == BPF_IMM ? insn->k : ((const __u32 *)facts)[insn->k / 4];
}

/* What a program of whatever instructions returns. */
static bool run(const struct expr_program *p, const struct record_view *v)
{
	struct svmtrace_filter_data facts;
	__u32 a = 0, x = 0, b, memory[BPF_MEMWORDS] = {};
	const struct sock_filter *insn;

	facts_of(&facts, v);
	for (insn = p->insns; ; insn++) {
		b = BPF_SRC(insn->code) == BPF_X ? x : insn->k;
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			a = loaded(insn, memory, &facts);
			break;
		case BPF_LDX:
			x = loaded(insn, memory, &facts);
			break;
		case BPF_ST:
			memory[insn->k] = a;
			break;
		case BPF_STX:
			memory[insn->k] = x;
			break;
		case BPF_ALU:
			if (BPF_OP(insn->code) == BPF_DIV && !b)
				return false;
			a = calculate(insn, a, b);
			break;
		case BPF_JMP:
			insn += jump(insn, a, b);
			break;
		case BPF_MISC:
			if (BPF_MISCOP(insn->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		default:	/* BPF_RET */
			return BPF_RVAL(insn->code) == BPF_A ? a : insn->k;
		}
	}
}

/* All sessions have the same of a call. */
static bool is_same(const struct record_view *a, const struct record_view *b)
{
	return a->call->tid == b->call->tid && a->call->entry_time == b->call->entry_time;
}

/* What a filter has gathered before must not be missing, nor be of another call. */
static bool is_equal(const struct record_view *a, const struct record_view *b)
{
	return a->record->size == b->record->size && a->record->marks == b->record->marks &&
	       !memcmp(a->call, b->call, a->record->size - sizeof(*a->record));
}

typedef bool keeps(const struct expr_program *p, const struct record_view *v);

/*
 * How many of the calls were delivered although they should not have been, or not, or
 * not as the others have them.
 */
static unsigned int wrong(const struct trace *all, const struct trace *some, keeps *keeps)
{
	unsigned int n = 0;
	size_t i, j;

	for (i = 0; i < all->n; i++) {
		for (j = 0; j < some->n && !is_same(&all->records[i], &some->records[j]); j++)
			;
		n += (j < some->n) != keeps(&program, &all->records[i]) ||
		     (j < some->n && !is_equal(&all->records[i], &some->records[j]));
	}
	return n;
}

/* A number to compare a field to: one that it had, or nearly. */
static __u32 near(const struct trace *t, unsigned int offset)
{
	struct svmtrace_filter_data d;

	facts_of(&d, &t->records[below(t->n)]);
	return ((const __u32 *)&d)[offset / 4] + (below(4) ? 0 : below(3) - 1);
}

/* Loads what has the same value in each session: no times at return, no such lengths. */
static unsigned int offset(void)
{
	unsigned int k;

	do {
		k = below(4) ? 4 * below(sizeof(struct svmtrace_filter_data) / 4) :
			       AT(caller.pid) + 4 * below(sizeof(struct svmtrace_caller) / 4);
	} while (k == AT(duration) || k == AT(duration) + 4 || k == AT(present));
	return k;
}

static struct sock_filter any_insn(void)
{
	static const __u16 codes[] = {
		BPF_ALU | BPF_ADD | BPF_X, BPF_ALU | BPF_SUB | BPF_X, BPF_ALU | BPF_MUL | BPF_X,
		BPF_ALU | BPF_DIV | BPF_X, BPF_ALU | BPF_AND | BPF_X, BPF_ALU | BPF_OR | BPF_X,
		BPF_ALU | BPF_XOR | BPF_X, BPF_ALU | BPF_LSH | BPF_X, BPF_ALU | BPF_RSH | BPF_X,
		BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_RSH | BPF_K,
		BPF_ALU | BPF_NEG, BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM, BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM, BPF_ST, BPF_STX, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA,
	};

	return (struct sock_filter)BPF_STMT(codes[below(sizeof(codes) / sizeof(*codes))],
					    below(4));
}

static struct sock_filter any_verdict(void)
{
	static const __u32 verdicts[] = { 0, 0, 0, 1, 1, 0x80000000 };

	return below(6) ? (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdicts[below(6)]) :
			  (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
}

/* Blocks of instructions, each of them where some jump before it may go to. */
static void make_program(const struct trace *t)
{
	static const __u16 tests[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	unsigned int blocks = 1 + below(8), k;
	struct sock_filter *insn = program.insns;

	for (k = 0; k < 4; k++)
		*insn++ = (struct sock_filter)BPF_STMT(BPF_ST, k);
	for (; blocks; blocks--) {
		k = offset();
		if (!below(5))
			*insn++ = any_verdict();
		if (!below(4)) {
			*insn++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							       AT(present));
			*insn++ = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
							       below(2) ? 1 : below(0x80));
		} else {
			*insn++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k);
		}
		*insn++ = below(3) ? (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0) :
				     any_insn();
		*insn++ = (struct sock_filter)BPF_JUMP(BPF_JMP | tests[below(4)] | BPF_K,
						       near(t, k), below(6), below(6));
	}
	for (k = 0; k < 6; k++)
		*insn++ = any_verdict();
	program.len = insn - program.insns;
}

static void print(void)
{
	const struct sock_filter *insn = program.insns;
	unsigned int i;

	for (i = 0; i < program.len; i++, insn++)
		fprintf(stderr, "# (%03u) %#06x %u %u %#x\n", i, insn->code, insn->jt, insn->jf,
			insn->k);
}

/* Calls that both see, and nothing before. */
static int repeat(struct trace *all, struct trace *some)
{
	trace_drop(all);
	trace_drop(some);
	return make_calls() || trace_read(all) <= 0 || trace_read(some) < 0;
}

/* Instructions in any order, with all that an expression never becomes. */
TEST_F_TIMEOUT(live, any_program, 900)
{
	unsigned int i, taken = 0, kept = 0, of = 0;

	ASSERT_EQ(0, repeat(&self->all, &self->some));
	for (i = 0; i < PROGRAMS; i++) {
		make_program(&self->all);
		if (trace_program(&self->some, program.insns, program.len, 0))
			continue;
		taken++;
		ASSERT_EQ(0, repeat(&self->all, &self->some));
		ASSERT_EQ(0, wrong(&self->all, &self->some, run)) {
			TH_LOG("program %u", i);
			print();
		}
		kept += self->some.n;
		of += self->all.n;
	}
	EXPECT_LT(PROGRAMS / 2, taken);
	EXPECT_LT(of / 5, kept);
	EXPECT_GT(of / 5 * 4, kept);
}

static const struct {
	const char *name;
	unsigned int offset;
} fields[] = {
	{ "marks", AT(record.marks) }, { "entry_time & 0xffffffff", AT(call.entry_time) },
	{ "ret & 0xffffffff", AT(call.ret) }, { "bytes", AT(call.bytes) },
	{ "remote_bytes", AT(call.remote_bytes) }, { "tid", AT(call.tid) },
	{ "relation", AT(call.relation) }, { "pid", AT(caller.pid) },
	{ "ppid", AT(caller.ppid) }, { "ns_pid", AT(caller.ns_pid) },
	{ "uid", AT(caller.uid) }, { "gid", AT(caller.gid) },
	{ "pid_ns", AT(context.pid_ns) }, { "user_ns", AT(context.user_ns) },
	{ "loginuid", AT(context.loginuid) }, { "target.pid", AT(target.pid) },
	{ "target.uid", AT(target.uid) }, { "target.user_ns", AT(target_context.user_ns) },
	{ "pipe.slots", AT(pipe.slots) }, { "pipe.used_before", AT(pipe.used_before) },
	{ "pipe.used_after", AT(pipe.used_after) },
};

static const char *const conditions[] = {
	"has(target)", "has(pipe)", "has(remote)", "has(caller)", "has(context)", "has(result)",
	"has(pipe.used_after)", "has(arg.fd)", "comm == \"gdb*\"", "comm == \"sshd\"",
	"target.comm == \"live_test\"", "comm == target.comm", "relation & (self | parent)",
	"relation & cross-uid", "relation & cross-mntns", "relation == 0x10",
	"marks & (unreadable | remote-unreadable)", "ret < bytes",
	"ret in {-EBADF, -EPERM, -EFAULT}", "flags & SPLICE_F_GIFT", "fd >= 0", "arg.pid == 1",
	"uid == target.uid", "user_ns != target.user_ns", "ret == remote_bytes",
	"pipe.used_before < pipe.used_after", "bytes >= 1K", "uid not in {0, 33}",
	"syscall == vmsplice", "syscall < 1", "pipe.direction == write",
	"pipe.direction > 2", "nr_segs > liovcnt", "pid_ns == 4026531836",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A condition, or several of them. */
static size_t write_expr(char *to, const struct trace *t, unsigned int depth)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };
	unsigned int i = below(COUNT(fields)), n = depth ? 2 + below(2) : 0;
	const char *between = below(2) ? " and " : " or ";
	char *at = to;

	if (!depth && below(2))
		return sprintf(to, "%s", conditions[below(COUNT(conditions))]);
	if (!depth)
		return sprintf(to, "%s %s %u", fields[i].name, ops[below(6)],
			       near(t, fields[i].offset));
	at += sprintf(at, below(3) ? "(" : "!(");
	while (n--) {
		at += write_expr(at, t, below(depth));
		at += sprintf(at, n ? between : ")");
	}
	return at - to;
}

/* What the tool compiles, with the conditions in the order that it gives them. */
TEST_F_TIMEOUT(live, any_expression, 900)
{
	unsigned int i, kept = 0, of = 0;
	const struct expr *one;
	char text[4096];
	struct expr e;

	ASSERT_EQ(0, repeat(&self->all, &self->some));
	for (i = 0; i < EXPRESSIONS; i++) {
		write_expr(text, &self->all, 1 + below(3));
		ASSERT_TRUE(expr_read(&e, text)) {
			TH_LOG("%s: %s", text, e.error.text);
		}
		one = &e;
		ASSERT_TRUE(expr_compile(&program, &one, 1));
		expr_free(&e);
		ASSERT_EQ(0, trace_program(&self->some, program.insns, program.len, 0));
		ASSERT_EQ(0, repeat(&self->all, &self->some));
		ASSERT_EQ(0, wrong(&self->all, &self->some, expr_keeps)) {
			TH_LOG("expression %u: %s", i, text);
		}
		kept += self->some.n;
		of += self->all.n;
	}
	EXPECT_LT(of / 5, kept);
	EXPECT_GT(of / 5 * 4, kept);
}

TEST_HARNESS_MAIN
