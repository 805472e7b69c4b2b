// SPDX-License-Identifier: GPL-2.0
/*
 * svmtrace: records every process_vm_writev(2) and vmsplice(2) call.
 *
 * The way of the data, and of the files:
 *
 *	probe -> filter, snapshot (umem, identity, pipe) -> emit -> stream -> ring
 *	      -> reader (text) or user space's own mapping (ring_memory)
 *
 * with device and session for the other direction.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "device.h"
#include "emit.h"
#include "probe.h"
#include "ring_memory.h"
#include "session.h"
#include "version.h"

static unsigned int instances = 4096;
module_param(instances, uint, 0444);
MODULE_PARM_DESC(instances,
		 "calls in flight whose return is seen, per syscall (a quarter for ia32 callers), 64 to 65536; 2 KiB of memory each while tracing (default 4096)");

static unsigned int sessions = 16;
module_param(sessions, uint, 0444);
MODULE_PARM_DESC(sessions,
		 "sessions that can be open at once, 1 to 16 (default 16)");

static unsigned int memory_mb;
module_param(memory_mb, uint, 0444);
MODULE_PARM_DESC(memory_mb,
		 "bound on the memory of all rings in MiB, up to the machine's memory; 0 (default): an eighth of it");

static int __init svmtrace_init(void)
{
	int err;

	if (instances < 64 || instances > 65536) {
		pr_err("instances must be from 64 to 65536, not %u\n", instances);
		return -EINVAL;
	}
	emit_init();
	err = ring_memory_init(memory_mb);
	if (err)
		return err;
	err = sessions_init(sessions);
	if (err)
		return err;
	err = probe_init(instances);
	if (err)
		goto err_sessions;
	err = chardev_register();
	if (err)
		goto err_probe;
	return 0;

err_probe:
	probe_exit();
err_sessions:
	sessions_exit();
	return err;
}

static void __exit svmtrace_exit(void)
{
	chardev_unregister();
	probe_exit();
	sessions_exit();
}

module_init(svmtrace_init);
module_exit(svmtrace_exit);

MODULE_DESCRIPTION("Records every process_vm_writev(2) and vmsplice(2) call");
MODULE_AUTHOR("The svmtrace developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(SVMTRACE_VERSION);
