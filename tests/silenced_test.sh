#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Root can silence all probes, and the kernel does not say so: the tool notices, and
# tells what does it. Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

notes=$(mktemp)

all_is_well() { svmtrace check >"$notes" && grep -q 'vmsplice is recorded' "$notes"; }

# told CURE - by a check, which fails, and by whoever begins to trace
told() {
	! svmtrace check >"$notes" 2>&1 && grep -q "$1" "$notes" &&
		svmtrace -- true >/dev/null 2>"$notes" && grep -q "not recorded: .*$1" "$notes"
}

# silenced_by FILE CURE - the switch is off only as long as somebody looks. Some kernels
# have none, or one that cannot be switched off.
silenced_by() {
	local status=0
	[[ -w $1 ]] || cannot find "$1" || return
	all_is_well || return
	echo 0 2>/dev/null >"$1" || cannot write to "$1" || return
	told "$2" || status=1
	# Who has begun by now sees what comes later.
	exec 9</dev/svmtrace
	read -r -t 0 -u 9
	echo 1 >"$1"
	all_is_well || status=1
	read -r -t 5 -u 9 || status=1
	exec 9<&-
	((!status)) || sed 's/^/# /' "$notes"
	return "$status"
}

# Not on every architecture are probes at the entry of a function ftrace's.
by_ftrace() {
	svmtrace -o "$notes" -- grep -q '_vmsplice.*FTRACE' /sys/kernel/debug/kprobes/list ||
		cannot silence probes by ftrace here || return
	silenced_by /proc/sys/kernel/ftrace_enabled kernel.ftrace_enabled
}

plan "$checks"
check by_ftrace by_ftrace
check by_kprobes silenced_by /sys/kernel/debug/kprobes/enabled 'kprobes are off'
rm "$notes"
exit "$failed"
