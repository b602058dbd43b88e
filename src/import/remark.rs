//! What the owner has to know about an import.

use crate::model::sort;

/// A sentence about a line of the file that was read. It never holds a value of that file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The line, from 1 on.
    pub line: usize,
    /// Whether something is not taken over. Otherwise it is advice.
    pub lost: bool,
    /// The sentence, without `file:line`.
    pub text: String,
}

impl Remark {
    /// Whether `other` need not be said beside it: advice once, what is lost once for each line.
    fn says(&self, other: &Self) -> bool {
        self.text == other.text && (!other.lost || self.line == other.line)
    }
}

/// Collects remarks, each sentence once.
#[derive(Debug, Default)]
pub(super) struct Remarks(Vec<Remark>);

impl Remarks {
    /// Something is not taken over.
    pub(super) fn lose(&mut self, line: usize, text: impl Into<String>) {
        self.push(Remark { line, lost: true, text: text.into() });
    }

    /// The key of another client is not taken over, because of `why`.
    pub(super) fn lose_key(&mut self, line: usize, key: &str, why: &str) {
        self.lose(line, format!("'{key}' is not taken over: {why}"));
    }

    /// Everything is taken over, and there may be something better.
    pub(super) fn advise(&mut self, line: usize, text: &str) {
        self.push(Remark { line, lost: false, text: text.to_owned() });
    }

    fn push(&mut self, remark: Remark) {
        if !self.0.iter().any(|other| other.says(&remark)) {
            self.0.push(remark);
        }
    }

    /// All remarks, by line.
    pub(super) fn finish(mut self) -> Vec<Remark> {
        sort::by(&mut self.0, |a, b| a.line.cmp(&b.line));
        self.0
    }
}
