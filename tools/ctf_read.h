/* SPDX-License-Identifier: GPL-2.0 */
/* Reads a recording, in order of time: see ctf.h. */
#ifndef SVMTRACE_CTF_READ_H
#define SVMTRACE_CTF_READ_H

#include <stdbool.h>

#include "ctf.h"
#include "record.h"

struct ctf_reader;

struct ctf_reader *ctf_reader_new(const char *path);
const struct ctf_info *ctf_reader_info(const struct ctf_reader *r);
bool ctf_reader_next(struct ctf_reader *r, struct record_view *v);
bool ctf_reader_damaged(const struct ctf_reader *r);
void ctf_reader_free(struct ctf_reader *r);

#endif
