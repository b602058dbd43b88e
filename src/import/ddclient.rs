//! `ddclient.conf` of ddclient 3 and 4: `key=value` with commas between, then names. A line that ends with a
//! backslash goes on in the next one. Settings without a name count for all names after them.

use super::block::{Block, seconds};
use super::provider;
use super::remark::Remarks;
use super::section::{Draft, Origin, Records};

const FATES: &str = "\
apikey
backupmx set the MX record at the provider
cache
cmd
cmd-skip the first address in the page, or in the output, is taken
cmdv4
cmdv6
daemon
debug
dynurl
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
fwv4
fwv4-skip
fwv6
fwv6-skip
host
if
if-skip
ifv4
ifv6
ip
ipv4
ipv6
jitter
key its provider is written with other options; look at 'ddns-netlink providers'
login =username
mail a hook can do that, see ddns-netlink(8)
mail-failure a hook can do that, see ddns-netlink(8)
mail-from
max-interval
max-warn
min-error-interval
min-interval
mx set the MX record at the provider
on-root-domain
password =password
pid
postscript a hook can do that, see ddns-netlink(8)
priority
protocol
proxy =proxy
quiet
quietreply
redirect
root-domain =zone
script
secretapikey =password
server
ssl
ssl_ca_dir =cacert
ssl_ca_file =cacert
syslog
tcp
test
timeout
ttl =ttl
urlv4 its provider is written with other options; look at 'ddns-netlink providers'
urlv6 its provider is written with other options; look at 'ddns-netlink providers'
use
use-personal-access-token
usev4
usev6
verbose
web
web-skip the first address in the page, or in the output, is taken
web-ssl-validate
webv4
webv4-skip the first address in the page, or in the output, is taken
webv6
webv6-skip the first address in the page, or in the output, is taken
wildcard set the record for all names (*) at the provider
zone =zone";

/// Pages that ddclient knows by a word that looks like a host.
const BUILT_IN: [&str; 5] =
    ["he.net", "ip4only.me", "ip6only.me", "nsupdate.info-ipv4", "nsupdate.info-ipv6"];

/// Whether only ddclient has such a line.
pub(super) fn is_typical(line: &str) -> bool {
    let keys = ["protocol=", "use=", "usev4=", "usev6=", "server=", "login=", "daemon="];
    keys.iter().any(|key| line.starts_with(key))
}

/// The sections that do the same.
pub(super) fn drafts(text: &str, remarks: &mut Remarks) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for block in read(text, remarks) {
        for records in [Records::V4, Records::V6] {
            let Some(origin) = Wanted::of(&block, records) else { continue };
            let draft = draft(&block, records, &origin, remarks);
            let protocol = protocol(&block);
            for mut draft in provider::split(protocol, draft) {
                set_provider(&block, protocol, &mut draft, remarks);
                drafts.push(draft);
            }
        }
    }
    drafts
}

/// How the address of a record is found: the value of `use`, `usev4` or `usev6`, and what its other settings end
/// with.
struct Wanted<'a> {
    way: &'a str,
    key: &'static str,
}

impl<'a> Wanted<'a> {
    /// `None` if the block has none of these records.
    fn of(block: &'a Block, records: Records) -> Option<Self> {
        let (key, number) = if records == Records::V4 { ("usev4", '4') } else { ("usev6", '6') };
        let own = block.get(key);
        if !matches!(own, "" | "disabled" | "no") {
            let way = own.strip_suffix(number).and_then(|way| way.strip_suffix('v')).unwrap_or(own);
            return Some(Self { way, key });
        }
        let old = block.get("use");
        let other = if records == Records::V4 { "usev6" } else { "usev4" };
        let is_of_other_family = old.is_empty() && !block.get(other).is_empty();
        let is_old_v6 = records == Records::V6 && !block.is_on("ipv6");
        if is_of_other_family || is_old_v6 || matches!(old, "disabled" | "no") {
            return None;
        }
        Some(Self { way: old, key: "use" })
    }

    /// The value of `name` for this record: `webv6`, or `web`.
    fn value(&self, block: &'a Block, name: &str) -> &'a str {
        let own = block.get(&self.key.replace("use", name));
        if own.is_empty() { block.get(name) } else { own }
    }
}

/// The section of a block, but for its provider.
fn draft(block: &Block, records: Records, wanted: &Wanted<'_>, remarks: &mut Remarks) -> Draft {
    let mut draft = Draft::new(block.line, records);
    draft.names = block.all("host");
    block.settle(FATES, &mut draft, remarks);
    draft.set_interval("force_interval", "force_unit", seconds(block.get("max-interval")));
    if let Some(least) = seconds(block.get("min-interval")) {
        draft.set("min_interval", &least.to_string());
    }
    set_origin(block, wanted, &mut draft, remarks);
    draft
}

fn set_origin(block: &Block, wanted: &Wanted<'_>, draft: &mut Draft, remarks: &mut Remarks) {
    let line = block.line_of(wanted.key);
    match wanted.way {
        "if" => match wanted.value(block, "if") {
            "" | "default" => return,
            device => return draft.set_origin(line, Origin::Device(device), remarks),
        },
        "web" => draft.set_origin(line, Origin::Page(&page(block, wanted)), remarks),
        "cmd" => draft.set_origin(line, Origin::Command(wanted.value(block, "cmd")), remarks),
        "ip" if !wanted.value(block, "ip").is_empty() => {
            let command = ["echo ", wanted.value(block, "ip")].concat();
            draft.set_origin(line, Origin::Command(&command), remarks);
        }
        "" | "ip" => return,
        _ => {
            let why = "ip_source 'gateway' asks the router before this one by PCP, NAT-PMP or UPnP, and no \
                       page of it; see ddns-netlink(5)";
            remarks.lose_key(line, wanted.key, why);
            return draft.set_origin(line, Origin::Gateway, remarks);
        }
    }
    let every = seconds(block.get("daemon")).map(|every| every.max(300));
    draft.set_interval("check_interval", "check_unit", every);
}

/// The page that shows the address; empty for the usual one. Of a word for a page, ddclient knows
/// the URL.
fn page(block: &Block, wanted: &Wanted<'_>) -> String {
    let page = wanted.value(block, "web");
    let is_word = !page.contains(['.', '/']) || BUILT_IN.contains(&page);
    if is_word {
        String::new()
    } else if page.contains("://") {
        page.to_owned()
    } else {
        [scheme(block), page].concat()
    }
}

fn scheme(block: &Block) -> &'static str {
    if block.is_off("ssl") { "http://" } else { "https://" }
}

fn protocol(block: &Block) -> &str {
    match block.get("protocol") {
        "" => "dyndns2",
        protocol => protocol,
    }
}

fn set_provider(block: &Block, protocol: &str, draft: &mut Draft, remarks: &mut Remarks) {
    match protocol {
        "dyndns1" | "dyndns2" => {
            let server = match block.get("server") {
                "" => "members.dyndns.org",
                server => server,
            };
            let script = match block.get("script") {
                "" if server.split("://").last().is_some_and(|host| host.contains('/')) => "",
                "" => "/nic/update",
                script => script,
            };
            let scheme = if server.contains("://") { "" } else { scheme(block) };
            return provider::choose_server(&[scheme, server, script].concat(), draft, remarks);
        }
        // The key of a porkbun or netcup account.
        "porkbun" => draft.set("username", block.get("apikey")),
        "netcup" => draft.set("param_enc", block.get("apikey")),
        "cloudns" => {
            let key = block.get("dynurl").split_once("?q=").map_or("", |(_, key)| key);
            draft.set("password", key);
        }
        "cloudflare" if block.get("login") == "token" => draft.set("username", ""),
        "nsupdate" => {
            draft.set("username", "");
            draft.set("password", "");
            draft.set("dns_server", block.get("server"));
            draft.enabled = false;
            let why =
                "write the key's name as 'username' and its secret as 'password', then enabled '1'";
            remarks.lose_key(block.line_of("password"), "password", why);
        }
        _ => {}
    }
    provider::choose(provider::DDCLIENT, protocol, draft, remarks);
}

/// A block for each statement with names. It has the settings that count for them.
fn read(text: &str, remarks: &mut Remarks) -> Vec<Block> {
    let mut global = Block::default();
    let mut blocks = Vec::new();
    let mut statement = Statement::default();
    for (line, number) in text.lines().zip(1..) {
        if statement.read(line, number, remarks) {
            continue;
        }
        let mut ended = std::mem::take(&mut statement);
        ended.take_arguments();
        if ended.block.all("host").is_empty() {
            global.settings.append(&mut ended.block.settings);
        } else {
            let settings = [global.settings.clone(), ended.block.settings].concat();
            blocks.push(Block { settings, ..ended.block });
        }
    }
    blocks
}

/// Lines that are joined by backslashes.
#[derive(Default)]
struct Statement {
    block: Block,
    /// What follows the settings: names with commas between, a login, a password.
    arguments: String,
}

impl Statement {
    /// Reads a line; whether the next one belongs to the statement, too.
    fn read(&mut self, line: &str, number: usize, remarks: &mut Remarks) -> bool {
        if self.block.line == 0 {
            self.block.line = number;
        }
        let mut rest = line;
        loop {
            rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            let Some((key, value)) = assignment(rest) else { break };
            if !self.arguments.is_empty() {
                break;
            }
            let (value, after) =
                if key.ends_with("password") { password(value) } else { quoted(value) };
            if key == "password" && value.ends_with(',') {
                remarks.advise(number, "this password ends with a comma, as ddclient reads it");
            }
            self.block.push(number, key, &value);
            rest = after;
        }
        let rest = rest.split('#').next().unwrap_or_default().trim_end();
        let plain = rest.strip_suffix('\\');
        self.arguments.push_str(plain.unwrap_or(rest));
        self.arguments.push(' ');
        if self.arguments.trim().is_empty() {
            self.arguments.clear();
        }
        plain.is_some()
    }

    /// Names, login and password become settings.
    fn take_arguments(&mut self) {
        let parts: Vec<&str> = self.arguments.split(',').map(str::trim).collect();
        let joined = parts.join(",");
        let mut words = joined.split_whitespace();
        for name in words.next().unwrap_or_default().split(',') {
            if !name.is_empty() {
                self.block.push(self.block.line, "host", name);
            }
        }
        for key in ["login", "password"] {
            if let Some(value) = words.next() {
                self.block.push(self.block.line, key, value);
            }
        }
    }
}

/// `key=` at the beginning of `text`, and what follows.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_key && key.starts_with(|c: char| c.is_ascii_alphabetic()) {
        Some((key, value))
    } else {
        None
    }
}

/// A password at the beginning of `text`, and what follows: up to the closing quote, or to the next space.
fn password(text: &str) -> (String, &str) {
    if let Some(inner) = text.strip_prefix('\'')
        && let Some(end) = inner.rfind('\'')
    {
        return (inner[..end].to_owned(), &inner[end + 1..]);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

/// A value at the beginning of `text`, in which quotes and backslashes count, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut quote = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('\\', _) if chars.peek().is_some() => value.extend(chars.next().map(|(_, c)| c)),
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => value.push(c),
            ('"' | '\'', None) => quote = Some(c),
            ('\\' | ',' | '#', None) => return (value, &text[at..]),
            (c, None) if c.is_whitespace() => return (value, &text[at..]),
            (c, None) => value.push(c),
        }
    }
    (value, "")
}
