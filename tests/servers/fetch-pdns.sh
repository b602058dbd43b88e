#!/bin/bash
# fetch-pdns.sh DIRECTORY: unpacks Debian's PowerDNS, and the libraries that this machine lacks, into
# DIRECTORY; installs nothing. Without apt it prints a message, and the tests are skipped.
set -euo pipefail

directory=$(realpath -m "$1")
[ ! -e "$directory" ] || exit 0
for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || { echo "PowerDNS: $program is not installed"; exit 0; }
done

part=$directory.part
rm -rf "$part"
mkdir -p "$part/archives/partial"
apt-get -qq -y --no-install-recommends --download-only \
    -oDebug::NoLocking=1 -oDir::Cache::archives="$part/archives" -oAPT::Sandbox::User= \
    install pdns-server pdns-backend-lmdb >/dev/null || { echo 'PowerDNS: apt has no package of it'; exit 0; }
for package in "$part"/archives/*.deb; do
    dpkg-deb -x "$package" "$part"
done
rm -rf "$part/archives"
mv "$part" "$directory"
