//! What is wrong in a configuration file, and where.

use std::fmt;

/// How bad a [`Mistake`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// What was written cannot be done; `check` exits with a failure.
    Error,
    /// It works, but probably not as meant.
    Warning,
    /// It works as meant, and not as it did in ddns-scripts.
    Difference,
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

/// Puts mistakes in the order of their lines; those of one line keep theirs.
pub(super) fn sort(mistakes: &mut [Mistake]) {
    mistakes.sort_by_key(|mistake| mistake.line);
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
