"""The Markdown of doc/ as a manual page (troff). It knows what those pages use, and no more."""

import re


def inline(text):
    """**bold**, *italic* and `code`."""
    text = text.replace("\\", "\\e")
    codes = []

    def code(match):
        codes.append(match[2])
        return f"\0{len(codes) - 1}\0"

    text = re.sub(r"(`+) ?(.+?) ?\1", code, text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\\fB\1\\fR", text)
    text = re.sub(r"\*(.+?)\*", r"\\fI\1\\fR", text)
    text = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", text)
    text = re.sub(r"\0(\d+)\0", lambda match: f"\\fB{codes[int(match[1])]}\\fR", text)
    return protect(text.replace("-", "\\-"))


def protect(line):
    """A line that begins like a request."""
    return f"\\&{line}" if line.startswith((".", "'")) else line


def blocks(lines):
    """Lines that stand together."""
    block = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def table(lines):
    """A row per line, the first column as its head."""
    for line in lines[2:]:
        cells = [inline(cell.strip()) for cell in line.strip("|").split("|")]
        yield from (".TP 6", cells[0], *cells[1:])


def definition(lines):
    """A term and what it means."""
    yield ".TP"
    terms = [line for line in lines if not line.startswith((": ", "    "))]
    yield inline(" ".join(terms))
    for line in lines[len(terms):]:
        yield inline(line.lstrip(": ").strip())


def bullets(lines):
    """A list."""
    for line in lines:
        if line.startswith("* "):
            yield ".IP \\(bu 2"
        yield inline(line.removeprefix("* ").strip())


def render(lines):
    """One block."""
    first = lines[0]
    if first.startswith("#"):
        level, text = first.split(" ", 1)
        yield f"{'.SS' if level == '###' else '.SH'} {text}" if text.isupper() else f".SS {text}"
    elif any(line.startswith(": ") for line in lines):
        yield from definition(lines)
    elif all(line.startswith("    ") for line in lines):
        code = (line[4:].replace("\\", "\\e").replace("-", "\\-") for line in lines)
        yield from (".PP", ".nf", ".RS 4", *map(protect, code), ".RE", ".fi")
    elif first.startswith("|"):
        yield from table(lines)
    elif first.startswith("* "):
        yield from bullets(lines)
    else:
        yield from (".PP", *(inline(line.strip()) for line in lines))


def roff(text, name, section):
    """A whole page."""
    lines = [line for line in text.splitlines() if not line.startswith(("% ", f"# {name}("))]
    page = [f".TH {name.upper()} {section}"]
    for block in blocks(lines):
        page.extend(render(block))
    return ("\n".join(page) + "\n").encode()
