// SPDX-License-Identifier: GPL-2.0
/*
 * Identity: who the caller and the target are, and how they are related.
 *
 * All of it runs in a probe: under RCU, without sleeping
 * locks. What of another task can only be read under its lock (its mm and its
 * namespaces are freed without RCU) is read under a trylock, or not at all.
 */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/namei.h>
#include <linux/nsproxy.h>
#include <linux/ns_common.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <asm/word-at-a-time.h>

#include "compat.h"
#include "identity.h"

/* Further up than this, an ancestor is no longer looked for. */
#define ANCESTORS_MAX 64

/* Offset of the ns_common in a struct mnt_namespace, which is private to fs/. */
static int mnt_ns_offset __read_mostly = -1;

/**
 * identity_init() - learns where a mount namespace keeps its inode number
 *
 * Compares the caller's own with what /proc says of it. May sleep.
 */
void identity_init(void)
{
	static const u8 candidates[] = { 0, 8 };
	struct path path;
	unsigned int i;

	if (kern_path("/proc/self/ns/mnt", LOOKUP_FOLLOW, &path))
		return;
	for (i = 0; i < ARRAY_SIZE(candidates) && mnt_ns_offset < 0; i++) {
		struct ns_common *ns = (void *)current->nsproxy->mnt_ns + candidates[i];

		if (ns->inum == d_inode(path.dentry)->i_ino)
			mnt_ns_offset = candidates[i];
	}
	path_put(&path);
}

/**
 * identity_knows_mnt_ns() - can mount namespaces be told?
 *
 * Return: whether identity_init() found out how.
 */
bool identity_knows_mnt_ns(void)
{
	return mnt_ns_offset >= 0;
}

static u32 mnt_ns_inum(const struct nsproxy *nsproxy)
{
	const struct ns_common *ns;

	if (!nsproxy || mnt_ns_offset < 0)
		return 0;
	ns = (const void *)nsproxy->mnt_ns + mnt_ns_offset;
	return ns->inum;
}

/* Kernels differ in whether bytes after the zero are zero: ours are. */
static void copy_comm(char *to, const char *comm)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long words[SVMTRACE_COMM_LEN / sizeof(long)], bits, mask = ~0UL;
	unsigned int i;

	memcpy(words, comm, sizeof(words));
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] &= mask;
		if (mask && has_zero(words[i], &bits, &constants)) {
			bits = prep_zero_mask(words[i], bits, &constants);
			words[i] &= zero_bytemask(create_zero_mask(bits));
			mask = 0;
		}
	}
	memcpy(to, words, sizeof(words));
}

/* The number of @pid in the namespace @ns, 0 if it is not in there. */
static u32 pid_nr_at(const struct pid *pid, const struct pid_namespace *ns,
		     unsigned int level)
{
	return pid && level <= pid->level && pid->numbers[level].ns == ns ?
	       pid->numbers[level].nr : 0;
}

/**
 * identity_caller() - who current is
 * @caller: filled in
 *
 * Under rcu_read_lock().
 */
void identity_caller(struct svmtrace_caller *caller)
{
	struct task_struct *parent = rcu_dereference(current->real_parent);
	const struct cred *cred = current_cred();
	const struct pid *tid = task_pid(current);
	unsigned int level = tid->level;
	const struct pid_namespace *ns = tid->numbers[level].ns;

	caller->pid = current->tgid;
	caller->ppid = parent->tgid;
	caller->ns_tid = tid->numbers[level].nr;
	caller->ns_pid = pid_nr_at(task_tgid(current), ns, level);
	caller->ns_ppid = pid_nr_at(task_tgid(parent), ns, level);
	caller->uid = cred->uid.val;
	caller->euid = cred->euid.val;
	caller->gid = cred->gid.val;
	caller->start_time = current->group_leader->start_boottime;
	copy_comm(caller->comm, current->comm);
}

/*
 * The base name, which a rename may change while it is read: bounded by the
 * length, cut at a zero, read through the fault handler, so at worst it is a
 * mixture of two names. The caller checks afterwards that the file was still
 * the executable.
 */
static u32 copy_name(struct exe_name *exe, const struct dentry *dentry, const char *comm)
{
	u32 len = READ_ONCE(dentry->d_name.len);
	u32 marks = 0;

	if (len > EXE_NAME_MAX) {
		len = EXE_NAME_MAX;
		marks = SVMTRACE_MARK_EXE_TRUNCATED;
	}
	if (copy_from_kernel_nofault(exe->name, READ_ONCE(dentry->d_name.name), len))
		len = 0;
	len = strnlen(exe->name, len);
	if (len < SVMTRACE_COMM_LEN && !memcmp(exe->name, comm, len) && !comm[len])
		len = 0;
	exe->len = len;
	return marks;
}

struct exe {
	u64 ino;
	u32 dev;
	u32 marks;
};

/*
 * The executable of @mm, which cannot go away meanwhile. Its file can, if the
 * process replaces it (PR_SET_MM): what was read of another is thrown away.
 */
static void read_exe(struct exe *exe, struct exe_name *name,
		     const struct mm_struct *mm, const char *comm)
{
	const struct file *file = mm ? rcu_dereference(mm->exe_file) : NULL;
	const struct inode *inode = file ? READ_ONCE(file->f_inode) : NULL;
	const struct dentry *dentry;

	*exe = (struct exe){};
	name->len = 0;
	if (!inode)
		return;
	dentry = READ_ONCE(file->f_path.dentry);
	if (!dentry)
		return;
	exe->ino = inode->i_ino;
	exe->dev = inode->i_sb->s_dev;
	exe->marks = copy_name(name, dentry, comm);
	if (IS_ROOT(dentry))
		exe->marks |= SVMTRACE_MARK_EXE_MEMFD;
	else if (d_unlinked(dentry))
		exe->marks |= SVMTRACE_MARK_EXE_DELETED;
	/* Pairs with the barrier of rcu_assign_pointer() by who replaces it. */
	smp_rmb();
	if (rcu_access_pointer(mm->exe_file) != file) {
		*exe = (struct exe){};
		name->len = 0;
	}
}

static u64 cgroup_of(struct task_struct *task)
{
	return cgroup_id(task_dfl_cgroup(task));
}

static u32 pid_ns_of(struct task_struct *task)
{
	struct pid_namespace *ns = task_active_pid_ns(task);

	return ns ? ns->ns.inum : 0;
}

/**
 * identity_context() - where current runs
 * @context: filled in
 * @exe:     filled in
 *
 * Under rcu_read_lock().
 *
 * Return: SVMTRACE_MARK_EXE_ bits.
 */
u32 identity_context(struct svmtrace_context *context, struct exe_name *exe)
{
	const struct cred *cred = current_cred();
	struct exe file;

	read_exe(&file, exe, current->mm, current->comm);
	context->loginuid = audit_get_loginuid(current).val;
	context->session = audit_get_sessionid(current);
	context->pid_ns = pid_ns_of(current);
	context->mnt_ns = mnt_ns_inum(current->nsproxy);
	context->user_ns = cred->user_ns->ns.inum;
	context->exe_dev = file.dev;
	context->exe_ino = file.ino;
	context->caps = cap_bits(&cred->cap_effective);
	context->cgroup = cgroup_of(current);
	return file.marks;
}

/**
 * identity_find() - resolves a thread id as process_vm_writev() does
 * @nr: number in the pid namespace of current
 *
 * Under rcu_read_lock(), for as long as the result is used.
 *
 * Return: the task, or NULL.
 */
struct task_struct *identity_find(int nr)
{
	return pid_task(find_vpid(nr), PIDTYPE_PID);
}

static bool is_ancestor(const struct task_struct *of, const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < ANCESTORS_MAX && of->pid > 1; i++) {
		of = rcu_dereference(of->real_parent);
		if (of->signal == task->signal)
			return true;
	}
	return false;
}

static u32 relation_of_kin(struct task_struct *task)
{
	u32 relation = 0;

	if (task == current)
		relation |= SVMTRACE_REL_SELF;
	if (task->mm && READ_ONCE(task->mm) == current->mm)
		relation |= SVMTRACE_REL_MM;
	if (same_thread_group(task, current))
		return relation | SVMTRACE_REL_THREAD;
	if (rcu_dereference(task->real_parent)->signal == current->signal)
		relation |= SVMTRACE_REL_CHILD;
	else if (is_ancestor(current, task))
		relation |= SVMTRACE_REL_ANCESTOR;
	if (rcu_dereference(current->real_parent)->signal == task->signal)
		relation |= SVMTRACE_REL_PARENT;
	if (READ_ONCE(task->ptrace) &&
	    rcu_dereference(task->parent)->signal == current->signal)
		relation |= SVMTRACE_REL_TRACEE;
	return relation;
}

/* As ptrace judges it: by permitted capabilities, and by user namespace. */
static bool is_privileged(const struct cred *target, const struct cred *caller)
{
	const struct user_namespace *ns = target->user_ns;

	if (ns == caller->user_ns)
		return !cap_issubset(target->cap_permitted, caller->cap_permitted);
	while (ns && ns != caller->user_ns)
		ns = ns->parent;
	return !ns;
}

static u32 relation_of_cred(const struct cred *target, const struct cred *caller)
{
	u32 relation = 0;

	if (!uid_eq(target->uid, caller->uid))
		relation |= SVMTRACE_REL_CROSS_UID;
	if (target->user_ns != caller->user_ns)
		relation |= SVMTRACE_REL_CROSS_USERNS;
	if (is_privileged(target, caller))
		relation |= SVMTRACE_REL_PRIVILEGED;
	return relation;
}

/**
 * identity_target() - who the target is, and what it is to current
 * @target:   filled in
 * @context:  filled in
 * @exe:      filled in
 * @relation: SVMTRACE_REL_ bits
 * @task:     from identity_find()
 *
 * Under rcu_read_lock().
 *
 * Return: SVMTRACE_MARK_ bits.
 */
u32 identity_target(struct svmtrace_target *target,
		    struct svmtrace_target_context *context, struct exe_name *exe,
		    u32 *relation, struct task_struct *task)
{
	const struct cred *cred = __task_cred(task);
	struct exe file = {};
	u32 marks = 0;

	target->pid = task->tgid;
	target->uid = cred->uid.val;
	target->start_time = task->group_leader->start_boottime;
	copy_comm(target->comm, task->comm);

	*relation = relation_of_kin(task) | relation_of_cred(cred, current_cred());
	context->pid_ns = pid_ns_of(task);
	context->user_ns = cred->user_ns->ns.inum;
	context->cgroup = cgroup_of(task);
	if (task_active_pid_ns(task) != task_active_pid_ns(current))
		*relation |= SVMTRACE_REL_CROSS_PIDNS;
	if (context->cgroup != cgroup_of(current))
		*relation |= SVMTRACE_REL_CROSS_CGROUP;

	/* The lock that task_lock() takes: it holds mm and nsproxy in place. */
	context->mnt_ns = 0;
	exe->len = 0;
	if (spin_trylock(&task->alloc_lock)) {
		read_exe(&file, exe, task->mm, target->comm);
		context->mnt_ns = mnt_ns_inum(task->nsproxy);
		if (task->nsproxy && task->nsproxy->mnt_ns != current->nsproxy->mnt_ns)
			*relation |= SVMTRACE_REL_CROSS_MNTNS;
		spin_unlock(&task->alloc_lock);
		marks |= file.marks << SVMTRACE_MARK_TARGET_EXE_SHIFT;
	} else {
		marks |= SVMTRACE_MARK_TARGET_BUSY;
	}
	context->exe_dev = file.dev;
	context->exe_ino = file.ino;
	return marks;
}
