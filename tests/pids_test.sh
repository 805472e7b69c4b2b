#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The processes of -p: however many there are, the trace ends with the last of them.
# Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

count=100

# More than there may be files, if nobody asks for more; $ended appears with its status.
ends_with_the_last() {
	local i pids list ended
	ended=$(mktemp -u)
	for ((i = 0; i < count; i++)); do
		sleep 1000 &
		pids+=($!)
	done
	printf -v list '%s,' "${pids[@]}"
	{
		ulimit -Sn 64
		svmtrace -q -o /dev/null -p "${list%,}"
		echo $? >"$ended"
	} &
	until [[ -e $ended ]] || svmtrace stat | grep -q started; do sleep 0.1; done
	kill "${pids[@]:1}"
	sleep 1
	[[ ! -e $ended ]]
	i=$?
	kill "${pids[0]}"
	wait
	((!i && !$(<"$ended")))
}

missing_is_named() {
	! svmtrace -q -p "$$,4000000,1" 2>/tmp/notes && grep -q 'no process 4000000$' /tmp/notes
}

# As of pgrep: a number a line, or none at all, which does not stand for every process.
lists() {
	local list status
	for list in '' ', '; do
		status=0
		timeout 60 svmtrace -q -n 1 -p "$list" 2>/tmp/notes || status=$?
		((status == 2)) && grep -q 'process id expected' /tmp/notes || return
	done
	! svmtrace -e '' -d 'uid == 0' >/dev/null 2>&1 || return
	! svmtrace -q -p "$$"$'\n4000000' 2>/tmp/notes && grep -q 'no process 4000000$' /tmp/notes
}

plan "$checks"
check ends_with_the_last ends_with_the_last
check missing_is_named missing_is_named
check lists lists
exit "$failed"
