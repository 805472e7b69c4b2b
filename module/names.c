// SPDX-License-Identifier: GPL-2.0
/*
 * Names of what a record holds as numbers. This file is compiled into the
 * kernel module and into the tool.
 */
#ifdef __KERNEL__
#include <linux/err.h>
#include <linux/kernel.h>
#else
#include <stdio.h>
#include <string.h>
#endif

#include "names.h"
#include "record.h"

#define NAMES(table) (sizeof(table) / sizeof((table)[0]))

const struct name_bit name_relations[] = {
	{ SVMTRACE_REL_SELF,		"self" },
	{ SVMTRACE_REL_THREAD,		"thread" },
	{ SVMTRACE_REL_MM,		"mm" },
	{ SVMTRACE_REL_CHILD,		"child" },
	{ SVMTRACE_REL_PARENT,		"parent" },
	{ SVMTRACE_REL_ANCESTOR,	"ancestor" },
	{ SVMTRACE_REL_TRACEE,		"tracee" },
	{ SVMTRACE_REL_CROSS_UID,	"cross-uid" },
	{ SVMTRACE_REL_CROSS_USERNS,	"cross-userns" },
	{ SVMTRACE_REL_CROSS_PIDNS,	"cross-pidns" },
	{ SVMTRACE_REL_CROSS_MNTNS,	"cross-mntns" },
	{ SVMTRACE_REL_CROSS_CGROUP,	"cross-cgroup" },
	{ SVMTRACE_REL_PRIVILEGED,	"privileged" },
	{ 0, NULL }
};

#define REMOTE SVMTRACE_MARK_REMOTE_SHIFT
#define PREVIEW SVMTRACE_MARK_PREVIEW_SHIFT
#define TARGET_EXE SVMTRACE_MARK_TARGET_EXE_SHIFT

const struct name_bit name_marks[] = {
	{ SVMTRACE_MARK_TRUNCATED, "truncated" },
	{ SVMTRACE_MARK_UNREADABLE, "unreadable" },
	{ SVMTRACE_MARK_AT_RETURN, "at-return" },
	{ SVMTRACE_MARK_CHANGED, "changed" },
	{ SVMTRACE_MARK_UNCHECKED, "unchecked" },
	{ SVMTRACE_MARK_TRUNCATED << REMOTE, "remote-truncated" },
	{ SVMTRACE_MARK_UNREADABLE << REMOTE, "remote-unreadable" },
	{ SVMTRACE_MARK_AT_RETURN << REMOTE, "remote-at-return" },
	{ SVMTRACE_MARK_CHANGED << REMOTE, "remote-changed" },
	{ SVMTRACE_MARK_UNCHECKED << REMOTE, "remote-unchecked" },
	{ SVMTRACE_MARK_TRUNCATED << PREVIEW, "preview-truncated" },
	{ SVMTRACE_MARK_UNREADABLE << PREVIEW, "preview-unreadable" },
	{ SVMTRACE_MARK_AT_RETURN << PREVIEW, "preview-at-return" },
	{ SVMTRACE_MARK_CHANGED << PREVIEW, "preview-changed" },
	{ SVMTRACE_MARK_UNCHECKED << PREVIEW, "preview-unchecked" },
	{ SVMTRACE_MARK_NO_RESULT, "no-result" },
	{ SVMTRACE_MARK_NO_TARGET, "no-target" },
	{ SVMTRACE_MARK_TARGET_BUSY, "target-busy" },
	{ SVMTRACE_MARK_EXE_TRUNCATED, "exe-truncated" },
	{ SVMTRACE_MARK_EXE_DELETED, "exe-deleted" },
	{ SVMTRACE_MARK_EXE_MEMFD, "exe-memfd" },
	{ SVMTRACE_MARK_EXE_TRUNCATED << TARGET_EXE, "target-exe-truncated" },
	{ SVMTRACE_MARK_EXE_DELETED << TARGET_EXE, "target-exe-deleted" },
	{ SVMTRACE_MARK_EXE_MEMFD << TARGET_EXE, "target-exe-memfd" },
	{ SVMTRACE_MARK_UNDECIDED, "undecided" },
	{ SVMTRACE_MARK_TARGET_AT_RETURN, "target-at-return" },
	{ SVMTRACE_MARK_TARGET_CHANGED, "target-changed" },
	{ 0, NULL }
};

const struct name_bit name_groups[] = {
	{ SVMTRACE_GROUP_CALLER,	"caller" },
	{ SVMTRACE_GROUP_CONTEXT,	"context" },
	{ SVMTRACE_GROUP_TARGET,	"target" },
	{ SVMTRACE_GROUP_TARGET_CONTEXT, "target-context" },
	{ SVMTRACE_GROUP_PIPE,		"pipe" },
	{ SVMTRACE_GROUP_EXTRA,		"extra" },
	{ 0, NULL }
};

/* <linux/splice.h> has them for the kernel only. */
const struct name_bit name_splice_flags[] = {
	{ 0x1, "SPLICE_F_MOVE" },
	{ 0x2, "SPLICE_F_NONBLOCK" },
	{ 0x4, "SPLICE_F_MORE" },
	{ 0x8, "SPLICE_F_GIFT" },
	{ 0, NULL }
};

static const char *name_at(const char *const *names, size_t count, size_t index)
{
	return index < count && names[index] ? names[index] : "?";
}

#define ARG_ROW(syscall, index) \
	(SVMTRACE_NR_##syscall * SVMTRACE_ARGS_MAX + (index))

/**
 * arg_info() - describes an argument of a traced syscall
 * @syscall: SVMTRACE_NR_
 * @index:   which argument, from 0
 *
 * Return: its row of the table, or NULL if there is none. Any context.
 */
const struct arg_info *arg_info(unsigned int syscall, unsigned int index)
{
	static const struct arg_info table[SVMTRACE_NR_SYSCALLS * SVMTRACE_ARGS_MAX] = {
#define SVMTRACE_ARG(syscall, index, type, name, show, help) \
	[ARG_ROW(syscall, index)] = { #name, ARG_##show, ARG_##type },
#include <linux/svmtrace_fields.h>
	};

	if (index >= record_nr_args(syscall))
		return NULL;
	return &table[syscall * SVMTRACE_ARGS_MAX + index];
}

/**
 * name_syscall() - name of a traced syscall
 * @syscall: SVMTRACE_NR_
 *
 * Return: its name, "?" for an unknown one. Any context.
 */
const char *name_syscall(unsigned int syscall)
{
	static const char *const names[] = {
#define SVMTRACE_SYSCALL(number, name, nr_args) \
	[number] = #name,
#include <linux/svmtrace_fields.h>
	};

	return name_at(names, NAMES(names), syscall);
}

/**
 * name_kind() - name of a kind of record
 * @kind: SVMTRACE_KIND_
 *
 * Return: its name, "?" for an unknown one. Any context.
 */
const char *name_kind(unsigned int kind)
{
	static const char *const names[] = {
		[SVMTRACE_KIND_GAP] = "gap",
		[SVMTRACE_KIND_CALL] = "call",
		[SVMTRACE_KIND_ENTRY] = "entry",
	};

	return name_at(names, NAMES(names), kind);
}

/**
 * name_abi() - name of a system call ABI
 * @abi: SVMTRACE_ABI_
 *
 * Return: its name, "?" for an unknown one. Any context.
 */
const char *name_abi(unsigned int abi)
{
	static const char *const names[] = {
		[SVMTRACE_ABI_64] = "64",
		[SVMTRACE_ABI_IA32] = "ia32",
		[SVMTRACE_ABI_X32] = "x32",
	};

	return name_at(names, NAMES(names), abi);
}

/**
 * name_direction() - name of what a file descriptor of vmsplice() is
 * @direction: SVMTRACE_PIPE_
 *
 * Return: its name, "?" for an unknown one. Any context.
 */
const char *name_direction(unsigned int direction)
{
	static const char *const names[] = {
		[SVMTRACE_PIPE_NONE] = "not-a-pipe",
		[SVMTRACE_PIPE_WRITE] = "write",
		[SVMTRACE_PIPE_READ] = "read",
		[SVMTRACE_PIPE_BAD_FD] = "bad-fd",
	};

	return name_at(names, NAMES(names), direction);
}

/**
 * name_restart() - name of a result that user space does not get to see
 * @ret: what the kernel function returned
 *
 * These stand for a call that a signal interrupted: the kernel restarts it or
 * fails it with EINTR, which is decided after the function has returned.
 *
 * Return: the name, or NULL if @ret is none of them. Any context.
 */
const char *name_restart(long long ret)
{
	switch (ret) {
	case -512:
		return "ERESTARTSYS";
	case -513:
		return "ERESTARTNOINTR";
	case -514:
		return "ERESTARTNOHAND";
	case -516:
		return "ERESTART_RESTARTBLOCK";
	default:
		return NULL;
	}
}

/**
 * name_error() - name of the error that a result says
 * @buf:  room for a name that is not a constant
 * @size: of @buf, at least NAME_ERROR_LEN
 * @ret:  what the kernel function returned
 *
 * Return: the name, "errno N" if it has none, or NULL if @ret is no error. Any
 * context.
 */
const char *name_error(char *buf, size_t size, long long ret)
{
	const char *name;

	if (ret >= 0)
		return NULL;
	name = name_restart(ret);
	if (name || ret < -4095)
		return name;
#ifdef __KERNEL__
	/* "-EPERM", or "-1" where CONFIG_SYMBOLIC_ERRNAME is not set. */
	snprintf(buf, size, "%pe", ERR_PTR((long)ret));
	if (buf[0] == '-' && buf[1] == 'E')
		return buf + 1;
#else
	name = strerrorname_np((int)-ret);
	if (name)
		return name;
#endif
	snprintf(buf, size, "errno %lld", -ret);
	return buf;
}
