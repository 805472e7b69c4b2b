# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # the scripts that source this use $checks and $failed
#
# For tests that are scripts, and write KTAP. They begin with: plan "$checks"; after that,
# check NAME COMMAND... is one. A command that cannot be tried here says "cannot REASON",
# and returns. They end with: exit "$failed"

number=0
failed=0
reason=
# Lines of the script that are tests; counted before it goes to another directory.
checks=$(grep -c '^check ' "$0") || :

# plan COUNT - so many tests follow
plan() {
	echo 'KTAP version 1'
	echo "1..$1"
}

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
