#!/usr/bin/env python3
"""Converts a manual page in doc/ from Markdown to man(7), with tables for tbl(1): manual.py SECTION
prints it. Only what the pages use is supported: headings, paragraphs, lists, definitions (a term,
then a line that begins with `:`), tables, code, and inline **bold**, *italic*, `code` and
[links](to)."""

import re
import sys
import time

from common import NAME, ROOT, epoch, version

BULLET = re.compile(r"[*-] +")
DEFINITION = re.compile(r": +")


def escape(text):
    """Text with the characters escaped that are special to troff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return text.replace("^", "\\(ha").replace("~", "\\(ti").replace("`", "\\(ga")


def inline(text):
    """Text with its inline marks converted: bold, italic, code, links."""
    kept = []

    def keep(font):
        def replace(match):
            kept.append(f"\\f{font}{escape(match[2])}\\fR")
            return f"\0{len(kept) - 1}\0"

        return replace

    text = re.sub(r"(`+) ?(.+?) ?\1", keep("B"), text)
    text = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", text)
    text = escape(text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\\fB\1\\fR", text)
    text = re.sub(r"\*(.+?)\*", r"\\fI\1\\fR", text)
    return protect(re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], text))


def protect(line):
    """A line of text, escaped if it begins with a character that begins a request."""
    return f"\\&{line}" if line.startswith((".", "'")) else line


def take(lines, belongs):
    """Removes lines from the front while `belongs` accepts them, and returns them."""
    taken = []
    while lines and belongs(lines[0]):
        taken.append(lines.pop(0))
    return taken


def body(lines, width):
    """Removes the lines that are blank or indented by `width`; returns them without the
    indentation."""
    taken = take(lines, lambda line: not line.strip() or line.startswith(" " * width))
    return [line[width:] for line in taken]


def is_text(line):
    """Whether a line continues a paragraph."""
    return bool(line.strip()) and not line.startswith(("|", "#")) and not (
        BULLET.match(line) or DEFINITION.match(line)
    )


def paragraph(lines):
    """Removes a paragraph; returns it as one converted line."""
    return inline(" ".join(line.strip() for line in [lines.pop(0), *take(lines, is_text)]))


def item(lines, marker):
    """Converts an item of a list or a definition: its first paragraph, then the indented lines."""
    lines[0] = marker.sub("", lines[0], count=1)
    yield paragraph(lines)
    if inner := list(render(body(lines, 2 if marker is BULLET else 4))):
        yield from (".RS", *inner, ".RE")


def widths(rows):
    """The width of each column in characters. The widest columns are narrowed until the table fits
    a page of 80."""
    found = [max(len(re.sub(r"[`*]", "", cell)) for cell in column) for column in zip(*rows)]
    while sum(found) + 3 * len(found) > 70:
        found[found.index(max(found))] -= 1
    return found


def table(lines):
    """Converts a table. Its second line only separates the head from the rows."""
    rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines]
    rows = [[cell.strip().replace("\\|", "|") for cell in row] for row in rows if row is not rows[1]]
    columns = widths(rows)
    yield from (".TS", "allbox;")
    yield " ".join(f"lbw({width}n)" for width in columns)
    yield " ".join(f"lw({width}n)" for width in columns) + "."
    for row in rows:
        yield "\t".join(f"T{{\n{inline(cell)}\nT}}" for cell in row)
    yield ".TE"


def heading(line):
    """Converts a heading: in capitals it begins a section of the page, else a subsection."""
    text = line.lstrip("# ")
    return f"{'.SH' if text.isupper() else '.SS'} {inline(text)}"


def code(lines):
    """Converts a block of code, whose lines stay as they are."""
    while lines and not lines[-1].strip():
        lines.pop()
    text = (protect(escape(line)) for line in lines)
    return (".PP", ".nf", ".RS 4", *text, ".RE", ".fi")


def render(lines):
    """Converts blocks, one after the other, to lines of troff."""
    lines = list(lines)
    while lines:
        first = lines[0]
        if not first.strip():
            lines.pop(0)
        elif first.startswith("#"):
            yield heading(lines.pop(0))
        elif first.startswith("    "):
            yield from code(body(lines, 4))
        elif first.startswith("|"):
            yield from table(take(lines, lambda line: line.startswith("|")))
        elif BULLET.match(first):
            yield ".IP \\(bu 2"
            yield from item(lines, BULLET)
        elif DEFINITION.match(first):
            yield from item(lines, DEFINITION)
        else:
            text = paragraph(lines)
            yield ".TP" if lines and DEFINITION.match(lines[0]) else ".PP"
            yield text


def roff(section):
    """The page of this section. Its first line makes man(1) run tbl(1)."""
    text = (ROOT / f"doc/{NAME}.{section}.md").read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("% ", f"# {NAME}("))]
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch()))
    title = f'.TH {NAME.upper()} {section} "{date}" "{NAME} {version()}"'
    page = ["'\\\" t", title, ".ad l", ".nh"]
    for line in render(lines):
        # After a heading a paragraph begins without .PP.
        if line != ".PP" or not page[-1].startswith((".SH", ".SS")):
            page.append(line)
    return ("\n".join(page) + "\n").encode()


if __name__ == "__main__":
    sys.stdout.buffer.write(roff(sys.argv[1]))
