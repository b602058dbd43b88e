//! The return codes of the dyndns2 protocol (`/nic/update`).
//!
//! The code is the first word of a line, in any case of letters; the address that was stored may
//! follow (<https://help.dyn.com/return-codes.html>, <https://www.noip.com/integrate/response>,
//! <https://www.dynu.com/DynamicDNS/IP-Update-Protocol>). What is a code here stays one whatever
//! the HTTP status is, because providers differ on that. Codes that are words of a language count
//! only if nothing but addresses follows: "good morning" is no answer.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::verdict::{Scope, Verdict};
use super::{FailureKind, Outcome, page};
use crate::config::Family;

/// The longest wait that a code can ask for: a typing error must not stop a name for a year.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// What Dyn, No-IP and DNS-O-Matic ask for after their own trouble.
const TROUBLE_WAIT: Duration = minutes(30);

/// What a body means for the record that was sent with `sent`; `None` if there is no code in it.
pub fn classify(body: &str, sent: IpAddr) -> Option<Outcome> {
    verdict(body, Some(sent)).map(|verdict| verdict.outcome)
}

/// Like [`classify`]. Without `sent` the request did not name an address, so the provider took the
/// one it saw, and what it echoes is no mistake.
pub(super) fn verdict(body: &str, sent: Option<IpAddr>) -> Option<Verdict> {
    let text = page::text(body);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (codes, others): (Vec<_>, Vec<_>) = lines.map(Line::parse).partition(Option::is_some);
    let codes: Vec<Line> = codes.into_iter().flatten().collect();
    let ours = |line: &&Line| !line.is_about_other_family(sent);
    let any_ours = codes.iter().any(|line| ours(&line));
    let verdicts =
        codes.iter().filter(|line| !any_ours || ours(line)).map(|line| line.verdict(sent));
    let worst = verdicts.max_by_key(Verdict::severity)?;
    // Prose that has "good" on a line of its own is found on pages, but not in answers.
    let prose = page::is_page(body) && !others.is_empty();
    (!prose || !worst.is_success()).then_some(worst)
}

/// A line that begins with a code.
struct Line {
    code: String,
    meaning: Meaning,
    echoed: Vec<IpAddr>,
}

enum Meaning {
    Good,
    NoChange,
    Retry(Scope, Option<Duration>, &'static str),
    Refused(Scope, &'static str, &'static str),
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let code = word.trim_end_matches([':', ',', ';', '.']).to_ascii_lowercase();
        let words: Vec<&str> =
            rest.split([' ', '\t', ',', ';', '(', ')']).filter(|w| !w.is_empty()).collect();
        if let Some(wait) = throttle(&code, &words) {
            let why = "too many updates, says the provider";
            let meaning = Meaning::Retry(Scope::Account, Some(wait.min(MAX_WAIT)), why);
            return Some(Self { code, meaning, echoed: Vec::new() });
        }
        let echoed: Vec<IpAddr> = words.iter().filter_map(|word| word.parse().ok()).collect();
        let prose = echoed.len() < words.len();
        let meaning = success(&code).or_else(|| transient(&code)).or_else(|| refusal(&code))?;
        (!prose || !is_word(&code)).then_some(Self { code, meaning, echoed })
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

/// Codes that are words or numbers which may begin any sentence.
fn is_word(code: &str) -> bool {
    ["good", "abuse", "fatal", "interval", "911"].contains(&code)
}

fn success(code: &str) -> Option<Meaning> {
    match code {
        "good" => Some(Meaning::Good),
        "nochg" => Some(Meaning::NoChange),
        _ => None,
    }
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

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

fn transient(code: &str) -> Option<Meaning> {
    let (scope, after, why) = match code {
        "dnserr" => (Scope::Account, Some(TROUBLE_WAIT), "the provider's DNS has trouble"),
        "911" => (Scope::Account, Some(TROUBLE_WAIT), "the provider has trouble or maintenance"),
        "servererror" | "interror" | "fatal" => {
            (Scope::Record, None, "the provider's server failed")
        }
        "interval" => (Scope::Record, Some(minutes(5)), "too soon after the last update"),
        "toosoon" | "too_soon" | "too_freq" => {
            (Scope::Record, Some(minutes(10)), "too soon after the last update")
        }
        _ => return None,
    };
    Some(Meaning::Retry(scope, after, why))
}

const AGENT: &str = "set 'user_agent' to a text of your own, for example \"MyRouter/1.0 me@example.org\"; \
     if that does not help, ask whether the account may use update clients";
const CREDENTIALS: &str = "correct 'username' and 'password' of this section; some providers want an update key or \
     token there instead of the password of the web site";
const NAME: &str = "compare 'domain' with the names in the account at the provider's web site; write it in full, \
     like home.example.com";
const URL: &str = "compare 'update_url' and 'param_opt' with the provider's documentation";

fn refusal(code: &str) -> Option<Meaning> {
    use Scope::{Account, Address, Record};
    let (scope, why, advice) = match code {
        "badauth" | "noaccess" | "no_access" | "no_auth" => {
            (Account, "the user name or password is not accepted", CREDENTIALS)
        }
        "!donator" | "noservice" | "no_service" => (
            Account,
            "the account does not include this service",
            "remove the feature from 'update_url' or 'param_opt' (offline, wildcard, …), or order it from the provider",
        ),
        "notfqdn" => (Record, "the name is not taken as a full host name", NAME),
        "nohost" => (Record, "the account has no such name", NAME),
        "!yours" => (Record, "the name belongs to another account", NAME),
        "!active" => (
            Record,
            "the name's zone is not activated",
            "activate the name or its zone at the provider's web site",
        ),
        "numhost" | "numip" => (
            Record,
            "these are too many names or addresses for one update",
            "use one name per update; a name with several addresses cannot be updated this way",
        ),
        "abuse" => (
            Account,
            "the name is blocked for abuse",
            "find out what happened and unblock the name at the provider's web site",
        ),
        "badagent" => (Account, "this client is not accepted", AGENT),
        "badsys" => (Account, "the 'system' parameter of the URL is wrong", URL),
        "badrequest" | "badparam" | "badop" => (Record, "the request is not understood", URL),
        "badip" => (
            Address,
            "the address is not accepted",
            "check that the provider takes addresses of this kind, and how 'update_url' names them",
        ),
        _ => return None,
    };
    Some(Meaning::Refused(scope, why, advice))
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
