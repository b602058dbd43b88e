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

/// Collects remarks: what is lost once for each line, advice once.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    all: Vec<Remark>,
    /// The advice that was given.
    advice: Vec<&'static str>,
}

impl Remarks {
    /// Something is not taken over.
    pub(super) fn lose(&mut self, line: usize, text: impl Into<String>) {
        self.all.push(Remark { line, lost: true, text: text.into() });
    }

    /// The key of another client is not taken over, because of `why`.
    pub(super) fn lose_key(&mut self, line: usize, key: &str, why: &str) {
        self.lose(line, format!("'{key}' is not taken over: {why}"));
    }

    /// Everything is taken over, and there may be something better.
    pub(super) fn advise(&mut self, line: usize, text: &'static str) {
        if !self.advice.contains(&text) {
            self.advice.push(text);
            self.all.push(Remark { line, lost: false, text: text.to_owned() });
        }
    }

    /// All remarks, by line.
    pub(super) fn finish(mut self) -> Vec<Remark> {
        sort::by(&mut self.all, |a, b| a.line.cmp(&b.line).then_with(|| a.text.cmp(&b.text)));
        // A block is applied once for each family, so most remarks come twice.
        self.all.dedup();
        self.all
    }
}
