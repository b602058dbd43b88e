#!/bin/bash
# fetch.sh DIRECTORY: unpacks what `make compare` measures beside this program from packages of Debian 12, and installs
# nothing: inadyn and ddclient into DIRECTORY/host, curl for a router's CPU (mipsel) into DIRECTORY/mipsel. It prints
# what it cannot get; that client is then named as missing in the result.
#
# The packages come from the mirror of this machine's own apt, or from $DEBIAN_MIRROR.
set -u

directory=$1
mkdir -p "$directory"
cd "$directory" || exit 1
directory=$PWD
clients='inadyn libconfuse2 ddclient libio-socket-ssl-perl libnet-ssleay-perl perl-openssl-defaults'

for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || { echo "$program is not installed: no clients of Debian"; exit 0; }
done

mirrors() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 == "bookworm" && $3 == "main" { print $1 }'
}
mirror=${DEBIAN_MIRROR:-$(mirrors | head -n 1)}
[ -n "$mirror" ] || { echo 'No source of Debian 12 packages: set DEBIAN_MIRROR to its address'; exit 0; }

# apt ARCHITECTURE WORD...: apt-get with a configuration of its own, for packages of this architecture.
apt() {
    local architecture=$1
    local own=$directory/apt/$architecture
    shift
    mkdir -p "$own"/{lists,cache/archives}/partial
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$own/sources.list"
    apt-get -qq -oAPT::Architecture="$architecture" -oAPT::Architectures="$architecture" \
        -oDir::Etc::SourceList="$own/sources.list" -oDir::Etc::SourceParts=/dev/null \
        -oDir::State::Lists="$own/lists" -oDir::State::status=/dev/null -oDir::Cache="$own/cache" \
        -oAPT::Sandbox::User= -oAcquire::Languages=none "$@"
}

# unpack DIRECTORY DIRECTORY-OF-PACKAGES
unpack() {
    for package in "$2"/*.deb; do
        dpkg-deb -x "$package" "$1.new" || return 1
    done
    mv "$1.new" "$1"
}

rm -rf host.new mipsel.new deb
if [ ! -e host ]; then
    mkdir deb
    # shellcheck disable=SC2086 # a list
    if apt "$(dpkg --print-architecture)" update && (cd deb && apt "$(dpkg --print-architecture)" download $clients); then
        unpack host deb
    else
        echo 'inadyn and ddclient cannot be downloaded'
    fi
fi
if [ ! -e mipsel ]; then
    if apt mipsel update && apt mipsel -y --no-install-recommends --download-only install curl; then
        unpack mipsel apt/mipsel/cache/archives
    else
        echo 'curl for mipsel cannot be downloaded'
    fi
fi
rm -rf deb apt
