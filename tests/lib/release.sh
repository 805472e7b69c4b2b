# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Other releases of Debian than this machine's, as chroots with what they compile kernel
# modules with. All of this takes root. Needs common.sh.

# base_of SUITE - what a suite that only adds to another one adds to, or itself
base_of() {
	case $1 in
	*-backports) echo "${1%-backports}" ;;
	experimental) echo sid ;;
	*) echo "$1" ;;
	esac
}

# bootstrap SUITE TARGET OPTION... - has mmdebstrap make a chroot with the headers of the
# newest kernel of SUITE. apt takes nothing by itself of a suite that only adds. The
# mirror may be a snapshot, whose lists have expired.
bootstrap() {
	local suite=$1 target=$2 base lists
	base=$(base_of "$1")
	mapfile -t lists < <(printf 'deb http://deb.debian.org/debian %s main\n' \
		"$base" "$suite" | uniq)
	shift 2
	nice mmdebstrap --variant=apt --aptopt='Apt::Install-Recommends "false"' \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--include="kmod,gcc,make,linux-headers-amd64/$suite" "$@" \
		"$base" "$target" "${lists[@]}"
}

# make_at KERNEL ARGUMENT... - make, for a kernel in the directory KERNEL, with the
# compiler that its headers need: in a chroot, if it has one of its own
make_at() {
	local kernel=$1 root=$1/root
	shift
	if [[ ! -d $root ]]; then
		make -C "$kernel/build" "$@"
		return
	fi
	mkdir -p "$root$top"
	# shellcheck disable=SC2016 # the shell expands it there
	unshare --mount bash -ec 'root=$1; top=$2; shift 2
		mount --bind "$top" "$root$top"
		mount -t proc proc "$root/proc"
		exec chroot "$root" make "$@"' \
		bash "$root" "$top" -C "/usr/src/linux-headers-$(<"$kernel/release")" "$@"
}
