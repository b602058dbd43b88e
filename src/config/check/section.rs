//! Reads `config service`: the names and families, and with the help of other files all the rest.

use super::reader::Reader;
use super::value_syntax::parse_flag;
use super::{ddns_scripts_options, gate, host, provider, source, timing, transport};
use crate::config::host::Lan;
use crate::config::{Lookup, Section, Severity};
use crate::dns::Protocol;
use crate::model::sorted::Set;
use crate::model::{Family, HostPort, Hostname};
use crate::provider::{Mechanism, Provider};
use crate::text::quoted::quoted;

/// Reads an enabled section. The result may be used only if the reader has no error afterwards.
pub(super) fn read(reader: &mut Reader<'_>, private_addresses: bool) -> Section {
    let lan = host::read(reader);
    let read = names(reader, &lan);
    let mut names = read.without_lines();
    let (families, all) = families(reader, &names, &lan);
    let source = source::read(reader);
    let server = reader.parsed("dns_server", HostPort::parse);
    let mut provider = provider::read(reader, &all, server.as_ref());
    host::check(reader, &lan, &provider);
    read.report_invalid_in_dns(reader, &provider);
    reader.warn_about_unknown(provider.script().is_some());
    let mut record = provider::record(reader, &provider);
    // Before everything below, which takes names and options as they are meant here.
    ddns_scripts_options::translate(reader, &mut names, &mut provider, &mut record);
    // That can make the same name of two.
    keep_each_once(&mut names);
    let records = names.len() * families.len() + lan.hosts.len();
    provider::one_record(reader, &provider, &record, records);
    let lookup = lookup(reader, names.first().or_else(|| lan.first_name()), server);
    let transport = transport::read(reader, &all, &provider);
    let timing = timing::read(reader, &source, &provider);
    let mut section = Section {
        name: reader.section.name.clone(),
        line: reader.section.line,
        names,
        families,
        lan,
        event_network: source::event_network(reader),
        gates: gate::read(reader),
        lookup,
        check_foreign: reader.flag("check_foreign", true),
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

fn keep_each_once(names: &mut Vec<Hostname>) {
    let mut seen = Set::new();
    names.retain(|name| seen.insert(name.clone()));
}

/// The families of the records of `names`, and of all records. A section whose names are all hosts' has no
/// record with the router's address.
fn families(reader: &mut Reader<'_>, names: &[Hostname], lan: &Lan) -> (Vec<Family>, Vec<Family>) {
    let (mut v4, mut v6) = families_of_names(reader);
    let has_hosts = !lan.hosts.is_empty();
    if has_hosts && names.is_empty() {
        (v4, v6) = (false, false);
    }
    (list(v4, v6), list(v4, v6 || has_hosts))
}

/// The families as a list, IPv4 first.
fn list(v4: bool, v6: bool) -> Vec<Family> {
    let mut families = Vec::new();
    if v4 {
        families.push(Family::V4);
    }
    if v6 {
        families.push(Family::V6);
    }
    families
}

/// Whether each name has a record for IPv4, and for IPv6.
fn families_of_names(reader: &mut Reader<'_>) -> (bool, bool) {
    // `also_ipv6` is a separate option because of LuCI's form. The form damages a section whose `use_ipv6` is neither
    // `0` nor `1`, and leaves options alone that it does not know.
    let both = reader.flag("also_ipv6", false);
    let text = reader.text("use_ipv6").unwrap_or("0");
    if text == "both" {
        return (true, true);
    }
    match parse_flag(text.trim()) {
        Some(v6) => (both || !v6, both || v6),
        None => {
            reader.refuse("use_ipv6", text, "is not 0, 1 or 'both'");
            (true, false)
        }
    }
}

/// How the registered address is looked up. Without `lookup_host` the first name is used.
fn lookup(reader: &mut Reader<'_>, first: Option<&Hostname>, server: Option<HostPort>) -> Lookup {
    let written = reader.parsed("lookup_host", Hostname::parse);
    // ddns-scripts writes the first name into the configuration then. This program never writes that file.
    let host = written.as_ref().or(first).map(Hostname::in_dns);
    let protocol = transport::protocol(reader);
    if protocol == Protocol::Tls && !reader.is_set("dns_server") {
        let text = format_args!(
            "needs option 'dns_server', the server that takes questions over TLS: the zone's own name \
             servers are asked without TLS"
        );
        reader.fail("dns_tls", text);
    }
    Lookup { host: host.unwrap_or_default(), server, protocol, glue: reader.flag("is_glue", false) }
}

/// The names of a section.
struct NamesRead<'a> {
    /// The option that they are from.
    option: &'static str,
    /// The names, each once, with their lines.
    names: Vec<(Hostname, usize)>,
    seen: Set<Hostname>,
    /// Words that are no names, with their lines and the reason.
    unusable: Vec<(&'a str, usize, String)>,
}

impl<'a> NamesRead<'a> {
    /// Takes in a word of a value in this line.
    fn add(&mut self, reader: &mut Reader<'_>, word: &'a str, line: usize) {
        let name = match Hostname::parse(word) {
            Ok(name) => name,
            Err(why) => return self.unusable.push((word, line, why)),
        };
        if !word.is_ascii() {
            let text = format_args!("{} is used in its DNS form: {name}", quoted(word));
            reader.about_value(Severity::Warning, self.option, line, text);
        }
        if self.seen.insert(name.clone()) {
            self.names.push((name, line));
        }
    }

    /// Reports the words that are no names.
    fn report_unusable(&self, reader: &mut Reader<'_>) {
        for (word, line, error) in &self.unusable {
            // Without a name that is not ASCII the section runs, if it has others.
            let (severity, end) = if word.is_ascii() || self.names.is_empty() {
                (Severity::Error, "")
            } else {
                (Severity::Warning, "; the name is left out")
            };
            let text = format_args!("{}: {error}{end}", quoted(word));
            reader.about_value(severity, self.option, *line, text);
        }
    }

    /// Reports the names that are not valid in DNS.
    fn report_invalid_in_dns(&self, reader: &mut Reader<'_>, provider: &Provider) {
        let severity = match provider.mechanism {
            Mechanism::Api(_) => Severity::Error,
            // Here a name is only text, so the provider may accept it.
            Mechanism::Url(_) | Mechanism::Script(_) => Severity::Warning,
        };
        for (name, line) in &self.names {
            if let Some(problem) = name.dns_problem() {
                let text = format_args!("{}: {problem}", quoted(name.written()));
                reader.about_value(severity, self.option, *line, text);
            }
        }
    }

    fn without_lines(&self) -> Vec<Hostname> {
        let mut names = Vec::new();
        for (name, _) in &self.names {
            names.push(name.clone());
        }
        names
    }
}

/// The names in `domain`, or in `lookup_host` if there is neither `domain` nor a host.
// As in ddns-scripts, a section needs no `domain` if its URL has no `[DOMAIN]`.
fn names<'a>(reader: &mut Reader<'a>, lan: &Lan) -> NamesRead<'a> {
    let has_domain = reader.has_values("domain") || !lan.hosts.is_empty();
    let option = if has_domain { "domain" } else { "lookup_host" };
    let values = reader.values(option);
    if values.is_empty() && lan.hosts.is_empty() {
        reader.lacks(format_args!("needs option 'domain'"));
    }
    let mut read = NamesRead { option, names: Vec::new(), seen: Set::new(), unusable: Vec::new() };
    for (text, line) in values {
        for word in words_of(reader, option, text, line) {
            read.add(reader, word, line);
        }
    }
    read.report_unusable(reader);
    read
}

/// The names in one value, which are separated by white space or commas.
fn words_of<'a>(reader: &mut Reader<'_>, option: &str, text: &'a str, line: usize) -> Vec<&'a str> {
    let mut words = Vec::new();
    for part in text.split(',') {
        words.extend(part.split_ascii_whitespace());
    }
    // LuCI's form writes several names as one value with spaces, so these need no warning.
    if words.len() > 1 && text.contains(',') {
        let text = format_args!("holds several names; write a 'list {option}' line for each");
        reader.about_value(Severity::Warning, option, line, text);
    }
    if words.is_empty() {
        reader.about_value(Severity::Error, option, line, format_args!("a name cannot be empty"));
    }
    words
}
