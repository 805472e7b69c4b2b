// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a recording, in order of time. It may have been cut off when a disk was full or
 * a machine crashed, and may have been made to harm who looks at it: sizes are checked
 * against what is there, and a record is looked at by record_view() only.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctf_read.h"
#include "rlimits.h"

/* More than any record has: each of its counts is of 16 bits. */
#define RECORD_MAX (5 * 1024 * 1024)
#define METADATA_MAX (1024 * 1024)

/**
 * struct source - a file of records
 * @cpu:       whose file it is
 * @file:      it; NULL at its end
 * @packet:    header of the current packet
 * @packets:   how many there have been
 * @left:      bytes of records that follow in the packet
 * @data:      the next record
 * @allocated: bytes at @data
 * @v:	       its parts, if there is one
 */
struct source {
	unsigned int cpu;
	FILE *file;
	struct ctf_packet packet;
	uint64_t packets;
	uint64_t left;
	void *data;
	size_t allocated;
	struct record_view v;
};

/**
 * struct ctf_reader - a recording that is being read
 * @path:    of the directory
 * @info:    what it says about itself
 * @sources: its files
 * @count:   how many
 * @current: whose record was handed out last, or NULL
 * @damaged: something was not as it should be
 */
struct ctf_reader {
	const char *path;
	struct ctf_info info;
	struct source *sources;
	size_t count;
	struct source *current;
	bool damaged;
};

static void tell(struct ctf_reader *r, const struct source *s, const char *what)
{
	warnx("%s/" CTF_STREAM ": %s", r->path, s->cpu, what);
	r->damaged = true;
}

/* Returns false at the end. */
static bool end(struct source *s)
{
	fclose(s->file);
	s->file = NULL;
	s->v = (struct record_view){ 0 };
	return false;
}

/* What cannot be right, or NULL. */
static const char *judge(const struct ctf_reader *r, const struct source *s,
			 const struct ctf_packet *p)
{
	if (p->magic != CTF_MAGIC || p->stream_id)
		return "not a packet; the rest is left out";
	if (memcmp(p->uuid, r->info.uuid, sizeof(p->uuid)))
		return "a packet of another recording; the rest is left out";
	if (p->packet_size % 64 || p->packet_size < sizeof(*p) * 8 ||
	    p->packet_size != p->content_size)
		return "a damaged packet; the rest is left out";
	if (p->cpu_id != s->cpu)
		return "a packet of another CPU; the rest is left out";
	return NULL;
}

/* The last packet has no records, and is not the first one. */
static bool is_complete(const struct source *s)
{
	return s->packets > 1 && s->packet.packet_size == sizeof(s->packet) * 8;
}

static bool next_packet(struct ctf_reader *r, struct source *s)
{
	struct ctf_packet packet;
	const char *fault;
	size_t got;

	got = fread(&packet, 1, sizeof(packet), s->file);
	if (got != sizeof(packet)) {
		if (got || ferror(s->file) || !is_complete(s))
			tell(r, s, "the end is cut off");
		return end(s);
	}
	fault = judge(r, s, &packet);
	if (fault) {
		tell(r, s, fault);
		return end(s);
	}
	if (packet.packet_seq_num != s->packets)
		tell(r, s, "packets are missing");
	s->packets = packet.packet_seq_num + 1;
	s->packet = packet;
	s->left = packet.packet_size / 8 - sizeof(packet);
	return true;
}

static void make_room(struct source *s, size_t size)
{
	if (size <= s->allocated)
		return;
	free(s->data);
	s->data = malloc(size);
	if (!s->data)
		err(EXIT_FAILURE, "a record");
	s->allocated = size;
}

/* Reads a record of the packet. */
static long read_record(struct source *s)
{
	struct svmtrace_record record;

	if (s->left < sizeof(record))
		return -EBADMSG;
	if (fread(&record, sizeof(record), 1, s->file) != 1)
		return -EAGAIN;
	s->left -= sizeof(record);
	if (record.size < sizeof(record) || record.size > RECORD_MAX ||
	    record.size - sizeof(record) > s->left)
		return -EBADMSG;
	make_room(s, record.size);
	memcpy(s->data, &record, sizeof(record));
	if (record.size > sizeof(record) &&
	    fread((char *)s->data + sizeof(record), record.size - sizeof(record), 1, s->file) != 1)
		return -EAGAIN;
	s->left -= record.size - sizeof(record);
	return record_view(&s->v, s->data, record.size);
}

static bool skip_packet(struct ctf_reader *r, struct source *s)
{
	tell(r, s, "a damaged record; the rest of its packet is left out");
	if (fseeko(s->file, s->left, SEEK_CUR))
		return end(s);
	return next_packet(r, s);
}

/* Returns false at the end of the file. */
static bool advance(struct ctf_reader *r, struct source *s)
{
	long size;

	s->v = (struct record_view){ 0 };
	for (;;) {
		while (!s->left) {
			if (!next_packet(r, s))
				return false;
		}
		size = read_record(s);
		if (size >= 0)
			return true;
		if (size == -EAGAIN) {
			tell(r, s, "the end is cut off");
			return end(s);
		}
		if (!skip_packet(r, s))
			return false;
	}
}

/*
 * Whoever made the recording is not to have us open a device, or a file elsewhere. Ends
 * the program if it is not a file; returns NULL if it cannot be opened.
 */
static FILE *open_file(const struct ctf_reader *r, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno != ELOOP)
		return NULL;
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		errx(EXIT_FAILURE, "%s/%s: not a file", r->path, name);
	return fdopen(fd, "r");
}

static char *read_text(const struct ctf_reader *r, int dir)
{
	FILE *file = open_file(r, dir, CTF_METADATA);
	char *text = malloc(METADATA_MAX + 1);
	size_t len;

	if (!file)
		errx(EXIT_FAILURE, "%s: not a recording: no %s", r->path, CTF_METADATA);
	if (!text)
		err(EXIT_FAILURE, "the metadata");
	len = fread(text, 1, METADATA_MAX, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void read_metadata(struct ctf_reader *r, int dir)
{
	char *text = read_text(r, dir);
	const char *fault = ctf_read_metadata(&r->info, text);

	free(text);
	if (fault)
		errx(EXIT_FAILURE, "%s: %s", r->path, fault);
}

static void open_source(struct ctf_reader *r, int dir, const char *name, unsigned int cpu)
{
	FILE *file = open_file(r, dir, name);

	if (!file)
		err(EXIT_FAILURE, "%s/%s", r->path, name);
	r->sources = reallocarray(r->sources, r->count + 1, sizeof(*r->sources));
	if (!r->sources)
		err(EXIT_FAILURE, "the recording");
	r->sources[r->count++] = (struct source){ .cpu = cpu, .file = file };
}

/* A name that we would not write is that of a copy, or made to harm a terminal. */
static bool is_stream(const char *name, unsigned int *cpu)
{
	char ours[32];

	if (sscanf(name, CTF_STREAM, cpu) != 1)
		return false;
	snprintf(ours, sizeof(ours), CTF_STREAM, *cpu);
	return !strcmp(name, ours);
}

/* Of CPUs that came up later there may be more. */
static void note_missing(struct ctf_reader *r)
{
	size_t missing = r->info.cpus > r->count ? r->info.cpus - r->count : 0;

	/* It was made on a CPU at least. */
	if (!r->count)
		warnx("%s: the files of all CPUs are missing", r->path);
	else if (missing)
		warnx("%s: the files of %zu %s are missing", r->path, missing,
		      missing == 1 ? "CPU" : "CPUs");
	r->damaged |= !r->count || missing;
}

static void open_sources(struct ctf_reader *r, int dir)
{
	DIR *entries = fdopendir(dir);
	const struct dirent *entry;
	unsigned int cpu;
	size_t i;

	if (!entries)
		err(EXIT_FAILURE, "%s", r->path);
	while ((entry = readdir(entries))) {
		if (is_stream(entry->d_name, &cpu))
			open_source(r, dir, entry->d_name, cpu);
	}
	closedir(entries);
	note_missing(r);
	for (i = 0; i < r->count; i++)
		advance(r, &r->sources[i]);
}

/**
 * ctf_reader_new() - opens a recording; ends the program if it is none
 * @path: of its directory; must live as long as the reader
 *
 * Return: the reader; ctf_reader_free() it.
 */
struct ctf_reader *ctf_reader_new(const char *path)
{
	struct ctf_reader *r = calloc(1, sizeof(*r));
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!r || dir < 0)
		err(EXIT_FAILURE, "%s", path);
	r->path = path;
	rlimits_allow_files();
	read_metadata(r, dir);
	open_sources(r, dir);
	return r;
}

/**
 * ctf_reader_info() - what a recording says about itself
 * @r: the reader
 *
 * Return: it, as long as there is the reader.
 */
const struct ctf_info *ctf_reader_info(const struct ctf_reader *r)
{
	return &r->info;
}

/* Of records of the same time, that of the lower CPU comes first. */
static bool is_before(const struct source *a, const struct source *b)
{
	if (a->v.record->time != b->v.record->time)
		return a->v.record->time < b->v.record->time;
	return a->cpu < b->cpu;
}

/**
 * ctf_reader_next() - takes the oldest record
 * @r: the reader
 * @v: filled in; valid until the next call
 *
 * Return: false if there are no more.
 */
bool ctf_reader_next(struct ctf_reader *r, struct record_view *v)
{
	struct source *found = NULL;
	size_t i;

	if (r->current)
		advance(r, r->current);
	for (i = 0; i < r->count; i++) {
		struct source *s = &r->sources[i];

		if (s->file && (!found || is_before(s, found)))
			found = s;
	}
	r->current = found;
	if (found)
		*v = found->v;
	return found;
}

/**
 * ctf_reader_damaged() - was something not as it should be?
 * @r: the reader
 *
 * Return: whether it was; what has been told then.
 */
bool ctf_reader_damaged(const struct ctf_reader *r)
{
	return r->damaged;
}

/**
 * ctf_reader_free() - closes a recording
 * @r: the reader
 */
void ctf_reader_free(struct ctf_reader *r)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		if (r->sources[i].file)
			fclose(r->sources[i].file);
		free(r->sources[i].data);
	}
	free(r->sources);
	free(r);
}
