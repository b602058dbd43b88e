//! `ddclient.conf` of ddclient 3 and 4: `key=value` with commas between, then names. A line that ends with a
//! backslash goes on in the next one. Settings without a name count for all names after them.

use super::draft::{Draft, Records};
use super::file::{Block, File};
use super::provider;
use super::remark::Remarks;
use super::words::{before, cut, has};
use crate::text;

/// The keys, without `v4` and `v6` behind them.
pub(super) const KEYS: &str = "\
apikey =.apikey
backupmx set the MX record at the provider
cache
cmd =ip_script
cmd-skip the first address in the page, or in the output, is taken
daemon =.period
debug
dynurl =.dynurl
exec
facility
file
force
foreground
fw
fw-login the router before this one is asked by PCP, NAT-PMP or UPnP
fw-password
fw-skip
fw-ssl-validate
fwv4-skip
fwv6-skip
has4 =.has4
has6 =.has6
host =domain
if =ip_interface
if-skip
ip =.ip
ipv6 =.ipv6
jitter
key its provider is written with other options; look at 'ddns-netlink providers'
login =username
mail a hook can do that, see ddns-netlink(8)
mail-failure a hook can do that, see ddns-netlink(8)
mail-from
max-interval =.force
max-warn
min-error-interval
min-interval =.least
mx set the MX record at the provider
on-root-domain
password =password
pid
postscript a hook can do that, see ddns-netlink(8)
priority
protocol =.protocol
proxy =proxy
quiet
quietreply
redirect
root-domain =zone
script =.script
secretapikey =password
server =.server
ssl =.ssl
ssl_ca_dir =cacert
ssl_ca_file =cacert
syslog
tcp
test
timeout
ttl =ttl
urlv4 its provider is written with other options; look at 'ddns-netlink providers'
urlv6 its provider is written with other options; look at 'ddns-netlink providers'
use =.way
use-personal-access-token
verbose
web =ip_url
web-skip the first address in the page, or in the output, is taken
web-ssl-validate
webv4-skip the first address in the page, or in the output, is taken
webv6-skip the first address in the page, or in the output, is taken
wildcard set the record for all names (*) at the provider
zone =zone";

/// Protocols that belong to one provider; see `provider.rs`.
const PROVIDERS: &str = "\
1984 1984.is alone
changeip changeip.com
cloudflare cloudflare
cloudns cloudns.net alone
ddns.fm ddns.fm alone
digitalocean digitalocean alone
dinahosting dinahosting.com
dnsexit dnsexit.com
dnsexit2 dnsexit.com alone
dnsmadeeasy dnsmadeeasy.com
domeneshop domeneshop.no
dondominio dondominio.com
duckdns duckdns.org alone label
dynadot dynadot.com alone
dynu dynu.com
easydns easydns.com
enom enom.com
freedns afraid.org-v2-basic
freemyip freemyip.com alone label
gandi gandi alone
godaddy godaddy
he.net he.net alone
hetzner hetzner alone
infomaniak infomaniak.com
inwx inwx.com
ionos ionos alone
keysystems domaindiscount24.com alone
mythicdyn mythic-beasts.com-v2
netcup netcup
nfsn nearlyfreespeech
njalla njal.la alone
noip no-ip.com
ns1 ns1 token
nsupdate rfc2136
ovh ovh.com
porkbun porkbun
regfishde regfish.de alone
simply.com simply.com
sitelutions sitelutions.com
spaceship spaceship
yandex yandex-pdd
zoneedit1 zoneedit.com";

/// Pages that ddclient knows by a word that looks like a host.
const BUILT_IN: [&str; 5] =
    ["he.net", "ip4only.me", "ip6only.me", "nsupdate.info-ipv4", "nsupdate.info-ipv6"];

const ROUTER: &str = "ip_source 'gateway' asks the router before this one by PCP, NAT-PMP or UPnP, and no page of \
    it; see ddns-netlink(5)";
const KEY_FILE: &str =
    "write the key's name as 'username' and its secret as 'password', then enabled '1'";

/// Whether only ddclient has such a line.
pub(super) fn is_typical(line: &str) -> bool {
    let keys = ["protocol=", "use=", "usev4=", "usev6=", "server=", "login=", "daemon="];
    keys.iter().any(|key| line.starts_with(key))
}

/// Makes a section of what `draft` has from the block; `false` if the block has no records of that kind.
pub(super) fn finish(_: &Block, draft: &mut Draft, remarks: &mut Remarks) -> bool {
    let way = draft.take(".way");
    let is_wanted = match (draft.records, draft.get(".has4"), draft.get(".has6")) {
        // Until version 3.9 this switch made the one address an IPv6 address.
        (records, "", "") if draft.is_yes(".ipv6") => {
            records == Records::V6 && (way.is_empty() || is_on(&way))
        }
        (Records::V6, _, v6) => is_on(v6),
        // With `usev6` alone, ddclient sends no IPv4 address.
        (_, "", v6) if way.is_empty() => v6.is_empty(),
        (_, "", _) => is_on(&way),
        (_, v4, _) => is_on(v4),
    };
    if is_wanted {
        let plain = way.strip_suffix("v4").or(way.strip_suffix("v6")).unwrap_or(&way);
        let source = source(plain, draft, remarks);
        draft.set_source(source, remarks);
        draft.set_interval("min_interval", "", ".least", 0);
        set_provider(draft, remarks);
    }
    is_wanted
}

fn is_on(way: &str) -> bool {
    !way.is_empty() && !text::has("disabled no", way)
}

/// The value of `ip_source` for a value of `use`; empty for the usual one.
fn source(way: &str, draft: &mut Draft, remarks: &mut Remarks) -> &'static str {
    match way {
        "if" if !matches!(draft.get("ip_interface"), "" | "default") => "interface",
        "web" => {
            let page = draft.take("ip_url");
            // Of a word for a page, ddclient knows the URL.
            if (has(&page, ".") || has(&page, "/")) && !BUILT_IN.contains(&page.as_str()) {
                let scheme = if has(&page, "://") { "" } else { draft.scheme(".ssl") };
                draft.join("ip_url", &[scheme, &page]);
            }
            "web"
        }
        "cmd" => "script",
        "ip" if !draft.get(".ip").is_empty() => {
            let address = draft.take(".ip");
            // There is no source for a fixed address, so a command prints it.
            draft.join("ip_script", &["echo ", &address]);
            "script"
        }
        "" | "if" | "ip" => "",
        _ => {
            remarks.lose_key(draft.line, "use", ROUTER);
            "gateway"
        }
    }
}

fn set_provider(draft: &mut Draft, remarks: &mut Remarks) {
    let protocol = draft.take(".protocol");
    match protocol.as_str() {
        "" | "dyndns1" | "dyndns2" => return set_server(draft, remarks),
        "porkbun" => draft.rename(".apikey", "username"),
        "netcup" => draft.rename(".apikey", "param_enc"),
        // ddclient has the key of the record in a DynamicURL, and we have it as the password.
        "cloudns" => {
            let url = draft.take(".dynurl");
            draft.add("password", cut(&url, "?q=").map_or("", |(_, key)| key));
        }
        "cloudflare" if draft.get("username") == "token" => draft.add("username", ""),
        "nsupdate" => {
            draft.add("username", "");
            draft.add("password", "");
            draft.rename(".server", "dns_server");
            draft.enabled = false;
            remarks.lose_key(draft.line, "password", KEY_FILE);
        }
        _ => {}
    }
    provider::choose(PROVIDERS, &protocol, draft, remarks);
}

/// Sets the server of the dyndns2 protocol: a host, perhaps with a scheme before it and a path behind it.
fn set_server(draft: &mut Draft, remarks: &mut Remarks) {
    let server = match draft.get(".server") {
        "" => "members.dyndns.org",
        server => server,
    };
    let (scheme, place) = match cut(server, "://") {
        Some(("http", place)) => ("http://", place),
        Some((_, place)) => ("https://", place),
        None => (draft.scheme(".ssl"), server),
    };
    let path = match draft.get(".script") {
        "" if has(place, "/") => "",
        "" => "/nic/update",
        script => script,
    };
    let url = [scheme, place, path].concat();
    provider::choose_server(&url, draft, remarks);
}

pub(super) fn read(text: &str, remarks: &mut Remarks) -> File {
    let mut file = File::default();
    let mut statement = Statement::default();
    for (line, number) in text.lines().zip(1..) {
        if statement.line == 0 {
            statement = Statement { line: number, from: file.len(), arguments: String::new() };
        }
        if !statement.read(line, number, &mut file, remarks) {
            statement.end(&mut file);
            statement.line = 0;
        }
    }
    file
}

/// Lines that are joined by backslashes.
#[derive(Default)]
struct Statement {
    /// The first line; 0 between statements.
    line: usize,
    /// How many settings come before it.
    from: usize,
    /// What follows the settings: names with commas between, a login, a password.
    arguments: String,
}

impl Statement {
    /// Reads a line; whether the next one belongs to the statement, too.
    fn read(&mut self, line: &str, number: usize, file: &mut File, remarks: &mut Remarks) -> bool {
        let mut rest = line;
        loop {
            let separators = rest.bytes().take_while(|byte| b", \t".contains(byte)).count();
            rest = &rest[separators..];
            let Some((key, value)) = assignment(rest) else { break };
            if !self.arguments.trim().is_empty() {
                break;
            }
            let (value, after) =
                if key.ends_with("password") { password(value) } else { quoted(value) };
            if key == "password" && value.ends_with(',') {
                remarks.advise(number, "this password ends with a comma, as ddclient reads it");
            }
            push(file, number, key, &value);
            rest = after;
        }
        let rest = before(rest, "#").trim_end();
        let plain = rest.strip_suffix('\\');
        self.arguments.push_str(plain.unwrap_or(rest));
        self.arguments.push(' ');
        plain.is_some()
    }

    /// Names, login and password become settings of a block.
    fn end(&self, file: &mut File) {
        let mut keys = ["login", "password"].iter();
        let mut is_name = true;
        for word in self.arguments.split_whitespace() {
            if is_name || word.starts_with(',') {
                if !file.is_open(self.line) {
                    file.open_after(self.line, self.from);
                }
                for name in word.split(',') {
                    if !name.is_empty() {
                        file.push(self.line, true, "host", name);
                    }
                }
                is_name = word.ends_with(',');
            } else if let Some(key) = keys.next() {
                file.push(self.line, true, key, word);
            }
        }
    }
}

/// Adds a setting, without the family behind its key.
fn push(file: &mut File, line: usize, key: &str, value: &str) {
    // `ipv6` is a switch of old versions, and in new ones the address for `usev6=ipv6`. Only an address has a colon.
    if key == "ipv6" && !has(value, ":") {
        return file.push(line, false, key, value);
    }
    for (end, records, way) in [("v4", Records::V4, "has4"), ("v6", Records::V6, "has6")] {
        if let Some(plain) = key.strip_suffix(end) {
            if plain == "use" {
                file.push(line, false, way, value);
            }
            return file.push_for(records, line, false, plain, Some(value.to_owned()));
        }
    }
    file.push(line, false, key, value);
}

/// `key=` at the beginning of `text`, and what follows.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (key, value) = cut(text, "=")?;
    let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_key && key.starts_with(|c: char| c.is_ascii_alphabetic()) {
        Some((key, value))
    } else {
        None
    }
}

/// A password at the beginning of `text`, and what follows: up to the last quote, or to the next space.
fn password(text: &str) -> (String, &str) {
    // ddclient takes a password up to the last quote, so it may have quotes in it.
    let last = text.bytes().rposition(|byte| byte == b'\'').unwrap_or_default();
    if last > 0 && text.starts_with('\'') {
        return (text[1..last].to_owned(), &text[last + 1..]);
    }
    let end = text.bytes().take_while(|byte| !byte.is_ascii_whitespace()).count();
    (text[..end].to_owned(), &text[end..])
}

/// A value at the beginning of `text`, in which quotes and backslashes count, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    loop {
        let rest = chars.as_str();
        let Some(c) = chars.next() else { return (value, "") };
        match (c, quote) {
            ('\\', _) if !chars.as_str().is_empty() => value.extend(chars.next()),
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => value.push(c),
            ('"' | '\'', None) => quote = Some(c),
            ('\\' | ',' | '#', None) => return (value, rest),
            (c, None) if c.is_whitespace() => return (value, rest),
            (c, None) => value.push(c),
        }
    }
}
