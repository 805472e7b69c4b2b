/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording: a trace of the Common Trace Format, version 1.8, whose events are the
 * records as they stand in the rings. It is a directory with a file "metadata", that
 * describes the others, and a file "cpu_N" per CPU: packets, each a header and whole
 * records.
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
#define CTF_STREAM "cpu_"

/*
 * The header of a packet: ROW(type, name, show). What follows the identity of the
 * trace is what CTF calls the context of the packet. No holes.
 */
#define CTF_PACKET_HEADER(ROW) \
	ROW(u32, magic, HEX) \
	ROW(uuid, uuid, HEX) \
	ROW(u32, stream_id, DEC)

#define CTF_PACKET_CONTEXT(ROW) \
	ROW(u64, timestamp_begin, CLOCK) \
	ROW(u64, timestamp_end, CLOCK) \
	ROW(u64, content_size, DEC)	/* in bits, as is packet_size */ \
	ROW(u64, packet_size, DEC) \
	ROW(u64, packet_seq_num, DEC) \
	ROW(u64, events_discarded, DEC)	/* since the beginning */ \
	ROW(u64, cpu_id, DEC)

#define CTF_TYPE_u32 __u32
#define CTF_TYPE_u64 __u64
#define CTF_TYPE_uuid __typeof__(__u8 [CTF_UUID_LEN])
#define CTF_MEMBER_END ;
#define CTF_MEMBER(type, name, show) CTF_TYPE_##type name CTF_MEMBER_END

/* What stands before the records of a packet, a multiple of 8 bytes as they are. */
struct ctf_packet {
	CTF_PACKET_HEADER(CTF_MEMBER)
	CTF_PACKET_CONTEXT(CTF_MEMBER)
};

/**
 * struct ctf_info - what a recording says about itself
 * @uuid:    of the recording, also in every packet
 * @boot_id: which boot the times are of
 * @offset:  ns from the epoch to the zero of the clock
 * @schema:  SVMTRACE_SCHEMA_VERSION of its records
 */
struct ctf_info {
	__u8 uuid[CTF_UUID_LEN];
	char boot_id[CTF_UUID_TEXT_LEN];
	uint64_t offset;
	uint32_t schema;
};

void ctf_uuid_text(char *text, const __u8 *uuid);
void ctf_write_metadata(FILE *file, const struct ctf_info *info, char **argv);
const char *ctf_read_metadata(struct ctf_info *info, char *text);

#endif
