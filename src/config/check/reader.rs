//! Reads the options of one section as values, and collects mistakes.
//!
//! An invalid value is reported and then treated as missing. So a single `check` reports all mistakes of a
//! section.

use std::fmt;

use super::Environment;
use super::value_syntax::parse_flag;
use crate::config::mistake::{Mistake, Severity};
use crate::config::options::{self, SectionKind};
use crate::config::uci::{RawOption, RawSection};
use crate::text::quoted::quoted;

/// One section and its mistakes.
pub(super) struct Reader<'a> {
    pub(super) section: &'a RawSection,
    /// What the values are checked against.
    pub(super) env: &'a dyn Environment,
    pub(super) mistakes: Vec<Mistake>,
    file: &'a str,
    kind: SectionKind,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        file: &'a str,
        kind: SectionKind,
        section: &'a RawSection,
        env: &'a dyn Environment,
    ) -> Self {
        Self { section, env, mistakes: Vec::new(), file, kind }
    }

    /// Warns about every unknown option. In a section with a `script`, only mistyped and misplaced options get a
    /// warning: the script may read any other.
    pub(super) fn warn_about_unknown(&mut self, script: bool) {
        // The best guess comes first: a name that is like an option here may be one of the other kind of section, too.
        for option in &self.section.options {
            let name = option.name.as_str();
            if options::find(self.kind, name).is_some() {
                continue;
            }
            let text = if let Some(meant) = options::meant(self.kind, name) {
                not_known(name, meant)
            } else if let Some(place) = place_elsewhere(self.kind, name) {
                format!("option '{name}' has no effect here; it belongs to {place}")
            } else if script {
                continue;
            } else {
                unknown(self.kind, option)
            };
            self.push(Severity::Warning, option.line, None, text);
        }
    }

    /// Warns about an unknown option that was probably meant to be `enabled`.
    pub(super) fn warn_about_mistyped_enabled(&mut self) {
        if self.option("enabled").is_some() {
            return;
        }
        for option in &self.section.options {
            let name = option.name.as_str();
            let known = options::find(self.kind, name).is_some();
            if !known && options::meant(self.kind, name) == Some("enabled") {
                self.push(Severity::Warning, option.line, None, not_known(name, "enabled"));
            }
        }
    }

    /// The value of an option that must have one value; `None` if it is missing or empty.
    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        let option = self.option(name)?;
        match &option.values[..] {
            [(value, _)] if value.is_empty() => None,
            [(value, _)] => Some(value),
            _ => {
                self.fail(name, format_args!("takes one value, not a list"));
                None
            }
        }
    }

    /// Whether the option has a value. If it has several, that is reported.
    pub(super) fn is_set(&mut self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// As [`Reader::text`], for a value that is kept.
    pub(super) fn owned_text(&mut self, name: &str) -> Option<String> {
        Some(self.text(name)?.to_owned())
    }

    /// Whether the option has several values. Then [`Reader::text`] reports that.
    pub(super) fn is_list(&self, name: &str) -> bool {
        self.option(name).is_some_and(|option| option.values.len() != 1)
    }

    /// Whether the option has at least one value that is not empty.
    pub(super) fn has_values(&self, name: &str) -> bool {
        let option = self.option(name);
        option.is_some_and(|option| option.values.iter().any(|(value, _)| !value.is_empty()))
    }

    /// The value of an option as `parse` reads it.
    pub(super) fn parsed<T, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = parse(self.text(name)?);
        self.sound(name, parsed)
    }

    /// What was read of an option; an error is reported.
    pub(super) fn sound<T>(&mut self, name: &str, read: Result<T, impl fmt::Display>) -> Option<T> {
        read.map_err(|why| self.fail(name, format_args!("{why}"))).ok()
    }

    /// All values that are not empty, with their lines.
    pub(super) fn values(&self, name: &str) -> Vec<(&'a str, usize)> {
        let mut values = Vec::new();
        for (value, line) in self.option(name).map_or(&[][..], |option| &option.values) {
            if !value.is_empty() {
                values.push((value.as_str(), *line));
            }
        }
        values
    }

    /// A flag. As in ddns-scripts, any number but 0 means 1, except for `enabled`, where ddns-scripts
    /// accepts no other numbers than 0 and 1.
    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
        let Some(text) = self.text(name) else {
            return default;
        };
        if let Some(flag) = parse_flag(text.trim()) {
            return flag;
        }
        if text.trim().parse::<u64>().is_ok() && name != "enabled" {
            self.warn(name, format_args!("{} is read as 1; write 1 or 0", quoted(text)));
            return true;
        }
        self.refuse(name, text, "is neither 1 nor 0");
        default
    }

    /// A whole number from `least` to `most`. A larger one is replaced by `most`, and a smaller one is ignored,
    /// so that the default applies. Both give a warning.
    pub(super) fn number(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        self.number_or_hint(name, least, most, "")
    }

    /// Like [`Reader::number`], with a hint at the end of the warnings.
    pub(super) fn number_or_hint(
        &mut self,
        name: &str,
        least: u32,
        most: u32,
        hint: &str,
    ) -> Option<u32> {
        let text = self.text(name)?.trim();
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.refuse(name, text, "is not a whole number");
            return None;
        }
        // A number that 64 bits cannot hold counts as the largest one, which is above every limit.
        let number = digits.parse().unwrap_or(u64::MAX);
        if digits.len() < text.len() || number < least.into() {
            self.warn(
                name,
                format_args!(
                    "{text} is too small: the minimum is {least}; the default applies{hint}"
                ),
            );
            return None;
        }
        u32::try_from(number).ok().filter(|number| *number <= most).or_else(|| {
            self.warn(
                name,
                format_args!("{text} is too large: the maximum is {most}, which is used{hint}"),
            );
            Some(most)
        })
    }

    /// Reports an error in the option `name`. The section cannot run.
    pub(super) fn fail(&mut self, name: &str, text: fmt::Arguments<'_>) {
        self.about(Severity::Error, name, text);
    }

    /// Reports that the option `name` cannot have the value `text`: `why` is the rest of the sentence.
    pub(super) fn refuse(&mut self, name: &str, text: &str, why: &str) {
        self.fail(name, format_args!("{} {why}", quoted(text)));
    }

    /// Adds a warning about the option `name`.
    pub(super) fn warn(&mut self, name: &str, text: fmt::Arguments<'_>) {
        self.about(Severity::Warning, name, text);
    }

    /// Adds the warning `text` about the option `name`, if there is one.
    pub(super) fn pass_on(&mut self, name: &str, text: Option<String>) {
        if let Some(text) = text {
            self.warn(name, format_args!("{text}"));
        }
    }

    /// Reports an error of the section that belongs to no line, such as a missing option.
    pub(super) fn lacks(&mut self, text: fmt::Arguments<'_>) {
        let text = format!("section '{}': {text}", self.section.name);
        self.push(Severity::Error, self.section.line, None, text);
    }

    /// Reports that `provider` needs `option`, and what the option `holds`.
    pub(super) fn lacks_option(&mut self, provider: &str, option: &str, holds: Option<&str>) {
        let colon = if holds.is_some() { ": " } else { "" };
        let holds = holds.unwrap_or_default();
        self.lacks(format_args!("{provider} needs option '{option}'{colon}{holds}"));
    }

    /// Adds a mistake about the value of the option `name` in this line.
    pub(super) fn about_value(
        &mut self,
        severity: Severity,
        name: &str,
        line: usize,
        text: fmt::Arguments<'_>,
    ) {
        self.push(severity, line, Some(name), format!("option '{name}': {text}"));
    }

    /// The first error of the section by line, as `file:line: text`.
    pub(super) fn first_error(&self) -> Option<String> {
        let errors = self.mistakes.iter().filter(|mistake| mistake.severity == Severity::Error);
        errors.min_by_key(|mistake| mistake.line).map(ToString::to_string)
    }

    fn about(&mut self, severity: Severity, name: &str, text: fmt::Arguments<'_>) {
        let line = self.option(name).map_or(self.section.line, |option| option.line);
        self.about_value(severity, name, line, text);
    }

    fn push(&mut self, severity: Severity, line: usize, option: Option<&str>, text: String) {
        // The global section has a default for each option, so it is never unusable.
        let section = match (severity, self.kind) {
            (Severity::Error, SectionKind::Service) => Some(self.section.name.clone()),
            (Severity::Error, SectionKind::Global) | (Severity::Warning, _) => None,
        };
        let option = option.map(str::to_owned);
        self.mistakes.push(Mistake {
            file: self.file.into(),
            line,
            severity,
            section,
            option,
            text,
        });
    }

    fn option(&self, name: &str) -> Option<&'a RawOption> {
        self.section.option(name)
    }
}

/// The kind of section, other than `kind`, that has the option `name`.
fn place_elsewhere(kind: SectionKind, name: &str) -> Option<&'static str> {
    let (other, place) = match kind {
        SectionKind::Global => (SectionKind::Service, "a section 'config service'"),
        SectionKind::Service => (SectionKind::Global, "the section 'config ddns'"),
    };
    options::find(other, name).map(|_| place)
}

fn not_known(name: &str, meant: &str) -> String {
    format!("option '{name}' is not known; is it '{meant}'?")
}

/// The warning about an unknown option that is not similar to any other.
// Its name may be a password, if name and value are swapped, or end with one, if the blank is missing. Then it is not
// quoted.
fn unknown(kind: SectionKind, option: &RawOption) -> String {
    let name = option.name.as_str();
    for secret in &["username", "password", "param_enc", "param_opt"] {
        if name.starts_with(secret) {
            return format!(
                "an option that begins with '{secret}' is not known and has no effect; is there a blank \
                 missing after '{secret}'?"
            );
        }
    }
    let mut values = option.values.iter();
    let may_be_swapped =
        values.any(|(value, _)| value.is_empty() || options::find(kind, value).is_some());
    let looks_like_option = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if looks_like_option && !may_be_swapped {
        format!("option '{name}' is not known and has no effect")
    } else {
        "this option is not known and has no effect".into()
    }
}
