#!/usr/bin/env python3
"""Builds the static router binaries into dist/: build.py [TARGET...]; all of cross.toml without.

No target but x86-64 has a prebuilt std where this must run, so std is built from source with the
same compiler (-Zbuild-std). zig brings the C compiler, the linker and musl for every target,
cargo-zigbuild puts them to use.
"""

import os
import pathlib
import shutil
import struct
import subprocess
import sys
import time

from common import DIST, NAME, ROOT, chosen, epoch, fail, write_if_changed

# Pinned: another version is another binary.
TOOLS = ["ziglang==0.15.2", "cargo-zigbuild==0.24.0"]
PROFILE = "router"
BUILD_STD = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]
# What LLVM does for speed at the price of bytes, or of bytes that compress badly: it hoists constants
# out of loops, keeps them in registers and spills others, splits live ranges and edges, moves loads,
# stores and saved registers to where they are needed less often, copies memory inline, schedules for
# pipelines and lays out blocks for branch predictors, and on MIPS it returns from a function only to
# return again. None of it changes what a program does. Measured one by one.
LLVM = [
    "-pre-RA-sched=source",
    "-disable-machine-licm",
    "-disable-machine-cse",
    "-disable-lsr",
    "-grow-region-complexity-budget=0",
    "-max-store-memcpy=1",
    "-apply-ext-tsp-for-size",
    "-mips-tail-calls",
    "-disable-phi-elim-edge-splitting",
    "-sink-insts-to-avoid-spills",
    "-min-jump-table-entries=6",
    "-disable-licm-promotion",
    "-licm-mssa-optimization-cap=0",
    # Two dashes: cargo-zigbuild takes any word that begins with -e for a linker's.
    "--enable-merge-functions",
    "--enable-pre=0",
    "--enable-shrink-wrap=0",
    "--enable-constraint-elimination=0",
]
# More instructions, which are more alike: a gain under xz where all have the same length.
LLVM_MIPS = [
    "-regalloc=basic",
    "-machine-sink-split=0",
    "-disable-copyprop",
    "--enable-gvn-memdep=0",
]
COMPILER = (
    "The router builds need a Rust compiler and the source of its standard library, of exactly the",
    "same version. On Debian: apt-get install rustc-web cargo-web rust-web-src",
    "Another pair is taken if RUSTC and CARGO name it.",
)
LINKER = (
    "The router builds need LLD 21 or newer. On Debian: apt-get install lld-22",
    "Another one is taken if LLD names it.",
)


def output(*command):
    """What a command prints, or None if it cannot be run."""
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def compiler():
    """Paths of rustc and cargo, and the place of std's source."""
    rustc = os.environ.get("RUSTC", "/usr/bin/rustc")
    cargo = os.environ.get("CARGO", "/usr/bin/cargo")
    sysroot = output(rustc, "--print", "sysroot")
    if sysroot is None or output(cargo, "--version") is None:
        fail(f"{rustc} or {cargo} is not here.", *COMPILER)
    source = pathlib.Path(sysroot) / "lib/rustlib/src/rust"
    if not (source / "library/Cargo.lock").exists():
        fail(f"{source} is not here.", *COMPILER)
    return rustc, cargo, source


def linker():
    """The path of LLD, which must know what link.py wants of it."""
    lld = os.environ.get("LLD", "/usr/bin/ld.lld-22")
    if "--bp-compression-sort" not in (output(lld, "--help") or ""):
        fail(f"{lld} is not here, or too old.", *LINKER)
    return lld


def target_directory():
    """Where cargo builds. Apart from that of other toolchains: they would evict each other."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target/cross")).resolve()


def zig_tools():
    """The directory of cargo-zigbuild and zig, in a virtual environment that is made if needed."""
    venv = target_directory() / "tools"
    stamp = venv / "installed"
    if stamp.exists() and stamp.read_text().split() == TOOLS:
        return venv / "bin"
    print(f"Installing {' and '.join(TOOLS)} into {venv}")
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    if subprocess.run([python, "-m", "venv", "--clear", venv], stdout=subprocess.DEVNULL).returncode:
        fail("Python cannot make a virtual environment. On Debian: apt-get install python3-venv")
    pip = [venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS]
    if subprocess.run(pip).returncode:
        fail(f"pip cannot install {' '.join(TOOLS)}.")
    stamp.write_text("\n".join(TOOLS))
    return venv / "bin"


def environment(rustc, cargo, tools):
    """For cargo-zigbuild. Nothing of the caller's own build settings gets in."""
    kept = ("HOME", "CARGO_HOME", "http_proxy", "https_proxy", "no_proxy", "TMPDIR", "LANG")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": f"{tools}:/usr/bin:/bin",
        "RUSTC": rustc,
        "CARGO": cargo,
        "LLD": linker(),
        # The -Z flags, on a compiler that is not a nightly one.
        "RUSTC_BOOTSTRAP": "1",
        "SOURCE_DATE_EPOCH": str(epoch()),
    }


def llvm(target):
    """Options for LLVM, in rustc and in zig's C compiler."""
    return [*LLVM, *(LLVM_MIPS if target.triple.startswith("mips") else [])]


def c_flags(target):
    """For ring and thread_name.c."""
    options = [f"-mllvm {option}" for option in llvm(target)]
    return " ".join(["-fno-asynchronous-unwind-tables -fno-unwind-tables", *options])


def rust_flags(target, source):
    """static: a static-pie crashes at start on MIPS, and its relocations cost space elsewhere.
    link-self-contained=no: zig has the start files of musl. linker-flavor: rustc would guess another
    from the file's name. No unwind tables: a panic aborts, and
    without a message, whose formatting would be a tenth of the program. `{:?}` shows little of what
    derives Debug; it cannot show nothing, because ureq writes the version of HTTP with it."""
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    names = {path: "crates" for path in sorted((home / "registry/src").glob("*"))}
    names |= {source: "rust", ROOT: "."}
    names |= {path.resolve(): name for path, name in names.items()}
    features = ["+crt-static", *target.features]
    return [
        "-Crelocation-model=static",
        "-Clink-self-contained=no",
        "-Cforce-unwind-tables=no",
        "-Zunstable-options",
        "-Cpanic=immediate-abort",
        "-Zfmt-debug=shallow",
        f"-Clinker={ROOT / 'openwrt/link.py'}",
        "-Clinker-flavor=gcc",
        *(f"-Cllvm-args={option}" for option in llvm(target)),
        *(f"-Clink-arg={word}" for word in ("-Os", ROOT / "openwrt/thread_name.c")),
        f"-Ctarget-feature={','.join(features)}",
        *(f"--remap-path-prefix={path}={name}" for path, name in names.items()),
    ]


def setup():
    """What `cargo_build` needs, the same for every target."""
    rustc, cargo, source = compiler()
    target_directory().mkdir(parents=True, exist_ok=True)
    tools = zig_tools()
    return environment(rustc, cargo, tools), source, tools


def cargo_build(target, prepared, flags=(), options=(), directory=None):
    """The program as cargo leaves it, or None, and the path of cargo's messages."""
    env, source, tools = prepared
    directory = directory or target_directory()
    flags = "\x1f".join([*rust_flags(target, source), *flags])
    env = {**env, "CFLAGS": c_flags(target), "CARGO_TARGET_DIR": str(directory)}
    env["CARGO_ENCODED_RUSTFLAGS"] = flags
    command = [tools / "cargo-zigbuild", "build", "--locked", "--profile", PROFILE, "--quiet"]
    command += ["--target", target.triple, *BUILD_STD, *options]
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"{target.triple}.log"
    with open(log, "w") as file:
        result = subprocess.run(command, cwd=ROOT, env=env, stdout=file, stderr=subprocess.STDOUT)
    made = directory / target.triple / PROFILE / NAME
    return (made if result.returncode == 0 else None), log


def loaded_part(elf):
    """An ELF program without what is not loaded, as OpenWrt's sstrip leaves it: section headers, and
    on MIPS a tenth of the file, the procedure descriptors (.pdr) that stripping leaves in."""
    wide, order = elf[4] == 2, ">" if elf[5] == 2 else "<"
    word = "Q" if wide else "I"
    start, = struct.unpack_from(order + word, elf, 32 if wide else 28)
    size, count = struct.unpack_from(order + "HH", elf, 54 if wide else 42)
    end = start + size * count
    for at in range(start, end, size):
        offset, = struct.unpack_from(order + word, elf, at + (8 if wide else 4))
        length, = struct.unpack_from(order + word, elf, at + (32 if wide else 16))
        end = max(end, offset + length)
    part = bytearray(elf[:end])
    struct.pack_into(order + word, part, 40 if wide else 32, 0)
    struct.pack_into(order + "HHH", part, 58 if wide else 46, 0, 0, 0)
    return bytes(part)


def build(target, prepared):
    """Builds one target; the reason as text if that fails."""
    made, log = cargo_build(target, prepared)
    if made is None:
        target.binary.unlink(missing_ok=True)
        errors = [line for line in log.read_text().splitlines() if line.startswith("error")]
        return f"{(errors or ['cargo failed'])[0]} (all of it: {log})"
    write_if_changed(target.binary, loaded_part(made.read_bytes()), 0o755)
    return start(target)


def start(target):
    """Starts the program on the weakest CPU it is for; the reason as text if that fails."""
    machine, cpu = target.qemu
    qemu = shutil.which(f"qemu-{machine}-static") or shutil.which(f"qemu-{machine}")
    if qemu is None:
        return f"built, not started: no qemu-{machine} here; Debian has it in qemu-user-static"
    example = ROOT / "openwrt/files/ddns.config"
    for words in (["--version"], ["check", "-c", str(example)]):
        command = [qemu, "-cpu", cpu, target.binary, *words]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            return f"'{words[0]}' fails on {cpu}: exit {result.returncode} {result.stderr.strip()}"
    return None


def main():
    wanted = chosen(sys.argv[1:])
    prepared = setup()
    DIST.mkdir(exist_ok=True)
    problems = 0
    for target in wanted:
        print(f"{target.triple} ... ", end="", flush=True)
        begun = time.monotonic()
        problem = build(target, prepared)
        problems += problem is not None
        print(problem or f"built and started on {target.qemu[1]}, {time.monotonic() - begun:.0f} s")
    if problems:
        sys.exit(f"{problems} of {len(wanted)} targets have a problem.")


if __name__ == "__main__":
    main()
