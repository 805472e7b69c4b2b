// SPDX-License-Identifier: GPL-2.0
/*
 * The whole contract as a program of any ABI sees it: settings, filter, start,
 * map, statistics, stop. Exits with the line that went wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/svmtrace.h>

/* An exit status of 126 would say that the program cannot be executed. */
#define MUST(condition)						\
	do {							\
		if (!(condition))				\
			_exit(__LINE__ < 126 ? __LINE__ : 125);	\
	} while (0)

static void *map(int fd, __u64 offset, size_t size, int prot)
{
	void *p = mmap(NULL, size, prot, MAP_SHARED, fd, offset);

	MUST(p != MAP_FAILED);
	return p;
}

int main(void)
{
	struct svmtrace_info info = { .size = sizeof(info) };
	struct svmtrace_config config = { .size = sizeof(config) };
	struct svmtrace_stats stats = { .size = sizeof(stats) };
	__u32 pid = getpid(), cpu, found = 0;
	struct svmtrace_pids pids = {
		.size = sizeof(pids), .set = SVMTRACE_PIDS_CALLER, .count = 1,
		.pids = (unsigned long)&pid,
	};
	int fd = open("/dev/svmtrace", O_RDWR);

	MUST(fd >= 0);
	MUST(!ioctl(fd, SVMTRACE_IOC_GET_INFO, &info));
	MUST(info.abi_version == SVMTRACE_ABI_VERSION);
	MUST(!ioctl(fd, SVMTRACE_IOC_GET_CONFIG, &config));
	MUST(config.ring_size == 1 << 20);
	config.ring_size = 1 << 16;
	config.watermark = 0;
	config.format = SVMTRACE_FORMAT_BINARY;
	MUST(!ioctl(fd, SVMTRACE_IOC_SET_CONFIG, &config));
	config.reserved = 1;
	MUST(ioctl(fd, SVMTRACE_IOC_SET_CONFIG, &config) && errno == EINVAL);
	MUST(ioctl(fd, SVMTRACE_IOC_SET_CONFIG, NULL) && errno == EFAULT);
	MUST(ioctl(fd, _IO(0xf9, 0xff), NULL) && errno == ENOTTY);
	MUST(!ioctl(fd, SVMTRACE_IOC_PIDS, &pids));
	MUST(!ioctl(fd, SVMTRACE_IOC_START, 0));
	MUST(ioctl(fd, SVMTRACE_IOC_START, 0) && errno == EALREADY);

	MUST(syscall(SYS_vmsplice, -1, NULL, 0, 0) == -1 && errno == EBADF);
	MUST(!ioctl(fd, SVMTRACE_IOC_GET_STATS, &stats));
	MUST(stats.delivered == 1);
	MUST(!ioctl(fd, SVMTRACE_IOC_GET_INFO, &info));
	for (cpu = 0; cpu < stats.rings; cpu++) {
		__u64 at = cpu * info.ring_stride;
		struct svmtrace_consumer *consumer =
			map(fd, at, info.page_size, PROT_READ | PROT_WRITE);
		struct svmtrace_producer *producer =
			map(fd, at + info.page_size, info.page_size, PROT_READ);
		struct svmtrace_record *record =
			map(fd, at + info.data_offset, 2 * info.ring_size, PROT_READ);

		MUST(producer->cpu == cpu);
		if (!producer->head)
			continue;
		found++;
		MUST(record->syscall == SVMTRACE_NR_vmsplice);
		MUST(record->size == producer->head);
		consumer->tail = producer->head;
	}
	MUST(found == 1);
	MUST(!ioctl(fd, SVMTRACE_IOC_STOP, 0));
	return 0;
}
