//! What the command `providers` shows.

use crate::config::definition::Definition;
use crate::model::Family;
use crate::provider::Mechanism;
use crate::provider::api::{self, Api, Need};
use crate::provider::table::{self, Row};
use crate::provider::{Rate, template};
use crate::text::quoted::quoted;
use crate::text::spelling::closest;

/// How the records of a provider are updated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By opening a URL.
    Url,
    /// By an interface of the provider's own.
    Interface,
    /// Only by a script of ddns-scripts.
    Script,
    /// Not any more.
    Gone,
}

/// The kinds that have a line for each provider, with the word that finds them all and the heading over
/// their lines.
const GROUPS: [(Kind, &str, &str); 3] = [
    (Kind::Url, "url", "Updated by opening a URL:"),
    (Kind::Interface, "interface", "Updated by an interface of the provider's own:"),
    (Kind::Script, "script", "Updated by a script, which needs a package:"),
];

/// A provider that the program knows.
struct Entry {
    kind: Kind,
    names: Vec<&'static str>,
    title: &'static str,
    /// The records that it has; a `+` stands between what goes in one request.
    can: &'static str,
    /// The options that it needs, and what they hold where that is not what they say.
    needs: Vec<Need>,
    rate: Option<Rate>,
    /// What to know before choosing it; may be empty.
    note: &'static str,
    row: Option<Row>,
}

fn all() -> Vec<Entry> {
    let mut all = Vec::new();
    for api in api::ALL {
        all.push(of_api(api));
    }
    for row in table::all() {
        all.push(of_row(row));
    }
    all
}

fn of_api(api: &Api) -> Entry {
    let mut names = vec![api.name];
    names.extend_from_slice(api.aliases);
    Entry {
        kind: Kind::Interface,
        names,
        title: api.title,
        can: if api.writes_together { "IPv4+IPv6" } else { "IPv4 IPv6" },
        needs: api.needs.to_vec(),
        rate: api.rate,
        note: api.remark,
        row: None,
    }
}

fn of_row(row: Row) -> Entry {
    let urls = urls(row);
    let mut needs = Vec::new();
    for (option, placeholder) in [
        ("username", "[USERNAME]"),
        ("password", "[PASSWORD]"),
        ("param_opt", "[PARAMOPT]"),
        ("domain", ""),
    ] {
        let used = !placeholder.is_empty() && urls.iter().any(|url| url.contains(placeholder));
        let holds = row.get(option);
        if used || holds.is_some() {
            needs.push(Need::new(option, holds.unwrap_or("is needed")));
        }
    }
    let kind = if row.get("dead").is_some() {
        Kind::Gone
    } else if row.get("script").is_some() {
        Kind::Script
    } else {
        Kind::Url
    };
    Entry {
        kind,
        names: row.names().collect(),
        title: row.title(),
        can: match row.mechanism() {
            Mechanism::Url { both: Some(_), .. } => "IPv4+IPv6",
            Mechanism::Url { v6: None, .. } => "IPv4",
            Mechanism::Url { v4: None, .. } => "IPv6",
            Mechanism::Url { .. } | Mechanism::Script(_) | Mechanism::Api(_) => "IPv4 IPv6",
        },
        needs,
        rate: row.rate(),
        note: row.get("note").unwrap_or_default(),
        row: Some(row),
    }
}

/// The URLs that are used.
fn urls(row: Row) -> Vec<String> {
    let mut urls = Vec::new();
    if let Mechanism::Url { v4, v6, both } = row.mechanism() {
        for template in [v4, v6, both].into_iter().flatten() {
            if urls.last() != Some(&template.url) {
                urls.push(template.url);
            }
        }
    }
    urls
}

/// What people call providers that have other names here.
const ALIASES: [(&str, &str); 6] = [
    ("dyndns.com", "dyn.com"),
    ("dyndns", "dyn.com"),
    ("bind", "rfc2136"),
    ("bind9", "rfc2136"),
    ("named", "rfc2136"),
    ("knot", "rfc2136"),
];

/// What somebody who looked for the provider `name` may have meant, as the end of a sentence.
pub fn hint(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if ["dyndns2", "custom", "generic", "url"].contains(&lower.as_str()) {
        return Some("for a server of your own, set option 'update_url' instead".into());
    }
    Some(format!("is it '{}'?", near(&lower)?))
}

/// The name of a provider that `name`, in small letters, was probably meant to be.
fn near(name: &str) -> Option<&'static str> {
    let mut names = Vec::new();
    for entry in all() {
        if entry.kind != Kind::Gone {
            names.extend_from_slice(&entry.names);
        }
    }
    let exact = |name: &str| names.iter().copied().find(|known| *known == name);
    let alias = ALIASES.iter().find(|(known, _)| *known == name).map(|(_, meant)| *meant);
    let (label, rest) = name.split_once('.').unwrap_or((name, ""));
    let begins =
        |known: &&str| known.strip_prefix(name).is_some_and(|it| it.starts_with(['.', '-']));
    let found = exact(name).or(alias).or_else(|| exact(label));
    let found = found.or_else(|| names.iter().copied().find(begins));
    // A host below that of a provider.
    let found = if found.is_none() && rest.contains('.') { near(rest) } else { found };
    found.or_else(|| closest(name, &mut names.iter().copied()))
}

/// The names of definitions in files.
pub struct Definitions {
    /// Those of the owner.
    pub own: Vec<String>,
    /// Those that packages bring.
    pub packaged: Vec<String>,
}

/// One line for each provider, in groups by how they are updated.
pub fn overview(definitions: &Definitions) -> String {
    list(definitions, "")
}

/// The lines of [`overview`] for providers with `word` in their names, in what they need or in what
/// there is to know; `None` if there are none.
pub fn search(definitions: &Definitions, word: &str) -> Option<String> {
    let text = list(definitions, &word.to_ascii_lowercase());
    if text.is_empty() { None } else { Some(text) }
}

/// The lines for what has `word`, which is in lower case, in it.
fn list(definitions: &Definitions, word: &str) -> String {
    let known = all();
    let mut text = String::new();
    group(&mut text, "Your own definitions:", &defined_lines(&definitions.own, word));
    for (kind, group_word, heading) in GROUPS {
        let mut lines = String::new();
        for entry in known.iter().filter(|entry| entry.kind == kind) {
            if word == group_word || entry.has(word) {
                entry.push_lines(&mut lines);
            }
        }
        group(&mut text, heading, &lines);
    }
    let only_packaged = |name: &&String| {
        let is_known = api::find(name).is_some() || table::find(name).is_some();
        !is_known && !definitions.own.contains(name)
    };
    let packaged: Vec<_> = definitions.packaged.iter().filter(only_packaged).cloned().collect();
    group(&mut text, "Defined by a package:", &defined_lines(&packaged, word));
    let mut gone = String::new();
    for entry in known.iter().filter(|entry| entry.kind == Kind::Gone && entry.has(word)) {
        for name in &entry.names {
            gone.push(' ');
            gone.push_str(name);
        }
    }
    if !gone.is_empty() {
        group(&mut text, &format!("These are no more:{gone}"), "\n");
    }
    text
}

/// Appends `lines` under `heading`, with an empty line above it.
fn group(text: &mut String, heading: &str, lines: &str) {
    if lines.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(heading);
    if lines != "\n" {
        text.push('\n');
    }
    text.push_str(lines);
}

/// A line for each definition with `word` in its name.
fn defined_lines(names: &[String], word: &str) -> String {
    let mut lines = String::new();
    for name in names.iter().filter(|name| contains(name, word)) {
        lines.push_str(name);
        lines.push('\n');
    }
    lines
}

/// Whether `text` has `word`, which is in lower case, in it.
fn contains(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().contains(word)
}

impl Entry {
    /// Whether `word`, which is in lower case, is in what the entry says.
    fn has(&self, word: &str) -> bool {
        self.names.iter().any(|name| contains(name, word))
            || contains(self.title, word)
            || contains(self.note, word)
            || self
                .needs
                .iter()
                .any(|need| contains(need.option, word) || contains(need.holds, word))
    }

    /// Appends the provider's line; for each of those that only a script updates, one with its package.
    fn push_lines(&self, text: &mut String) {
        if self.kind == Kind::Script {
            for name in &self.names {
                line(text, &[name, "", &table::script_package(name), ""]);
            }
            return;
        }
        let mut needs = String::new();
        for need in &self.needs {
            needs.push_str(need.option);
            needs.push(' ');
        }
        line(text, &[self.names.first().unwrap_or(&""), self.can, &needs, self.title]);
    }
}

/// The words of a line, each in its column.
fn line(text: &mut String, words: &[&str; 4]) {
    for (word, width) in words.iter().zip([22, 10, 27, 0]) {
        text.push_str(word);
        for _ in word.len().min(width)..width {
            text.push(' ');
        }
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// All about the provider `name`, if the program knows it.
pub fn detail(name: &str) -> Option<String> {
    let entry = all().into_iter().find(|entry| entry.names.contains(&name))?;
    let title = entry.row.map_or(entry.title, |row| row.title_or(name));
    match entry.kind {
        Kind::Script => return None,
        Kind::Gone => {
            let why = entry.row.and_then(|row| row.get("dead"))?;
            return Some(format!("{name}: {title} {why}\n"));
        }
        Kind::Url | Kind::Interface => {}
    }
    let mut text = format!("{name}: {title}\n");
    let mut say = |what: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {what:<10} {value}\n"));
        }
    };
    for other in entry.names.iter().filter(|other| **other != name) {
        say("also", other);
    }
    say(
        "records",
        match entry.can {
            "IPv4+IPv6" => "IPv4 and IPv6, both in one request",
            "IPv4 IPv6" => "IPv4 and IPv6, a request each",
            one => one,
        },
    );
    let removes = |family| entry.row.is_none_or(|row| row.removal(family).is_some());
    match (removes(Family::V4), removes(Family::V6)) {
        (true, true) => say("", "can be removed (option 'remove_after')"),
        (true, false) => say("", "that of IPv4 can be removed (option 'remove_after')"),
        (false, _) => {}
    }
    for need in &entry.needs {
        say(need.option, need.holds);
    }
    if let Some(row) = entry.row {
        let urls = urls(row);
        urls.iter().for_each(|url| say("URL", url));
        if urls.iter().any(|url| url.starts_with("http://")) {
            say("note", "no TLS: anybody on the way can read the password");
        }
        if !urls.iter().any(|url| template::names_address(url)) {
            say("note", "takes the address that a request comes from");
        }
        if let Some(seconds) = row.get("every") {
            say("limit", &format!("one request for a record in {seconds} s"));
        }
    }
    if let Some(Rate { requests, seconds }) = entry.rate {
        say("limit", &format!("{requests} requests of an account in {seconds} s"));
    }
    if let Some(harm) = entry.row.and_then(|row| row.get("alone6")) {
        say("note", &format!("an update of IPv6 alone {harm}"));
    }
    say("note", entry.note);
    text.push_str(&example(name, &entry));
    Some(text)
}

/// The page of a provider that only a script of ddns-scripts updates.
pub fn scripted(name: &str) -> Option<String> {
    let why = table::why_scripted(name)?;
    Some(format!("{name}: {name} {why}\n"))
}

/// A section for the configuration in which only what is written in capitals is to be filled in.
fn example(name: &str, entry: &Entry) -> String {
    // The names of ddns-scripts have other meanings of some options.
    let name = if entry.row.is_none() { entry.names.first().unwrap_or(&name) } else { name };
    let of_row = |key| entry.row.and_then(|row| row.get(key));
    let zone = of_row("zone").unwrap_or("example.com");
    let host = format!("home.{zone}");
    let mut options = vec![("service_name", name)];
    match of_row("domain") {
        None => options.push(("domain", &host)),
        Some(holds) if holds.starts_with("a name") => options.push(("domain", &host)),
        Some(holds) => {
            let domain = if holds.starts_with("the domain") { zone } else { "NUMBER" };
            options.extend([("domain", domain), ("lookup_host", &host)]);
        }
    }
    for need in &entry.needs {
        options.push((
            need.option,
            match need.option {
                "username" => "USERNAME",
                "password" => "PASSWORD",
                "param_enc" => "PARAM_ENC",
                "param_opt" if entry.row.is_some() => "dns.example.net",
                "param_opt" => "http://192.0.2.1:8081",
                "dns_server" => "ns1.example.com",
                _ => continue,
            },
        ));
    }
    if name == "rfc2136" {
        options.extend([("username", "hmac-sha256:KEY"), ("password", "SECRET++")]);
    }
    section(&options)
}

fn section(options: &[(&str, &str)]) -> String {
    let mut text = String::from("\nconfig service 'home'\n\toption enabled '1'\n");
    for (option, value) in options.iter().chain(&[("use_ipv6", "0")]) {
        text.push_str(&format!("\toption {option} '{value}'\n"));
    }
    text
}

/// All about a definition in a file; `whose` says where it comes from.
pub fn defined(name: &str, whose: &str, definition: &Definition) -> String {
    let mut text = format!("{name}: {whose}\n");
    let mut urls = String::new();
    for (family, what) in [(Family::V4, "IPv4"), (Family::V6, "IPv6")] {
        if let Some(block) = definition.block(family) {
            let url = quoted(&block.url);
            text.push_str(&format!("  {what:<10} {}\n", url.trim_matches('"')));
            urls.push_str(&block.url);
        }
    }
    let mut options = vec![("service_name", name), ("domain", "home.example.com")];
    for (option, value) in [
        ("username", "USERNAME"),
        ("password", "PASSWORD"),
        ("param_enc", "PARAMENC"),
        ("param_opt", "PARAMOPT"),
    ] {
        // What a script needs is not known; all of them want these.
        let script = !urls.starts_with("http") && option.len() == 8;
        if script || urls.contains(&format!("[{value}]")) {
            options.push((option, value));
        }
    }
    text.push_str(&section(&options));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_line_and_a_page() {
        let own = ["mine", "ovh.com"].map(str::to_owned).to_vec();
        let packaged = ["ovh.com", "script.example"].map(str::to_owned).to_vec();
        let text = overview(&Definitions { own, packaged });
        for known in all() {
            let name = known.names[0];
            if known.kind == Kind::Script {
                assert!(detail(name).is_none() && text.contains(&format!("\n{name}")), "{name}");
                let page = scripted(name).unwrap();
                assert!(page.contains("package ddns-scripts-"), "{page}");
                continue;
            }
            let page = detail(name).unwrap();
            assert!(page.starts_with(&format!("{name}: {}", known.title)), "{page}");
            if known.kind != Kind::Gone {
                assert!(text.contains(&format!("\n{name} ")), "{name}");
                assert!(page.contains("  records "), "{page}");
            } else {
                assert_eq!(page.lines().count(), 1);
            }
        }
        assert!(
            text.starts_with("Your own definitions:\nmine\novh.com\n\nUpdated by opening"),
            "{text}"
        );
        assert!(text.contains("\n\nDefined by a package:\nscript.example\n\n"), "{text}");
        assert!(text.contains("no more: ") && text.contains(" google.com"), "{text}");
        let groups: Vec<_> = text.lines().filter(|line| line.ends_with(':')).collect();
        assert_eq!(groups.len(), 5, "{groups:?}");
    }

    #[test]
    fn a_word_finds_the_providers_that_have_it() {
        let packaged = vec!["desec.example".to_owned()];
        let definitions = Definitions { own: Vec::new(), packaged };
        let found = search(&definitions, "DeSEC").unwrap();
        let first_words: Vec<_> = found.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(
            first_words,
            ["Updated", "desec.io", "", "Updated", "desec", "", "Defined", "desec.example"],
            "{found}"
        );
        let tokens = search(&definitions, "token").unwrap();
        assert!(tokens.contains("\nduckdns.org ") && !tokens.contains("\ndyn.com "), "{tokens}");
        assert!(search(&definitions, "tzo").unwrap().contains("no more: tzo.com\n"));
        assert!(search(&definitions, "transip").unwrap().contains("script"));
        for (word, of_group) in
            [("url", "zonomi.com "), ("interface", "vultr "), ("script", "one.com ")]
        {
            assert!(
                search(&definitions, word).unwrap().contains(&format!("\n{of_group}")),
                "{word}"
            );
        }
        assert_eq!(search(&definitions, "no such word"), None);
    }

    #[test]
    fn a_page_says_what_the_provider_needs_and_can() {
        assert_eq!(
            detail("dyndns.org").unwrap().lines().take(5).collect::<Vec<_>>(),
            [
                "dyndns.org: Dyn",
                "  also       dyn.com",
                "  records    IPv4 and IPv6, both in one request",
                "  username   is needed",
                "  password   the updater client key",
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
        for (name, meant) in [
            ("duckdns", "duckdns.org"),
            ("dukdns.org", "duckdns.org"),
            ("DuckDNS.org", "duckdns.org"),
            ("www.duckdns.org", "duckdns.org"),
            ("dyndns.com", "dyn.com"),
            ("afraid.org", "afraid.org-basicauth"),
            ("freedns.afraid.org", "afraid.org-basicauth"),
            ("cloudflare.com", "cloudflare"),
            ("Cloudflare", "cloudflare"),
            ("hetzner.com", "hetzner"),
            ("bind", "rfc2136"),
            ("no-ip", "no-ip.com"),
        ] {
            assert_eq!(hint(name), Some(format!("is it '{meant}'?")), "{name}");
        }
        for name in ["dyndns2", "custom"] {
            assert!(hint(name).is_some_and(|it| it.contains("'update_url'")), "{name}");
        }
        for name in ["something.else", "dtdns", ""] {
            assert_eq!(hint(name), None, "{name}");
        }
    }

    #[test]
    fn the_listing_says_what_the_interfaces_do() {
        assert!(detail("gandi").unwrap().contains("a request each"));
        assert!(detail("cloudflare").unwrap().contains("both in one request"));
    }

    #[test]
    fn a_definition_is_shown_without_what_a_terminal_obeys() {
        let json =
            r#"{"ipv4": {"url": "http://[USERNAME]:[PASSWORD]@a/\u001b[31m\u009b[DOMAIN]"}}"#;
        let definition = crate::config::definition::parse(json).unwrap();
        let text = defined("a.example", "your own definition", &definition);
        assert!(text.contains("/\\u{1b}[31m\\u{9b}[DOMAIN]\n"), "{text}");
        assert!(text.contains("\toption username 'USERNAME'\n"), "{text}");
        assert!(!text.contains("param"), "{text}");
    }
}
