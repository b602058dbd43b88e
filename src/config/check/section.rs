//! `config service`: what is published, and the parts of the section put together.

use std::collections::BTreeSet;

use super::Environment;
use super::reader::Reader;
use super::words::{check_host, is_flag};
use super::{provider, source, timing, transport};
use crate::config::{Family, Hostname, Lookup, Section, Severity};

/// Reads an enabled section. Only usable if the reader has no error afterwards.
pub(super) fn read(
    reader: &mut Reader<'_>,
    env: &impl Environment,
    private_addresses: bool,
) -> Section {
    let families = families(reader);
    let names = names(reader);
    let lookup = lookup(reader, &names);
    let source = source::read(reader, env);
    let provider = provider::read(reader, env, &families);
    reader.warn_about_unknown(provider.script().is_some());
    let transport = transport::read(reader, env, &families);
    let timing = timing::read(reader, &source, &provider.label);
    Section {
        name: reader.section.name.clone(),
        line: reader.section.line,
        names,
        families,
        event_network: source::event_network(reader),
        lookup,
        source,
        transport,
        timing,
        log: transport::log(reader),
        private_addresses,
        temporary_addresses: reader.flag("allow_temporary", false),
        record: provider::record(reader, &provider),
        provider,
    }
}

fn families(reader: &mut Reader<'_>) -> Vec<Family> {
    let text = reader.text("use_ipv6").unwrap_or("0");
    match (text, is_flag(text)) {
        ("both", _) => vec![Family::V4, Family::V6],
        (_, Some(true)) => vec![Family::V6],
        (_, Some(false)) => vec![Family::V4],
        (_, None) => {
            reader.fail("use_ipv6", format!("{text:?} is not 0, 1 or 'both'"));
            vec![Family::V4]
        }
    }
}

/// How the registered address is looked up. Upstream writes a missing `lookup_host` into the
/// configuration; here it is only taken for granted.
fn lookup(reader: &mut Reader<'_>, names: &[Hostname]) -> Lookup {
    for option in ["lookup_host", "dns_server"] {
        if let Some(Err(why)) = reader.text(option).map(check_host) {
            reader.fail(option, why);
        }
    }
    let host = reader.text("lookup_host").map(str::to_owned);
    // `host@zone`, as some provider scripts have it, with an empty host for the zone itself.
    let first = || names.first().map(|name| name.as_str().replace('@', ".")).unwrap_or_default();
    Lookup {
        host: host.unwrap_or_else(first).trim_start_matches('.').to_owned(),
        server: reader.text("dns_server").map(str::to_owned),
        tcp: reader.flag("force_dnstcp", false),
        glue: reader.flag("is_glue", false),
    }
}

/// `domain`, or `lookup_host` where there is none: upstream lets a section go without a domain if
/// its URL has no place for one.
fn names(reader: &mut Reader<'_>) -> Vec<Hostname> {
    let option = if reader.values("domain").is_empty() { "lookup_host" } else { "domain" };
    let values = reader.values(option);
    if values.is_empty() {
        reader.lacks("needs option 'domain'");
    }
    let names = values.into_iter();
    let names = names.flat_map(|(text, line)| names_of(reader, option, text, line));
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// The names in one value, usually one.
fn names_of(reader: &mut Reader<'_>, option: &str, text: &str, line: usize) -> Vec<Hostname> {
    let separator = |c: char| c.is_ascii_whitespace() || c == ',';
    let words: Vec<_> = text.split(separator).filter(|it| !it.is_empty()).collect();
    if words.len() > 1 {
        let text = format!("holds several names; write a 'list {option}' line for each");
        reader.about_value(Severity::Warning, option, line, &text);
    }
    if words.is_empty() {
        reader.about_value(Severity::Error, option, line, "a name cannot be empty");
    }
    let mut names = Vec::new();
    for word in words {
        match Hostname::parse(word) {
            Ok(name) => names.push(name),
            Err(why) => {
                let text = format!("{word:?}: {why}");
                reader.about_value(Severity::Error, option, line, &text);
            }
        }
    }
    names
}
