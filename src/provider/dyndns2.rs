//! Answers of the dyndns2 protocol (`/nic/update`): where its return codes are in them.
//!
//! The code is the first word of a line, in any case of letters; the address that was stored may
//! follow. What is a code here stays one whatever
//! the HTTP status is, because providers differ on that. Codes that are words of a language do not
//! count if prose follows: "good morning" is no answer, and "good - updated" is one. In JSON the code
//! is what a member holds. A code of failure that is no word of a language counts anywhere in a short
//! answer.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::Value;

use super::return_codes::{AGENT, Meaning, is_failure_code, is_word, refusal, success, transient};
use super::verdict::{Scope, Verdict};
use super::{FailureKind, Outcome, complaint, page};
use crate::model::Family;

/// The longest wait that a code can ask for: a typing error must not stop a name for a year.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a body means for the record that was sent with `sent`; `None` if there is no code in it.
pub fn classify(body: &str, sent: IpAddr) -> Option<Outcome> {
    verdict(body, Some(sent)).map(|verdict| verdict.outcome)
}

/// Like [`classify`]. Without `sent` the request did not name an address, so the provider took the
/// one it saw, and what it echoes is no mistake.
pub(super) fn verdict(body: &str, sent: Option<IpAddr>) -> Option<Verdict> {
    let text = readable(body);
    let is_page = page::is_page(body);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (codes, others): (Vec<_>, Vec<_>) = lines.map(Line::parse).partition(Option::is_some);
    let mut codes: Vec<Line> = codes.into_iter().flatten().collect();
    if codes.is_empty() && !is_page && text.len() <= SHORT {
        codes.extend(Line::of_failure_in(&text));
    }
    let ours = |line: &&Line| !line.is_about_other_family(sent);
    let any_ours = codes.iter().any(|line| ours(&line));
    let verdicts =
        codes.iter().filter(|line| !any_ours || ours(line)).map(|line| line.verdict(sent));
    let worst = verdicts.max_by_key(Verdict::severity)?;
    // Prose that has "good" on a line of its own is found on pages, but not in answers.
    let prose = is_page && !others.is_empty();
    if worst.is_success() && (prose || complaint::complains(body)) {
        return None;
    }
    Some(worst)
}

/// Longer texts in which a code stands somewhere may be a description of all codes.
const SHORT: usize = 200;

/// The lines of an answer: the visible text, or for JSON a line for each member that holds a code,
/// with the addresses beside it.
fn readable(body: &str) -> String {
    let body = body.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match serde_json::from_str::<Value>(body) {
        Ok(value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => {
            let mut lines = String::new();
            add_lines(&value, &mut lines);
            lines
        }
        Ok(Value::Null | Value::Bool(_) | Value::Number(_)) | Err(_) => page::text(body),
    }
}

fn add_lines(value: &Value, lines: &mut String) {
    match value {
        Value::String(text) => add_line(text, "", lines),
        Value::Array(items) => items.iter().for_each(|item| add_lines(item, lines)),
        Value::Object(members) => {
            let mut addresses = String::new();
            for text in members.values().filter_map(Value::as_str) {
                if text.parse::<IpAddr>().is_ok() {
                    addresses.push(' ');
                    addresses.push_str(text);
                }
            }
            for (name, value) in members {
                match value {
                    Value::String(text) if !complaint::names_something(name) => {
                        add_line(text, &addresses, lines);
                    }
                    Value::Array(_) | Value::Object(_) => add_lines(value, lines),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn add_line(text: &str, addresses: &str, lines: &mut String) {
    if Line::parse(text).is_some() {
        lines.push_str(text);
        lines.push_str(addresses);
        lines.push('\n');
    }
}

/// A line that begins with a code.
struct Line {
    code: String,
    meaning: Meaning,
    echoed: Vec<IpAddr>,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_start_matches(['"', '\'', '`', '(', '[', '{']);
        let first = usize::from(line.starts_with('!'));
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = line.get(first..)?.find(|c| !letters(c)).map_or(line.len(), |end| first + end);
        let (code, rest) = line.split_at(end);
        let code = code.to_ascii_lowercase();
        if continues(rest) {
            return None;
        }
        let behind = rest.trim_start_matches([':', ',', ';', '.']);
        let words: Vec<&str> =
            behind.split([' ', '\t', ',', ';', '(', ')']).filter(|w| !w.is_empty()).collect();
        if let Some(wait) = throttle(&code, &words) {
            let why = "too many updates, says the provider";
            let meaning = Meaning::Retry(Scope::Account, Some(wait.min(MAX_WAIT)), why);
            return Some(Self { code, meaning, echoed: Vec::new() });
        }
        let meaning = success(&code).or_else(|| transient(&code)).or_else(|| refusal(&code))?;
        let prose = is_word(&code) && is_prose(rest);
        (!prose).then(|| Self { code, meaning, echoed: addresses(rest) })
    }

    /// The first code of failure anywhere in `text`.
    fn of_failure_in(text: &str) -> Option<Self> {
        let code = complaint::words(text).into_iter().find(|word| is_failure_code(word))?;
        let meaning = transient(&code).or_else(|| refusal(&code))?;
        Some(Self { code, meaning, echoed: Vec::new() })
    }

    fn is_about_other_family(&self, sent: Option<IpAddr>) -> bool {
        let other = |sent| self.echoed.iter().all(|&echo| Family::of(echo) != Family::of(sent));
        !self.echoed.is_empty() && sent.is_some_and(other)
    }

    fn verdict(&self, sent: Option<IpAddr>) -> Verdict {
        let retry = |reason, after| Outcome::Retry { reason, after, kind: FailureKind::Other };
        let (scope, outcome) = match self.meaning {
            Meaning::Good if self.is_ignored(sent) => return ignored(),
            Meaning::Good | Meaning::NoChange if let Some(reason) = differs(&self.echoed, sent) => {
                (Scope::Record, retry(reason, None))
            }
            Meaning::Good => (Scope::Record, Outcome::Updated),
            Meaning::NoChange => (Scope::Record, Outcome::Unchanged),
            Meaning::Retry(scope, after, why) => {
                // This provider said nothing about a time.
                let wait = match self.code.as_str() {
                    "911" | "dnserr" => "; waiting 30 minutes, as such providers ask",
                    _ => "",
                };
                (scope, retry(format!("{why} ({}){wait}", self.code), after))
            }
            Meaning::Refused(scope, why, advice) => {
                let reason = format!("{why} ({})", self.code);
                (scope, Outcome::Refused { reason, advice: advice.into() })
            }
        };
        Verdict { outcome, scope }
    }

    /// Dyn answers `good 127.0.0.1` to a client it does not accept, and does nothing.
    fn is_ignored(&self, sent: Option<IpAddr>) -> bool {
        let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.echoed.contains(&home) && sent != Some(home)
    }
}

/// Whether `c` is part of a word. Unicode's table of letters is not linked for this: beyond Latin-1's
/// marks and general punctuation (U+2000 to U+206F), what is not ASCII is taken for a letter.
fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || c >= '\u{c0}' && !('\u{2000}'..='\u{206f}').contains(&c)
}

/// Whether the word before `rest` goes on there, as in `good-bye` and in `good.example.com`.
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

/// Whether `rest`, behind a code that is a word of a language, goes on with another word. A mark, an
/// address or a host name ends the code, and so does what only tells it again.
fn is_prose(rest: &str) -> bool {
    let rest = rest.trim_start();
    let word = rest.split(|c: char| c.is_whitespace() || ",;!".contains(c)).next();
    let word = word.unwrap_or_default();
    rest.starts_with(is_letter_or_digit)
        && addresses(word).is_empty()
        && !word.trim_end_matches('.').contains('.')
        && !["updated", "update", "ok", "success"].iter().any(|it| it.eq_ignore_ascii_case(word))
}

/// The addresses in `text`, which may stand in brackets or quotes, behind a name or before the length
/// of a prefix.
fn addresses(text: &str) -> Vec<IpAddr> {
    let mark = |c: char| c.is_whitespace() || ",;()[]{}<>=|!?\"'`".contains(c);
    let mut found = Vec::new();
    for token in text.split(mark) {
        let token = token.split('/').next().unwrap_or_default().trim_end_matches('.');
        let named = token.split_once(':').map_or("", |(_, behind)| behind);
        let all = [token, token.trim_end_matches(':'), named];
        found.extend(all.into_iter().find_map(|it| it.parse::<IpAddr>().ok()));
    }
    found
}

/// Why the echoed addresses are not what was sent: the provider names addresses of that family, and
/// ours is not among them.
pub(super) fn differs(echoed: &[IpAddr], sent: Option<IpAddr>) -> Option<String> {
    let sent = sent?;
    let mut same = echoed.iter().filter(|&&echo| Family::of(echo) == Family::of(sent));
    let other = same.clone().next()?;
    (!same.any(|&echo| echo == sent))
        .then(|| format!("the provider says it stored {other}, but {sent} was sent"))
}

fn ignored() -> Verdict {
    let outcome = Outcome::Refused {
        reason: "the update was ignored, because this client is not accepted (good 127.0.0.1)"
            .into(),
        advice: AGENT.into(),
    };
    Verdict { outcome, scope: Scope::Account }
}

/// `wait N[s|m|h]` and `wN[s|m|h]`, the old throttle of Dyn and No-IP. The unit may stand apart, and
/// be written out.
fn throttle(code: &str, words: &[&str]) -> Option<Duration> {
    match (code, words) {
        ("wait", [number, unit]) if !unit.starts_with(|c: char| c.is_ascii_digit()) => {
            duration(&[*number, *unit].concat())
        }
        ("wait", [delay]) => duration(delay),
        (_, []) => duration(code.strip_prefix('w')?),
        _ => None,
    }
}

fn duration(text: &str) -> Option<Duration> {
    let text = text.trim_end_matches('.');
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..)?.to_ascii_lowercase();
    let unit = unit.trim_end_matches('s');
    let units = [("second", 1), ("minute", 60), ("hour", 3600)];
    let (_, unit) = units.into_iter().find(|(name, _)| name.starts_with(unit))?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse::<u32>().unwrap_or(u32::MAX);
    plain.then(|| Duration::from_secs(u64::from(number).saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const V4: &str = "192.0.2.1";
    const V6: &str = "2001:db8::1";

    fn says(body: &str, sent: &str) -> String {
        let seconds = |after: Option<Duration>| after.map_or(0, |d| d.as_secs());
        match classify(body, sent.parse().unwrap()) {
            None => "none".into(),
            Some(Outcome::Updated) => "updated".into(),
            Some(Outcome::Unchanged) => "unchanged".into(),
            Some(Outcome::Retry { after, .. }) => format!("retry {}", seconds(after)),
            Some(Outcome::Refused { advice, .. }) => {
                assert!(!advice.is_empty());
                "refused".into()
            }
            Some(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn every_code_has_its_outcome() {
        for (codes, expected) in [
            ("good GOOD Good:", "updated"),
            ("nochg", "unchanged"),
            ("badauth !donator notfqdn nohost !yours !active numhost numip abuse", "refused"),
            ("badagent badsys badrequest badparam badop badip noaccess", "refused"),
            ("dnserr 911", "retry 1800"),
            ("servererror fatal interror", "retry 0"),
            ("interval", "retry 300"),
            ("TOOSOON TOO_FREQ", "retry 600"),
            ("w60s w60", "retry 60"),
            ("w10m", "retry 600"),
            ("w1h", "retry 3600"),
            ("w99h w99999999999999999999h", "retry 86400"),
            ("w1d wh w", "none"),
            ("goodness -good ok 0 1", "none"),
            ("good! \"good\" [good] 'good'", "updated"),
            ("nochg! nochg. [nochg]", "unchanged"),
            ("badauth! \"badauth\" badauth, !yours!", "refused"),
            ("911! dnserr!", "retry 1800"),
            ("good-bye good.example.com good@example.com good/bad goodé nochg-x", "none"),
        ] {
            for code in codes.split(' ') {
                assert_eq!(says(code, V4), expected, "{code}");
            }
        }
    }

    #[test]
    fn a_code_is_found_in_its_wrapping() {
        for (body, expected) in [
            ("\u{feff}good 192.0.2.1\r\n", "updated"),
            ("  nochg\t192.0.2.1", "unchanged"),
            ("<html><body><b>good</b> 192.0.2.1</body></html>", "updated"),
            ("<html><title>Update</title><body>badauth</body></html>", "refused"),
            ("<html><title>Hotel</title><body><h1>Good</h1></body></html>", "none"),
            ("badauth: wrong password", "refused"),
            ("nochg 192.0.2.1 home.example.com", "unchanged"),
            ("Thank you\ngood 192.0.2.1", "updated"),
            ("wait 10m", "retry 600"),
            ("wait 10 m", "retry 600"),
            ("wait 10 minutes", "retry 600"),
            ("WAIT 1 Minute.", "retry 60"),
            ("wait 2 h", "retry 7200"),
            ("wait 30 s", "retry 30"),
            ("wait 30 secs", "retry 30"),
            ("wait 30 times", "none"),
            ("wait 30 5", "none"),
            ("wait 30", "retry 30"),
            ("wait for it", "none"),
            ("good [192.0.2.1]", "updated"),
            ("good - updated", "updated"),
            ("good updated", "updated"),
            ("good, thank you", "updated"),
            ("good \"192.0.2.1\"", "updated"),
            ("good 192.0.2.1/32", "updated"),
            ("good:192.0.2.1", "updated"),
            ("good ip=192.0.2.1", "updated"),
            ("good ip:192.0.2.1.", "updated"),
            ("good home.example.com 192.0.2.1", "updated"),
            ("nochg (ip: 192.0.2.1)", "unchanged"),
            ("{\"code\":\"good\",\"ip\":\"192.0.2.1\"}", "updated"),
            ("[{\"status\": \"nochg 192.0.2.1\"}]", "unchanged"),
            ("{\"code\":\"badauth\"}", "refused"),
            ("{\"result\":{\"status\":\"nohost\"}}", "refused"),
            ("{\"code\":\"good\",\"error\":\"no such host\"}", "none"),
            ("{\"hostname\":\"good\"}", "none"),
            ("error: badauth", "refused"),
            ("result=nohost", "refused"),
            ("status dnserr", "retry 1800"),
            ("nohost.example.com updated", "none"),
            ("not good", "none"),
            ("good - but the update failed", "none"),
            ("good 192.0.2.1\nERROR: no AAAA", "none"),
            ("Good evening! Your address is 192.0.2.1", "none"),
            ("good.example.com updated", "none"),
            ("good morning", "none"),
            ("911 calls", "none"),
            ("abuse is reported to abuse@example.com", "none"),
            ("result: good", "none"),
            ("", "none"),
        ] {
            assert_eq!(says(body, V4), expected, "{body}");
        }
    }

    #[test]
    fn the_echoed_address_is_checked() {
        for (body, sent, expected) in [
            ("good 192.0.2.1", V4, "updated"),
            ("good 192.0.2.2", V4, "retry 0"),
            ("good [192.0.2.2]", V4, "retry 0"),
            ("good 192.0.2.2/32", V4, "retry 0"),
            ("good - stored \"192.0.2.2\"", V4, "retry 0"),
            ("{\"code\":\"good\",\"ip\":\"192.0.2.2\"}", V4, "retry 0"),
            ("good [2001:db8::2]", V6, "retry 0"),
            ("good 2001:db8::/64", "2001:db8::", "updated"),
            ("nochg 192.0.2.2", V4, "retry 0"),
            ("good 192.0.2.2, 192.0.2.1", V4, "updated"),
            ("good 2001:DB8:0::1", V6, "updated"),
            ("good 2001:db8::2", V6, "retry 0"),
            ("good 2001:db8::2", V4, "updated"),
            ("good 127.0.0.1", V4, "refused"),
            ("good 127.0.0.1", V6, "refused"),
            ("good 127.0.0.1", "127.0.0.1", "updated"),
            ("nochg 127.0.0.1", V4, "retry 0"),
        ] {
            assert_eq!(says(body, sent), expected, "{body}");
        }
        let unnamed = |body| verdict(body, None).map(|verdict| verdict.is_success());
        assert_eq!(unnamed("good 192.0.2.2"), Some(true));
        assert_eq!(unnamed("good 127.0.0.1"), Some(false));
    }

    #[test]
    fn of_several_lines_ours_counts_and_the_worst_of_them() {
        for (body, sent, expected) in [
            ("good 192.0.2.1\nnochg 2001:db8::1", V4, "updated"),
            ("good 192.0.2.1\nnochg 2001:db8::1", V6, "unchanged"),
            ("good 192.0.2.9\nnochg 2001:db8::1", V6, "unchanged"),
            ("nochg 192.0.2.1\r\nnohost", V4, "refused"),
            ("nochg\n911", V4, "retry 1800"),
            ("nochg\ngood", V4, "updated"),
        ] {
            assert_eq!(says(body, sent), expected, "{body}");
        }
    }

    #[test]
    fn what_concerns_the_account_is_told_from_what_concerns_a_name() {
        let scope = |body| verdict(body, None).unwrap().scope;
        for body in ["badauth", "badagent", "abuse", "!donator", "good 127.0.0.1", "911", "wait 1m"]
        {
            assert_eq!(scope(body), Scope::Account, "{body}");
        }
        for body in ["good", "nohost", "!yours", "notfqdn", "interval", "fatal"] {
            assert_eq!(scope(body), Scope::Record, "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_classified(body in "(?s)(good|nochg|w|wait|911|<b>|<|>|\n|.){0,30}") {
            classify(&body, V4.parse().unwrap());
        }
    }
}
