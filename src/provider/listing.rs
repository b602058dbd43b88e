//! What the command `providers` shows.

use std::fmt::Write as _;

use super::api::{self, Api};
use super::table::{self, Row};
use super::{Batch, Rate, template};
use crate::config::options::closest;
use crate::config::service::Definition;
use crate::config::{Family, Mechanism};

/// A provider that the program knows.
#[derive(Clone, Copy)]
enum Known {
    Api(&'static Api),
    Row(Row),
}

fn all() -> impl Iterator<Item = Known> {
    api::ALL.iter().map(|api| Known::Api(api)).chain(table::all().map(Known::Row))
}

fn find(name: &str) -> Option<Known> {
    api::find(name).map(Known::Api).or_else(|| table::find(name).map(Known::Row))
}

/// The name of a provider that `name` was probably meant to be.
pub fn near(name: &str) -> Option<&'static str> {
    let names = || all().flat_map(Known::names);
    let begins = |known: &&str| known.split_once('.').is_some_and(|(first, _)| first == name);
    names().find(begins).or_else(|| closest(name, names()))
}

/// One line for each provider: those that the owner has defined, those that the program knows, and
/// those that only packages bring. Both lists are sorted.
pub fn overview(own: &[String], packaged: &[String]) -> String {
    let line = |name: &str, can: &str, needs: &str, title: &str| {
        format!("{name:<24} {can:<10} {needs:<19} {title}\n")
    };
    let mut lines: Vec<String> =
        own.iter().map(|name| line(name, "", "", "your own definition")).collect();
    let (living, dead): (Vec<_>, Vec<_>) = all().partition(|known| known.dead().is_none());
    let mut known = Vec::new();
    for provider in living {
        let needs: Vec<&str> = provider.needs().into_iter().map(|(option, _)| option).collect();
        known.push(line(provider.name(), provider.can(), &needs.join(" "), provider.title()));
    }
    known.sort();
    lines.append(&mut known);
    let others = packaged.iter().filter(|name| find(name).is_none() && !own.contains(name));
    lines.extend(others.map(|name| line(name, "", "", "the definition of a package")));
    let dead: Vec<&str> = dead.into_iter().flat_map(Known::names).collect();
    format!("{}\nThese are no more: {}\n", lines.concat(), dead.join(" "))
}

/// All about the provider `name`, if the program knows it.
pub fn detail(name: &str) -> Option<String> {
    let known = find(name)?;
    if let Some(why) = known.dead() {
        return Some(format!("{name}: {} {why}\n", known.title()));
    }
    let mut text = format!("{name}: {}\n", known.title());
    for (what, value) in known.lines(name) {
        let _ = writeln!(text, "  {what:<10} {value}");
    }
    Some(text)
}

/// All about a definition in a file; `whose` says where it comes from.
pub fn defined(name: &str, whose: &str, definition: &Definition) -> String {
    let mut text = format!("{name}: {whose}\n");
    for family in [Family::V4, Family::V6] {
        if let Some(block) = definition.block(family) {
            let _ = writeln!(text, "  {:<10} {}", family.to_string(), block.url);
        }
    }
    text
}

impl Known {
    fn names(self) -> Vec<&'static str> {
        match self {
            Self::Api(api) => [api.name].into_iter().chain(api.aliases.iter().copied()).collect(),
            Self::Row(row) => row.names().collect(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Api(api) => api.name,
            Self::Row(row) => row.name(),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Api(api) => api.title,
            Self::Row(row) => row.title(),
        }
    }

    fn dead(self) -> Option<&'static str> {
        match self {
            Self::Api(_) => None,
            Self::Row(row) => row.get("dead"),
        }
    }

    /// The records that it has; a `+` stands between what goes in one request.
    fn can(self) -> &'static str {
        match self {
            Self::Api(api) if api.batch == Batch::Record => "IPv4 IPv6",
            Self::Api(_) => "IPv4+IPv6",
            Self::Row(row) => match row.mechanism() {
                Mechanism::Url { both: Some(_), .. } => "IPv4+IPv6",
                Mechanism::Url { v6: None, .. } => "IPv4",
                Mechanism::Url { v4: None, .. } => "IPv6",
                Mechanism::Url { .. } | Mechanism::Api(_) | Mechanism::Script(_) => "IPv4 IPv6",
            },
        }
    }

    /// The options that it needs, and what they hold where that is not what they say.
    fn needs(self) -> Vec<(&'static str, Option<&'static str>)> {
        let row = match self {
            Self::Api(api) => {
                return api.needs.iter().map(|need| (need.option, Some(need.holds))).collect();
            }
            Self::Row(row) => row,
        };
        let urls = urls(row);
        let needed = |option: &&str| {
            let placeholder = format!("[{}]", option.to_ascii_uppercase());
            row.get(option).is_some() || urls.iter().any(|url| url.contains(&placeholder))
        };
        let options = ["username", "password"].into_iter().filter(needed);
        let domain = row.get("domain").map(|holds| ("domain", Some(holds)));
        options.map(|option| (option, row.get(option))).chain(domain).collect()
    }

    /// What there is to say, each with its heading.
    fn lines(self, name: &str) -> Vec<(&'static str, String)> {
        let others = self.names().into_iter().filter(|other| *other != name);
        let mut lines: Vec<_> = others.map(|other| ("also", other.to_owned())).collect();
        let records = match self.can() {
            "IPv4+IPv6" => "IPv4 and IPv6, both in one request",
            "IPv4 IPv6" => "IPv4 and IPv6, a request each",
            one => one,
        };
        lines.push(("records", records.to_owned()));
        for (option, holds) in self.needs() {
            lines.push((option, holds.unwrap_or("is needed").to_owned()));
        }
        let (rate, note) = match self {
            Self::Api(api) => (api.rate, Some(api.remark).filter(|text| !text.is_empty())),
            Self::Row(row) => (row.rate(), row.get("note")),
        };
        if let Self::Row(row) = self {
            lines.extend(of_urls(row));
            let every = |seconds| format!("one request for a record in {seconds} s");
            lines.extend(row.every().map(|seconds| ("limit", every(seconds))));
        }
        let limit =
            |it: Rate| format!("{} requests of an account in {} s", it.requests, it.seconds);
        lines.extend(rate.map(|rate| ("limit", limit(rate))));
        lines.extend(note.map(|note| ("note", note.to_owned())));
        lines
    }
}

fn urls(row: Row) -> Vec<String> {
    let Mechanism::Url { v4, v6, both } = row.mechanism() else { return Vec::new() };
    let mut urls: Vec<_> = [v4, v6, both].into_iter().flatten().map(|it| it.url).collect();
    urls.dedup();
    urls
}

/// The URLs that are used, and what is to be said of them.
fn of_urls(row: Row) -> Vec<(&'static str, String)> {
    let urls = urls(row);
    let plain = urls.iter().any(|url| url.starts_with("http://"));
    let seen = !urls.iter().any(|url| template::names_address(url));
    let mut lines: Vec<_> = urls.into_iter().map(|url| ("URL", url)).collect();
    let notes = [
        (plain, "no TLS: anybody on the way can read the password"),
        (seen, "takes the address that a request comes from"),
    ];
    let notes = notes.into_iter().filter(|(holds, _)| *holds);
    lines.extend(notes.map(|(_, note)| ("note", note.to_owned())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_line_and_a_page() {
        let own = ["mine".to_owned(), "ovh.com".to_owned()];
        let packaged = ["ovh.com".to_owned(), "script.example".to_owned()];
        let text = overview(&own, &packaged);
        for known in all() {
            let name = known.name();
            let page = detail(name).unwrap();
            assert!(page.starts_with(&format!("{name}: {}", known.title())), "{page}");
            if known.dead().is_none() {
                assert!(text.contains(&format!("\n{name} ")), "{name}");
                assert!(page.contains("  records "), "{page}");
            } else {
                assert_eq!(page.lines().count(), 1);
            }
        }
        assert!(text.starts_with("mine  ") && text.contains("your own definition"), "{text}");
        assert_eq!(text.matches("\nscript.example ").count(), 1);
        assert!(text.contains("no more: ") && text.contains(" google.com"), "{text}");
    }

    #[test]
    fn a_page_says_what_the_provider_needs_and_can() {
        assert_eq!(
            detail("noip.com").unwrap().lines().take(5).collect::<Vec<_>>(),
            [
                "noip.com: No-IP",
                "  also       no-ip.com",
                "  records    IPv4 and IPv6, both in one request",
                "  username   is needed",
                "  password   is needed",
            ]
        );
        let page = detail("desec.io").unwrap();
        for line in ["username   the domain", "limit      2 requests of an account in 120 s"] {
            assert!(page.contains(line), "{page}");
        }
        assert!(detail("oray.com").unwrap().contains("no TLS"));
        assert!(detail("dy.fi").unwrap().contains("takes the address"));
        assert!(detail("nobody.example").is_none());
        let cloudflare = detail("cloudflare.com-v4").unwrap();
        assert!(cloudflare.contains("  password   "), "{cloudflare}");
    }

    #[test]
    fn a_name_that_is_nearly_one_is_found() {
        assert_eq!(near("duckdns"), Some("duckdns.org"));
        assert_eq!(near("dukdns.org"), Some("duckdns.org"));
        assert_eq!(near("something.else"), None);
    }
}
