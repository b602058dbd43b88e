//! Answers of the dyndns2 protocol (`/nic/update`): where its return codes are in them.
//!
//! The code is the first word of a line, in upper or lower case; the stored address may follow. In JSON the code is
//! the value of a member. A code counts with every HTTP status, because providers send it with different ones.
//!
//! A code that is an English word does not count if a sentence follows: "good morning" is no code, and
//! "good - updated" is one. A failure code that is no English word counts anywhere in a short answer.

use std::net::{IpAddr, Ipv4Addr};

use super::return_codes::{self, AGENT, CodeMeaning, is_failure_code, is_word};
use super::verdict::{Scope, Verdict};
use super::{Outcome, complaint, page};
use crate::model::Family;
use crate::model::json::Json;
use crate::text::{has, parts};
use crate::time::Duration;

/// Longest text in which a failure code counts wherever it stands, in bytes. A longer text may be a
/// description of all codes.
const SHORT: usize = 200;

/// What `body` means for the record that was to hold `sent`; `None` if there is no code in it.
pub fn classify(body: &str, sent: IpAddr) -> Option<Outcome> {
    verdict(body, sent).map(|verdict| verdict.outcome)
}

/// Like [`classify`], with the scope.
pub(super) fn verdict(body: &str, sent: IpAddr) -> Option<Box<Verdict>> {
    let text = readable(body);
    let is_page = page::is_page(body);
    let (mut codes, has_other_lines) = code_lines(&text);
    if codes.is_empty()
        && !is_page
        && text.len() <= SHORT
        && let Some(failure) = CodeLine::failure_in(&text)
    {
        codes.push(failure);
    }
    // An answer to an update of both families may have one line for each.
    if codes.iter().any(|code| !code.is_about_other_family(sent)) {
        codes.retain(|code| !code.is_about_other_family(sent));
    }
    let mut worst: Option<Box<Verdict>> = None;
    for code in &codes {
        let verdict = code.verdict(sent);
        if worst.as_ref().is_none_or(|worst| verdict.severity() >= worst.severity()) {
            worst = Some(verdict);
        }
    }
    let worst = worst?;
    // "good" on a line of its own occurs in web pages of any kind.
    let is_prose = is_page && has_other_lines;
    if worst.is_success() && (is_prose || complaint::complains(body)) {
        return None;
    }
    Some(worst)
}

/// The lines of `text` with codes, and whether it has others.
fn code_lines(text: &str) -> (Vec<CodeLine>, bool) {
    let mut codes = Vec::new();
    let mut has_other_lines = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match CodeLine::parse(line) {
            Some(code) => codes.push(code),
            None => has_other_lines = true,
        }
    }
    (codes, has_other_lines)
}

/// The lines of an answer: the visible text, or of JSON a line for each member that holds a code, with
/// the addresses of the same object behind it.
fn readable(body: &str) -> String {
    let body = page::trimmed(body);
    match Json::parse(body) {
        Ok(value @ (Json::Object(_) | Json::List(_) | Json::Text(_))) => {
            let mut lines = String::new();
            add_lines(&value, &mut lines);
            lines
        }
        Ok(Json::Null | Json::Bool(_) | Json::Number(_)) | Err(_) => page::text(body),
    }
}

fn add_lines(value: &Json, lines: &mut String) {
    match value {
        Json::Text(text) => add_line(text, "", lines),
        Json::List(items) => items.iter().for_each(|item| add_lines(item, lines)),
        Json::Object(members) => {
            let mut addresses = String::new();
            for text in members.values().filter_map(Json::as_str) {
                if text.parse::<IpAddr>().is_ok() {
                    addresses.push(' ');
                    addresses.push_str(text);
                }
            }
            for (name, value) in members.iter() {
                match value {
                    Json::Text(text) if !complaint::names_something(name) => {
                        add_line(text, &addresses, lines);
                    }
                    Json::List(_) | Json::Object(_) => add_lines(value, lines),
                    Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => {}
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn add_line(text: &str, addresses: &str, lines: &mut String) {
    if CodeLine::parse(text).is_some() {
        lines.push_str(text);
        lines.push_str(addresses);
        lines.push('\n');
    }
}

/// A line that begins with a code.
struct CodeLine {
    code: String,
    meaning: CodeMeaning,
    /// The addresses behind the code.
    echoed: Vec<IpAddr>,
}

impl CodeLine {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_start_matches(|c| "\"'`([{".contains(c));
        let (code, rest) = line.split_at(code_length(line));
        let code = code.to_ascii_lowercase();
        if continues(rest) {
            return None;
        }
        if let Some(meaning) = return_codes::throttle(&code, rest) {
            return Some(Self { code, meaning, echoed: Vec::new() });
        }
        let meaning = return_codes::meaning(&code)?;
        if is_word(&code) && is_prose(rest) {
            return None;
        }
        Some(Self { code, meaning, echoed: addresses(rest) })
    }

    /// The first failure code anywhere in `text`.
    fn failure_in(text: &str) -> Option<Self> {
        let code = complaint::words(text).into_iter().find(|word| is_failure_code(word))?;
        let meaning = return_codes::failure(&code)?;
        Some(Self { code, meaning, echoed: Vec::new() })
    }

    fn is_about_other_family(&self, sent: IpAddr) -> bool {
        let sent = Family::of(sent);
        !self.echoed.is_empty() && self.echoed.iter().all(|&echo| Family::of(echo) != sent)
    }

    fn verdict(&self, sent: IpAddr) -> Box<Verdict> {
        match self.meaning {
            CodeMeaning::Good if self.is_ignored(sent) => ignored(),
            CodeMeaning::Good => self.unless_echo_differs(Outcome::Updated, sent),
            CodeMeaning::NoChange => self.unless_echo_differs(Outcome::Unchanged, sent),
            CodeMeaning::Retry(scope, after, why) => {
                // The answer itself names no time, so the wait is explained.
                let wait = match self.code.as_str() {
                    "911" | "dnserr" => "; waiting 30 minutes, as such providers ask",
                    _ => "",
                };
                let reason = format!("{why} ({}){wait}", self.code);
                let after = after.map(|seconds| Duration::from_secs(seconds.into()));
                Verdict::retry(scope, reason, after)
            }
            CodeMeaning::Refused(scope, why, advice) => {
                let reason = format!("{why} ({})", self.code);
                Verdict::refused(scope, reason, advice)
            }
        }
    }

    fn unless_echo_differs(&self, success: Outcome, sent: IpAddr) -> Box<Verdict> {
        match differs(&self.echoed, sent) {
            Some(reason) => Verdict::retry(Scope::Record, reason, None),
            None => success.into(),
        }
    }

    /// Dyn answers `good 127.0.0.1` to a client that it does not accept, and stores nothing.
    fn is_ignored(&self, sent: IpAddr) -> bool {
        let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.echoed.contains(&localhost) && sent != localhost
    }
}

/// How many bytes of `line` its first word has, with a `!` before it.
fn code_length(line: &str) -> usize {
    let word = line.strip_prefix('!').unwrap_or(line);
    let rest = word.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    line.len() - rest.len()
}

/// Whether `c` is part of a word.
fn is_letter_or_digit(c: char) -> bool {
    // Unicode's table of letters would cost flash. Beyond the punctuation of Latin-1 and General Punctuation
    // (U+2000 to U+206F), what is not ASCII is taken for a letter.
    c.is_ascii_alphanumeric() || c >= '\u{c0}' && !('\u{2000}'..='\u{206f}').contains(&c)
}

/// Whether the word before `rest` continues there, as in `good-bye` and in `good.example.com`.
fn continues(rest: &str) -> bool {
    let mut following = rest.chars();
    match following.next() {
        Some('.' | '-' | '/' | '@' | '\'' | '\u{2019}') => {
            following.next().is_some_and(is_letter_or_digit)
        }
        Some(c) => is_letter_or_digit(c),
        None => false,
    }
}

/// Whether `rest`, behind a code that is an English word, begins with another word of a sentence: no punctuation
/// mark, address, host name or word for success.
fn is_prose(rest: &str) -> bool {
    let rest = rest.trim_start();
    let words = parts(rest, |c| c.is_whitespace() || ",;!".contains(c));
    let word = words.first().copied().unwrap_or_default();
    rest.starts_with(is_letter_or_digit)
        && addresses(word).is_empty()
        && !word.trim_end_matches('.').contains('.')
        && !has("updated update ok success", &word.to_ascii_lowercase())
}

/// The addresses in `text`. They may stand in brackets or quotes, behind a name such as `ip:` or before
/// a prefix length.
fn addresses(text: &str) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for token in parts(text, |c| c.is_whitespace() || ",;()[]{}<>=|!?\"'`".contains(c)) {
        addresses.extend(address(token));
    }
    addresses
}

fn address(token: &str) -> Option<IpAddr> {
    let token = token.split('/').next().unwrap_or_default().trim_end_matches('.');
    let behind_name = token.split_once(':').map_or("", |(_, behind)| behind);
    let readings = [token, token.trim_end_matches(':'), behind_name];
    readings.into_iter().find_map(|reading| reading.parse().ok())
}

/// Why the echoed addresses contradict the update: they contain addresses of the family of `sent`, and
/// `sent` is not among them.
pub(super) fn differs(echoed: &[IpAddr], sent: IpAddr) -> Option<String> {
    if echoed.contains(&sent) {
        return None;
    }
    let stored = echoed.iter().find(|&&echo| Family::of(echo) == Family::of(sent))?;
    Some(format!("the provider reports that it stored {stored}, but {sent} was sent"))
}

fn ignored() -> Box<Verdict> {
    let reason = "the update was ignored, because this client is not accepted (good 127.0.0.1)";
    Verdict::refused(Scope::Account, reason.into(), AGENT)
}

#[cfg(test)]
mod tests;
