"""Package archives that do not depend on where and when they are made: every file belongs to root
and has the same time stamp, and the order is fixed. Formats: .ipk (opkg), .apk (apk-tools 2 and 3),
.deb."""

import base64
import gzip
import hashlib
import io
import lzma
import tarfile
from dataclasses import dataclass


@dataclass
class File:
    """A file of a package. `path` begins with a slash; if it ends with one, it is an empty
    directory. A file with a `link` is a symbolic link to that."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    link: str = ""


def member(name, mode, time, kind=tarfile.REGTYPE, size=0):
    """The header of one member of a tar archive."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime, info.size = kind, mode, time, size
    info.uname = info.gname = "root"
    return info


def directories(files):
    """Every directory above the files, parents first."""
    found = set()
    for file in files:
        parts = file.path[1:].split("/")[:-1]
        found.update("/".join(parts[: i + 1]) for i in range(len(parts)))
    return sorted(found)


def tar(files, time, prefix="./", checksums=False, end=True):
    """A tar archive of the files and their directories. `checksums` adds the SHA-1 header that apk
    expects for each file, `end` the blocks of zeros that end an archive."""
    buffer = io.BytesIO()
    kind = tarfile.PAX_FORMAT if checksums else tarfile.GNU_FORMAT
    archive = tarfile.open(fileobj=buffer, mode="w", format=kind)
    if prefix:
        archive.addfile(member(prefix, 0o755, time, tarfile.DIRTYPE))
    for path in directories(files):
        archive.addfile(member(prefix + path, 0o755, time, tarfile.DIRTYPE))
    for file in sorted(files, key=lambda file: file.path):
        if file.path.endswith("/"):
            continue
        name = prefix + file.path.lstrip("/")
        info = member(name, file.mode, time, size=len(file.content))
        if file.link:
            info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, file.link
        if checksums:
            checked = file.link.encode() or file.content
            info.pax_headers = {"APK-TOOLS.checksum.SHA1": hashlib.sha1(checked).hexdigest()}
        archive.addfile(info, io.BytesIO(file.content))
    length = archive.offset
    archive.close()
    return buffer.getvalue() if end else buffer.getvalue()[:length]


def compress(content):
    """The content in gzip format, without a file name and a time."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def ipk(control, data, time):
    """A package for opkg: `control` and `data` are lists of files."""
    parts = [
        File("debian-binary", b"2.0\n"),
        File("data.tar.gz", compress(tar(data, time))),
        File("control.tar.gz", compress(tar(control, time))),
    ]
    buffer = io.BytesIO()
    archive = tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT)
    for part in parts:
        info = member(f"./{part.path}", 0o644, time, size=len(part.content))
        archive.addfile(info, io.BytesIO(part.content))
    archive.close()
    return compress(buffer.getvalue())


def apk(fields, scripts, data, time):
    """A package for apk-tools: a gzip member with .PKGINFO and the scripts, without the blocks that
    end an archive, then one with the files. apk-tools 3 expects a checksum in the header of each
    file. Returns the package and its identity, which is the checksum of the first member."""
    body = compress(tar(data, time, prefix="", checksums=True))
    fields = [*fields, ("datahash", hashlib.sha256(body).hexdigest())]
    info = "".join(f"{name} = {value}\n" for name, value in fields)
    control = [File(".PKGINFO", info.encode()), *scripts]
    head = compress(tar(control, time, prefix="", end=False))
    identity = "Q1" + base64.b64encode(hashlib.sha1(head).digest()).decode()
    return head + body, identity


def deb(control, data, time):
    """A package for dpkg."""
    parts = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", lzma.compress(tar(control, time), preset=9)),
        ("data.tar.xz", lzma.compress(tar(data, time), preset=9 | lzma.PRESET_EXTREME)),
    ]
    result = b"!<arch>\n"
    for name, content in parts:
        result += f"{name:<16}{time:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        result += content + b"\n" * (len(content) % 2)
    return result
