# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script below tests/ shares: where things are, and how a thing
# that is expensive to make gets into the cache without ever being seen there
# half done.

# The top of the tree, whatever directory the caller is in.
top=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
# Kernels, kernel source and the test harness outlive a `make clean`.
cache=${SVMTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/svmtrace}
# Everything that belongs to this tree and may be thrown away at any time.
# shellcheck disable=SC2034 # for the scripts that source this file
build=$top/build

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# locked FILE COMMAND... - one process at a time; the others wait their turn.
# COMMAND must not fail but by ending the script, as set -e has it.
locked() {
	local file=$1 fd
	shift
	mkdir -p "${file%/*}"
	exec {fd}>"$file"
	flock "$fd"
	"$@"
	exec {fd}>&-
}

# publish TMP DIR - put a finished directory in its place, replacing what was
# there. A reader sees the old one or the new one, or for an instant none.
publish() {
	local old
	chmod 755 "$1"
	if [[ -e $2 ]]; then
		old=$(mktemp -d "$2.old.XXXXXX")
		mv -T "$2" "$old/old"
		mv -T "$1" "$2"
		rm -rf "$old"
	else
		mv -T "$1" "$2"
	fi
}

# scratch DIR - an empty directory beside DIR, for publish. What interrupted
# runs left behind goes first; the caller holds DIR's lock.
scratch() {
	mkdir -p "${1%/*}"
	rm -rf "$1".tmp.* "$1".old.*
	mktemp -d "$1.tmp.XXXXXX"
}

# fetch_debs DIR PACKAGE... - download Debian packages into DIR, unpacking
# nothing. apt's lists may be missing or older than the archive.
fetch_debs() {
	local dir=$1 log
	shift
	say "downloading $*"
	log=$dir/apt.log
	if ! (cd "$dir" && apt-get -q download "$@") >"$log" 2>&1; then
		apt-get -q update >>"$log" 2>&1 &&
			(cd "$dir" && apt-get -q download "$@") >>"$log" 2>&1 ||
			{ cat "$log" >&2; return 1; }
	fi
	rm -f "$log"
}

# unpack DIR PACKAGE... - the files of Debian packages, below DIR.
unpack() {
	local dir=$1 deb
	shift
	fetch_debs "$dir" "$@" || return
	for deb in "$dir"/*.deb; do
		dpkg-deb -x "$deb" "$dir" || return
		rm "$deb"
	done
}
