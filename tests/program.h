/* SPDX-License-Identifier: GPL-2.0 */
/* Filter programs, written down as what they are. */
#ifndef SVMTRACE_TESTS_PROGRAM_H
#define SVMTRACE_TESTS_PROGRAM_H

#include <linux/filter.h>
#include <stddef.h>

#include "trace.h"

#define AT(member)	offsetof(struct svmtrace_filter_data, member)
#define LOAD(offset)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define KEEP		BPF_STMT(BPF_RET | BPF_K, 1)
#define DROP		BPF_STMT(BPF_RET | BPF_K, 0)
#define IF_EQ(k)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1)
#define SET(t, ...) ({ \
	struct sock_filter insns_[] = { __VA_ARGS__ }; \
	trace_program(t, insns_, ARRAY_SIZE(insns_), 0); })

#endif /* SVMTRACE_TESTS_PROGRAM_H */
