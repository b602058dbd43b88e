#!/usr/bin/env python3
"""Makes packages, local feeds and checksums of the programs in dist/, and prints their sizes:
pack.py [TARGET...]. Fails if a program is missing or above its budget. Signs the feeds and the checksums if
there are keys (sign.py)."""

import gzip
import hashlib
import lzma
import os
import sys

import archive
import contents
import luci
import sign
from common import DIST, NAME, RELEASE, chosen, epoch, package_version, targets, version
from common import write_if_changed

STEM = f"{NAME}-{package_version()}"


def feed(arch):
    """The directory of one architecture's local feed."""
    return DIST / "feed" / arch


def place(path, content, name):
    """Writes a package, and a hard link to it at the path `name` in the feeds."""
    write_if_changed(path, content)
    link = path.parent / "feed" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    os.link(path, link)


def size(files):
    """The size of these files on a router."""
    return sum(len(file.content) for file in files)


def opkg_entry(fields, name, package):
    """The paragraph of a package in opkg's index."""
    entry = list(fields)
    entry[-1:-1] = [
        ("Filename", name),
        ("Size", len(package)),
        ("SHA256sum", hashlib.sha256(package).hexdigest()),
    ]
    return contents.fields_text(entry)


def make_ipk(arch, binary, time):
    """Makes the .ipk, and opkg's index with it and LuCI's page."""
    files = contents.openwrt_files(binary)
    package = archive.ipk(contents.ipk_control(arch, size(files)), files, time)
    name = f"{NAME}_{package_version()}_{arch}.ipk"
    place(DIST / name, package, f"{arch}/{name}")
    index = opkg_entry(contents.ipk_fields(arch, size(files)), name, package)
    index = f"{index}\n{make_luci_ipk(arch, time)}\n".encode()
    write_if_changed(feed(arch) / "Packages", index)
    write_if_changed(feed(arch) / "Packages.gz", archive.compress(index))
    sign.usign(feed(arch) / "Packages")


def make_luci_ipk(arch, time):
    """Makes the .ipk of LuCI's page; returns its paragraph in opkg's index."""
    files = luci.files()
    fields = luci.ipk_fields(size(files))
    control = archive.File("/control", contents.fields_text(fields).encode())
    package = archive.ipk([control, *luci.ipk_scripts()], files, time)
    name = f"{luci.NAME}_{package_version()}_all.ipk"
    place(DIST / name, package, f"{arch}/{name}")
    return opkg_entry(fields, name, package)


# The fields of an .apk that are in the index, and their letters there.
APK_LETTERS = {
    "pkgname": "P", "pkgver": "V", "arch": "A", "size": "I", "pkgdesc": "T", "url": "U",
    "license": "L", "maintainer": "m", "origin": "o", "depend": "D", "provides": "p",
}


def apk_entry(fields, identity, package):
    """The lines of a package in apk's index."""
    lines = [f"C:{identity}", f"S:{len(package)}"]
    for name in dict.fromkeys(name for name, _ in fields if name in APK_LETTERS):
        values = " ".join(str(value) for key, value in fields if key == name)
        lines.append(f"{APK_LETTERS[name]}:{values}")
    return "\n".join(lines) + "\n\n"


def make_apk(arch, binary, time):
    """Makes the .apk, and an index with it and LuCI's page, in the format of apk-tools 2, which version 3
    reads, too."""
    files = contents.apk_files(binary)
    fields = contents.apk_fields(arch, size(files))
    package, identity = archive.apk(fields, contents.apk_scripts(), files, time)
    place(DIST / f"{STEM}.{arch}.apk", package, f"{arch}/{STEM}.apk")
    entries = apk_entry(fields, identity, package) + make_luci_apk(arch, time)
    index = [
        archive.File("DESCRIPTION", f"{NAME}\n".encode()),
        archive.File("APKINDEX", entries.encode()),
    ]
    content = archive.compress(archive.tar(index, time, prefix=""))
    write_if_changed(feed(arch) / "APKINDEX.tar.gz", sign.apk_index(content, time))


def make_luci_apk(arch, time):
    """Makes the .apk of LuCI's page; returns its lines in apk's index."""
    files = luci.files()
    fields = luci.apk_fields(size(files))
    package, identity = archive.apk(fields, luci.apk_scripts(), files, time)
    stem = f"{luci.NAME}-{package_version()}"
    place(DIST / f"{stem}.apk", package, f"{arch}/{stem}.apk")
    return apk_entry(fields, identity, package)


def make_deb(arch, binary, time):
    """Makes the .deb."""
    files = contents.debian_files(binary)
    package = archive.deb(contents.debian_control(arch, files), files, time)
    write_if_changed(DIST / f"{NAME}_{version()}-{RELEASE}_{arch}.deb", package)


def pack(target):
    """Makes all packages of one target."""
    binary, time = target.binary.read_bytes(), epoch()
    for arch in target.openwrt:
        make_ipk(arch, binary, time)
        make_apk(arch, binary, time)
    if target.debian:
        make_deb(target.debian, binary, time)


def clean():
    """Removes packages of other versions, so that SHA256SUMS does not list them."""
    kept = (package_version(), f"{version()}-{RELEASE}_")
    for path in [*DIST.glob("*.*pk"), *DIST.glob(f"{NAME}*.deb"), *DIST.glob("feed/*/*.*pk")]:
        if not any(text in path.name for text in kept):
            path.unlink()


def checksums():
    """Writes SHA256SUMS of the programs and packages."""
    files = sorted(path for path in DIST.glob(f"*{NAME}*") if path.is_file() and path.suffix != ".sig")
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    write_if_changed(DIST / "SHA256SUMS", "".join(lines).encode())
    sign.usign(DIST / "SHA256SUMS")


def row(target):
    """A line of the table of sizes, and whether the target is within its budget."""
    if not target.binary.exists():
        return f"{target.triple:<32} not built", False
    content = target.binary.read_bytes()
    size, small = len(content), len(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    part = max(size / target.max, small / target.max_xz)
    fits = part <= 1
    word = "ok" if fits else f"{part - 1:.1%} above the budget"
    numbers = f"{size:>10,} {target.max:>10,} {small:>9,} {target.max_xz:>9,}"
    return f"{target.triple:<32} {numbers}  {word}", fits


def main():
    wanted = chosen(sys.argv[1:])
    for target in wanted:
        if target.binary.exists():
            pack(target)
    clean()
    checksums()
    sign.public_keys()
    print(f"{'target':<32} {'bytes':>10} {'budget':>10} {'xz -9e':>9} {'budget':>9}")
    rows = [row(target) for target in wanted]
    print(*(text for text, _ in rows), sep="\n")
    if any(target.binary.exists() for target in wanted):
        where = os.path.relpath(DIST)
        print(f"The packages are in {where}/, local feeds in {where}/feed/.")
    if bad := sum(not fits for _, fits in rows):
        sys.exit(f"{bad} of {len(rows)} targets are not built or above the budget.")


if __name__ == "__main__":
    main()
