// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of many kinds, right and wrong, by several threads and processes, for
 * witness_test. What is read is never written, so that everybody who looks at
 * it during a call sees the same.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define THREADS 3
#define ROUNDS 120
#define ENTRIES 1100

static char *source;		/* two pages, and one that cannot be read */
static char *sink;		/* the same, to be written to */
static pid_t child;
static int file;		/* is not a pipe */

/* What a thread works with. */
struct work {
	unsigned int seed;
	int fds[2];
	struct iovec local[ENTRIES];
	struct iovec remote[ENTRIES];
};

static unsigned int pick(struct work *w, unsigned int n)
{
	return (unsigned int)rand_r(&w->seed) / 7 % n;
}

static char *two_pages(int value)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	for (i = 0; i < 2 * PAGE; i++)
		p[i] = value ? value * i >> 3 : 1;
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	return p;
}

/* Good most of the time; also across the end of what is mapped. */
static struct iovec entry(struct work *w, char *pages)
{
	static const size_t sizes[] = { 0, 1, 5, 31, 32, 33, 100, PAGE };
	size_t size = sizes[pick(w, 8)];

	switch (pick(w, 24)) {
	case 0:
		return (struct iovec){ NULL, size };
	case 1:
		return (struct iovec){ (void *)0x10, size };
	case 2:
		return (struct iovec){ pages + 2 * PAGE - size / 2, size };
	case 3:
		return (struct iovec){ pages + 2 * PAGE, size };
	case 4:
		return (struct iovec){ pages, (size_t)-1 - pick(w, 3) };
	default:
		return (struct iovec){ pages + pick(w, 2 * PAGE - 200), size & 127 };
	}
}

static unsigned long fill(struct work *w, struct iovec *iov, char *pages)
{
	static const unsigned int counts[] = { 0, 1, 1, 1, 2, 2, 3, 8, 15, 16, 17, 64, 1024, 1025 };
	unsigned int i, n = counts[pick(w, sizeof(counts) / sizeof(*counts))];

	for (i = 0; i < n; i++)
		iov[i] = entry(w, pages);
	/* What lies behind, for whoever should look there. */
	iov[n] = (struct iovec){ (void *)0x5000, 0x77 };
	return n;
}

static struct iovec *array(struct work *w, struct iovec *iov, unsigned long n)
{
	switch (pick(w, 20)) {
	case 0:
		return NULL;
	case 1:
		return (struct iovec *)0x20;
	case 2:	/* ends where memory ends, with the half of the entries */
		return (struct iovec *)(source + 2 * PAGE) - (n + 1) / 2 % 200;
	default:
		return iov;
	}
}

static void write_somewhere(struct work *w)
{
	unsigned long liovcnt = fill(w, w->local, source);
	unsigned long riovcnt = fill(w, w->remote, sink);
	long targets[] = { getpid(), child, child, syscall(SYS_gettid), 0, -1, 0x7ffffff0 };

	syscall(SYS_process_vm_writev, targets[pick(w, 7)],
		array(w, w->local, liovcnt), liovcnt,
		array(w, w->remote, riovcnt), riovcnt,
		pick(w, 10) ? 0UL : 1UL << pick(w, 31));
}

static void splice_somewhere(struct work *w)
{
	static char buf[4 * 16 * PAGE];
	unsigned long n = fill(w, w->local, source);
	unsigned int flags = SPLICE_F_NONBLOCK | pick(w, 16);
	int fds[] = { w->fds[1], w->fds[1], w->fds[1], -1, 99, file };

	syscall(SYS_vmsplice, fds[pick(w, 6)], array(w, w->local, n), n,
		pick(w, 12) ? flags : flags | 0x40U);
	if (pick(w, 2) && read(w->fds[0], buf, sizeof(buf)) < 0)
		return;
	n = fill(w, w->remote, sink);
	syscall(SYS_vmsplice, w->fds[0], w->remote, n, SPLICE_F_NONBLOCK);
}

static void *run(void *arg)
{
	struct work *w = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (pick(w, 2))
			write_somewhere(w);
		else
			splice_somewhere(w);
	}
	return NULL;
}

static struct work *new_work(unsigned int seed)
{
	struct work *w = calloc(1, sizeof(*w));

	w->seed = seed;
	if (pipe(w->fds) || fcntl(w->fds[0], F_SETFL, O_NONBLOCK))
		exit(1);
	return w;
}

static void nothing(int signal)
{
	(void)signal;
}

/* Blocks in vmsplice() until a signal comes: one that is handled, one that kills. */
static void block(int restart)
{
	struct sigaction action = { .sa_handler = nothing, .sa_flags = restart };
	struct itimerval timer = { .it_value.tv_usec = 200000 };
	struct iovec iov = { source, 2 * PAGE };
	int fds[2];

	if (pipe(fds))
		exit(1);
	sigaction(SIGALRM, &action, NULL);
	while (syscall(SYS_vmsplice, fds[1], &iov, 1UL, SPLICE_F_NONBLOCK) > 0)
		;
	setitimer(ITIMER_REAL, &timer, NULL);
	syscall(SYS_vmsplice, fds[1], &iov, 1UL, 0);
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &timer, NULL);
	syscall(SYS_vmsplice, fds[1], &iov, 1UL, 0);
}

/* With any argument, only sees whether programs of its ABI can run. */
int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int i;

	(void)argv;
	if (argc > 1)
		return 0;
	file = open("/dev/null", O_RDWR);
	source = two_pages(7);
	sink = two_pages(0);
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run, new_work(i + 1));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (!fork())
		run(new_work(99));
	else if (!fork())
		block(0);
	else
		wait(NULL);
	kill(child, SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
