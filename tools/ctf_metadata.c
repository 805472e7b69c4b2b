// SPDX-License-Identifier: GPL-2.0
/*
 * The metadata of a recording: the description of the records in TSDL, the language
 * of CTF, made of the table of fields and of the names of what is in them.
 *
 * What a record may have or not is a variant, chosen by a bit of svmtrace_call.groups.
 * What is after svmtrace_extra can only be said by a variant over all the rest,
 * because lengths within a variant are not seen from outside of it. All integers
 * are said to be aligned to bytes: they stand where the table has them.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

#include "clock.h"
#include "ctf.h"
#include "names.h"
#include "record.h"
#include "util.h"
#include "version.h"

/* A row of the table of fields. */
struct row {
	const char *group;
	const char *type;
	const char *name;
	const char *show;
};

static const struct row rows[] = {
#define SVMTRACE_FIELD(group, type, name, show, origin, help) \
	{ #group, #type, #name, #show },
#include <linux/svmtrace_fields.h>
};

/* How the columns "type" and "show" are written, if they are not as the others. */
static const struct {
	const char *type;
	const char *show;
	const char *text;
} integers[] = {
	{ "u8", "HEX", "hex8" },
	{ "u16", "HEX", "hex16" },
	{ "u32", "HEX", "hex32" },
	{ "u64", "HEX", "hex64" },
	{ "u32", "DEVICE", "hex32" },
	{ "u64", "CLOCK", "monotonic" },
	{ "comm", NULL, "text8" },
	{ "uuid", NULL, "u8" },
};

static const char *integer(const char *type, const char *show)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(integers); i++) {
		if (!strcmp(type, integers[i].type) &&
		    (!integers[i].show || !strcmp(show, integers[i].show)))
			return integers[i].text;
	}
	return type;
}

static bool shows(const struct row *row, const char *show)
{
	return !strcmp(row->show, show);
}

/* A name with a dash is no identifier. */
static void identifier(char *text, size_t size, const char *name)
{
	size_t i;

	snprintf(text, size, "%s", name);
	for (i = 0; text[i]; i++) {
		if (text[i] == '-')
			text[i] = '_';
	}
}

static void write_integers(FILE *file)
{
	static const unsigned int sizes[] = { 8, 16, 32, 64 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fprintf(file, "typealias integer { size = %u; align = 8; } := u%u;\n",
			sizes[i], sizes[i]);
		fprintf(file, "typealias integer { size = %u; align = 8; base = hex; } := hex%u;\n",
			sizes[i], sizes[i]);
	}
	fputs("typealias integer { size = 64; align = 8; signed = true; } := s64;\n"
	      "typealias integer { size = 8; align = 8; encoding = UTF8; } := text8;\n"
	      "typealias integer { size = 64; align = 8; map = clock.monotonic.value; } := monotonic;\n"
	      "typealias integer { size = 64; align = 64; map = clock.monotonic.value; } := aligned_monotonic;\n"
	      "typealias enum : integer { size = 1; align = 1; } { absent = 0, present = 1 } := has;\n",
	      file);
}

static void write_bits(FILE *file, const char *type, const char *name,
		       const struct name_bit *bits)
{
	fprintf(file, "typealias enum : %s {\n", type);
	for (; bits->bit; bits++)
		fprintf(file, "\t\"%s\" = %#x,\n", bits->name, bits->bit);
	fprintf(file, "} := %s;\n", name);
}

static void write_names(FILE *file, const char *type, const char *name,
			const char *name_of(unsigned int value))
{
	unsigned int value;

	fprintf(file, "typealias enum : %s {\n", type);
	for (value = 0; *name_of(value) != '?'; value++)
		fprintf(file, "\t\"%s\" = %u,\n", name_of(value), value);
	fprintf(file, "} := %s;\n", name);
}

/* Where a field is shown as a name, its @show is also that of a type. */
static void write_enums(FILE *file)
{
	write_bits(file, "u32", "RELATION", name_relations);
	write_bits(file, "u32", "MARKS", name_marks);
	write_bits(file, "u64", "SPLICE_FLAGS", name_splice_flags);
	write_names(file, "u8", "ABI", name_abi);
	write_names(file, "u32", "DIRECTION", name_direction);
}

static const char *type_of(const struct row *row)
{
	static const char *const enums[] = { "RELATION", "MARKS", "ABI", "DIRECTION" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(enums); i++) {
		if (shows(row, enums[i]))
			return enums[i];
	}
	return integer(row->type, row->show);
}

/* A bit per optional group, beginning with the lowest. */
static void write_groups(FILE *file, const char *indent)
{
	const struct name_bit *group;
	unsigned int bits = 0;
	char name[40];

	for (group = name_groups; group->bit; group++, bits++) {
		identifier(name, sizeof(name), group->name);
		fprintf(file, "%shas has_%s;\n", indent, name);
	}
	fprintf(file, "%sinteger { size = %u; align = 1; } other_groups;\n", indent, 8 - bits);
}

static void write_field(FILE *file, const char *indent, const struct row *row)
{
	if (shows(row, "GROUPS"))
		write_groups(file, indent);
	else if (!strcmp(row->type, "comm"))
		fprintf(file, "%s%s %s[%u];\n", indent, type_of(row), row->name,
			SVMTRACE_COMM_LEN);
	else
		fprintf(file, "%s%s %s;\n", indent, type_of(row), row->name);
}

static void write_fields(FILE *file, const char *indent, const char *group)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].group, group))
			write_field(file, indent, &rows[i]);
	}
}

/* All optional groups but the last, that is part of the arrays. */
static void write_structs(FILE *file)
{
	const struct name_bit *group;
	char name[40];

	for (group = name_groups; group->bit != SVMTRACE_GROUP_EXTRA; group++) {
		identifier(name, sizeof(name), group->name);
		fprintf(file, "struct %s {\n", name);
		write_fields(file, "\t", name);
		fputs("};\n", file);
	}
	fputs("struct iovec {\n\thex64 base;\n\tu64 len;\n};\n", file);
}

static const struct row packet_rows[] = {
#define CTF_HEADER(type, name, show) { "header", #type, #name, #show },
#define CTF_CONTEXT(type, name, show) { "context", #type, #name, #show },
#include "ctf_fields.h"
};

static void write_packet(FILE *file, const char *group)
{
	const struct row *row;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(packet_rows); i++) {
		row = &packet_rows[i];
		if (strcmp(row->group, group))
			continue;
		fprintf(file, "\t\t%s %s", integer(row->type, row->show), row->name);
		fprintf(file, strcmp(row->type, "uuid") ? ";\n" : "[%u];\n", CTF_UUID_LEN);
	}
}

static void write_trace(FILE *file, const struct ctf_info *info)
{
	char uuid[CTF_UUID_TEXT_LEN];

	ctf_uuid_text(uuid, info->uuid);
	fprintf(file,
		"trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"%s\";\n\tbyte_order = le;\n"
		"\tpacket.header := struct {\n", uuid);
	write_packet(file, "header");
	fputs("\t};\n};\n", file);
}

/*
 * The record itself: what readers of CTF use is the header of the event, and what
 * they are to show the context of all events. They warn of anything else in the
 * header. So what stands before the time is skipped, as if it were there to align it:
 * the CPU is in the packet, and the size follows from the contents.
 */
static void write_stream(FILE *file)
{
	bool after_time = false;
	size_t i;

	fputs("stream {\n\tid = 0;\n\tpacket.context := struct {\n", file);
	write_packet(file, "context");
	fputs("\t};\n\tevent.header := struct {\n", file);
	for (i = 0; !strcmp(rows[i].group, "record"); i++) {
		if (shows(&rows[i], "KIND"))
			fputs("\t\tu16 id;\t/* kind, and in the high byte syscall */\n", file);
		else if (shows(&rows[i], "TIME"))
			fputs("\t\taligned_monotonic timestamp;\n\t} align(64);\n"
			      "\tevent.context := struct {\n", file);
		else if (after_time)
			write_field(file, "\t\t", &rows[i]);
		after_time |= shows(&rows[i], "TIME");
	}
	fputs("\t};\n};\n", file);
}

static void write_args(FILE *file, unsigned int syscall)
{
	const struct arg_info *arg;
	const char *type;
	unsigned int i;

	for (i = 0; (arg = arg_info(syscall, i)); i++) {
		switch (arg->show) {
		case ARG_SPLICE_FLAGS:
			type = "SPLICE_FLAGS";
			break;
		case ARG_HEX:
		case ARG_LOCAL_IOV:
		case ARG_REMOTE_IOV:
			type = "hex64";
			break;
		default:
			type = arg->type == ARG_s32 ? "s64" : "u64";
		}
		fprintf(file, "\t\t%s arg_%s;\n", type, arg->name);
	}
}

/*
 * The part of a record where arrays are; @extra: those as well that are rare. What may
 * be empty is no text, but bytes: babeltrace2 up to 2.0.4 shows the text of another
 * record in its place (fixed by "clear_string_field(): set first character to 0").
 */
static void write_arrays(FILE *file, bool extra)
{
	fputs("\t\t\tstruct {\n", file);
	if (extra)
		write_fields(file, "\t\t\t\t", "extra");
	fputs("\t\t\t\tstruct iovec iov[iovs];\n"
	      "\t\t\t\tstruct iovec remote_iov[remote_iovs];\n", file);
	if (extra)
		fputs("\t\t\t\tstruct iovec iov_at_return[iovs_at_return];\n"
		      "\t\t\t\tstruct iovec remote_iov_at_return[remote_iovs_at_return];\n", file);
	fputs("\t\t\t\thex8 exe[exe_len];\n"
	      "\t\t\t\thex8 target_exe[target_exe_len];\n", file);
	if (extra)
		fputs("\t\t\t\thex8 preview[preview_len];\n"
		      "\t\t\t\thex8 preview_at_return[preview_at_return_len];\n", file);
	fprintf(file, "\t\t\t} %s;\n", extra ? "present" : "absent");
}

static void write_call(FILE *file, unsigned int kind, unsigned int syscall)
{
	const struct name_bit *group;
	char name[40];

	fprintf(file, "event {\n\tname = \"svmtrace:%s%s%s\";\n\tid = %u;\n\tstream_id = 0;\n"
		"\tfields := struct {\n", name_syscall(syscall),
		kind == SVMTRACE_KIND_CALL ? "" : "_",
		kind == SVMTRACE_KIND_CALL ? "" : name_kind(kind), kind | syscall << 8);
	write_fields(file, "\t\t", "call");
	write_args(file, syscall);
	for (group = name_groups; group->bit != SVMTRACE_GROUP_EXTRA; group++) {
		identifier(name, sizeof(name), group->name);
		fprintf(file, "\t\tvariant <has_%s> {\n\t\t\tstruct { } absent;\n"
			"\t\t\tstruct %s present;\n\t\t} %s;\n", name, name, name);
	}
	fputs("\t\tvariant <has_extra> {\n", file);
	write_arrays(file, false);
	write_arrays(file, true);
	fputs("\t\t} arrays;\n\t\tstruct { } align(64) end;\n\t};\n};\n", file);
}

static void write_events(FILE *file)
{
	unsigned int syscall;

	fprintf(file, "event {\n\tname = \"svmtrace:%s\";\n\tid = %u;\n\tstream_id = 0;\n"
		"\tfields := struct {\n", name_kind(SVMTRACE_KIND_GAP), SVMTRACE_KIND_GAP);
	write_fields(file, "\t\t", "gap");
	fputs("\t};\n};\n", file);
	for (syscall = 0; syscall < SVMTRACE_NR_SYSCALLS; syscall++) {
		write_call(file, SVMTRACE_KIND_CALL, syscall);
		write_call(file, SVMTRACE_KIND_ENTRY, syscall);
	}
}

/* Without quotation marks around it. */
static void write_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if (isprint((unsigned char)*text))
			fputc(*text, file);
		else
			fprintf(file, "\\%03o", (unsigned char)*text);
	}
}

/* A shell makes megabytes of a "*", more than a reader of metadata expects. */
static void join(char *text, size_t size, char **argv)
{
	size_t len = 0;

	for (*text = '\0'; *argv && len < size; argv++)
		len += snprintf(text + len, size - len, argv[1] ? "%s " : "%s", *argv);
	if (len >= size)
		strcpy(text + size - sizeof("..."), "...");
}

static void write_env(FILE *file, const struct ctf_info *info, char **argv)
{
	char command_line[4096];
	struct utsname uts;

	if (uname(&uts))
		uts = (struct utsname){ 0 };
	fprintf(file, "env {\n\ttracer_name = \"svmtrace\";\n\ttracer_version = \"%s\";\n"
		"\tschema_version = %u;\n\tcpus = %u;\n\thostname = \"", SVMTRACE_VERSION,
		info->schema, info->cpus);
	write_text(file, uts.nodename);
	fputs("\";\n\tkernel_release = \"", file);
	write_text(file, uts.release);
	fputs("\";\n\tcommand_line = \"", file);
	join(command_line, sizeof(command_line), argv);
	write_text(file, command_line);
	fputs("\";\n};\n", file);
}

/*
 * As that of LTTng's kernel traces of the same boot, so that readers know it to be one
 * clock. It is absolute, as LTTng's is to babeltrace2, which else refuses to merge them.
 */
static void write_clock(FILE *file, const struct ctf_info *info)
{
	fputs("clock {\n\tname = \"monotonic\";\n", file);
	if (*info->boot_id)
		fprintf(file, "\tuuid = \"%s\";\n", info->boot_id);
	fprintf(file, "\tdescription = \"CLOCK_MONOTONIC\";\n\tfreq = %llu;\n\tabsolute = true;\n"
		"\toffset_s = %llu;\n\toffset = %llu;\n};\n", NSEC_PER_SEC,
		(unsigned long long)(info->offset / NSEC_PER_SEC),
		(unsigned long long)(info->offset % NSEC_PER_SEC));
}

/**
 * ctf_uuid_text() - writes a UUID as people do
 * @text: where to, CTF_UUID_TEXT_LEN bytes
 * @uuid: CTF_UUID_LEN bytes
 */
void ctf_uuid_text(char *text, const __u8 *uuid)
{
	unsigned int i;

	for (i = 0; i < CTF_UUID_LEN; i++)
		text += sprintf(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
				uuid[i]);
}

/**
 * ctf_write_metadata() - writes the description of a recording
 * @file: where to
 * @info: what the recording says about itself
 * @argv: the command line that makes it
 */
void ctf_write_metadata(FILE *file, const struct ctf_info *info, char **argv)
{
	fputs(CTF_SIGNATURE "\n", file);
	write_env(file, info, argv);
	write_clock(file, info);
	write_integers(file);
	write_enums(file);
	write_trace(file, info);
	write_structs(file);
	write_stream(file);
	write_events(file);
}
