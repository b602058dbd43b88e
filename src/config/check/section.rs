//! `config service`: what is published, and the parts of the section put together.

use super::Environment;
use super::reader::Reader;
use super::words::{check_host, is_flag};
use super::{provider, source, timing, transport};
use crate::config::{Family, Hostname, Section};

/// Reads an enabled section. Only usable if the reader has no error afterwards.
pub(super) fn read(
    reader: &mut Reader<'_>,
    env: &impl Environment,
    private_addresses: bool,
) -> Section {
    reader.warn_about_unknown();
    let families = families(reader);
    let names = names(reader);
    let source = source::read(reader, env);
    let provider = provider::read(reader, env, &families);
    let https = transport::uses_https(&provider, &source);
    let transport = transport::read(reader, env, &families, https);
    let timing = timing::read(reader, &source, &provider.label);
    Section {
        name: reader.section.name.clone(),
        line: reader.section.line,
        names,
        families,
        source,
        transport,
        timing,
        log: transport::log(reader),
        private_addresses,
        temporary_addresses: reader.flag("allow_temporary", false),
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

/// `domain`, or `lookup_host` where there is none: upstream lets a section go without a domain if
/// its URL has no place for one.
fn names(reader: &mut Reader<'_>) -> Vec<Hostname> {
    let lookup = reader.text("lookup_host");
    if let Some(Err(why)) = lookup.map(check_host) {
        reader.fail("lookup_host", why);
    }
    let option = match reader.values("domain").is_empty() {
        false => "domain",
        true => "lookup_host",
    };
    let mut names = Vec::new();
    let values = reader.values(option);
    for (text, line) in &values {
        add_names(reader, option, (text, *line), &mut names);
    }
    if values.is_empty() {
        reader.lacks("needs option 'domain'");
    }
    names
}

/// One value, which may hold several names.
fn add_names(
    reader: &mut Reader<'_>,
    option: &str,
    (text, line): (&str, usize),
    names: &mut Vec<Hostname>,
) {
    let separator = |c: char| c.is_ascii_whitespace() || c == ',';
    let words: Vec<_> = text.split(separator).filter(|it| !it.is_empty()).collect();
    if words.len() > 1 {
        reader.warn(
            option,
            format!("holds several names; write a 'list {option}' line for each"),
        );
    }
    if words.is_empty() {
        reader.fail_at(line, option, "a name cannot be empty");
    }
    for word in words {
        match Hostname::parse(word) {
            Ok(name) if names.contains(&name) => {}
            Ok(name) => names.push(name),
            Err(why) => reader.fail_at(line, option, &format!("{word:?}: {why}")),
        }
    }
}
