// SPDX-License-Identifier: GPL-2.0
/*
 * A session with the kernel module. What goes wrong here usually has a cause
 * that the user can do something about, so the messages name the cure.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "expr.h"
#include "session.h"

#define MAJOR(version) ((version) >> 16)

/**
 * session_cure() - what to do when the device cannot be opened
 * @error: errno of open()
 *
 * Return: a message that names the cure.
 */
const char *session_cure(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "the kernel module is not loaded: try \"modprobe svmtrace\"";
	/* By the mode of the file. The module itself wants the capability. */
	case EACCES:
		return "no permission: run it as root, or get access to this file, see svmtrace(8)";
	case EPERM:
		return "permission denied: run it as root, or with CAP_PERFMON";
	case EUSERS:
	case EMFILE:
		return "too many sessions are open: end one, see \"svmtrace stat\"";
	case ENOMEM:
		return "not enough memory: try a smaller ring size (-B)";
	default:
		return strerror(error);
	}
}

/**
 * session_version_cure() - does the tool understand this module?
 * @info: what the module says about itself
 *
 * Return: NULL if it does, or else a message that names the cure.
 */
const char *session_version_cure(const struct svmtrace_info *info)
{
	if (MAJOR(info->abi_version) == MAJOR(SVMTRACE_ABI_VERSION) &&
	    MAJOR(info->schema_version) == MAJOR(SVMTRACE_SCHEMA_VERSION))
		return NULL;
	return "module and tool are of different versions: reload the module (rmmod, modprobe)";
}

/**
 * session_try_open() - opens the device
 * @s: filled in
 *
 * Return: 0, or a negative errno; -EPROTO if the module does not answer as ours does.
 */
int session_try_open(struct session *s)
{
	s->info = (struct svmtrace_info){ .size = sizeof(s->info) };
	s->fd = open(SVMTRACE_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (s->fd < 0)
		return -errno;
	if (ioctl(s->fd, SVMTRACE_IOC_GET_INFO, &s->info)) {
		close(s->fd);
		return -EPROTO;
	}
	s->info.version[sizeof(s->info.version) - 1] = '\0';
	return 0;
}

/**
 * session_open() - opens a session; ends the program if that does not work
 * @s: filled in
 */
void session_open(struct session *s)
{
	int error = session_try_open(s);
	const char *cure;

	if (error)
		errx(EXIT_FAILURE, "%s: %s", SVMTRACE_DEVICE, session_cure(-error));
	cure = session_version_cure(&s->info);
	if (cure)
		errx(EXIT_FAILURE, "%s", cure);
}

/**
 * session_close() - ends a session
 * @s: the session
 */
void session_close(struct session *s)
{
	close(s->fd);
	s->fd = -1;
}

/**
 * session_get_config() - settings of a session
 * @s:	    the session
 * @config: filled in
 */
void session_get_config(const struct session *s, struct svmtrace_config *config)
{
	*config = (struct svmtrace_config){ .size = sizeof(*config) };
	if (ioctl(s->fd, SVMTRACE_IOC_GET_CONFIG, config))
		err(EXIT_FAILURE, "cannot get the session's settings");
	config->size = sizeof(*config);
}

/* Which size a ring has to have depends on how large a record can be. */
static void tell_refused(struct session *s, struct svmtrace_config config)
{
	int error = errno;

	config.ring_size = s->info.ring_size_max;
	if (error == EINVAL && !ioctl(s->fd, SVMTRACE_IOC_SET_CONFIG, &config) &&
	    !ioctl(s->fd, SVMTRACE_IOC_GET_INFO, &s->info))
		errx(EXIT_FAILURE,
		     "for such calls (-s, --iovs) the ring size must be at least %u bytes",
		     s->info.ring_size_min);
	errno = error;
	err(EXIT_FAILURE, "the module refuses these settings");
}

/**
 * session_set_config() - sets up a session that has not been started
 * @s:	    the session; its @info is brought up to date
 * @config: settings, as got by session_get_config() and then changed
 */
void session_set_config(struct session *s, const struct svmtrace_config *config)
{
	if (config->ring_size < s->info.ring_size_min ||
	    config->ring_size > s->info.ring_size_max)
		errx(EXIT_FAILURE, "the ring size (-B) must be from %u to %u bytes",
		     s->info.ring_size_min, s->info.ring_size_max);
	if (ioctl(s->fd, SVMTRACE_IOC_SET_CONFIG, config)) {
		if (errno == EPERM && config->preview_max)
			errx(EXIT_FAILURE, "recording the payload (-s) needs CAP_SYS_PTRACE");
		tell_refused(s, *config);
	}
	s->info = (struct svmtrace_info){ .size = sizeof(s->info) };
	if (ioctl(s->fd, SVMTRACE_IOC_GET_INFO, &s->info))
		err(EXIT_FAILURE, "cannot ask the module");
}

static int add_callers(const struct session *s, const pid_t *list, size_t count,
		       unsigned int flags)
{
	struct svmtrace_pids pids = {
		.size = sizeof(pids),
		.op = SVMTRACE_PIDS_ADD,
		.set = SVMTRACE_PIDS_CALLER,
		.flags = flags,
		.count = count,
		.pids = (uintptr_t)list,
	};

	return ioctl(s->fd, SVMTRACE_IOC_PIDS, &pids);
}

/**
 * session_add_callers() - narrows a session to the calls of some processes
 * @s:	   the session
 * @pids:  the processes
 * @count: how many; 0 changes nothing
 * @flags: SVMTRACE_PIDS_FOLLOW or 0
 */
void session_add_callers(const struct session *s, const pid_t *pids, size_t count,
			 unsigned int flags)
{
	size_t i;

	if (count > SVMTRACE_PIDS_MAX)
		errx(EXIT_FAILURE, "-p: more than %d processes", SVMTRACE_PIDS_MAX);
	if (!count || !add_callers(s, pids, count, flags))
		return;
	/* All or none: which is it? */
	for (i = 0; errno == ESRCH && i < count; i++) {
		if (add_callers(s, &pids[i], 1, flags) && errno == ESRCH)
			errx(EXIT_FAILURE, "-p: there is no process %d", pids[i]);
		errno = ESRCH;
	}
	err(EXIT_FAILURE, "-p");
}

/**
 * session_add_cgroups() - narrows a session to the calls made in cgroups
 * @s:	   the session
 * @ids:   of the cgroups
 * @count: their number; with 0, nothing is changed
 */
void session_add_cgroups(const struct session *s, const __u64 *ids, size_t count)
{
	struct svmtrace_cgroups cgroups = {
		.size = sizeof(cgroups),
		.op = SVMTRACE_PIDS_ADD,
		.set = SVMTRACE_CGROUPS_CALLER,
		.count = count,
		.ids = (uintptr_t)ids,
	};

	if (count && ioctl(s->fd, SVMTRACE_IOC_CGROUPS, &cgroups))
		err(EXIT_FAILURE, "--cgroup");
}

/**
 * session_set_program() - narrows a session to the calls that a program keeps
 * @s:	     the session
 * @program: it; none if it is empty
 * @flags:   0, or SVMTRACE_PROGRAM_TRIGGER: such a call freezes the session instead
 */
void session_set_program(const struct session *s, const struct expr_program *program,
			 unsigned int flags)
{
	struct svmtrace_program request = {
		.size = sizeof(request),
		.len = program->len,
		.flags = flags,
		.insns = program->len ? (uintptr_t)program->insns : 0,
	};

	if (!ioctl(s->fd, SVMTRACE_IOC_PROGRAM, &request))
		return;
	if (errno == ENOTTY)
		errx(EXIT_FAILURE, "the module is too old to filter by expressions: reload it");
	if (errno == EINVAL && flags)
		errx(EXIT_FAILURE, "the module is too old for --until: reload it");
	err(EXIT_FAILURE, "the module refuses the expression; -d shows what it got");
}

/**
 * session_start() - from here on calls are recorded
 * @s: the session
 */
void session_start(const struct session *s)
{
	if (!ioctl(s->fd, SVMTRACE_IOC_START, 0))
		return;
	if (errno == ENOMEM)
		errx(EXIT_FAILURE, "cannot start: %s", session_cure(errno));
	err(EXIT_FAILURE, "cannot start; the kernel's log may say why");
}

/**
 * session_stop() - ends the recording; what was recorded can still be read
 * @s: the session
 */
void session_stop(const struct session *s)
{
	if (ioctl(s->fd, SVMTRACE_IOC_STOP, 0))
		warn("cannot stop the session");
}

/**
 * session_stats() - counters of a session
 * @s:	   the session
 * @stats: filled in
 */
void session_stats(const struct session *s, struct svmtrace_stats *stats)
{
	*stats = (struct svmtrace_stats){ .size = sizeof(*stats) };
	if (ioctl(s->fd, SVMTRACE_IOC_GET_STATS, stats))
		err(EXIT_FAILURE, "cannot get the session's counters");
}

/**
 * session_lost() - calls that a session has lost
 * @stats: its counters
 *
 * Return: how many, whatever the cause.
 */
__u64 session_lost(const struct svmtrace_stats *stats)
{
	return stats->lost_ring_full + stats->lost_nested + stats->lost_no_ring +
	       stats->lost_simulated + stats->lost_overwritten;
}
