"""Builds the program as OpenWrt's packages feed does, and then with more than the feed does, step by step:
`measure.py --feed` prints what each step is worth.

The feed (lang/rust) builds Rust's compiler from source, and with it a std for the router: made for speed, with
panics that unwind. It gives cargo RUSTFLAGS, and CARGO_PROFILE_RELEASE_* in the place of [profile.release]. Its
programs use the router's libc.so and libgcc_s.so.1, and may be loaded at any address (PIE). At the end sstrip
removes the parts of the file that the kernel does not load.

Two things differ here. zig's clang compiles ring's C code: the feed has GCC, which makes MIPS16 code if the router's
CPU has it. LLD links: the feed has GNU ld."""

import shutil
import subprocess
from dataclasses import dataclass, replace

from build import BUILD_STD, DEBUG, PROFILE, llvm, loaded_part, target_directory
from common import NAME, ROOT, fail

# The profile `dist` of std (library/Cargo.toml), with what Rust's bootstrap sets beside it.
STD_PROFILE = [
    "codegen-units=1", "debug=0", "debug-assertions=false", "overflow-checks=false", 'panic="unwind"',
    'rustflags=["-Cembed-bitcode=yes", "-Zunstable-options", "-Cforce-frame-pointers=non-leaf"]',
    "package.compiler_builtins.codegen-units=10000",
    'package.panic_abort.rustflags=["-Cpanic=abort", "-Cembed-bitcode=yes"]',
]
# The crates that turn the addresses of a backtrace into names. They are for size in every std.
SYMBOLS = ("addr2line", "gimli", "miniz_oxide", "rustc-demangle")
DYNAMIC = "-Ctarget-feature=-crt-static"
# rust-values.mk: the feed's own settings in the place of [profile.release].
RELEASE = {
    "CODEGEN_UNITS": "1", "DEBUG": "false", "DEBUG_ASSERTIONS": "false", "LTO": "true", "OPT_LEVEL": "z",
    "OVERFLOW_CHECKS": "true", "PANIC": "unwind", "RPATH": "false",
}
C_FLAGS = "-Os -fstack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables"
# zig's names of the targets that can be measured.
ZIG = {
    "mipsel-unknown-linux-musl": "mipsel-linux-musleabi",
    "mips-unknown-linux-musl": "mips-linux-musleabi",
    "aarch64-unknown-linux-musl": "aarch64-linux-musl",
    "x86_64-unknown-linux-musl": "x86_64-linux-musl",
    "riscv64gc-unknown-linux-musl": "riscv64-linux-musl",
}
# What std calls in libgcc_s.so.1.
UNWIND = (
    "Backtrace DeleteException FindEnclosingFunction GetCFA GetDataRelBase GetGR GetIP GetIPInfo GetTextRelBase "
    "GetLanguageSpecificData GetRegionStart RaiseException Resume SetGR SetIP"
).split()


@dataclass(frozen=True)
class Std:
    """How the feed's compiler was given its std."""

    name: str
    level: str
    features: str


FEED = Std("feed", "3", "panic-unwind,backtrace")
NO_NAMES = Std("no-names", "3", "panic-unwind")
SMALL = Std("small", '"z"', "panic-unwind,optimize_for_size")


@dataclass(frozen=True)
class Step:
    """One build."""

    name: str
    profile: str = PROFILE
    # None: cargo builds std together with the program.
    std: Std | None = FEED
    flags: tuple = ()
    options: tuple = ()

    def and_then(self, name, flags=(), **changed):
        """The step after this one, with these compiler options in addition."""
        return replace(self, name=name, flags=(*self.flags, *flags), **changed)


def steps(target):
    """Each step has everything of the one before it. Everything up to `tables` is in openwrt/Makefile."""
    options = [f"-Cllvm-args={option}" for option in llvm(target)]
    release = Step("the feed's own profile `release`", profile="release")
    router = release.and_then("profile `router`", profile=PROFILE)
    fixed = router.and_then("loaded at one address (no PIE)", ["-Crelocation-model=static"])
    tables = fixed.and_then("no unwind tables", ["-Cforce-unwind-tables=no"])
    names = tables.and_then("std: no names in backtraces", std=NO_NAMES)
    small = names.and_then("std: for size", std=SMALL)
    own = small.and_then("std built with the program", std=None, options=tuple(BUILD_STD))
    silent = own.and_then("panics without a message", ["-Zunstable-options", "-Cpanic=immediate-abort"])
    debug = silent.and_then("`{:?}` writes nothing", options=(*BUILD_STD, *DEBUG))
    last = debug.and_then("the options for LLVM", options)
    return [release, router, fixed, tables, names, small, own, silent, debug, last]


def directory():
    """Where these builds are, apart from the release builds."""
    return target_directory() / "feed"


def run(words, env, log, cwd=ROOT):
    """Runs cargo, whose output goes to the file `log`."""
    with open(log, "w") as file:
        result = subprocess.run(words, cwd=cwd, env=env, stdout=file, stderr=subprocess.STDOUT)
    if result.returncode:
        fail(f"The build failed; see {log}")


def std_profile(std):
    """The settings of std's profile, as options for cargo."""
    settings = [f"opt-level={std.level}", *STD_PROFILE]
    settings += [f'package.{crate}.opt-level="s"' for crate in SYMBOLS if "backtrace" in std.features]
    return [f"--config=profile.release.{setting}" for setting in settings]


def sysroot(target, std, env):
    """The directory that rustc takes this std from. cargo builds it with a crate in which there is nothing."""
    empty = directory() / std.name
    (empty / "src").mkdir(parents=True, exist_ok=True)
    (empty / "src/lib.rs").touch()
    manifest = '[package]\nname = "nothing"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n'
    (empty / "Cargo.toml").write_text(manifest)
    flags = [DYNAMIC, "-Zinline-mir", "-Zforce-unstable-if-unmarked"]
    env = {**env, "CARGO_TARGET_DIR": str(empty / "target"), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    words = [env["CARGO"], "build", "--release", "--target", target.triple, "-Zprofile-rustflags"]
    words += ["-Zbuild-std=std,panic_abort,panic_unwind", f"-Zbuild-std-features={std.features}"]
    run([*words, *std_profile(std)], env, empty / f"{target.triple}.log", empty)
    root = empty / "sysroot"
    crates = root / "lib/rustlib" / target.triple / "lib"
    shutil.rmtree(crates, ignore_errors=True)
    crates.mkdir(parents=True)
    for crate in (empty / "target" / target.triple / "release/deps").glob("*.rlib"):
        if not crate.name.startswith("libnothing-"):
            shutil.copy(crate, crates)
    return root


def libgcc_s(target, tools):
    """A library that has the functions of libgcc_s.so.1 by name. Without it zig would put its own into the
    program."""
    source, library = directory() / "unwind.c", directory() / target.triple / "libgcc_s.so.1"
    library.parent.mkdir(parents=True, exist_ok=True)
    source.write_text("".join(f"void _Unwind_{name}(void) {{}}\n" for name in UNWIND))
    zig = [tools / "python3", "-m", "ziglang", "cc", "-target", ZIG[target.triple]]
    options = ["-shared", "-nostdlib", "-fPIC", f"-Wl,-soname,{library.name}", source, "-o", library]
    subprocess.run([*zig, *options], check=True)
    return library


def program(target, step, prepared):
    """The program of one step."""
    env, _, tools = prepared
    flags = [DYNAMIC, "-Clink-arg=-dynamic", f"-Clink-arg={libgcc_s(target, tools)}", *step.flags]
    if step.std:
        flags.append(f"--sysroot={sysroot(target, step.std, env)}")
    env = {**env, "CARGO_TARGET_DIR": str(directory()), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    env |= {f"CARGO_PROFILE_RELEASE_{name}": value for name, value in RELEASE.items()}
    env["CFLAGS"] = C_FLAGS
    if not any("-Z" in word for word in (*step.flags, *step.options)):
        # What the feed could do without unstable options must work without this.
        del env["RUSTC_BOOTSTRAP"]
    words = [tools / "cargo-zigbuild", "build", "--locked", "--profile", step.profile]
    run([*words, "--target", target.triple, *step.options], env, directory() / f"{target.triple}.log")
    return loaded_part((directory() / target.triple / step.profile / NAME).read_bytes())
