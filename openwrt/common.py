"""What the scripts of this directory share: where things are, which targets there are, versions."""

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
    """Ends the program with a message for the person who ran it."""
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(2)


@dataclass
class Target:
    """One target of cross.toml with its row of architectures.toml."""

    triple: str
    openwrt: list[str]
    debian: str | None
    qemu: tuple[str, str]
    features: list[str]
    max: int
    max_xz: int

    @property
    def binary(self):
        """Where the finished program lies."""
        return DIST / f"{NAME}-{self.triple}"


def load(path):
    """A TOML file as a dictionary."""
    with open(path, "rb") as file:
        return tomllib.load(file)


def targets():
    """Every target of cross.toml, in its order."""
    triples = list(load(ROOT / "cross.toml")["target"])
    table = load(ROOT / "openwrt/architectures.toml")
    del table["not_served"]
    if odd := set(triples) ^ set(table):
        fail(f"cross.toml and openwrt/architectures.toml do not agree about {', '.join(odd)}.")
    return [target(triple, table[triple]) for triple in triples]


def target(triple, row):
    """A row of architectures.toml as a Target."""
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
    """The targets that the command line names, by their triples or by an architecture of OpenWrt or
    Debian that they serve; all of them if it names none."""
    known = targets()
    wanted = [target_named(word, known) for word in words]
    return [t for t in known if not words or t in wanted]


def target_named(word, known):
    """The target with this triple, or the one that serves this architecture."""
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
    """The version of Cargo.toml."""
    return load(ROOT / "Cargo.toml")["package"]["version"]


def package_version():
    """The version of packages. apk's grammar allows no other hyphen than that of -rN."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", version()):
        fail(f"Version {version()} of Cargo.toml is not in apk's grammar.")
    return f"{version()}-r{RELEASE}"


def epoch():
    """The time of every file made here: SOURCE_DATE_EPOCH, else the newest commit's."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    result = subprocess.run(git, capture_output=True, text=True)
    if result.returncode == 0:
        return int(result.stdout)
    return int((ROOT / "CHANGELOG.md").stat().st_mtime)


def write_if_changed(path, content, mode=0o644):
    """Keeps time stamps of what is up to date."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    path.chmod(mode)
