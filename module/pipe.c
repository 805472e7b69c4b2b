// SPDX-License-Identifier: GPL-2.0
/*
 * Pipe: what the file descriptor of a vmsplice() call is.
 *
 * This is the tracer's own lookup, done when the call enters: another thread
 * can put something else there before the kernel looks.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pipe_fs_i.h>

#include "pipe.h"

static struct pipe_inode_info *pipe_of(struct file *file)
{
	return S_ISFIFO(file_inode(file)->i_mode) ? file->private_data : NULL;
}

/* Without the pipe's mutex, which may sleep: off by what is going on. */
static u32 slots_used(const struct pipe_inode_info *pipe)
{
	return pipe_occupancy(READ_ONCE(pipe->head), READ_ONCE(pipe->tail));
}

/**
 * pipe_at_entry() - looks up a file descriptor of current
 * @p:	filled in; used_after as not known
 * @fd: file descriptor
 *
 * A reference is needed, RCU is not enough to look into the pipe. To drop it is
 * fine in a probe: at worst it is the last one, and then left to task work.
 */
void pipe_at_entry(struct svmtrace_pipe *p, int fd)
{
	struct file *file = fget(fd);
	struct pipe_inode_info *pipe;

	*p = (struct svmtrace_pipe){
		.direction = SVMTRACE_PIPE_BAD_FD,
		.used_after = ~0U,
	};
	if (!file)
		return;
	p->ino = file_inode(file)->i_ino;
	p->direction = SVMTRACE_PIPE_NONE;
	pipe = pipe_of(file);
	if (pipe) {
		/* Of a descriptor that can do both, vmsplice() writes. */
		p->direction = file->f_mode & FMODE_WRITE ?
			       SVMTRACE_PIPE_WRITE : SVMTRACE_PIPE_READ;
		p->slots = READ_ONCE(pipe->max_usage);
		p->used_before = slots_used(pipe);
	}
	fput(file);
}

/**
 * pipe_at_return() - looks again
 * @p:	as pipe_at_entry() left it; used_after is set if it is still that pipe
 * @fd: file descriptor
 */
void pipe_at_return(struct svmtrace_pipe *p, int fd)
{
	struct pipe_inode_info *pipe;
	struct file *file;

	if (p->direction != SVMTRACE_PIPE_WRITE && p->direction != SVMTRACE_PIPE_READ)
		return;
	file = fget(fd);
	if (!file)
		return;
	pipe = pipe_of(file);
	if (pipe && file_inode(file)->i_ino == p->ino)
		p->used_after = slots_used(pipe);
	fput(file);
}
