//! Update URLs with placeholders, as ddns-scripts and its service definitions write them.
//!
//! A template is expanded first and taken apart afterwards (RFC 3986), because `[PARAMOPT]` is
//! inserted as written and may hold any part of the URL. Every character remembers where it came
//! from, so what people are shown is the same URL with the secrets covered, not a guess at it.
//!
//! Values are inserted once and never looked at again. What may not be in a URI is percent-encoded,
//! line breaks included: no value can end a request line and begin a header.

use std::net::{IpAddr, Ipv6Addr};

use super::api::zone::RecordName;
use super::mask;
use crate::model::name::{canonical, strip_zone};
use crate::model::secret::Secret;
use crate::model::{Credentials, Family, Hostname};
use crate::provider::Provider;
use crate::text::percent;

/// Longest URL. RFC 9110 section 4.1 asks everybody to support 8000 octets; nobody needs more.
const MAX_URL: usize = 8000;

/// A rendered template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Absolute URL without user information and fragment, printable ASCII only.
    pub url: Secret,
    /// The user information, percent-decoded.
    pub auth: Option<Credentials>,
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
/// A sentence that says why this is no URL, without secrets.
pub fn render(
    template: &str,
    provider: &Provider,
    subject: Subject<'_>,
) -> Result<Rendered, String> {
    let place = RecordName::new(subject.name.as_str(), subject.zone);
    let zone = place.likely_zone();
    let within = place.relative_to(zone, "@");
    // Others get what ddns-scripts would send.
    let (domain, sub) = if provider.row.is_some() {
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
    let known =
        if provider.account.label == "custom" { Words::OfOwner(&known) } else { Words::Packaged };
    let mut rendered = finish(Parts::of(&expanded)?, known)?;
    // A secret may also be written out in the template, or be the user name.
    let secrets =
        [&provider.account.password, &provider.account.param_enc, &provider.account.param_opt]
            .map(Clone::clone);
    rendered.shown = mask::hide(&rendered.shown, &secrets);
    rendered.secrets.extend(secrets);
    rendered.secrets.retain(|secret| !secret.is_empty());
    Ok(rendered)
}

/// A URL that has no placeholders, with the secrets in it told apart.
///
/// # Errors
/// As [`render`].
pub fn literal(url: &str) -> Result<Rendered, String> {
    let glyphs: Vec<Glyph> = url.chars().map(Glyph::template).collect();
    finish(Parts::of(&glyphs)?, Words::OfOwner(&[]))
}

/// The host that `template` connects to, in lower case and without the brackets of an IPv6 address.
/// `None` if it is not a URL or its host has a placeholder in it; then only rendering can tell.
pub fn host(template: &str) -> Option<String> {
    let text = template.chars().map(Glyph::template).collect::<Vec<_>>();
    let parts = Parts::of(&text).ok()?;
    Some(bare(&text_of(parts.host)))
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

#[derive(Clone, Copy, Debug)]
struct Glyph {
    c: char,
    origin: Origin,
}

impl Glyph {
    fn template(c: char) -> Self {
        let origin = Origin::Template;
        Self { c, origin }
    }
}

fn expand(template: &str, value: impl Fn(&str) -> (String, Origin)) -> Vec<Glyph> {
    let mut out = Vec::new();
    let mut rest = template.trim();
    while let Some(c) = rest.chars().next() {
        let placeholder = PLACEHOLDERS.into_iter().find(|name| rest.starts_with(name));
        if let Some(name) = placeholder {
            let (text, origin) = value(name);
            out.extend(text.chars().map(|c| Glyph { c, origin }));
        } else {
            out.push(Glyph::template(c));
        }
        let taken = placeholder.map_or(c.len_utf8(), str::len);
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// The parts of a URL (RFC 3986 section 3) that matter here.
struct Parts<'a> {
    scheme: &'static str,
    userinfo: Option<&'a [Glyph]>,
    host: &'a [Glyph],
    port: &'a [Glyph],
    path: &'a [Glyph],
    query: Option<&'a [Glyph]>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a [Glyph]) -> Result<Self, String> {
        let (scheme, rest) = scheme(text)?;
        let (rest, _) = split_fragment(rest);
        let (mut authority, mut tail) = split_before(rest, &['/', '?']);
        let at = authority.iter().rposition(|glyph| glyph.c == '@');
        let mut userinfo = None;
        if let Some(at) = at {
            userinfo = authority.get(..at);
            authority = authority.get(at + 1..).unwrap_or_default();
            // One stock definition has `user:password@http://host/…`.
            if (starts(authority, "http:") || starts(authority, "https:"))
                && let Some(inner) = tail.get(2..).filter(|_| starts(tail, "//"))
            {
                (authority, tail) = split_before(inner, &['/', '?']);
            }
        }
        let (host, port) = host_and_port(authority)?;
        let (path, query) = split_before(tail, &['?']);
        Ok(Self { scheme, userinfo, host, port, path, query: query.get(1..) })
    }
}

fn scheme(text: &[Glyph]) -> Result<(&'static str, &[Glyph]), String> {
    ["http://", "https://"]
        .into_iter()
        .find(|scheme| starts(text, scheme))
        .and_then(|scheme| Some((scheme, text.get(scheme.len()..)?)))
        .ok_or_else(|| "the update URL does not begin with http:// or https://".into())
}

/// A fragment is never sent (RFC 9110 section 7.1), so only the template can mean one: a `#` in a
/// value is data.
fn split_fragment(text: &[Glyph]) -> (&[Glyph], &[Glyph]) {
    let fragment = |glyph: &Glyph| glyph.c == '#' && glyph.origin == Origin::Template;
    text.split_at(text.iter().position(fragment).unwrap_or(text.len()))
}

fn split_before<'a>(text: &'a [Glyph], any: &[char]) -> (&'a [Glyph], &'a [Glyph]) {
    let found = text.iter().position(|glyph| any.contains(&glyph.c));
    text.split_at(found.unwrap_or(text.len()))
}

fn starts(text: &[Glyph], prefix: &str) -> bool {
    let head = text.iter().map(|glyph| glyph.c.to_ascii_lowercase());
    text.len() >= prefix.len() && head.zip(prefix.chars()).all(|(a, b)| a == b)
}

fn host_and_port(authority: &[Glyph]) -> Result<(&[Glyph], &[Glyph]), String> {
    let bracket = authority.iter().position(|glyph| glyph.c == ']');
    let from = bracket.map_or(0, |at| at + 1);
    let colon = authority.iter().skip(from).position(|glyph| glyph.c == ':');
    let (host, port) = authority.split_at(colon.map_or(authority.len(), |at| from + at));
    let text = text_of(host);
    if text.is_empty() {
        return Err("the update URL has no host".into());
    }
    if !is_host(&text) {
        return Err("the host in the update URL is not a host name or an address in brackets \
             (names with other letters than a to z are written in their xn-- form)"
            .into());
    }
    let digits = text_of(port.get(1..).unwrap_or_default());
    if !digits.is_empty() && (digits.parse::<u16>().is_err() || digits.starts_with('+')) {
        return Err("the port in the update URL is not a number below 65536 (a ':', '/', '?' or \
             '#' in a user name or password is written as %3a, %2f, %3f or %23)"
            .into());
    }
    // `host:` means the default port; the colon need not be sent.
    let port = if digits.is_empty() { &[] } else { port };
    Ok((host, port))
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(inner) => {
            inner.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        }
        None => text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)),
    }
}

fn bare(host: &str) -> String {
    let inner = host.strip_prefix('[').and_then(|s| s.strip_suffix(']'));
    inner.unwrap_or(host).to_ascii_lowercase()
}

fn text_of(text: &[Glyph]) -> String {
    text.iter().map(|glyph| glyph.c).collect()
}

fn finish(parts: Parts<'_>, words: Words<'_>) -> Result<Rendered, String> {
    let mut secrets = Vec::new();
    let mut target: Vec<Glyph> = Vec::new();
    let path = cover_tokens(parts.path, '/', words, &mut secrets);
    if path.is_empty() {
        target.push(Glyph::template('/'));
    }
    target.extend(clean(&path, "/:@!$&'()*+,;="));
    if let Some(query) = parts.query {
        target.push(Glyph::template('?'));
        let query = cover_tokens(query, '&', words, &mut secrets);
        target.extend(clean(&query, "/:@!$&'()*+,;=?"));
    }
    let place = [parts.host, parts.port].concat();
    let url = format!("{}{}{}", parts.scheme, text_of(&place), text_of(&target));
    if url.len() > MAX_URL {
        return Err(format!("the update URL is longer than {MAX_URL} characters"));
    }
    let auth = auth(&parts)?;
    secrets.extend(auth.iter().flat_map(Credentials::secrets));
    let shown =
        format!("{}{}{}{}", parts.scheme, shown_userinfo(&parts), shown(&place), shown(&target));
    Ok(Rendered { url: Secret::new(url), auth, shown, secrets })
}

fn auth(parts: &Parts<'_>) -> Result<Option<Credentials>, String> {
    let userinfo = parts.userinfo.map(text_of).unwrap_or_default();
    Credentials::parse(&userinfo)
        .map_err(|_| "the user name or password in the URL is not encoded as UTF-8".to_owned())
}

/// A user without a password is a token as often as not, so it is not shown either.
fn shown_userinfo(parts: &Parts<'_>) -> String {
    let Some(userinfo) = parts.userinfo else {
        return String::new();
    };
    match split_before(userinfo, &[':']) {
        (_, []) => "***@".into(),
        (user, _) => format!("{}:***@", shown(&clean(user, "!$&'()*+,;="))),
    }
}

fn shown(text: &[Glyph]) -> String {
    let runs = text.chunk_by(|a, b| (a.origin == Origin::Secret) == (b.origin == Origin::Secret));
    runs.map(|run| match run.first() {
        Some(glyph) if glyph.origin == Origin::Secret => "***".into(),
        _ => text_of(run),
    })
    .collect()
}

/// Turns what is neither unreserved nor in `allowed` into percent-escapes of the same origin.
fn clean(text: &[Glyph], allowed: &str) -> Vec<Glyph> {
    let mut out = Vec::with_capacity(text.len());
    for (at, &glyph) in text.iter().enumerate() {
        let Glyph { c, origin } = glyph;
        let escape_already = c == '%'
            && text.len() > at + 2
            && text.iter().skip(at + 1).take(2).all(|next| next.c.is_ascii_hexdigit());
        if percent::is_unreserved(c) || allowed.contains(c) || escape_already {
            out.push(glyph);
        } else {
            percent::escape(c, |c| out.push(Glyph { c, origin }));
        }
    }
    out
}

/// Marks what is written in the template itself but is a secret by its key or its looks, or may be one.
fn cover_tokens(
    text: &[Glyph],
    separator: char,
    words: Words<'_>,
    secrets: &mut Vec<Secret>,
) -> Vec<Glyph> {
    let mut out = text.to_vec();
    for item in out.chunk_by_mut(|a, b| a.c != separator && b.c != separator) {
        let equals = item.iter().position(|glyph| glyph.c == '=').filter(|_| separator == '&');
        let key = text_of(item.get(..equals.unwrap_or(0)).unwrap_or_default());
        let value = item.get_mut(equals.map_or(0, |at| at + 1)..).unwrap_or_default();
        for part in value.chunk_by_mut(|a, b| a.origin == b.origin) {
            let word = text_of(part);
            let written = part.iter().all(|glyph| glyph.origin == Origin::Template);
            let covered = match separator {
                '/' => is_no_name(&word) || looks_like_token(&word) || words.doubt_folder(&word),
                _ => {
                    is_secret_key(&key) || looks_like_token(&word) || words.doubt_value(&key, &word)
                }
            };
            if !written || !covered || word.trim_matches(['/', '&']).is_empty() {
                continue;
            }
            part.iter_mut().for_each(|glyph| glyph.origin = Origin::Secret);
            // As it is written, and as a server may repeat it.
            secrets.extend(percent::decode(&word).map(Secret::new));
            secrets.push(Secret::new(word));
        }
    }
    out
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
