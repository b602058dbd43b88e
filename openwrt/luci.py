"""The package luci-app-ddns-netlink: its files and its control data. It has no program, so one package serves
every architecture."""

import ast
import re
import struct

from archive import File
from common import ROOT, package_version
from contents import LICENSE, URL

NAME = "luci-app-ddns-netlink"
SUMMARY = "LuCI page of ddns-netlink"
SOURCE = ROOT / "openwrt" / NAME
# How LuCI names the languages of po/ (luci.mk).
LANGUAGES = {"de": "de", "zh_Hans": "zh-cn"}
# rpcd reads the ACL again, and LuCI its menu.
RELOAD = """#!/bin/sh
[ -n "${IPKG_INSTROOT}" ] || {
	rm -rf /tmp/luci-indexcache* /tmp/luci-modulecache
	/etc/init.d/rpcd reload 2>/dev/null
}
exit 0
"""


def messages(text):
    """The messages of a .po file with their translations."""
    entry = re.compile(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"(?:\n|$))+)', re.MULTILINE)
    joined = lambda lines: "".join(ast.literal_eval(line) for line in lines.splitlines())
    pairs = ((joined(found[1]), joined(found[2])) for found in entry.finditer(text))
    return {message: translation for message, translation in pairs if message and translation}


def sfh(data):
    """The hash by which LuCI finds a message: SuperFastHash by Paul Hsieh, with the length as its start."""
    mask = 0xFFFFFFFF
    signed = lambda byte: byte - 256 if byte > 127 else byte
    value, whole = len(data), len(data) // 4 * 4
    for low, high in struct.iter_unpack("<HH", data[:whole]):
        value = value + low & mask
        value = (value << 16 ^ high << 11 ^ value) & mask
        value = value + (value >> 11) & mask
    rest = data[whole:]
    if len(rest) > 1:
        value = value + struct.unpack("<H", rest[:2])[0] & mask
    if len(rest) == 3:
        value = (value ^ value << 16 ^ signed(rest[2]) << 18) & mask
        value = value + (value >> 11) & mask
    elif len(rest) == 2:
        value = (value ^ value << 11) & mask
        value = value + (value >> 17) & mask
    elif len(rest) == 1:
        value = value + signed(rest[0]) & mask
        value = (value ^ value << 10) & mask
        value = value + (value >> 1) & mask
    for left, right in [(3, 5), (4, 17), (25, 6)]:
        value = (value ^ value << left) & mask
        value = value + (value >> right) & mask
    return value


def lmo(text):
    """A .po file in LuCI's binary form: the translations, an index sorted by hash, and where it begins."""
    body, index = b"", []
    for message, translation in messages(text).items():
        content = translation.encode()
        index.append((sfh(message.encode()), 1, len(body), len(content)))
        body += content + bytes(-len(content) % 4)
    entries = b"".join(struct.pack(">4I", *entry) for entry in sorted(index))
    return body + entries + struct.pack(">I", len(body))


def files():
    """The files on a router."""
    result = []
    for below, place in [("htdocs", "/www"), ("root", "")]:
        for path in sorted((SOURCE / below).rglob("*")):
            if path.is_file():
                result.append(File(f"{place}/{path.relative_to(SOURCE / below)}", path.read_bytes()))
    for language, name in LANGUAGES.items():
        text = (SOURCE / "po" / language / "ddns-netlink.po").read_text(encoding="utf-8")
        result.append(File(f"/usr/lib/lua/luci/i18n/ddns-netlink.{name}.lmo", lmo(text)))
    return result


def ipk_fields(size):
    """The control fields of the .ipk."""
    return [
        ("Package", NAME),
        ("Version", package_version()),
        ("Depends", "luci-base"),
        ("License", LICENSE),
        ("Section", "luci"),
        ("Architecture", "all"),
        ("Installed-Size", size),
        ("Description", f"{SUMMARY}\n Dynamic DNS in LuCI: names, addresses, reasons, and a form."),
    ]


def ipk_scripts():
    """The scripts of the .ipk."""
    return [File("/postinst", RELOAD.encode(), 0o755), File("/postrm", RELOAD.encode(), 0o755)]


def apk_fields(size):
    """The control fields of the .apk."""
    return [
        ("pkgname", NAME),
        ("pkgver", package_version()),
        ("pkgdesc", SUMMARY),
        ("url", URL),
        ("size", size),
        ("arch", "noarch"),
        ("license", LICENSE),
        ("origin", NAME),
        ("depend", "luci-base"),
    ]


def apk_scripts():
    """The scripts of the .apk."""
    names = [".post-install", ".post-upgrade", ".post-deinstall"]
    return [File(name, RELOAD.encode(), 0o755) for name in names]
