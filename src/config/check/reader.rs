//! One section's options as plain values, with the complaints that come up on the way.
//!
//! A value that cannot be used is reported and then treated as absent, so that one run finds every
//! mistake of a section.

use std::ops::RangeInclusive;

use super::words::is_flag;
use crate::config::mistake::{Mistake, Severity};
use crate::config::options::{self, Kind};
use crate::config::uci::{RawOption, RawSection};
use crate::quoted::quoted;

/// What the readers of all themes share.
pub(super) struct Reader<'a> {
    pub(super) section: &'a RawSection,
    pub(super) mistakes: Vec<Mistake>,
    file: &'a str,
    kind: Kind,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, kind: Kind, section: &'a RawSection) -> Self {
        Self { section, mistakes: Vec::new(), file, kind }
    }

    /// Warns about every option that nobody reads. A script may read any; then only slips are.
    pub(super) fn warn_about_unknown(&mut self, script: bool) {
        for option in &self.section.options {
            let name = &option.name;
            if options::find(self.kind, name).is_some() {
                continue;
            }
            let text = match options::nearest(self.kind, name) {
                Some(near) => format!("option '{name}' is not known; is it '{near}'?"),
                None if script => continue,
                None => format!("option '{name}' is not known and has no effect"),
            };
            self.push(Severity::Warning, option.line, text);
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
        if let Some(flag) = is_flag(text.trim()) {
            return flag;
        }
        if text.trim().parse::<u64>().is_ok() && name != "enabled" {
            self.warn(name, format!("{} is neither 1 nor 0; 1 is meant", quoted(text)));
            return true;
        }
        self.fail(name, format!("{} is neither 1 nor 0", quoted(text)));
        default
    }

    /// A whole number within `range`.
    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(name)?;
        let digits = text.trim().bytes().all(|byte| byte.is_ascii_digit());
        let number = text.trim().parse().ok().filter(|_| digits);
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            let wanted = match most {
                u64::MAX => format!("a number from {least}"),
                _ => format!("a number from {least} to {most}"),
            };
            self.fail(name, format!("{} is not {wanted}", quoted(text)));
        }
        number
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
        self.push(Severity::Error, self.section.line, text);
    }

    /// A complaint about one of the values of the option `name`.
    pub(super) fn about_value(&mut self, severity: Severity, name: &str, line: usize, text: &str) {
        self.push(severity, line, format!("option '{name}': {text}"));
    }

    /// Whether there is no error so far.
    pub(super) fn is_sound(&self) -> bool {
        let mut mistakes = self.mistakes.iter();
        mistakes.all(|mistake| mistake.severity != Severity::Error)
    }

    fn about(&mut self, severity: Severity, name: &str, text: &str) {
        let line = self.option(name).map_or(self.section.line, |it| it.line);
        self.about_value(severity, name, line, text);
    }

    fn push(&mut self, severity: Severity, line: usize, text: String) {
        // The global section has defaults for all its options and is never unusable.
        let breaks = severity == Severity::Error && self.kind == Kind::Service;
        self.mistakes.push(Mistake {
            file: self.file.into(),
            line,
            severity,
            section: breaks.then(|| self.section.name.clone()),
            text,
        });
    }

    fn option(&self, name: &str) -> Option<&'a RawOption> {
        self.section.options.iter().find(|it| it.name == name)
    }
}
