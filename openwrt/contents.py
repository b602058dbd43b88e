"""The files in the packages, and the packages' control data."""

import hashlib

import providers
from archive import File
from common import NAME, RELEASE, ROOT, load, package_version, version
from manual import roff

SUMMARY = "Dynamic DNS that follows the kernel's address events"
DESCRIPTION = (
    "Tells a dynamic DNS provider of a new address when the kernel assigns it, without polling. "
    "Takes the place of ddns-scripts and reads its configuration, /etc/config/ddns."
)
PACKAGE = load(ROOT / "Cargo.toml")["package"]
URL = PACKAGE["repository"]
MAINTAINER = PACKAGE["metadata"]["packages"]["maintainer"]
LICENSE = PACKAGE["license"]
CONFIG = "/etc/config/ddns"
# The packages that this one replaces: ddns-scripts, and its packages with files of the same names.
REPLACED = ["ddns-scripts", *providers.packages()]
# Programs of ddns-scripts that LuCI and users' scripts call: symbolic links to the program.
NAMES = {
    "/usr/bin/ddns": f"../sbin/{NAME}",
    "/usr/lib/ddns/dynamic_dns_lucihelper.sh": f"../../sbin/{NAME}",
    "/usr/lib/ddns/dynamic_dns_updater.sh": f"../../sbin/{NAME}",
}

# Where OpenWrt's two Prometheus exporters look for collectors.
COLLECTORS = {
    "ddns_netlink.lua": "/usr/lib/lua/prometheus-collectors/ddns_netlink.lua",
    "ddns_netlink.uc": "/usr/share/ucode/node-exporter/lib/ddns_netlink.uc",
}

# The user and group of the daemon, as OpenWrt's add_group_and_user reads them.
USER = "ddns=456:ddns=456"

# The samples of scripts that the daemon tells what has happened.
HOOKS = ("mqtt", "ntfy", "wireguard")

# What the .deb has for its reader beside the manual pages. Routers have no man, and little room.
DOCUMENTS = ("README.md", "CHANGELOG.md", "SECURITY.md", "doc/hosts.md", "doc/migrating.md")

# As OpenWrt's own build makes them (include/package-pack.mk): default_postinst enables and starts
# what is in /etc/init.d, at image build only enables it; default_prerm stops and disables it.
FUNCTIONS = """#!/bin/sh
[ -s "${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "${IPKG_INSTROOT}/lib/functions.sh"
"""
OPKG_POSTINST = FUNCTIONS.replace("\n", '\n[ "${IPKG_NO_SCRIPT}" = 1 ] && exit 0\n', 1)


# opkg leaves files that ddns-scripts had out of this package's list. default_postinst looks there
# for the init script and does not find it, so the init script is enabled and started here.
OPKG_ENABLE = """[ -n "$IPKG_INSTROOT" ] || [ "$PKG_UPGRADE" = 1 ] || /etc/init.d/ddns enabled || {
	/etc/init.d/ddns enable
	/etc/init.d/ddns start
}
exit 0
"""
# For the same reason the service is stopped, and those files are removed, here. Where default_prerm
# has stopped the service already, procd has no such service, and ubus's error about that is dropped.
# Files that the list of any package names are left to opkg.
OPKG_REMOVE = """[ -z "$IPKG_INSTROOT" ] || exit 0
[ "$PKG_UPGRADE" = 1 ] || /etc/init.d/ddns disable
/etc/init.d/ddns stop 2>/dev/null
[ "$1" = remove ] || exit 0
newline='
'
owned="$newline$(grep -hs ddns /usr/lib/opkg/info/*.list)$newline"
left() {
	for file; do
		case "$owned" in
		*"$newline$dir/$file$newline"*) ;;
		*) rm -f "$dir/$file" ;;
		esac
	done
}
"""


def source(path):
    """A file of this project."""
    return (ROOT / path).read_bytes()


def config(path="openwrt/files/ddns.config"):
    """The configuration, with mode 0600 because it will contain passwords."""
    return File(CONFIG, source(path), 0o600)


def functions():
    """The shell functions that scripts source, in an update and outside of one."""
    content = source("src/edge/script/frame.sh") + source("src/edge/script/outside.sh")
    return File("/usr/lib/ddns/dynamic_dns_functions.sh", content)


def openwrt_files(binary):
    """The files on a router."""
    definitions = providers.definitions()
    return [
        *(File(f"/usr/share/ddns/default/{name}", content) for name, content in definitions),
        File(f"/usr/sbin/{NAME}", binary, 0o755),
        File("/etc/init.d/ddns", source("openwrt/files/ddns.init"), 0o755),
        File("/etc/hotplug.d/iface/95-ddns", source("openwrt/files/ddns.hotplug")),
        config(),
        functions(),
        File(f"/lib/upgrade/keep.d/{NAME}", source("openwrt/files/ddns-netlink.keep")),
        File(f"/usr/share/rpcd/acl.d/{NAME}.json", source("openwrt/files/ddns-netlink.acl.json")),
        # What the daemon may do on ubus, and the capabilities that it has: none.
        File(f"/usr/share/acl.d/{NAME}.json", source(f"openwrt/files/{NAME}.ubus.json")),
        File("/etc/capabilities/ddns.json", source("openwrt/files/ddns.capabilities.json")),
        *(File(path, link=link) for path, link in NAMES.items()),
        # LuCI shows this version.
        File("/usr/share/ddns/version", f"{version()}-{RELEASE}\n".encode()),
        # procd makes an object on ubus for this directory, by which the daemon has its scripts run.
        File("/etc/hotplug.d/ddns/"),
        *(File(f"/usr/share/ddns/hooks/{name}", source(f"examples/hooks/{name}")) for name in HOOKS),
        *(File(path, source(f"openwrt/files/{name}")) for name, path in COLLECTORS.items()),
        File("/usr/share/ddns/custom/"),
        File("/usr/share/ddns/default/"),
    ]


def fields_text(fields):
    """Fields of a control file."""
    return "".join(f"{name}: {value}\n" for name, value in fields)


def ipk_fields(arch, size):
    """The control fields of an .ipk. With `Replaces` opkg removes ddns-scripts by itself."""
    replaced = ", ".join(REPLACED)
    return [
        ("Package", NAME),
        ("Version", package_version()),
        ("Depends", "ca-bundle"),
        ("Conflicts", replaced),
        ("Provides", replaced),
        ("Replaces", replaced),
        ("License", LICENSE),
        ("Section", "net"),
        ("Require-User", USER),
        ("URL", URL),
        ("Maintainer", MAINTAINER),
        ("Architecture", arch),
        ("Installed-Size", size),
        ("Description", f"{SUMMARY}\n {DESCRIPTION}"),
    ]


def opkg_remove():
    """The commands for prerm after default_prerm."""
    directories = {}
    for file in openwrt_files(b""):
        directory, _, name = file.path.rpartition("/")
        if name and file.path != CONFIG:
            directories.setdefault(directory, []).append(name)
    left = (f"dir={where}\nleft {' '.join(names)}\n" for where, names in directories.items())
    return f"{OPKG_REMOVE}{''.join(left)}exit 0\n"


def ipk_control(arch, size):
    """The control part of an .ipk."""
    prerm = f"{FUNCTIONS}default_prerm $0 $@\n{opkg_remove()}"
    return [
        File("/control", fields_text(ipk_fields(arch, size)).encode()),
        File("/conffiles", f"{CONFIG}\n".encode()),
        File("/postinst", f"{OPKG_POSTINST}default_postinst $0 $@\n{OPKG_ENABLE}".encode(), 0o755),
        File("/prerm", prerm.encode(), 0o755),
    ]


def apk_files(binary):
    """The files on a router, and OpenWrt's records of them in /lib/apk/packages: the list of files,
    and the configuration files that sysupgrade keeps if they were changed."""
    files = openwrt_files(binary)
    paths = sorted(file.path for file in files if not file.path.endswith("/"))
    listing = "".join(f"{path}\n" for path in paths)
    checksum = hashlib.sha256(config().content).hexdigest()
    records = f"/lib/apk/packages/{NAME}"
    return [
        *files,
        File(f"{records}.list", listing.encode()),
        File(f"{records}.rusers", f"{USER}\n".encode()),
        File(f"{records}.conffiles", f"{CONFIG}\n".encode()),
        File(f"{records}.conffiles_static", f"{CONFIG} {checksum}\n".encode()),
    ]


def apk_fields(arch, size):
    """The control fields of an .apk. apk lets only one installed package provide a name with a
    version, so this package conflicts with ddns-scripts and can take its place."""
    return [
        ("pkgname", NAME),
        ("pkgver", package_version()),
        ("pkgdesc", SUMMARY),
        ("url", URL),
        ("size", size),
        ("arch", arch),
        ("maintainer", MAINTAINER),
        ("license", LICENSE),
        ("origin", NAME),
        ("depend", "ca-bundle"),
        *(("provides", f"{name}={package_version()}") for name in REPLACED),
        *(("replaces", name) for name in REPLACED),
    ]


def apk_scripts():
    """The scripts of an .apk; apk has separate ones for an upgrade. procd would not restart a
    service whose definition stays the same, so .pre-upgrade stops the old program."""
    setting = f'export root="${{IPKG_INSTROOT}}"\nexport pkgname="{NAME}"\n'
    install = f"{OPKG_POSTINST}{setting}add_group_and_user\ndefault_postinst\n"
    upgrade = install.replace("\n", "\nexport PKG_UPGRADE=1\n", 1)
    stop = '#!/bin/sh\n[ -n "${IPKG_INSTROOT}" ] || /etc/init.d/ddns stop 2>/dev/null\nexit 0\n'
    return [
        File(".post-install", install.encode(), 0o755),
        File(".pre-upgrade", stop.encode(), 0o755),
        File(".post-upgrade", upgrade.encode(), 0o755),
        File(".pre-deinstall", f"{FUNCTIONS}{setting}default_prerm\n".encode(), 0o755),
    ]


def debian_files(binary):
    """The files on a Debian host."""
    doc = f"/usr/share/doc/{NAME}"
    return [
        File(f"/usr/sbin/{NAME}", binary, 0o755),
        # Without netifd there is no interface 'wan', so the section names a device.
        config("systemd/ddns.config"),
        functions(),
        File(f"/lib/systemd/system/{NAME}.service", source(f"systemd/{NAME}.service")),
        File(f"/usr/share/man/man5/{NAME}.5", roff(5)),
        File(f"/usr/share/man/man8/{NAME}.8", roff(8)),
        File(f"/usr/share/bash-completion/completions/{NAME}", source(f"systemd/{NAME}.bash")),
        File(f"{doc}/copyright", source("LICENSE")),
        *(File(f"{doc}/{path}", source(path)) for path in DOCUMENTS),
    ]


def debian_fields(arch, size):
    """The control fields of a .deb."""
    return [
        ("Package", NAME),
        ("Version", f"{version()}-{RELEASE}"),
        ("Architecture", arch),
        ("Maintainer", MAINTAINER),
        ("Installed-Size", size),
        ("Depends", "ca-certificates, passwd"),
        ("Section", "net"),
        ("Priority", "optional"),
        ("Homepage", URL),
        ("Description", f"{SUMMARY}\n {DESCRIPTION}"),
    ]


def debian_control(arch, files):
    """The control part of a .deb."""
    size = -(-sum(len(file.content) for file in files) // 1024)
    sums = (f"{hashlib.md5(f.content).hexdigest()}  {f.path[1:]}\n" for f in files if f.path != CONFIG)
    scripts = ("postinst", "prerm", "postrm")
    return [
        File("/control", fields_text(debian_fields(arch, size)).encode()),
        File("/conffiles", f"{CONFIG}\n".encode()),
        File("/md5sums", "".join(sums).encode()),
        *(File(f"/{name}", source(f"systemd/{name}"), 0o755) for name in scripts),
    ]
