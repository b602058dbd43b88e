//! `inadyn.conf` of inadyn 2, as inadyn.conf(5) describes it. libconfuse is its grammar: `key = value`,
//! `key = { value, value }` and `provider name { … }`, with `#`, `//` and `/* */` before comments.

use std::str::Chars;

use super::draft::{Draft, Records};
use super::file::{Block, File};
use super::provider;
use super::remark::Remarks;
use super::words::{before, cut, has, is_no};

pub(super) const KEYS: &str = "\
alias =domain
allow-ipv6 =.allow-ipv6
append-myip =.append
broken-rtc
ca-trust-file =cacert
cache-dir
checkip-command =ip_script
checkip-path =.page-path
checkip-server =.page
checkip-ssl =.page-ssl
ddns-path =.path
ddns-response the program judges the answer itself, see 'update_url' in ddns-netlink(5)
ddns-server =.server
fake-address an address that is not yours is never sent; force_interval repeats the real one
forced-update =.force
hostname =domain
iface =ip_interface
include write what is in that file here, and import again; or use 'password_file'
iterations 'ddns-netlink once' updates once and ends
password =password
period =.period
proxied =proxied
secure-ssl =.secure
ssl =.ssl
ttl =ttl
user-agent =user_agent
username =username
verify-address
wildcard set the record for all names (*) at the provider";

/// Providers, without what stands before `@`; see `provider.rs`.
const PROVIDERS: &str = "\
freedns.afraid.org afraid.org-v2-basic
freedns afraid.org-v2-basic
cloudflare.com cloudflare zone
cloudflare cloudflare zone
duckdns.org duckdns.org token
duckdns duckdns.org token
dynv6.com dynv6.com token
ipv4.dynv6.com dynv6.com token
freemyip.com freemyip.com alone
he.net he.net alone
porkbun.com porkbun
gira.de giradns.com
domene.shop domeneshop.no
domopoli domopoli.de
pdd.yandex.ru yandex-pdd
domains.google.com google.com";

const VARIABLE: &str =
    "an environment variable is not read: write what ${…} stands for into the section";
const UNCHECKED: &str = "certificates are checked; cacert 'IGNORE' switches that off for a section";

/// Whether a line opens a provider of inadyn.
pub(super) fn opens_provider(line: &str) -> bool {
    let begins = line.starts_with("provider ") || line.starts_with("custom ");
    begins && has(line, "{")
}

/// Makes a section of what `draft` has from the block; `false` if the block has no records of that kind.
pub(super) fn finish(block: &Block, draft: &mut Draft, remarks: &mut Remarks) -> bool {
    // `ipv6@he.net` is a tunnel for IPv6, whose IPv4 end is updated.
    let (kind, name) = cut(&block.title, "@").unwrap_or(("", &block.title));
    let is_tunnel = kind == "ipv6" && name.starts_with("he.net");
    if (kind == "ipv6" && !is_tunnel) != (draft.records == Records::V6) {
        return false;
    }
    if draft.mentions("${") {
        remarks.lose(block.line, VARIABLE);
    }
    if is_no(draft.get(".secure")) {
        remarks.lose_key(block.line, "secure-ssl", UNCHECKED);
    }
    set_record(draft);
    set_source(kind, draft, remarks);
    set_provider(before(name, ":"), is_tunnel, draft, remarks);
    true
}

/// Sets the name and the options of the record.
fn set_record(draft: &mut Draft) {
    if draft.names.is_empty() && has(draft.get("username"), ".") {
        draft.names.push(draft.get("username").to_owned());
    }
    // Cloudflare's word for "automatic".
    if draft.get("ttl") == "1" {
        draft.take("ttl");
    }
    if !draft.is_yes("proxied") {
        draft.take("proxied");
    }
}

/// Sets the provider that inadyn calls `name`, or the update URL of a `custom` block.
fn set_provider(name: &str, is_tunnel: bool, draft: &mut Draft, remarks: &mut Remarks) {
    match draft.get(".server") {
        "" if is_tunnel => draft.add("service_name", "tunnelbroker.net"),
        "" => provider::choose(PROVIDERS, name, draft, remarks),
        // inadyn's examples update Namecheap by a `custom` block.
        "dynamicdns.park-your-domain.com" => {
            provider::choose(PROVIDERS, "namecheap.com", draft, remarks);
        }
        _ => set_url(draft),
    }
}

fn set_source(kind: &str, draft: &mut Draft, remarks: &mut Remarks) {
    if !draft.get("ip_script").is_empty() {
        return draft.set_source("script", remarks);
    }
    if !draft.get("ip_interface").is_empty() {
        if kind.is_empty() && draft.is_yes(".allow-ipv6") {
            draft.records = Records::Both;
        }
        return draft.set_source("interface", remarks);
    }
    let page = draft.take(".page");
    if !matches!(page.as_str(), "" | "default") {
        let path = draft.take(".page-path");
        draft.join("ip_url", &[draft.scheme(".page-ssl"), &page, &path]);
    }
    draft.set_source("web", remarks);
}

/// Sets the update URL of a `custom` block.
fn set_url(draft: &mut Draft) {
    let path = draft.take(".path");
    // A URL with the password in its path needs no credentials in front of the host.
    let has_user = !draft.get("username").is_empty() && !has(&path, "%p");
    let end = if has(&path, "%") {
        ""
    } else if draft.is_yes(".append") {
        "%i"
    } else {
        "%h"
    };
    let user = if has_user { "%u:%p@" } else { "" };
    let server = draft.take(".server");
    draft.join("update_url", &[draft.scheme(".ssl"), user, &server, &path, end]);
    let placeholders = [
        ("%u", "[USERNAME]"),
        ("%p", "[PASSWORD]"),
        ("%h", "[DOMAIN]"),
        ("%i", "[IP]"),
        ("%%", "%"),
    ];
    draft.replace("update_url", &placeholders);
}

/// Where the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between settings.
    Between,
    /// Behind `=`.
    Value,
    /// In the braces of a list.
    List,
    /// In the brackets of `include`.
    Brackets,
}

pub(super) fn read(text: &str) -> File {
    let mut words = Words { chars: text.chars(), line: 1 };
    let mut file = File::default();
    let mut in_block = false;
    let mut place = Place::Between;
    let mut last = String::new();
    while let Some(token) = words.next() {
        let line = words.line;
        place = match (token, place) {
            (Token::Word(word), Place::Value | Place::List) => {
                file.push(line, in_block, &last, &word);
                if place == Place::List { place } else { Place::Between }
            }
            (Token::Word(word), _) => {
                last = word;
                place
            }
            (Token::Sign('='), _) => Place::Value,
            (Token::Sign('{'), Place::Value) => Place::List,
            (Token::Sign('{'), _) => {
                in_block = true;
                file.open(line, std::mem::take(&mut last));
                Place::Between
            }
            (Token::Sign('}'), Place::List) => Place::Between,
            (Token::Sign('}'), _) => {
                in_block = false;
                Place::Between
            }
            (Token::Sign('('), _) => {
                file.push(line, in_block, &last, "file");
                Place::Brackets
            }
            (Token::Sign(')'), _) => Place::Between,
            (Token::Sign(_), _) => place,
        };
    }
    file
}

/// A word, also one in quotes, or a sign outside of quotes.
enum Token {
    Word(String),
    Sign(char),
}

struct Words<'a> {
    chars: Chars<'a>,
    line: usize,
}

const SIGNS: &str = "={}(),+";
/// What ends a word beside a sign and a space, as in the lexer of libconfuse.
const BREAKS: &str = "#\"'";

impl Words<'_> {
    /// The next word or sign.
    fn next(&mut self) -> Option<Token> {
        loop {
            let first = self.take()?;
            let next = self.peek().unwrap_or('\n');
            match (first, next) {
                ('#', _) | ('/', '/') => {
                    while self.peek() != Some('\n') && self.take().is_some() {}
                }
                ('/', '*') => while !(self.take()? == '*' && self.peek() == Some('/')) {},
                ('"' | '\'', _) => return Some(Token::Word(self.quoted(first))),
                _ if SIGNS.contains(first) => return Some(Token::Sign(first)),
                _ if first.is_whitespace() => {}
                _ => return Some(Token::Word(self.word(first))),
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.clone().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.chars.next()?;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.take() {
            let next = self.peek().unwrap_or(quote);
            match c {
                // In single quotes, libconfuse keeps a backslash in front of anything else.
                '\\' if quote == '"' || matches!(next, '\\' | '\'') => text.extend(self.take()),
                c if c == quote => break,
                c => text.push(c),
            }
        }
        text
    }

    fn word(&mut self, first: char) -> String {
        let mut text = String::from(first);
        let is_variable = first == '$' && self.peek() == Some('{');
        while let Some(c) = self.peek() {
            let ends = c.is_whitespace() || SIGNS.contains(c) || BREAKS.contains(c);
            // `${NAME}` has braces, which are signs anywhere else.
            if ends && !is_variable || text.ends_with('}') {
                break;
            }
            text.extend(self.take());
        }
        text
    }
}
