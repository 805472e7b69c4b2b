/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SVMTRACE_EMIT_H
#define SVMTRACE_EMIT_H

#include <linux/types.h>

struct second_look;
struct session;
struct snapshot;
struct stream;

void emit_init(void);
void emit_record(struct session *session, const struct snapshot *snap,
		 const struct second_look *look, u8 kind, u32 marks);
void emit_call(struct session *session, struct stream *stream, const struct snapshot *snap,
	       const struct second_look *look);

#endif /* SVMTRACE_EMIT_H */
