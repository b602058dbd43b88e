//! What is written: sections of `/etc/config/ddns`.

use super::remark::Remarks;
use crate::config::uci::quote;
use crate::text::quoted::is_visible;

/// Where the address of a section comes from.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A device of the kernel.
    Device(&'a str),
    /// A page; empty for the usual one.
    Page(&'a str),
    /// The output of a command.
    Command(&'a str),
    /// The router before this one.
    Gateway,
}

/// Which records a section has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Records {
    /// A.
    V4,
    /// AAAA.
    V6,
    /// A and AAAA.
    Both,
}

/// A section on its way.
#[derive(Clone)]
pub(super) struct Draft {
    /// The line of the other client's file that it comes from.
    pub line: usize,
    /// The domain names.
    pub names: Vec<String>,
    /// Which records follow the address.
    pub records: Records,
    /// Whether it can run as it is.
    pub enabled: bool,
    options: Vec<(&'static str, String)>,
}

const ASKED: &str = "the address is asked for at intervals, as before; where this router has the public address \
    itself, ip_source 'network' or 'interface' follows the kernel without asking, and behind another router \
    ip_source 'gateway' does";

impl Draft {
    pub(super) fn new(line: usize, records: Records) -> Self {
        Self { line, names: Vec::new(), records, enabled: true, options: Vec::new() }
    }

    /// Sets an option; an empty value takes it away.
    pub(super) fn set(&mut self, option: &'static str, value: &str) {
        self.options.retain(|(known, _)| *known != option);
        if !value.is_empty() {
            self.options.push((option, value.to_owned()));
        }
    }

    /// The value of an option; empty if it is not set.
    pub(super) fn get(&self, option: &str) -> &str {
        let found = self.options.iter().find(|(known, _)| *known == option);
        found.map_or("", |(_, value)| value)
    }

    /// Sets where the address comes from, as `line` says.
    pub(super) fn set_origin(&mut self, line: usize, origin: Origin<'_>, remarks: &mut Remarks) {
        let (source, option, value) = match origin {
            Origin::Device(device) => ("interface", "ip_interface", device),
            Origin::Page(url) => ("web", "ip_url", url),
            Origin::Command(command) => ("script", "ip_script", command),
            Origin::Gateway => ("gateway", "", ""),
        };
        if matches!(origin, Origin::Page(_) | Origin::Command(_)) {
            remarks.advise(line, ASKED);
        }
        self.set("ip_source", source);
        self.set(option, value);
    }

    /// Sets an interval of the options `option` and `unit`.
    pub(super) fn set_interval(
        &mut self,
        option: &'static str,
        unit: &'static str,
        seconds: Option<u64>,
    ) {
        if let Some(seconds) = seconds {
            self.set(option, &seconds.to_string());
            self.set(unit, "seconds");
        }
    }

    /// Whether both are the same but for the IP version: A and AAAA of the same names.
    fn is_twin(&self, other: &Self) -> bool {
        self.records == Records::V4
            && other.records == Records::V6
            && (&self.names, self.enabled, &self.options)
                == (&other.names, other.enabled, &other.options)
    }

    /// The lines of the section under this name.
    fn write(&self, name: &str, uci: &mut String) {
        uci.push_str(&["\nconfig service ", &quote(name), "\n"].concat());
        write_line(uci, "option", "enabled", if self.enabled { "1" } else { "0" });
        if self.get("lookup_host").is_empty() {
            write_line(uci, "option", "lookup_host", self.names.first().map_or("", String::as_str));
        }
        if self.get("domain").is_empty() {
            let kind = if self.names.len() > 1 { "list" } else { "option" };
            for name in &self.names {
                write_line(uci, kind, "domain", name);
            }
        }
        let use_ipv6 = if self.records == Records::V6 { "1" } else { "0" };
        write_line(uci, "option", "use_ipv6", use_ipv6);
        if self.records == Records::Both {
            write_line(uci, "option", "also_ipv6", "1");
        }
        for (option, value) in &self.options {
            write_line(uci, "option", option, value);
        }
    }

    /// Tells the owner of characters that no terminal shows, and takes them away: in a UCI file they would be
    /// a trap, and in a password they are hardly meant.
    fn clean(&mut self, remarks: &mut Remarks) {
        for (option, value) in &mut self.options {
            if !value.chars().all(is_visible) {
                value.retain(is_visible);
                let text = format!(
                    "option '{option}' lacks characters that cannot be shown; write it anew"
                );
                remarks.lose(self.line, text);
            }
        }
        for name in &mut self.names {
            name.retain(is_visible);
        }
    }

    /// The section's name: the first label of its first name, as far as UCI allows its characters.
    fn label(&self) -> String {
        let name = self.names.first().map_or("", String::as_str);
        let mut label = name.split('.').next().unwrap_or_default().replace('-', "_");
        label.retain(|c| c.is_ascii_alphanumeric() || c == '_');
        if label.is_empty() {
            label.push_str("ddns");
        }
        if self.records == Records::V6 {
            label.push_str("_v6");
        }
        label
    }
}

fn write_line(uci: &mut String, kind: &str, option: &str, value: &str) {
    uci.push_str(&["\t", kind, " ", option, " ", &quote(value), "\n"].concat());
}

/// The text of a UCI file with these sections. Sections that differ only in the IP version become one.
pub(super) fn write(drafts: Vec<Draft>, remarks: &mut Remarks) -> String {
    let mut uci = String::new();
    let mut labels: Vec<String> = Vec::new();
    for mut draft in joined(drafts) {
        draft.clean(remarks);
        if draft.names.is_empty() {
            remarks.lose(draft.line, "no section is made of this: it has no domain name");
            continue;
        }
        let label = unused(&labels, draft.label());
        draft.write(&label, &mut uci);
        labels.push(label);
    }
    uci
}

/// `label`, or it with the first number that makes it differ from `labels`.
fn unused(labels: &[String], label: String) -> String {
    let mut unused = label.clone();
    let mut number = 2;
    while labels.contains(&unused) {
        unused = format!("{label}_{number}");
        number += 1;
    }
    unused
}

/// `drafts` without those whose records a draft before them can have, too.
fn joined(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut joined: Vec<Draft> = Vec::new();
    for draft in drafts {
        match joined.last_mut() {
            Some(last) if last.is_twin(&draft) => last.records = Records::Both,
            Some(_) | None => joined.push(draft),
        }
    }
    joined
}
