// SPDX-License-Identifier: GPL-2.0
/*
 * What the metadata of a recording say about it. We wrote them, a member to a line, or
 * so they claim; nothing that they say is believed before it was checked.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "ctf.h"
#include "util.h"

/* What is looked for, by the bit that says it was found. */
enum {
	FOUND_TRACER = 1,
	FOUND_SCHEMA = 2,
	FOUND_SECONDS = 4,
	FOUND_NS = 8,
	FOUND_UUID = 16,
	FOUND_CPUS = 32,
	FOUND_NEEDED = 63,
	FOUND_CLOCK = 64,	/* if it is known */
};

static const struct {
	const char *block;
	const char *key;
	unsigned int found;
} members[] = {
	{ "env", "tracer_name", FOUND_TRACER },
	{ "env", "schema_version", FOUND_SCHEMA },
	{ "env", "cpus", FOUND_CPUS },
	{ "clock", "uuid", FOUND_CLOCK },
	{ "clock", "offset_s", FOUND_SECONDS },
	{ "clock", "offset", FOUND_NS },
	{ "trace", "uuid", FOUND_UUID },
};

static unsigned int find_member(const char *block, const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		if (!strcmp(block, members[i].block) && !strcmp(key, members[i].key))
			return members[i].found;
	}
	return 0;
}

/* "0123-..." in quotation marks, as we write it. */
static bool read_uuid(__u8 *uuid, const char *value)
{
	char text[CTF_UUID_TEXT_LEN + 2], digits[3] = "";
	const char *at = value;
	unsigned int i;

	for (i = 0; i < CTF_UUID_LEN; i++) {
		at += strspn(at, "\"-");
		if (strspn(at, "0123456789abcdef") < 2)
			return false;
		memcpy(digits, at, 2);
		uuid[i] = strtoul(digits, NULL, 16);
		at += 2;
	}
	text[0] = '"';
	ctf_uuid_text(text + 1, uuid);
	strcat(text, "\"");
	return !strcmp(text, value);
}

static bool read_number(uint64_t *number, const char *value, uint64_t max)
{
	char *end;

	*number = strtoull(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && *number <= max;
}

static bool read_member(struct ctf_info *info, unsigned int found, const char *value)
{
	__u8 boot_id[CTF_UUID_LEN];
	uint64_t number;

	switch (found) {
	case FOUND_TRACER:
		return !strcmp(value, "\"svmtrace\"");
	case FOUND_SCHEMA:
		if (!read_number(&number, value, UINT32_MAX))
			return false;
		info->schema = number;
		return true;
	case FOUND_CPUS:
		if (!read_number(&number, value, UINT32_MAX))
			return false;
		info->cpus = number;
		return true;
	case FOUND_CLOCK:
		if (!read_uuid(boot_id, value))
			return false;
		ctf_uuid_text(info->boot_id, boot_id);
		return true;
	case FOUND_SECONDS:	/* centuries, that is */
		if (!read_number(&number, value, 10000000000))
			return false;
		info->offset += number * NSEC_PER_SEC;
		return true;
	case FOUND_NS:
		if (!read_number(&number, value, NSEC_PER_SEC - 1))
			return false;
		info->offset += number;
		return true;
	default:
		return read_uuid(info->uuid, value);
	}
}

/* "key = value;", or the beginning or the end of a block. */
static unsigned int read_line(struct ctf_info *info, char *line, char *block, size_t size)
{
	char *key = line + strspn(line, "\t "), *end = strstr(key, " = ");
	size_t len = strlen(line);
	unsigned int found;

	if (len > 2 && *line != '\t' && !strcmp(line + len - 2, " {"))
		snprintf(block, size, "%.*s", (int)len - 2, line);
	else if (*line == '}')
		*block = '\0';
	if (!end || line[len - 1] != ';')
		return 0;
	*end = '\0';
	line[len - 1] = '\0';
	found = find_member(block, key);
	return found && read_member(info, found, end + 3) ? found : 0;
}

/**
 * ctf_read_metadata() - what do the metadata say?
 * @info: filled in
 * @text: the metadata, zero terminated; of no use after that
 *
 * Return: NULL, or why this is no recording that can be read.
 */
const char *ctf_read_metadata(struct ctf_info *info, char *text)
{
	char block[16] = "", *line, *save = NULL;
	unsigned int found = 0, this;

	*info = (struct ctf_info){ 0 };
	if (strncmp(text, CTF_SIGNATURE, strlen(CTF_SIGNATURE)))
		return "not a recording of svmtrace, or of another version of it";
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		this = read_line(info, line, block, sizeof(block));
		if (found & this)
			return "the metadata are damaged";
		found |= this;
	}
	if (found & FOUND_SCHEMA && info->schema != SVMTRACE_SCHEMA_VERSION)
		return "recorded by another version of svmtrace, with another schema";
	return (found & FOUND_NEEDED) == FOUND_NEEDED ? NULL : "the metadata are damaged";
}
