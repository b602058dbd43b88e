#!/usr/bin/env python3
"""Measures of the code in src/ without its tests, to compare before and after a change:
tests/measures.py [DIRECTORY]. `make measures` calls it.

What is left out: every item under #[cfg(test)], and the files of every module declared under it.
A function's length counts the lines from its signature to its closing brace, without attributes
and comments above it. A nested function counts for itself and for the one around it."""

import re
import signal
import sys
from collections import defaultdict
from pathlib import Path

LONG_FUNCTION = 60
LARGE_STRUCT = 15
SEVERAL_BOOLS = 2

# Comments and literals. A lifetime ('a) is neither: no quote ends it.
TOKEN = re.compile(
    r"""(?P<doc>///(?!/)[^\n]*|//![^\n]*)
    |(?P<plain>//[^\n]*)
    |(?P<block>/\*.*?\*/)
    |b?r(?P<hashes>\#*)".*?"(?P=hashes)
    |b?"(?:\\.|[^"\\])*"
    |b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^\\'\n])'""",
    re.DOTALL | re.VERBOSE,
)
TEST_ATTRIBUTE = re.compile(r"#\[cfg\(test\)\]")
FUNCTION = re.compile(r"\bfn\s+(\w+)")
STRUCT = re.compile(r"\bstruct\s+(\w+)")
TYPE = re.compile(r"^ *(?:pub(?:\([^)]*\))? )?(?:unsafe )?(?:struct|enum|trait|type) (\w+)", re.M)
STYLES = {
    "let x = |..|": re.compile(r"\blet\s+(?:mut\s+)?\w+(?:\s*:[^=;]+)?\s*=\s*(?:move\s+)?\|"),
    ".filter(|_| ..)": re.compile(r"\.filter\(\s*\|_\|"),
    ".then(..), .then_some(..)": re.compile(r"\.then(?:_some)?\("),
}


def blank(text):
    """Spaces in place of everything but line ends."""
    return re.sub(r"[^\n]", " ", text)


def without_literals(text):
    """The code, every comment and literal blanked, all else at its place."""
    return TOKEN.sub(lambda match: blank(match[0]), text)


def matching(code, start):
    """The position after the bracket that closes the one at `start`."""
    depth = 0
    for bracket in re.compile(r"[\[\](){}]").finditer(code, start):
        depth += 1 if bracket[0] in "([{" else -1
        if depth == 0:
            return bracket.end()
    return len(code)


def body(code, start):
    """Where the first `{` or `;` outside of parentheses and square brackets is."""
    position = start
    while stop := re.compile(r"[\[(;{]").search(code, position):
        if stop[0] in ";{":
            return stop.start()
        position = matching(code, stop.start())
    return len(code)


def item_end(code, start):
    """The position after the item that begins at `start`."""
    attribute = re.compile(r"\s*#\[")
    while found := attribute.match(code, start):
        start = matching(code, found.end() - 1)
    if re.compile(r"\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|const|static|let)\b").match(code, start):
        end = code.find(";", start)
        return len(code) if end < 0 else end + 1
    first = body(code, start)
    return matching(code, first) if code[first:first + 1] == "{" else first + 1


class Source:
    """One file: its text without test items, and the files of its test modules."""

    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        code = without_literals(text)
        folder = path.parent if path.name in ("mod.rs", "lib.rs", "main.rs") else path.with_suffix("")
        self.path = path
        self.test_modules = []
        kept, position = [], 0
        for attribute in TEST_ATTRIBUTE.finditer(code):
            if attribute.start() < position:
                continue
            end = item_end(code, attribute.end())
            if declared := re.search(r"\bmod (\w+);$", code[attribute.end():end]):
                self.test_modules.append(folder / declared[1])
            kept.append(text[position:code.rfind("\n", 0, attribute.start()) + 1])
            position = end + 1
        kept.append(text[position:])
        self.text = "".join(kept)
        self.code = without_literals(self.text)

    def is_in(self, module):
        """Whether the file is that module or below it."""
        return self.path == module.with_suffix(".rs") or module in self.path.parents


def sources(root):
    """Every file that is not for tests alone, in the order of the paths."""
    found = [Source(path) for path in sorted(root.rglob("*.rs"))]
    test_modules = [module for source in found for module in source.test_modules]
    return [source for source in found if not any(source.is_in(module) for module in test_modules)]


def functions(source):
    """Name and number of lines of each function that has a body."""
    for match in FUNCTION.finditer(source.code):
        first = body(source.code, match.end())
        if source.code[first:first + 1] == "{":
            end = matching(source.code, first)
            yield match[1], source.code.count("\n", match.start(), end) + 1


def fields(source):
    """The name of each struct and the types of its fields."""
    for match in STRUCT.finditer(source.code):
        start = re.compile(r"[;({]").search(source.code, match.end())
        if start is None or start[0] == ";":
            continue
        inside = source.code[start.end():matching(source.code, start.start()) - 1]
        inside = re.sub(r"#\[[^]]*\]", "", inside)
        parts = [part for part in split(inside) if part.strip()]
        yield match[1], [part.rsplit(":", 1)[-1].split()[-1] for part in parts]


def split(text):
    """The parts between the commas outside of every bracket."""
    depth, start = 0, 0
    for sign in re.finditer(r"->|[\[\](){}<>,]", text):
        if sign[0] == ",":
            if depth == 0:
                yield text[start:sign.start()]
                start = sign.end()
        elif sign[0] != "->":
            depth += 1 if sign[0] in "([{<" else -1
    yield text[start:]


def types(source):
    """The names of the types that the file defines, without associated types."""
    for match in TYPE.finditer(source.code):
        indented = match[0].startswith(" ")
        if not (indented and " type " in match[0]):
            yield match[1]


def percentile(values, share):
    """The value that `share` per cent of the others do not exceed."""
    return sorted(values)[(len(values) - 1) * share // 100]


def spread(values, *shares):
    """Median, percentiles and maximum in one line."""
    shown = [f"median {percentile(values, 50)}"]
    shown += [f"p{share} {percentile(values, share)}" for share in shares]
    return ", ".join([*shown, f"max {max(values)}"])


def print_list(title, entries):
    """A title with the number of entries, and one entry a line."""
    print(f"{title}: {len(entries)}")
    for entry in entries:
        print(f"    {entry}")


def main():
    # So that `make measures | head` ends without an error message.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "src")
    files = sources(root)
    if not files:
        sys.exit(f"{root} has no Rust file")

    lengths = [source.text.count("\n") for source in files]
    lines = sum(lengths)
    print(f"lines: {lines}, files: {len(files)}")
    print(f"file length: {spread(lengths, 90)}")

    named = [
        (length, f"{source.path.relative_to(root)}: {name}")
        for source in files
        for name, length in functions(source)
    ]
    named.sort(key=lambda entry: (-entry[0], entry[1]))
    print(f"functions: {len(named)}, {spread([length for length, _ in named], 75, 90)}")
    print(f"functions over {LONG_FUNCTION} lines: {sum(n > LONG_FUNCTION for n, _ in named)}")
    print_list("longest functions", [f"{length:3} {name}" for length, name in named[:10]])

    large, flagged = [], []
    for source in files:
        for name, types_of_fields in fields(source):
            name = f"{source.path.relative_to(root)}: {name}"
            if len(types_of_fields) > LARGE_STRUCT:
                large.append(f"{len(types_of_fields):3} {name}")
            if types_of_fields.count("bool") >= SEVERAL_BOOLS:
                flagged.append(f"{types_of_fields.count('bool'):3} {name}")
    print_list(f"structs over {LARGE_STRUCT} fields", large)
    print_list(f"structs with {SEVERAL_BOOLS} or more bools", flagged)

    for style, pattern in STYLES.items():
        count = sum(len(pattern.findall(source.code)) for source in files)
        print(f"{style}: {count}, {1000 * count / lines:.1f} per 1000 lines")

    comments = re.compile(r"^[ \t]*(?:(//[/!])(?!/)|//)", re.M)
    kinds = [bool(match[1]) for source in files for match in comments.finditer(source.text)]
    for kind, count in ("plain", kinds.count(False)), ("doc", kinds.count(True)):
        print(f"lines of {kind} comment: {count}, {100 * count / lines:.1f} %")

    defined = defaultdict(list)
    for source in files:
        for name in types(source):
            defined[name].append(str(source.path.relative_to(root)))
    repeated = {name: places for name, places in sorted(defined.items()) if len(places) > 1}
    count = sum(map(len, defined.values()))
    sharing = sum(map(len, repeated.values()))
    print(f"types: {count}, {100 * sharing / count:.1f} % share their name with another")
    print_list(
        "type names defined more than once",
        [f"{name}: {', '.join(places)}" for name, places in repeated.items()],
    )


if __name__ == "__main__":
    main()
