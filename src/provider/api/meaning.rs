//! What an answer means: by its HTTP status, or by a code in its body.

use crate::model::json::Json;

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The provider did what was requested.
    Success,
    /// The answer cannot be understood.
    Unknown,
    /// The provider does not accept the credentials. This concerns the account.
    Credentials,
    /// The credentials do not allow this request. They may allow it for another zone.
    Forbidden,
    /// The provider does not know the zone or the record.
    NotFound,
    /// The provider refuses the request.
    Refused,
    /// The provider has a problem of its own.
    Problem,
    /// The provider limits requests.
    Limited,
    /// The provider finds the time of a signature wrong.
    ClockWrong,
}

impl Meaning {
    /// The meaning of an HTTP status (RFC 9110 section 15).
    pub fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Success,
            401 => Self::Credentials,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            // Request timeout, locked, too early.
            408 | 423 | 425 => Self::Problem,
            429 => Self::Limited,
            400..=499 => Self::Refused,
            _ => Self::Problem,
        }
    }
}

/// Where the answers of an interface have codes, and what these mean.
#[derive(Clone, Copy)]
pub struct Codes {
    /// How a successful answer can be told.
    pub success: Success,
    /// Where an error has its code or message. There may be several places.
    pub code: &'static [&'static str],
    /// What codes mean. The first row that fits counts.
    pub meanings: &'static [MeaningRow],
}

/// How a successful answer can be told. Its HTTP status is that of success in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// By its HTTP status, unless it has a code.
    ByStatus,
    /// It has something in this place, and no code.
    Has(&'static str),
    /// It has this text in this place.
    Is(&'static str, &'static str),
}

/// A pattern, its meaning, and advice for the owner; empty for the usual advice.
///
/// | pattern | what fits |
/// |---|---|
/// | `abc` | a code that begins with `abc` |
/// | `*abc` | a code that has `abc` somewhere |
/// | `*` | every code |
/// | `#409` | the HTTP status 409 |
pub type MeaningRow = (&'static str, Meaning, &'static str);

impl Codes {
    /// The HTTP status says everything.
    pub const HTTP: Self = Self { success: Success::ByStatus, code: &[], meanings: &[] };

    /// The meaning of an answer, and advice for the owner; empty for the usual advice.
    pub fn meaning(&self, status: u16, body: &Json) -> (Meaning, &'static str) {
        let by_status = Meaning::of_status(status);
        // This comes first, because many interfaces have the code of success and those of failures in one member.
        if by_status == Meaning::Success
            && let Success::Is(place, text) = self.success
            && shown(body, place) == text
        {
            return (Meaning::Success, "");
        }
        let code = self.code_in(body);
        let row = self.meanings.iter().find(|(pattern, ..)| fits(pattern, &code, status));
        match row {
            // By a status of 500 to 599 the server says that the failure is its own, so a code does not count.
            Some((_, meaning, advice)) if !(500..600).contains(&status) => (*meaning, advice),
            _ if by_status != Meaning::Success => (by_status, ""),
            _ => (self.without_row(&code, body), ""),
        }
    }

    /// The meaning of an answer with a status of success, if no row fits its `code`.
    fn without_row(&self, code: &str, body: &Json) -> Meaning {
        match self.success {
            // A code that no row names is still a code: the provider has not done what was requested.
            _ if !code.trim().is_empty() => Meaning::Refused,
            Success::Has(place) if shown(body, place).is_empty() => Meaning::Unknown,
            Success::ByStatus | Success::Has(_) => Meaning::Success,
            Success::Is(..) => Meaning::Unknown,
        }
    }

    /// What `body` has in the places for a code, with spaces between.
    fn code_in(&self, body: &Json) -> String {
        let mut code = String::new();
        for (number, place) in self.code.iter().enumerate() {
            if number > 0 {
                code.push(' ');
            }
            code.push_str(&shown(body, place));
        }
        code
    }
}

/// Whether a code or an HTTP status fits the pattern of a [`MeaningRow`].
fn fits(pattern: &str, code: &str, status: u16) -> bool {
    if let Some(expected) = pattern.strip_prefix('#') {
        return expected.parse() == Ok(status);
    }
    match pattern.strip_prefix('*') {
        // An answer without a code is not understood.
        Some(part) => code.contains(part) && !code.trim().is_empty(),
        None => code.starts_with(pattern),
    }
}

/// The text, number or other value at `pointer` (RFC 6901) as text; empty if there is none.
pub fn shown(value: &Json, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Json::Null) => String::new(),
        Some(Json::Text(text)) => text.to_string(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_code_says_more_than_the_status() {
        const CODES: Codes = Codes {
            success: Success::Is("/status", "ok"),
            code: &["/code", "/text"],
            meanings: &[
                ("*per minute", Meaning::Limited, ""),
                ("50", Meaning::NotFound, "look"),
                ("#409", Meaning::Problem, ""),
            ],
        };
        for (status, body, meaning) in [
            (200, json!({"status": "ok", "code": 50}), Meaning::Success),
            (200, json!({"status": "no", "code": 501}), Meaning::NotFound),
            (400, json!({"code": 7, "text": "3 per minute"}), Meaning::Limited),
            (409, json!({}), Meaning::Problem),
            (503, json!({"code": 50}), Meaning::Problem),
            (200, json!({"code": 9}), Meaning::Refused),
            (200, json!({}), Meaning::Unknown),
            (401, json!({"code": 9}), Meaning::Credentials),
        ] {
            assert_eq!(CODES.meaning(status, &(&body).into()).0, meaning, "{status} {body}");
        }
        let any = Codes { meanings: &[("*", Meaning::Problem, "")], ..CODES };
        assert_eq!(any.meaning(200, &json!({"code": 9}).into()).0, Meaning::Problem);
        assert_eq!(any.meaning(200, &json!({}).into()).0, Meaning::Unknown);
        let by_presence = Codes { success: Success::Has("/id"), ..CODES };
        assert_eq!(by_presence.meaning(200, &json!({"id": 3}).into()).0, Meaning::Success);
        assert_eq!(
            by_presence.meaning(200, &json!({"id": 3, "code": 9}).into()).0,
            Meaning::Refused
        );
        assert_eq!(by_presence.meaning(200, &json!({"id": ""}).into()).0, Meaning::Unknown);
    }
}
