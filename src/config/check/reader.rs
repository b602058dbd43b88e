//! Reads the options of one section as values, and collects mistakes.
//!
//! An invalid value is reported and then treated as missing. So a single `check` reports all mistakes of a
//! section.

use std::ops::RangeInclusive;

use super::value_syntax::parse_flag;
use crate::config::mistake::{Mistake, Severity};
use crate::config::options::{self, SectionKind};
use crate::config::uci::{RawOption, RawSection};
use crate::text::quoted::quoted;

/// One section and its mistakes.
pub(super) struct Reader<'a> {
    pub(super) section: &'a RawSection,
    pub(super) mistakes: Vec<Mistake>,
    file: &'a str,
    kind: SectionKind,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, kind: SectionKind, section: &'a RawSection) -> Self {
        Self { section, mistakes: Vec::new(), file, kind }
    }

    /// Warns about every unknown option. A `script` may read any option, so in its section only mistyped
    /// and misplaced options get a warning.
    pub(super) fn warn_about_unknown(&mut self, script: bool) {
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
                self.fail(name, "takes one value, not a list");
                None
            }
        }
    }

    /// Whether the option has several values. Then [`Reader::text`] reports that.
    pub(super) fn is_list(&self, name: &str) -> bool {
        self.option(name).is_some_and(|option| option.values.len() != 1)
    }

    /// The value of an option as `parse` reads it.
    pub(super) fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = parse(self.text(name)?);
        self.sound(name, parsed)
    }

    /// What was read of an option; an error is reported.
    pub(super) fn sound<T>(&mut self, name: &str, read: Result<T, impl ToString>) -> Option<T> {
        read.map_err(|why| self.fail(name, why.to_string())).ok()
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
            self.warn(name, format!("{} is read as 1; write 1 or 0", quoted(text)));
            return true;
        }
        self.fail(name, format!("{} is neither 1 nor 0", quoted(text)));
        default
    }

    /// A whole number. A number above `range` is replaced by the maximum, and one below it is ignored,
    /// so that the default applies. Both give a warning.
    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        self.number_or_hint(name, range, "")
    }

    /// Like [`Reader::number`], with a hint at the end of the warnings.
    pub(super) fn number_or_hint(
        &mut self,
        name: &str,
        range: RangeInclusive<u64>,
        hint: &str,
    ) -> Option<u64> {
        let text = self.text(name)?.trim();
        let (least, most) = range.into_inner();
        match Number::of(text) {
            Number::None => {
                self.fail(name, format!("{} is not a whole number", quoted(text)));
                None
            }
            Number::Whole(number) if number > most => {
                self.warn(
                    name,
                    format!("{text} is too large: the maximum is {most}, which is used{hint}"),
                );
                Some(most)
            }
            Number::Whole(number) if number >= least => Some(number),
            Number::Whole(_) | Number::Negative => {
                self.warn(
                    name,
                    format!(
                        "{text} is too small: the minimum is {least}; the default applies{hint}"
                    ),
                );
                None
            }
        }
    }

    /// Reports an error in the option `name`. The section cannot run.
    pub(super) fn fail(&mut self, name: &str, text: impl AsRef<str>) {
        self.about(Severity::Error, name, text.as_ref());
    }

    /// Adds a warning about the option `name`.
    pub(super) fn warn(&mut self, name: &str, text: impl AsRef<str>) {
        self.about(Severity::Warning, name, text.as_ref());
    }

    /// Reports an error of the section that belongs to no line, such as a missing option.
    pub(super) fn lacks(&mut self, text: impl AsRef<str>) {
        let text = format!("section '{}': {}", self.section.name, text.as_ref());
        self.push(Severity::Error, self.section.line, None, text);
    }

    /// Adds a mistake about the value of the option `name` in this line.
    pub(super) fn about_value(&mut self, severity: Severity, name: &str, line: usize, text: &str) {
        self.push(severity, line, Some(name), format!("option '{name}': {text}"));
    }

    /// The first error of the section by line, as `file:line: text`.
    pub(super) fn first_error(&self) -> Option<String> {
        let errors = self.mistakes.iter().filter(|mistake| mistake.severity == Severity::Error);
        errors.min_by_key(|mistake| mistake.line).map(ToString::to_string)
    }

    fn about(&mut self, severity: Severity, name: &str, text: &str) {
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
        let mistake = Mistake::new(self.file, line, severity, text);
        self.mistakes.push(Mistake { section, option, ..mistake });
    }

    fn option(&self, name: &str) -> Option<&'a RawOption> {
        self.section.options.iter().find(|option| option.name == name)
    }
}

/// A value that may be a number.
enum Number {
    /// 0 or more. A number over the range of `u64` is its maximum.
    Whole(u64),
    /// Less than 0.
    Negative,
    /// Not a whole number.
    None,
}

impl Number {
    fn of(text: &str) -> Self {
        let text = text.trim();
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::None;
        }
        if digits.len() < text.len() {
            return Self::Negative;
        }
        Self::Whole(digits.parse().unwrap_or(u64::MAX))
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

/// The warning about an unknown option that is not similar to any other. Its name may be a password, if
/// name and value are swapped, or end with one, if the blank is missing. Then it is not quoted.
fn unknown(kind: SectionKind, option: &RawOption) -> String {
    let name = option.name.as_str();
    for secret in ["username", "password", "param_enc", "param_opt"] {
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
