//! One section's options as plain values, with the complaints that come up on the way.
//!
//! A value that cannot be used is reported and then treated as absent, so that one run finds every
//! mistake of a section.

use std::ops::RangeInclusive;

use super::value_syntax::parse_flag;
use crate::config::mistake::{Mistake, Severity};
use crate::config::options::{self, SectionKind};
use crate::config::uci::{RawOption, RawSection};
use crate::text::quoted::quoted;

/// What the readers of all themes share.
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

    /// Warns about every option that nobody reads. A script may read any; then only slips are.
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

    /// Warns about an option of a section that is not enabled if it was meant to enable it.
    pub(super) fn warn_about_slips_of_enabled(&mut self) {
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

    /// The value of an option that has one value.
    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        let option = self.option(name)?;
        match &option.values[..] {
            [(value, _)] => (!value.is_empty()).then_some(value.as_str()),
            _ => {
                self.fail(name, "takes one value, not a list");
                None
            }
        }
    }

    /// Whether somebody wrote a list; [`Reader::text`] complains if there should be one value.
    pub(super) fn is_list(&self, name: &str) -> bool {
        self.option(name).is_some_and(|option| option.values.len() != 1)
    }

    /// The value of an option as `parse` reads it.
    pub(super) fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(name)?) {
            Ok(value) => Some(value),
            Err(why) => {
                self.fail(name, why.to_string());
                None
            }
        }
    }

    /// All values with their lines, without the empty ones.
    pub(super) fn values(&self, name: &str) -> Vec<(&'a str, usize)> {
        let values = self.option(name).into_iter().flat_map(|it| &it.values);
        let values = values.map(|(value, line)| (value.as_str(), *line));
        values.filter(|(value, _)| !value.is_empty()).collect()
    }

    /// A yes or no. As in ddns-scripts, any number but 0 is a yes; except for `enabled`, which its
    /// service does not take for one.
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

    /// A whole number. One above `range` becomes the most, with a warning; one below is not used, so
    /// that what holds without the option holds.
    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        self.number_or_hint(name, range, "")
    }

    /// As [`Reader::number`], with what to add to the warning.
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

    /// An option without which the section cannot work.
    pub(super) fn fail(&mut self, name: &str, text: impl AsRef<str>) {
        self.about(Severity::Error, name, text.as_ref());
    }

    /// An option that probably means something else.
    pub(super) fn warn(&mut self, name: &str, text: impl AsRef<str>) {
        self.about(Severity::Warning, name, text.as_ref());
    }

    /// Something the section lacks.
    pub(super) fn lacks(&mut self, text: impl AsRef<str>) {
        let text = format!("section '{}': {}", self.section.name, text.as_ref());
        self.push(Severity::Error, self.section.line, None, text);
    }

    /// A complaint about one of the values of the option `name`.
    pub(super) fn about_value(&mut self, severity: Severity, name: &str, line: usize, text: &str) {
        self.push(severity, line, Some(name), format!("option '{name}': {text}"));
    }

    /// The first error of the section, with its place, if there is any so far.
    pub(super) fn first_error(&self) -> Option<String> {
        let errors = self.mistakes.iter().filter(|mistake| mistake.severity == Severity::Error);
        errors.min_by_key(|mistake| mistake.line).map(ToString::to_string)
    }

    fn about(&mut self, severity: Severity, name: &str, text: &str) {
        let line = self.option(name).map_or(self.section.line, |it| it.line);
        self.about_value(severity, name, line, text);
    }

    fn push(&mut self, severity: Severity, line: usize, option: Option<&str>, text: String) {
        // The global section has defaults for all its options and is never unusable.
        let breaks = severity == Severity::Error && self.kind == SectionKind::Service;
        self.mistakes.push(Mistake {
            file: self.file.into(),
            line,
            severity,
            section: breaks.then(|| self.section.name.clone()),
            option: option.map(str::to_owned),
            text,
        });
    }

    fn option(&self, name: &str) -> Option<&'a RawOption> {
        self.section.options.iter().find(|it| it.name == name)
    }
}

/// What a value is as a number.
enum Number {
    /// 0 or more; what is larger than can be counted is the largest.
    Whole(u64),
    /// Less than 0.
    Negative,
    /// Something else.
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

/// The sections that an option belongs to which those of `kind` do not have.
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

/// What to say of an option that is not known and like no other. Its name may be a password, or end
/// with one.
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
    let is_option = |value: &String| value.is_empty() || options::find(kind, value).is_some();
    let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if letters && !option.values.iter().any(|(value, _)| is_option(value)) {
        format!("option '{name}' is not known and has no effect")
    } else {
        "this option is not known and has no effect".into()
    }
}
