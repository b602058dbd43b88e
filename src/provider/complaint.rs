//! Whether an answer in plain text or in JSON says that the update failed.
//!
//! Providers and scripts of owners have no common words for that. This looks for the words of failure
//! of the providers that are known, and for members of JSON that report one; `0 errors`, `error: none`
//! and `"errors": []` report none.

use std::net::IpAddr;

use serde_json::Value;

use super::return_codes::is_failure_code;

/// Words that report a failure wherever they stand, unless a word or number beside them denies it.
const FAILURE: &str = "error errors err errcount errcode errno errmsg err1 fail fails failed failing failure \
    failures invalid denied unauthorized unauthorised unauthenticated forbidden refused rejected incorrect \
    wrong bad unsuccessful unsuccessfully illegal malformed exception cannot can't couldn't couldnt unable expired exceeded suspended \
    banned blocked throttled unavailable unsupported mismatch nonexistent exhausted revoked declined aborted \
    insufficient sorry fatal busy overloaded maintenance ratelimited prohibited fehler erreur verweigert \
    restricted aborting nxdomain servfail traceback abgelehnt gesperrt falsch ungültig ungültiger ungültige \
    incorrecta incorrecto";
/// What `not` in front of makes a failure. `not changed` and `not needed` are none.
const AFTER_NOT: &str = "found find allowed authorized authorised authenticated permitted accepted valid \
    known registered recognized supported exist exists match ok good success successful correct work \
    processed logged signed saved stored applied belong yours your implemented active";
/// What `no` in front of makes a failure.
const AFTER_NO: &str = "such access permission matching valid authorization good success";
/// What an answer asks for after `please`, in the place of an update.
const ASKED: &str = "log login sign signin authenticate authorize try retry provide specify supply enter register \
    renew upgrade activate";
/// What an update may lack, before `required` or `needed`.
const LACKING: &str = "authentication authorization login password token key username user hostname host domain \
    parameter parameters credentials account record records zone payment captcha subscription";
/// What can be disabled or locked so that nothing is updated.
const ACCESS: &str =
    "account user login token key service access host hostname domain zone update updates";
/// What an answer says of an address that needs no update.
const SAME: &str =
    "same already unchanged change changed changes nochange nochg current identical modified";
/// What an update is called that was done. With `false` it was not done.
const DONE: &str = "updated update saved stored applied accepted auth authorized authenticated loggedin valid found done \
    processed";
/// Words that may stand between a word of failure and the number or word that denies it.
const BETWEEN: &str = "count code codes number message msg status is was were are";

/// Whether `body` reports a failure.
pub(super) fn complains(body: &str) -> bool {
    let body = body.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match serde_json::from_str(body) {
        Ok(Value::Bool(success)) => !success,
        Ok(Value::Number(number)) => {
            number.as_i64().is_some_and(|number| number < 0 || (400..600).contains(&number))
        }
        Ok(value) => reported(&value) == Report::Failure,
        Err(_) => in_text(body),
    }
}

/// Whether `text`, which is no JSON, reports a failure.
fn in_text(text: &str) -> bool {
    let words = words(text);
    (0..words.len()).any(|place| is_failure(&words, place))
}

/// Whether `text` asks for something, such as a log-in.
pub(super) fn asks_for_something(text: &str) -> bool {
    let words = words(text);
    (0..words.len()).any(|place| Word::new(&words, place).asks())
}

/// Whether the word at `place` reports a failure, together with its neighbours.
fn is_failure(words: &[String], place: usize) -> bool {
    let context = Word::new(words, place);
    let Word { before, word, next, later, .. } = context;
    match word {
        "no" | "nope" if words.len() == 1 => true,
        "no" => has(AFTER_NO, next) || (later.is_empty() && has(LACKING, next)),
        "not" if has("can could", before) => true,
        "not" if next == "in" => has("your this the our", later),
        "ko" | "nok" => before.is_empty(),
        "unknown" | "missing" => before.is_empty() || next.is_empty(),
        "too" => has("many soon often fast frequent frequently", next),
        "code" if has("return exit", before) => is_number_above_0(next),
        "exit" | "rc" => is_number_above_0(next),
        "code" | "status" => next.parse().is_ok_and(|number: u32| (400..1000).contains(&number)),
        "timeout" => next.parse::<u32>().is_err(),
        "success" | "successful" | "succeeded" => {
            next == "false" || (has("0 no", next) && later.is_empty())
        }
        "ok" | "accepted" | "authorized" | "authenticated" | "valid" | "saved" | "stored"
        | "update"
            if next == "false" =>
        {
            true
        }
        "updated" => updated_nothing(words, place),
        _ if has(FAILURE, word) || is_failure_code(word) => !is_denied(words, place),
        _ if negates(word) => {
            has(AFTER_NOT, next) || (has("a be been", next) && has(AFTER_NOT, later))
        }
        _ => {
            (before.is_empty() && word.starts_with("bad"))
                || context.asks()
                || context.reports_limit()
                || context.reports_absence()
        }
    }
}

fn is_number_above_0(word: &str) -> bool {
    word.parse::<u32>().is_ok_and(|number| number > 0)
}

/// A word with its neighbours, which are empty where the clause ends.
#[derive(Clone, Copy)]
struct Word<'a> {
    before: &'a str,
    word: &'a str,
    next: &'a str,
    later: &'a str,
    clause: &'a [String],
}

impl<'a> Word<'a> {
    fn new(words: &'a [String], place: usize) -> Self {
        let at = |place: usize| words.get(place).map_or("", String::as_str);
        let before = place.checked_sub(1).map_or("", at);
        let next = at(place + 1);
        let later = if next.is_empty() { "" } else { at(place + 2) };
        Self { before, word: at(place), next, later, clause: clause(words, place) }
    }

    /// Whether it belongs to a request to the client, which would have to be met first.
    fn asks(self) -> bool {
        let Self { before, word, next, later, clause } = self;
        match word {
            "please" => has(ASKED, next),
            "must" => before == "you" || next == "be",
            "login" | "signin" => before.is_empty() && next.is_empty(),
            "log" | "sign" if next == "in" => {
                has("to must first", before)
                    || (before.is_empty() && (later.is_empty() || has("to first", later)))
            }
            "verify" | "confirm" | "activate" => before.is_empty() && next == "your",
            "required" | "needed" => {
                (has("is are", before) || has(LACKING, before)) && !denies(clause)
            }
            "again" => before == "try",
            _ => false,
        }
    }

    /// Whether it reports that the provider takes no more requests.
    fn reports_limit(self) -> bool {
        let Self { before, word, next, later, clause } = self;
        match word {
            "reached" => any(clause, "limit quota maximum max"),
            "limited" => before == "rate",
            "limit" => before == "rate" && next.is_empty(),
            "quota" => before == "over",
            "slow" => next == "down",
            "timed" => next == "out",
            "out" => next == "of" && has("credit credits quota memory space", later),
            _ => false,
        }
    }

    /// Whether it reports, with the rest of its clause, that something is not there or not in use.
    fn reports_absence(self) -> bool {
        let Self { before, word, next, clause, .. } = self;
        match word {
            "found" | "matched" => {
                any(clause, "no none 0 zero")
                    && !any(clause, "change changes difference differences problem")
            }
            "given" | "supplied" | "specified" | "provided" => {
                denies(clause) && !any(clause, "ip address addr myip ipv4 ipv6")
            }
            "permission" | "permissions" | "access" | "rights" => denies(clause),
            "disabled" | "locked" | "inactive" | "deactivated" => {
                has(ACCESS, before) || (has("is are was been", before) && any(clause, ACCESS))
            }
            "empty" => has(LACKING, before) || has(LACKING, next),
            _ => false,
        }
    }
}

/// Whether `updated` at `place` is said of nothing, and no word anywhere says that the address was there
/// already.
fn updated_nothing(words: &[String], place: usize) -> bool {
    let Word { before, next, later, .. } = Word::new(words, place);
    let first = place.checked_sub(2).and_then(|place| words.get(place)).map_or("", String::as_str);
    let none = negates(before)
        || has("no 0 zero nothing", before)
        || (!before.is_empty() && has("no 0 zero", first))
        || next == "false"
        || (has("no 0", next) && later.is_empty());
    none && !any(words, SAME)
}

/// The words between the two ends of clauses around `place`.
fn clause(words: &[String], place: usize) -> &[String] {
    let (before, behind) = words.split_at(place);
    let start = before.iter().rposition(String::is_empty).map_or(0, |end| end + 1);
    let length = behind.iter().position(String::is_empty).unwrap_or(behind.len());
    words.get(start..place + length).unwrap_or_default()
}

/// Whether one of `words` is in `list`.
fn any(words: &[String], list: &str) -> bool {
    words.iter().any(|word| has(list, word))
}

fn denies(clause: &[String]) -> bool {
    clause.iter().any(|word| negates(word) || has("no none", word))
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
    /// It was not done, which is a failure unless the same object reports success.
    Denial,
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
                    Report::Denial if found == Report::Nothing => found = Report::Denial,
                    Report::Denial | Report::Nothing => {}
                }
            }
            if found == Report::Denial {
                return Report::Failure;
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
            Report::Denial | Report::Nothing => {}
        }
    }
    found
}

/// Whether what the member `name` of an object holds is the name of something, and so no word.
pub(super) fn names_something(name: &str) -> bool {
    has("host hostname domain name zone subdomain user username fqdn url record", name)
}

/// Whether `value` affirms a failure that the name of its member reports.
fn is_failure_by_name(full_name: &str, name: &str, value: &Value) -> bool {
    match value {
        Value::Bool(true) => !has("login signin timeout no", name) && in_text(full_name),
        Value::Number(number) => has(FAILURE, name) && number.as_u64().is_some_and(|it| it > 0),
        Value::Null
        | Value::Bool(false)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => false,
    }
}

/// What the member `full_name` of an object says.
fn member(full_name: &str, value: &Value) -> Report {
    let name: String = full_name.chars().filter(|c| !"_-".contains(*c)).collect();
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("is").or_else(|| name.strip_prefix("has")).unwrap_or(&name);
    if is_failure_by_name(full_name, name, value) {
        return Report::Failure;
    }
    let holds_more = value.is_object() || value.is_array();
    let text = match value.as_str() {
        Some(text) => text.trim().to_ascii_lowercase(),
        None => value.to_string(),
    };
    let nothing = text.is_empty()
        || has("0 null false no none nil ok success [] {} [null] [\"\"] noerror", &text)
        || text == "no error";
    if name.starts_with("err") || has("fail failed failure failures exception fault", name) {
        let code = value.get("code").is_some_and(|it| has("0 \"0\" 200", &it.to_string()));
        let none = nothing || code || text == "200";
        return if none { Report::Nothing } else { Report::Failure };
    }
    if holds_more || names_something(name) {
        return Report::Nothing;
    }
    let is_success = has("success ok successful succeeded", name);
    let tells = is_success || has("status result state ret rc", name);
    if has(DONE, name) && has("false no 0", &text) {
        return Report::Denial;
    }
    if has("unchanged nochange same uptodate", name) && !nothing {
        return Report::Success;
    }
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
    if value.is_string() && any(&words(&text), SAME) {
        return Report::Success;
    }
    if tells && (is_success || has("true ok success good updated", &text)) {
        return Report::Success;
    }
    Report::Nothing
}

#[cfg(test)]
mod tests;
