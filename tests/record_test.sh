#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Recordings of real calls: babeltrace2, which knows only what the metadata say, and
# svmtrace report see the same, and it is what the module has counted. Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

dir=$(mktemp -d)
cd "$dir" || exit

has_babeltrace() { type babeltrace2 >/dev/null 2>&1 || cannot find babeltrace2; }

workload=(stress-ng -q --vm-rw 1 --vm-rw-bytes 64K --vm-rw-ops 20
	--vm-splice 1 --vm-splice-ops 200)

# number_of WHAT [FILE] - from what svmtrace said: "calls: 12 recorded, ..."
number_of() { grep -oE "[0-9]+ $1" "${2-notes}" | head -n 1 | grep -oE '^[0-9]+' || echo 0; }

# Everything that this is about, once.
records() {
	svmtrace record -o first -s 16 -- "${workload[@]}" 2>notes &&
		svmtrace report -q first >/dev/null &&
		(($(number_of recorded) > 200)) && [[ $(stat -c %a first/cpu_0) == 600 ]]
}

report_has_all() {
	local count
	count=$(number_of recorded)
	(($(svmtrace report -q first | wc -l) == count)) &&
		svmtrace report -q --json first |
		jq -es "length == $count and all(.kind == \"call\")" >/dev/null &&
		svmtrace report -qc first | grep -qE "^ *$count .* total$"
}

# In both forms: name, result, caller, and the first range of the array.
of_babeltrace() {
	sed -nE 's/.* svmtrace:([a-z_]+): .* ret = (-?[0-9]+),.* caller = \{ \{ pid = ([0-9]+),.* iov = \[ (\[0\] = \{ base = (0x[0-9A-F]+), len = ([0-9]+)|\]).*/\1 \2 \3 \5 \6/p' |
		tr A-F a-f
}

of_report() {
	jq -r '"\(.syscall) \(.ret) \(.pid) \(.iov[0].base // "") \(.iov[0].len // "")"'
}

babeltrace_agrees() {
	has_babeltrace || return
	babeltrace2 first >events 2>errors && [[ ! -s errors ]] &&
		(($(wc -l <events) == $(number_of recorded))) &&
		svmtrace report -q --json first | of_report | sort >expected &&
		of_babeltrace <events | sort >seen && [[ -s seen ]] && diff expected seen
}

# Entries, changed arrays, payload: the calls of a test that makes such.
all_there_can_be() {
	has_babeltrace || return
	svmtrace record -q -o every -B 16M --entries --iovs 64 -s 4096 -- \
		"${0%/*}/changed_test" >/dev/null
	svmtrace report -q every >seen && babeltrace2 every >events 2>errors &&
		[[ ! -s errors ]] && (($(wc -l <seen) > 100)) &&
		(($(wc -l <events) == $(wc -l <seen))) &&
		grep -q vmsplice_entry events && grep -q 'iovs_at_return = [1-9]' events
}

# Two sessions see the same calls, at their own times.
shows_what_tracing_shows() {
	local strip='s/^[^]]*\] //; s/ <[^>]*> ?/ /; s/ $//'
	svmtrace -q -o live 'comm == "stress*"' -- \
		svmtrace record -q -o both -- "${workload[@]}" || return
	sed -E "$strip" live | sort >expected
	svmtrace report -q both | sed -E "$strip" | sort >seen
	[[ -s seen ]] && diff expected seen
}

is_in_order() {
	svmtrace report -q first | awk '$1 < last { bad = 1 } { last = $1 } END { exit bad }'
}

# The time of day is that of the recording, whatever the clock says now.
has_its_own_time() {
	local before after
	before=$(date +%s)
	svmtrace record -q -o timed -- "${workload[@]}"
	after=$(date +%s)
	date -s "@$((before + 100000))" >/dev/null
	svmtrace report -q -ttt timed >seen
	svmtrace report -q --json timed | jq -r '.time_utc[:19] + "Z" | fromdate' >utc
	date -s "@$((after + 1))" >/dev/null
	awk -v from="$before" -v to="$((after + 1))" \
		'$1 < from || $1 > to { bad = 1 } END { exit bad || !NR }' seen utc
}

narrows() {
	svmtrace record -q -o narrow 'syscall == vmsplice && ret > 0' -- "${workload[@]}" &&
		svmtrace report -q --json narrow |
		jq -es 'length > 0 and all(.syscall == "vmsplice" and .ret > 0)' >/dev/null
}

# The same expression, of the recording: what the kernel would have kept.
report_narrows() {
	local expression='pipe.direction == write || ret == -ESRCH' count
	count=$(svmtrace report -q --json first | jq -s 'map(select(
		.pipe_direction == "write" or .errno == "ESRCH")) | length')
	((count > 0 && $(svmtrace report -q first "$expression" | wc -l) == count))
}

# Which boot it was is not known then.
needs_no_proc() {
	unshare -m bash -c 'mount --make-rprivate / && umount -l /proc &&
		exec svmtrace record -q -o procless -- svmtrace check >/dev/null' &&
		svmtrace report -q --json procless |
		jq -es 'length == 2 and all(.boot_id == null)' >/dev/null || return
	has_babeltrace || return
	(($(babeltrace2 procless | wc -l) == 2))
}

# report_keeps CONDITION ARGUMENT... - of the recording what jq finds, and not all of it.
report_keeps() {
	local count
	count=$(svmtrace report -q --json first | jq -s "map(select($1)) | length")
	((count > 0 && count < $(number_of recorded) &&
		$(svmtrace report -q first "${@:2}" | wc -l) == count))
}

# As those of a trace, or of record.
report_has_options() {
	local pid
	pid=$(svmtrace report -q --json first | jq -r 'select(.kind == "call").pid' | head -n 1)
	report_keeps '.syscall == "vmsplice"' -e vmsplice && report_keeps '.ret >= 0' -z &&
		report_keeps '.ret < 0' -Z && report_keeps ".pid == $pid" -p "1,$pid" &&
		report_keeps '.ret < 0 and .syscall == "process_vm_writev"' \
			-Z -e process_vm_writev 'tid > 0' &&
		(($(svmtrace report -q -u root first | wc -l) == $(number_of recorded))) &&
		[[ -z $(svmtrace report -q -u 54321 first) ]]
}

# As a trace ends when nobody reads it any more; the pipe has no room for all of it.
report_ends_with_its_reader() {
	local i
	for ((i = 0; i < 3; i++)); do
		svmtrace report first --json 2>notes | head -n 1 >line
		((PIPESTATUS[0] == 0)) && [[ -s line && ! -s notes ]] || return
	done
	svmtrace report -c first 2>notes | true
	((PIPESTATUS[0] == 0)) && ! svmtrace report first 2>notes >/dev/full &&
		grep -q 'cannot write the report: No space' notes
}

discarded() {
	grep -oE 'Tracer discarded [0-9]+' | awk '{ sum += $3 } END { print sum + 0 }'
}

losses_are_told() {
	local lost
	svmtrace record -o lossy --lose-every 5 -- "${workload[@]}" 2>notes
	lost=$(number_of simulated)
	((lost > 40)) && svmtrace report -q --json lossy 2>/dev/null |
		jq -es "map(.lost // 0) | add == $lost" >/dev/null || return
	has_babeltrace || return
	(($(babeltrace2 lossy 2>&1 >/dev/null | discarded) == lost))
}

# refuses MESSAGE ARGUMENT... - and does nothing else.
refuses() {
	local message=$1 before
	shift
	before=$(find . -not -name refused | sort | xargs ls -ld)
	! svmtrace "$@" 2>refused && grep -q -- "$message" refused &&
		[[ $(find . -not -name refused | sort | xargs ls -ld) == "$before" ]]
}

keeps_what_is_there() {
	mkdir full && touch full/file && touch file refused
	refuses 'exists already' record -o full -- true &&
		refuses 'exists already' record -o file -- true &&
		refuses 'exists already' record -o first -- true &&
		mkdir -m 777 shared && refuses 'another user may write' record -o shared -- true &&
		mkdir empty && svmtrace record -q -o empty -- true && [[ -s empty/metadata ]]
}

refuses_what_makes_no_sense() {
	refuses 'not a recording' report full &&
		refuses 'of no use' record --json -- true &&
		refuses 'flight' record --until 'ret < 0' -- true &&
		refuses 'of no use' --flight 64K -- true &&
		refuses 'of no use' report -f first &&
		refuses 'there now' report -y first &&
		refuses "'targt" record --flight 64K --until 'targt == 1' -- true &&
		refuses 'at least 32768 bytes' record -s 4096 --flight 16K -- true &&
		refuses 'not enough memory' record -B 256M -- true
}

# is_cut_off RECORDING - as far as it is there, it is what is seen.
is_cut_off() {
	! svmtrace report -q "$1" >seen 2>notes && grep -q 'cut off' notes
}

# A disk that is full: what was written until then can be read.
survives_a_full_disk() {
	local status=0
	mkdir disk && mount -t tmpfs -o size=128k none disk || return
	svmtrace record -o disk/r -- stress-ng -q --vm-splice 1 --vm-splice-ops 3000 2>notes ||
		status=$?
	((status == 1)) && grep -q 'No space left' notes && is_cut_off disk/r &&
		(($(wc -l <seen) > 100)) || return
	has_babeltrace || return
	(($(babeltrace2 disk/r | wc -l) == $(wc -l <seen))) && umount disk
}

# fills_a_disk ARGUMENT... - with all records that there is room for, not only with
# the packets that are whole, and tells how many calls these are.
fills_a_disk() {
	local status=0 written
	mkdir -p disk && mount -t tmpfs -o size=200k none disk || return
	svmtrace record -o disk/r "$@" -- stress-ng -q --vm-splice 1 --vm-splice-ops 3000 \
		2>notes || status=$?
	written=$(number_of written)
	((status == 1)) && grep -q 'No space left' notes && is_cut_off disk/r &&
		(($(stat -f -c %a disk) <= 1 && $(grep -c vmsplice seen) == written)) || return
	has_babeltrace || return
	(($(babeltrace2 disk/r 2>errors | wc -l) == $(wc -l <seen))) && umount disk &&
		! grep -vE '^(WARNING: Tracer discarded .*)?$' errors
}

# What is larger than a limit allows cannot be written, either.
survives_a_limit_of_files() {
	local status=0
	(ulimit -f 64 && svmtrace record -o limited -- "${workload[@]}" 2>notes) || status=$?
	((status == 1)) && grep -q 'File too large' notes && is_cut_off limited && [[ -s seen ]]
}

# record_payload DIR - records that need a page of the disk each, or two
record_payload() {
	svmtrace record -B 1M -s 4096 -o "$1/r" -- stress-ng -q --vm-splice 1 --vm-splice-ops 8
}

# On this disk there is room for the metadata, and for the beginning of each file.
says_that_nothing_was_written() {
	local pages status=0
	mkdir roomy small && mount -t tmpfs none roomy && record_payload roomy 2>/dev/null || return
	pages=$((($(stat -c %s roomy/r/metadata) + 4095) / 4096 + $(find roomy/r/cpu_* | wc -l)))
	umount roomy
	mount -t tmpfs -o "size=$((pages * 4))k" none small || return
	record_payload small 2>notes || status=$?
	((status == 1)) && grep -q 'calls: [1-9][0-9]* recorded, 0 written' notes &&
		is_cut_off small/r && [[ ! -s seen ]] && umount small
}

# A machine that has crashed: what is whole is shown. The last 80 bytes have no records.
shows_what_is_whole() {
	local whole file
	cp -r first cut
	whole=$(svmtrace report -q first | wc -l)
	for file in cut/cpu_*; do
		truncate -s "$(($(stat -c %s "$file") - 100))" "$file"
	done
	is_cut_off cut && (($(wc -l <seen) >= whole - 2 && $(wc -l <seen) < whole))
}

# start_recorder ARGUMENT... - returns when it records. Old notes would say so at once.
start_recorder() {
	rm -f notes
	svmtrace record "$@" 2>notes &
	recorder=$!
	until grep -qs recording notes; do sleep 0.1; done
}

# ends_by SIGNAL - without a command, as an admin would have it.
ends_by() {
	local recorder
	start_recorder -o "by_$1" 'comm == "stress*"'
	"${workload[@]}"
	kill -s "$1" "$recorder"
	wait "$recorder" && svmtrace report -q "by_$1" >seen &&
		(($(wc -l <seen) == $(number_of recorded)))
}

# On a busy machine, calls return as soon as the session has started.
begins_amid_calls() {
	local load recorder status=0
	has_babeltrace || return
	stress-ng -q --vm-splice 2 &
	load=$!
	sleep 1
	start_recorder -o amid
	kill "$recorder" && wait "$recorder" || status=$?
	kill "$load" && wait "$load"
	((status == 0 && $(number_of recorded) > 0)) && babeltrace2 -o dummy amid
}

# What it begins with leaves room for the file of one CPU, and there are more.
has_more_cpus_than_files() {
	local recorder soft
	soft=$(ulimit -Sn)
	ulimit -Sn 8
	start_recorder -o crowded 'comm == "stress*"'
	ulimit -Sn "$soft"
	kill "$recorder" && wait "$recorder" && (ulimit -Sn 5; svmtrace report -q crowded)
}

# Nothing is recorded any more, and what is in the files ends with whole packets.
is_cut_off_by_kill() {
	! ends_by KILL 2>/dev/null && is_cut_off by_KILL
}

cuts_off_a_flight() {
	local recorder
	start_recorder -o killed --flight 16K
	kill -s KILL "$recorder"
	! wait "$recorder" 2>/dev/null &&
		! svmtrace report -q killed 2>notes && grep -q 'missing' notes
}

# It has a file, and that has an end, as those of the others.
has_cpus_that_come_late() {
	local online=/sys/devices/system/cpu/cpu1/online status=0
	[[ -w $online ]] || cannot switch CPU 1 off || return
	echo 0 >"$online"
	svmtrace record -q -o late -- bash -c "echo 1 >$online
		taskset -c 1 stress-ng -q --vm-splice 1 --vm-splice-ops 200" || status=$?
	echo 1 >"$online"
	((status == 0)) && svmtrace report -q --json late >seen &&
		jq -es 'any(.cpu == 1)' <seen >/dev/null
}

# What was to be recorded is recorded, or lost: "calls lost: 3939 of 4000".
adds_up() {
	local wanted
	wanted=$(grep -oE 'of [0-9]+ ' notes | grep -oE '[0-9]+')
	((wanted > 0 && wanted == $(number_of recorded) + $(number_of overwritten) +
		$(number_of 'ring full') + $(number_of simulated)))
}

loses_of_what_was_wanted() {
	svmtrace record -o wanted --lose-every 5 'syscall == vmsplice' -- "${workload[@]}" \
		2>notes && (($(number_of 'filtered out') > 0)) && adds_up
}

flight_keeps_the_newest() {
	svmtrace record -o flight --flight 16K -- "${workload[@]}" 2>notes || return
	adds_up && (($(number_of overwritten) > 0)) &&
		svmtrace report -q --json flight 2>/dev/null >seen && jq -es "
			(map(select(.kind == \"call\")) | length == $(number_of recorded)) and
			(map(.overwritten // 0) | add == $(number_of overwritten)) and
			(group_by(.cpu) | all(length == 0 or (sort_by(.time_mono) |
				.[0].kind == \"gap\" or .[0].seq == 0)))" <seen >/dev/null
}

# The calls before it, it, and not what comes after.
flight_ends_with_the_trigger() {
	svmtrace record -o until --flight 32K --until 'ret == -ESRCH' -- \
		bash -c 'stress-ng -q --vm-splice 1 --vm-splice-ops 2000
			stress-ng -q --vm-rw 1 --vm-rw-bytes 64K --vm-rw-ops 1
			stress-ng -q --vm-splice 1 --vm-splice-ops 2000' 2>notes || return
	adds_up && grep -q 'ended by --until: .* = -1 ESRCH' notes &&
		svmtrace report -q --json until 2>/dev/null | jq -es '
		(map(select(.errno == "ESRCH")) | length == 1) and
		(map(select(.kind == "call")) | length > 50)' >/dev/null
}

flight_without_a_trigger() {
	svmtrace record -q -o never --flight 1M --until 'ret == -ENOTTY' -- \
		"${workload[@]}" && (($(svmtrace report -q never | wc -l) > 200))
}

# The tool's own calls are no failures that somebody could wait for.
flight_outlives_a_check() {
	svmtrace record -o checked --flight 1M --until 'ret < 0' -- svmtrace check \
		>/dev/null 2>notes && ! grep -q 'ended by' notes &&
		(($(svmtrace report -q checked | wc -l) == 2))
}

# status_of COMMAND... - whatever it says.
status_of() {
	local status=0
	"$@" >/dev/null 2>notes || status=$?
	echo "$status"
}

# Without a program nothing is recorded; a program may exit like that, too.
leaves_nothing_without_a_program() {
	mkdir kept && touch plain
	(($(status_of svmtrace record -o none -- ./no-such-program) == 127)) &&
		grep -q 'no-such-program: No such file' notes && ! grep -q calls notes &&
		(($(status_of svmtrace record -o none -- ./plain) == 126)) &&
		(($(status_of svmtrace record --flight 64K -o none -- ./plain) == 126)) &&
		[[ ! -e none ]] &&
		(($(status_of svmtrace record -o kept -- ./no-such-program) == 127)) &&
		[[ -d kept && -z $(ls -A kept) ]] &&
		(($(status_of svmtrace record -o some -- bash -c 'exit 127') == 127)) &&
		svmtrace report -q some
}

# What the metadata say there is, whatever CPUs came later.
misses_the_file_of_a_cpu() {
	cp -r first partial && rm partial/cpu_1 &&
		(($(status_of svmtrace report partial) == 1)) &&
		grep -q 'partial: the files of 1 CPU are missing' notes
}

plan "$checks"
check records records
check report_has_all report_has_all
check babeltrace_agrees babeltrace_agrees
check all_there_can_be all_there_can_be
check shows_what_tracing_shows shows_what_tracing_shows
check is_in_order is_in_order
check has_its_own_time has_its_own_time
check narrows narrows
check report_narrows report_narrows
check needs_no_proc needs_no_proc
check report_has_options report_has_options
check report_ends_with_its_reader report_ends_with_its_reader
check losses_are_told losses_are_told
check keeps_what_is_there keeps_what_is_there
check refuses_what_makes_no_sense refuses_what_makes_no_sense
check survives_a_full_disk survives_a_full_disk
check fills_a_disk fills_a_disk
check fills_a_disk_from_a_flight fills_a_disk --flight 1M
check survives_a_limit_of_files survives_a_limit_of_files
check says_that_nothing_was_written says_that_nothing_was_written
check shows_what_is_whole shows_what_is_whole
check ends_by_int ends_by INT
check ends_by_term ends_by TERM
check ends_by_hup ends_by HUP
check has_more_cpus_than_files has_more_cpus_than_files
check begins_amid_calls begins_amid_calls
check is_cut_off_by_kill is_cut_off_by_kill
check has_cpus_that_come_late has_cpus_that_come_late
check loses_of_what_was_wanted loses_of_what_was_wanted
check flight_keeps_the_newest flight_keeps_the_newest
check flight_ends_with_the_trigger flight_ends_with_the_trigger
check flight_without_a_trigger flight_without_a_trigger
check flight_outlives_a_check flight_outlives_a_check
check cuts_off_a_flight cuts_off_a_flight
check leaves_nothing_without_a_program leaves_nothing_without_a_program
check misses_the_file_of_a_cpu misses_the_file_of_a_cpu
exit "$failed"
