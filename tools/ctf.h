/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording: a trace of the Common Trace Format, version 1.8, whose events are the
 * records as they stand in the rings. It is a directory with a file "metadata", that
 * describes the others, and a file "cpu_N" per CPU: packets, each a header and whole
 * records. The first packet has no records, nor has the last one, without which the
 * file was cut off.
 */
#ifndef SVMTRACE_CTF_H
#define SVMTRACE_CTF_H

#include <stdint.h>
#include <stdio.h>

#include <linux/svmtrace.h>

/* The first 16 bits of a record, kind and syscall, are the number of the event. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the metadata describes little endian records only"
#endif

#define CTF_MAGIC 0xc1fc1fc1U
#define CTF_UUID_LEN 16
#define CTF_UUID_TEXT_LEN 37

/* How our metadata begin: the first line is what CTF wants, the second says that the
 * reader need not understand the rest.
 */
#define CTF_SIGNATURE "/* CTF 1.8 */\n/* A recording of svmtrace, layout 1. */\n"

#define CTF_METADATA "metadata"
#define CTF_STREAM "cpu_%u"

/* What stands before the records of a packet, a multiple of 8 bytes as they are. */
struct ctf_packet {
#include "ctf_fields.h"
};

/**
 * struct ctf_info - what a recording says about itself
 * @uuid:    of the recording, also in every packet
 * @boot_id: which boot the times are of, or ""
 * @offset:  ns from the epoch to the zero of the clock
 * @schema:  SVMTRACE_SCHEMA_VERSION of its records
 * @cpus:    how many files of CPUs it has at least
 */
struct ctf_info {
	__u8 uuid[CTF_UUID_LEN];
	char boot_id[CTF_UUID_TEXT_LEN];
	uint64_t offset;
	uint32_t schema;
	uint32_t cpus;
};

void ctf_uuid_text(char *text, const __u8 *uuid);
void ctf_write_metadata(FILE *file, const struct ctf_info *info, char **argv);
const char *ctf_read_metadata(struct ctf_info *info, char *text);

#endif
