//! The providers with an update URL that the program knows: `table.txt`, a paragraph each.
//!
//! ```text
//! duckdns.org = Duck DNS
//! url www.duckdns.org/update?domains=[SUB]&token=[PASSWORD]&ip=[IP4]&ipv6=[IP6]
//! zone duckdns.org
//! ok ^OK
//! password the token of the account
//! ```
//!
//! The first line has the names that `service_name` may have, then the title; providers that are gone
//! may share a paragraph without one. Each further line is a key and its value:
//!
//! | key | value |
//! |---|---|
//! | `url` | the URL for all families that it has a place for (see [`families`]) |
//! | `ipv4`, `ipv6` | the URL for one family, where `url` is not it |
//! | `method` | `POST` or `PUT`, if that is how the URL is opened |
//! | `remove` | the URL that removes a record; `[IP]` in it is what it holds |
//! | `remove4`, `remove6` | the same for one type of record |
//! | `removed` | an expression that success of that matches |
//! | `apex` | two texts: in the URLs of a record at the top of its zone, the second one stands for the first |
//! | `below` | the same for a record below the zone that option `zone` names |
//! | `ok` | an expression that success matches; without it the answers are those of dyndns2 |
//! | `same` | an expression for "nothing has changed" |
//! | `no` | an expression for refusals that need the owner; comes before the codes of dyndns2 |
//! | `advice` | what the owner can do about those, where it is not about names and credentials |
//! | `zone` | where all names of the provider are, for `[SUB]` |
//! | `every` | the least seconds between two requests for a record, if not 60 |
//! | `rate` | the limit of an account, as requests/seconds |
//! | `username`, `password`, `domain`, `param_opt` | what the option holds, where that is not what it says |
//! | `note` | what to know before choosing it |
//! | `differs` | what is other than with ddns-scripts, for `check` |
//! | `alone6` | what an update of IPv6 alone does to the A record |
//! | `dead` | it is gone: since when, and what now |
//! | `script` | only a script of ddns-scripts updates it: why, and what else the owner can do |
//!
//! A line that begins with `#` names the documentation of the lines below it. The program does not
//! contain such lines.
//!
//! URLs are `https:` unless they say otherwise; `@` at their start stands for HTTP Basic
//! credentials. Expressions are those of [`super::ere`], on any line of the answer; they may also
//! match the line `HTTP 200` (the status, with `empty` behind it if there is no body), and `[IP]` in
//! them is the address that was sent.
//!
//! A `rate` is what the provider documents; only that of No-IP, which documents none, is ours: it
//! answers 429 to 30 names within a second
//! (<https://github.com/troglobit/inadyn/issues/238>).

use std::sync::LazyLock;

use super::Rate;
use super::api::zone::RecordName;
use super::families::{self, Template, Urls};
use crate::model::Family;

const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/table.txt"));

/// What the table says of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row(&'static str);

/// Every provider, in the table's order.
pub fn all() -> impl Iterator<Item = Row> {
    TABLE.split("\n\n").map(|paragraph| Row(paragraph.trim_end()))
}

/// What rows are looked up by. It is made once: there may be thousands of sections and requests.
static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

struct Index {
    names: Vec<(&'static str, Row)>,
    urls: Vec<KnownUrl>,
}

/// A URL of the table.
struct KnownUrl {
    /// Its host, as [`bare`] has it.
    host: String,
    /// What its path begins with, up to the first placeholder.
    path: String,
    row: Row,
}

impl Index {
    fn new() -> Self {
        let known = all().filter(|row| row.get("script").is_none());
        let names = known.flat_map(|row| row.names().map(move |name| (name, row)));
        Self { names: names.collect(), urls: all().flat_map(Row::known_urls).collect() }
    }
}

/// The provider that `service_name` means, by any of its names. Those that only a script updates are
/// not among them.
pub fn find(service_name: &str) -> Option<Row> {
    let (_, row) = INDEX.names.iter().find(|(name, _)| *name == service_name)?;
    Some(*row)
}

/// The names of the providers that only a script of ddns-scripts updates.
pub fn scripted() -> impl Iterator<Item = &'static str> {
    all().filter(|row| row.get("script").is_some()).flat_map(Row::names)
}

/// What to say of the provider `name`, behind its name, if only a script updates it: which package has
/// the script, why, and what else the owner can do.
pub fn why_scripted(name: &str) -> Option<String> {
    let row = all().find(|row| row.names().any(|known| known == name))?;
    let why = row.get("script")?;
    Some(format!(
        "is updated by a script, which comes with OpenWrt's package {}, because {why}",
        script_package(name)
    ))
}

/// The package with the script of a provider: it is called like the first label of the provider's name.
pub fn script_package(name: &str) -> String {
    format!("ddns-scripts-{}", name.split('.').next().unwrap_or_default())
}

/// The provider whose URLs are at `host`. Of several at one host it is the first whose path `path`
/// begins with, or else the first.
pub fn at_host(host: &str, path: &str) -> Option<Row> {
    let host = bare(host);
    let mut at_host = INDEX.urls.iter().filter(|known| known.host == host).peekable();
    let first = *at_host.peek()?;
    let of_path = at_host.find(|known| path.starts_with(&known.path));
    Some(of_path.unwrap_or(first).row)
}

/// `host` without a first label that only says how it is reached.
fn bare(host: &str) -> &str {
    let (label, rest) = host.split_once('.').unwrap_or_default();
    match label {
        "www" | "ipv4" | "ipv6" | "v4" | "v6" if rest.contains('.') => rest,
        _ => host,
    }
}

impl Row {
    /// What `service_name` may be for it.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.head().0.split(' ')
    }

    /// The first of its names. It is stored, as part of fingerprints.
    pub fn name(self) -> &'static str {
        self.names().next().unwrap_or_default()
    }

    /// What people call it; nothing if several have this row.
    pub fn title(self) -> &'static str {
        self.head().1
    }

    /// What to call it who knows it by `name`.
    pub fn title_or(self, name: &str) -> &str {
        if self.title().is_empty() { name } else { self.title() }
    }

    fn known_urls(self) -> impl Iterator<Item = KnownUrl> {
        let urls = ["url", "ipv4", "ipv6"].into_iter().filter_map(move |key| self.get(key));
        urls.filter_map(move |url| {
            let template = Template::new(written_out(url), None);
            let host = bare(template.host.as_ref()?).to_owned();
            let path = template.path().split('[').next().unwrap_or_default().to_owned();
            Some(KnownUrl { host, path, row: self })
        })
    }

    fn head(self) -> (&'static str, &'static str) {
        let line = self.0.lines().next().unwrap_or_default();
        line.split_once(" = ").unwrap_or((line, ""))
    }

    /// Keys and values, as they are written.
    pub fn lines(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.lines().skip(1).filter_map(|line| line.split_once(' '))
    }

    /// The value of `key`.
    pub fn get(self, key: &str) -> Option<&'static str> {
        self.lines().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// What its answers that mean success match.
    pub fn ok(self) -> &'static str {
        self.get("ok").unwrap_or("good|nochg")
    }

    /// The least seconds between two requests for a record.
    pub fn every(self) -> Option<u64> {
        self.get("every")?.parse().ok()
    }

    /// The documented limit of an account.
    pub fn rate(self) -> Option<Rate> {
        let (requests, seconds) = self.get("rate")?.split_once('/')?;
        Some(Rate { requests: requests.parse().ok()?, seconds: seconds.parse().ok()? })
    }

    /// Its update URLs.
    pub fn urls(self) -> Urls {
        let mut urls = match self.get("url").map(|url| families::urls(&written_out(url))) {
            Some(Ok(urls)) => urls,
            Some(Err(_)) | None => Urls::default(),
        };
        for (template, key) in [(&mut urls.v4, "ipv4"), (&mut urls.v6, "ipv6")] {
            if let Some(url) = self.get(key) {
                *template = Some(Template::new(written_out(url), None));
            }
        }
        urls
    }

    /// `url`, which is one of its own, with the parameters that the provider wants for a record of `name`
    /// in `zone`. Without `zone`, a name of two labels is at the top of its zone.
    pub fn url_for(self, url: &str, name: &str, zone: Option<&str>) -> String {
        let name = RecordName::new(name, zone);
        let key = if name.fqdn == name.likely_zone() { "apex" } else { "below" };
        if key == "below" && (name.zone.is_none() || !name.is_in_given_zone()) {
            return url.to_owned();
        }
        match self.get(key).and_then(|texts| texts.split_once(' ')) {
            Some((usual, wanted)) => url.replace(usual, wanted),
            None => url.to_owned(),
        }
    }

    /// How a record of `family` is removed, if it can be.
    pub fn removal(self, family: Family) -> Option<Template> {
        let of_family = match family {
            Family::V4 => "remove4",
            Family::V6 => "remove6",
        };
        let url = written_out(self.get("remove").or_else(|| self.get(of_family))?);
        Some(Template::new(url, self.get("removed").map(str::to_owned)))
    }

    /// Whether it has records of `family`.
    pub fn has(self, family: Family) -> bool {
        self.urls().of(family).is_some()
    }
}

/// A URL without the abbreviations of the table.
fn written_out(url: &str) -> String {
    if url.starts_with("http://") {
        return url.to_owned();
    }
    match url.strip_prefix('@') {
        Some(rest) => format!("https://[USERNAME]:[PASSWORD]@{rest}"),
        None => format!("https://{url}"),
    }
}

#[cfg(test)]
mod tests;
