// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a recording: records go from the ring to the file as they are, as many at a
 * time as there are, behind a header. All that is looked at are their own headers.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "ctf_write.h"

/* A random one, of version 4. */
static void make_uuid(__u8 *uuid)
{
	if (getrandom(uuid, CTF_UUID_LEN, 0) != CTF_UUID_LEN)
		err(EXIT_FAILURE, "no random numbers");
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

static bool is_empty(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool empty = true;

	if (!entries)
		return false;
	while (empty && (entry = readdir(entries)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(entries);
	return empty;
}

/* Others could move the files away, and put theirs in their place. */
static bool is_ours(int dir)
{
	struct stat st;

	return !fstat(dir, &st) && st.st_uid == geteuid() && !(st.st_mode & 0022);
}

/*
 * It is opened once, and then judged by what is open: its name may mean another one
 * soon.
 */
static void make_directory(struct ctf_writer *w)
{
	w->made = !mkdir(w->path, 0700);
	if (!w->made && errno != EEXIST)
		err(EXIT_FAILURE, "%s", w->path);
	w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->dir < 0 && errno != ENOTDIR && errno != ELOOP)
		err(EXIT_FAILURE, "%s", w->path);
	if (w->dir < 0 || !is_empty(w->dir))
		errx(EXIT_FAILURE, "%s exists already: -o names another directory", w->path);
	if (!w->made && !is_ours(w->dir))
		errx(EXIT_FAILURE, "%s: another user may write to it: -o names another directory",
		     w->path);
}

static int create_file(const struct ctf_writer *w, const char *name)
{
	return openat(w->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static bool write_metadata(int fd, const struct ctf_info *info, char **argv)
{
	FILE *file = fdopen(fd, "w");
	bool good;

	if (!file)
		return false;
	ctf_write_metadata(file, info, argv);
	good = !fflush(file) && !ferror(file);
	return !fclose(file) && good;
}

/**
 * ctf_create() - makes the directory of a recording; ends the program if that fails
 * @w:	   filled in; ctf_close() it
 * @path:  of the directory, which must not be there, or be empty, ours and no link
 * @cpus:  so many files there will be at least
 * @begun: before that time there are no records
 * @argv:  the command line that makes it
 *
 * To be called after clock_update().
 */
void ctf_create(struct ctf_writer *w, const char *path, unsigned int cpus, uint64_t begun,
		char **argv)
{
	struct ctf_info info = {
		.offset = clock_realtime(0),
		.schema = SVMTRACE_SCHEMA_VERSION,
		.cpus = cpus,
	};
	int fd, error;

	*w = (struct ctf_writer){ .path = path, .begun = begun };
	make_uuid(w->uuid);
	memcpy(info.uuid, w->uuid, sizeof(info.uuid));
	snprintf(info.boot_id, sizeof(info.boot_id), "%s", clock_boot_id());
	make_directory(w);
	fd = create_file(w, CTF_METADATA);
	if (fd >= 0 && write_metadata(fd, &info, argv))
		return;
	error = errno;
	if (fd >= 0)
		unlinkat(w->dir, CTF_METADATA, 0);
	if (w->made)
		rmdir(path);
	errx(EXIT_FAILURE, "%s/%s: %s", path, CTF_METADATA, strerror(error));
}

/**
 * ctf_discard() - undoes ctf_create()
 * @w: the recording; no stream of it was opened
 */
void ctf_discard(struct ctf_writer *w)
{
	unlinkat(w->dir, CTF_METADATA, 0);
	if (w->made)
		rmdir(w->path);
	ctf_close(w);
}

static int write_empty(struct ctf_stream *s, uint64_t time)
{
	struct ctf_span nothing = { .begin = time, .end = time };

	return ctf_write_packet(s, NULL, &nothing);
}

/**
 * ctf_open_stream() - makes the file of a CPU
 * @w:	 the recording
 * @s:	 filled in
 * @cpu: whose records it will have
 *
 * It begins with a packet without records. Readers compare the number of lost records
 * with that of the packet before, so the first one that has any needs one.
 *
 * Return: 0 or a negative errno.
 */
int ctf_open_stream(const struct ctf_writer *w, struct ctf_stream *s, unsigned int cpu)
{
	char name[32];

	*s = (struct ctf_stream){ .packet = { .magic = CTF_MAGIC, .cpu_id = cpu } };
	memcpy(s->packet.uuid, w->uuid, sizeof(s->packet.uuid));
	snprintf(name, sizeof(name), CTF_STREAM, cpu);
	s->fd = create_file(w, name);
	return s->fd < 0 ? -errno : write_empty(s, w->begun);
}

/* The parts of a record that are not its own header are not believed to make sense. */
static bool is_sound(const struct svmtrace_record *record, size_t left)
{
	size_t least = sizeof(*record);

	if (left < least)
		return false;
	if (record->kind == SVMTRACE_KIND_GAP)
		least += sizeof(struct svmtrace_gap);
	return record->size >= least && record->size % 8 == 0 && record->size <= left;
}

/**
 * ctf_measure() - finds how many records can be a packet
 * @span:   filled in
 * @data:   records
 * @size:   bytes at @data
 * @enough: stop at the first record that ends there, or later
 * @on_gap: called for every gap, or NULL
 */
void ctf_measure(struct ctf_span *span, const void *data, size_t size, size_t enough,
		 ctf_on_gap *on_gap)
{
	const struct svmtrace_record *record;
	const struct svmtrace_gap *gap;

	*span = (struct ctf_span){ 0 };
	while (span->size < size && span->size < enough) {
		record = (const void *)((const char *)data + span->size);
		span->damaged = !is_sound(record, size - span->size);
		if (span->damaged)
			return;
		if (!span->size)
			span->begin = record->time;
		span->end = record->time;
		span->size += record->size;
		if (record->kind == SVMTRACE_KIND_CALL) {
			span->calls++;
		} else if (record->kind == SVMTRACE_KIND_GAP) {
			gap = (const struct svmtrace_gap *)(record + 1);
			span->lost += gap->last_seq - gap->first_seq + 1;
			if (on_gap)
				on_gap(record, gap);
		}
	}
}

static int write_all(int fd, struct iovec *iov, int count)
{
	ssize_t written;

	while (count) {
		written = writev(fd, iov, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -ENOSPC;
		while (count && (size_t)written >= iov->iov_len) {
			written -= iov++->iov_len;
			count--;
		}
		if (count) {
			iov->iov_base = (char *)iov->iov_base + written;
			iov->iov_len -= written;
		}
	}
	return 0;
}

/* The header of a packet of these records, behind the last one. */
static struct ctf_packet make_header(const struct ctf_stream *s, const struct ctf_span *span)
{
	struct ctf_packet packet = s->packet;

	packet.timestamp_begin = span->begin;
	packet.timestamp_end = span->end;
	packet.content_size = (sizeof(packet) + span->size) * 8;
	packet.packet_size = packet.content_size;
	packet.events_discarded += span->lost;
	return packet;
}

static void add_packet(struct ctf_stream *s, const struct ctf_packet *packet)
{
	s->packet = *packet;
	s->packet.packet_seq_num++;
	s->size += packet->packet_size / 8;
}

/*
 * Of a packet that could not be written to its end, the whole records stay: a header
 * says so that takes the place of its own, for which there was room.
 */
static void keep_whole_records(struct ctf_stream *s, const void *data, struct ctf_span *span)
{
	size_t written = lseek(s->fd, 0, SEEK_CUR) - s->size;
	struct ctf_packet packet;

	if (written > sizeof(packet))
		written -= sizeof(packet);
	else
		written = 0;
	ctf_measure(span, data, written, written, NULL);
	packet = make_header(s, span);
	if (span->size && pwrite(s->fd, &packet, sizeof(packet), s->size) == sizeof(packet))
		add_packet(s, &packet);
	else
		*span = (struct ctf_span){ 0 };
	/* If that fails, readers still see where the last whole packet ends. */
	if (!ftruncate(s->fd, s->size))
		lseek(s->fd, s->size, SEEK_SET);
}

/**
 * ctf_write_packet() - writes records
 * @s:	  the file of their CPU
 * @data: they
 * @span: of ctf_measure(); if that fails, it becomes that of what was written
 *
 * Return: 0 or a negative errno; then the file ends with the last whole record.
 */
int ctf_write_packet(struct ctf_stream *s, const void *data, struct ctf_span *span)
{
	struct ctf_packet packet = make_header(s, span);
	struct iovec iov[] = {
		{ &packet, sizeof(packet) },
		{ (void *)data, span->size },
	};
	int error;

	error = write_all(s->fd, iov, span->size ? 2 : 1);
	if (error)
		keep_whole_records(s, data, span);
	else
		add_packet(s, &packet);
	return error;
}

/**
 * ctf_close_stream() - closes the file of a CPU
 * @s:	      it
 * @complete: all that there was to record has been written
 *
 * Only a complete one ends with another packet without records. One that was cut off
 * between two packets cannot be told from it else.
 *
 * Return: 0 or a negative errno: not all of it has been written.
 */
int ctf_close_stream(struct ctf_stream *s, bool complete)
{
	int error = complete ? write_empty(s, s->packet.timestamp_end) : 0;

	if (close(s->fd) && !error)
		error = -errno;
	return error;
}

/**
 * ctf_close() - closes the directory of a recording
 * @w: the recording
 */
void ctf_close(struct ctf_writer *w)
{
	close(w->dir);
}
