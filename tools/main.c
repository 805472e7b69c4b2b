// SPDX-License-Identifier: GPL-2.0
/* svmtrace: shows the process_vm_writev(2) and vmsplice(2) calls of a machine. */
#include "check.h"
#include "fields.h"
#include "filter.h"
#include "options.h"
#include "recorder.h"
#include "report.h"
#include "trace.h"

int main(int argc, char **argv)
{
	struct options o;

	options_parse(&o, argc, argv);
	switch (o.mode) {
	case MODE_RECORD:
		return record(&o);
	case MODE_REPORT:
		return report(&o);
	case MODE_STAT:
		return stat_show(o.json);
	case MODE_CHECK:
		return check();
	case MODE_LIST_FIELDS:
		return fields_list(o.json);
	case MODE_DUMP:
		filter_print(&o.filter, stdout);
		return 0;
	default:
		return trace(&o);
	}
}
