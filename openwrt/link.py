#!/usr/bin/env python3
"""The linker that rustc calls in router builds. zig's compiler driver links the program; then the
LLD of $LLD links it again by the same command, with options that the driver does not pass on:
identical functions become one (the program compares no addresses of functions), and similar
functions are placed beside each other, so that xz compresses them better."""

import os
import subprocess
import sys

SMALLER = ["--icf=all", "--bp-compression-sort=both"]


def cc():
    """The compiler driver that cargo-zigbuild has made for the target, named by CC_<triple>."""
    found, = (path for name, path in os.environ.items() if name.startswith("CC_") and "zigcc" in path)
    return found


def main():
    if spaced := [word for word in sys.argv[1:] if " " in word]:
        sys.exit(f"zig prints commands without quotes, so no path may have a space: {spaced[0]}")
    env = {**os.environ, "ZIG_VERBOSE_LINK": "1"}
    linked = subprocess.run([cc(), *sys.argv[1:]], env=env, stderr=subprocess.PIPE, text=True)
    lines = linked.stderr.splitlines()
    links = [line.split() for line in lines if line.startswith("ld.lld ")]
    if linked.returncode or not links:
        sys.exit(linked.stderr)
    # The last command links the program; those before it may have linked libc and its start files.
    sys.exit(subprocess.run([os.environ["LLD"], *links[-1][1:], *SMALLER]).returncode)


if __name__ == "__main__":
    main()
