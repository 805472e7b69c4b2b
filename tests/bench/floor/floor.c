// SPDX-License-Identifier: GPL-2.0
/*
 * What any tracer of these two syscalls pays at least: hooks that do nothing.
 *
 *	hook=kprobe	at the entry of each
 *	hook=kretprobe	at entry and return, with an entry handler; THE FLOOR that
 *			the benchmark counts in
 *	hook=tracepoint	sys_enter and sys_exit, which all syscalls go through
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <asm/unistd.h>

static char *hook = "kretprobe";
module_param(hook, charp, 0444);
MODULE_PARM_DESC(hook, "kprobe, kretprobe or tracepoint");

/* As large as what a tracer of these calls has to remember from entry to return. */
#define INSTANCE_SIZE 256
#define INSTANCES 64

static int nothing(struct kprobe *p, struct pt_regs *regs)
{
	return 0;
}

static int nothing_at_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return 0;
}

static int nothing_at_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return 0;
}

static struct kprobe kprobes[] = {
	{ .symbol_name = "__x64_sys_process_vm_writev", .pre_handler = nothing },
	{ .symbol_name = "__x64_sys_vmsplice", .pre_handler = nothing },
};

#define RETURN_HOOK(name) {				\
	.kp.symbol_name = name,				\
	.entry_handler = nothing_at_entry,		\
	.handler = nothing_at_return,			\
	.data_size = INSTANCE_SIZE,			\
	.maxactive = INSTANCES,				\
}

static struct kretprobe kretprobes[] = {
	RETURN_HOOK("__x64_sys_process_vm_writev"),
	RETURN_HOOK("__x64_sys_vmsplice"),
};

/* Choosing the syscall is the least that can be done. */
static void nothing_at_sys_enter(void *data, struct pt_regs *regs, long nr)
{
	if (nr == __NR_process_vm_writev || nr == __NR_vmsplice)
		barrier();
}

static void nothing_at_sys_exit(void *data, struct pt_regs *regs, long ret)
{
	if (regs->orig_ax == __NR_process_vm_writev || regs->orig_ax == __NR_vmsplice)
		barrier();
}

/* Tracepoints of syscalls are exported by no symbol, but can be looked for. */
static struct tracepoint *sys_enter, *sys_exit;

static void look_at(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "sys_enter"))
		sys_enter = tracepoint;
	else if (!strcmp(tracepoint->name, "sys_exit"))
		sys_exit = tracepoint;
}

static int add_tracepoints(void)
{
	int err;

	for_each_kernel_tracepoint(look_at, NULL);
	if (!sys_enter || !sys_exit)
		return -ENOENT;
	err = tracepoint_probe_register(sys_enter, nothing_at_sys_enter, NULL);
	if (err)
		return err;
	err = tracepoint_probe_register(sys_exit, nothing_at_sys_exit, NULL);
	if (err)
		tracepoint_probe_unregister(sys_enter, nothing_at_sys_enter, NULL);
	return err;
}

static void remove_tracepoints(void)
{
	tracepoint_probe_unregister(sys_enter, nothing_at_sys_enter, NULL);
	tracepoint_probe_unregister(sys_exit, nothing_at_sys_exit, NULL);
	tracepoint_synchronize_unregister();
}

static int add_kprobes(void)
{
	int err = register_kprobe(&kprobes[0]);

	if (err)
		return err;
	err = register_kprobe(&kprobes[1]);
	if (err)
		unregister_kprobe(&kprobes[0]);
	return err;
}

static void remove_kprobes(void)
{
	unregister_kprobe(&kprobes[1]);
	unregister_kprobe(&kprobes[0]);
}

static int add_kretprobes(void)
{
	int err = register_kretprobe(&kretprobes[0]);

	if (err)
		return err;
	err = register_kretprobe(&kretprobes[1]);
	if (err)
		unregister_kretprobe(&kretprobes[0]);
	return err;
}

static void remove_kretprobes(void)
{
	unregister_kretprobe(&kretprobes[1]);
	unregister_kretprobe(&kretprobes[0]);
}

static const struct floor {
	const char *name;
	int (*add)(void);
	void (*remove)(void);
} floors[] = {
	{ "kprobe", add_kprobes, remove_kprobes },
	{ "kretprobe", add_kretprobes, remove_kretprobes },
	{ "tracepoint", add_tracepoints, remove_tracepoints },
};

static const struct floor *chosen;

static int __init floor_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(floors); i++) {
		if (!strcmp(hook, floors[i].name))
			chosen = &floors[i];
	}
	return chosen ? chosen->add() : -EINVAL;
}

static void __exit floor_exit(void)
{
	chosen->remove();
}

module_init(floor_init);
module_exit(floor_exit);

MODULE_DESCRIPTION("Hooks that do nothing, to compare tracers with");
MODULE_LICENSE("GPL");
