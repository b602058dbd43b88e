//! The expressions that tell success, no change and refusal in an answer.

use std::net::IpAddr;

use crate::provider::ere::Ere;
use crate::provider::{Answer, page};

/// An expression that is searched in answers. It is in a box, because it is large.
#[derive(Clone, Debug)]
pub(in crate::provider) struct AnswerPattern {
    expression: Ere,
    /// The address in the request. Empty for the expression of a definition.
    address: String,
    searched: SearchedText,
}

/// The text of an answer that an expression is searched in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SearchedText {
    /// The body; of a web page only the visible text.
    Visible,
    /// As [`SearchedText::Visible`], and the line `HTTP 200` with the status of the answer.
    VisibleOrStatus,
    /// The body as it was sent, with the tags of a web page.
    Raw,
}

/// Whether an answer matches an [`AnswerPattern`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// It matches.
    Yes,
    /// It is a long web page, and the expression is one that many web pages match.
    InAnyPage,
    /// It does not match.
    No,
}

/// Text that most long web pages contain: the label of a button and numbers.
const TEXT_OF_MOST_PAGES: &str = "OK 0 100 200";

impl AnswerPattern {
    /// Compiles `text` for the answer to a request with `address`, which `[IP]` stands for.
    ///
    /// # Errors
    /// A sentence that names the mistake in `text`.
    pub(in crate::provider) fn new(text: &str, address: IpAddr) -> Result<Box<Self>, &'static str> {
        let address = address.to_string();
        // In an expression, a dot stands for any character.
        let expression = Ere::new(&text.replace("[IP]", &address.replace('.', "\\.")))?;
        let searched = match text.contains("HTTP ") {
            true => SearchedText::VisibleOrStatus,
            false => SearchedText::Visible,
        };
        Ok(Box::new(Self { expression, address, searched }))
    }

    /// Compiles the `answer` of a service definition. As ddns-scripts does, it is searched in the lines
    /// of the body as it was sent.
    ///
    /// # Errors
    /// As [`AnswerPattern::new`].
    pub(in crate::provider) fn of_definition(text: &str) -> Result<Box<Self>, &'static str> {
        let expression = Ere::new(text)?;
        let searched = SearchedText::Raw;
        Ok(Box::new(Self { expression, address: String::new(), searched }))
    }

    /// Whether `answer` matches.
    pub(super) fn find(&self, answer: &Answer) -> Match {
        if !page::is_page(&answer.body) {
            return match self.is_in_text(answer) {
                true => Match::Yes,
                false => Match::No,
            };
        }
        let visible = page::text(&answer.body);
        let searched = if self.searched == SearchedText::Raw { &answer.body } else { &visible };
        if !self.expression.is_match(searched) {
            return Match::No;
        }
        if page::is_short(&visible) {
            return Match::Yes;
        }
        // A captive portal answers every request with status 200 and a long page. So in a long page an expression
        // counts only if it is more specific than a button, a number, the word "success" or the client's address.
        if self.expression.is_match(TEXT_OF_MOST_PAGES) {
            return Match::No;
        }
        let welcome = format!("success {}", self.address);
        if self.expression.is_match(&welcome) { Match::InAnyPage } else { Match::Yes }
    }

    /// Whether `answer`, which is no web page, matches.
    fn is_in_text(&self, answer: &Answer) -> bool {
        self.expression.is_match(&answer.body)
            || (self.searched == SearchedText::VisibleOrStatus
                && self.expression.is_match(&status_line(answer)))
    }
}

/// The status as the line that expressions of the table are also searched in: `HTTP 204 empty`.
fn status_line(answer: &Answer) -> String {
    let empty = if answer.body.trim().is_empty() { " empty" } else { "" };
    format!("HTTP {}{empty}", answer.status)
}
