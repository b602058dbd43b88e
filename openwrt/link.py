#!/usr/bin/env python3
"""The linker of the router builds: zig's, run once more with what zig's compiler driver does not let
through. Functions whose code is the same become one (nothing here compares their addresses), and
similar ones lie beside each other, where xz finds them cheaper."""

import os
import subprocess
import sys

LLD = os.environ.get("LLD", "/usr/bin/ld.lld-22")
SMALLER = ["--icf=all", "--bp-compression-sort=both"]


def cc():
    """The compiler driver that cargo-zigbuild has made for the target."""
    found, = (value for name, value in os.environ.items() if name.startswith("CC_") and "zigcc" in value)
    return found


def main():
    env = {**os.environ, "ZIG_VERBOSE_LINK": "1"}
    linked = subprocess.run([cc(), *sys.argv[1:]], env=env, stderr=subprocess.PIPE, text=True)
    lines = linked.stderr.splitlines()
    # What it made of libc and of the start files was linked before.
    command = [line.split() for line in lines if line.startswith("ld.lld ")][-1:]
    if linked.returncode or not command:
        sys.exit(linked.stderr)
    sys.exit(subprocess.run([LLD, *command[0][1:], *SMALLER]).returncode)


if __name__ == "__main__":
    main()
