//! Mistakes in a configuration file, with their lines.

use std::fmt;

use crate::model::sort;

/// Most mistakes of each severity that are kept. A file of random bytes can have millions.
pub const LIMIT: usize = 50;

/// How severe a [`Mistake`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The option or section cannot be used. `check` exits with a failure.
    Error,
    /// The option works, but probably not as the owner expects.
    Warning,
}

/// One mistake in the configuration file. Its text never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The path of the file, for messages.
    pub file: String,
    /// The line number, from 1 on.
    pub line: usize,
    /// How severe it is.
    pub severity: Severity,
    /// The section that an error makes unusable; `None` if only the line is ignored.
    pub section: Option<String>,
    /// The option that it is about, if it is about the value of one.
    pub option: Option<String>,
    /// A sentence, without `file:line`.
    pub text: String,
}

impl Mistake {
    /// A mistake that makes no section unusable.
    pub(super) fn new(file: &str, line: usize, severity: Severity, text: String) -> Self {
        Self { file: file.into(), line, severity, section: None, option: None, text }
    }
}

/// Collects the mistakes of a file, each once.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    kept: Vec<Mistake>,
    errors: MistakeCount,
    warnings: MistakeCount,
}

/// The number of mistakes of one severity.
#[derive(Debug, Default)]
struct MistakeCount {
    kept: usize,
    dropped: usize,
    /// The line of the first mistake that was dropped.
    first_dropped_line: usize,
}

impl MistakeCount {
    /// Counts a mistake in `line` that is not kept.
    fn drop_one(&mut self, line: usize) {
        self.dropped += 1;
        if self.dropped == 1 {
            self.first_dropped_line = line;
        }
    }
}

impl Mistakes {
    /// Adds a mistake. The first [`LIMIT`] of each severity are kept, further ones are only counted.
    pub(super) fn push(&mut self, mistake: Mistake) {
        let count = match mistake.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        // Further ones are counted without a comparison: a file of random bytes has a million mistakes.
        if count.kept == LIMIT {
            return count.drop_one(mistake.line);
        }
        // Two checks may report the same one.
        for kept in &self.kept {
            if kept.line == mistake.line && kept.text == mistake.text {
                return;
            }
        }
        count.kept += 1;
        self.kept.push(mistake);
    }

    /// The mistakes in the order of [`sort`]. If some were dropped, one more mistake says how many.
    pub(super) fn finish(mut self, file: &str) -> Vec<Mistake> {
        let counts = [
            (Severity::Error, self.errors, "mistakes"),
            (Severity::Warning, self.warnings, "warnings"),
        ];
        for (severity, count, what) in counts {
            if count.dropped > 0 {
                let text = format!("{} more {what} from here on are not listed", count.dropped);
                let line = count.first_dropped_line;
                self.kept.push(Mistake::new(file, line, severity, text));
            }
        }
        sort(&mut self.kept);
        self.kept
    }
}

/// Puts errors before warnings, and sorts each by line.
pub(super) fn sort(mistakes: &mut [Mistake]) {
    sort::by(mistakes, |a, b| (a.severity, a.line).cmp(&(b.severity, b.line)));
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_begins_with_file_and_line_as_editors_expect() {
        let mistake = Mistake {
            file: "ddns".into(),
            line: 7,
            severity: Severity::Error,
            section: None,
            option: None,
            text: "option 'x': no".into(),
        };
        assert_eq!(mistake.to_string(), "ddns:7: option 'x': no");
    }
}
