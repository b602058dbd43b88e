#!/usr/bin/env python3
"""What a release needs beside its packages. RELEASE.md says when each is called.

release.py check [TAG]  names everything that is not ready for a release, and fails if there is something
release.py source       writes dist/ddns-netlink-VERSION.tar.gz, the source as HEAD has it
release.py feed         writes dist/openwrt/net/ddns-netlink, the package for OpenWrt's feed: the Makefile with the
                        address and the hash of that source, and its test
release.py notes        prints the part of CHANGELOG.md about this version"""

import hashlib
import re
import subprocess
import sys

import archive
import contents
from common import DIST, NAME, ROOT, fail, version, write_if_changed

SOURCE = DIST / f"{NAME}-{version()}.tar.gz"


def read(path):
    """A text file of this project."""
    return (ROOT / path).read_text()


def changes():
    """The date in the heading of this version in CHANGELOG.md, and what stands below it."""
    heading = rf"^## {re.escape(version())} \((.*)\)\n(.*?)(?=^## |\Z)"
    if not (found := re.search(heading, read("CHANGELOG.md"), re.MULTILINE | re.DOTALL)):
        return "", ""
    return found[1], found[2].strip() + "\n"


def problems(tag):
    """What is not ready, a sentence each."""
    if tag and tag != f"v{version()}":
        yield f"The tag is {tag}, and Cargo.toml has the version {version()}."
    for name, value in [("repository", contents.URL), ("maintainer", contents.MAINTAINER)]:
        if ".invalid" in value:
            yield f"Cargo.toml: {name} is a placeholder."
    if f"PKG_VERSION:={version()}\n" not in read("openwrt/Makefile"):
        yield f"openwrt/Makefile: PKG_VERSION is not {version()}."
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", changes()[0]):
        yield f"CHANGELOG.md: the heading of {version()} has no date."
    if f"_{version()}-" not in read("README.md"):
        yield f"README.md: the names of packages do not have the version {version()}."


def check(tag=""):
    """Fails if something is not ready."""
    if found := list(problems(tag)):
        fail(*found)


def source():
    """Writes the archive of HEAD, the same to the byte wherever it is made."""
    prefix = f"--prefix={NAME}-{version()}/"
    git = ["git", "-C", str(ROOT), "archive", "--format=tar", prefix, "HEAD"]
    tar = subprocess.run(git, stdout=subprocess.PIPE, check=True).stdout
    write_if_changed(SOURCE, archive.compress(tar))


def feed():
    """Writes the package for OpenWrt's feed."""
    if not SOURCE.exists():
        fail(f"{SOURCE.name} is missing; first run openwrt/release.py source.")
    values = {
        "PKG_SOURCE_URL": f"{contents.URL}/releases/download/v$(PKG_VERSION)",
        "PKG_HASH": hashlib.sha256(SOURCE.read_bytes()).hexdigest(),
        "PKG_MAINTAINER": contents.MAINTAINER,
        "  URL": contents.URL,
    }
    makefile = read("openwrt/Makefile")
    for name, value in values.items():
        makefile = re.sub(rf"^{name}:=.*$", lambda _: f"{name}:={value}", makefile, flags=re.MULTILINE)
    directory = DIST / "openwrt" / "net" / NAME
    write_if_changed(directory / "Makefile", makefile.encode())
    write_if_changed(directory / "test.sh", read("openwrt/test.sh").encode(), 0o755)
    print(directory)


def notes():
    """Prints what is new."""
    print(changes()[1], end="")


def main():
    commands = {"check": check, "source": source, "feed": feed, "notes": notes}
    name, *words = sys.argv[1:] or [""]
    if name not in commands or len(words) > (name == "check"):
        fail(__doc__)
    commands[name](*words)


if __name__ == "__main__":
    main()
