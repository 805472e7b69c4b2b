// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the reader of recordings: whatever is in the files, it comes to an end, and all
 * records that it finds are whole.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctf_read.h"

static char directory[40];

/* Instead of libc's: there is much to warn of. */
void warnx(const char *format, ...)
{
	if (!*format)
		abort();
}

static void write_file(const char *name, const void *data, size_t size)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void remove_directory(void)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -r %s", directory);
	if (system(command))
		abort();
}

/* A recording whose UUID is all zeros. */
static void make_directory(void)
{
	struct ctf_info info = {
		.boot_id = "00000000-0000-0000-0000-000000000000",
		.schema = SVMTRACE_SCHEMA_VERSION,
	};
	char *none = NULL, *text;
	size_t size;
	FILE *file;

	strcpy(directory, "/tmp/svmtrace.fuzz.XXXXXX");
	if (!mkdtemp(directory))
		abort();
	atexit(remove_directory);
	file = open_memstream(&text, &size);
	ctf_write_metadata(file, &info, &none);
	fclose(file);
	write_file(CTF_METADATA, text, size);
	free(text);
}

static void fuzz_metadata(const __u8 *data, size_t size)
{
	size_t len = strlen(CTF_SIGNATURE);
	struct ctf_info info;
	char *text;

	text = malloc(len + size + 1);
	memcpy(text, CTF_SIGNATURE, len);
	memcpy(text + len, data, size);
	text[len + size] = '\0';
	if (!ctf_read_metadata(&info, text) && *info.boot_id &&
	    strlen(info.boot_id) != CTF_UUID_TEXT_LEN - 1)
		abort();
	free(text);
}

static void fuzz_streams(const __u8 *data, size_t size, unsigned int share)
{
	size_t first = size * share / 256;
	struct ctf_reader *r;
	struct record_view v, again;
	size_t got = 0;

	write_file("cpu_0", data, first);
	write_file("cpu_1", data + first, size - first);
	r = ctf_reader_new(directory);
	while (ctf_reader_next(r, &v)) {
		if (record_view(&again, v.record, v.record->size) < 0)
			abort();
		got += v.record->size;
	}
	if (got > size)
		abort();
	ctf_reader_free(r);
}

int fuzz(const __u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

/**
 * fuzz() - what libFuzzer calls
 * @data: a byte that says what the rest is: 255 metadata, or else how much of it is
 *	  the file of the first CPU
 * @size: of it
 *
 * Return: 0.
 */
int fuzz(const __u8 *data, size_t size)
{
	static bool made;

	if (!made)
		make_directory();
	made = true;
	if (!size)
		return 0;
	if (data[0] == 255)
		fuzz_metadata(data + 1, size - 1);
	else
		fuzz_streams(data + 1, size - 1, data[0]);
	return 0;
}
