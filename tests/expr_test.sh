#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Expressions and presets against real calls: each keeps exactly the calls that it
# should, and the kernel takes every program. Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

# calls ARGUMENT... - trace a program that is not ours; the calls are in /tmp/json.
calls() {
	svmtrace -q --json -o /tmp/json "$@" -- \
		stress-ng -q --vm-rw 1 --vm-rw-bytes 64K --vm-rw-ops 4 \
		--vm-splice 1 --vm-splice-ops 4
}

# keeps JQ ARGUMENT... - there are some, and jq's condition holds for each.
keeps() {
	local condition=$1
	shift
	calls "$@" && jq -es "length > 0 and all($condition)" /tmp/json >/dev/null
}

none() { calls "$@" && jq -es 'length == 0' /tmp/json >/dev/null; }

refuses() {
	local status=0
	svmtrace -d "$1" >/dev/null 2>/tmp/refused || status=$?
	((status == 2)) && grep -q "$2" /tmp/refused && grep -q '^ *^$' /tmp/refused
}

# into_tracee PRESET COMMAND... - strace writes into what it traces; what stress-ng
# writes to shares its memory.
into_tracee() {
	local preset=$1
	shift
	none "$preset" || return
	svmtrace -q --json -o /tmp/json "$preset" -- \
		strace -f -o /dev/null -e trace=chdir \
		-e inject=chdir:poke_enter=@arg1=2f00 "$@" bash -c 'cd /tmp'
	jq -es 'length > 0 and all(.syscall == "process_vm_writev" and .comm == "strace"
		and (.relation | index("tracee")))' /tmp/json >/dev/null
}

# A hundred terms: far jumps, in the kernel's own hands.
hundred() {
	local i terms='uid == 12345'
	for ((i = 0; i < 300; i++)); do terms+=" || pid == $((4000000 + i))"; done
	none "$terms" && keeps '.uid == 0' "$terms or uid == 0"
}

# in_cgroup PATH... - what is called in a cgroup below the one that is asked for.
in_cgroup() {
	local dir=/sys/fs/cgroup/asked
	mkdir -p "$dir/below" /sys/fs/cgroup/other || cannot make cgroups || return
	svmtrace -q --json -o /tmp/json --cgroup "$1" -- bash -c "
		echo \$\$ >$dir/below/cgroup.procs
		exec stress-ng -q --vm-splice 1 --vm-splice-ops 4" &&
		jq -es 'length > 0 and all(.comm | startswith("stress"))' /tmp/json >/dev/null
}

not_in_cgroup() {
	! in_cgroup other && [[ ! -s /tmp/json ]] && ! svmtrace --cgroup none -d 'pid == 1' &&
		! svmtrace --cgroup '' -d 'pid == 1' 2>/tmp/notes &&
		grep -q 'name of a cgroup expected' /tmp/notes
}

rejected_are_counted() {
	svmtrace -o /dev/null 'uid == 12345' -- \
		stress-ng -q --vm-splice 1 --vm-splice-ops 4 2>/tmp/notes
	grep -q 'calls: [1-9][0-9]* filtered out$' /tmp/notes
}

# As with expressions, the kernel does not even record what these options reject.
options_are_filters() {
	keeps '.ret < 0' -Z && keeps '.ret >= 0' -z &&
		svmtrace -Z --json -o /tmp/json 'comm == "stress*"' -- stress-ng -q \
			--vm-rw 1 --vm-rw-bytes 64K --vm-rw-ops 4 2>/tmp/notes &&
		grep -q "calls: $(wc -l </tmp/json) recorded, [1-9][0-9]* filtered out$" \
			/tmp/notes || return
	svmtrace -u 12345 -n 1 -o /tmp/other 2>/tmp/notes &
	until svmtrace stat | grep -q started; do sleep 0.1; done
	stress-ng -q --vm-splice 1 --vm-splice-ops 4
	setpriv --reuid 12345 stress-ng -q --temp-path /tmp --vm-splice 1 --vm-splice-ops 4
	wait $! && grep -q 'uid=12345' /tmp/other && grep -q 'filtered out$' /tmp/notes &&
		! svmtrace -u 4294967296 -d 2>/tmp/notes && grep -q 'no such user' /tmp/notes
}

# says TEXT WORD... - so that the command line is refused.
says() {
	local text=$1 status=0
	shift
	svmtrace "$@" 2>/tmp/refused || status=$?
	((status == 2)) && grep -qF "$text" /tmp/refused
}

minus_is_an_option() {
	says 'invalid option' '-5 < ret' -d && svmtrace -d 'ret > -5' >/dev/null &&
		svmtrace -d ' -5 < ret' >/dev/null
}

# The manual says so: a bad descriptor is something that is known. check has one.
bad_descriptor() {
	svmtrace -q --json -o /tmp/json 'has(pipe) and pipe.ino == 0 and pipe.slots == 0' \
		-- /tests/abi/calls.64 >/dev/null &&
		jq -es 'length > 0 and all(.pipe_direction == "bad-fd")' /tmp/json >/dev/null
}

mistyped_command() {
	says 'did you mean: svmtrace report ...?' repor /tmp &&
		says 'did you mean: svmtrace record ...?' recrod &&
		says 'did you mean: svmtrace -- ls ...?' ls /tmp &&
		says "did you mean 'ret'?" rett == 1
}

# In quotation marks it is one word, and a long one: that is not mistyped for "record".
long_word_is_no_command() {
	local i rest=
	for i in {1..30}; do rest+=" && uid == $i"; done
	says "did you mean 'uid'?" "uidd == 0$rest"
}

writes='.syscall == "process_vm_writev"'
splices='.syscall == "vmsplice"'

plan "$checks"
check syscall keeps "$writes" syscall == process_vm_writev
check conjunction keeps "$writes and .ret > 0" \
	'syscall == process_vm_writev && uid == 0 && target.uid == 0 && ret > 0'
check result keeps '.ret >= 0' 'ret >= 0'
check no_error none 'ret == -ENOTTY'
check bytes keeps '.bytes >= 4096' 'bytes >= 4K'
check comm keeps '.comm | startswith("stress")' 'comm == "stress*"'
check other_comm none 'comm == "gdb*"'
check pipe keeps "$splices and .pipe_direction == \"write\"" \
	'pipe.direction == write'
check field_against_field keeps '.ret <= .bytes' 'ret <= bytes and has(ret)'
check set keeps '.uid == 0' 'uid in {0, 33, 1000}'
check not_in_set none 'uid not in {0, 33, 1000}'
check absent keeps '.target_uid != 0' '!(target.uid == 0)'
check has keeps "$writes" 'has(target) and not has(pipe)'
check duration keeps '.duration > 100' 'duration > 100ns'
check injection into_tracee --injection
check escape into_tracee --escape unshare -pf
check preset_and_expression none --injection 'syscall == vmsplice'
check hundred_terms hundred
check refused refuses 'targt.uid == 0' "'target.uid'"
check mistyped_command mistyped_command
check long_word_is_no_command long_word_is_no_command
check minus_is_an_option minus_is_an_option
check bad_descriptor bad_descriptor
check in_cgroup in_cgroup asked
check not_in_cgroup not_in_cgroup
check rejected_are_counted rejected_are_counted
check options_are_filters options_are_filters
exit "$failed"
