// SPDX-License-Identifier: GPL-2.0
/* Filter programs: what the kernel accepts, and what it then decides. */
#include <errno.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "patience.h"

#include "blocked.h"
#include "calls.h"
#include "child.h"
#include "ledger.h"
#include "program.h"
#include "trace.h"

FIXTURE(program) {
	struct trace t;
};

FIXTURE_SETUP(program)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
}

FIXTURE_TEARDOWN(program)
{
	struct svmtrace_stats stats;

	EXPECT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(0, ledger_balance(&stats));
	trace_end(&self->t);
}

/* Records since the last time. */
static int seen(struct trace *t)
{
	int got = trace_read(t);

	trace_drop(t);
	return got;
}

static int calls_seen(struct trace *t)
{
	call_self();
	do_vmsplice(-1, NULL, 0, 0);
	return seen(t);
}

/* The whole list: anything else is refused, whatever it stands for. */
static const __u16 allowed[] = {
	BPF_RET | BPF_K, BPF_RET | BPF_A,
	BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_ADD | BPF_X,
	BPF_ALU | BPF_SUB | BPF_K, BPF_ALU | BPF_SUB | BPF_X,
	BPF_ALU | BPF_MUL | BPF_K, BPF_ALU | BPF_MUL | BPF_X,
	BPF_ALU | BPF_DIV | BPF_K, BPF_ALU | BPF_DIV | BPF_X,
	BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_AND | BPF_X,
	BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_OR | BPF_X,
	BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_XOR | BPF_X,
	BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_LSH | BPF_X,
	BPF_ALU | BPF_RSH | BPF_K, BPF_ALU | BPF_RSH | BPF_X,
	BPF_ALU | BPF_NEG,
	BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM,
	BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX,
	BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA,
	BPF_JMP | BPF_JA,
	BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JEQ | BPF_X,
	BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JGE | BPF_X,
	BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JGT | BPF_X,
	BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JSET | BPF_X,
};

static bool is_allowed(unsigned int code)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (allowed[i] == code)
			return true;
	}
	return false;
}

/* Every opcode there is; BPF_ST first, as a load from unset memory is refused. */
TEST_F_TIMEOUT(program, opcodes, 300)
{
	unsigned int code;

	/* A filter change waits for the calls in flight: not 65536 times. */
	for (code = 0; code < 0x200; code++) {
		/* Division by a constant zero is refused for another reason. */
		__u32 k = code == (BPF_ALU | BPF_DIV | BPF_K);
		int err = SET(&self->t, BPF_STMT(BPF_ST, 0), BPF_STMT(code, k), KEEP);

		EXPECT_EQ(is_allowed(code) ? 0 : -EINVAL, err) {
			TH_LOG("opcode %#x", code);
		}
	}
	for (; code < 0x10000; code += 0x80)
		EXPECT_EQ(-EINVAL, SET(&self->t, BPF_STMT(code, 0), KEEP));
}

TEST_F(program, packet_loads)
{
	static const __u16 codes[] = {
		BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS,
		BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND, BPF_LD | BPF_B | BPF_IND,
		BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN,
		BPF_LDX | BPF_B | BPF_MSH, BPF_LDX | BPF_W | BPF_ABS,
		BPF_ALU | BPF_MOD | BPF_K,
	};
	unsigned int i;
	int off;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		EXPECT_EQ(-EINVAL, SET(&self->t, BPF_STMT(codes[i], 4), KEEP));
	/* Negative offsets are ancillary data, and the network header. */
	for (off = SKF_AD_OFF; off <= SKF_AD_OFF + SKF_AD_MAX; off += 4)
		EXPECT_EQ(-EINVAL, SET(&self->t, LOAD((__u32)off), KEEP));
	EXPECT_EQ(-EINVAL, SET(&self->t, LOAD((__u32)SKF_NET_OFF), KEEP));
	EXPECT_EQ(-EINVAL, SET(&self->t, LOAD((__u32)SKF_LL_OFF), KEEP));
}

TEST_F(program, bounds)
{
	unsigned int k;

	for (k = 0; k < sizeof(struct svmtrace_filter_data) + 64; k++) {
		int err = k % 4 || k >= sizeof(struct svmtrace_filter_data) ? -EINVAL : 0;

		/* Only what is refused is tried at each byte. */
		if (err || k % 32 == 0)
			EXPECT_EQ(err, SET(&self->t, LOAD(k), KEEP));
	}
	EXPECT_EQ(0, SET(&self->t, LOAD(sizeof(struct svmtrace_filter_data) - 4), KEEP));
}

TEST_F(program, shapes)
{
	struct sock_filter *insns = calloc(5000, sizeof(*insns));
	unsigned int i;

	ASSERT_NE(NULL, insns);
	for (i = 0; i < 5000; i++)
		insns[i] = (struct sock_filter)KEEP;
	EXPECT_EQ(0, trace_program(&self->t, insns, SVMTRACE_PROGRAM_MAX, 0));
	EXPECT_EQ(-EINVAL, trace_program(&self->t, insns, SVMTRACE_PROGRAM_MAX + 1, 0));
	EXPECT_EQ(-EINVAL, trace_program(&self->t, insns, ~0U, 0));
	EXPECT_EQ(-EINVAL, trace_program(&self->t, insns, 0, 0));
	EXPECT_EQ(-EINVAL, trace_program(&self->t, NULL, 1, 0));
	EXPECT_EQ(-EFAULT, trace_program(&self->t, (void *)-4096UL, 8, 0));
	EXPECT_EQ(0, trace_program(&self->t, NULL, 0, 0));
	free(insns);

	EXPECT_EQ(-EINVAL, SET(&self->t, LOAD(0)));	/* no verdict */
	EXPECT_EQ(-EINVAL, SET(&self->t, BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0), KEEP));
	EXPECT_EQ(-EINVAL, SET(&self->t, BPF_STMT(BPF_LD | BPF_MEM, 0), KEEP));
	EXPECT_EQ(-EINVAL, SET(&self->t, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), KEEP));
}

TEST_F(program, refusal_keeps_the_old_one)
{
	ASSERT_EQ(0, SET(&self->t, DROP));
	EXPECT_EQ(0, calls_seen(&self->t));
	EXPECT_EQ(-EINVAL, SET(&self->t, BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), KEEP));
	EXPECT_EQ(0, calls_seen(&self->t));
	ASSERT_EQ(0, trace_program(&self->t, NULL, 0, 0));
	EXPECT_EQ(2, calls_seen(&self->t));
}

TEST_F(program, entry_facts)
{
	const __u32 pid = getpid();
	struct svmtrace_stats stats;

	/* kind, syscall, cpu: little-endian bytes of one word */
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(record)),
			 BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00),
			 IF_EQ(SVMTRACE_NR_vmsplice << 8), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(caller.pid)), IF_EQ(pid), KEEP, DROP));
	EXPECT_EQ(2, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(caller.pid)), IF_EQ(pid), DROP, KEEP));
	EXPECT_EQ(0, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(target.pid)), IF_EQ(pid), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.relation)),
			 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SVMTRACE_REL_SELF, 0, 1),
			 KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.bytes)), IF_EQ(CALL_BYTES), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(pipe.direction)),
			 IF_EQ(SVMTRACE_PIPE_BAD_FD), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(14, stats.entered);
	EXPECT_EQ(7, stats.delivered);
	EXPECT_EQ(7, stats.filtered);
}

TEST_F(program, present_says_what_is_known)
{
	/* A load of a group gathers it; vmsplice has no target. */
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(target.pid)), LOAD(AT(present)),
			 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SVMTRACE_GROUP_TARGET, 0, 1),
			 KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	/* Nor has a call to a process that does not exist. */
	EXPECT_EQ(-ESRCH, call_to(0x3fffffff));
	EXPECT_EQ(0, seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.ret)), LOAD(AT(present)),
			 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SVMTRACE_PRESENT_RESULT, 0, 1),
			 KEEP, DROP));
	EXPECT_EQ(2, calls_seen(&self->t));
}

/* Whatever it asks for is looked for, even if it loads nothing else of that. */
TEST_F(program, present_is_asked_alone)
{
	static const struct {
		__u32 bit;
		int calls;
	} of[] = {
		{ SVMTRACE_GROUP_CALLER, 2 },
		{ SVMTRACE_GROUP_CONTEXT, 2 },
		{ SVMTRACE_GROUP_TARGET, 1 },
		{ SVMTRACE_GROUP_TARGET_CONTEXT, 1 },
		{ SVMTRACE_GROUP_PIPE, 1 },
		{ SVMTRACE_PRESENT_REMOTE, 1 },
		{ SVMTRACE_PRESENT_RESULT, 2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		ASSERT_EQ(0, SET(&self->t, LOAD(AT(present)),
				 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, of[i].bit, 0, 1),
				 KEEP, DROP));
		EXPECT_EQ(of[i].calls, calls_seen(&self->t));
		ASSERT_EQ(0, SET(&self->t, LOAD(AT(present)),
				 BPF_STMT(BPF_ALU | BPF_AND | BPF_K, of[i].bit),
				 IF_EQ(of[i].bit), KEEP, DROP));
		EXPECT_EQ(of[i].calls, calls_seen(&self->t)) {
			TH_LOG("bit %#x", of[i].bit);
		}
		ASSERT_EQ(0, SET(&self->t, LOAD(AT(present)), BPF_STMT(BPF_MISC | BPF_TAX, 0),
				 BPF_STMT(BPF_LD | BPF_IMM, of[i].bit),
				 BPF_STMT(BPF_ALU | BPF_AND | BPF_X, 0),
				 BPF_STMT(BPF_RET | BPF_A, 0)));
		EXPECT_EQ(of[i].calls, calls_seen(&self->t));
	}
}

/* A jump by some bits leaves all of them to be asked for next. */
TEST_F(program, present_is_asked_twice)
{
	static const __u32 second[] = { SVMTRACE_PRESENT_RESULT, SVMTRACE_GROUP_PIPE };
	static const int calls[] = { 2, 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(second); i++) {
		ASSERT_EQ(0, SET(&self->t, LOAD(AT(present)),
				 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SVMTRACE_GROUP_CALLER, 0, 0),
				 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, second[i], 0, 1),
				 KEEP, DROP));
		EXPECT_EQ(calls[i], calls_seen(&self->t));
	}
}

/* Nor does what is decided when the call enters depend on what only its result needs. */
TEST_F(program, caller_is_always_there)
{
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(present)),
			 BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SVMTRACE_GROUP_CALLER),
			 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SVMTRACE_GROUP_CALLER, 0, 3),
			 LOAD(AT(call.ret)), IF_EQ(CALL_BYTES), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
}

/* What the call does not have is 0, not what an earlier call had there. */
TEST_F(program, absent_is_zero)
{
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(target.pid)), IF_EQ(getpid()), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(target.pid)), IF_EQ(0), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	EXPECT_EQ(-ESRCH, call_to(0x3fffffff));
	EXPECT_EQ(1, seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(pipe.direction)), IF_EQ(0), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
}

TEST_F(program, result)
{
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.ret)), IF_EQ((__u32)-EBADF), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.ret)), IF_EQ(CALL_BYTES), KEEP, DROP));
	EXPECT_EQ(1, calls_seen(&self->t));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(duration) + 4), IF_EQ(0), KEEP, DROP));
	EXPECT_EQ(2, calls_seen(&self->t));
}

/* Marks are of what is looked at, whether the session records that or not. */
TEST_F(program, marks)
{
	struct svmtrace_config config;
	struct trace t;

	trace_config(&config);
	config.groups = 0;
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, trace_start(&t, &config));
	ASSERT_EQ(0, SET(&t, LOAD(AT(record.marks)),
			 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SVMTRACE_MARK_NO_TARGET, 0, 1),
			 KEEP, DROP));
	EXPECT_EQ(0, calls_seen(&t));
	EXPECT_EQ(-ESRCH, call_to(0x3fffffff));
	EXPECT_EQ(1, seen(&t));
	trace_end(&t);
}

static int call_process(void *pid)
{
	call_to(*(const pid_t *)pid);
	return 0;
}

/*
 * Each bit of the relation is looked for, and a program that asks for one makes no record
 * that has only that.
 */
TEST_F(program, relation_is_whole)
{
	const __u32 bits[] = { SVMTRACE_REL_PARENT, SVMTRACE_REL_CROSS_MNTNS };
	struct svmtrace_config config;
	pid_t pid = getpid();
	unsigned int i;
	struct trace t;

	trace_config(&config);
	config.groups = 0;
	ASSERT_EQ(0, ioctl(self->t.fd, SVMTRACE_IOC_STOP, 0));
	ASSERT_EQ(0, trace_start(&t, &config));
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		ASSERT_EQ(0, SET(&t, LOAD(AT(call.relation)),
				 BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits[i]),
				 IF_EQ(bits[i]), KEEP, DROP));
		ASSERT_EQ(0, child_run(CLONE_NEWNS, call_process, &pid));
		ASSERT_EQ(1, trace_read(&t));
		EXPECT_EQ(bits[0] | bits[1], t.records[0].call->relation & (bits[0] | bits[1]));
		trace_drop(&t);
	}
	trace_end(&t);
}

static int try_program(struct trace *t, const struct svmtrace_filter_data *d, __u32 flags,
		       __u32 *verdict)
{
	struct svmtrace_try request = {
		.size = sizeof(request), .flags = flags, .data_size = sizeof(*d),
		.data = (uintptr_t)d,
	};
	int err = ioctl(t->fd, SVMTRACE_IOC_TRY, &request) ? -errno : 0;

	*verdict = request.verdict;
	return err;
}

/* What would it say of a call that never happened? */
TEST_F(program, tried)
{
	struct svmtrace_filter_data d = { .caller.uid = 33, .call.ret = 77 };
	struct svmtrace_try request = { .size = sizeof(request), .data_size = sizeof(d) };
	const struct svmtrace_filter_data *nowhere = (void *)8;
	__u32 verdict;

	EXPECT_EQ(-ENOENT, try_program(&self->t, &d, 0, &verdict));
	ASSERT_EQ(0, SET(&self->t, LOAD(AT(caller.uid)), BPF_STMT(BPF_RET | BPF_A, 0)));
	EXPECT_EQ(0, try_program(&self->t, &d, 0, &verdict));
	EXPECT_EQ(33, verdict);
	EXPECT_EQ(-ENOENT, try_program(&self->t, &d, SVMTRACE_PROGRAM_TRIGGER, &verdict));
	EXPECT_EQ(-EINVAL, try_program(&self->t, &d, 2, &verdict));
	EXPECT_EQ(-EFAULT, try_program(&self->t, nowhere, 0, &verdict));
	EXPECT_EQ(-EFAULT, try_program(&self->t, NULL, 0, &verdict));
	/* What has been answered is not asked again as it is. */
	request.verdict = 33;
	request.data = (uintptr_t)&d;
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_TRY, &request));
	EXPECT_EQ(EINVAL, errno);
	request.verdict = 0;
	request.data_size = sizeof(d) - 8;
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_TRY, &request));
	EXPECT_EQ(EINVAL, errno);
	request.size = SVMTRACE_TRY_SIZE_VER0 - 1;
	EXPECT_EQ(-1, ioctl(self->t.fd, SVMTRACE_IOC_TRY, &request));
	EXPECT_EQ(EINVAL, errno);
}

/* What rejects a call at entry already does not wait for its result, whatever it asks for. */
TEST_F(program, result_is_not_waited_for_in_vain)
{
	static char data[64] = "x";
	struct iovec iov = { data, sizeof(data) };
	const struct {
		size_t at;
		__u32 is;
	} facts[] = {
		{ AT(caller.uid), getuid() },
		{ AT(call.bytes), sizeof(data) },
		{ AT(pipe.direction), SVMTRACE_PIPE_WRITE },
	};
	struct svmtrace_stats stats;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(facts); i++) {
		struct blocked b = { .iov = &iov, .n = 1, .data = data, .size = sizeof(data) };
		unsigned int reject = i % 2;

		ASSERT_EQ(0, SET(&self->t, LOAD(facts[i / 2].at),
				 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					  facts[i / 2].is + reject, 0, 3),
				 LOAD(AT(call.ret)), IF_EQ(sizeof(data)), KEEP, DROP));
		ASSERT_EQ(0, blocked_start(&b));
		ASSERT_EQ(0, trace_stats(&self->t, &stats));
		EXPECT_EQ(i + 1, stats.entered);
		EXPECT_EQ(!reject, stats.in_flight);
		EXPECT_EQ((i + 1) / 2, stats.filtered);
		ASSERT_EQ(0, blocked_end(&b));
	}
	EXPECT_EQ(ARRAY_SIZE(facts), seen(&self->t));
}

/* The program in force at entry decides, although another one has replaced it. */
TEST_F(program, replaced_while_in_flight)
{
	static char data[64] = "x";
	struct iovec iov = { data, sizeof(data) };
	struct blocked b = { .iov = &iov, .n = 1, .data = data, .size = sizeof(data) };
	int i;

	ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.ret)), IF_EQ(sizeof(data)), KEEP, DROP));
	ASSERT_EQ(0, blocked_start(&b));
	seen(&self->t);
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, SET(&self->t, LOAD(AT(call.ret)), DROP));
	ASSERT_EQ(0, blocked_end(&b));
	EXPECT_EQ(1, seen(&self->t));
}

/* Nor does its session have to live on. */
TEST_F(program, session_ends_while_in_flight)
{
	static char data[64] = "x";
	struct iovec iov = { data, sizeof(data) };
	struct blocked b = { .iov = &iov, .n = 1, .data = data, .size = sizeof(data) };
	struct trace other;

	ASSERT_EQ(0, trace_start(&other, NULL));
	ASSERT_EQ(0, SET(&other, LOAD(AT(call.ret)), KEEP));
	ASSERT_EQ(0, blocked_start(&b));
	trace_end(&other);
	ASSERT_EQ(0, trace_start(&other, NULL));
	ASSERT_EQ(0, blocked_end(&b));
	/* drain_pipe() and the filling of the pipe make no calls of ours. */
	EXPECT_EQ(0, seen(&other));
	trace_end(&other);
}

static void *call_for_long(void *arg)
{
	long i;

	for (i = 0; i < 20000; i++)
		call_self();
	return arg;
}

/* Whatever the program is at the moment, each call is accounted for. */
TEST_F_TIMEOUT(program, changed_under_load, 300)
{
	struct svmtrace_stats stats;
	pthread_t threads[2];
	unsigned int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, call_for_long, NULL));
	for (i = 0; i < 60; i++) {
		EXPECT_EQ(0, SET(&self->t, LOAD(i % 3 ? AT(call.ret) : AT(call.tid)),
				 BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1 << i % 4, 0, 1),
				 KEEP, DROP));
		seen(&self->t);
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	ASSERT_EQ(0, trace_stats(&self->t, &stats));
	EXPECT_EQ(40000, stats.entered);
	EXPECT_EQ(0, stats.in_flight);
	EXPECT_EQ(stats.entered, stats.delivered + stats.filtered + ledger_lost(&stats));
}

/* Structured noise: the kernel refuses it, or runs it, and stays up. */
TEST_F_TIMEOUT(program, noise, 300)
{
	const unsigned int seed = 20261121;
	struct sock_filter insns[16];
	unsigned int i, j, len, taken = 0;

	TH_LOG("seed %u", seed);
	srandom(seed);
	for (i = 0; i < 3000; i++) {
		len = 1 + random() % 16;
		for (j = 0; j < len; j++)
			insns[j] = (struct sock_filter) {
				.code = random() % 8 ? allowed[random() % ARRAY_SIZE(allowed)] :
						       random() % 0x200,
				.jt = random() % 4, .jf = random() % 4,
				.k = random() % 4 ? 4 * (random() % 90) : random(),
			};
		insns[len - 1] = (struct sock_filter)KEEP;
		if (!trace_program(&self->t, insns, len, 0)) {
			taken++;
			calls_seen(&self->t);
		}
	}
	EXPECT_LT(10, taken);
	EXPECT_GT(3000, taken);
}

TEST_HARNESS_MAIN
