// SPDX-License-Identifier: GPL-2.0
/* Request: ioctls of the device as a fuzzer makes them, from sensible to nonsense. */
#include <linux/filter.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/svmtrace.h>

#include "kselftest.h"

#include "random.h"
#include "request.h"

#define NRS 8
#define INSNS 24

/* What a request needs: its structure, and what that points to. */
struct request {
	unsigned int cmd;
	size_t size;
	union {
		__u32 size;
		struct svmtrace_info info;
		struct svmtrace_config config;
		struct svmtrace_stats stats;
		struct svmtrace_pids pids;
		struct svmtrace_cgroups cgroups;
		struct svmtrace_program program;
		struct svmtrace_try try;
		char bytes[REQUEST_BYTES];
	} arg;
	union {
		__u32 pids[NRS];
		__u64 ids[NRS];
		struct sock_filter insns[INSNS];
		struct svmtrace_filter_data data;
	} more;
};

static void make_config(struct svmtrace_config *config, __u64 *random)
{
	static const __u32 iovs[] = { 0, 1, 16, 17, 64, 1024 };
	static const __u32 previews[] = { 0, 0, 1, 64, 4096 };
	static const __u32 watermarks[] = { 0, 1, 4096, 8192 };
	static const __u32 flushes[] = { 0, 1, 10 };

	config->flags = random_below(random, 4);
	config->format = random_below(random, 2);
	config->syscalls = 1 + random_below(random, SVMTRACE_SYSCALLS_ALL);
	config->groups = random_below(random, SVMTRACE_GROUPS_ALL + 1);
	config->ring_size = 8192 << random_below(random, 7);
	config->iovs_max = iovs[random_below(random, ARRAY_SIZE(iovs))];
	config->preview_max = previews[random_below(random, ARRAY_SIZE(previews))];
	config->watermark = watermarks[random_below(random, ARRAY_SIZE(watermarks))];
	config->flush_ms = flushes[random_below(random, ARRAY_SIZE(flushes))];
	config->lose_every = random_below(random, 4) ? 0 : 3;
}

static void make_pids(struct svmtrace_pids *pids, __u32 *nrs, __u64 *random)
{
	const __u32 some[] = { getpid(), gettid(), getppid(), 1, 2, random_next(random) };
	unsigned int i;

	pids->op = random_below(random, 3);
	pids->set = random_below(random, SVMTRACE_PIDS_SETS);
	if (pids->op == SVMTRACE_PIDS_CLEAR)
		return;
	pids->flags = pids->op == SVMTRACE_PIDS_ADD ? random_below(random, 3) : 0;
	pids->count = random_below(random, NRS + 1);
	pids->pids = (unsigned long)nrs;
	for (i = 0; i < NRS; i++)
		nrs[i] = some[random_below(random, ARRAY_SIZE(some))];
}

static void make_cgroups(struct svmtrace_cgroups *cgroups, __u64 *ids, __u64 *random)
{
	unsigned int i;

	cgroups->op = random_below(random, 3);
	cgroups->set = random_below(random, SVMTRACE_CGROUPS_SETS);
	if (cgroups->op == SVMTRACE_PIDS_CLEAR)
		return;
	cgroups->count = random_below(random, NRS + 1);
	cgroups->ids = (unsigned long)ids;
	for (i = 0; i < NRS; i++)
		ids[i] = 1 + random_below(random, 4);
}

/* Loads, arithmetic and short jumps, and a verdict at the end. */
static void make_program(struct svmtrace_program *program, struct sock_filter *insns,
			 __u64 *random)
{
	static const __u16 codes[] = {
		BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM, BPF_ST,
		BPF_LD | BPF_MEM, BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_DIV | BPF_X,
		BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_NEG, BPF_MISC | BPF_TAX,
		BPF_JMP | BPF_JA, BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JGT | BPF_X,
		BPF_LD | BPF_B | BPF_ABS, BPF_LD | BPF_W | BPF_IND,
	};
	unsigned int i;

	program->flags = random_below(random, 2);
	program->len = random_below(random, INSNS + 1);
	if (!program->len)
		return;
	program->insns = (unsigned long)insns;
	for (i = 0; i < program->len; i++) {
		/* The last two are refused. */
		insns[i].code = codes[random_below(random, random_below(random, 8) ?
						   ARRAY_SIZE(codes) - 2 : ARRAY_SIZE(codes))];
		insns[i].k = insns[i].code == (BPF_LD | BPF_W | BPF_ABS) ?
			     4 * random_below(random, sizeof(struct svmtrace_filter_data) / 4) :
			     random_below(random, 4);
		insns[i].jt = random_below(random, 2);
		insns[i].jf = random_below(random, 2);
	}
	insns[i - 1] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, random_below(random, 3) };
	if (i > 1)
		insns[i - 2] = (struct sock_filter){ BPF_RET | BPF_A };
}

static void make_try(struct svmtrace_try *try, struct svmtrace_filter_data *data,
		     __u64 *random)
{
	unsigned int i;

	try->flags = random_below(random, 2);
	try->data_size = sizeof(*data);
	try->data = (unsigned long)data;
	for (i = 0; i < sizeof(*data) / 4; i++)
		((__u32 *)data)[i] = random_next(random);
}

/* What every session goes through is what is asked for most. */
static unsigned int any_cmd(__u64 *random)
{
	static const unsigned int cmds[] = {
		SVMTRACE_IOC_START, SVMTRACE_IOC_START, SVMTRACE_IOC_START, SVMTRACE_IOC_START,
		SVMTRACE_IOC_STOP, SVMTRACE_IOC_STOP, SVMTRACE_IOC_FREEZE, SVMTRACE_IOC_TRY,
		SVMTRACE_IOC_PROGRAM, SVMTRACE_IOC_PROGRAM, SVMTRACE_IOC_PROGRAM,
		SVMTRACE_IOC_PIDS, SVMTRACE_IOC_PIDS, SVMTRACE_IOC_CGROUPS, SVMTRACE_IOC_CGROUPS,
		SVMTRACE_IOC_SET_CONFIG, SVMTRACE_IOC_SET_CONFIG, SVMTRACE_IOC_SET_CONFIG,
		SVMTRACE_IOC_GET_CONFIG, SVMTRACE_IOC_GET_STATS, SVMTRACE_IOC_GET_INFO,
	};

	return cmds[random_below(random, ARRAY_SIZE(cmds))];
}

static void make(struct request *request, unsigned int cmd, __u64 *random)
{
	memset(request, 0, sizeof(*request));
	request->cmd = cmd;
	switch (cmd) {
	case SVMTRACE_IOC_GET_INFO:
		request->size = sizeof(request->arg.info);
		break;
	case SVMTRACE_IOC_GET_CONFIG:
		request->size = sizeof(request->arg.config);
		break;
	case SVMTRACE_IOC_SET_CONFIG:
		request->size = sizeof(request->arg.config);
		make_config(&request->arg.config, random);
		break;
	case SVMTRACE_IOC_GET_STATS:
		request->size = sizeof(request->arg.stats);
		break;
	case SVMTRACE_IOC_PIDS:
		request->size = sizeof(request->arg.pids);
		make_pids(&request->arg.pids, request->more.pids, random);
		break;
	case SVMTRACE_IOC_CGROUPS:
		request->size = sizeof(request->arg.cgroups);
		make_cgroups(&request->arg.cgroups, request->more.ids, random);
		break;
	case SVMTRACE_IOC_PROGRAM:
		request->size = sizeof(request->arg.program);
		make_program(&request->arg.program, request->more.insns, random);
		break;
	case SVMTRACE_IOC_TRY:
		request->size = sizeof(request->arg.try);
		make_try(&request->arg.try, &request->more.data, random);
		break;
	default:
		return;
	}
	request->arg.size = request->size;
}

void request_good(int fd, __u64 *random)
{
	struct request request;

	make(&request, any_cmd(random), random);
	ioctl(fd, request.cmd, request.size ? &request.arg : NULL);
}

void request_config(int fd, __u64 *random)
{
	struct request request;

	make(&request, SVMTRACE_IOC_SET_CONFIG, random);
	ioctl(fd, SVMTRACE_IOC_SET_CONFIG, &request.arg);
}

/* As long as it runs its filter is in use, and whoever replaces that has to wait. */
void request_replace(int fd, unsigned int times)
{
	static const struct sock_filter insns[] = {
		[0 ... SVMTRACE_PROGRAM_MAX - 2] = { BPF_ALU | BPF_DIV | BPF_K, 0, 0, 3 },
		[SVMTRACE_PROGRAM_MAX - 1] = { BPF_RET | BPF_K, 0, 0, 1 },
	};
	struct svmtrace_program program = {
		.size = sizeof(program), .len = ARRAY_SIZE(insns),
		.insns = (unsigned long)insns,
	};
	struct svmtrace_pids nobody = { .size = sizeof(nobody), .op = SVMTRACE_PIDS_CLEAR };

	ioctl(fd, SVMTRACE_IOC_PROGRAM, &program);
	for (; times; times--)
		ioctl(fd, SVMTRACE_IOC_PIDS, &nobody);
}

/* Not a size of ring that takes a second to allocate. */
static void keep_small(struct request *request)
{
	if (request->cmd == SVMTRACE_IOC_SET_CONFIG && request->arg.config.ring_size > 1 << 20)
		request->arg.config.ring_size = 1 << 20;
}

void request_bad(int fd, char *end, __u64 *random)
{
	static const __u32 sizes[] = { 0, 4, 8, 24, 32, 48, 96, 104, 112, 136, 4096, 4097, ~0U };
	unsigned int i, nr = random_below(random, 2 * _IOC_NR(SVMTRACE_IOC_CGROUPS));
	struct request request;
	unsigned int there;
	void *arg;

	make(&request, _IO(_IOC_TYPE(SVMTRACE_IOC_START), nr), random);
	for (i = random_below(random, 4); i; i--)
		request.arg.bytes[random_below(random, 64)] ^= 1 << random_below(random, 8);
	keep_small(&request);
	if (random_below(random, 2))
		request.arg.size = random_below(random, 2) ? request.size :
				   sizes[random_below(random, ARRAY_SIZE(sizes))];
	/* All of it, or less, or with something after it, before memory ends. */
	there = random_below(random, 3) ? request.size : random_below(random, REQUEST_BYTES);
	arg = memcpy(end - there, &request.arg, there);
	ioctl(fd, request.cmd, random_below(random, 8) ? arg : (void *)random_next(random));
}
