// SPDX-License-Identifier: GPL-2.0
/*
 * Device: /dev/svmtrace. Checks what user space says, and passes it on.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "device.h"
#include "program.h"
#include "reader.h"
#include "ring_memory.h"
#include "session.h"

static int device_open(struct inode *inode, struct file *file)
{
	struct session *session;

	/* In the initial user namespace: what is recorded is of all users. */
	if (!perfmon_capable())
		return -EPERM;
	session = session_create();
	if (IS_ERR(session))
		return PTR_ERR(session);
	file->private_data = session;
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	session_destroy(file->private_data);
	return 0;
}

static ssize_t device_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	return reader_read(file->private_data, buf, size, file->f_flags & O_NONBLOCK);
}

static __poll_t device_poll(struct file *file, poll_table *table)
{
	return reader_poll(file->private_data, file, table);
}

static int map_ring(struct session *session, struct vm_area_struct *vma)
{
	unsigned long stride, cpu;
	struct ring *ring;
	int err;

	if (session->reading || !session_settle(session))
		return -EBUSY;
	/* Pairs with smp_store_release() in start(): now the settings are constant. */
	if (smp_load_acquire(&session->state) == SVMTRACE_STATE_NEW)
		return -ENXIO;
	stride = ring_stride(session->config.ring_size) >> PAGE_SHIFT;
	cpu = vma->vm_pgoff / stride;
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -ENXIO;
	cpu = array_index_nospec(cpu, nr_cpu_ids);
	/* Pairs with smp_store_release() in add_ring(). */
	ring = smp_load_acquire(&per_cpu_ptr(session->streams, cpu)->ring);
	if (!ring)
		return -ENXIO;
	err = ring_mmap(ring, vma, vma->vm_pgoff % stride);
	if (!err)
		session->mapped = true;
	return err;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct session *session = file->private_data;
	int err;

	mutex_lock(&session->map_lock);
	err = map_ring(session, vma);
	mutex_unlock(&session->map_lock);
	return err;
}

/* Structures of user space begin with their size. */
static int get_size(u32 *usize, const void __user *from, size_t size_ver0)
{
	if (get_user(*usize, (const u32 __user *)from))
		return -EFAULT;
	if (*usize < size_ver0)
		return -EINVAL;
	return *usize > PAGE_SIZE ? -E2BIG : 0;
}

/* Copies a structure from user space; what the caller does not know of is zero. */
static int get_struct(void *to, size_t ksize, size_t size_ver0, const void __user *from)
{
	u32 usize;
	int err = get_size(&usize, from, size_ver0);

	return err ?: copy_struct_from_user(to, ksize, from, usize);
}

/* Copies as much of a structure as the caller has room for; the rest is zero. */
static int put_struct(void __user *to, const void *from, size_t ksize, size_t size_ver0)
{
	u32 usize;
	int err = get_size(&usize, to, size_ver0);

	if (err)
		return err;
	if (copy_to_user(to, from, min_t(size_t, usize, ksize)))
		return -EFAULT;
	if (usize > ksize && clear_user(to + ksize, usize - ksize))
		return -EFAULT;
	return 0;
}

static long get_info(struct session *session, void __user *arg)
{
	struct svmtrace_info info;

	mutex_lock(&session->lock);
	session_info(session, &info);
	mutex_unlock(&session->lock);
	return put_struct(arg, &info, sizeof(info), SVMTRACE_INFO_SIZE_VER0);
}

static long get_config(struct session *session, void __user *arg)
{
	struct svmtrace_config config;

	mutex_lock(&session->lock);
	config = session->config;
	mutex_unlock(&session->lock);
	return put_struct(arg, &config, sizeof(config), SVMTRACE_CONFIG_SIZE_VER0);
}

static long set_config(struct session *session, const void __user *arg)
{
	struct svmtrace_config config;
	int err;

	err = get_struct(&config, sizeof(config), SVMTRACE_CONFIG_SIZE_VER0, arg);
	if (err)
		return err;
	mutex_lock(&session->lock);
	err = session_configure(session, &config);
	mutex_unlock(&session->lock);
	return err;
}

static long get_stats(struct session *session, void __user *arg)
{
	struct svmtrace_stats stats;

	mutex_lock(&session->lock);
	session_stats(session, &stats);
	mutex_unlock(&session->lock);
	return put_struct(arg, &stats, sizeof(stats), SVMTRACE_STATS_SIZE_VER0);
}

static int check_pids(const struct svmtrace_pids *pids)
{
	if (pids->op > SVMTRACE_PIDS_CLEAR || pids->set >= SVMTRACE_PIDS_SETS ||
	    pids->flags & ~(SVMTRACE_PIDS_FOLLOW | SVMTRACE_PIDS_THREAD) || pids->reserved ||
	    pids->count > SVMTRACE_PIDS_MAX)
		return -EINVAL;
	if (pids->flags && pids->op != SVMTRACE_PIDS_ADD)
		return -EINVAL;
	/* A thread has no children, and who writes to them is no child. */
	if (pids->flags & SVMTRACE_PIDS_FOLLOW && (pids->flags & SVMTRACE_PIDS_THREAD ||
						   pids->set > SVMTRACE_PIDS_NOT_CALLER))
		return -EINVAL;
	if (pids->op == SVMTRACE_PIDS_CLEAR && (pids->count || pids->pids))
		return -EINVAL;
	return 0;
}

static long change_pids(struct session *session, const void __user *arg)
{
	struct svmtrace_pids pids;
	u32 *nrs;
	int err;

	err = get_struct(&pids, sizeof(pids), SVMTRACE_PIDS_SIZE_VER0, arg);
	if (!err)
		err = check_pids(&pids);
	if (err)
		return err;
	pids.set = array_index_nospec(pids.set, SVMTRACE_PIDS_SETS);
	nrs = vmemdup_user(u64_to_user_ptr(pids.pids), pids.count * sizeof(*nrs));
	if (IS_ERR(nrs))
		return PTR_ERR(nrs);
	mutex_lock(&session->lock);
	err = session_change_pids(session, &pids, nrs);
	mutex_unlock(&session->lock);
	kvfree(nrs);
	return err;
}

static int check_cgroups(const struct svmtrace_cgroups *cgroups)
{
	if (cgroups->op > SVMTRACE_PIDS_CLEAR || cgroups->set >= SVMTRACE_CGROUPS_SETS ||
	    cgroups->count > SVMTRACE_CGROUPS_MAX ||
	    (cgroups->op == SVMTRACE_PIDS_CLEAR && (cgroups->count || cgroups->ids)))
		return -EINVAL;
	return 0;
}

static long change_cgroups(struct session *session, const void __user *arg)
{
	struct svmtrace_cgroups cgroups;
	u64 *ids;
	int err;

	err = get_struct(&cgroups, sizeof(cgroups), SVMTRACE_CGROUPS_SIZE_VER0, arg);
	if (!err)
		err = check_cgroups(&cgroups);
	if (err)
		return err;
	cgroups.set = array_index_nospec(cgroups.set, SVMTRACE_CGROUPS_SETS);
	ids = vmemdup_user(u64_to_user_ptr(cgroups.ids), cgroups.count * sizeof(*ids));
	if (IS_ERR(ids))
		return PTR_ERR(ids);
	mutex_lock(&session->lock);
	err = session_change_cgroups(session, &cgroups, ids);
	mutex_unlock(&session->lock);
	kvfree(ids);
	return err;
}

static int check_program(const struct svmtrace_program *request)
{
	if (request->flags & ~SVMTRACE_PROGRAM_TRIGGER || request->reserved ||
	    request->len > SVMTRACE_PROGRAM_MAX || (!request->len && request->insns))
		return -EINVAL;
	return 0;
}

static long change_program(struct session *session, const void __user *arg)
{
	struct svmtrace_program request;
	struct program *program = NULL;
	int err;

	err = get_struct(&request, sizeof(request), SVMTRACE_PROGRAM_SIZE_VER0, arg);
	if (!err)
		err = check_program(&request);
	if (err)
		return err;
	if (request.len) {
		program = program_create(&request);
		if (IS_ERR(program))
			return PTR_ERR(program);
	}
	mutex_lock(&session->lock);
	err = session_change_program(session, program,
				     request.flags & SVMTRACE_PROGRAM_TRIGGER);
	mutex_unlock(&session->lock);
	program_put(program);
	return err;
}

/* The way that a call goes: see filter_decide(). */
static u32 run_on(const struct program *program, const struct svmtrace_filter_data *data)
{
	u32 verdict;

	preempt_disable();
	verdict = program_run_early(program, data, true);
	if (verdict == PROGRAM_UNDECIDED)
		verdict = program_run(program, data);
	preempt_enable();
	return verdict;
}

static long try_on(struct session *session, struct svmtrace_try *request)
{
	struct svmtrace_filter_data *data;
	struct program *program;

	data = memdup_user(u64_to_user_ptr(request->data), sizeof(*data));
	if (IS_ERR(data))
		return PTR_ERR(data);
	mutex_lock(&session->lock);
	program = session_program(session, request->flags & SVMTRACE_PROGRAM_TRIGGER);
	mutex_unlock(&session->lock);
	if (program)
		request->verdict = run_on(program, data);
	kfree(data);
	program_put(program);
	return program ? 0 : -ENOENT;
}

static long try_program(struct session *session, void __user *arg)
{
	struct svmtrace_try request;
	long err;

	err = get_struct(&request, sizeof(request), SVMTRACE_TRY_SIZE_VER0, arg);
	if (err)
		return err;
	if (request.flags & ~SVMTRACE_PROGRAM_TRIGGER || request.verdict ||
	    request.data_size != sizeof(struct svmtrace_filter_data))
		return -EINVAL;
	err = try_on(session, &request);
	if (err)
		return err;
	request.size = sizeof(request);
	return put_struct(arg, &request, sizeof(request), SVMTRACE_TRY_SIZE_VER0);
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct session *session = file->private_data;
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case SVMTRACE_IOC_GET_INFO:
		return get_info(session, uarg);
	case SVMTRACE_IOC_GET_CONFIG:
		return get_config(session, uarg);
	case SVMTRACE_IOC_SET_CONFIG:
		return set_config(session, uarg);
	case SVMTRACE_IOC_START:
		return arg ? -EINVAL : session_start(session, false);
	case SVMTRACE_IOC_STOP:
		return arg ? -EINVAL : session_stop(session);
	case SVMTRACE_IOC_GET_STATS:
		return get_stats(session, uarg);
	case SVMTRACE_IOC_PIDS:
		return change_pids(session, uarg);
	case SVMTRACE_IOC_CGROUPS:
		return change_cgroups(session, uarg);
	case SVMTRACE_IOC_PROGRAM:
		return change_program(session, uarg);
	case SVMTRACE_IOC_FREEZE:
		return arg ? -EINVAL : session_freeze(session);
	case SVMTRACE_IOC_TRY:
		return try_program(session, uarg);
	default:
		return -ENOTTY;
	}
}

/*
 * For whoever looks into /proc/PID/fdinfo: the same names as svmtrace_stats, and whether
 * it is a flight recorder.
 */
static void device_show_fdinfo(struct seq_file *m, struct file *file)
{
	static const char * const states[] = { "new", "started", "stopped" };
	struct session *session = file->private_data;
	struct svmtrace_stats stats;
	bool flight;

	mutex_lock(&session->lock);
	session_stats(session, &stats);
	flight = session->config.flags & SVMTRACE_CONFIG_FLIGHT;
	mutex_unlock(&session->lock);
	seq_printf(m, "state:\t%s\n", states[stats.state]);
	seq_printf(m, "entered:\t%llu\n", stats.entered);
	seq_printf(m, "delivered:\t%llu\n", stats.delivered);
	seq_printf(m, "filtered:\t%llu\n", stats.filtered);
	seq_printf(m, "lost_ring_full:\t%llu\n", stats.lost_ring_full);
	seq_printf(m, "lost_nested:\t%llu\n", stats.lost_nested);
	seq_printf(m, "lost_no_ring:\t%llu\n", stats.lost_no_ring);
	seq_printf(m, "lost_simulated:\t%llu\n", stats.lost_simulated);
	seq_printf(m, "lost_overwritten:\t%llu\n", stats.lost_overwritten);
	seq_printf(m, "entries:\t%llu\n", stats.entries);
	seq_printf(m, "entries_lost:\t%llu\n", stats.entries_lost);
	seq_printf(m, "in_flight:\t%llu\n", stats.in_flight);
	seq_printf(m, "no_result:\t%llu\n", stats.no_result);
	seq_printf(m, "rings:\t%u\n", stats.rings);
	seq_printf(m, "frozen:\t%u\n", stats.frozen);
	seq_printf(m, "flight:\t%s\n",
		   !flight ? "no" : stats.frozen ? "frozen" : "recording");
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.mmap = device_mmap,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = device_show_fdinfo,
	/* Without it, kernels before 6.0 call NULL. */
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "svmtrace",
	.fops = &device_fops,
	.mode = 0600,
};

/**
 * chardev_register() - makes /dev/svmtrace appear
 *
 * Return: 0, or an error of misc_register().
 */
int chardev_register(void)
{
	return misc_register(&device);
}

/**
 * chardev_unregister() - makes it disappear; no file of it is open any more
 */
void chardev_unregister(void)
{
	misc_deregister(&device);
}
