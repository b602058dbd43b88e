#!/usr/bin/env python3
"""Makes the files of /usr/share/ddns/default, from which LuCI shows its list of providers: one for
each name of each built-in provider. The program itself does not read them.

providers.py DIRECTORY writes the files. providers.py --packages prints the packages of ddns-scripts
that have files of the same names."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/provider/table.txt"
INTERFACES = ROOT / "src/provider/api"

# The package of ddns-scripts that contains a provider's file and script, without `ddns-scripts-`, by
# the name of the file.
SCRIPTS = {
    "aliyun.com": "aliyun", "beget.com": "beget", "bind-nsupdate": "nsupdate",
    "blazingfast.io": "blazingfast", "cloud.google.com-v1": "gcp", "cloudflare.com-v4": "cloudflare",
    "cnkuai.cn": "cnkuai", "digitalocean.com-v2": "digitalocean", "dnspod.cn": "dnspod",
    "dnspod.cn-v3": "dnspod-v3", "freedns.42.pl": "freedns", "gandi.net": "gandi",
    "godaddy.com-v1": "godaddy", "hetzner.cloud": "hetzner-cloud", "huaweicloud.com": "huaweicloud",
    "luadns.com-v1": "luadns", "namesilo.com-v1": "namesilo", "netcup.com": "netcup-com",
    "no-ip.com": "noip", "ns1.com": "ns1", "one.com": "one", "pdns": "pdns",
    "porkbun.com-v3": "porkbun", "route53-v1": "route53", "scaleway.com": "scaleway",
    "servercow.de": "servercow", "transip.nl": "transip",
}


def written_out(url):
    """A URL of the table without its abbreviations, as ddns-scripts would write it."""
    if not url.startswith("http://"):
        url = "https://" + re.sub("^@", "[USERNAME]:[PASSWORD]@", url)
    return re.sub(r"\[IP[46]\]", "[IP]", url)


def without(url, placeholder):
    """A URL for both families without the query items of one family's `placeholder`."""
    head, _, query = url.partition("?")
    items = [item.partition("=") for item in query.split("&")]
    lists = [(key, sign, [word for word in value.split(",") if placeholder not in word])
             for key, sign, value in items]
    rest = [key + sign + ",".join(words) for key, sign, words in lists if words]
    return f"{head}?{'&'.join(rest)}"


def blocks(row):
    """The blocks `ipv4` and `ipv6` of one row of the table."""
    url = row.get("url")
    both = url and "[IP4]" in url and "[IP6]" in url
    found = {}
    for family, other in (("ipv4", "[IP6]"), ("ipv6", "[IP4]")):
        own = row.get(family) or (without(url, other) if both else url)
        if own:
            found[family] = {"url": written_out(own)}
    return found


def table():
    """The names and blocks of every provider in the table that has an update URL."""
    for paragraph in re.sub("^#.*\n", "", TABLE.read_text(), flags=re.MULTILINE).split("\n\n"):
        head, *lines = paragraph.strip().splitlines()
        row = dict(line.split(" ", 1) for line in lines)
        if not {"dead", "script"} & row.keys():
            yield head.split(" = ")[0].split(" "), blocks(row)


def interfaces():
    """The names and blocks of every provider with an interface. In place of an update URL they have
    the address of the interface, or the provider's title."""
    for path in sorted(INTERFACES.glob("*.rs")):
        text = path.read_text()
        for api in re.findall(r"\bApi = Api \{(.*?)\n\};", text, re.DOTALL):
            field = lambda name: re.search(rf'^    {name}: "([^"]*)"', api, re.MULTILINE)
            aliases = re.search(r"^    aliases: &\[(.*?)\]", api, re.MULTILINE | re.DOTALL)
            names = [field("name")[1], *re.findall(r'"([^"]+)"', aliases[1])]
            host = re.search(r'^const HOST: &str = "(.*)";$', text, re.MULTILINE)
            base = re.search(r'^    base: Base::Https\((?:HOST|"(.*)")\),$', api, re.MULTILINE)
            url = {"url": f"https://{base[1] or host[1]}" if base else field("title")[1]}
            yield names, {"ipv4": url, "ipv6": url}


def definitions():
    """Name and content of every file, in the format of ddns-scripts."""
    for names, found in [*table(), *interfaces()]:
        for name in names:
            text = json.dumps({"name": name, **found}, separators=(",", ":"))
            yield f"{name}.json", f"{text}\n".encode()


def packages():
    """The packages of ddns-scripts that have files of the same names; the first package has two
    names."""
    names = {name.removesuffix(".json") for name, _ in definitions()}
    scripts = sorted(f"ddns-scripts-{SCRIPTS[name]}" for name in names & SCRIPTS.keys())
    return ["ddns-scripts-services", "ddns-scripts_service", *scripts]


def main():
    if sys.argv[1:] == ["--packages"]:
        print(*packages())
        return
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in definitions():
        (directory / name).write_bytes(content)


if __name__ == "__main__":
    main()
