//! What is wrong in a configuration file, and where.

use std::fmt;

use crate::model::sorted::Set;

/// Most mistakes of each severity that are kept: nobody reads more, and a file of garbage has
/// millions.
pub const LIMIT: usize = 50;

/// How bad a [`Mistake`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// What was written cannot be done; `check` exits with a failure.
    Error,
    /// It works, but probably not as meant.
    Warning,
}

/// One thing wrong in the configuration file. Its text never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file as the user knows it.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// How bad it is.
    pub severity: Severity,
    /// The section that an error makes unusable; `None` when nothing but the line is lost.
    pub section: Option<String>,
    /// A sentence, without `file:line`.
    pub text: String,
}

/// The mistakes of a file as they are found, each once.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    kept: Vec<Mistake>,
    /// What is kept. Two themes may stumble over one option.
    seen: Set<(usize, String)>,
    errors: Count,
    warnings: Count,
}

/// How many mistakes of one severity there are.
#[derive(Debug, Default)]
struct Count {
    kept: usize,
    /// How many more there are, and the line of the first of these.
    dropped: usize,
    line: usize,
}

impl Mistakes {
    /// One more mistake. The first [`LIMIT`] of each severity are kept, the others are counted.
    pub(super) fn push(&mut self, mistake: Mistake) {
        let count = match mistake.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if count.kept == LIMIT {
            count.dropped += 1;
            if count.dropped == 1 {
                count.line = mistake.line;
            }
        } else if self.seen.insert((mistake.line, mistake.text.clone())) {
            count.kept += 1;
            self.kept.push(mistake);
        }
    }

    /// The mistakes of `file` in their order, and how many were not kept.
    pub(super) fn finish(mut self, file: &str) -> Vec<Mistake> {
        let counts = [
            (Severity::Error, self.errors, "mistakes"),
            (Severity::Warning, self.warnings, "warnings"),
        ];
        for (severity, count, what) in counts {
            if count.dropped > 0 {
                let Count { dropped, line, .. } = count;
                let text = format!("{dropped} more {what} from here on are not listed");
                self.kept.push(Mistake { file: file.into(), line, severity, section: None, text });
            }
        }
        sort(&mut self.kept);
        self.kept
    }
}

/// Puts errors first, and each severity in the order of its lines; those of one line keep theirs.
pub(super) fn sort(mistakes: &mut [Mistake]) {
    mistakes.sort_by_key(|mistake| (mistake.severity, mistake.line));
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
    fn display_is_what_editors_jump_to() {
        let mistake = Mistake {
            file: "ddns".into(),
            line: 7,
            severity: Severity::Error,
            section: None,
            text: "option 'x': no".into(),
        };
        assert_eq!(mistake.to_string(), "ddns:7: option 'x': no");
    }
}
