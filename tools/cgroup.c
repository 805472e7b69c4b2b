// SPDX-License-Identifier: GPL-2.0
/* Names of cgroups: the kernel knows a cgroup by the inode of its directory. */
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cgroup.h"

/* Where a name that is no path is looked for; the second is that of hybrid systems. */
static const char *const places[] = { "", "/sys/fs/cgroup/", "/sys/fs/cgroup/unified/" };

static __u64 id_of(const char *path)
{
	struct statfs fs;
	struct stat st;

	if (statfs(path, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC || stat(path, &st) ||
	    !S_ISDIR(st.st_mode))
		return 0;
	return st.st_ino;
}

/**
 * cgroup_id() - the id of a cgroup (v2)
 * @name: path of its directory, or of that from the root of the cgroups
 *
 * Return: the id, or 0 if there is none of that name.
 */
__u64 cgroup_id(const char *name)
{
	__u64 id = 0;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places) && !id; i++) {
		char *path;

		if (asprintf(&path, "%s%s", places[i], name) < 0)
			return 0;
		id = id_of(path);
		free(path);
	}
	return id;
}
