#!/usr/bin/env python3
"""Builds the static router binaries into dist/: build.py [TARGET...]; without TARGET all of
cross.toml.

Not every target has a prebuilt std, so std is built from source with the same compiler
(-Zbuild-std). zig has a C compiler, a linker and musl for every target; cargo-zigbuild lets cargo
use them.
"""

import os
import pathlib
import platform
import re
import shutil
import struct
import subprocess
import sys
import time

from common import DIST, NAME, ROOT, chosen, epoch, fail, load, write_if_changed

# Pinned, because another version makes another binary.
TOOLS = ["ziglang==0.15.2", "cargo-zigbuild==0.24.0"]
PROFILE = "router"
BUILD_STD = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]
# `{:?}` writes nothing, which saves the code of every Debug. Exceptions are crates whose output
# needs it, and there it writes only the names of variants (shallow): ureq-proto writes the
# HTTP version with it, webpki the names in a certificate, nix the name of an error. Our own code
# must not use it, which clippy checks (use_debug); src/edge/http/tls_failure.rs words the errors of
# rustls.
DEBUG = ["-Zprofile-rustflags", f'--config=profile.{PROFILE}.rustflags=["-Zfmt-debug=none"]']
DEBUG += [
    f'--config=profile.{PROFILE}.package.{crate}.rustflags=["-Zfmt-debug=shallow"]'
    for crate in ("ureq-proto", "rustls-webpki", "nix")
]
# Options against optimisations that make code faster, but larger or worse to compress:
# hoisting constants out of loops, keeping them in registers while others are spilled, splitting
# live ranges and edges, moving loads, stores and saved registers to where they are executed less
# often, copying memory inline, scheduling for pipelines, laying out blocks for branch predictors.
# On MIPS tail calls save a return. Each was measured alone; none changes what the program does.
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
    # With two dashes, because cargo-zigbuild takes a word that begins with -e for a linker option.
    "--enable-merge-functions",
    "--enable-pre=0",
    "--enable-shrink-wrap=0",
    "--enable-constraint-elimination=0",
]
# The first leaves out a check for a divisor of zero behind each division. Rust has checked that before, and
# ring's C code divides by constants only. With the second, a function with much on its stack is not inlined: in a
# large frame, instructions that address the stack compress worse. The others make more but more similar
# instructions. Where all instructions have the same length, xz compresses them to less.
LLVM_MIPS = [
    "-mno-check-zero-division",
    "-inline-max-stacksize=576",
    "-regalloc=basic",
    "-machine-sink-split=0",
    "-disable-copyprop",
    "--enable-gvn-memdep=0",
]
# Functions that differ only in constants become one. On MIPS the program would be larger under xz.
LLVM_X86_64 = ["--enable-global-merge-func"]
COMPILER = (
    "a Rust compiler of version {} or newer with the source of its standard library: "
    "`rustup component add rust-src`, or Debian's rustc-web; RUSTC and CARGO name another one"
)
LINKER = "LLD 21 or newer; LLD names one"


def output(*command):
    """The output of a command, or None if it fails or cannot be run."""
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def version_of(program):
    """Major and minor version of rustc or cargo, as numbers; zeros if it cannot be run."""
    found = re.match(r"\w+ (\d+)\.(\d+)", output(program, "--version") or "")
    return tuple(map(int, found.groups())) if found else (0, 0)


def usable(rustc, cargo):
    """The directory of std's source, if this pair is new enough and has it; else None."""
    least = load(ROOT / "Cargo.toml")["package"]["rust-version"]
    if min(version_of(rustc), version_of(cargo)) < tuple(map(int, least.split("."))):
        return None
    source = pathlib.Path(output(rustc, "--print", "sysroot")) / "lib/rustlib/src/rust"
    return source if (source / "library/Cargo.lock").exists() else None


def compiler():
    """The paths of rustc, cargo and std's source. The compiler is the one that RUSTC and CARGO
    name, else that of rustup's current toolchain or Debian's; None if it is too old or has no
    source of std."""
    if "RUSTC" in os.environ:
        pairs = [(os.environ["RUSTC"], os.environ.get("CARGO", "cargo"))]
    else:
        toolchain = output("rustc", "--print", "sysroot") or "/usr"
        pairs = [(f"{toolchain}/bin/rustc", f"{toolchain}/bin/cargo")]
        pairs.append(("/usr/bin/rustc", "/usr/bin/cargo"))
    for rustc, cargo in pairs:
        if source := usable(rustc, cargo):
            return rustc, cargo, source
    return None


def linker():
    """The path of an LLD that has the options of link.py: $LLD, Debian's or rustup's; None without
    one."""
    toolchain = output("rustc", "--print", "sysroot") or "/usr"
    found = [os.environ.get("LLD"), *(f"/usr/bin/ld.lld-{n}" for n in (22, 23, 21)), "ld.lld"]
    found += map(str, pathlib.Path(toolchain).glob("lib/rustlib/*/bin/gcc-ld/ld.lld"))
    for lld in filter(None, found):
        if "--bp-compression-sort" in (output(lld, "--help") or ""):
            return lld
    return None


def emulator(target):
    """The command in front of a program of `target` that runs it here; empty if this machine runs
    it itself, None without an emulator."""
    machine, cpu = target.qemu
    for qemu in (f"qemu-{machine}-static", f"qemu-{machine}"):
        if shutil.which(qemu):
            return [qemu, "-cpu", cpu]
    return [] if platform.machine() == machine else None


def missing(wanted):
    """The missing tools that the builds need: for each a description and Debian's packages."""
    least = load(ROOT / "Cargo.toml")["package"]["rust-version"]
    if compiler() is None:
        yield COMPILER.format(least), "rustc-web cargo-web rust-web-src"
    if linker() is None:
        yield LINKER, "lld-22"
    if not zig_is_there() and subprocess.run(
        [python(), "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL
    ).returncode:
        yield "virtual environments of Python, for zig and cargo-zigbuild", "python3-venv"
    if any(emulator(target) is None for target in wanted):
        yield "qemu-user, to start the programs once", "qemu-user-static"


def target_directory():
    """The directory in which cargo builds. Not that of the host's builds: two compilers in one
    directory would make each other build everything again."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target/cross")).resolve()


def python():
    """The path of Python: the system's if there is one, because one of pyenv may lack modules."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def zig_is_there():
    """Whether the pinned versions of zig and cargo-zigbuild are installed."""
    stamp = target_directory() / "tools/installed"
    return stamp.exists() and stamp.read_text().split() == TOOLS


def zig_tools():
    """The directory of cargo-zigbuild and zig, which are installed there if needed."""
    venv = target_directory() / "tools"
    stamp = venv / "installed"
    if zig_is_there():
        return venv / "bin"
    print(f"Installing {' and '.join(TOOLS)} into {venv}")
    make = [python(), "-m", "venv", "--clear", venv]
    if subprocess.run(make, stdout=subprocess.DEVNULL).returncode:
        fail("Python cannot make a virtual environment.")
    pip = [venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS]
    if subprocess.run(pip).returncode:
        fail(f"pip cannot install {' '.join(TOOLS)}.")
    stamp.write_text("\n".join(TOOLS))
    return venv / "bin"


def environment(rustc, cargo, tools):
    """The environment of cargo-zigbuild, without the caller's own build settings."""
    kept = ("HOME", "CARGO_HOME", "http_proxy", "https_proxy", "no_proxy", "TMPDIR", "LANG")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": f"{tools}:/usr/bin:/bin",
        "RUSTC": rustc,
        "CARGO": cargo,
        "LLD": linker(),
        # Lets a stable compiler accept -Z options.
        "RUSTC_BOOTSTRAP": "1",
        "SOURCE_DATE_EPOCH": str(epoch()),
    }


def llvm(target):
    """The options for LLVM, for rustc and for zig's C compiler."""
    if target.triple.startswith("mips"):
        return [*LLVM, *LLVM_MIPS]
    if target.triple.startswith("x86_64"):
        return [*LLVM, *LLVM_X86_64]
    return LLVM


def c_flags(target):
    """The compiler options for C: ring and thread_name.c."""
    options = [f"-mllvm {option}" for option in llvm(target)]
    return " ".join(["-fno-asynchronous-unwind-tables -fno-unwind-tables", *options])


def rust_flags(target, source):
    """The compiler options for Rust.

    relocation-model=static: a static-pie crashes at start on MIPS, and relocations need space.
    link-self-contained=no: zig has the start files of musl.
    linker-flavor=gcc: rustc would guess another one from the name of link.py.
    force-unwind-tables=no: a panic aborts.
    panic=immediate-abort: without a message, whose formatting would be a tenth of the program.
    """
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
        f"-Clinker={ROOT / 'openwrt/link.py'}",
        "-Clinker-flavor=gcc",
        *(f"-Cllvm-args={option}" for option in llvm(target)),
        *(f"-Clink-arg={word}" for word in ("-Os", ROOT / "openwrt/thread_name.c")),
        f"-Ctarget-feature={','.join(features)}",
        *(f"--remap-path-prefix={path}={name}" for path, name in names.items()),
    ]


def setup(wanted):
    """What `cargo_build` needs for every target: environment, source of std, tools. If something is
    missing, exits with a message that names it all."""
    if lacks := list(missing(wanted)):
        packages = " ".join(packages for _, packages in lacks)
        fail(
            "The router builds need",
            *(f"  {what}" for what, _ in lacks),
            f"On Debian: apt-get install {packages}",
        )
    rustc, cargo, source = compiler()
    target_directory().mkdir(parents=True, exist_ok=True)
    tools = zig_tools()
    return environment(rustc, cargo, tools), source, tools


def cargo_build(target, prepared, flags=(), options=(), directory=None):
    """Builds with cargo. Returns the path of the program, None if the build failed, and the path of
    cargo's output."""
    env, source, tools = prepared
    directory = directory or target_directory()
    flags = "\x1f".join([*rust_flags(target, source), *flags])
    env = {**env, "CFLAGS": c_flags(target), "CARGO_TARGET_DIR": str(directory)}
    env["CARGO_ENCODED_RUSTFLAGS"] = flags
    command = [tools / "cargo-zigbuild", "build", "--locked", "--profile", PROFILE, "--quiet"]
    command += ["--target", target.triple, *BUILD_STD, *DEBUG, *options]
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / f"{target.triple}.log"
    with open(log, "w") as file:
        result = subprocess.run(command, cwd=ROOT, env=env, stdout=file, stderr=subprocess.STDOUT)
    made = directory / target.triple / PROFILE / NAME
    return (made if result.returncode == 0 else None), log


def loaded_part(elf):
    """An ELF program without the parts that the kernel does not load, as OpenWrt's sstrip makes it:
    section headers, and on MIPS the procedure descriptors (.pdr), a tenth of the file that strip
    leaves in."""
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
    """Builds one target and starts the program; returns an error message, or None."""
    made, log = cargo_build(target, prepared)
    if made is None:
        target.binary.unlink(missing_ok=True)
        errors = [line for line in log.read_text().splitlines() if line.startswith("error")]
        return f"{(errors or ['cargo failed'])[0]} (all of it: {log})"
    write_if_changed(target.binary, loaded_part(made.read_bytes()), 0o755)
    return start(target)


def start(target):
    """Starts the program, under an emulator as on the weakest CPU it is for; returns an error
    message, or None."""
    example = ROOT / "openwrt/files/ddns.config"
    for words in (["--version"], ["check", "-c", str(example)]):
        command = [*emulator(target), target.binary, *words]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            return f"'{words[0]}' fails: exit {result.returncode} {result.stderr.strip()}"
    return None


def main():
    wanted = chosen(sys.argv[1:])
    prepared = setup(wanted)
    DIST.mkdir(exist_ok=True)
    problems = 0
    for target in wanted:
        print(f"{target.triple} ... ", end="", flush=True)
        begun = time.monotonic()
        problem = build(target, prepared)
        problems += problem is not None
        where = target.qemu[1] if emulator(target) else "this machine"
        print(problem or f"built and started on {where}, {time.monotonic() - begun:.0f} s")
    if problems:
        sys.exit(f"{problems} of {len(wanted)} targets have a problem.")


if __name__ == "__main__":
    main()
