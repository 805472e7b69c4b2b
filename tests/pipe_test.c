// SPDX-License-Identifier: GPL-2.0
/* What a record says of the file that vmsplice() is called on. */
#include <fcntl.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "patience.h"
#include "blocked.h"
#include "calls.h"
#include "child.h"
#include "trace.h"

#define PAGE 4096UL
#define UNKNOWN (~0U)

static alignas(4096) char pages[8 * PAGE];

static __u64 ino_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

FIXTURE(pipe) {
	struct trace t;
	int fds[2];
};

FIXTURE_SETUP(pipe)
{
	ASSERT_EQ(0, trace_start(&self->t, NULL));
	ASSERT_EQ(0, pipe(self->fds));
}

FIXTURE_TEARDOWN(pipe)
{
	trace_end(&self->t);
}

TEST_F(pipe, write_end)
{
	struct iovec iov = { pages, 2 * PAGE };
	const struct record_view *v;

	ASSERT_EQ(3 * PAGE, write(self->fds[1], pages, 3 * PAGE));
	ASSERT_EQ(2 * PAGE, do_vmsplice(self->fds[1], &iov, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	ASSERT_NE(NULL, v->pipe);
	EXPECT_EQ(SVMTRACE_PIPE_WRITE, v->pipe->direction);
	EXPECT_EQ(ino_of(self->fds[1]), v->pipe->ino);
	EXPECT_NE(0, v->pipe->ino);
	EXPECT_EQ(fcntl(self->fds[1], F_GETPIPE_SZ) / PAGE, v->pipe->slots);
	EXPECT_EQ(3, v->pipe->used_before);
	EXPECT_EQ(5, v->pipe->used_after);
}

TEST_F(pipe, read_end)
{
	struct iovec iov = { pages, 2 * PAGE };
	const struct record_view *v;

	ASSERT_EQ(3 * PAGE, write(self->fds[1], pages, 3 * PAGE));
	ASSERT_EQ(2 * PAGE, do_vmsplice(self->fds[0], &iov, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	ASSERT_NE(NULL, v->pipe);
	EXPECT_EQ(SVMTRACE_PIPE_READ, v->pipe->direction);
	EXPECT_EQ(ino_of(self->fds[0]), v->pipe->ino);
	EXPECT_EQ(3, v->pipe->used_before);
	EXPECT_EQ(1, v->pipe->used_after);
}

/* Every piece of memory, however small, takes a buffer of its own. */
TEST_F(pipe, small_pieces)
{
	struct iovec iov[] = { { pages, 1 }, { pages + PAGE, 1 }, { pages + 2 * PAGE - 1, 2 } };
	const struct record_view *v;
	char byte;

	ASSERT_EQ(4, do_vmsplice(self->fds[1], iov, 3, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(0, v->pipe->used_before);
	EXPECT_EQ(4, v->pipe->used_after);
	ASSERT_EQ(1, read(self->fds[0], &byte, 1));
	ASSERT_EQ(0, do_vmsplice(self->fds[1], iov, 0, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(3, v->pipe->used_before);
	EXPECT_EQ(3, v->pipe->used_after);
}

TEST_F(pipe, capacity)
{
	static const unsigned int slots[] = { 1, 2, 32, 256 };
	struct iovec iov = { pages, 1 };
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		ASSERT_EQ(slots[i] * PAGE, fcntl(self->fds[1], F_SETPIPE_SZ, slots[i] * PAGE));
		ASSERT_EQ(1, do_vmsplice(self->fds[1], &iov, 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(slots[i], v->pipe->slots);
		EXPECT_EQ(0, v->pipe->used_before);
		EXPECT_EQ(1, v->pipe->used_after);
		drain_pipe(self->fds[0]);
	}
}

/* After the positions of the pipe's ring have gone round. */
TEST_F(pipe, used_after_many_writes)
{
	struct iovec iov = { pages, PAGE };
	const struct record_view *v;
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(2 * PAGE, write(self->fds[1], pages, 2 * PAGE));
		ASSERT_EQ(PAGE, do_vmsplice(self->fds[1], &iov, 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(2, v->pipe->used_before);
		EXPECT_EQ(3, v->pipe->used_after);
		ASSERT_EQ(3 * PAGE, read(self->fds[0], pages, 3 * PAGE));
	}
}

TEST_F(pipe, fifo)
{
	static const struct {
		int flags;
		unsigned int direction;
	} opens[] = {
		{ O_RDWR, SVMTRACE_PIPE_WRITE },
		{ O_RDONLY | O_NONBLOCK, SVMTRACE_PIPE_READ },
		{ O_WRONLY, SVMTRACE_PIPE_WRITE },
	};
	struct iovec iov = { pages, 10 };
	const struct record_view *v;
	int fds[3];
	size_t i;

	unlink("/tmp/svmtrace-fifo");
	ASSERT_EQ(0, mkfifo("/tmp/svmtrace-fifo", 0600));
	for (i = 0; i < ARRAY_SIZE(opens); i++) {
		fds[i] = open("/tmp/svmtrace-fifo", opens[i].flags | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(10, do_vmsplice(fds[i], &iov, 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(opens[i].direction, v->pipe->direction);
		EXPECT_EQ(ino_of(fds[i]), v->pipe->ino);
		EXPECT_EQ(i == 1, v->pipe->used_before);
		EXPECT_EQ(i != 1, v->pipe->used_after);
	}
	EXPECT_EQ(0, unlink("/tmp/svmtrace-fifo"));
}

TEST_F(pipe, not_a_pipe)
{
	struct iovec iov = { pages, 10 };
	int fds[6], sockets[2];
	const struct record_view *v;
	size_t i;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	fds[0] = sockets[0];
	fds[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[2] = open("/", O_RDONLY | O_CLOEXEC);
	fds[3] = memfd_create("file", MFD_CLOEXEC);
	fds[4] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	fds[5] = self->t.fd;
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(-EBADF, do_vmsplice(fds[i], &iov, 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(-EBADF, v->call->ret);
		EXPECT_EQ(SVMTRACE_PIPE_NONE, v->pipe->direction);
		EXPECT_EQ(ino_of(fds[i]), v->pipe->ino);
		EXPECT_EQ(0, v->pipe->slots);
		EXPECT_EQ(0, v->pipe->used_before);
	}
}

TEST_F(pipe, bad_fd)
{
	long fds[] = { -1, -100, 1000000, 0x7fffffff, 0, 0 };
	struct iovec iov = { pages, 10 };
	const struct record_view *v;
	char path[64];
	size_t i;

	/* One that was just closed, and one that can be used for its name only. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fds[0]);
	fds[4] = open(path, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, fds[4]);
	fds[5] = dup(0);
	close(fds[5]);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_EQ(-EBADF, do_vmsplice(fds[i], &iov, 1, 0));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(SVMTRACE_PIPE_BAD_FD, v->pipe->direction);
		EXPECT_EQ(0, v->pipe->ino);
		EXPECT_EQ(0, v->pipe->slots);
	}
}

TEST_F(pipe, flags)
{
	static const struct {
		unsigned long flags;
		long ret;
	} calls[] = {
		{ 0, 10 }, { SPLICE_F_MOVE, 10 }, { SPLICE_F_NONBLOCK, 10 },
		{ SPLICE_F_MORE, 10 }, { 15, 10 }, { 16, -EINVAL },
		{ 0x80000000, -EINVAL }, { 0xffffffff, -EINVAL },
	};
	struct iovec iov = { pages, 10 };
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		long ret = do_vmsplice(self->fds[1], &iov, 1, calls[i].flags);

		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(calls[i].flags, v->args[3]);
		EXPECT_EQ(ret, v->call->ret);
		/* Newer kernels may refuse to be given pages. */
		if (!(calls[i].flags & SPLICE_F_GIFT))
			EXPECT_EQ(calls[i].ret, ret);
		EXPECT_EQ(SVMTRACE_PIPE_WRITE, v->pipe->direction);
	}
}

TEST_F(pipe, no_room)
{
	struct iovec iov = { pages, 10 };
	const struct record_view *v;
	int fds[2];

	ASSERT_EQ(0, full_pipe(fds));
	ASSERT_EQ(-EAGAIN, do_vmsplice(fds[1], &iov, 1, SPLICE_F_NONBLOCK));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(16, v->pipe->slots);
	EXPECT_EQ(16, v->pipe->used_before);
	EXPECT_EQ(16, v->pipe->used_after);
	ASSERT_EQ(PAGE, read(fds[0], pages, PAGE));
	iov.iov_len = 4 * PAGE;
	ASSERT_EQ(PAGE, do_vmsplice(fds[1], &iov, 1, 0));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(PAGE, v->call->ret);
	EXPECT_EQ(4 * PAGE, v->call->bytes);
	EXPECT_EQ(15, v->pipe->used_before);
	EXPECT_EQ(16, v->pipe->used_after);
}

TEST_F(pipe, blocked_and_drained)
{
	struct iovec *iov = child_shared(PAGE);
	struct blocked b = { .iov = iov, .n = 1 };
	const struct record_view *v;
	__u64 ino;

	*iov = (struct iovec){ pages, 10 };
	ASSERT_EQ(0, blocked_start(&b));
	ino = ino_of(b.fds[0]);
	ASSERT_LE(16 * PAGE, drain_pipe(b.fds[0]));
	ASSERT_EQ(0, child_wait(b.pid));
	v = trace_one(&self->t);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(ino, v->pipe->ino);
	EXPECT_EQ(16, v->pipe->used_before);
	/* The reader may have come back for it meanwhile. */
	EXPECT_GE(1, v->pipe->used_after);
}

/* What a thread does to the descriptor of a call that blocks. */
struct swap {
	int fds[2];
	int fd;
	int onto;
	pid_t caller;
};

static void *swap_and_drain(void *arg)
{
	struct swap *s = arg;

	child_asleep(s->caller);
	if (s->onto < 0)
		close(s->fd);
	else
		dup2(s->onto, s->fd);
	drain_pipe(s->fds[0]);
	return NULL;
}

/* Occupancy at return is that of the same pipe, or not known. */
TEST_F(pipe, replaced_while_blocked)
{
	struct iovec iov = { pages, 10 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int onto[] = { self->fds[1], -1, null };
	const struct record_view *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(onto); i++) {
		struct swap s = { .onto = onto[i], .caller = gettid() };
		pthread_t thread;
		__u64 ino;

		ASSERT_EQ(0, full_pipe(s.fds));
		s.fd = dup(s.fds[1]);
		ino = ino_of(s.fd);
		ASSERT_EQ(0, pthread_create(&thread, NULL, swap_and_drain, &s));
		EXPECT_EQ(10, do_vmsplice(s.fd, &iov, 1, 0));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		v = trace_one(&self->t);
		ASSERT_NE(NULL, v);
		EXPECT_EQ(SVMTRACE_PIPE_WRITE, v->pipe->direction);
		EXPECT_EQ(ino, v->pipe->ino);
		EXPECT_EQ(16, v->pipe->used_before);
		EXPECT_EQ(UNKNOWN, v->pipe->used_after);
	}
}

TEST_HARNESS_MAIN
