"""Shared by the scripts of this directory: paths, targets, versions."""

import os
import pathlib
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIST = pathlib.Path(os.environ.get("DIST", ROOT / "dist"))
NAME = "ddns-netlink"
RELEASE = 1


def fail(*lines):
    """Prints the lines as an error message and exits with status 2."""
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(2)


@dataclass
class Target:
    """A target of cross.toml and its entry in architectures.toml."""

    triple: str
    openwrt: list[str]
    debian: str | None
    qemu: tuple[str, str]
    features: list[str]
    max: int
    max_xz: int

    @property
    def binary(self):
        """The path of the finished program."""
        return DIST / f"{NAME}-{self.triple}"


def load(path):
    """A TOML file as a dictionary."""
    with open(path, "rb") as file:
        return tomllib.load(file)


def targets():
    """Every target, in the order of cross.toml."""
    triples = list(load(ROOT / "cross.toml")["target"])
    table = load(ROOT / "openwrt/architectures.toml")
    del table["not_served"]
    if differing := set(triples) ^ set(table):
        names = ", ".join(sorted(differing))
        fail(f"Only one of cross.toml and openwrt/architectures.toml has {names}.")
    return [target(triple, table[triple]) for triple in triples]


def target(triple, row):
    """An entry of architectures.toml as a Target."""
    return Target(
        triple=triple,
        openwrt=row["openwrt"],
        debian=row.get("debian"),
        qemu=tuple(row["qemu"]),
        features=row.get("features", []),
        max=row["max"],
        max_xz=row["max_xz"],
    )


def chosen(words):
    """The targets that these words of a command line name, by triple or by an architecture of
    OpenWrt or Debian; all targets if there are no words."""
    known = targets()
    wanted = [target_named(word, known) for word in words]
    return [t for t in known if not words or t in wanted]


def target_named(word, known):
    """The target with this triple, or the one for this architecture."""
    for target in known:
        if word in (target.triple, target.debian, *target.openwrt):
            return target
    if reason := load(ROOT / "openwrt/architectures.toml")["not_served"].get(word):
        fail(f"No target serves the architecture '{word}': {reason}.")
    fail(
        f"There is no target or architecture '{word}'. There are:",
        *(f"  {' '.join([t.triple, *t.openwrt])}" for t in known),
        "`opkg print-architecture` or `apk --print-arch` on the router says which one it has.",
    )


def version():
    """The version in Cargo.toml."""
    return load(ROOT / "Cargo.toml")["package"]["version"]


def package_version():
    """The version of packages. apk allows a hyphen only before rN."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", version()):
        fail(f"apk does not accept the version {version()} of Cargo.toml: only digits and dots.")
    return f"{version()}-r{RELEASE}"


def epoch():
    """The time stamp of every file in the packages: SOURCE_DATE_EPOCH if set, else the time of the
    newest commit, else that of CHANGELOG.md."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    result = subprocess.run(git, capture_output=True, text=True)
    if result.returncode == 0:
        return int(result.stdout)
    return int((ROOT / "CHANGELOG.md").stat().st_mtime)


def write_if_changed(path, content, mode=0o644):
    """Writes a file, unless it has this content already; then its time stamp stays."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    path.chmod(mode)
