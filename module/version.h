/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_VERSION_H
#define SVMTRACE_VERSION_H

/* Of module and tool; dkms.conf says the same. */
#define SVMTRACE_VERSION "0.1.0"

#endif
