#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tool does with its command line, its files and its surroundings, whatever
# the calls are. Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

cd "$(mktemp -d)" || exit

# refuses MESSAGE ARGUMENT... - as a wrong command line.
refuses() {
	local message=$1 status=0
	shift
	svmtrace "$@" >out 2>refused </dev/null || status=$?
	((status == 2)) && grep -q -- "$message" refused && return
	echo "# svmtrace $*: status $status, $(head -n 1 refused)"
	return 1
}

options_where_they_are_of_no_use() {
	refuses '--successful-only is of no use with check' check -z &&
		refuses '--user is of no use with stat' stat -u root &&
		refuses '--iovs is of no use with report' report first --iovs 4 &&
		refuses '--summary-sort-by is of no use with record' record -S moved &&
		refuses '--summary-sort-by is of no use without a summary' -S moved &&
		refuses '-t is of no use with --json' --json -tt &&
		refuses '--relative-timestamps is of no use with --json' report first -r --json &&
		refuses '--syscall-times is of no use with --json' -T --json &&
		refuses '-t is of no use with stat' stat -t &&
		refuses '--json is of no use with check' --json check &&
		refuses '--output is of no use with --dump' -o file -d 'pid == 1' &&
		refuses '--injection is of no use with --list-fields' --injection --list-fields &&
		refuses 'no EXPRESSION is of use' stat 'uid == 0'
}

values_that_make_no_sense() {
	refuses 'either --flight or -B' record --flight 4M -B 64K -- true &&
		refuses '-n must be a number from 1 to' -n 0 &&
		refuses '--iovs must be a number from 0 to 1024' --iovs 1025 &&
		refuses 'power of two' -B 18014398509481985K &&
		refuses 'power of two' -B 96K &&
		refuses 'a COMMAND expected' -d 'pid == 1' --
}

# What the limit is, the module says.
size_of_a_ring() {
	local size
	for size in 512M 1G 4G 17179869184G; do
		! svmtrace -B "$size" -- true 2>notes &&
			grep -q 'must be from [0-9]* to 268435456 bytes' notes || return
	done
}

# The whole of what was probably meant.
programs_without_dashes() {
	cp /bin/true ./loop
	refuses 'did you mean: svmtrace -- ./loop' ./loop &&
		refuses 'did you mean: svmtrace record -- ./loop' record ./loop &&
		refuses 'field or a value expected' report first ./loop &&
		refuses 'did you mean: svmtrace record' recrd
}

# By number as well, a user has the groups that the name has.
groups_of_a_user() {
	echo 'tester:x:4711:4712::/:/bin/sh' >>/etc/passwd
	echo 'extra:x:4713:tester' >>/etc/group
	[[ $(svmtrace -o /dev/null -u 4711 -- id -G 2>/dev/null) == '4712 4713' ]] &&
		refuses 'no user 54321' -u 54321 -- true
}

# A trace that cannot begin leaves alone what is in its file.
file_of_another_trace() {
	echo precious >file
	! svmtrace -B 256M -o file -- true 2>notes && grep -q 'not enough memory' notes &&
		[[ $(<file) == precious ]]
}

payload_is_for_its_owner() {
	svmtrace -q -o plain -- true && svmtrace -q -s 16 -o payload -- true &&
		[[ $(stat -c %a plain payload) == $'644\n600' ]]
}

# As in a new one; a device is nobody's file.
payload_in_a_file_that_was_there() {
	echo old >there && chmod 644 there &&
		svmtrace -q -s 16 -o there -- true && svmtrace -q -s 16 -o /dev/null -- true &&
		[[ $(stat -c %a there /dev/null) == $'600\n666' && ! -s there ]]
}

# Whatever is in the recording.
report_is_for_its_owner() {
	echo old >shown && chmod 644 shown && svmtrace record -q -o recording -- true &&
		svmtrace report -q -o report recording && svmtrace report -q -o shown recording &&
		[[ $(stat -c %a report shown) == $'600\n600' && ! -s shown ]]
}

# What cannot be written is told, and the command has its time.
disk_full() {
	local status=0
	mkdir small && mount -t tmpfs -o size=8k none small || cannot mount a tmpfs || return
	svmtrace -s 4096 -o small/file -- bash -c '
		stress-ng -q --vm-splice 1 --vm-splice-ops 100; sleep 1; touch ended' \
		2>notes || status=$?
	umount small
	((status == 1)) && [[ -e ended ]] && grep -q 'cannot write the trace: No space' notes &&
		grep -q 'calls: ' notes
}

output_full() {
	! svmtrace --list-fields >/dev/full 2>notes && grep -q 'No space' notes &&
		! svmtrace stat >/dev/full 2>notes && grep -q 'No space' notes &&
		! svmtrace -d 'pid == 1' >/dev/full 2>notes && grep -q 'No space' notes
}

# Then messages go nowhere, and not into what is opened next.
without_standard_error() {
	svmtrace -n 2 -o file -- stress-ng -q --vm-splice 1 --vm-splice-ops 4 2>&- &&
		[[ $(grep -c vmsplice file) == "$(wc -l <file)" ]]
}

# There, our numbers are not those in the records.
in_a_pid_namespace() {
	unshare -pf --mount-proc svmtrace check >notes && grep -q 'vmsplice is recorded' notes
}

# sessions - numbers of the processes that stat says have one.
sessions() {
	svmtrace stat | awk '$1 == "PID" { list = 1; next } list { print $1 }'
}

# A device is what it is, whatever its name is, and nothing else is one.
stat_knows_devices() {
	local other fake status=0
	cp -a /dev/svmtrace ./other || return
	unshare -m bash -c '
		touch fake && mount --bind fake /dev/svmtrace && exec 3</dev/svmtrace &&
		echo ready >ready && exec sleep 1000' &
	fake=$!
	until [[ -s ready ]]; do sleep 0.1; done
	exec {other}<./other
	sessions >pids
	{ grep -qx "$$" pids && ! grep -qx "$fake" pids; } || status=1
	exec {other}<&-
	kill "$fake"
	return "$status"
}

# user [OPTION]... COMMAND... - as one who is not root; options are those of setpriv.
user() { setpriv --reuid 4711 --regid 4711 --clear-groups "$@"; }

# tracer COMMAND... - as one who may trace, but not look into the processes of others.
tracer() { user --inh-caps +perfmon --ambient-caps +perfmon "$@"; }

# That the module cannot be asked is no reason not to say whose sessions these are.
stat_when_all_sessions_are_open() {
	local fds=() fd max status=0
	max=$(</sys/module/svmtrace/parameters/sessions)
	while ((${#fds[@]} < max)); do
		exec {fd}</dev/svmtrace || return
		fds+=("$fd")
	done
	svmtrace stat >out 2>notes || status=$?
	svmtrace stat --json 2>/dev/null >json
	for fd in "${fds[@]}"; do
		exec {fd}<&-
	done
	((status == 1)) && grep -q 'could not be asked: too many sessions' notes &&
		grep -qE "^parameter sessions +$max\$" out &&
		(($(grep -cE "^ *$$ " out) == max)) &&
		jq -es ".[1].sessions | length == $max" json >/dev/null
}

stat_says_what_it_cannot_see() {
	local fd
	exec {fd}</dev/svmtrace
	chmod 666 /dev/svmtrace
	tracer svmtrace stat >out 2>notes
	chmod 600 /dev/svmtrace
	exec {fd}<&-
	grep -qE '^sessions +1$' out &&
		grep -q '1 of 1 open sessions cannot be listed' notes
}

# Not the file's mode, and not the capability, is told when it is the other.
knows_why_permission_is_denied() {
	local status=0
	! tracer svmtrace check >denied && grep -q 'access to this file' denied || status=1
	chmod 666 /dev/svmtrace
	! user svmtrace check >denied && grep -q 'CAP_PERFMON' denied &&
		! grep -q 'access to this file' denied && tracer svmtrace check >/dev/null ||
		status=1
	chmod 600 /dev/svmtrace
	return "$status"
}

stat_has_numbers() {
	local fd
	exec {fd}</dev/svmtrace
	svmtrace stat --json >json
	exec {fd}<&-
	jq -es ".[1].sessions | any(.pid == $$ and .fd == $fd and .entered == 0 and
		.state == \"new\" and .flight == \"no\")" json >/dev/null
}

# flight_of PID - what stat says of the flight recorder of a process.
flight_of() {
	svmtrace stat --json | jq -r ".sessions[]? | select(.pid == $1).flight"
}

# Stopped, so that it does not end when it is frozen.
stat_knows_flight_recorders() {
	local other recorder status=0
	svmtrace record -o flight --flight 64K --until 'ret == -ESRCH' 2>notes &
	recorder=$!
	until grep -qs recording notes; do sleep 0.1; done
	kill -s STOP "$recorder"
	exec {other}</dev/svmtrace
	[[ $(flight_of $$) == no && $(flight_of "$recorder") == recording ]] || status=1
	stress-ng -q --vm-rw 1 --vm-rw-bytes 64K --vm-rw-ops 4
	[[ $(flight_of "$recorder") == frozen ]] || status=1
	kill -s CONT "$recorder"
	wait "$recorder" || status=1
	exec {other}<&-
	return "$status"
}

# Also while there is always a record more than it has had time for: the rings hold more of
# these than it looks at in one go.
tells_losses_while_busy() {
	local load tracer try
	rm -f notes && mkfifo slow
	while read -rN 65536 _; do sleep 0.1; done <slow &
	svmtrace -B 1M -s 128 -o slow 2>notes &
	tracer=$!
	until grep -qs tracing notes; do sleep 0.1; done
	stress-ng -q --vm-splice 2 &
	load=$!
	for ((try = 0; try < 600; try++)); do
		! grep -q 'records lost' notes || break
		sleep 0.1
	done
	grep -c 'records lost' notes >told
	kill "$load" "$tracer" && wait
	(($(<told) > 0))
}

plan "$checks"
check options_where_they_are_of_no_use options_where_they_are_of_no_use
check values_that_make_no_sense values_that_make_no_sense
check size_of_a_ring size_of_a_ring
check programs_without_dashes programs_without_dashes
check groups_of_a_user groups_of_a_user
check file_of_another_trace file_of_another_trace
check payload_is_for_its_owner payload_is_for_its_owner
check payload_in_a_file_that_was_there payload_in_a_file_that_was_there
check report_is_for_its_owner report_is_for_its_owner
check disk_full disk_full
check output_full output_full
check without_standard_error without_standard_error
check in_a_pid_namespace in_a_pid_namespace
check stat_knows_devices stat_knows_devices
check stat_when_all_sessions_are_open stat_when_all_sessions_are_open
check stat_says_what_it_cannot_see stat_says_what_it_cannot_see
check knows_why_permission_is_denied knows_why_permission_is_denied
check stat_has_numbers stat_has_numbers
check stat_knows_flight_recorders stat_knows_flight_recorders
check tells_losses_while_busy tells_losses_while_busy
exit "$failed"
