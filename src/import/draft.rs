//! A section of `/etc/config/ddns` on its way, and how it is written.

use super::remark::Remarks;
use super::words::{self, has, is_no};
use crate::config::uci::quote;
use crate::model::sorted::Map;
use crate::text;

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

/// A section on its way. There is no `Debug`, because options may be secrets.
pub(super) struct Draft {
    /// The line of the other client's file that it comes from.
    pub line: usize,
    /// The domain names.
    pub names: Vec<String>,
    /// Which records follow the address.
    pub records: Records,
    /// Whether it can run as it is.
    pub enabled: bool,
    /// Options in the order in which they are written. Those that begin with a dot are not.
    options: Vec<(&'static str, String)>,
}

/// The options that say where the address comes from, each for one value of `ip_source`.
const SOURCES: &[(&str, &str)] =
    &[("interface", "ip_interface"), ("web", "ip_url"), ("script", "ip_script")];

const ASKED: &str = "the address is asked for at intervals, as before; where this router has the public address \
    itself, ip_source 'network' or 'interface' follows the kernel without asking, and behind another router \
    ip_source 'gateway' does";

impl Draft {
    pub(super) fn new(line: usize, records: Records) -> Self {
        Self { line, names: Vec::new(), records, enabled: true, options: Vec::new() }
    }

    /// Sets an option; an empty value takes it away. `domain` adds a name.
    pub(super) fn add(&mut self, option: &'static str, value: &str) {
        if option == "domain" {
            return self.names.push(value.to_owned());
        }
        self.take(option);
        if !value.is_empty() {
            self.options.push((option, value.to_owned()));
        }
    }

    /// The value of an option; empty if it is not set.
    pub(super) fn get(&self, option: &str) -> &str {
        match self.position(option) {
            Some(index) => &self.options[index].1,
            None => "",
        }
    }

    /// Takes the value of an option away, and returns it.
    pub(super) fn take(&mut self, option: &str) -> String {
        match self.position(option) {
            Some(index) => self.options.remove(index).1,
            None => String::new(),
        }
    }

    /// Sets an option to these texts, one after the other.
    pub(super) fn join(&mut self, option: &'static str, texts: &[&str]) {
        self.add(option, &texts.concat());
    }

    /// Sets the option `to` to what `from` has, and takes `from` away.
    pub(super) fn rename(&mut self, from: &str, to: &'static str) {
        let value = self.take(from);
        self.add(to, &value);
    }

    /// Replaces texts in the value of an option, one after the other.
    pub(super) fn replace(&mut self, option: &'static str, replacements: &[(&str, &str)]) {
        let mut value = self.take(option);
        for (theirs, ours) in replacements {
            value = words::replace(&value, theirs, ours);
        }
        self.add(option, &value);
    }

    /// Whether the value of an option means yes.
    pub(super) fn is_yes(&self, option: &str) -> bool {
        text::has("true yes on 1", self.get(option))
    }

    /// The scheme of a URL: without TLS if the option says no to it.
    pub(super) fn scheme(&self, option: &str) -> &'static str {
        if is_no(self.get(option)) { "http://" } else { "https://" }
    }

    /// Takes away what is not written.
    pub(super) fn finish(&mut self) {
        self.options.retain(|(option, _)| !option.starts_with('.'));
    }

    fn position(&self, option: &str) -> Option<usize> {
        self.options.iter().position(|(known, _)| *known == option)
    }

    /// Whether an option has `text` in its value.
    pub(super) fn mentions(&self, text: &str) -> bool {
        self.options.iter().any(|(_, value)| has(value, text))
    }

    /// Sets where the address comes from, and how often it is asked for: every `.period` seconds.
    pub(super) fn set_source(&mut self, source: &'static str, remarks: &mut Remarks) {
        for &(other, option) in SOURCES {
            if other != source {
                self.take(option);
            }
        }
        self.add("ip_source", source);
        if matches!(source, "web" | "script") {
            remarks.advise(self.line, ASKED);
            self.set_interval("check_interval", "check_unit", ".period", 300);
        }
    }

    /// Sets an interval to that of the option `from`, but to `least` seconds at least.
    pub(super) fn set_interval(
        &mut self,
        option: &'static str,
        unit: &'static str,
        from: &str,
        least: u64,
    ) {
        if let Some(seconds) = seconds(self.get(from)) {
            self.add(option, &seconds.max(least).to_string());
            if !unit.is_empty() {
                self.add(unit, "seconds");
            }
        }
    }

    /// Whether both are the same but for the IP version: A and AAAA of the same names.
    fn is_twin(&self, other: &Self) -> bool {
        self.records == Records::V4
            && other.records == Records::V6
            && self.line == other.line
            && self.enabled == other.enabled
            && self.names == other.names
            && self.options == other.options
    }

    /// The section's name: the first label of its first name, as far as UCI allows its characters.
    fn label(&self) -> String {
        let mut label = String::new();
        for c in self.names.first().map_or("", String::as_str).chars() {
            match c {
                '.' => break,
                '-' => label.push('_'),
                c if c.is_ascii_alphanumeric() || c == '_' => label.push(c),
                _ => {}
            }
        }
        if label.is_empty() {
            label.push_str("ddns");
        }
        if self.records == Records::V6 {
            label.push_str("_v6");
        }
        label
    }

    /// Writes the section under the name `label`.
    fn write(&self, label: &str, uci: &mut String) {
        uci.push_str(&["\nconfig service '", label, "'\n"].concat());
        write_line(uci, "option enabled ", if self.enabled { "1" } else { "0" });
        // ddns-scripts and LuCI's form for it require this option.
        write_line(uci, "option lookup_host ", &self.names[0]);
        let key = if self.names.len() == 1 { "option domain " } else { "list domain " };
        for name in &self.names {
            write_line(uci, key, name);
        }
        write_line(uci, "option use_ipv6 ", if self.records == Records::V6 { "1" } else { "0" });
        if self.records == Records::Both {
            write_line(uci, "option also_ipv6 ", "1");
        }
        for (option, value) in &self.options {
            write_line(uci, &["option ", option, " "].concat(), value);
        }
    }
}

fn write_line(uci: &mut String, key: &str, value: &str) {
    uci.push_str(&["\t", key, &quote(value), "\n"].concat());
}

/// Adds a section. One that differs from the last only in the IP version becomes part of that.
pub(super) fn add(drafts: &mut Vec<Draft>, draft: Draft) {
    // The clients have settings for one family alone, so each block has been applied once for each family.
    match drafts.last_mut() {
        Some(last) if last.is_twin(&draft) => last.records = Records::Both,
        Some(_) | None => drafts.push(draft),
    }
}

/// The text of a UCI file with these sections.
pub(super) fn write(drafts: &[Draft], remarks: &mut Remarks) -> String {
    let mut uci = String::new();
    let mut taken = Map::new();
    // The owner's file has `config ddns 'global'`, and a section of the same name would replace it.
    taken.insert("global".to_owned(), 1);
    for draft in drafts {
        if draft.names.is_empty() {
            remarks.lose(draft.line, "no section is made of this: it has no domain name");
        } else {
            draft.write(&unused(draft.label(), &mut taken), &mut uci);
        }
    }
    uci
}

/// `label` if it is not `taken`, otherwise with the next number behind it that makes it a new one: `www_2`.
/// `taken` has the last number behind each.
fn unused(label: String, taken: &mut Map<String, usize>) -> String {
    let mut unused = label.clone();
    while taken.contains_key(&unused) {
        let number = taken.get_or_insert(label.clone(), 1);
        *number += 1;
        unused = format!("{label}_{number}");
    }
    taken.insert(unused.clone(), 1);
    unused
}

/// `value` in seconds: a number with `s`, `m`, `h`, `d` or `w` behind it, or without.
fn seconds(value: &str) -> Option<u64> {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let unit = match value.as_bytes().get(digits) {
        None | Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3600,
        Some(b'd') => 86_400,
        Some(b'w') => 604_800,
        Some(_) => return None,
    };
    value[..digits].parse::<u64>().ok()?.checked_mul(unit)
}
