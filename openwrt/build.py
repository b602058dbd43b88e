#!/usr/bin/env python3
"""Builds the static router binaries into dist/: build.py [TARGET...]; all of cross.toml without.

No target but x86-64 has a prebuilt std where this must run, so std is built from source with the
same compiler (-Zbuild-std). zig brings the C compiler, the linker and musl for every target,
cargo-zigbuild puts them to use.
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

# Pinned: another version is another binary.
TOOLS = ["ziglang==0.15.2", "cargo-zigbuild==0.24.0"]
PROFILE = "router"
BUILD_STD = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]
# `{:?}` writes nothing, but in the crates that tell somebody something with it: ureq-proto the server
# which HTTP this is, webpki the names in a certificate, nix the name of an error. There it writes little
# of what derives Debug. Our own code must not write with it, which clippy checks (use_debug), and what
# rustls says goes through src/edge/http/tls_failure.rs.
DEBUG = ["-Zprofile-rustflags", f'--config=profile.{PROFILE}.rustflags=["-Zfmt-debug=none"]']
DEBUG += [
    f'--config=profile.{PROFILE}.package.{crate}.rustflags=["-Zfmt-debug=shallow"]'
    for crate in ("ureq-proto", "rustls-webpki", "nix")
]
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
    "a Rust compiler of version {} or newer with the source of its standard library: "
    "`rustup component add rust-src`, or Debian's rustc-web; RUSTC and CARGO name another one"
)
LINKER = "LLD 21 or newer; LLD names one"


def output(*command):
    """What a command prints, or None if it cannot be run."""
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def version_of(program):
    """The version that rustc or cargo prints, as numbers."""
    found = re.match(r"\w+ (\d+)\.(\d+)", output(program, "--version") or "")
    return tuple(map(int, found.groups())) if found else (0, 0)


def usable(rustc, cargo):
    """Whether this pair is new enough and has the source of std; then where that is."""
    least = load(ROOT / "Cargo.toml")["package"]["rust-version"]
    if min(version_of(rustc), version_of(cargo)) < tuple(map(int, least.split("."))):
        return None
    source = pathlib.Path(output(rustc, "--print", "sysroot")) / "lib/rustlib/src/rust"
    return source if (source / "library/Cargo.lock").exists() else None


def compiler():
    """Paths of rustc and cargo, and the place of std's source: what RUSTC and CARGO name, or the
    toolchain of rustup that is in use, or Debian's; None if none of them will do."""
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
    """The path of LLD, which must know what link.py wants of it; None if there is none. A toolchain
    of rustup brings one along."""
    toolchain = output("rustc", "--print", "sysroot") or "/usr"
    found = [os.environ.get("LLD"), *(f"/usr/bin/ld.lld-{n}" for n in (22, 23, 21)), "ld.lld"]
    found += map(str, pathlib.Path(toolchain).glob("lib/rustlib/*/bin/gcc-ld/ld.lld"))
    for lld in filter(None, found):
        if "--bp-compression-sort" in (output(lld, "--help") or ""):
            return lld
    return None


def emulator(target):
    """What starts a program of `target` here, as words before it; None if nothing does. A processor
    of the same kind needs no emulator."""
    machine, cpu = target.qemu
    for qemu in (f"qemu-{machine}-static", f"qemu-{machine}"):
        if shutil.which(qemu):
            return [qemu, "-cpu", cpu]
    return [] if platform.machine() == machine else None


def missing(wanted):
    """What is not here of what the builds need: a sentence and Debian's packages for each."""
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
    """Where cargo builds. Apart from that of other toolchains: they would evict each other."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target/cross")).resolve()


def python():
    """The system's Python where there is one: that of pyenv may have been built without modules."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def zig_is_there():
    """Whether zig and cargo-zigbuild of the pinned versions are installed."""
    stamp = target_directory() / "tools/installed"
    return stamp.exists() and stamp.read_text().split() == TOOLS


def zig_tools():
    """The directory of cargo-zigbuild and zig, in a virtual environment that is made if needed."""
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
    without a message, whose formatting would be a tenth of the program."""
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
    """What `cargo_build` needs, the same for every target. Ends the program, and names everything
    that is missing, before anything is built."""
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
    """The program as cargo leaves it, or None, and the path of cargo's messages."""
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
    """Starts the program, where there is an emulator on the weakest CPU it is for; the reason as text
    if that fails."""
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
