//! Update URLs with placeholders, as ddns-scripts and its service definitions write them.
//!
//! The placeholders of a template are replaced first, and the result is parsed as a URL (RFC 3986),
//! because `[PARAMOPT]` is inserted as written and may hold any part of the URL. Each byte keeps its
//! origin. So the URL that people see is the sent one, with the secrets covered.
//!
//! Placeholders in an inserted value are not replaced. Characters that a URI cannot have, among them
//! line breaks, are percent-encoded: no value can end the request line and begin a header.

mod literal;

use std::net::IpAddr;
use std::ops::Range;

use super::api::zone::RecordName;
use super::mask;
use crate::model::secret::Secret;
use crate::model::url::{self, Parts, Url, UrlError};
use crate::model::{Credentials, Family, Hostname};
use crate::provider::{Account, Provider, Request};
use crate::text::percent;
use literal::{TextAuthor, mark_secrets};

/// A rendered template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The URL of the request.
    pub url: Url,
    /// The URL with every secret as `***`.
    pub shown: String,
    /// All secrets in the URL, also those that are written in the template itself. They are masked in
    /// answers.
    pub secrets: Vec<Secret>,
}

/// The record whose values replace the placeholders.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The name of the record: `[DOMAIN]`.
    pub name: &'a Hostname,
    /// The zone of the record, if known: `[ZONE]`. `[SUB]` is the rest of the name.
    pub zone: Option<&'a str>,
    /// The address of the record: `[IP]`.
    pub address: IpAddr,
    /// The address of the name's other family, for a template with `[IP4]` and `[IP6]`.
    pub other: Option<IpAddr>,
}

impl<'a> Subject<'a> {
    /// A record without a known zone.
    pub fn new(name: &'a Hostname, address: IpAddr) -> Self {
        Self { name, zone: None, address, other: None }
    }

    /// The address of `family`; empty if the name has none.
    fn address(&self, family: Family) -> String {
        if Family::of(self.address) == family {
            return self.address.to_string();
        }
        match self.other {
            Some(other) if Family::of(other) == family => other.to_string(),
            _ => String::new(),
        }
    }
}

/// The values of `[DOMAIN]`, `[ZONE]` and `[SUB]`.
struct NameValues {
    domain: String,
    zone: String,
    sub: String,
}

impl NameValues {
    fn new(provider: &Provider, subject: &Subject<'_>) -> Self {
        let record = RecordName::new(subject.name.as_str(), subject.zone);
        let zone = record.likely_zone();
        let sub = record.relative_to(zone, "@");
        // The dot that may end the option is left out, because no provider of the table expects it.
        if provider.row().is_some() {
            let domain = subject.name.as_str().trim_end_matches('.');
            return Self { domain: domain.into(), zone: zone.into(), sub: sub.into() };
        }
        // Definitions and own URLs get the name as it is written, which is what ddns-scripts sends.
        let domain = subject.name.written();
        let written = RecordName::new(domain, subject.zone).fqdn;
        let sub = match written.get(..sub.len()) {
            Some(written) if written.eq_ignore_ascii_case(sub) => written,
            _ => sub,
        };
        Self { domain: domain.into(), zone: zone.into(), sub: sub.into() }
    }
}

/// Renders `template` for one record.
///
/// # Errors
/// Why the result is no URL.
pub fn render(
    template: &str,
    provider: &Provider,
    subject: Subject<'_>,
) -> Result<Rendered, UrlError> {
    let account = &provider.account;
    let names = NameValues::new(provider, &subject);
    let expanded = expand(template, &values(account, &names, &subject));
    // The text is split only now, because a value may hold any part of the URL.
    let parts = Parts::split(&expanded.text)?;
    let mut target = expanded.part(parts.target.clone());
    let mut secrets = Vec::new();
    let owned = [&*names.domain, &*names.zone, &*names.sub, &*account.username];
    mark_secrets(&mut target, TextAuthor::of(provider.author, &owned), &mut secrets);
    let target = target.encoded();
    let mut rendered = rendered(parts.url(target.text.clone())?, &target, secrets);
    rendered.hide_account(account);
    Ok(rendered)
}

/// The values of the [`PLACEHOLDERS`], in their order.
fn values(
    account: &Account,
    names: &NameValues,
    subject: &Subject<'_>,
) -> [(String, Origin); PLACEHOLDERS.len()] {
    [
        (percent::encode(&account.username), Origin::Value),
        (percent::encode(account.password.expose()), Origin::Secret),
        (percent::encode(account.param_enc.expose()), Origin::Secret),
        (account.param_opt.expose().to_owned(), Origin::Secret),
        (names.domain.clone(), Origin::Value),
        (names.zone.clone(), Origin::Value),
        (names.sub.clone(), Origin::Value),
        (subject.address.to_string(), Origin::Value),
        (subject.address(Family::V4), Origin::Value),
        (subject.address(Family::V6), Origin::Value),
    ]
}

impl Rendered {
    /// Hides the secrets of the `account`. One of them may also be written in the template, or be the user name.
    fn hide_account(&mut self, account: &Account) {
        let of_account = [&account.password, &account.param_enc, &account.param_opt];
        let of_account = of_account.map(Secret::clone);
        self.shown = mask::hide(&self.shown, &of_account);
        self.secrets.extend(of_account);
        self.secrets.retain(|secret| !secret.is_empty());
    }
}

/// The request for a URL without placeholders.
pub fn literal(url: &Url) -> Request {
    let mut target = Marked::default();
    target.push(url.target(), Origin::Template);
    let mut secrets = Vec::new();
    mark_secrets(&mut target, TextAuthor::Owner(&[]), &mut secrets);
    let Rendered { url, shown, secrets } = rendered(url.clone(), &target, secrets);
    Request::get(url, shown, secrets)
}

fn rendered(url: Url, target: &Marked, mut secrets: Vec<Secret>) -> Rendered {
    secrets.extend(url.credentials.iter().flat_map(Credentials::secrets));
    let userinfo = match &url.credentials {
        None => String::new(),
        // A user name without a password is often a token, so it is not shown either.
        Some(Credentials { password, .. }) if password.is_empty() => "***@".into(),
        Some(Credentials { user, .. }) => format!("{}:***@", percent::encode(user)),
    };
    let origin = url.origin().replacen("://", &format!("://{userinfo}"), 1);
    Rendered { shown: origin + &target.shown(), url, secrets }
}

/// Checks a template of the owner or a definition. Only `[DOMAIN]` may be in the host: whoever can write
/// the name of the record can write the URL, too.
///
/// # Errors
/// Why no request can be sent to it.
pub fn check(template: &str) -> Result<(), UrlError> {
    let parts = Parts::split(template.trim())?;
    let place = parts.place.replace("[DOMAIN]", "domain");
    // A placeholder in the port is checked when the URL is used.
    url::host(place.split(":[").next().unwrap_or_default()).map(drop)
}

/// All placeholders.
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

/// Whether `template` contains an address. Without one, the provider stores the source address of the
/// request.
pub fn names_address(template: &str) -> bool {
    ["[IP]", "[IP4]", "[IP6]"].iter().any(|placeholder| template.contains(placeholder))
}

/// Where a byte of an expanded template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The template itself.
    Template,
    /// A value that is no secret.
    Value,
    /// A secret value, or a secret that is written in the template.
    Secret,
}

/// A text with an origin for each byte.
#[derive(Default)]
struct Marked {
    text: String,
    origins: Vec<Origin>,
}

impl Marked {
    fn push(&mut self, text: &str, origin: Origin) {
        self.text.push_str(text);
        self.origins.resize(self.text.len(), origin);
    }

    fn part(&self, range: Range<usize>) -> Self {
        Self {
            text: self.text.get(range.clone()).unwrap_or_default().to_owned(),
            origins: self.origins.get(range).unwrap_or_default().to_vec(),
        }
    }

    /// The text as it is sent. The escape of a byte has its origin.
    fn encoded(&self) -> Self {
        let mut sent = Self::default();
        if !self.text.starts_with('/') {
            sent.push("/", Origin::Template);
        }
        url::encode(&self.text, &mut |index, c| {
            let origin = self.origins.get(index).copied().unwrap_or(Origin::Template);
            sent.push(c.encode_utf8(&mut [0; 4]), origin);
        });
        sent
    }

    /// The text with each run of secret bytes as `***`.
    fn shown(&self) -> String {
        let mut shown = String::new();
        let mut start = 0;
        for run in self.origins.chunk_by(|&a, &b| is_secret(a) == is_secret(b)) {
            let text = self.text.get(start..start + run.len()).unwrap_or_default();
            shown.push_str(if run.contains(&Origin::Secret) { "***" } else { text });
            start += run.len();
        }
        shown
    }
}

fn is_secret(origin: Origin) -> bool {
    origin == Origin::Secret
}

/// `template` with each of the [`PLACEHOLDERS`] replaced by its value.
fn expand(template: &str, values: &[(String, Origin); PLACEHOLDERS.len()]) -> Marked {
    let mut expanded = Marked::default();
    let mut rest = template.trim();
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        let mut placeholders = PLACEHOLDERS.iter().zip(values);
        match placeholders.find(|(name, _)| rest.starts_with(**name)) {
            Some((name, (value, origin))) => {
                // A `#` in the template begins a fragment, which is not sent. In a value it is data.
                expanded.push(&value.replace('#', "%23"), *origin);
                length = name.len();
            }
            None => expanded.push(c.encode_utf8(&mut [0; 4]), Origin::Template),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    expanded
}

#[cfg(test)]
mod tests;
