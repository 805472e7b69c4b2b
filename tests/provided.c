// SPDX-License-Identifier: GPL-2.0
/* Provided: a page that is there only when the test says so. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "provided.h"

enum { GIVE = 'g', REFUSE = 'r', QUIT = 'q' };

static void take_order(struct provided *p)
{
	if (read(p->orders[0], &p->order, 1) != 1)
		p->order = QUIT;
}

/* The page is asked for; an order that was given once holds for ever. */
static char ask(struct provided *p)
{
	p->times++;
	sem_post(&p->asked);
	if (!p->order)
		take_order(p);
	return p->order;
}

/* The kernel asks by a message to who has registered the memory. */
static void serve_uffd(struct provided *p)
{
	struct uffdio_copy copy = {
		.dst = (__u64)p->page, .src = (__u64)p->content, .len = PAGE,
	};
	struct uffdio_range range = { .start = copy.dst, .len = PAGE };
	struct uffd_msg msg;

	if (read(p->fd, &msg, sizeof(msg)) != sizeof(msg))
		return;
	switch (ask(p)) {
	case GIVE:
		/* Wakes all up, unless it is there already. */
		if (!ioctl(p->fd, UFFDIO_COPY, &copy))
			return;
		break;
	case REFUSE:
		mmap(p->page, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	}
	ioctl(p->fd, UFFDIO_WAKE, &range);
}

static const char *start_uffd(struct provided *p)
{
	struct uffdio_register reg = {
		.range = { .len = PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };

	p->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (p->fd < 0)
		return "no userfaultfd in this kernel";
	p->page = memory_map(PAGE, PROT_READ | PROT_WRITE);
	reg.range.start = (__u64)p->page;
	if (ioctl(p->fd, UFFDIO_API, &api) || ioctl(p->fd, UFFDIO_REGISTER, &reg))
		return "userfaultfd does not work";
	return NULL;
}

static void reply(struct provided *p, __u64 unique, int error, const void *data, size_t size)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + size, .error = error, .unique = unique,
	};
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)data, size } };

	if (writev(p->fd, iov, size ? 2 : 1) < 0 && errno != ENOENT)
		perror("fuse");
}

/* The file system is one file, of one page, and nothing else. */
static void reply_attr(struct provided *p, __u64 unique)
{
	const struct fuse_attr_out out = {
		.attr_valid = 3600,
		.attr = { .ino = 1, .size = PAGE, .mode = S_IFREG | 0600, .nlink = 1 },
	};

	reply(p, unique, 0, &out, sizeof(out));
}

static void reply_init(struct provided *p, __u64 unique)
{
	/* With asynchronous reads, whoever waits for one can be killed. */
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION, .minor = 31, .flags = FUSE_ASYNC_READ,
		.max_readahead = PAGE, .max_write = PAGE,
	};

	reply(p, unique, 0, &out, sizeof(out));
}

static void serve_fuse(struct provided *p)
{
	static const struct fuse_open_out opened;
	__u64 buf[FUSE_MIN_READ_BUFFER / sizeof(__u64)];
	struct fuse_in_header *in = (void *)buf;

	if (read(p->fd, buf, sizeof(buf)) < (ssize_t)sizeof(*in))
		return;
	switch (in->opcode) {
	case FUSE_INIT:
		return reply_init(p, in->unique);
	case FUSE_GETATTR:
		return reply_attr(p, in->unique);
	case FUSE_OPEN:
		return reply(p, in->unique, 0, &opened, sizeof(opened));
	case FUSE_READ:
		if (ask(p) == GIVE)
			return reply(p, in->unique, 0, p->content, PAGE);
		return reply(p, in->unique, -EIO, NULL, 0);
	case FUSE_FORGET:
	case FUSE_INTERRUPT:
		return;
	}
	reply(p, in->unique, -EOPNOTSUPP, NULL, 0);
}

/* The root of the file system is the file, mounted on another one. */
static const char *mount_file(struct provided *p, const char *path)
{
	struct stat st;
	char options[64];
	int fd;

	snprintf(options, sizeof(options), "fd=%d,rootmode=100000,user_id=0,group_id=0", p->fd);
	if (mount("provided", path, "fuse", 0, options))
		return "cannot mount a file system in user space";
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* The size is known only to who asked for it. */
	if (fd >= 0 && !fstat(fd, &st))
		p->page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	umount2(path, MNT_DETACH);
	return p->page == MAP_FAILED ? "a file system in user space does not work" : NULL;
}

static void *serve(void *arg)
{
	struct provided *p = arg;
	struct pollfd fds[] = {
		{ .fd = p->fd, .events = POLLIN }, { .fd = p->orders[0], .events = POLLIN },
	};

	while (p->order != QUIT && poll(fds, 2, -1) > 0) {
		if (fds[1].revents)
			take_order(p);
		else if (p->kind == PROVIDED_UFFD)
			serve_uffd(p);
		else
			serve_fuse(p);
	}
	return NULL;
}

static const char *open_fuse(struct provided *p)
{
	if (access("/sys/fs/fuse", F_OK) && system("modprobe -q fuse"))
		return "no FUSE in this kernel";
	p->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return p->fd < 0 ? "no /dev/fuse" : NULL;
}

static const char *start_thread(struct provided *p)
{
	return pipe2(p->orders, O_CLOEXEC) || sem_init(&p->asked, 0, 0) ||
	       pthread_create(&p->thread, NULL, serve, p) ? "cannot start a thread" : NULL;
}

const char *provided_start(struct provided *p, enum provided_kind kind)
{
	char path[] = "/tmp/providedXXXXXX";
	const char *wrong;
	int fd;

	*p = (struct provided){ .kind = kind, .page = MAP_FAILED };
	wrong = kind == PROVIDED_UFFD ? start_uffd(p) : open_fuse(p);
	if (!wrong)
		wrong = start_thread(p);
	if (wrong || kind == PROVIDED_UFFD)
		return wrong;
	fd = mkstemp(path);
	if (fd < 0)
		return "no file to mount on";
	wrong = mount_file(p, path);
	close(fd);
	unlink(path);
	return wrong;
}

int provided_wait(struct provided *p)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 60;
	return sem_timedwait(&p->asked, &end);
}

static void give_order(struct provided *p, char order)
{
	if (write(p->orders[1], &order, 1) != 1)
		abort();
}

void provided_answer(struct provided *p, bool give)
{
	give_order(p, give ? GIVE : REFUSE);
}

void provided_end(struct provided *p)
{
	give_order(p, QUIT);
	pthread_join(p->thread, NULL);
	munmap(p->page, PAGE);
	close(p->fd);
	close(p->orders[0]);
	close(p->orders[1]);
	sem_destroy(&p->asked);
}
