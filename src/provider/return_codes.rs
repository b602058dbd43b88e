//! The return codes of the dyndns2 protocol, and what each means
//! (<https://help.dyn.com/return-codes.html>, <https://www.noip.com/integrate/response>,
//! <https://www.dynu.com/DynamicDNS/IP-Update-Protocol>).

use std::time::Duration;

use super::verdict::Scope;

/// What Dyn, No-IP and DNS-O-Matic ask for after their own trouble.
const TROUBLE_WAIT: Duration = minutes(30);

/// What a code means.
pub(super) enum Meaning {
    Good,
    NoChange,
    Retry(Scope, Option<Duration>, &'static str),
    Refused(Scope, &'static str, &'static str),
}

/// Whether `word` is a code of failure and no word of a language.
pub(super) fn is_failure_code(word: &str) -> bool {
    !is_word(word) && (transient(word).is_some() || refusal(word).is_some())
}

/// Codes that are words or numbers which may begin any sentence.
pub(super) fn is_word(code: &str) -> bool {
    ["good", "abuse", "fatal", "interval", "911"].contains(&code)
}

pub(super) fn success(code: &str) -> Option<Meaning> {
    match code {
        "good" => Some(Meaning::Good),
        "nochg" => Some(Meaning::NoChange),
        _ => None,
    }
}

pub(super) fn transient(code: &str) -> Option<Meaning> {
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

pub(super) const AGENT: &str = "set 'user_agent' to a text of your own, for example \"MyRouter/1.0 me@example.org\"; \
     if that does not help, ask whether the account may use update clients";
const CREDENTIALS: &str = "correct 'username' and 'password' of this section; some providers want an update key or \
     token there instead of the password of the web site";
const NAME: &str = "compare 'domain' with the names in the account at the provider's web site; write it in full, \
     like home.example.com";
const URL: &str = "compare 'update_url' and 'param_opt' with the provider's documentation";

pub(super) fn refusal(code: &str) -> Option<Meaning> {
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

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}
