// SPDX-License-Identifier: GPL-2.0
/* svmtrace: shows the process_vm_writev(2) and vmsplice(2) calls of a machine. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "fields.h"
#include "filter.h"
#include "options.h"
#include "recorder.h"
#include "report.h"
#include "trace.h"

/* A file that takes the number of one that we were started without gets our messages. */
static void open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

/* What is shown at once, on standard output. */
static int show(const struct options *o)
{
	int status = EXIT_SUCCESS;

	if (o->mode == MODE_STAT)
		status = stat_show(o->json);
	else if (o->mode == MODE_CHECK)
		status = check();
	else if (o->mode == MODE_LIST_FIELDS)
		status = fields_list(o->json);
	else
		filter_print(&o->filter, stdout);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_FAILURE, "standard output");
	return status;
}

int main(int argc, char **argv)
{
	struct options o;

	open_standard_files();
	options_parse(&o, argc, argv);
	switch (o.mode) {
	case MODE_TRACE:
		return trace(&o);
	case MODE_RECORD:
		return record(&o);
	case MODE_REPORT:
		return report(&o);
	default:
		return show(&o);
	}
}
