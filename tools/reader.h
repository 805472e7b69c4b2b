/* SPDX-License-Identifier: GPL-2.0 */
/* The records of a session, read from its mapped rings in order of time. */
#ifndef SVMTRACE_READER_H
#define SVMTRACE_READER_H

#include <stdbool.h>

#include "record.h"
#include "session.h"

struct reader;

struct reader *reader_new(const struct session *s);
void reader_free(struct reader *r);
void reader_look_for_rings(struct reader *r);
bool reader_next(struct reader *r, struct record_view *v);

#endif
