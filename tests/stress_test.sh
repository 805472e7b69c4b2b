#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Callers that are not ours, as fast as they can, while three readers trace: stress-ng's
# stressors of memory and pipes, and trinity, which calls with random arguments. What
# each reader says must agree with the module's counters, and those with each other.
# Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

times=${FULL:+4}
dir=$(mktemp -d)
cd "$dir" || exit
declare -A reader before

# counter READER NAME... - the sum of counters of its session, as fdinfo shows them.
counter() {
	local file pid=${reader[$1]} names
	shift
	names=$(printf '|%s' "$@")
	for file in "/proc/$pid/fdinfo"/*; do
		if grep -q '^entered:' "$file" 2>/dev/null; then
			awk -F '[:\t]+' -v names="^(${names:1})$" \
				'$1 ~ names { sum += $2 } END { printf "%d\n", sum }' "$file"
			return
		fi
	done
	echo 0
}

# start READER ARGUMENT... - in the background, until it is told to end.
start() {
	local name=$1
	shift
	svmtrace "$@" 2>"$name.notes" &
	reader[$name]=$!
	until grep -qs '^state:.started' "/proc/${reader[$name]}/fdinfo"/*; do
		kill -0 "${reader[$name]}" || return
		sleep 0.1
	done
}

# end READER - after its session's counters have been written down.
end() {
	local name
	for name in entered delivered filtered in_flight 'lost_.*'; do
		echo "${name%%_.\*} $(counter "$1" "$name")"
	done >"$1.counters"
	kill -INT "${reader[$1]}"
	wait "${reader[$1]}" || :
	unset "reader[$1]"
}

value() { awk -v name="$2" '$1 == name { print $2 }' "$1.counters"; }

# Each makes calls when it starts, to see whether they are seen.
seen() { echo $(($(value "$1" entered) - before[$1])); }

# Nobody has made a call since the workload ended, so nothing is in flight.
adds_up() {
	local entered
	entered=$(value "$1" entered)
	echo "# $1: $(paste -sd ' ' "$1.counters")"
	((entered > 0 && $(value "$1" in_flight) == 0 &&
		entered == $(value "$1" delivered) + $(value "$1" filtered) + $(value "$1" lost)))
}

# What readers say is what their sessions delivered.
agree() {
	local calls
	calls=$(grep -cE '(process_vm_writev|vmsplice)\(' text)
	(($(value text delivered) == calls)) || return
	(($(value summary delivered) == 0)) ||
		grep -qE "^ *$(value summary delivered) .* total$" summary || return
	(($(svmtrace report -q recording 2>/dev/null | wc -l) - $(gaps) ==
		$(value recording delivered)))
}

gaps() { svmtrace report -q recording 2>/dev/null | grep -c -- ' --- '; }

# traced COMMAND... - one reader has text, one a summary of what its filter keeps, one a
# recording of what is not lost.
traced() {
	local name status=0
	rm -rf text summary recording
	start text -q -o text -B 8M && start summary -q -c -o summary 'syscall == vmsplice' &&
		start recording record -q -o recording --lose-every 7 || return
	for name in text summary recording; do
		before[$name]=$(counter "$name" entered)
	done
	"$@" >workload 2>&1 || { status=$?; tail workload; }
	for name in text summary recording; do
		end "$name"
	done
	((status == 0)) && adds_up text && adds_up summary && adds_up recording && agree &&
		(($(seen text) > 0 && $(seen text) == $(seen summary) &&
			$(seen text) == $(seen recording)))
}

# stress NAME OPS... - stressors, and how many operations each of them makes.
stress() {
	local options=()
	while (($#)); do
		options+=("--$1" 1 "--$1-ops" "$(($2 * ${times:-1}))")
		shift 2
	done
	traced stress-ng -q --vm-rw-bytes 64K --pipe-size 64K "${options[@]}"
}

# trinity can smash its own stack while it looks for files, before it calls anything:
# that says nothing of the module, so it gets two more tries.
run_trinity() {
	local try status
	for try in 1 2 3; do
		echo "try $try"
		status=0
		trinity -q -l off -C 2 -N "$1" --disable-fds=perf --disable-fds=sockets \
			-c process_vm_writev -c vmsplice || status=$?
		((status == 134)) || break
	done
	return "$status"
}

# As a user, for it writes to whatever process it can. It says how often it did.
random_arguments() {
	local off
	type trinity >/dev/null 2>&1 || cannot find trinity || return
	chown user .
	export -f run_trinity
	traced setpriv --reuid user --regid user --clear-groups -- \
		bash -c "run_trinity $((500 * ${times:-1}))" || {
		! grep -q 'stack smashing' workload || cannot run trinity: it smashes its stack ||
			return
		return 1
	}
	# Each of its two children may be in the midst of one more.
	off=$(($(grep -oE 'Ran [0-9]+' workload | grep -oE '[0-9]+') - $(seen text)))
	((off >= -2 && off <= 2))
}

plan "$checks"
check vm_rw stress vm-rw 50
check vm_splice stress vm-splice 2000
check splice stress splice 500 vm-splice 500
check pipe stress pipe 500 vm-splice 500
check all_at_once stress vm-rw 20 vm-splice 500 splice 200 tee 20 pipe 500 sendfile 20
check random_arguments random_arguments
exit "$failed"
