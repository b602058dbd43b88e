//! What the three formats have in common: settings with keys, in blocks.

use super::remark::Remarks;
use super::section::Draft;

/// A key and its value, at a line.
#[derive(Clone, Default)]
pub(super) struct Setting {
    /// The line, from 1 on.
    pub line: usize,
    /// The key, in the spelling of the client.
    pub key: String,
    /// The value. It may be a secret.
    pub value: String,
}

/// Settings that belong together: those of a provider, or of the whole file. There is no `Debug`, because
/// values may be secrets.
#[derive(Clone, Default)]
pub(super) struct Block {
    /// The line on which it begins.
    pub line: usize,
    /// What stands before it, as the provider of inadyn.
    pub title: String,
    /// The settings in the order of the file. Of several with one key, the last one counts, or all of a list.
    pub settings: Vec<Setting>,
}

impl Block {
    pub(super) fn push(&mut self, line: usize, key: &str, value: &str) {
        self.settings.push(Setting { line, key: key.to_owned(), value: value.to_owned() });
    }

    /// The setting of `key`; `None` also if its value is empty.
    pub(super) fn setting(&self, key: &str) -> Option<&Setting> {
        let setting = self.settings.iter().rev().find(|setting| setting.key == key)?;
        if setting.value.is_empty() { None } else { Some(setting) }
    }

    /// The value of `key`; empty if there is none.
    pub(super) fn get(&self, key: &str) -> &str {
        self.setting(key).map_or("", |setting| &setting.value)
    }

    /// All values of `key`, those of a list.
    pub(super) fn all(&self, key: &str) -> Vec<String> {
        let settings = self.settings.iter().filter(|setting| setting.key == key);
        settings.map(|setting| setting.value.clone()).collect()
    }

    /// The settings whose keys begin with `prefix` and a dot, without that.
    pub(super) fn below(&self, prefix: &str) -> Self {
        let mut block = Self { line: self.line, ..Self::default() };
        for Setting { line, key, value } in &self.settings {
            if let Some((before, key)) = key.split_once('.')
                && before == prefix
            {
                block.push(*line, key, value);
            }
        }
        block
    }

    /// The line of `key`, or that of the block.
    pub(super) fn line_of(&self, key: &str) -> usize {
        self.setting(key).map_or(self.line, |setting| setting.line)
    }

    /// Whether `key` is set to what means yes.
    pub(super) fn is_on(&self, key: &str) -> bool {
        matches!(self.get(key), "true" | "yes" | "on" | "1")
    }

    /// Whether `key` is set to what means no.
    pub(super) fn is_off(&self, key: &str) -> bool {
        matches!(self.get(key), "false" | "no" | "off" | "0")
    }

    /// Takes over what `fates` says, and tells the owner of the rest. A line of `fates` is a key, and after a space
    /// what becomes of it:
    ///
    /// * nothing: the importer of the client reads it, or nothing depends on it here;
    /// * `=` and an option: its value becomes that of the option;
    /// * half a sentence: it is not taken over, and the owner can do this.
    pub(super) fn settle(&self, fates: &'static str, draft: &mut Draft, remarks: &mut Remarks) {
        for Setting { line, key, value } in &self.settings {
            let Some(fate) = fate(fates, key) else {
                remarks.lose(*line, UNKNOWN);
                continue;
            };
            if let Some(option) = fate.strip_prefix('=') {
                draft.set(option, value);
            } else if !fate.is_empty() && !value.is_empty() {
                remarks.lose_key(*line, key, fate);
            }
        }
    }
}

/// A key that is not known may be part of a password that the other client reads in another way. So it is not
/// shown.
const UNKNOWN: &str = "this line is not taken over: it has a setting that is not known here; look for an option \
    for it in ddns-netlink(5)";

/// What becomes of `key`, as `fates` has it.
fn fate(fates: &'static str, key: &str) -> Option<&'static str> {
    let mut rows = fates.lines().map(|row| row.split_once(' ').unwrap_or((row, "")));
    rows.find(|(known, _)| *known == key).map(|(_, fate)| fate)
}

/// `value` in seconds: a number with `s`, `m`, `h`, `d` or `w` behind it, or without.
pub(super) fn seconds(value: &str) -> Option<u64> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match value[digits.len()..].chars().next() {
        None | Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        Some('w') => 604_800,
        Some(_) => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}
