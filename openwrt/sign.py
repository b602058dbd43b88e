"""Signs feeds and checksums, with keys that the environment names. Without them nothing is signed.

USIGN_KEY_FILE  a secret key of usign or signify (signify-openbsd -G -n). It signs SHA256SUMS and opkg's indexes.
APK_KEY_FILE    an RSA key in PEM (openssl genrsa 4096). It signs apk's indexes. Routers must have the public key
                under this file's name with `.pub` behind it.
"""

import base64
import os
import pathlib
import shutil
import subprocess

from archive import File, compress, tar
from common import DIST, fail, write_if_changed


def key(variable):
    """The path in this variable; None if it is not set. It must be that of a file."""
    if not (path := os.environ.get(variable)):
        return None
    path = pathlib.Path(path)
    if not path.is_file():
        fail(f"{variable} is {path}, which is no file.")
    return path


def usign(file):
    """Writes the signature of a file beside it, with `.sig` behind its name, as usign does."""
    signature = file.parent / f"{file.name}.sig"
    if not (secret := key("USIGN_KEY_FILE")):
        # A signature of an earlier file would not fit.
        return signature.unlink(missing_ok=True)
    programs = ("usign", "signify-openbsd", "signify")
    if not (program := next(filter(shutil.which, programs), None)):
        fail("USIGN_KEY_FILE is set, and neither usign nor signify is installed (Debian: signify-openbsd).")
    subprocess.run([program, "-S", "-s", secret, "-m", file, "-x", signature], check=True)


def apk_index(index, time):
    """The compressed index of apk with its signature before it, as abuild-sign makes it."""
    if not (secret := key("APK_KEY_FILE")):
        return index
    command = ["openssl", "dgst", "-sha256", "-sign", secret]
    signature = subprocess.run(command, input=index, stdout=subprocess.PIPE, check=True).stdout
    name = f".SIGN.RSA256.{secret.name}.pub"
    return compress(tar([File(name, signature)], time, prefix="", end=False)) + index


def usign_public(secret):
    """The public key of a secret key of usign or signify. Both formats begin with the algorithm; the number of
    the key is before the key itself, whose last half is the public key."""
    content = base64.b64decode(secret.read_text().splitlines()[1])
    number, public = content[32:40], content[-32:]
    text = base64.b64encode(b"Ed" + number + public).decode()
    return f"untrusted comment: ddns-netlink {number.hex()}\n{text}\n".encode()


def public_keys():
    """Writes the public keys into dist/keys: that of usign under the name that opkg looks for in /etc/opkg/keys,
    that of apk under the name that apk looks for in /etc/apk/keys."""
    if secret := key("USIGN_KEY_FILE"):
        public = usign_public(secret)
        number = public.split()[3].decode()
        write_if_changed(DIST / "keys" / number, public)
    if secret := key("APK_KEY_FILE"):
        command = ["openssl", "pkey", "-in", secret, "-pubout"]
        public = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        write_if_changed(DIST / "keys" / f"{secret.name}.pub", public)
