#!/usr/bin/env python3
"""The linker of the router builds, for rustc: what zig's compiler driver links is linked once more, by
the LLD that $LLD names, with what the driver does not let through. Functions whose code is the same
become one (nothing here compares their addresses), and similar ones lie beside each other, where xz
finds what they share."""

import os
import subprocess
import sys

SMALLER = ["--icf=all", "--bp-compression-sort=both"]


def cc():
    """The compiler driver that cargo-zigbuild has made for the target: CC_<triple>, the only one."""
    found, = (path for name, path in os.environ.items() if name.startswith("CC_") and "zigcc" in path)
    return found


def main():
    if odd := [word for word in sys.argv[1:] if " " in word]:
        sys.exit(f"A path must have no space in it, because zig shows commands without quotes: {odd[0]}")
    env = {**os.environ, "ZIG_VERBOSE_LINK": "1"}
    linked = subprocess.run([cc(), *sys.argv[1:]], env=env, stderr=subprocess.PIPE, text=True)
    lines = linked.stderr.splitlines()
    links = [line.split() for line in lines if line.startswith("ld.lld ")]
    if linked.returncode or not links:
        sys.exit(linked.stderr)
    # The last is the program; libc and its start files may have been linked before.
    sys.exit(subprocess.run([os.environ["LLD"], *links[-1][1:], *SMALLER]).returncode)


if __name__ == "__main__":
    main()
