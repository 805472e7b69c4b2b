// SPDX-License-Identifier: GPL-2.0
/* Where records are shown, and as what: of a trace, and of a recording. */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "printer.h"

#define OUTPUT_BUFFER (256 * 1024)

/*
 * What was in the memory of a program is for its owner's eyes, in a file that was there
 * already as well: it becomes private first, and only then loses what was in it.
 */
static int empty_file(int fd, bool private)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	/* A device or a pipe is not ours to change. */
	if (!S_ISREG(st.st_mode))
		return 0;
	if (private && st.st_mode & 0077 && fchmod(fd, st.st_mode & 0700))
		return -1;
	return ftruncate(fd, 0);
}

static FILE *create(const char *path, bool private)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, private ? 0600 : 0666);

	if (fd < 0 || empty_file(fd, private))
		return NULL;
	return fdopen(fd, "w");
}

/* A recording can have payload in it. */
static bool is_private(const struct options *o)
{
	return o->preview || o->mode == MODE_REPORT;
}

/**
 * output_open() - opens what the command line names; ends the program if it cannot
 * @o: the command line
 *
 * Return: the file, with a buffer that is worth it.
 */
FILE *output_open(const struct options *o)
{
	FILE *file = stdout;

	if (o->file)
		file = create(o->file, is_private(o));
	else if (o->command)	/* its own buffer: messages are not to wait */
		file = fdopen(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "w");
	if (!file)
		err(EXIT_FAILURE, "%s", o->file ? o->file : "standard error");
	setvbuf(file, NULL, _IOFBF, OUTPUT_BUFFER);
	return file;
}

/**
 * output_is_closed() - is it a pipe that nobody reads any more?
 * @file: from output_open()
 *
 * A reader such as head(1) closes its end when it has enough.
 *
 * Return: whether it is.
 */
bool output_is_closed(FILE *file)
{
	struct pollfd output = { .fd = fileno(file) };

	return poll(&output, 1, 0) == 1 && output.revents & (POLLERR | POLLHUP);
}

/**
 * output_record() - shows a record, if records are to be shown
 * @file: from output_open()
 * @v:	  the record
 * @o:	  the command line
 */
void output_record(FILE *file, const struct record_view *v, const struct options *o)
{
	if (!o->trace)
		return;
	if (o->json)
		print_json(file, v, o);
	else
		print_text(file, v, o);
}
