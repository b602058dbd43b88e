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
//! The first line has the values of `service_name`, then the title. Providers that are gone may share a
//! paragraph without a title. Each further line is a key and its value:
//!
//! | key | value |
//! |---|---|
//! | `url` | the URL for each family that it has a placeholder for (see [`families`]) |
//! | `ipv4`, `ipv6` | the URL for one family, if it differs from `url` |
//! | `method` | `POST` or `PUT`, if the URL is not opened with `GET` |
//! | `remove` | the URL that removes a record; `[IP]` is the published address |
//! | `remove4`, `remove6` | the URL that removes a record of one type |
//! | `removed` | an expression for the answer to a successful removal |
//! | `apex` | two texts: for a record at the top of its zone, the second replaces the first in the URL |
//! | `below` | two texts: the same for a record below the zone in option `zone` |
//! | `ok` | an expression for success; without it, the answers are codes of dyndns2 |
//! | `same` | an expression for the answer to an update that changed nothing |
//! | `no` | an expression for refusals that need the owner; it is tried before the codes of dyndns2 |
//! | `advice` | what the owner can do about such a refusal, if it is not about names and credentials |
//! | `zone` | the zone of all names at the provider, for `[SUB]` |
//! | `every` | the shortest time between two requests for a record in seconds, if not 60 |
//! | `rate` | the limit of an account, as requests/seconds |
//! | `username`, `password`, `domain`, `param_opt` | what the option holds, if that is not obvious |
//! | `note` | what the owner must know before choosing the provider |
//! | `differs` | what differs from ddns-scripts, for `check` |
//! | `alone6` | what an update of IPv6 alone does to the A record |
//! | `dead` | the provider is gone: since when, and what the owner can do |
//! | `script` | only a script of ddns-scripts updates it: why, and what else the owner can do |
//!
//! A line that begins with `#` names the documentation of the lines below it. The build leaves such lines
//! out of the program.
//!
//! A URL without `http:` has `https:`. A `@` at its start stands for HTTP Basic credentials. Expressions
//! are those of [`super::ere`]. They are searched in the lines of the answer and in the line `HTTP 200`
//! with its status, which ends with ` empty` if there is no body. `[IP]` in them is the sent address.
//!
//! A `rate` is what the provider documents. No-IP documents none, and answers 429 to 30 names within a
//! second (<https://github.com/troglobit/inadyn/issues/238>), so its rate here is a guess.

use std::sync::LazyLock;

use super::Rate;
use super::api::zone::RecordName;
use super::families::{self, Template, Urls};
use crate::model::Family;
use crate::text::has;

const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/table.txt"));

/// The paragraph of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row(&'static str);

/// Every provider, in the table's order.
pub fn all() -> impl Iterator<Item = Row> {
    TABLE.split("\n\n").map(|paragraph| Row(paragraph.trim_end()))
}

/// The index of the table. It is made once, because there may be thousands of sections and requests.
static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

struct Index {
    names: Vec<(&'static str, Row)>,
    urls: Vec<KnownUrl>,
}

/// A URL of the table.
struct KnownUrl {
    /// The host, as [`without_variant`] returns it.
    host: String,
    /// The path up to the first placeholder.
    path: String,
    row: Row,
}

impl Index {
    fn new() -> Self {
        let (mut names, mut urls) = (Vec::new(), Vec::new());
        for row in all() {
            // A section with such a name needs the script, and must not be taken for one with a URL.
            if row.get("script").is_none() {
                for name in row.names() {
                    names.push((name, row));
                }
            }
            row.add_known_urls(&mut urls);
        }
        Self { names, urls }
    }
}

/// The provider with this name. Providers that only a script updates are not found.
pub fn find(service_name: &str) -> Option<Row> {
    let (_, row) = INDEX.names.iter().find(|(name, _)| *name == service_name)?;
    Some(*row)
}

/// The names of the providers that only a script of ddns-scripts updates.
pub fn scripted() -> impl Iterator<Item = &'static str> {
    all().filter(|row| row.get("script").is_some()).flat_map(Row::names)
}

/// Half a sentence about the provider `name` if only a script updates it: which package has the script,
/// why, and what else the owner can do. It is shown behind the name.
pub fn why_scripted(name: &str) -> Option<String> {
    let row = all().find(|row| row.names().any(|known| known == name))?;
    let why = row.get("script")?;
    Some(format!(
        "is updated by a script, which comes with OpenWrt's package {}, because {why}",
        script_package(name)
    ))
}

/// The package with the script of a provider. It is named after the first label of the provider's name.
pub fn script_package(name: &str) -> String {
    format!("ddns-scripts-{}", name.split('.').next().unwrap_or_default())
}

/// The provider with a URL at `host`. Of several, it is the first one whose path is the beginning of
/// `path`, or else the first one.
pub fn at_host(host: &str, path: &str) -> Option<Row> {
    let host = without_variant(host);
    let mut first = None;
    for known in INDEX.urls.iter().filter(|known| known.host == host) {
        if path.starts_with(&known.path) {
            return Some(known.row);
        }
        // Several rows may have a host, as those of FreeDNS. For another path any of them will do, because the limits
        // are those of the provider.
        first = first.or(Some(known.row));
    }
    first
}

/// `host` without a first label that stands for the web site or for an IP version.
fn without_variant(host: &str) -> &str {
    let (label, rest) = host.split_once('.').unwrap_or_default();
    // Without a dot in the rest, `v6.example` would count as all of `example`.
    if rest.contains('.') && has("www ipv4 ipv6 v4 v6", label) { rest } else { host }
}

impl Row {
    /// All values of `service_name` for the provider.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.head().0.split(' ')
    }

    /// The first name. It is part of stored fingerprints.
    pub fn name(self) -> &'static str {
        self.names().next().unwrap_or_default()
    }

    /// The provider's own name; empty if several providers have this row.
    pub fn title(self) -> &'static str {
        self.head().1
    }

    /// The title, or `name` if there is none.
    pub fn title_or(self, name: &str) -> &str {
        if self.title().is_empty() { name } else { self.title() }
    }

    fn add_known_urls(self, urls: &mut Vec<KnownUrl>) {
        for key in ["url", "ipv4", "ipv6"] {
            let Some(url) = self.get(key) else { continue };
            let template = Template::new(written_out(url), None);
            let Some(host) = &template.host else { continue };
            let host = without_variant(host).to_owned();
            let path = template.path().split('[').next().unwrap_or_default().to_owned();
            urls.push(KnownUrl { host, path, row: self });
        }
    }

    fn head(self) -> (&'static str, &'static str) {
        let line = self.0.lines().next().unwrap_or_default();
        line.split_once(" = ").unwrap_or((line, ""))
    }

    /// All keys and values.
    pub fn lines(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.lines().skip(1).filter_map(|line| line.split_once(' '))
    }

    /// The value of `key`.
    pub fn get(self, key: &str) -> Option<&'static str> {
        self.lines().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The expression for success.
    pub fn ok(self) -> &'static str {
        self.get("ok").unwrap_or("good|nochg")
    }

    /// The shortest time between two requests for a record, in seconds.
    pub fn every(self) -> Option<u64> {
        self.get("every")?.parse().ok()
    }

    /// The documented limit of an account.
    pub fn rate(self) -> Option<Rate> {
        let (requests, seconds) = self.get("rate")?.split_once('/')?;
        Some(Rate { requests: requests.parse().ok()?, seconds: seconds.parse().ok()? })
    }

    /// The update URLs.
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

    /// `url`, a URL of this row, with the parameters that the provider wants for a record of `name` in
    /// `zone`. Without `zone`, a name of two labels is at the top of its zone.
    pub fn url_for(self, url: &str, name: &str, zone: Option<&str>) -> String {
        let name = RecordName::new(name, zone);
        let key = if name.fqdn == name.likely_zone() {
            "apex"
        } else if name.zone.is_some() && name.is_in_given_zone() {
            "below"
        } else {
            return url.to_owned();
        };
        match self.get(key).and_then(|texts| texts.split_once(' ')) {
            Some((usual, replacement)) => url.replace(usual, replacement),
            None => url.to_owned(),
        }
    }

    /// The URL that removes a record of `family`, if the provider has one.
    pub fn removal(self, family: Family) -> Option<Template> {
        let of_family = match family {
            Family::V4 => "remove4",
            Family::V6 => "remove6",
        };
        let url = written_out(self.get("remove").or_else(|| self.get(of_family))?);
        Some(Template::new(url, self.get("removed").map(str::to_owned)))
    }

    /// Whether the provider has records of `family`.
    pub fn has(self, family: Family) -> bool {
        self.urls().of(family).is_some()
    }
}

/// `url` with `https:` and credentials in place of the abbreviations of the table.
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
