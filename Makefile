# SPDX-License-Identifier: GPL-2.0
#
# svmtrace: see "make help".

# DKMS says which kernel it builds for.
KVER ?= $(or $(KERNELRELEASE),$(shell uname -r))
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local

# Kernels that the whole suite runs on; "tests/vm/kernel --list" names more.
KERNELS ?= 6.1 6.12 debug

all: modules tools

modules:
	@[ -e $(KDIR) ] || { \
		echo "no headers in $(KDIR): install linux-headers-$(KVER)" >&2; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools

install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	$(if $(DESTDIR),,depmod -a $(KVER))
	$(MAKE) -C tools install PREFIX=$(PREFIX)

load: modules
	rmmod svmtrace 2>/dev/null || :
	insmod svmtrace.ko

unload:
	! grep -q '^svmtrace ' /proc/modules || rmmod svmtrace

# What Kbuild would do, without the kernel's headers at hand.
clean:
	$(MAKE) -C tools clean
	find . module -maxdepth 1 \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' \
		-o -name modules.order -o -name Module.symvers \) -delete
	$(RM) -r build

deps:
	tests/deps

demo:
	tests/demo

check:
	@tests/check deps style unit vm

bench:
	tests/bench/run

check-style check-vm:
	@tests/check deps $(@:check-%=%)

# What takes hours on a slow machine.
check-full:
	@KERNELS="$(KERNELS) kcsan 6.1-rt 6.1-arm64 debug-arm64 sid" FULL="6.1 debug" tests/check deps style unit full

check-unit:
	@OFFLINE=1 tests/check unit style

version = $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
dkms_source = $(DESTDIR)/usr/src/svmtrace-$(version)
# DKMS itself builds for the running kernel, and for each that is installed from then on,
# which leaves out those that wait for the next boot.
kernels_with_headers = $(patsubst /lib/modules/%/build/Makefile,%, \
	$(wildcard /lib/modules/*/build/Makefile))

# With DESTDIR, only the source goes there. 77 means that dkms.conf excludes the kernel.
dkms-install: $(if $(DESTDIR),,dkms-remove)
	$(if $(DESTDIR),,tests/deps dkms)
	$(RM) -r $(dkms_source)
	mkdir -p $(dkms_source)
	cp --parents Kbuild dkms.conf module/*.[ch] uapi/linux/*.h $(dkms_source)
	$(if $(DESTDIR),,dkms install svmtrace/$(version) -k $(KVER))
	$(if $(DESTDIR),,for kernel in $(filter-out $(KVER),$(kernels_with_headers)); do \
		dkms install svmtrace/$(version) -k $$kernel || [ $$? = 77 ] || exit; \
	done)

# Every version, as another one than the tool's is of no use.
dkms-remove:
	@for source in /var/lib/dkms/svmtrace/*/source; do \
		[ ! -L $$source ] || \
			dkms remove svmtrace/$$(basename $${source%/source}) --all || exit; \
	done
	$(RM) -r /usr/src/svmtrace-[0-9]*

help:
	@sed -n 's/^# | \{0,1\}//p' Makefile

.PHONY: all modules tools install load unload clean deps demo bench check \
	check-full check-style check-unit check-vm dkms-install dkms-remove help

export KERNELS

# | make               the module for KVER (the running kernel), and the tool
# | make modules       only the module; KDIR=... builds against other headers
# | make tools         only the tool
# | make install       both; the tool below PREFIX (/usr/local)
# | make load          insmod the module, replacing one that is loaded
# | make unload        rmmod it
# | make dkms-install  have DKMS build the module for KVER, for all other kernels
# |                    that have headers, and for those to come
# | make dkms-remove   undo that
# |
# | make demo          see calls being traced; in a guest if need be
# | make check         all tests; the last line says how many passed
# | make check-full    the same, also on a kernel that looks for data races, a realtime
# |                    kernel and arm64, with the long variants; takes hours
# | make check-unit    the tests that need no root, network or QEMU
# | make check-style   kernel style, static checkers
# | make check-vm      the tests in guests; KERNELS="6.1" on these kernels only
# | make bench         what tracing costs, svmtrace and its peers; the budgets
# | make deps          install what all this needs (Debian packages)
# | make clean         all that was built; downloaded kernels stay
