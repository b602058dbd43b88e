//! Whether an answer in plain text or in JSON says that the update failed.
//!
//! Providers and scripts of owners have no common words for that. This looks for the words of failure
//! of the providers that are known, and for members of JSON that report one; `0 errors`, `error: none`
//! and `"errors": []` report none.

use std::net::IpAddr;

use serde_json::Value;

use super::dyndns2;

/// Words that report a failure wherever they stand, unless a word or number beside them denies it.
const FAILURE: &str = "error errors err errcount errcode errno errmsg err1 fail fails failed failing failure \
    failures invalid denied unauthorized unauthorised unauthenticated forbidden refused rejected incorrect \
    wrong bad unsuccessful unsuccessfully illegal malformed exception cannot can't couldn't couldnt unable expired exceeded suspended \
    banned blocked throttled unavailable unsupported mismatch nonexistent fehler erreur verweigert";
/// What `not` in front of makes a failure. `not changed` and `not needed` are none.
const AFTER_NOT: &str = "found find allowed authorized authorised authenticated permitted accepted valid \
    known registered recognized supported exist exists match ok good success successful correct work \
    processed";
/// What `no` in front of makes a failure.
const AFTER_NO: &str = "such access permission matching valid authorization good success";
/// Words that may stand between a word of failure and the number or word that denies it.
const BETWEEN: &str = "count code codes number message msg status is was were are";

/// Whether `body` reports a failure.
pub(super) fn complains(body: &str) -> bool {
    let body = body.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match serde_json::from_str(body) {
        Ok(Value::Bool(success)) => !success,
        Ok(value) => reported(&value) == Report::Failure,
        Err(_) => in_text(body),
    }
}

/// Whether `text`, which is no JSON, reports a failure.
fn in_text(text: &str) -> bool {
    let words = words(text);
    (0..words.len()).any(|place| is_failure(&words, place))
}

/// Whether the word at `place` reports a failure, together with its neighbours.
fn is_failure(words: &[String], place: usize) -> bool {
    let at = |place: usize| words.get(place).map_or("", String::as_str);
    let before = place.checked_sub(1).map_or("", at);
    let (word, next, later) = (at(place), at(place + 1), at(place + 2));
    match word {
        "no" => has(AFTER_NO, next),
        "not" if has("can could", before) => true,
        "ko" | "nok" => before.is_empty(),
        "unknown" | "missing" => before.is_empty() || next.is_empty(),
        "too" => has("many soon often", next),
        "code" | "status" => next.parse().is_ok_and(|number: u32| (400..1000).contains(&number)),
        "required" => has("authentication login password token", before),
        "success" | "successful" | "succeeded" => {
            next == "false" || (has("0 no", next) && later.is_empty())
        }
        "ok" if next == "false" => true,
        _ if has(FAILURE, word) || dyndns2::is_failure_code(word) => !is_denied(words, place),
        _ if negates(word) => {
            has(AFTER_NOT, next) || (has("a be been", next) && has(AFTER_NOT, later))
        }
        _ => before.is_empty() && word.starts_with("bad"),
    }
}

/// Whether `no` or `0` before the word of failure at `place`, or `0` or `none` behind it, says that
/// there was none.
fn is_denied(words: &[String], place: usize) -> bool {
    let at = |place: usize| words.get(place).map_or("", String::as_str);
    let mut behind = place + 1;
    while has(BETWEEN, at(behind)) {
        behind += 1;
    }
    let value = at(behind);
    match value.parse::<u32>() {
        Ok(0) => return true,
        Ok(200) if behind > place + 1 => return true,
        Ok(_) => return false,
        Err(_) => {}
    }
    let ends = at(behind + 1).is_empty();
    let before = place.checked_sub(1).map_or("", at);
    has("null false nil", value)
        || (ends && has("none no nothing ok success", value))
        || negates(before)
        || has("no 0 zero without any never nothing", before)
}

fn negates(word: &str) -> bool {
    word == "not" || word.ends_with("n't")
}

/// Whether `word` is among the words of `list`.
fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|it| it == word)
}

/// The words of `text` in small letters, with an empty word where a clause ends, and `~` for every
/// host name, address and path: those are not words of a language. Names and attributes of tags count;
/// an element without content says nothing.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('<') {
        add_words(before, &mut words);
        let (tag, after) = tail.split_once('>').unwrap_or((tail, ""));
        let empty = tag.ends_with('/') || after.trim_start().starts_with("</");
        if tag.starts_with(['/', '!', '?']) {
            words.push(String::new());
        } else if tag.contains('=') || !empty {
            add_words(tag, &mut words);
        }
        rest = after;
    }
    add_words(rest, &mut words);
    words
}

fn add_words(text: &str, words: &mut Vec<String>) {
    let mut text = text.to_ascii_lowercase();
    for nothing in ["[]", "{}", "\"\"", "''", "=&"] {
        text = text.replace(nothing, " none&");
    }
    for (number, clause) in text.split(['\n', ',', ';', '&', '|', '{', '}']).enumerate() {
        if number > 0 {
            words.push(String::new());
        }
        let tokens = clause.split(|c: char| c.is_whitespace() || "\"`()[]<>=!?*#".contains(c));
        for token in tokens.filter(|token| !token.is_empty()) {
            add_token(token, words);
        }
    }
}

fn add_token(token: &str, words: &mut Vec<String>) {
    let bare = token.trim_matches(['.', '-', '_', '/', '\'', ':', '\u{feff}']);
    let address = bare.split('/').next().unwrap_or_default();
    if address.parse::<IpAddr>().is_ok() || bare.contains("://") {
        words.push("~".into());
        return;
    }
    for part in bare.split(':') {
        if part.contains(['.', '@', '/', '\\']) || part.starts_with("bad-") {
            words.push("~".into());
            continue;
        }
        let pieces = part.split(['-', '_']).filter(|piece| !piece.is_empty());
        words.extend(pieces.map(str::to_owned));
    }
    if token.ends_with('.') {
        words.push(String::new());
    }
}

/// What JSON says about the update.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    Failure,
    Success,
    Nothing,
}

/// What `value` says. What an object says of itself comes before what it says of things within.
fn reported(value: &Value) -> Report {
    let mut found = Report::Nothing;
    match value {
        Value::String(text) if in_text(text) => return Report::Failure,
        Value::Array(items) => return worst(&mut items.iter()),
        Value::Object(members) => {
            for (name, value) in members {
                match member(name, value) {
                    Report::Failure => return Report::Failure,
                    Report::Success => found = Report::Success,
                    Report::Nothing => {}
                }
            }
            if found == Report::Nothing {
                return worst(&mut members.values().filter(|it| it.is_object() || it.is_array()));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

fn worst(values: &mut dyn Iterator<Item = &Value>) -> Report {
    let mut found = Report::Nothing;
    for value in values {
        match reported(value) {
            Report::Failure => return Report::Failure,
            Report::Success => found = Report::Success,
            Report::Nothing => {}
        }
    }
    found
}

/// Whether what the member `name` of an object holds is the name of something, and so no word.
pub(super) fn names_something(name: &str) -> bool {
    has("host hostname domain name zone subdomain user username fqdn url record", name)
}

/// What the member `name` of an object says.
fn member(name: &str, value: &Value) -> Report {
    let name: String = name.chars().filter(|c| !"_-".contains(*c)).collect();
    let name = name.to_ascii_lowercase();
    let holds_more = value.is_object() || value.is_array();
    let text = match value.as_str() {
        Some(text) => text.trim().to_ascii_lowercase(),
        None => value.to_string(),
    };
    let nothing = text.is_empty()
        || has("0 null false no none nil ok success [] {} [null] [\"\"] noerror", &text)
        || text == "no error";
    if name.starts_with("err") || has("fail failed failure failures exception fault", &name) {
        let code = value.get("code").is_some_and(|it| has("0 \"0\" 200", &it.to_string()));
        let none = nothing || code || text == "200";
        return if none { Report::Nothing } else { Report::Failure };
    }
    if holds_more || names_something(&name) {
        return Report::Nothing;
    }
    let is_success = has("success ok successful succeeded issuccess", &name);
    let tells = is_success || has("status result state", &name);
    if let Ok(number) = text.parse::<i64>() {
        let code = name.ends_with("code");
        let failed = (is_success && number == 0)
            || (code && (2..100).contains(&number))
            || ((code || tells) && (number < 0 || (400..1000).contains(&number)));
        return match failed {
            true => Report::Failure,
            false if is_success => Report::Success,
            false => Report::Nothing,
        };
    }
    if (tells && has("false no", &text))
        || (is_success && nothing && text != "ok" && text != "success")
    {
        return Report::Failure;
    }
    if value.is_string() && in_text(&text) {
        return Report::Failure;
    }
    if tells && (is_success || has("true ok success good updated", &text)) {
        return Report::Success;
    }
    Report::Nothing
}

#[cfg(test)]
mod tests;
