# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script below tests/ shares: where things are, and how a thing
# that is expensive to make gets into the cache without ever being seen there
# half done.
#
# shellcheck disable=SC2034 # the scripts that source this use them

# The top of the tree, whatever directory the caller is in.
top=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
# Kernels, kernel source and the test harness outlive a `make clean`.
cache=${SVMTRACE_CACHE:-${XDG_CACHE_HOME:-~/.cache}/svmtrace}
# Everything that belongs to this tree and may be thrown away at any time.
build=$top/build

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# locked FILE COMMAND... - one process at a time; the others wait their turn.
locked() {
	local file=$1 fd status
	shift
	mkdir -p "${file%/*}"
	exec {fd}>"$file"
	flock "$fd"
	"$@"
	status=$?
	exec {fd}>&-
	return "$status"
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

# unpack DIR PACKAGE... - download Debian packages and put their files below
# DIR, installing nothing. apt's lists may be older than the archive.
unpack() {
	local dir=$1 deb
	shift
	say "downloading $*"
	download "$dir" "$@" || { apt-get -q update >&2 && download "$dir" "$@"; }
	for deb in "$dir"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
		rm "$deb"
	done
}

# As root, apt complains that it cannot download as its own user.
download() {
	local dir=$1
	shift
	[[ -z ${OFFLINE-} ]] || die "not there, and OFFLINE is set: $*"
	(cd "$dir" && apt-get -q -o APT::Sandbox::User=root download "$@" >/dev/null)
}
