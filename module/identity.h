/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_IDENTITY_H
#define SVMTRACE_IDENTITY_H

#include <linux/sched.h>
#include <linux/svmtrace.h>

/* The longest name of an executable that is recorded. */
#define EXE_NAME_MAX 63

/* Parts of svmtrace_caller: pid, users and start; the parent and ids in the namespace; comm. */
#define IDENTITY_IDS	0x400
#define IDENTITY_PARENT	0x800
#define IDENTITY_COMM	0x1000
/* Of the target: svmtrace_target; two parts of the relation, as far as that needs no lock. */
#define IDENTITY_TARGET		0x2000
#define IDENTITY_KIN		0x4000
#define IDENTITY_CROSSES	0x8000
/* Which bits of the relation these are. */
#define IDENTITY_KIN_BITS	(SVMTRACE_REL_SELF | SVMTRACE_REL_THREAD | SVMTRACE_REL_MM | \
				 SVMTRACE_REL_CHILD | SVMTRACE_REL_PARENT | \
				 SVMTRACE_REL_ANCESTOR | SVMTRACE_REL_TRACEE)
#define IDENTITY_CROSSES_BITS	(SVMTRACE_REL_CROSS_UID | SVMTRACE_REL_CROSS_USERNS | \
				 SVMTRACE_REL_CROSS_PIDNS | SVMTRACE_REL_CROSS_CGROUP | \
				 SVMTRACE_REL_PRIVILEGED)

/**
 * struct exe_name - base name of an executable
 * @name: not terminated
 * @len:  0 if it is the same as comm
 */
struct exe_name {
	char name[EXE_NAME_MAX] __aligned(8);
	u8 len;
};

void identity_init(void);
bool identity_knows_mnt_ns(void);
void identity_caller(struct svmtrace_caller *caller);
void identity_caller_parts(struct svmtrace_caller *caller, u32 parts);
u32 identity_context(struct svmtrace_context *context, struct exe_name *exe,
		     const char *comm);
struct task_struct *identity_find(int nr);
bool identity_is_target(struct task_struct *task, const struct svmtrace_target *target,
			const struct svmtrace_target_context *context, u32 relation);
void identity_target_parts(struct svmtrace_target *target, u32 *relation,
			   struct task_struct *task, u32 parts);
u32 identity_target(struct svmtrace_target *target,
		    struct svmtrace_target_context *context, struct exe_name *exe,
		    u32 *relation, struct task_struct *task);

#endif /* SVMTRACE_IDENTITY_H */
