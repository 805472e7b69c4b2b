/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of what a record holds as numbers: syscalls, arguments, bits, errors.
 * Used by the module's text and by every output of the tool, so that a thing
 * has one name everywhere; knows nothing but the UAPI.
 */
#ifndef SVMTRACE_NAMES_H
#define SVMTRACE_NAMES_H

#include <linux/svmtrace.h>

#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stddef.h>
#endif

/* The longest error name, "ERESTART_RESTARTBLOCK", and its zero fit. */
#define NAME_ERROR_LEN	32

/**
 * struct name_bit - a bit of a mask and its name
 * @bit:  the bit; 0 ends a table
 * @name: its name
 */
struct name_bit {
	__u32 bit;
	const char *name;
};

extern const struct name_bit name_relations[];
extern const struct name_bit name_marks[];
extern const struct name_bit name_groups[];
extern const struct name_bit name_splice_flags[];

/* How an argument is shown: the @show of SVMTRACE_ARG(). */
enum arg_show {
	ARG_DEC,
	ARG_HEX,
	ARG_PID,
	ARG_FD,
	ARG_LOCAL_IOV,
	ARG_REMOTE_IOV,
	ARG_SPLICE_FLAGS,
};

/* What the kernel takes an argument as: the @type of SVMTRACE_ARG(). */
enum arg_type {
	ARG_u64,
	ARG_s32,
	ARG_u32,
};

/**
 * struct arg_info - an argument of a traced syscall
 * @name: as in the syscall's manual page
 * @show: an enum arg_show
 * @type: an enum arg_type
 */
struct arg_info {
	const char *name;
	__u8 show;
	__u8 type;
};

const struct arg_info *arg_info(unsigned int syscall, unsigned int index);

const char *name_syscall(unsigned int syscall);
const char *name_kind(unsigned int kind);
const char *name_abi(unsigned int abi);
const char *name_direction(unsigned int direction);
const char *name_restart(long long ret);
const char *name_error(char *buf, size_t size, long long ret);

#endif /* SVMTRACE_NAMES_H */
