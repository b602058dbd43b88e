//! `.ddns_go_config.yaml` of ddns-go 5 and 6, as its YAML library writes it: a key in each line, deeper ones
//! indented, `- ` before the entries of a list. A value in another form of YAML is reported and not taken over.

use std::str::Chars;

use super::draft::{Draft, Records};
use super::file::{Block, File};
use super::provider;
use super::remark::Remarks;
use super::words::{before, cut, has, replace};
use crate::text;

/// The keys with those around them, without `ipv4` and `ipv6`.
pub(super) const KEYS: &str = "\
cmd =ip_script
dns.extparam =param_opt
dns.id =username
dns.name =.provider
dns.secret =password
domains =domain
enable =.enable
gettype =.way
httpinterface =bind_network
ipv6reg the program chooses the address by its rules, which 'ddns-netlink why' shows
lang
name
netinterface =ip_interface
notallowwanaccess
ttl =ttl
url =ip_url
user.password
user.username
webhook.webhookheaders
webhook.webhookrequestbody
webhook.webhookurl a hook tells other programs of changes, see ddns-netlink(8)";

/// Providers; see `provider.rs`.
const PROVIDERS: &str = "\
alidns aliyun
baiducloud baidu
cloudflare cloudflare alone
desec desec alone
dnspod dnspod-token
dynadot dynadot.com alone
dynv6 dynv6.com alone
gcore gcore alone
name_com namecom
namesilo namesilo alone
nsone ns1 alone
rainyun rainyun alone
tencentcloud dnspod
tnethk tnet
trafficroute volcengine
vercel vercel alone";

const PARAMETERS: &str = "look at 'zone_id', 'record_id' and 'param_opt' in ddns-netlink(5)";
const BODY: &str = "an update URL sends no text; write an 'update_script', then enabled '1'";

/// Makes a section of what `draft` has from the block; `false` if the block has no records of that kind.
pub(super) fn finish(_: &Block, draft: &mut Draft, remarks: &mut Remarks) -> bool {
    for name in std::mem::take(&mut draft.names) {
        add_name(&name, draft, remarks);
    }
    if !draft.is_yes(".enable") || draft.names.is_empty() {
        return false;
    }
    let source = match draft.get(".way") {
        "netInterface" => "interface",
        "cmd" => "script",
        _ => "web",
    };
    let pages = draft.take("ip_url");
    // ddns-go tries several pages, one after the other.
    draft.add("ip_url", before(&pages, ",").trim());
    draft.set_source(source, remarks);
    // It may also be the word `auto`.
    if draft.get("ttl").parse::<u32>().is_err() {
        draft.take("ttl");
    }
    let name = draft.take(".provider");
    // Only Vercel's team is in `extparam`.
    if name != "vercel" {
        draft.take("param_opt");
    }
    if name == "callback" {
        set_url(draft, remarks);
    } else {
        provider::choose(PROVIDERS, &name, draft, remarks);
    }
    true
}

/// Adds a name: `www.example.com`, or `www:example.com` with a colon before the zone, and `?key=value` for the
/// provider behind it.
fn add_name(text: &str, draft: &mut Draft, remarks: &mut Remarks) {
    let (name, parameters) = cut(text, "?").unwrap_or((text, ""));
    if !parameters.is_empty() {
        remarks.lose_key(draft.line, "domains: name?parameters", PARAMETERS);
    }
    if let Some((_, zone)) = cut(name, ":") {
        draft.add("zone", zone.trim());
    }
    let name = replace(name, ":", ".");
    draft.add("domain", name.trim().trim_start_matches('.'));
}

/// The owner's own URL, which is called with GET, or with POST if there is a text to send.
fn set_url(draft: &mut Draft, remarks: &mut Remarks) {
    if !draft.take("password").is_empty() {
        draft.enabled = false;
        remarks.lose_key(draft.line, "dns.secret", BODY);
    }
    draft.rename("username", "update_url");
    let kind = if draft.records == Records::V6 { "AAAA" } else { "A" };
    let ttl = draft.take("ttl");
    let placeholders = [
        ("#{ip}", "[IP]"),
        ("#{domain}", "[DOMAIN]"),
        ("#{recordType}", kind),
        ("#{ttl}", ttl.as_str()),
    ];
    draft.replace("update_url", &placeholders);
}

pub(super) fn read(text: &str) -> File {
    let mut reader = Reader::default();
    for (line, number) in text.lines().zip(1..) {
        reader.read(line, number);
    }
    reader.file
}

#[derive(Default)]
struct Reader {
    file: File,
    /// The keys around the current line, each with its indentation.
    keys: Vec<(usize, String)>,
    /// The indentation of a value that is not read. Deeper lines belong to it.
    text: Option<usize>,
}

impl Reader {
    fn read(&mut self, line: &str, number: usize) {
        let rest = line.trim_start();
        let indent = line.len() - rest.len();
        let is_blank = matches!(rest.trim_end(), "" | "---") || rest.starts_with('#');
        if is_blank || self.text.is_some_and(|text| indent > text) {
            return;
        }
        self.text = None;
        let (text, dash) = self.enter_entries(line);
        if dash.is_some() && self.keys.len() == 1 && self.is_in_block() {
            self.file.open(number, String::new());
        }
        let value = self.take_value(text, line.len() - text.len(), dash);
        self.add(number, value);
    }

    /// Enters the entries of lists that begin in `line`. Returns what is behind their dashes, and the indentation of
    /// the last dash.
    fn enter_entries<'t>(&mut self, line: &'t str) -> (&'t str, Option<usize>) {
        let mut text = line.trim_start();
        let mut dash = None;
        while let Some(inner) = text.strip_prefix("- ") {
            let indent = line.len() - text.len();
            // An entry of a list may be indented as deep as the key of the list.
            self.close(indent + 1);
            dash = Some(indent);
            text = inner.trim_start();
        }
        (text, dash)
    }

    /// Takes a key and its value, or the value of the entry behind a `dash`. There is none if it has a form that is
    /// not read.
    fn take_value(&mut self, text: &str, indent: usize, dash: Option<usize>) -> Option<String> {
        self.close(indent);
        let mut outer = dash.unwrap_or(indent);
        let value = match key(text) {
            Some((key, value)) => {
                self.keys.push((indent, key.to_ascii_lowercase()));
                outer = indent;
                scalar(value)
            }
            None if dash.is_some() => scalar(text),
            // The rest of a value that begins in another line.
            None => None,
        };
        if value.is_none() {
            self.text = Some(outer);
        }
        value
    }

    /// Leaves the keys that are indented by `indent` or more.
    fn close(&mut self, indent: usize) {
        while self.keys.last().is_some_and(|(at, _)| *at >= indent) {
            self.keys.pop();
        }
    }

    fn is_in_block(&self) -> bool {
        self.keys.first().is_some_and(|(_, key)| key == "dnsconf")
    }

    /// Adds a value under the keys around it. There is none if it has another form.
    fn add(&mut self, line: usize, value: Option<String>) {
        if value.as_deref() == Some("") {
            return;
        }
        let mut records = Records::Both;
        let mut path = String::new();
        for (_, key) in &self.keys {
            match key.as_str() {
                "dnsconf" => {}
                "ipv4" => records = Records::V4,
                "ipv6" => records = Records::V6,
                key => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
            }
        }
        self.file.push_for(records, line, self.is_in_block(), &path, value);
    }
}

/// `key: value`, or `key:`.
fn key(text: &str) -> Option<(&str, &str)> {
    let (key, value) = cut(text, ":")?;
    let is_key = key.bytes().all(|c| c.is_ascii_alphanumeric());
    if is_key && (value.is_empty() || value.starts_with(' ')) {
        Some((key, value.trim()))
    } else {
        None
    }
}

/// The value that a scalar stands for; empty for an empty list and for nothing. There is none if it has a form that is
/// not read: a text of several lines, an anchor, an alias, a tag, a list in brackets.
fn scalar(text: &str) -> Option<String> {
    let mut chars = text.chars();
    match chars.next() {
        Some(quote @ ('\'' | '"')) => return quoted(chars, quote),
        Some('#') => return Some(String::new()),
        Some(first) if "|>&*!%@`,]}".contains(first) => return None,
        _ => {}
    }
    match before(text, " #").trim_end() {
        nothing if text::has("[] {} null Null NULL ~", nothing) => Some(String::new()),
        plain if plain.starts_with(['[', '{']) || has(plain, "\t") => None,
        plain => Some(plain.to_owned()),
    }
}

/// The value of a scalar from behind its first quote. There is none if it does not end in this line, or has another
/// escape than a backslash before `"`, `/` or a backslash.
fn quoted(mut chars: Chars, quote: char) -> Option<String> {
    let mut value = String::new();
    loop {
        let c = chars.next()?;
        let next = chars.as_str().chars().next();
        if c == '\\' && quote == '"' {
            value.push(next.filter(|next| "\"/\\".contains(*next))?);
            chars.next();
        } else if c != quote {
            value.push(c);
        } else if quote == '\'' && next == Some(quote) {
            value.extend(chars.next());
        } else if before(chars.as_str(), " #").trim_end().is_empty() {
            return Some(value);
        } else {
            return None;
        }
    }
}
