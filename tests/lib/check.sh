# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the scripts that source this use $failed
#
# For tests that are scripts: check NAME COMMAND... is a test, in KTAP. A command that
# cannot be tried here says "cannot REASON", and returns. They end with: exit "$failed"

number=0
failed=0
reason=

cannot() {
	reason="cannot $*"
	return 4
}

check() {
	local name=$1 status=0
	shift
	"$@" || status=$?
	case $status in
	0) echo "ok $((++number)) $name" ;;
	4) echo "ok $((++number)) $name # SKIP $reason" ;;
	*) echo "not ok $((++number)) $name"; failed=1 ;;
	esac
}
