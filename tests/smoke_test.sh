#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The whole path on any kernel: load, trace a program that is not ours with
# both readers, unload. Writes KTAP.
#
# shellcheck disable=SC2317 # check runs the functions

. "${0%/*}/lib/check.sh"

loads() {
	! grep -q '^svmtrace ' /proc/modules || rmmod svmtrace || return
	insmod "$SVMTRACE_KO" && [[ -c /dev/svmtrace ]]
}

# How long a start takes depends on the kernel and the host; one that does not come
# to an end is ended by the runner.
device_gives_lines() {
	local reader
	cat /dev/svmtrace >/tmp/lines &
	reader=$!
	until svmtrace stat | grep -q started; do sleep 0.1; done
	stress-ng -q --vm-splice 1 --vm-splice-ops 4
	until grep -q 'vmsplice(.*= [0-9]' /tmp/lines; do sleep 0.1; done
	kill "$reader"
	wait "$reader" 2>/dev/null
	return 0
}

tool_gives_json() {
	svmtrace -q --json -o /tmp/json -- \
		stress-ng -q --vm-rw 1 --vm-rw-bytes 64K --vm-rw-ops 4 &&
		jq -es 'any(.syscall == "process_vm_writev" and .ret > 0)' \
			/tmp/json >/dev/null
}

unloads() { rmmod svmtrace && [[ ! -e /dev/svmtrace ]]; }

plan "$checks"
check loads loads
check device_gives_lines device_gives_lines
check tool_gives_json tool_gives_json
check unloads unloads
exit "$failed"
