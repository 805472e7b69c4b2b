/* SPDX-License-Identifier: GPL-2.0 */
/* Records for tests, with everything that a record can have, or some of it. */
#ifndef SVMTRACE_UNIT_RECORDS_H
#define SVMTRACE_UNIT_RECORDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define RECORDS_SIZE_MAX 8192

static inline char *records_put(char *pos, const void *data, size_t size)
{
	memcpy(pos, data, size);
	return pos + size;
}

/* Random bytes, without structure: any is a legal value of what it stands for. */
static inline char *records_fill(char *pos, size_t size)
{
	while (size--)
		*pos++ = random();
	return pos;
}

/* Text is to be found in the output of others, so it is printable. */
static inline char *records_text(char *pos, size_t size)
{
	while (size--)
		*pos++ = 'a' + random() % 26;
	return pos;
}

static inline size_t records_gap(void *buf, unsigned int cpu, __u64 time, __u64 first, __u64 last)
{
	struct svmtrace_record record = {
		.kind = SVMTRACE_KIND_GAP,
		.cpu = cpu,
		.size = sizeof(record) + sizeof(struct svmtrace_gap),
		.time = time,
		.seq = first,
	};
	struct svmtrace_gap gap = {
		.first_seq = first,
		.last_seq = last,
		.ring_full = last - first + 1,
	};

	records_put(records_put(buf, &record, sizeof(record)), &gap, sizeof(gap));
	return record.size;
}

static inline char *records_groups(char *pos, unsigned int groups)
{
	struct svmtrace_pipe pipe = { .ino = random(), .direction = random() % 4 };

	if (groups & SVMTRACE_GROUP_CALLER) {
		pos = records_fill(pos, offsetof(struct svmtrace_caller, comm));
		pos = records_text(pos, SVMTRACE_COMM_LEN);
	}
	if (groups & SVMTRACE_GROUP_CONTEXT)
		pos = records_fill(pos, sizeof(struct svmtrace_context));
	if (groups & SVMTRACE_GROUP_TARGET) {
		pos = records_fill(pos, offsetof(struct svmtrace_target, comm));
		pos = records_text(pos, SVMTRACE_COMM_LEN);
	}
	if (groups & SVMTRACE_GROUP_TARGET_CONTEXT)
		pos = records_fill(pos, sizeof(struct svmtrace_target_context));
	if (groups & SVMTRACE_GROUP_PIPE)
		pos = records_put(pos, &pipe, sizeof(pipe));
	return pos;
}

/*
 * A call or an entry with these groups, and arrays of random lengths. Its result is
 * @ret, and the name of the executable says so, too.
 */
static inline size_t records_call(void *buf, unsigned int kind, unsigned int syscall,
				  unsigned int groups, __u64 time, int ret)
{
	struct svmtrace_record *record = buf;
	struct svmtrace_call call = {
		.entry_time = time / 2, .ret = ret, .bytes = random(), .tid = random(),
		.relation = random() % 0x2000, .iovs = random() % 4,
		.remote_iovs = random() % 3, .abi = random() % 3, .groups = groups,
		.target_exe_len = random() % 12,
	};
	struct svmtrace_extra extra = {
		.iovs_at_return = random() % 3, .remote_iovs_at_return = random() % 3,
		.preview_len = random() % 40, .preview_at_return_len = random() % 9,
	};
	unsigned int iovs = call.iovs + call.remote_iovs;
	char *pos = (char *)(record + 1), exe[20];

	call.exe_len = snprintf(exe, sizeof(exe), "exe%d", ret);
	pos = records_put(pos, &call, sizeof(call));
	pos = records_fill(pos, record_nr_args(syscall) * sizeof(__u64));
	pos = records_groups(pos, groups);
	if (groups & SVMTRACE_GROUP_EXTRA) {
		pos = records_put(pos, &extra, sizeof(extra));
		iovs += extra.iovs_at_return + extra.remote_iovs_at_return;
	}
	pos = records_fill(pos, iovs * sizeof(struct svmtrace_iovec));
	pos = records_put(pos, exe, call.exe_len);
	pos = records_text(pos, call.target_exe_len);
	if (groups & SVMTRACE_GROUP_EXTRA)
		pos = records_fill(pos, extra.preview_len + extra.preview_at_return_len);
	while ((pos - (char *)buf) % 8)
		*pos++ = 0;
	*record = (struct svmtrace_record){
		.kind = kind, .syscall = syscall, .cpu = random(), .size = pos - (char *)buf,
		.time = time, .seq = ret, .marks = random() % 0x2000000,
	};
	return record->size;
}

#endif
