#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The test of OpenWrt's feed: called as `test.sh PACKAGE VERSION` where the package is installed. The program shows
# its version, accepts the configuration that the package brings, and holds no path of the machine that built it.

[ "$1" = ddns-netlink ] || exit 0

ddns-netlink --version | grep -xF "ddns-netlink ${2%-r*}" || {
	echo "ddns-netlink --version does not show ${2%-r*}"
	exit 1
}
ddns-netlink check || exit 1
! grep -l /build_dir/ "$(command -v ddns-netlink)" || {
	echo "the program names the directory in which it was built"
	exit 1
}
