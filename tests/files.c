// SPDX-License-Identifier: GPL-2.0
/* Files, most of them the kernel's: what tests write to them, and know them by. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

int files_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

__u64 files_ino(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

int files_copy_self(int fd)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char buf[65536];
	long got;

	while ((got = read(self, buf, sizeof(buf))) > 0)
		if (write(fd, buf, got) != got)
			break;
	close(self);
	return got ? -1 : 0;
}

int files_map_ids(void)
{
	int err = files_write("/proc/self/setgroups", "deny");

	if (!err)
		err = files_write("/proc/self/uid_map", "0 0 1");
	return err ? err : files_write("/proc/self/gid_map", "0 0 1");
}
