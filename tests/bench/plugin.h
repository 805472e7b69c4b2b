/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What profile.c uses of the interface for plugins of QEMU, in version 1: that of QEMU
 * 4.2 to 8.2. Debian has no header of it.
 */
#ifndef SVMTRACE_BENCH_PLUGIN_H
#define SVMTRACE_BENCH_PLUGIN_H

#include <stddef.h>
#include <linux/types.h>

struct qemu_info;
struct block;
struct insn;

/* enum qemu_plugin_op, enum qemu_plugin_cb_flags */
enum { INLINE_ADD_U64 = 0, NO_REGS = 0 };

int qemu_plugin_install(__u64 id, const struct qemu_info *info, int argc, char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(__u64 id,
					   void (*translated)(__u64, struct block *));
size_t qemu_plugin_tb_n_insns(const struct block *block);
struct insn *qemu_plugin_tb_get_insn(const struct block *block, size_t i);
__u64 qemu_plugin_insn_vaddr(const struct insn *insn);
size_t qemu_plugin_insn_size(const struct insn *insn);
const void *qemu_plugin_insn_data(const struct insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct insn *insn, int op, void *counter,
						__u64 by);
void qemu_plugin_register_vcpu_insn_exec_cb(struct insn *insn,
					    void (*executed)(unsigned int, void *),
					    int flags, void *data);

#endif /* SVMTRACE_BENCH_PLUGIN_H */
