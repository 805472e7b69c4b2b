#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Steady state: with the default settings, svmtrace record keeps up with programs that
# do little but call, one on each processor, and loses nothing. Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

dir=$(mktemp -d)
cd "$dir" || exit

# A busy host may hold up the processor of the guest that the recorder runs on, while the
# others go on: what cannot keep up loses some each time, what can does not.
tries=5

# recorded CALLS COMMAND... - are there so many, from each processor, and none lost?
recorded() {
	local least=$1 count cpu
	shift
	rm -rf steady
	svmtrace record -o steady -- "$@" 2>notes || return
	sed 's/^/# /' notes
	! grep -q 'lost' notes || return
	count=$(grep -oE '[0-9]+ recorded' notes | grep -oE '^[0-9]+')
	((count >= least && count == $(svmtrace report -q steady | wc -l))) || return
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		(($(stat -c %s "steady/cpu_$cpu") > 100 * 1024)) || return
	done
}

loses_nothing() {
	local try
	for ((try = 0; try < tries; try++)); do
		! recorded "$@" || return 0
	done
	return 1
}

cpus=$(nproc)
plan "$checks"
check vm_splice_on_every_processor loses_nothing 30000 \
	stress-ng -q --vm-splice "$cpus" --vm-splice-ops 30000
check vm_rw_on_every_processor loses_nothing 10000 \
	stress-ng -q --vm-rw "$cpus" --vm-rw-bytes 64K --vm-rw-ops 4000
exit "$failed"
