#!/usr/bin/env python3
"""The linker that rustc calls in router builds. zig's compiler driver links the program; then the
LLD of $LLD links it again by the same command, with options that the driver does not pass on:
identical functions become one (the program compares no addresses of functions), and similar
functions are placed beside each other, so that xz compresses them better. For the same reason
instructions of MIPS become similar at the end."""

import os
import pathlib
import struct
import subprocess
import sys

SMALLER = ["--icf=all", "--bp-compression-sort=both"]
EM_MIPS, PT_LOAD, PF_X = 8, 1, 1
# How many instructions away the target of a jump is near. Measured: 64 and 1,024 save less.
NEAR = 256
# Instructions of MIPS: `j` and `b` without their targets.
JUMP, BRANCH, OPCODE = 0x08000000, 0x10000000, 0xFC000000


def cc():
    """The compiler driver that cargo-zigbuild has made for the target, named by CC_<triple>."""
    found, = (path for name, path in os.environ.items() if name.startswith("CC_") and "zigcc" in path)
    return found


def branch(word, address):
    """The instruction `word` at `address`, as a branch if it is a near jump.

    A jump holds the address of its target, a branch the distance, and distances recur. Both are four
    bytes long and carry out the instruction behind them, too."""
    if word & OPCODE != JUMP:
        return word
    following = address + 4
    target = following & 0xF0000000 | (word & ~OPCODE) << 2
    distance = (target - following) // 4
    return BRANCH | distance & 0xFFFF if abs(distance) < NEAR else word


def is_symmetric(word):
    """Whether the instruction means the same with its two source registers swapped: beq, bne, mul,
    addu, and, or, xor, nor. The register 0 stays where it is, so that only one form is a move."""
    opcode, function = word >> 26, word & 0x7FF
    is_sum = opcode == 0 and function in (0x21, 0x24, 0x25, 0x26, 0x27)
    return opcode in (4, 5) or is_sum or opcode == 0x1C and function == 2


def sorted_sources(word):
    """The instruction with its source registers in ascending order if their order means nothing."""
    first, second = word >> 21 & 31, word >> 16 & 31
    if first <= second or second == 0 or not is_symmetric(word):
        return word
    return word & ~0x03FF0000 | second << 21 | first << 16


def similar(program):
    """Makes instructions of an ELF program for MIPS similar, without changing what they do. A segment
    of code has no data between the instructions. LLVM itself makes jumps where code has a fixed address,
    and leaves the order of registers to chance."""
    elf = bytearray(program.read_bytes())
    order = ">" if elf[5] == 2 else "<"
    machine, = struct.unpack_from(order + "H", elf, 18)
    if machine != EM_MIPS:
        return
    table, = struct.unpack_from(order + "I", elf, 28)
    step, count = struct.unpack_from(order + "HH", elf, 42)
    for at in range(table, table + step * count, step):
        kind, offset, address, _, length, _, flags = struct.unpack_from(order + "7I", elf, at)
        if kind == PT_LOAD and flags & PF_X:
            code = struct.Struct(f"{order}{length // 4}I")
            words = (sorted_sources(word) for word in code.unpack_from(elf, offset))
            words = (branch(word, address + 4 * i) for i, word in enumerate(words))
            code.pack_into(elf, offset, *words)
    program.write_bytes(elf)


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
    command = [os.environ["LLD"], *links[-1][1:], *SMALLER]
    if status := subprocess.run(command).returncode:
        sys.exit(status)
    similar(pathlib.Path(command[command.index("-o") + 1]))


if __name__ == "__main__":
    main()
