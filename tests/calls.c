// SPDX-License-Identifier: GPL-2.0
/* Pipes as the tests of the traced calls need them. */
#include <fcntl.h>

#include "calls.h"

static void set_nonblock(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int full_pipe(int fds[2])
{
	static char page[4096];

	if (pipe(fds))
		return -1;
	set_nonblock(fds[1], 1);
	while (write(fds[1], page, sizeof(page)) > 0)
		;
	set_nonblock(fds[1], 0);
	return 0;
}

long drain_pipe(int fd)
{
	/* All at once, so that a writer who waits finds all of it gone. */
	static char content[1024 * 1024];
	long got, all = 0;

	set_nonblock(fd, 1);
	while ((got = read(fd, content, sizeof(content))) > 0)
		all += got;
	set_nonblock(fd, 0);
	return all;
}
