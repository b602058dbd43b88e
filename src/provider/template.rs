//! Update URLs with placeholders, as ddns-scripts and its service definitions write them.
//!
//! A template is expanded first and taken apart afterwards (RFC 3986), because `[PARAMOPT]` is
//! inserted as written and may hold any part of the URL. Every character remembers where it came
//! from, so what people are shown is the same URL with the secrets covered, not a guess at it.
//!
//! Values are inserted once and never looked at again. What may not be in a URI is percent-encoded,
//! line breaks included: no value can end a request line and begin a header.

use std::net::IpAddr;
use std::ops::Range;

use super::api::zone::RecordName;
use super::mask;
use crate::model::name::{canonical, strip_zone};
use crate::model::secret::Secret;
use crate::model::url::{self, Parts, Url, UrlError};
use crate::model::{Credentials, Family, Hostname};
use crate::provider::{Author, Provider, Request};
use crate::text::percent;

/// A rendered template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Where the request goes.
    pub url: Url,
    /// The URL as people may see it.
    pub shown: String,
    /// All secrets in it, those written in the template itself included, to be masked in answers.
    pub secrets: Vec<Secret>,
}

/// The record that a template is filled for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name, `[DOMAIN]`.
    pub name: &'a Hostname,
    /// The zone that holds it, where that is known: `[ZONE]`, and what `[SUB]` is without.
    pub zone: Option<&'a str>,
    /// Its address, `[IP]`.
    pub address: IpAddr,
    /// What the name's other family holds, for a template with `[IP4]` and `[IP6]`.
    pub other: Option<IpAddr>,
}

impl<'a> Subject<'a> {
    /// A record of which no more is known.
    pub fn new(name: &'a Hostname, address: IpAddr) -> Self {
        Self { name, zone: None, address, other: None }
    }

    /// Nothing where no address of that family is to be told.
    fn address(&self, family: Family) -> String {
        let addresses = [Some(self.address), self.other];
        let mut addresses = addresses.into_iter().flatten();
        addresses.find(|it| Family::of(*it) == family).map(|it| it.to_string()).unwrap_or_default()
    }
}

/// Renders `template` for one record.
///
/// # Errors
/// Why this is no URL.
pub fn render(
    template: &str,
    provider: &Provider,
    subject: Subject<'_>,
) -> Result<Rendered, UrlError> {
    let place = RecordName::new(subject.name.as_str(), subject.zone);
    let zone = place.likely_zone();
    let within = place.relative_to(zone, "@");
    // Others get what ddns-scripts would send.
    let (domain, sub) = if provider.row().is_some() {
        (subject.name.as_str().trim_end_matches('.'), within.to_owned())
    } else {
        let written = RecordName::new(subject.name.written(), subject.zone).fqdn;
        let sub = written.get(..within.len()).filter(|sub| sub.eq_ignore_ascii_case(within));
        (subject.name.written(), sub.unwrap_or(within).to_owned())
    };
    let expanded = expand(template, |placeholder| match placeholder {
        "[USERNAME]" => (percent::encode(&provider.account.username), Origin::Value),
        "[PASSWORD]" => (percent::encode(provider.account.password.expose()), Origin::Secret),
        "[PARAMENC]" => (percent::encode(provider.account.param_enc.expose()), Origin::Secret),
        "[PARAMOPT]" => (provider.account.param_opt.expose().to_owned(), Origin::Secret),
        "[DOMAIN]" => (domain.to_owned(), Origin::Value),
        "[ZONE]" => (zone.to_owned(), Origin::Value),
        "[SUB]" => (sub.clone(), Origin::Value),
        "[IP4]" => (subject.address(Family::V4), Origin::Value),
        "[IP6]" => (subject.address(Family::V6), Origin::Value),
        _ => (subject.address.to_string(), Origin::Value),
    });
    let known = [domain, zone, sub.as_str(), provider.account.username.as_str()];
    let known = match provider.author {
        Author::Owner => Words::OfOwner(&known),
        Author::Definition | Author::Table(_) => Words::Packaged,
    };
    let parts = Parts::split(&expanded.text)?;
    let mut target = expanded.part(parts.target.clone());
    if !target.text.starts_with('/') {
        target = Marked::new("/", Origin::Template).and(target);
    }
    let mut secrets = Vec::new();
    cover_tokens(&mut target, known, &mut secrets);
    let target = target.encoded();
    let mut rendered = rendered(parts.url(target.text.clone())?, &target, secrets);
    // A secret may also be written out in the template, or be the user name.
    let secrets =
        [&provider.account.password, &provider.account.param_enc, &provider.account.param_opt]
            .map(Clone::clone);
    rendered.shown = mask::hide(&rendered.shown, &secrets);
    rendered.secrets.extend(secrets);
    rendered.secrets.retain(|secret| !secret.is_empty());
    Ok(rendered)
}

/// The request for a URL without placeholders.
pub fn literal(url: &Url) -> Request {
    let mut target = Marked::new(url.target(), Origin::Template);
    let mut secrets = Vec::new();
    cover_tokens(&mut target, Words::OfOwner(&[]), &mut secrets);
    let Rendered { url, shown, secrets } = rendered(url.clone(), &target, secrets);
    Request::get(url, shown, secrets)
}

fn rendered(url: Url, target: &Marked, mut secrets: Vec<Secret>) -> Rendered {
    secrets.extend(url.credentials().into_iter().flat_map(Credentials::secrets));
    let userinfo = match url.credentials() {
        None => String::new(),
        // A user without a password is a token as often as not, so it is not shown either.
        Some(Credentials { password, .. }) if password.is_empty() => "***@".into(),
        Some(Credentials { user, .. }) => format!("{}:***@", percent::encode(user)),
    };
    let origin = url.origin().replacen("://", &format!("://{userinfo}"), 1);
    Rendered { shown: origin + &target.shown(), url, secrets }
}

/// Checks a template that somebody else wrote than the program. The owner's name of the record may be
/// the host: whoever may write that may write the URL.
///
/// # Errors
/// Why no request can be sent to it.
pub fn check(template: &str) -> Result<(), UrlError> {
    let parts = Parts::split(template.trim())?;
    let place = parts.place.replace("[DOMAIN]", "domain");
    // What stands for a placeholder in the port is known only when the URL is used.
    url::host(place.split(":[").next().unwrap_or_default()).map(drop)
}

/// The names of the placeholders.
pub(crate) const PLACEHOLDERS: [&str; 10] = [
    "[USERNAME]",
    "[PASSWORD]",
    "[PARAMENC]",
    "[PARAMOPT]",
    "[DOMAIN]",
    "[ZONE]",
    "[SUB]",
    "[IP]",
    "[IP4]",
    "[IP6]",
];

/// Whether `template` tells an address. Without one, the provider takes the one it sees.
pub fn names_address(template: &str) -> bool {
    ["[IP]", "[IP4]", "[IP6]"].iter().any(|placeholder| template.contains(placeholder))
}

/// Where a character of an expanded template came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Template,
    Value,
    Secret,
}

/// Text of which every byte remembers where it came from.
#[derive(Default)]
struct Marked {
    text: String,
    origins: Vec<Origin>,
}

impl Marked {
    fn new(text: &str, origin: Origin) -> Self {
        Self { text: text.to_owned(), origins: vec![origin; text.len()] }
    }

    fn and(mut self, other: Self) -> Self {
        self.text.push_str(&other.text);
        self.origins.extend(other.origins);
        self
    }

    fn part(&self, range: Range<usize>) -> Self {
        Self {
            text: self.text.get(range.clone()).unwrap_or_default().to_owned(),
            origins: self.origins.get(range).unwrap_or_default().to_vec(),
        }
    }

    fn push(&mut self, c: char, origin: Origin) {
        self.text.push(c);
        self.origins.resize(self.text.len(), origin);
    }

    /// As it is sent; what is percent-encoded keeps its origin.
    fn encoded(&self) -> Self {
        let mut sent = Self::default();
        url::encode(&self.text, &mut |at, c| {
            sent.push(c, self.origins.get(at).copied().unwrap_or(Origin::Template));
        });
        sent
    }

    /// As people may see it.
    fn shown(&self) -> String {
        let is_secret = |origin: &Origin| *origin == Origin::Secret;
        let mut shown = String::new();
        let mut at = 0;
        for run in self.origins.chunk_by(|a, b| is_secret(a) == is_secret(b)) {
            let text = self.text.get(at..at + run.len()).unwrap_or_default();
            shown.push_str(if run.iter().any(is_secret) { "***" } else { text });
            at += run.len();
        }
        shown
    }
}

fn expand(template: &str, value: impl Fn(&str) -> (String, Origin)) -> Marked {
    let mut out = Marked::default();
    let mut rest = template.trim();
    while let Some(c) = rest.chars().next() {
        let placeholder = PLACEHOLDERS.into_iter().find(|name| rest.starts_with(name));
        if let Some(name) = placeholder {
            let (text, origin) = value(name);
            // A fragment is never sent, so only the template can mean one: in a value it is data.
            out = out.and(Marked::new(&text.replace('#', "%23"), origin));
        } else {
            out.push(c, Origin::Template);
        }
        let taken = placeholder.map_or(c.len_utf8(), str::len);
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// Marks what is written in the template itself but is a secret by its key or its looks, or may be one.
/// `target` is path and query.
fn cover_tokens(target: &mut Marked, words: Words<'_>, secrets: &mut Vec<Secret>) {
    let Marked { text, origins } = target;
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let mut at = 0;
    for folder in path.split('/') {
        let marks = origins.get_mut(at..at + folder.len()).unwrap_or_default();
        cover(folder, marks, secrets, &|word| is_no_name(word) || words.doubt_folder(word));
        at += folder.len() + 1;
    }
    for item in query.split('&') {
        let (key, value) = item.split_once('=').unwrap_or(("", item));
        let end = at + item.len();
        let marks = origins.get_mut(end - value.len()..end).unwrap_or_default();
        cover(value, marks, secrets, &|word| is_secret_key(key) || words.doubt_value(key, word));
        at = end + 1;
    }
}

/// Marks the words of `text` that are written in the template itself and are secrets.
fn cover(
    text: &str,
    marks: &mut [Origin],
    secrets: &mut Vec<Secret>,
    is_secret: &dyn Fn(&str) -> bool,
) {
    let mut at = 0;
    for run in marks.chunk_by_mut(|a, b| a == b) {
        let word = text.get(at..at + run.len()).unwrap_or_default();
        at += run.len();
        if run.first() == Some(&Origin::Template) && (looks_like_token(word) || is_secret(word)) {
            run.fill(Origin::Secret);
            // As it is written, and as a server may repeat it.
            secrets.extend(percent::decode(word).map(Secret::new));
            secrets.push(Secret::new(word));
        }
    }
}

/// Who wrote the words of a template.
#[derive(Clone, Copy)]
enum Words<'a> {
    /// A package: they are no secrets, unless they look like one.
    Packaged,
    /// The owner: they may be secrets, unless they look like what is none. These are names of his own.
    OfOwner(&'a [&'a str]),
}

/// Keys whose values, and values that, are no secrets.
const PLAIN: &str = "host hostname hostnames domain domains domainname subdomain name fqdn zone record \
     user username login email ip ipaddr address addr myip myipv4 myipv6 ipv4 ipv6 ip4 ip6 version \
     type rrtype ttl action command mode method system format output wildcard backmx offline proxied \
     force update edit nochg dyndns custom static dynamic true false none null auto json text plain \
     html default aaaa ddns keepipv6 keepalive";
/// A shorter word is no password that protects anything.
const SHORT: usize = 4;
/// Longest number that is a port, an identifier or a time, and longest word that is a folder or a file.
const NUMBER: usize = 5;
const FOLDER: usize = 15;

impl Words<'_> {
    /// Whether `word`, as the value of `key`, may be a secret.
    fn doubt_value(self, key: &str, word: &str) -> bool {
        let Self::OfOwner(names) = self else {
            return false;
        };
        let pair = word.contains(':') && word.parse::<IpAddr>().is_err();
        let plain = is_plain(key) || is_plain(word) || word.parse::<IpAddr>().is_ok();
        let small =
            percent::decode_lossy(word).len() < SHORT || (is_number(word) && word.len() <= NUMBER);
        pair || !(plain || small || is_name(word, names))
    }

    /// Whether `word`, as a part of the path, may be a secret.
    fn doubt_folder(self, word: &str) -> bool {
        let Self::OfOwner(names) = self else {
            return false;
        };
        let (stem, extension) = word.rsplit_once('.').unwrap_or((word, ""));
        let dotted = stem.contains('.') || extension.len() > SHORT;
        let long = word.len() > FOLDER || (is_number(word) && word.len() > NUMBER);
        (dotted || long || word.contains([':', '@'])) && !is_name(word, names)
    }
}

fn is_plain(word: &str) -> bool {
    PLAIN.split(' ').any(|plain| plain.eq_ignore_ascii_case(word))
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `word` is one of `names`, or a name within one.
fn is_name(word: &str, names: &[&str]) -> bool {
    let word = canonical(word);
    names.iter().filter(|name| !name.is_empty()).any(|name| {
        match strip_zone(&word, &canonical(name)) {
            Some("") => true,
            Some(_) => name.contains('.'),
            None => false,
        }
    })
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let parts = [
        "pass", "pwd", "token", "key", "secret", "sig", "hash", "cred", "code", "session",
        "bearer", "auth", "kennwort",
    ];
    parts.iter().any(|part| key.contains(part))
        || ["pw", "p", "k", "pin", "psw", "api", "mdp", "sid", "otp"].contains(&&*key)
}

/// A part of a path that nobody calls a file or a folder: escaped, or changing between capitals,
/// small letters and digits all the time. What providers call theirs (`nic`, `update.php`, `v3`,
/// `api2update`) does not.
fn is_no_name(part: &str) -> bool {
    const CHANGES: usize = 4;
    let kind = |c: char| (c.is_ascii_digit(), c.is_ascii_uppercase());
    let changes = part.chars().zip(part.chars().skip(1)).filter(|&(a, b)| kind(a) != kind(b));
    let plain = part.chars().all(|c| c.is_ascii_alphanumeric());
    part.contains(['%', '+', '=', '$', '!']) || (plain && changes.count() >= CHANGES)
}

/// Long, letters and digits mixed, and nothing that names and addresses have in them.
fn looks_like_token(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_~=+".contains(c);
    let has = |test: fn(char) -> bool| word.contains(test);
    word.len() >= 16
        && word.chars().all(plain)
        && has(|c| c.is_ascii_digit())
        && has(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests;
