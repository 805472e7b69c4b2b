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
#include <linux/file.h>
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

/* The bytes before the first zero; the others become zero. */
static __always_inline unsigned long up_to_zero(unsigned long word)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long bits;

	if (!has_zero(word, &bits, &constants))
		return word;
	return word & zero_bytemask(create_zero_mask(prep_zero_mask(word, bits, &constants)));
}

/*
 * A comm, or another name as short, is two words, so that it is handled in registers.
 * The first byte is the lowest: see cap_bits().
 */
#define WORD_BYTES sizeof(u64)

static __always_inline u64 get_word(const char *name, unsigned int i)
{
	/* It may be changed meanwhile, under a lock that a probe cannot take. */
	return data_race(get_unaligned((const u64 *)(name + i * WORD_BYTES)));
}

static __always_inline void put_word(char *name, unsigned int i, u64 word)
{
	put_unaligned(word, (u64 *)(name + i * WORD_BYTES));
}

/* Kernels differ in whether bytes after the zero are zero: ours are. */
static __always_inline void copy_comm(char *to, const char *comm)
{
	u64 all = get_word(comm, 0), first = up_to_zero(all);

	BUILD_BUG_ON(SVMTRACE_COMM_LEN != 2 * WORD_BYTES || WORD_BYTES != sizeof(long));
	put_word(to, 0, first);
	/* A name of eight bytes has no zero among them. */
	put_word(to, 1, first >> 56 ? up_to_zero(get_word(comm, 1)) : 0);
}

/* The number of a process in the namespace @ns, 0 if it is not in there. */
static u32 process_nr_at(struct task_struct *task, const struct pid_namespace *ns,
			 unsigned int level)
{
	const struct pid *pid = task_tgid(task);

	return pid && level <= pid->level && pid->numbers[level].ns == ns ?
	       pid->numbers[level].nr : 0;
}

/* Pid, users, start. */
static __always_inline void take_ids(struct svmtrace_caller *caller)
{
	const struct cred *cred = current_cred();

	caller->pid = current->tgid;
	caller->uid = cred->uid.val;
	caller->euid = cred->euid.val;
	caller->gid = cred->gid.val;
	caller->start_time = current->group_leader->start_boottime;
}

/* The ids in a namespace that is not the initial one. */
static noinline void take_ns_ids(struct svmtrace_caller *caller, const struct pid *tid,
				 struct task_struct *parent)
{
	unsigned int level = tid->level;
	const struct pid_namespace *ns = tid->numbers[level].ns;

	caller->ns_tid = tid->numbers[level].nr;
	caller->ns_pid = process_nr_at(current, ns, level);
	caller->ns_ppid = process_nr_at(parent, ns, level);
}

/* Its parent, and the ids in its namespace. */
static __always_inline void take_parent(struct svmtrace_caller *caller)
{
	struct task_struct *parent = rcu_dereference(current->real_parent);
	const struct pid *tid = task_pid(current);

	caller->ppid = parent->tgid;
	if (unlikely(tid->level)) {
		take_ns_ids(caller, tid, parent);
		return;
	}
	/* In the initial namespace are all, under the numbers that they have here. */
	caller->ns_tid = current->pid;
	caller->ns_pid = current->tgid;
	caller->ns_ppid = caller->ppid;
}

/**
 * identity_caller() - who current is: all of it
 * @caller: filled in
 *
 * Under rcu_read_lock().
 */
void identity_caller(struct svmtrace_caller *caller)
{
	take_ids(caller);
	take_parent(caller);
	copy_comm(caller->comm, current->comm);
}

/**
 * identity_caller_parts() - who current is: what a program asks for
 * @caller: filled in
 * @parts:  IDENTITY_ bits
 *
 * Under rcu_read_lock().
 */
void identity_caller_parts(struct svmtrace_caller *caller, u32 parts)
{
	if (parts & IDENTITY_IDS)
		take_ids(caller);
	if (parts & IDENTITY_PARENT)
		take_parent(caller);
	if (parts & IDENTITY_COMM)
		copy_comm(caller->comm, current->comm);
}

/*
 * A short name that is part of its dentry, as most are: there, more than a comm's
 * length can be read, whatever the name is.
 */
static __always_inline bool is_embedded(const char *name, u32 len,
					const struct dentry *dentry)
{
	return len < SVMTRACE_COMM_LEN &&
	       (unsigned long)name - (unsigned long)dentry < sizeof(*dentry);
}

/* Return: false if the @len bytes are the comm. */
static __always_inline bool copy_short(struct exe_name *exe, const char *from, u32 len,
				       const char *comm)
{
	u64 first = get_word(from, 0), second = get_word(from, 1);

	if (len < WORD_BYTES) {
		first &= (1ULL << 8 * len) - 1;
		second = 0;
	} else {
		second &= (1ULL << 8 * (len - WORD_BYTES)) - 1;
	}
	if (!((first ^ get_word(comm, 0)) | (second ^ get_word(comm, 1))))
		return false;
	put_word(exe->name, 0, first);
	put_word(exe->name, 1, second);
	return true;
}

static noinline u32 copy_long(struct exe_name *exe, const char *from, u32 len)
{
	u32 marks = 0;

	if (len > EXE_NAME_MAX) {
		len = EXE_NAME_MAX;
		marks = SVMTRACE_MARK_EXE_TRUNCATED;
	}
	exe->len = copy_from_kernel_nofault(exe->name, from, len) ? 0 : len;
	return marks;
}

/* A zero in it is of a rename; a short name that was read the long way may be comm. */
static noinline void tidy_name(struct exe_name *exe, const char *comm)
{
	exe->len = strnlen(exe->name, exe->len);
	if (exe->len < SVMTRACE_COMM_LEN && !memcmp(exe->name, comm, exe->len) &&
	    !comm[exe->len])
		exe->len = 0;
}

/*
 * The base name, which a rename may change while it is read: bounded by the
 * length, cut at a zero, read where it can only be or through the fault handler, so
 * at worst it is a mixture of two names. The caller checks afterwards that the file
 * was still the executable. @comm is padded with zeros.
 */
static __always_inline u32 copy_name(struct exe_name *exe, const struct dentry *dentry,
				     const char *comm)
{
	const char *name = READ_ONCE(dentry->d_name.name);
	u32 len = READ_ONCE(dentry->d_name.len);
	u32 marks = 0;

	if (is_embedded(name, len, dentry)) {
		if (!copy_short(exe, name, len, comm))
			return 0;
		exe->len = len;
	} else {
		marks = copy_long(exe, name, len);
	}
	tidy_name(exe, comm);
	return marks;
}

struct exe {
	u64 ino;
	u32 dev;
	u32 marks;
};

static __always_inline struct exe read_file(struct exe_name *name, const struct file *file,
					    const struct inode *inode, const char *comm)
{
	const struct dentry *dentry = READ_ONCE(file->f_path.dentry);
	struct exe exe = {};

	if (!dentry)
		return exe;
	exe.ino = inode->i_ino;
	exe.dev = inode->i_sb->s_dev;
	exe.marks = copy_name(name, dentry, comm);
	if (IS_ROOT(dentry))
		exe.marks |= SVMTRACE_MARK_EXE_MEMFD;
	else if (d_unlinked(dentry))
		exe.marks |= SVMTRACE_MARK_EXE_DELETED;
	return exe;
}

/* The dentry of a file that has no name is freed with it, without a grace period. */
static noinline struct exe hold_and_read(struct exe_name *name, struct mm_struct *mm,
					 const char *comm)
{
	struct file *file = get_file_at(&mm->exe_file);
	struct exe exe = {};

	if (file) {
		exe = read_file(name, file, file_inode(file), comm);
		fput(file);
	}
	return exe;
}

/*
 * The executable of @mm, which cannot go away meanwhile. Its file can, if the
 * process replaces it (PR_SET_MM): what was read of another is thrown away.
 */
static __always_inline struct exe read_exe(struct exe_name *name, struct mm_struct *mm,
					   const char *comm)
{
	const struct file *file = mm ? rcu_dereference(mm->exe_file) : NULL;
	const struct inode *inode = file ? READ_ONCE(file->f_inode) : NULL;
	struct exe exe;

	name->len = 0;
	if (!inode)
		return (struct exe){};
	/* Such files are in file systems that the kernel has mounted for itself. */
	if (unlikely(inode->i_sb->s_flags & SB_KERNMOUNT))
		return hold_and_read(name, mm, comm);
	exe = read_file(name, file, inode, comm);
	/* Pairs with the barrier of rcu_assign_pointer() by who replaces it. */
	smp_rmb();
	if (rcu_access_pointer(mm->exe_file) != file) {
		exe = (struct exe){};
		name->len = 0;
	}
	return exe;
}

/* NULL once the task has been released. */
static __always_inline const struct pid_namespace *pid_ns_of(struct task_struct *task)
{
	const struct pid *pid = READ_ONCE(task->thread_pid);

	return pid ? pid->numbers[pid->level].ns : NULL;
}

/**
 * identity_context() - where current runs
 * @context: filled in
 * @exe:     filled in
 * @comm:    of current, from identity_caller()
 *
 * Under rcu_read_lock().
 *
 * Return: SVMTRACE_MARK_EXE_ bits.
 */
u32 identity_context(struct svmtrace_context *context, struct exe_name *exe,
		     const char *comm)
{
	const struct cred *cred = current_cred();
	struct exe file;

	file = read_exe(exe, current->mm, comm);
	context->loginuid = audit_get_loginuid(current).val;
	context->session = audit_get_sessionid(current);
	context->pid_ns = pid_ns_of(current)->ns.inum;
	context->mnt_ns = mnt_ns_inum(current->nsproxy);
	context->user_ns = cred->user_ns->ns.inum;
	context->exe_dev = file.dev;
	context->exe_ino = file.ino;
	context->caps = cap_bits(&cred->cap_effective);
	context->cgroup = cgroup_id(task_dfl_cgroup(current));
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

static __always_inline u32 relation_of_kin(struct task_struct *task)
{
	u32 relation = 0;

	if (task == current)
		relation |= SVMTRACE_REL_SELF;
	if (current->mm && READ_ONCE(task->mm) == current->mm)
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
static __always_inline bool is_privileged(const struct cred *target, const struct cred *caller)
{
	const struct user_namespace *ns = target->user_ns;

	if (ns == caller->user_ns)
		return !cap_issubset(target->cap_permitted, caller->cap_permitted);
	while (ns && ns != caller->user_ns)
		ns = ns->parent;
	return !ns;
}

static __always_inline u32 relation_of_cred(const struct cred *target, const struct cred *caller)
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

/* IDENTITY_CROSSES_BITS, besides others that are known. */
static __always_inline void take_crosses(u32 *relation, u32 others, const struct cred *cred,
					 const struct pid_namespace *pid_ns,
					 const struct cgroup *cgroup)
{
	*relation = others | relation_of_cred(cred, current_cred());
	/* NULL: being released, and in what namespace it was cannot be told any more. */
	if (pid_ns && pid_ns != pid_ns_of(current))
		*relation |= SVMTRACE_REL_CROSS_PIDNS;
	if (cgroup != task_dfl_cgroup(current))
		*relation |= SVMTRACE_REL_CROSS_CGROUP;
}

static __always_inline void take_target(struct svmtrace_target *target,
					struct task_struct *task, const struct cred *cred)
{
	target->pid = task->tgid;
	target->uid = cred->uid.val;
	target->start_time = task->group_leader->start_boottime;
	copy_comm(target->comm, task->comm);
}

/* Not known while its lock is taken. */
static bool runs_another(struct task_struct *task, const struct svmtrace_target_context *context)
{
	struct exe_name name;
	struct exe file;

	if (!context->exe_ino || !spin_trylock(&task->alloc_lock))
		return false;
	file = read_exe(&name, task->mm, task->comm);
	spin_unlock(&task->alloc_lock);
	return file.ino && (file.ino != context->exe_ino || file.dev != context->exe_dev);
}

/* By execve(); it may be the same executable as before. */
static bool has_left(struct task_struct *task)
{
	const struct mm_struct *mm = READ_ONCE(task->mm);

	return mm && mm != current->mm;
}

/**
 * identity_is_target() - is it of the same process, and the same program?
 * @task:     from identity_find()
 * @target:   of a record
 * @context:  of the record
 * @relation: of the record
 *
 * Under rcu_read_lock().
 *
 * Return: whether @target is about @task.
 */
bool identity_is_target(struct task_struct *task, const struct svmtrace_target *target,
			const struct svmtrace_target_context *context, u32 relation)
{
	if (target->pid != task->tgid ||
	    target->start_time != task->group_leader->start_boottime)
		return false;
	return !(relation & SVMTRACE_REL_MM && has_left(task)) && !runs_another(task, context);
}

/**
 * identity_target_parts() - who the target is: what a program asks for
 * @target:   filled in
 * @relation: SVMTRACE_REL_ bits are added
 * @task:     from identity_find()
 * @parts:    IDENTITY_ bits
 *
 * Under rcu_read_lock().
 */
void identity_target_parts(struct svmtrace_target *target, u32 *relation,
			   struct task_struct *task, u32 parts)
{
	const struct cred *cred = __task_cred(task);

	if (parts & IDENTITY_TARGET)
		take_target(target, task, cred);
	if (parts & IDENTITY_KIN)
		*relation |= relation_of_kin(task);
	if (parts & IDENTITY_CROSSES)
		take_crosses(relation, *relation, cred, pid_ns_of(task),
			     task_dfl_cgroup(task));
}

/**
 * identity_target() - who the target is, and what it is to current: all of it
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
	const struct pid_namespace *pid_ns = pid_ns_of(task);
	const struct cgroup *cgroup = task_dfl_cgroup(task);
	const struct cred *cred = __task_cred(task);
	struct exe file = {};
	u32 marks = 0;

	take_target(target, task, cred);
	take_crosses(relation, relation_of_kin(task), cred, pid_ns, cgroup);
	context->pid_ns = pid_ns ? pid_ns->ns.inum : 0;
	context->user_ns = cred->user_ns->ns.inum;
	context->cgroup = cgroup_id(cgroup);

	/* The lock that task_lock() takes: it holds mm and nsproxy in place. */
	context->mnt_ns = 0;
	exe->len = 0;
	if (spin_trylock(&task->alloc_lock)) {
		file = read_exe(exe, task->mm, target->comm);
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
