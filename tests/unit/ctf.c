// SPDX-License-Identifier: GPL-2.0
/*
 * Recordings: what was written is read back, in order; babeltrace2, which knows nothing
 * but the metadata, sees the same; and whatever was cut off or changed does no harm.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "clock.h"
#include "ctf_read.h"
#include "ctf_write.h"
#include "records.h"
#include "wrap.h"

#define CPUS 3
#define RECORDS 600
#define DISCARDED "WARNING: Tracer discarded "

static char *argv[] = { "svmtrace", "record", "a \"b\"\\\n\xfc", NULL };
static unsigned int gaps;

static void on_gap(const struct svmtrace_record *record, const struct svmtrace_gap *gap)
{
	gaps += record->kind == SVMTRACE_KIND_GAP && gap->last_seq >= gap->first_seq;
}

/* Records of a CPU in a row, as a ring has them, and where each begins. */
struct tape {
	char *data;
	size_t size;
	size_t at[RECORDS + 1];
	unsigned int count;
	unsigned int calls;
	unsigned int gaps;
	unsigned int in_first_packet;
	__u64 lost;
};

FIXTURE(recording) {
	char base[64];
	char path[80];
	struct tape tapes[CPUS];
	unsigned int total;
};

/*
 * All combinations of groups in turn, and now and then a gap. Those of CPU 0 and CPU 2
 * have the same times.
 */
static void fill(struct tape *t, unsigned int cpu)
{
	unsigned int i, kind;

	t->data = malloc(RECORDS * RECORDS_SIZE_MAX);
	for (i = 0; i < RECORDS; i++) {
		__u64 time = 1000000 + i * 1000 + cpu % 2 * 300;

		t->at[i] = t->size;
		if (random() % 16 == 0) {
			t->size += records_gap(t->data + t->size, cpu, time, 1, 5);
			t->gaps++;
			t->lost += 5;
			continue;
		}
		kind = random() % 2 ? SVMTRACE_KIND_CALL : SVMTRACE_KIND_ENTRY;
		t->calls += kind == SVMTRACE_KIND_CALL;
		t->size += records_call(t->data + t->size, kind, random() % 2, i % 64, time,
					cpu * RECORDS + i);
	}
	t->at[i] = t->size;
	t->count = RECORDS;
}

/* In packets of random sizes, which know of all calls and losses. */
static int write_tape(const struct ctf_writer *w, struct tape *t, unsigned int cpu)
{
	unsigned int calls = 0;
	struct ctf_stream s;
	struct ctf_span span;
	size_t pos = 0;

	gaps = 0;
	if (ctf_open_stream(w, &s, cpu))
		return -1;
	while (pos < t->size) {
		ctf_measure(&span, t->data + pos, t->size - pos, 1 + random() % 20000, on_gap);
		if (!span.size || span.damaged || ctf_write_packet(&s, t->data + pos, &span))
			return -1;
		pos += span.size;
		calls += span.calls;
		while (pos == span.size && t->at[t->in_first_packet] < pos)
			t->in_first_packet++;
	}
	if (calls != t->calls || gaps != t->gaps || s.packet.events_discarded != t->lost)
		return -1;
	return ctf_close_stream(&s, true);
}

FIXTURE_SETUP(recording)
{
	struct ctf_writer w;
	unsigned int cpu;

	srandom(1);
	strcpy(self->base, "/tmp/svmtrace.XXXXXX");
	ASSERT_NE(mkdtemp(self->base), NULL);
	snprintf(self->path, sizeof(self->path), "%s/t", self->base);
	memset(self->tapes, 0, sizeof(self->tapes));
	clock_update();
	ctf_create(&w, self->path, CPUS, 1, argv);
	self->total = 0;
	for (cpu = 0; cpu < CPUS; cpu++) {
		fill(&self->tapes[cpu], cpu);
		ASSERT_EQ(write_tape(&w, &self->tapes[cpu], cpu), 0);
		self->total += self->tapes[cpu].count;
	}
	ctf_close(&w);
}

FIXTURE_TEARDOWN(recording)
{
	char command[160];
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		free(self->tapes[cpu].data);
	snprintf(command, sizeof(command), "rm -r %s", self->base);
	ASSERT_EQ(system(command), 0);
}

/* Which of the tapes has this record next? */
static int find(const struct tape *tapes, const unsigned int *next, const struct record_view *v)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		const struct tape *t = &tapes[cpu];
		size_t at, size;

		if (next[cpu] == t->count)
			continue;
		at = t->at[next[cpu]];
		size = t->at[next[cpu] + 1] - at;
		if (v->record->size == size &&
		    !memcmp(v->record, t->data + at, size))
			return cpu;
	}
	return -1;
}

TEST_F(recording, is_read_back_in_order)
{
	struct ctf_reader *r = ctf_reader_new(self->path);
	unsigned int next[CPUS] = {}, count = 0;
	struct record_view v;
	int cpu, last_cpu = 0;
	__u64 last = 0;

	ASSERT_EQ(ctf_reader_info(r)->schema, SVMTRACE_SCHEMA_VERSION);
	ASSERT_EQ(ctf_reader_info(r)->offset, clock_realtime(0));
	ASSERT_EQ(strcmp(ctf_reader_info(r)->boot_id, clock_boot_id()), 0);
	while (ctf_reader_next(r, &v)) {
		cpu = find(self->tapes, next, &v);
		ASSERT_GE(cpu, 0);
		next[cpu]++;
		ASSERT_TRUE(v.record->time > last || (v.record->time == last && cpu > last_cpu));
		last = v.record->time;
		last_cpu = cpu;
		count++;
	}
	ASSERT_EQ(count, self->total);
	ASSERT_FALSE(ctf_reader_damaged(r));
	ctf_reader_free(r);
}

TEST_F(recording, is_private)
{
	char name[120];
	struct stat st;

	ASSERT_EQ(stat(self->path, &st), 0);
	ASSERT_EQ(st.st_mode & 0777, 0700);
	snprintf(name, sizeof(name), "%s/metadata", self->path);
	ASSERT_EQ(stat(name, &st), 0);
	ASSERT_EQ(st.st_mode & 0777, 0600);
	snprintf(name, sizeof(name), "%s/cpu_0", self->path);
	ASSERT_EQ(stat(name, &st), 0);
	ASSERT_EQ(st.st_mode & 0777, 0600);
}

/* Bytes as babeltrace2 shows them. */
static void bytes(char *text, const char *name, const void *data, size_t count)
{
	const unsigned char *byte = data;
	size_t i;

	text += sprintf(text, " %s = [ ", name);
	for (i = 0; i < count; i++)
		text += sprintf(text, "%s[%zu] = 0x%X", i ? ", " : "", i, byte[i]);
	sprintf(text, count ? " ]" : "]");
}

/* Is this record in this line of babeltrace2? */
static bool agrees(const char *line, const struct record_view *v)
{
	char ret[64], exe[400], target_exe[400], preview[1000] = "";
	char iov[100] = "iov = [ ]", name[64];

	if (v->gap)
		return strstr(line, " svmtrace:gap: ") &&
		       strstr(line, "first_seq = 1, last_seq = 5, ring_full = 5,");
	snprintf(name, sizeof(name), " svmtrace:%s%s: ",
		 v->record->syscall ? "vmsplice" : "process_vm_writev",
		 v->record->kind == SVMTRACE_KIND_ENTRY ? "_entry" : "");
	snprintf(ret, sizeof(ret), " ret = %lld, bytes = %llu,", v->call->ret, v->call->bytes);
	bytes(exe, "exe", v->exe, v->call->exe_len);
	bytes(target_exe, "target_exe", v->target_exe, v->call->target_exe_len);
	if (v->extra)
		bytes(preview, "preview_at_return", v->preview_at_return,
		      v->extra->preview_at_return_len);
	if (v->call->iovs)
		snprintf(iov, sizeof(iov), " iov = [ [0] = { base = 0x%llX, len = %llu }",
			 v->iov[0]->base, v->iov[0]->len);
	if (v->caller && !strstr(line, " start_time = "))
		return false;
	return strstr(line, name) && strstr(line, ret) && strstr(line, exe) &&
	       strstr(line, target_exe) && strstr(line, preview) && strstr(line, iov);
}

/* The events of babeltrace2; NULL if there is none. */
static FILE *babeltrace(const char *path)
{
	char command[200];

	if (system("babeltrace2 --version >/dev/null 2>&1"))
		return NULL;
	snprintf(command, sizeof(command), "babeltrace2 %s 2>%s.errors", path, path);
	return popen(command, "r");
}

TEST_F(recording, means_the_same_to_babeltrace2)
{
	FILE *events = babeltrace(self->path), *errors;
	char line[16384], name[120];
	struct ctf_reader *r;
	unsigned int count = 0;
	struct record_view v;
	__u64 lost = 0;

	if (!events)
		SKIP(return, "no babeltrace2");
	r = ctf_reader_new(self->path);
	while (ctf_reader_next(r, &v)) {
		ASSERT_NE(fgets(line, sizeof(line), events), NULL);
		ASSERT_TRUE(agrees(line, &v)) TH_LOG("record %u: %s", count, line);
		count++;
	}
	ASSERT_EQ(fgets(line, sizeof(line), events), NULL);
	ASSERT_EQ(pclose(events), 0);
	ASSERT_EQ(count, self->total);
	ctf_reader_free(r);

	snprintf(name, sizeof(name), "%s.errors", self->path);
	errors = fopen(name, "r");
	while (fgets(line, sizeof(line), errors)) {
		if (*line == '\n')
			continue;
		ASSERT_EQ(strncmp(line, DISCARDED, strlen(DISCARDED)), 0) TH_LOG("%s", line);
		lost += atoi(line + strlen(DISCARDED));
	}
	fclose(errors);
	ASSERT_EQ(lost, self->tapes[0].lost + self->tapes[1].lost + self->tapes[2].lost);
}

/* LTTng says of its clock what we say, and not more: see write_clock(). */
TEST_F(recording, can_be_merged_with_one_of_lttng)
{
	char command[300], other[80];
	struct ctf_writer w;
	FILE *lines;
	int count;

	snprintf(other, sizeof(other), "%s/lttng", self->base);
	ctf_create(&w, other, 1, 1, argv);
	ASSERT_EQ(write_tape(&w, &self->tapes[0], 0), 0);
	ctf_close(&w);
	snprintf(command, sizeof(command), "sed -i '/absolute/d; s/%s/%s/' %s/metadata",
		 "tracer_name = .*", "tracer_name = \"lttng-modules\";", other);
	ASSERT_EQ(system(command), 0);
	if (system("babeltrace2 --version >/dev/null 2>&1"))
		SKIP(return, "no babeltrace2");
	snprintf(command, sizeof(command), "babeltrace2 %s %s 2>/dev/null | wc -l", self->path,
		 other);
	lines = popen(command, "r");
	ASSERT_EQ(fscanf(lines, "%d", &count), 1);
	pclose(lines);
	ASSERT_EQ(count, (int)(self->total + self->tapes[0].count));
}

/* Changes byte @at of a file of the recording, or cuts it off there. Returns what it was. */
static int damage(const char *path, const char *file, off_t at, int byte)
{
	unsigned char was = 0;
	char name[120];
	int fd;

	snprintf(name, sizeof(name), "%s/%s", path, file);
	fd = open(name, O_RDWR);
	if (byte < 0 ? ftruncate(fd, at) :
	    pread(fd, &was, 1, at) < 0 || pwrite(fd, &byte, 1, at) != 1)
		abort();
	close(fd);
	return was;
}

/* How many records can be read; a recording that is refused ends the process. */
static int count_records(const char *path, bool *damaged)
{
	struct ctf_reader *r = ctf_reader_new(path);
	struct record_view v;
	int count = 0;

	while (ctf_reader_next(r, &v))
		count++;
	*damaged = ctf_reader_damaged(r);
	ctf_reader_free(r);
	return count;
}

/* Does it end with this status, and without a sanitizer's complaint? */
static bool ends_with(const char *path, int status)
{
	int got, null = open("/dev/null", O_WRONLY);
	bool damaged;
	pid_t pid = fork();

	if (!pid) {
		dup2(null, STDERR_FILENO);
		count_records(path, &damaged);
		_exit(0);
	}
	close(null);
	return waitpid(pid, &got, 0) == pid && WIFEXITED(got) && WEXITSTATUS(got) == status;
}

TEST_F(recording, that_is_cut_off_is_read_until_there)
{
	unsigned int others = self->tapes[1].count + self->tapes[2].count;
	int count, last = self->total;
	struct stat st;
	char name[120];
	bool damaged;
	off_t size;

	/* It says so for every one of these. */
	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	snprintf(name, sizeof(name), "%s/cpu_0", self->path);
	ASSERT_EQ(stat(name, &st), 0);
	for (size = st.st_size - 1; size > st.st_size - 3000; size -= 1 + random() % 7) {
		damage(self->path, "cpu_0", size, -1);
		count = count_records(self->path, &damaged);
		ASSERT_LE(count, last);
		ASSERT_GT(count, last - 3);
		ASSERT_TRUE(damaged);
		last = count;
	}
	damage(self->path, "cpu_0", 40, -1);
	ASSERT_EQ(count_records(self->path, &damaged), (int)others);
	ASSERT_TRUE(damaged);
}

/* As by a crash, or a full disk. */
TEST_F(recording, that_is_cut_off_between_packets_is_damaged)
{
	unsigned int others = self->tapes[1].count + self->tapes[2].count;
	size_t empty = sizeof(struct ctf_packet);
	struct stat st;
	char name[120];
	bool damaged;

	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	snprintf(name, sizeof(name), "%s/cpu_0", self->path);
	ASSERT_EQ(stat(name, &st), 0);
	damage(self->path, "cpu_0", st.st_size - empty, -1);
	ASSERT_EQ(count_records(self->path, &damaged), (int)self->total);
	ASSERT_TRUE(damaged);
	damage(self->path, "cpu_0", empty, -1);
	ASSERT_EQ(count_records(self->path, &damaged), (int)others);
	ASSERT_TRUE(damaged);
	damage(self->path, "cpu_0", 0, -1);
	ASSERT_EQ(count_records(self->path, &damaged), (int)others);
	ASSERT_TRUE(damaged);
}

TEST_F(recording, without_any_records_is_complete)
{
	struct ctf_stream s;
	struct ctf_writer w;
	char path[80];
	bool damaged;
	FILE *events;

	snprintf(path, sizeof(path), "%s/none", self->base);
	ctf_create(&w, path, 1, 1, argv);
	ASSERT_EQ(count_records(path, &damaged), 0);
	ASSERT_TRUE(damaged);
	ASSERT_EQ(ctf_open_stream(&w, &s, 3), 0);
	ASSERT_EQ(ctf_close_stream(&s, true), 0);
	ctf_close(&w);
	ASSERT_EQ(count_records(path, &damaged), 0);
	ASSERT_FALSE(damaged);
	events = babeltrace(path);
	if (!events)
		SKIP(return, "no babeltrace2");
	ASSERT_EQ(fgetc(events), EOF);
	ASSERT_EQ(pclose(events), 0);
}

TEST_F(recording, without_the_file_of_a_cpu_is_damaged)
{
	char name[120];
	bool damaged;

	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	snprintf(name, sizeof(name), "%s/cpu_1", self->path);
	ASSERT_EQ(unlink(name), 0);
	ASSERT_EQ(count_records(self->path, &damaged),
		  (int)(self->total - self->tapes[1].count));
	ASSERT_TRUE(damaged);
}

TEST_F(recording, with_a_packet_of_another_one_ends_there)
{
	unsigned int others = self->tapes[1].count + self->tapes[2].count;
	size_t first = sizeof(struct ctf_packet);
	bool damaged;

	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	damage(self->path, "cpu_0", first + offsetof(struct ctf_packet, packet_seq_num), 7);
	ASSERT_EQ(count_records(self->path, &damaged), (int)self->total);
	ASSERT_TRUE(damaged);
	damage(self->path, "cpu_0", first + offsetof(struct ctf_packet, uuid) + 3, 'x');
	ASSERT_EQ(count_records(self->path, &damaged), (int)others);
	ASSERT_TRUE(damaged);
}

#define AT(field) offsetof(struct ctf_packet, field)

TEST_F(recording, with_a_damaged_packet_ends_there)
{
	static const struct {
		size_t at;
		int byte;
	} damages[] = {
		{ AT(magic), 'x' }, { AT(uuid), 'x' }, { AT(stream_id), 1 }, { AT(cpu_id), 9 },
		{ AT(content_size), 1 }, { AT(content_size) + 5, 1 }, { AT(packet_size), 1 },
		{ AT(packet_size) + 5, 1 },
	};
	unsigned int i, others = self->tapes[1].count + self->tapes[2].count;
	bool damaged;
	size_t at;
	int was;

	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		at = sizeof(struct ctf_packet) + damages[i].at;
		was = damage(self->path, "cpu_0", at, damages[i].byte);
		ASSERT_EQ(count_records(self->path, &damaged), (int)others) TH_LOG("%u", i);
		ASSERT_TRUE(damaged);
		damage(self->path, "cpu_0", at, was);
	}
	ASSERT_EQ(count_records(self->path, &damaged), (int)self->total);
	ASSERT_FALSE(damaged);
}

/* A record that says it is larger than its packet, the first of it. */
TEST_F(recording, with_a_damaged_record_goes_on_after_its_packet)
{
	size_t at = 2 * sizeof(struct ctf_packet);
	bool damaged;

	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	damage(self->path, "cpu_0", at + offsetof(struct svmtrace_record, size) + 2, 1);
	ASSERT_EQ(count_records(self->path, &damaged),
		  (int)(self->total - self->tapes[0].in_first_packet));
	ASSERT_TRUE(damaged);
}

/* What an editor or an admin leaves there is not counted twice. */
TEST_F(recording, has_copies_that_are_not_read)
{
	static const char *const copies[] = {
		"cpu_0~", "cpu_00", "cpu_+0", "cpu_ 0", "cpu_", "cpu_4294967296", "cpu_\033[2J",
	};
	char from[120], to[120];
	unsigned int i;
	bool damaged;

	snprintf(from, sizeof(from), "%s/cpu_0", self->path);
	for (i = 0; i < ARRAY_SIZE(copies); i++) {
		snprintf(to, sizeof(to), "%s/%s", self->path, copies[i]);
		ASSERT_EQ(link(from, to), 0);
		ASSERT_EQ(count_records(self->path, &damaged), (int)self->total) TH_LOG("%s", to);
		ASSERT_FALSE(damaged);
	}
}

TEST_F(recording, with_the_file_of_another_cpu_is_damaged)
{
	char from[120], to[120];
	bool damaged;

	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	snprintf(from, sizeof(from), "%s/cpu_0", self->path);
	snprintf(to, sizeof(to), "%s/cpu_7", self->path);
	ASSERT_EQ(link(from, to), 0);
	ASSERT_EQ(count_records(self->path, &damaged), (int)self->total);
	ASSERT_TRUE(damaged);
}

TEST_F(recording, that_is_damaged_does_no_harm)
{
	unsigned int round;

	for (round = 0; round < 300; round++) {
		damage(self->path, "cpu_1", random() % 40000, random() & 255);
		ASSERT_TRUE(ends_with(self->path, 0));
	}
}

/* As of "record -- cat *": the metadata still can be read. */
TEST_F(recording, can_have_a_long_command_line)
{
	char word[1001], *words[2001], path[80];
	struct ctf_writer w;
	unsigned int i;

	memset(word, '"', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (i = 0; i < ARRAY_SIZE(words) - 1; i++)
		words[i] = word;
	words[i] = NULL;
	snprintf(path, sizeof(path), "%s/long", self->base);
	ctf_create(&w, path, 1, 1, words);
	ctf_close(&w);
	ASSERT_TRUE(ends_with(path, 0));
}

TEST_F(recording, of_another_kind_is_refused)
{
	char name[120], text[20000], *at;
	size_t len;
	FILE *file;

	ASSERT_TRUE(ends_with(self->path, 0));
	ASSERT_TRUE(ends_with("/tmp/no such", EXIT_FAILURE));
	ASSERT_TRUE(ends_with(self->base, EXIT_FAILURE));
	/* Another schema; then, not one of ours at all. */
	snprintf(name, sizeof(name), "%s/metadata", self->path);
	file = fopen(name, "r");
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	at = strstr(text, "schema_version = ");
	ASSERT_NE(at, NULL);
	damage(self->path, "metadata", at - text + 17, '7');
	ASSERT_TRUE(ends_with(self->path, EXIT_FAILURE));
	damage(self->path, "metadata", at - text + 17, '6');
	ASSERT_TRUE(ends_with(self->path, 0));
	damage(self->path, "metadata", 20, 'x');
	ASSERT_TRUE(ends_with(self->path, EXIT_FAILURE));
}

/* Is no recording made there? */
static bool refuses(const char *path)
{
	struct ctf_writer w;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stderr))
			abort();
		ctf_create(&w, path, 1, 1, argv);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == EXIT_FAILURE;
}

/* The same, but a link; or a pipe that has the same in it, which is not read. */
TEST_F(recording, is_made_of_files_only)
{
	static const char *const files[] = { "metadata", "cpu_0" };
	char name[120], moved[120], command[300];
	unsigned int i;
	int fd;

	snprintf(moved, sizeof(moved), "%s/moved", self->path);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "%s/%s", self->path, files[i]);
		ASSERT_EQ(rename(name, moved), 0);
		ASSERT_EQ(symlink("moved", name), 0);
		ASSERT_TRUE(ends_with(self->path, EXIT_FAILURE));
		ASSERT_EQ(unlink(name), 0);
		ASSERT_EQ(mkfifo(name, 0600), 0);
		fd = open(name, O_RDWR);
		snprintf(command, sizeof(command), "head -c 60000 %s >%s", moved, name);
		ASSERT_EQ(system(command), 0);
		ASSERT_TRUE(ends_with(self->path, EXIT_FAILURE));
		close(fd);
		ASSERT_EQ(rename(moved, name), 0);
	}
	ASSERT_TRUE(ends_with(self->path, 0));
}

TEST_F(recording, does_not_replace_anything)
{
	ASSERT_TRUE(refuses(self->path));
	ASSERT_TRUE(ends_with(self->path, 0));
}

/* Who may change the link says where the files go. */
TEST_F(recording, is_not_made_where_a_link_points_to)
{
	char empty[80], link[80];

	snprintf(empty, sizeof(empty), "%s/empty", self->base);
	snprintf(link, sizeof(link), "%s/link", self->base);
	ASSERT_EQ(mkdir(empty, 0700), 0);
	ASSERT_EQ(symlink("empty", link), 0);
	ASSERT_TRUE(refuses(link));
	ASSERT_FALSE(refuses(empty));
}

/* Who may write to a directory can move files away. */
TEST_F(recording, is_not_made_where_others_may_write)
{
	static const mode_t modes[] = { 0720, 0702 };
	char path[80];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/shared", self->base);
	ASSERT_EQ(mkdir(path, 0700), 0);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(chmod(path, modes[i]), 0);
		ASSERT_TRUE(refuses(path));
	}
	ASSERT_EQ(chmod(path, 0755), 0);
	if (geteuid())
		SKIP(return, "only root can make a directory of another user");
	ASSERT_EQ(chown(path, 65534, -1), 0);
	ASSERT_TRUE(refuses(path));
	ASSERT_EQ(chown(path, 0, -1), 0);
	ASSERT_FALSE(refuses(path));
}

static bool intrudes;

/* Another one may make a file before we do. */
int __wrap_openat(int dir, const char *name, int flags, mode_t mode)
{
	if (intrudes && flags & O_CREAT)
		close(__real_openat(dir, name, flags, mode));
	return __real_openat(dir, name, flags, mode);
}

TEST_F(recording, does_not_remove_what_it_did_not_make)
{
	char path[80], name[100];

	snprintf(path, sizeof(path), "%s/taken", self->base);
	snprintf(name, sizeof(name), "%s/metadata", path);
	intrudes = true;
	ASSERT_TRUE(refuses(path));
	ASSERT_EQ(access(name, F_OK), 0);
}

/*
 * A recording of one packet, for which there is only so much room, and then, if @complete
 * says so, of what ends it. Returns the error.
 */
static int write_small(const char *path, size_t room, const void *data, struct ctf_span *span,
		       bool complete)
{
	struct rlimit limit = { room, RLIM_INFINITY };
	struct ctf_stream s;
	struct ctf_writer w;
	int error;

	ctf_create(&w, path, 1, 1, argv);
	signal(SIGXFSZ, SIG_IGN);
	if (ctf_open_stream(&w, &s, 0) || setrlimit(RLIMIT_FSIZE, &limit))
		return -1;
	error = ctf_write_packet(&s, data, span);
	limit.rlim_cur = RLIM_INFINITY;
	if (s.packet.events_discarded != span->lost || setrlimit(RLIMIT_FSIZE, &limit) ||
	    ctf_close_stream(&s, complete))
		return -1;
	ctf_close(&w);
	return error;
}

/* How many records of a tape end within so many bytes? */
static unsigned int count_whole(const struct tape *t, size_t size)
{
	unsigned int i = 0;

	while (i < t->count && t->at[i + 1] <= size)
		i++;
	return i;
}

/* All records that there is room for, wherever it ends, and what is written after them. */
TEST_F(recording, keeps_what_fits)
{
	const size_t empty = sizeof(struct ctf_packet);
	struct tape *t = &self->tapes[0];
	struct ctf_span span, all;
	unsigned int count;
	char name[120];
	bool damaged;
	size_t room;
	int i = 0;

	ASSERT_NE(freopen("/dev/null", "w", stderr), NULL);
	ctf_measure(&all, t->data, t->size, 5000, on_gap);
	for (room = empty; room < 2 * empty + all.size; room += 1 + random() % 9) {
		snprintf(name, sizeof(name), "%s/small%d", self->base, ++i);
		span = all;
		ASSERT_EQ(write_small(name, room, t->data, &span, i % 2), -EFBIG);
		count = count_whole(t, room > 2 * empty ? room - 2 * empty : 0);
		ASSERT_EQ(span.size, t->at[count]);
		ASSERT_EQ(count_records(name, &damaged), (int)count);
		ASSERT_EQ(damaged, !(i % 2));
	}
}

TEST_F(recording, is_made_of_sound_records_only)
{
	struct tape *t = &self->tapes[0];
	struct svmtrace_record *third = (void *)(t->data + t->at[2]);
	const unsigned int sizes[] = { 0, sizeof(*third) + sizeof(struct svmtrace_gap) + 4,
				       sizeof(*third) };
	struct ctf_span span;
	unsigned int i;

	ctf_measure(&span, t->data, t->size, 1, on_gap);
	ASSERT_EQ(span.size, t->at[1]);
	ctf_measure(&span, t->data, t->size, t->at[1] + 1, on_gap);
	ASSERT_EQ(span.size, t->at[2]);
	ASSERT_FALSE(span.damaged);
	ctf_measure(&span, t->data, t->at[2] + 24, SIZE_MAX, on_gap);
	ASSERT_EQ(span.size, t->at[2]);
	ASSERT_TRUE(span.damaged);
	/* No record, one that is no multiple of 8, a gap that has no room for one. */
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		third->kind = SVMTRACE_KIND_GAP;
		third->size = sizes[i];
		ctf_measure(&span, t->data, t->size, SIZE_MAX, on_gap);
		ASSERT_EQ(span.size, t->at[2]);
		ASSERT_TRUE(span.damaged);
	}
	ASSERT_EQ(span.begin, ((struct svmtrace_record *)t->data)->time);
	ASSERT_EQ(span.end, ((struct svmtrace_record *)(t->data + t->at[1]))->time);
}

TEST_HARNESS_MAIN
