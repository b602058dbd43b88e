//! The return codes of the dyndns2 protocol (`/nic/update`) and what each one means.
//!
//! Sources: <https://help.dyn.com/return-codes.html>, <https://www.noip.com/integrate/response>,
//! <https://www.dynu.com/DynamicDNS/IP-Update-Protocol>.

use super::verdict::Scope;
use crate::text::{has, parts};

/// The longest wait that a code can ask for, in seconds. A typing error of the provider must not stop a name for a
/// year.
const MAX_WAIT: u32 = 24 * 60 * 60;
/// The wait that Dyn, No-IP and DNS-O-Matic ask for after a failure of their own.
const FAILURE_WAIT: u32 = 30 * 60;

/// What a code means.
#[derive(Clone, Copy)]
pub(super) enum CodeMeaning {
    /// `good`: the record was changed.
    Good,
    /// `nochg`: the record had the address already.
    NoChange,
    /// A temporary failure, and the wait that the code asks for, in seconds.
    Retry(Scope, Option<u32>, &'static str),
    /// A refusal: the reason, and the advice for the owner.
    Refused(Scope, &'static str, &'static str),
}

/// What `code` means; `None` if it is no code.
pub(super) fn meaning(code: &str) -> Option<CodeMeaning> {
    match code {
        "good" => Some(CodeMeaning::Good),
        "nochg" => Some(CodeMeaning::NoChange),
        _ => failure(code),
    }
}

/// What the failure code `code` means.
pub(super) fn failure(code: &str) -> Option<CodeMeaning> {
    let (_, meaning) = FAILURES.iter().find(|(codes, _)| has(codes, code))?;
    Some(*meaning)
}

/// Whether `word` is a failure code and no English word.
pub(super) fn is_failure_code(word: &str) -> bool {
    !is_word(word) && failure(word).is_some()
}

/// Whether the code is an English word or a number that may begin any sentence.
pub(super) fn is_word(code: &str) -> bool {
    has("good abuse fatal interval 911", code)
}

/// The wait of `wait N[s|m|h]` and `wN[s|m|h]`, the old throttle of Dyn and No-IP, with `rest` behind
/// the first word. A space may stand before the unit, and the unit may be written out.
pub(super) fn throttle(code: &str, rest: &str) -> Option<CodeMeaning> {
    let rest = rest.trim_start_matches([':', ',', ';', '.']);
    let wait = match (code, &parts(rest, |c| " \t,;()".contains(c))[..]) {
        ("wait", [number, unit]) if !unit.starts_with(|c: char| c.is_ascii_digit()) => {
            duration(&[*number, *unit].concat())?
        }
        ("wait", [delay]) => duration(delay)?,
        (_, []) => duration(code.strip_prefix('w')?)?,
        _ => return None,
    };
    let why = "the provider reports too many updates";
    Some(CodeMeaning::Retry(Scope::Account, Some(wait.min(MAX_WAIT)), why))
}

/// Names of units, with their seconds.
const UNITS: [(&str, u32); 3] = [("second", 1), ("minute", 60), ("hour", 3600)];

/// `60`, `60s`, `10minutes`, `1h`; a number without a unit means seconds.
fn duration(text: &str) -> Option<u32> {
    let text = text.trim_end_matches('.');
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unit = text.get(digits.len()..)?.to_ascii_lowercase();
    let unit = unit.trim_end_matches('s');
    let (_, seconds) = UNITS.iter().find(|(name, _)| name.starts_with(unit))?;
    // Digits that are no number of 32 bits are more than the longest wait anyway.
    let number = digits.parse().unwrap_or(MAX_WAIT).min(MAX_WAIT);
    Some(number * seconds)
}

/// The advice for a client that the provider does not accept.
pub(super) const AGENT: &str = "set 'user_agent' to a text of your own, for example \"MyRouter/1.0 me@example.org\"; \
     if that does not help, ask whether the account may use update clients";
const CREDENTIALS: &str = "correct 'username' and 'password' of this section; some providers want an update key or \
     token there instead of the password of the web site";
const NAME: &str = "compare 'domain' with the names in the account at the provider's web site; write it in full, \
     like home.example.com";
const URL: &str = "compare 'update_url' and 'param_opt' with the provider's documentation";

/// The failure codes, with spaces between those that mean the same.
const FAILURES: &[(&str, CodeMeaning)] = &[
    (
        "dnserr",
        CodeMeaning::Retry(Scope::Account, Some(FAILURE_WAIT), "the provider's DNS has failed"),
    ),
    (
        "911",
        CodeMeaning::Retry(
            Scope::Account,
            Some(FAILURE_WAIT),
            "the provider has an outage or maintenance",
        ),
    ),
    (
        // Dynu, 3322 and SPDyn have these codes, and ask for no pause. So the back-off decides.
        "servererror interror fatal",
        CodeMeaning::Retry(Scope::Record, None, "the provider's server has failed"),
    ),
    // dyn.dns.he.net wants five minutes between two updates.
    ("interval", CodeMeaning::Retry(Scope::Record, Some(5 * 60), "too soon after the last update")),
    (
        // easyDNS and ZoneEdit want ten minutes between two updates.
        "toosoon too_soon too_freq",
        CodeMeaning::Retry(Scope::Record, Some(10 * 60), "too soon after the last update"),
    ),
    (
        "badauth noaccess no_access no_auth",
        CodeMeaning::Refused(
            Scope::Account,
            "the user name or password is not accepted",
            CREDENTIALS,
        ),
    ),
    (
        "!donator noservice no_service",
        CodeMeaning::Refused(
            Scope::Account,
            "the account does not include this service",
            "remove the feature from 'update_url' or 'param_opt' (offline, wildcard, …), or order it from the provider",
        ),
    ),
    (
        "notfqdn",
        CodeMeaning::Refused(Scope::Record, "the name is not accepted as a full host name", NAME),
    ),
    ("nohost", CodeMeaning::Refused(Scope::Record, "the account has no such name", NAME)),
    ("!yours", CodeMeaning::Refused(Scope::Record, "the name belongs to another account", NAME)),
    (
        "!active",
        CodeMeaning::Refused(
            Scope::Record,
            "the name's zone is not activated",
            "activate the name or its zone at the provider's web site",
        ),
    ),
    (
        "numhost numip",
        CodeMeaning::Refused(
            Scope::Record,
            "the update has too many names or addresses",
            "use one name per update; a name with several addresses cannot be updated this way",
        ),
    ),
    (
        // The whole account pauses, because further requests would count as abuse, too.
        "abuse",
        CodeMeaning::Refused(
            Scope::Account,
            "the name is blocked for abuse",
            "find out what happened and unblock the name at the provider's web site",
        ),
    ),
    ("badagent", CodeMeaning::Refused(Scope::Account, "this client is not accepted", AGENT)),
    (
        "badsys",
        CodeMeaning::Refused(Scope::Account, "the 'system' parameter of the URL is wrong", URL),
    ),
    (
        "badrequest badparam badop",
        CodeMeaning::Refused(Scope::Record, "the request is not understood", URL),
    ),
    (
        "badip",
        CodeMeaning::Refused(
            Scope::Address,
            "the address is not accepted",
            "check that the provider takes addresses of this kind, and how 'update_url' names them",
        ),
    ),
];
