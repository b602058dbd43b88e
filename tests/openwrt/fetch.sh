#!/bin/sh
# fetch.sh DIRECTORY: builds OpenWrt's ubusd, procd, ujail, uci and their tools for this machine, and lays them out
# below DIRECTORY as on a router, for tests/e2e_privileges.rs and for ddns-scripts in `make compare`. Needs cc, git and
# libjson-c-dev. OPENWRT_GIT is where the sources are, if not at GitHub.
set -eu

mkdir -p "$1"
root=$(cd "$1" && pwd)
from=${OPENWRT_GIT:-https://github.com/openwrt}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# source NAME COMMIT: the directory NAME with this commit of one of OpenWrt's repositories.
source() {
    git init -q "$1"
    git -C "$1" fetch -q --depth 1 "$from/$1" "$2"
    git -C "$1" checkout -q FETCH_HEAD
}

source libubox 1aa36ee774c8db4d7a396903e0d2e1fb79ee8bf1
source ubus 3cc98db1a422dcf560f2d6347fd410f17565a89d
source uci 66127cd76c5d0bd46d5a90302cc6110f53a4e2f8
source procd 2c1834abae171261f2d9161e5a28c36cbcc394a4
source jsonpath afe72ad6414e0faedd3d780d9328e514b0083cae
source udebug 875e1a7af6ca9d86524d18169c3a79f4a1920053

mkdir include
ln -s "$work/libubox" include/libubox
cp udebug/udebug.h include/
: >uci/uci_config.h
# The C library of Debian 12 has neither function, and nobody reads procd's trace.
cat >include/compat.h <<'END'
#include <stddef.h>
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size);
END
cat >compat.c <<'END'
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <udebug.h>
size_t strlcpy(char *to, const char *from, size_t size) { return snprintf(to, size, "%s", from); }
size_t strlcat(char *to, const char *from, size_t size)
{
	size_t length = strnlen(to, size);
	return length + strlcpy(to + length, from, size - length);
}
struct ubus_context;
void udebug_ubus_init(struct udebug_ubus *to, struct ubus_context *ubus, const char *name, udebug_config_cb call) {}
END

# build PROGRAM SOURCE...
build() {
    program=$1
    shift
    cc -Os -w -std=gnu99 -D_GNU_SOURCE -DJSONC -DUBUS_UNIX_SOCKET='"/var/run/ubus/ubus.sock"' \
        -DUBUS_MAX_MSGLEN=1048576 -include compat.h -Iinclude -Iubus -Iuci -Iprocd -I/usr/include/json-c \
        "$@" compat.c -ljson-c -o "$root/$program"
}

mkdir -p "$root/sbin" "$root/bin" "$root/usr/bin" "$root/lib/functions" "$root/lib/config" \
    "$root/usr/share/libubox" "$root/etc"
box=
for file in avl avl-cmp blob blobmsg uloop usock ustream ustream-fd vlist utils safe_list runqueue md5 kvlist \
    ulog base64 udebug udebug-remote blobmsg_json json_script; do
    box="$box libubox/$file.c"
done
bus="ubus/libubus.c ubus/libubus-io.c ubus/libubus-obj.c ubus/libubus-sub.c ubus/libubus-req.c ubus/libubus-acl.c"
conf="uci/libuci.c uci/file.c uci/util.c uci/delta.c uci/parse.c uci/blob.c uci/ucimap.c"
(cd procd && sh ./make_syscall_h.sh cc >syscall-names.h && sh ./make_capabilities_h.sh cc >capabilities-names.h)
(cd jsonpath && cc -w -o contrib/lemon contrib/lemon.c && contrib/lemon parser.y)
# shellcheck disable=SC2086 # lists
{
    build usr/bin/jshn libubox/jshn.c $box
    build sbin/ubusd ubus/ubusd.c ubus/ubusd_[!m]*.c ubus/ubusd_monitor.c ubus/ubusd_main.c $box
    build bin/ubus ubus/cli.c $bus $box
    build bin/uci uci/cli.c $conf $box
    build sbin/procd procd/[!u]*.c procd/ubus.c procd/plug/coldplug.c procd/plug/hotplug.c procd/service/instance.c \
        procd/service/service.c procd/service/trigger.c procd/service/validate.c procd/service/watch.c \
        procd/utils/utils.c $bus $box
    build sbin/ujail procd/jail/jail.c procd/jail/cgroups.c procd/jail/cgroups-bpf.c procd/jail/elf.c \
        procd/jail/fs.c procd/jail/capabilities.c procd/jail/netifd.c $conf $bus $box
    build usr/bin/jsonfilter jsonpath/main.c jsonpath/ast.c jsonpath/lexer.c jsonpath/parser.c jsonpath/matcher.c $box
}
ln -sf ../bin/uci "$root/sbin/uci"

# The shell scripts, of one commit of OpenWrt.
git init -q openwrt
git -C openwrt fetch -q --depth 1 --filter=blob:none "$from/openwrt" 8f8276a5b73f971aa7fc3cf69cc0c442534ae8af
script() {
    git -C openwrt show "FETCH_HEAD:package/$1" >"$root/$2"
}
script base-files/files/etc/rc.common etc/rc.common
script base-files/files/lib/functions.sh lib/functions.sh
script base-files/files/lib/functions/network.sh lib/functions/network.sh
script base-files/files/lib/functions/service.sh lib/functions/service.sh
script system/procd/files/procd.sh lib/functions/procd.sh
script system/uci/files/lib/config/uci.sh lib/config/uci.sh
cp libubox/sh/jshn.sh "$root/usr/share/libubox/jshn.sh"
chmod 755 "$root/etc/rc.common"
echo "DISTRIB_ID='OpenWrt'" >"$root/etc/openwrt_release"
