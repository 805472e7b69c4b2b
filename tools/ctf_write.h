/* SPDX-License-Identifier: GPL-2.0 */
/* Writes a recording: see ctf.h. */
#ifndef SVMTRACE_CTF_WRITE_H
#define SVMTRACE_CTF_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "ctf.h"

/**
 * struct ctf_writer - a recording that is being written
 * @path:  its directory
 * @dir:   the same, open
 * @made:  it was not there before
 * @begun: before that time there are no records
 * @uuid:  of the recording
 */
struct ctf_writer {
	const char *path;
	int dir;
	bool made;
	uint64_t begun;
	__u8 uuid[CTF_UUID_LEN];
};

/**
 * struct ctf_stream - the file of a CPU
 * @fd:	    of it
 * @packet: header of the last packet, as far as the next one begins with it
 * @size:   of the whole packets
 */
struct ctf_stream {
	int fd;
	struct ctf_packet packet;
	uint64_t size;
};

/**
 * struct ctf_span - whole records in a row
 * @size:    in bytes; what follows is damaged if it is less than could be
 * @begin:   time of the first
 * @end:     time of the last
 * @lost:    how many records the gaps tell of
 * @calls:   how many of them are finished calls
 * @damaged: the next record makes no sense
 */
struct ctf_span {
	size_t size;
	uint64_t begin;
	uint64_t end;
	uint64_t lost;
	uint64_t calls;
	bool damaged;
};

typedef void ctf_on_gap(const struct svmtrace_record *record, const struct svmtrace_gap *gap);

void ctf_create(struct ctf_writer *w, const char *path, unsigned int cpus, uint64_t begun,
		char **argv);
void ctf_discard(struct ctf_writer *w);
int ctf_open_stream(const struct ctf_writer *w, struct ctf_stream *s, unsigned int cpu);
void ctf_measure(struct ctf_span *span, const void *data, size_t size, size_t enough,
		 ctf_on_gap *on_gap);
int ctf_write_packet(struct ctf_stream *s, const void *data, struct ctf_span *span);
int ctf_close_stream(struct ctf_stream *s, bool complete);
void ctf_close(struct ctf_writer *w);

#endif
