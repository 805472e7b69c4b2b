# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Architectures, by Debian's names of them: amd64, which this machine is, and arm64,
# whose guests and programs are made on it. Needs common.sh.

kernels=$top/tests/vm/kernels

# kernel_names - of all kernels there are
kernel_names() { sed 's/#.*//' "$kernels" | awk 'NF { print $1 }'; }

# package_of KERNEL - where it comes from
package_of() { awk -v name="$1" '$1 == name { sub(":.*", "", $2); print $2 }' "$kernels"; }

# arch_of KERNEL - what it runs on
arch_of() {
	awk -v name="$1" '$1 == name {
		print $2 ~ ":" ? substr($2, index($2, ":") + 1) : "amd64"
	}' "$kernels"
}

# use_compilers ARCH - from now on there are some for it
use_compilers() {
	local dir
	[[ $1 != amd64 ]] || return 0
	dir=$("$top/tests/vm/unpacked" cross)
	export PATH=$PATH:$dir/usr/bin LD_LIBRARY_PATH=$dir/own
}

# kernel_make ARCH - what make has to be told to build for its kernels, in words
kernel_make() {
	[[ $1 != arm64 ]] || echo ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-
}

# link_tree DIR PATH... - links to what stands below these paths of the tree, so that it
# is built in DIR; not to what has been built beside it. What was built in DIR stays.
link_tree() {
	local dir=$1 file
	shift
	cd "$top"
	mkdir -p "$dir"
	find "$dir" -type l -delete
	find "$@" -type f ! -name '.*' ! -name '*.o' ! -name '*.mod' ! -path tools/svmtrace |
		while read -r file; do
			mkdir -p "$(dirname "$dir/$file")"
			ln -sf "$top/$file" "$dir/$file"
		done
}

# tree_of ARCH - where its programs are built
tree_of() { [[ $1 == amd64 ]] && echo "$top" || echo "$build/$1"; }

# make_programs ARCH tools|tests ARGUMENT... - builds them
make_programs() {
	local arch=$1 part=$2
	shift 2
	case $arch in
	amd64) make -C "$top/$part" "$@" ;;
	*) (locked "$build/$arch.lock" cross_make "$arch" "$part" "$@") ;;
	esac
}

cross_make() {
	local tree=$build/$1 part=$2 userland prefix=aarch64-linux-gnu
	userland=$("$top/tests/vm/unpacked" userland)
	use_compilers "$1"
	shift 2
	link_tree "$tree" tools tests module uapi
	PKG_CONFIG_SYSROOT_DIR=$userland PKG_CONFIG_LIBDIR=$userland/usr/lib/$prefix/pkgconfig \
		make -C "$tree/$part" CC="$prefix-gcc --sysroot=$userland" AR="$prefix-ar" "$@"
}

# apt_for ARCH - from now on, apt sees the packages of ARCH first. It has lists of its
# own for that, so the machine's stay as they are.
apt_for() {
	local dir=$cache/apt-$1
	[[ $1 != amd64 ]] || return 0
	mkdir -p "$dir/lists/partial"
	cat >"$dir/apt.conf" <<-END
	APT::Architecture "$1";
	APT::Architectures { "$1"; "amd64"; };
	Dir::State::Lists "$dir/lists";
	Dir::Cache::pkgcache "";
	Dir::Cache::srcpkgcache "";
	APT::Sandbox::User "root";
	END
	export APT_CONFIG=$dir/apt.conf
}
