//! What an answer in JSON reports about the update.

use super::words::words;
use super::{DONE, FAILURE, SAME, any, in_text};
use crate::model::json::{Json, JsonMembers};
use crate::text::has;

/// What a value reports about the update.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finding {
    Failure,
    /// The update was not done. This is a failure unless the same object reports success.
    NotDone,
    Success,
    Nothing,
}

/// Whether `value` reports a failure.
pub(super) fn reports_failure(value: &Json) -> bool {
    finding(value) == Finding::Failure
}

/// What `value` reports. The members of an object count before what is nested in them.
fn finding(value: &Json) -> Finding {
    match value {
        Json::Text(text) if in_text(text) => Finding::Failure,
        Json::List(items) => items.iter().fold(Finding::Nothing, with),
        Json::Object(members) => object_finding(members),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => Finding::Nothing,
    }
}

fn object_finding(members: &JsonMembers) -> Finding {
    let mut found = Finding::Nothing;
    for (name, value) in members.iter() {
        match Member::new(name, value).finding() {
            Finding::Failure => return Finding::Failure,
            Finding::Success => found = Finding::Success,
            Finding::NotDone if found == Finding::Nothing => found = Finding::NotDone,
            Finding::NotDone | Finding::Nothing => {}
        }
    }
    match found {
        // No other member of the object has reported success.
        Finding::NotDone => Finding::Failure,
        Finding::Nothing => members.values().fold(Finding::Nothing, with_nested),
        Finding::Failure | Finding::Success => found,
    }
}

/// What was `found` before together with what `value` reports. A failure counts before anything else, and a
/// success before nothing.
fn with(found: Finding, value: &Json) -> Finding {
    if found == Finding::Failure {
        return found;
    }
    match finding(value) {
        Finding::NotDone | Finding::Nothing => found,
        reported @ (Finding::Failure | Finding::Success) => reported,
    }
}

fn with_nested(found: Finding, value: &Json) -> Finding {
    if is_nested(value) { with(found, value) } else { found }
}

fn is_nested(value: &Json) -> bool {
    value.is_object() || value.is_list()
}

/// Whether the value of the member `name` is the name of something, so that its words report nothing.
pub(in crate::provider) fn names_something(name: &str) -> bool {
    has("host hostname domain name zone subdomain user username fqdn url record", name)
}

/// A member of an object.
struct Member<'v> {
    /// The name as it is written.
    written_name: &'v str,
    /// The name in lower case, without `_`, `-` and a leading `is` or `has`.
    name: String,
    value: &'v Json,
    /// The value as text in lower case.
    text: String,
}

impl<'v> Member<'v> {
    fn new(written_name: &'v str, value: &'v Json) -> Self {
        let name = written_name.replace(['_', '-'], "").to_ascii_lowercase();
        let stem = name.strip_prefix("is").or_else(|| name.strip_prefix("has"));
        let text = match value.as_str() {
            Some(text) => text.trim().to_ascii_lowercase(),
            None => value.to_string(),
        };
        Self { written_name, name: stem.unwrap_or(&name).to_owned(), value, text }
    }

    fn finding(&self) -> Finding {
        let name = self.name.as_str();
        if self.is_affirmed_failure() {
            return Finding::Failure;
        }
        if name.starts_with("err") || has("fail failed failure failures exception fault", name) {
            let is_none = self.is_none() || self.has_code_of_success() || self.text == "200";
            return if is_none { Finding::Nothing } else { Finding::Failure };
        }
        if is_nested(self.value) || names_something(name) {
            return Finding::Nothing;
        }
        if has(DONE, name) && has("false no 0", &self.text) {
            return Finding::NotDone;
        }
        if has("unchanged nochange same uptodate", name) && !self.is_none() {
            return Finding::Success;
        }
        match self.text.parse() {
            Ok(number) => self.number_finding(number),
            Err(_) => self.text_finding(),
        }
    }

    /// Whether the name is a failure and the value affirms it, as in `"failed": true` and `"errors": 2`.
    fn is_affirmed_failure(&self) -> bool {
        match self.value {
            Json::Bool(true) => {
                !has("login signin timeout no", &self.name) && in_text(self.written_name)
            }
            Json::Number(_) => {
                has(FAILURE, &self.name) && self.value.as_u64().is_some_and(|number| number > 0)
            }
            Json::Null | Json::Bool(false) | Json::Text(_) | Json::List(_) | Json::Object(_) => {
                false
            }
        }
    }

    /// Whether the value means "none".
    fn is_none(&self) -> bool {
        self.text.is_empty()
            || self.text == "no error"
            || has("0 null false no none nil ok success [] {} [null] [\"\"] noerror", &self.text)
    }

    /// Whether the value is an object whose `code` is that of success.
    fn has_code_of_success(&self) -> bool {
        self.value.get("code").is_some_and(|code| has("0 \"0\" 200", &code.to_string()))
    }

    fn is_success_flag(&self) -> bool {
        has("success ok successful succeeded", &self.name)
    }

    /// Whether the value is the result of the update.
    fn is_result(&self) -> bool {
        self.is_success_flag() || has("status result state ret rc", &self.name)
    }

    fn number_finding(&self, number: i64) -> Finding {
        let is_code = self.name.ends_with("code");
        let is_error_status = number < 0 || (400..1000).contains(&number);
        if (self.is_success_flag() && number == 0)
            || (is_code && (2..100).contains(&number))
            || ((is_code || self.is_result()) && is_error_status)
        {
            return Finding::Failure;
        }
        if self.is_success_flag() { Finding::Success } else { Finding::Nothing }
    }

    fn text_finding(&self) -> Finding {
        let text = self.text.as_str();
        let denies_success = (self.is_result() && has("false no", text))
            || (self.is_success_flag() && self.is_none() && text != "ok" && text != "success");
        if denies_success || (self.value.is_text() && in_text(text)) {
            return Finding::Failure;
        }
        let is_same = self.value.is_text() && any(&words(text), SAME);
        let affirms_success = self.is_success_flag()
            || (self.is_result() && has("true ok success good updated", text));
        if is_same || affirms_success { Finding::Success } else { Finding::Nothing }
    }
}
