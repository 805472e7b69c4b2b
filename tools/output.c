// SPDX-License-Identifier: GPL-2.0
/* Where records are shown, and as what: of a trace, and of a recording. */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "output.h"
#include "printer.h"

#define OUTPUT_BUFFER (256 * 1024)

/* What was in the memory of a program is for its owner's eyes. */
static FILE *create(const char *path, bool payload)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, payload ? 0600 : 0666);

	return fd < 0 ? NULL : fdopen(fd, "w");
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
		file = create(o->file, o->preview);
	else if (o->command)	/* its own buffer: messages are not to wait */
		file = fdopen(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "w");
	if (!file)
		err(EXIT_FAILURE, "%s", o->file ? o->file : "standard error");
	setvbuf(file, NULL, _IOFBF, OUTPUT_BUFFER);
	return file;
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
