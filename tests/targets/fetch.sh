#!/bin/bash
# fetch.sh ARCHITECTURE KERNEL DIRECTORY: downloads the parts of a router of this architecture from
# Debian 12. It uses an apt configuration of its own, so it changes no package of this machine and
# needs no root. Into DIRECTORY it writes `kernel`, and `tree`: busybox, kernel modules, openssl and
# pppd with their libraries, for the initial file system.
#
# The packages come from the mirror of this machine's own apt, or from $DEBIAN_MIRROR.
set -euo pipefail

architecture=$1 kernel=$2 directory=$3
modules='veth slhc ppp_generic pppox pppoe ppp_async'
programs='bin/busybox usr/bin/openssl usr/sbin/pppd usr/sbin/pppoe usr/sbin/pppoe-server'
packages='busybox-static openssl ppp pppoe libatomic1 libaudit1 libc6 libcap-ng0 libcap2 libcrypt1
    libdbus-1-3 libgcc-s1 libgcrypt20 libgpg-error0 liblz4-1 liblzma5 libpam0g libpcap0.8 libssl3
    libsystemd0 libzstd1'

[ ! -e "$directory/complete" ] || exit 0

for program in apt-get dpkg-deb readelf; do
    command -v "$program" >/dev/null || { echo "$program is not installed (Debian: apt, dpkg, binutils)"; exit 1; }
done

mirrors() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 == "bookworm" && $3 == "main" { print $1 }'
}
mirror=${DEBIAN_MIRROR:-$(mirrors | head -n 1)}
[ -n "$mirror" ] || { echo 'No source of Debian 12 packages: set DEBIAN_MIRROR to its address'; exit 1; }

rm -rf "$directory"
mkdir -p "$directory"/{lists,cache,deb,tree/modules,tree/lib}
cd "$directory"
directory=$PWD
mkdir -p lists/partial cache/archives/partial
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $mirror bookworm main" >sources.list
apt="-oAPT::Architecture=$architecture -oAPT::Architectures=$architecture
    -oDir::Etc::SourceList=$directory/sources.list -oDir::Etc::SourceParts=/dev/null
    -oDir::State::Lists=$directory/lists -oDir::State::status=/dev/null
    -oDir::Cache=$directory/cache -oAPT::Sandbox::User= -oAcquire::Languages=none"

# shellcheck disable=SC2086 # words of an option list
{
    apt-get $apt -qq update
    image=$(apt-cache $apt depends "linux-image-$kernel" |
        awk '$1 == "Depends:" && $2 ~ /^linux-image/ { print $2 }')
    (cd deb && apt-get $apt -qq download "$image" $packages)
}
for package in deb/*.deb; do
    dpkg-deb -x "$package" root
done

cp root/boot/vmlinuz-* kernel
for module in $modules; do
    find root/lib/modules -name "$module.ko" -exec cp {} tree/modules/ \;
    echo "$module.ko"
done >tree/modules/order

# libraries FILE...: copies the shared libraries of the files, and those of the libraries, to
# tree/lib.
libraries() {
    local file name
    for file; do
        for name in $(readelf -ld "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p
                s/.*program interpreter: \/lib\/\(.*\)\]/\1/p'); do
            [ ! -e "tree/lib/$name" ] || continue
            find root/lib root/usr/lib -name "$name" -exec cp -L {} tree/lib/ \; -quit
            [ -e "tree/lib/$name" ] || { echo "$file needs $name, which was not fetched"; exit 1; }
            libraries "tree/lib/$name"
        done
    done
}

plugin=$(cd root && echo usr/lib/pppd/*/rp-pppoe.so)
for file in $programs "$plugin"; do
    mkdir -p "tree/${file%/*}"
    cp "root/$file" "tree/$file"
    chmod 755 "tree/$file"
    libraries "tree/$file"
done
rm -rf root deb cache lists
touch complete
