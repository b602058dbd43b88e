#!/bin/sh
# tools.sh demo|test|install: looks for the programs that `make demo` and `make test` need, before
# anything is built. Names all that are missing at once, and the command that installs them.
#
# demo     fails if a program is missing
# test     installs missing programs with apt, if it can (as root or by sudo without a password);
#          fails if the project cannot be built without one; tests that need one are skipped
# install  installs missing programs, as root
#
# Installing bind9, knot, radvd and the like would enable them as services of this machine. So only their
# libraries are installed; the programs are unpacked below target/tools, where the tests start them.
set -u

task=$1
root=$(cd "$(dirname "$0")/.." && pwd)
tools=${CARGO_TARGET_DIR:-$root/target}/tools
PATH=$tools/usr/sbin:$tools/usr/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin

programs=
packages=
services=

# lacks PROGRAM...: succeeds if one is missing, and adds the first such to $programs.
lacks() {
    for program; do
        command -v "$program" >/dev/null && continue
        programs="$programs $program"
        return 0
    done
    return 1
}

compiles() {
    echo 'int main(void) { return 0; }' | cc -xc - -o /dev/null 2>/dev/null
}

# newer VERSION THAN: whether VERSION is THAN or newer, compared part by part as numbers.
newer() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n | head -n1)" = "$2" ]
}

check_rust() {
    least=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
    hint="Rust $least or newer is needed, as rustup installs it (https://rustup.rs)"
    if ! command -v "${CARGO:-cargo}" >/dev/null; then
        echo "cargo is not installed. $hint." >&2
        return 1
    fi
    version=$("${CARGO:-cargo}" --version | cut -d' ' -f2)
    newer "$version" "$least" && return 0
    echo "cargo is version $version. $hint; that of the distribution is too old." >&2
    return 1
}

# Names the missing programs, and how to install them.
advise() {
    if [ -z "$programs" ]; then
        return
    fi
    echo "Missing:$programs" >&2
    if ! command -v apt-get >/dev/null; then
        echo "Debian has them in:$packages$services" >&2
    elif [ -n "$services" ]; then
        echo "Once, as root: tests/tools.sh install" >&2
    else
        echo "As root: apt-get install$packages" >&2
    fi
}

# Runs apt-get as root, quietly.
apt() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y "$@" >/dev/null
}

# The packages that $services depend on.
libraries() {
    # shellcheck disable=SC2086 # a list
    apt-cache show --no-all-versions $services | sed -n 's/^Depends: //p' | tr ',' '\n' |
        sed 's/|.*//; s/(.*//; s/ //g' | sort -u
}

install() {
    if [ "$(id -u)" = 0 ]; then
        sudo=
    elif sudo -n true 2>/dev/null; then
        sudo=sudo
    else
        return 1
    fi
    command -v apt-get >/dev/null || return 1
    echo "Installing$packages${services:+, the libraries of$services}"
    [ -n "$(apt-cache search --names-only '^bind9$' 2>/dev/null)" ] || apt update || return 1
    # shellcheck disable=SC2046,SC2086 # lists
    set -- install --no-install-recommends $packages $([ -z "$services" ] || libraries)
    apt "$@" || { apt update && apt "$@"; } || return 1
    [ -n "$services" ] || return 0
    echo "Unpacking$services into $tools"
    mkdir -p "$tools"
    # shellcheck disable=SC2086 # a list
    (cd "$tools" && apt-get -qq -oAPT::Sandbox::User= download $services &&
        for package in *.deb; do dpkg-deb -x "$package" . || exit 1; done && rm -f ./*.deb)
}

built=yes
if [ "$task" != install ]; then
    check_rust || built=no
fi
compiles || { programs="$programs cc" packages="$packages gcc libc6-dev" needed=yes; }
! lacks ip || { packages="$packages iproute2" needed=yes; }
! lacks unshare nsenter setpriv || { packages="$packages util-linux" needed=yes; }
if [ "$task" = demo ]; then
    advise
    [ -z "${needed:-}" ] && [ "$built" = yes ]
    exit
fi
# They show LuCI's page.
! lacks chromium || packages="$packages chromium"
! lacks chromedriver || packages="$packages chromium-driver"
# busybox: the DHCP client of OpenWrt; dnsmasq: a DHCP server, and a router's resolver; radvd:
# router advertisements; keepalived: VRRP; named, knotd: name servers; dnsdist: takes TLS off for another one; unbound: a resolver that validates; miniupnpd, turnserver (STUN), nft: a gateway with
# address translation, and a server behind it; openssl: checks the tests' certificates;
# python3: makes packages; mandoc: checks manual pages; curl, mosquitto: the samples
# of hooks; prometheus and its exporter, lua5.1: metrics; systemd-analyze: the unit.
! lacks busybox || packages="$packages busybox"
! lacks dnsmasq || packages="$packages dnsmasq-base"
{ ! lacks sysctl && ! lacks pgrep; } || packages="$packages procps"
! lacks dig nsupdate || packages="$packages bind9-dnsutils"
! lacks openssl || packages="$packages openssl"
! lacks python3 || packages="$packages python3"
! lacks curl || packages="$packages curl"
! lacks mosquitto_pub || packages="$packages mosquitto-clients"
! lacks mosquitto || services="$services mosquitto"
! lacks signify-openbsd || packages="$packages signify-openbsd"
! lacks bash || packages="$packages bash"
! lacks mandoc || packages="$packages mandoc"
! lacks systemd-analyze || packages="$packages systemd"
! lacks named || services="$services bind9"
! lacks knotd || services="$services knot"
! lacks dnssec-signzone || packages="$packages bind9-utils"
! lacks unbound || services="$services unbound"
! lacks dnsdist || services="$services dnsdist"
! lacks radvd || services="$services radvd"
! lacks miniupnpd || services="$services miniupnpd-nftables"
! lacks turnserver || services="$services coturn"
! lacks prometheus promtool || services="$services prometheus"
! lacks prometheus-node-exporter || services="$services prometheus-node-exporter"
! lacks lua5.1 || packages="$packages lua5.1"
! lacks nft || services="$services nftables"
! lacks keepalived || services="$services keepalived"
if [ -n "$programs" ] && ! install; then
    advise
    [ "$task" != install ] || exit 1
    ! compiles || echo "Tests that need them will not run." >&2
fi
compiles && [ "$built" = yes ] || exit 1
