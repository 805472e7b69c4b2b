/* SPDX-License-Identifier: GPL-2.0 */
/* What stands before the name of a field, by its group, in JSON and in lists. */
#ifndef SVMTRACE_FIELD_PREFIX_H
#define SVMTRACE_FIELD_PREFIX_H

#define PREFIX_record ""
#define PREFIX_call ""
#define PREFIX_caller ""
#define PREFIX_context ""
#define PREFIX_target "target_"
#define PREFIX_target_context "target_"
#define PREFIX_pipe "pipe_"
#define PREFIX_extra ""
#define PREFIX_gap ""

#endif /* SVMTRACE_FIELD_PREFIX_H */
