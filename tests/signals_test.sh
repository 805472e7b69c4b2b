#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Signals: which of them end the tool, when, and what its command gets of them. Writes
# KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

cd "$(mktemp -d)" || exit

# says WORD FILE - waits for the word; not for ever, so that what hangs fails.
says() {
	local try
	for ((try = 0; try < 100; try++)); do
		grep -qs -- "$1" "$2" && return
		sleep 0.1
	done
	echo "# $2 does not say $1"
	return 1
}

# ended PROCESS - waits for a child, which it kills if that takes too long.
ended() {
	local try status=0
	for ((try = 0; try < 100; try++)); do
		kill -s 0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	((try < 100)) || { kill -s KILL "$1"; echo "# process $1 does not end"; }
	wait "$1" 2>/dev/null || status=$?
	return "$status"
}

# It was started so; it is ended by another.
ignores_hup() {
	local tracer
	rm -f notes
	(trap '' HUP; exec svmtrace -o trace 2>notes) &
	tracer=$!
	says tracing notes
	kill -s HUP "$tracer"
	sleep 1
	kill "$tracer" && ended "$tracer" && grep -q calls: notes
}

# Which bash has all in the background ignore.
ends_by_int() {
	local tracer
	rm -f notes
	svmtrace -o trace 2>notes &
	tracer=$!
	says tracing notes
	kill -s INT "$tracer" && ended "$tracer" && grep -q calls: notes
}

# Then the kernel does not tell of children that have ended.
with_sigchld_ignored() {
	local tracer
	(trap '' CHLD; exec svmtrace -q -o trace -- bash -c 'exit 3') &
	tracer=$!
	ended "$tracer"
	(($? == 3))
}

# finds_as_it_was COMMAND... - the same with us as without; both in the background.
finds_as_it_was() {
	local look=(grep -E '^Sig(Blk|Ign)' /proc/self/status)
	"$@" "${look[@]}" >expected &
	ended "$!" || return
	"$@" svmtrace -q -o trace -- "${look[@]}" >seen &
	ended "$!" && diff expected seen
}

command_finds_what_was_ignored() {
	finds_as_it_was env --ignore-signal=PIPE,CHLD,HUP,USR1,XFSZ && finds_as_it_was env
}

command_finds_what_was_blocked() {
	finds_as_it_was env --block-signal=INT,CHLD,USR1
}

# It waits in open() until somebody reads; until then, a signal simply ends it.
fifo_without_a_reader() {
	local tracer
	mkfifo fifo
	svmtrace -q -o fifo &
	tracer=$!
	sleep 2
	kill "$tracer"
	ended "$tracer"
	(($? == 143))
}

plan "$checks"
check ignores_hup ignores_hup
check ends_by_int ends_by_int
check with_sigchld_ignored with_sigchld_ignored
check command_finds_what_was_ignored command_finds_what_was_ignored
check command_finds_what_was_blocked command_finds_what_was_blocked
check fifo_without_a_reader fifo_without_a_reader
exit "$failed"
