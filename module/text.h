/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One line of text per record, for people. The same source makes the lines of
 * "cat /dev/svmtrace" and those of the tool.
 */
#ifndef SVMTRACE_TEXT_H
#define SVMTRACE_TEXT_H

#include "record.h"

/* text_style.flags */
#define TEXT_TIME	0x1U	/* begin with the time and the CPU */
#define TEXT_DURATION	0x2U	/* how long the call took: <4.1us> */
#define TEXT_SECONDS	0x4U	/* the same in seconds: <0.000004100> */

/**
 * struct text_style - how a line shall look
 * @flags:   TEXT_ bits
 * @iovs:    entries shown of each iovec array, if as many were recorded
 * @preview: bytes shown of a payload preview, if as many were recorded
 */
struct text_style {
	unsigned int flags;
	unsigned int iovs;
	unsigned int preview;
};

extern const struct text_style text_style_default;

size_t text_line_max(unsigned int iovs, unsigned int preview);
size_t text_line(char *buf, size_t size, const struct record_view *v,
		 const struct text_style *style);

#endif /* SVMTRACE_TEXT_H */
