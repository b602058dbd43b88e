#!/usr/bin/env python3
"""Prints the bytes of each dependency, and of each provider with an interface of its own, as tables
for doc/sizes.md: measure.py [--settings | --feed] [TARGET]. The symbols of an unstripped build give
the code of each crate after link-time optimisation. A generic function counts for the crate that
wrote it, an inlined function for its caller. --settings also builds with other settings of the
compiler, some minutes each. --feed builds as OpenWrt's packages feed does instead, and goes from there to
the settings of build.py step by step (feed.py), also some minutes each."""

import lzma
import re
import struct
import sys
from collections import Counter

import feed
from build import PROFILE, cargo_build, loaded_part, setup, target_directory
from common import ROOT, chosen, fail

DEFAULT = "mipsel-unknown-linux-musl"
STD = {"alloc", "compiler_builtins", "core", "std", "addr2line", "gimli", "hashbrown", "memchr",
       "miniz_oxide", "object", "rustc_demangle", "std_detect", "panic_abort", "unwind"}
# Beginnings of the names of ring's C functions.
RING = ("ring_core", "aes_nohw", "bn_", "fe_", "fiat_", "ge_", "k25519", "nistz", "x25519", "ecp_")
# Files of src/provider/api that are not providers.
COMMON = {
    "call", "interface", "meaning", "oauth", "record", "records", "rest", "tencent", "xml", "zone",
}
SMALL = 4096
SHT_SYMTAB, SHT_NOBITS = 2, 8
SHF_TLS = 1 << 10
STT_OBJECT, STT_FUNC = 1, 2

# Name, flags for rustc, and options for cargo of each build.
SETTINGS = [
    ("as built", [], []),
    ("overflow checks in every crate", [], [f"--config=profile.{PROFILE}.overflow-checks=true"]),
    ("opt-level s", [], [f'--config=profile.{PROFILE}.opt-level="s"']),
    ("panics with a message", ["-Cpanic=abort"], []),
    ("Debug in full", [], [f'--config=profile.{PROFILE}.rustflags=["-Zfmt-debug=full"]']),
]


def sections(elf):
    """The section headers of an ELF file, whether it is a 64-bit file, and its byte order."""
    wide, big = elf[4] == 2, elf[5] == 2
    order = ">" if big else "<"
    start, = struct.unpack_from(order + ("Q" if wide else "I"), elf, 40 if wide else 32)
    size, count = struct.unpack_from(order + "HH", elf, 58 if wide else 46)
    header = order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")
    return [struct.unpack_from(header, elf, start + i * size) for i in range(count)], wide, order


def symbols(elf):
    """Name, address and size of every symbol."""
    headers, wide, order = sections(elf)
    for _, kind, _, _, offset, length, link, _, _, step in headers:
        if kind != SHT_SYMTAB:
            continue
        names = headers[link][4]
        for at in range(offset, offset + length, step):
            if wide:
                name, info, _, _, address, bytes_ = struct.unpack_from(order + "IBBHQQ", elf, at)
            else:
                name, address, bytes_, info, _, _ = struct.unpack_from(order + "IIIBBH", elf, at)
            if info & 15 in (STT_OBJECT, STT_FUNC):
                text = elf[names + name : elf.index(b"\0", names + name)].decode()
                yield text, address, bytes_


def crate(symbol):
    """The crate that defines a symbol. Rust's v0 mangling has a crate as `C`, an optional
    disambiguator, the length of the name and the name; the first crate is the one that defines the
    symbol."""
    if symbol.startswith("_R"):
        if found := re.search(r"C(?:s[0-9A-Za-z]*_)?(\d+)_?", symbol):
            name = symbol[found.end() : found.end() + int(found[1])]
            return "std, core, alloc" if name in STD else name
    if symbol.startswith(RING):
        return "ring"
    if symbol.startswith(("_ZN9libunwind", "_Unwind_", "unw_", "__unw_")):
        return "libunwind (C++)"
    return "musl and other C"


def provider(symbol):
    """The file of src/provider/api that defines a symbol, or None."""
    if found := re.search(r"12ddns_netlink8provider3api(\d+)_?", symbol):
        return symbol[found.end() : found.end() + int(found[1])]
    return None


def by(part, elf):
    """The bytes of each part of the program; `part` returns the part of a symbol. Of several
    symbols at one address only one counts. Sections of zeros are left out, because they take no
    space in the file."""
    headers, _, _ = sections(elf)
    zeros = [range(h[3], h[3] + h[5]) for h in headers if h[1] == SHT_NOBITS and not h[2] & SHF_TLS]
    found = {
        address: (name, size)
        for name, address, size in symbols(elf)
        if size and not any(address in part for part in zeros)
    }
    total = Counter()
    for name, size in found.values():
        total[part(name)] += size
    return total


def compressed(content):
    return len(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))


def table(head, rows):
    """Prints a table in Markdown."""
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(f'{c:,}' if isinstance(c, int) else c for c in row)} |")


def variant(target, prepared, flags, options):
    """Builds with other settings, in a directory apart from the release builds."""
    directory = target_directory() / "measure"
    made, log = cargo_build(target, prepared, flags, options, directory)
    if made is None:
        fail(f"The build failed; see {log}")
    return made.read_bytes()


def crates(target, prepared):
    # -Cstrip=none as the last option: cargo turns the profile's "none" into "debuginfo", with which
    # zig strips everything.
    elf = variant(target, prepared, ["-Csymbol-mangling-version=v0", "-Cstrip=none"], [])
    counted, whole = by(crate, elf), len(loaded_part(elf))
    large = [(name, size) for name, size in counted.most_common() if size >= SMALL]
    small = counted.total() - sum(size for _, size in large)
    rows = [*large, (f"crates below {SMALL} bytes", small)]
    rows.append(("without a symbol: text, tables, constants", whole - counted.total()))
    table(("crate", "bytes"), [*rows, ("the program", whole)])
    counted = by(provider, elf)
    del counted[None]
    alone = {file.stem for file in (ROOT / "src/provider/api").glob("*.rs")} - COMMON
    rows = [row for row in counted.most_common() if row[0] in alone]
    rows.append(("common to them", counted.total() - sum(size for _, size in rows)))
    table(("src/provider/api", "bytes"), rows)


def settings(target, prepared):
    rows = []
    for name, flags, options in SETTINGS:
        content = loaded_part(variant(target, prepared, flags, options))
        rows.append((name, len(content), compressed(content)))
        print(*rows[-1], file=sys.stderr)
    table(("settings", "bytes", "xz -9e"), rows)


def feed_steps(target, prepared):
    """Prints each step from the feed's build to that of build.py, with what it saves."""
    if target.triple not in feed.ZIG:
        fail(f"--feed cannot build {target.triple}.")
    rows = []
    for step in feed.steps(target):
        content = feed.program(target, step, prepared)
        size, small = len(content), compressed(content)
        saved = (rows[-1][1] - size, rows[-1][3] - small) if rows else ("", "")
        rows.append((step.name, size, saved[0], small, saved[1]))
        print(*rows[-1], file=sys.stderr)
    table(("feed", "bytes", "saved", "xz -9e", "saved"), rows)


def main():
    words = sys.argv[1:]
    options = {word for word in words if word in ("--settings", "--feed")}
    target, *more = chosen([word for word in words if word not in options] or [DEFAULT])
    if more:
        fail("Only one TARGET can be given.")
    prepared = setup([target])
    print(f"{target.triple}:")
    if "--feed" in options:
        return feed_steps(target, prepared)
    crates(target, prepared)
    if "--settings" in options:
        settings(target, prepared)


if __name__ == "__main__":
    main()
