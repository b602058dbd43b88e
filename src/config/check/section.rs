//! `config service`: what is published, and the parts of the section put together.

use super::Environment;
use super::reader::Reader;
use super::words::is_flag;
use super::{ddns_scripts_options, provider, source, timing, transport};
use crate::config::{Lookup, Section, Severity};
use crate::model::sorted::Set;
use crate::model::{Family, HostPort, Hostname};
use crate::provider::Mechanism;
use crate::text::quoted::quoted;

/// Reads an enabled section. Only usable if the reader has no error afterwards.
pub(super) fn read(
    reader: &mut Reader<'_>,
    env: &impl Environment,
    private_addresses: bool,
) -> Section {
    let families = families(reader);
    let (mut names, oddities) = names(reader);
    let source = source::read(reader, env);
    let server = reader.parsed("dns_server", HostPort::parse);
    let mut provider = provider::read(reader, env, &families, server.as_ref());
    // Interfaces need names of the DNS; to other providers they are only words.
    let severity = match provider.mechanism {
        Mechanism::Api(_) => Severity::Error,
        Mechanism::Url(_) | Mechanism::Script(_) => Severity::Warning,
    };
    for Oddity { option, line, text } in oddities {
        reader.about_value(severity, option, line, &text);
    }
    reader.warn_about_unknown(provider.script().is_some());
    let mut record = provider::record(reader, &provider);
    ddns_scripts_options::translate(reader, &mut names, &mut provider, &mut record);
    provider::one_record(reader, &provider, &record, names.len() * families.len());
    let lookup = lookup(reader, &names, server);
    let transport = transport::read(reader, env, &families, &provider);
    let timing = timing::read(reader, &source, &provider);
    let mut section = Section {
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
        record,
        provider,
    };
    section.timing.remove_after = timing::removal(reader, &section);
    section
}

/// The records of each name: the one that `use_ipv6` names, or both. LuCI's form destroys a section
/// whose `use_ipv6` is neither `0` nor `1`, and leaves options alone that it does not know: so
/// `also_ipv6` is an option of its own.
fn families(reader: &mut Reader<'_>) -> Vec<Family> {
    let both = reader.flag("also_ipv6", false);
    let text = reader.text("use_ipv6").unwrap_or("0");
    match (text, is_flag(text.trim())) {
        ("both", _) => vec![Family::V4, Family::V6],
        (_, Some(_)) if both => vec![Family::V4, Family::V6],
        (_, Some(true)) => vec![Family::V6],
        (_, Some(false)) => vec![Family::V4],
        (_, None) => {
            reader.fail("use_ipv6", format!("{} is not 0, 1 or 'both'", quoted(text)));
            vec![Family::V4]
        }
    }
}

/// How the registered address is looked up. Upstream writes a missing `lookup_host` into the
/// configuration; here it is only taken for granted.
fn lookup(reader: &mut Reader<'_>, names: &[Hostname], server: Option<HostPort>) -> Lookup {
    let written = reader.parsed("lookup_host", Hostname::parse);
    let host = written.as_ref().or(names.first()).map(Hostname::in_dns);
    Lookup {
        host: host.unwrap_or_default(),
        server,
        tcp: reader.flag("force_dnstcp", false),
        glue: reader.flag("is_glue", false),
    }
}

/// What is odd about a name.
struct Oddity {
    option: &'static str,
    line: usize,
    text: String,
}

/// `domain`, or `lookup_host` where there is none: upstream lets a section go without a domain if
/// its URL has no place for one.
fn names(reader: &mut Reader<'_>) -> (Vec<Hostname>, Vec<Oddity>) {
    let option = if reader.values("domain").is_empty() { "lookup_host" } else { "domain" };
    let values = reader.values(option);
    if values.is_empty() {
        reader.lacks("needs option 'domain'");
    }
    let mut names = Vec::new();
    let mut oddities = Vec::new();
    let mut unusable = Vec::new();
    let mut seen = Set::new();
    for (text, line) in values {
        for word in names_of(reader, option, text, line) {
            let name = match Hostname::parse(word) {
                Ok(name) => name,
                Err(why) => {
                    unusable.push((word, line, why));
                    continue;
                }
            };
            if !word.is_ascii() {
                let text = format!("{} is used in its DNS form: {name}", quoted(word));
                reader.about_value(Severity::Warning, option, line, &text);
            }
            if !seen.insert(name.clone()) {
                continue;
            }
            let odd = name.dns_problem().map(|why| format!("{}: {why}", quoted(name.written())));
            oddities.extend(odd.map(|text| Oddity { option, line, text }));
            names.push(name);
        }
    }
    for (word, line, why) in unusable {
        let text = format!("{}: {why}", quoted(word));
        if word.is_ascii() || names.is_empty() {
            reader.about_value(Severity::Error, option, line, &text);
        } else {
            let text = format!("{text}; the name is left out");
            reader.about_value(Severity::Warning, option, line, &text);
        }
    }
    (names, oddities)
}

/// The names in one value, usually one.
fn names_of<'a>(reader: &mut Reader<'_>, option: &str, text: &'a str, line: usize) -> Vec<&'a str> {
    let separator = |c: char| c.is_ascii_whitespace() || c == ',';
    let words: Vec<_> = text.split(separator).filter(|it| !it.is_empty()).collect();
    // LuCI's form writes a list of names as one value, with spaces.
    if words.len() > 1 && text.contains(',') {
        let text = format!("holds several names; write a 'list {option}' line for each");
        reader.about_value(Severity::Warning, option, line, &text);
    }
    if words.is_empty() {
        reader.about_value(Severity::Error, option, line, "a name cannot be empty");
    }
    words
}
