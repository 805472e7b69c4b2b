// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU that counts how often each instruction of the guest is executed.
 *
 *	-plugin profile.so,out=FILE
 *
 * Two instructions that do nothing mark what is of interest: see measure.c. The first
 * one sets all counters to zero, the second one writes them to FILE.0, FILE.1 and so on,
 * an address and its counter a line. For a guest with one processor.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

int qemu_plugin_version = 1;

/* Open addressing; more than a guest executes. The counters must not move. */
#define SLOT_BITS 22
enum { SLOTS = 1 << SLOT_BITS };

static struct slot {
	__u64 addr, count;
} *slots;

static const char *path;

static __u64 *counter_of(__u64 addr)
{
	size_t i = addr * 0x9e3779b97f4a7c15ULL >> (64 - SLOT_BITS);

	while (slots[i].addr && slots[i].addr != addr)
		i = (i + 1) % SLOTS;
	slots[i].addr = addr;
	return &slots[i].count;
}

static void begin(unsigned int cpu, void *data)
{
	size_t i;

	(void)cpu;
	(void)data;
	for (i = 0; i < SLOTS; i++)
		slots[i].count = 0;
}

static void end(unsigned int cpu, void *data)
{
	static unsigned int number;
	char name[4096];
	FILE *file;
	size_t i;

	(void)cpu;
	(void)data;
	snprintf(name, sizeof(name), "%s.%u", path, number++);
	file = fopen(name, "w");
	if (!file) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	for (i = 0; i < SLOTS; i++) {
		if (slots[i].count)
			fprintf(file, "%016llx %llu\n", slots[i].addr, slots[i].count);
	}
	fclose(file);
}

static bool is(const struct insn *insn, const char *bytes)
{
	return qemu_plugin_insn_size(insn) == strlen(bytes) &&
	       !memcmp(qemu_plugin_insn_data(insn), bytes, strlen(bytes));
}

static void translated(__u64 id, struct block *block)
{
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
		struct insn *insn = qemu_plugin_tb_get_insn(block, i);

		/* xchg %r15, %r15 and xchg %r14, %r14 */
		if (is(insn, "\x4d\x87\xff"))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGS, NULL);
		if (is(insn, "\x4d\x87\xf6"))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGS, NULL);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
							   counter_of(qemu_plugin_insn_vaddr(insn)),
							   1);
	}
}

/* Called by QEMU when it loads the plugin; -1 refuses. */
int qemu_plugin_install(__u64 id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	path = argv[0] + 4;
	slots = calloc(SLOTS, sizeof(*slots));
	if (!slots)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
