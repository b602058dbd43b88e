//! What the operator is told when something changes: one sentence each.

use std::net::IpAddr;
use std::time::Duration;

use super::event::Action;
use super::record::{Record, Refusal, Wait};
use super::registered::{Registered, list};
use super::section::{Active, Obstacle};
use super::select::{Lack, Rejection};
use crate::model::Family;
use crate::model::{Level, Notice};
use crate::provider::{Outcome, Scope, Verdict};
use crate::time::Now;
pub(super) use crate::time::duration::{millis, seconds};

/// There is no address of `family` to publish.
pub(super) fn lack(section: &Active, family: Family, lack: &Lack, now: Now) -> Action {
    let of_family = || section.records.iter().filter(|record| record.family == family);
    let level = match lack {
        // A line that had an address before is dialled again.
        Lack::NoSuchInterface { .. } if of_family().any(|it| it.desired.is_some()) => Level::Info,
        Lack::NoSuchInterface { .. } | Lack::NotDetected(_) => Level::Warning,
        // Takes a second or two for each new address.
        Lack::Refused(_, Rejection::Tentative) => Level::Info,
        Lack::Refused(..) | Lack::CannotAsk(_) => Level::Notice,
        Lack::NoDevice(_)
        | Lack::NoAddress(..)
        | Lack::NotAsked
        | Lack::NetifdAsked(_)
        | Lack::Down(_) => Level::Info,
    };
    let lost = |record: &Record| {
        let wait = record.wait(now);
        if let Wait::Lost(at) = wait { Some(at) } else { None }
    };
    let then = match of_family().filter_map(lost).min() {
        Some(at) => format!("is removed in {} unless an address comes", until(at, now)),
        None => "stays as it is".into(),
    };
    let record = family.record_type();
    let text = format!("{record}: {lack}; the record {then}");
    Action::Say(Notice::about(&section.spec.name, level, text))
}

/// A request is due and cannot leave.
pub(super) fn obstacle(section: &Active, obstacle: &Obstacle) -> Action {
    let level = match obstacle {
        Obstacle::NoDevice(_) | Obstacle::NoWayFrom(_) => Level::Warning,
        Obstacle::NoRoute(_) => Level::Info,
    };
    let text = format!("{obstacle}; the update is sent when this changes");
    Action::Say(Notice::about(&section.spec.name, level, text))
}

/// A request for `record` has ended; `sent` is the address that was in it, if it was not to be removed.
/// `next` ends the sentence about a failure.
pub(super) fn outcome(
    section: &str,
    record: &Record,
    sent: Option<IpAddr>,
    verdict: &Verdict,
    next: String,
    now: Now,
) -> Notice {
    let mut what = format!("{} {}", record.name, record.family.record_type());
    if let Some(address) = sent {
        what = format!("{what} {address}");
    }
    let again = match record.confirm_at() {
        Some(at) => again(record, &until(at, now)),
        None => String::new(),
    };
    let (level, text) = match &verdict.outcome {
        Outcome::Updated if sent.is_none() => {
            let text = format!("{what}: removed, because there is no address any more");
            (Level::Notice, text + &again)
        }
        Outcome::Unchanged if sent.is_none() => {
            let text = format!("{what}: nothing to remove: it holds no address of ours");
            (Level::Notice, text + &again)
        }
        Outcome::Updated => (Level::Notice, format!("{what}: accepted{}{}", times(record), again)),
        Outcome::Unchanged => {
            let text = format!("{what}: the provider had it already{}", times(record));
            (Level::Notice, text + &again)
        }
        Outcome::Retry { reason, .. } => (Level::Warning, format!("{what}: {reason}{next}")),
        Outcome::Unconfirmed { reason } => {
            (Level::Warning, format!("{what}: could not be confirmed ({reason}){next}"))
        }
        Outcome::Refused { reason, advice } => {
            let whom = match verdict.scope {
                Scope::Address => "this name and address",
                Scope::Record if sent.is_none() => "its removal",
                Scope::Record => "this name",
                Scope::Account => "this account",
            };
            (Level::Error, format!("{what}: {}", refusal(reason, advice, whom, section)))
        }
    };
    Notice::about(section, level, text)
}

/// The account that `section` shares was refused in answer to another one, if it was.
pub(super) fn refused_too(section: &str, outcome: &Outcome) -> Option<Notice> {
    let Outcome::Refused { reason, advice } = outcome else { return None };
    let text = refusal(reason, advice, "this account", section);
    Some(Notice::about(section, Level::Error, text))
}

fn refusal(reason: &str, advice: &str, whom: &str, section: &str) -> String {
    format!(
        "refused: {reason}. {}. Nothing more is sent for {whom} until the address or the configuration \
         changes or 'ddns-netlink update {section}' is run; else it is tried again in a day",
        capital(advice)
    )
}

/// What the provider refused, and what the owner can do.
pub(super) fn refused(refusal: &Refusal) -> String {
    format!("{}. {}", refusal.reason, capital(&refusal.advice))
}

/// At the start: what an earlier run was refused.
pub(super) fn still_refused(section: &str, record: &Record, now: Now) -> Option<Notice> {
    let refusal = record.refusal.as_ref()?;
    let (name, record_type) = (&record.name, record.family.record_type());
    let (text, after) = (refused(refusal), until(refusal.until(), now));
    let text = format!(
        "{name} {record_type}: still refused: {text}; then run 'ddns-netlink update {section}', or \
         wait {after}"
    );
    Some(Notice::about(section, Level::Warning, text))
}

/// `; the provider never answered an earlier request with 192.0.2.1; …`: why what was accepted is sent
/// once more, in `after`.
pub(super) fn again(record: &Record, after: &str) -> String {
    let earlier = match record.late_address() {
        Some(address) => format!("with {address}"),
        None => "to remove the record".into(),
    };
    format!(
        "; the provider never answered an earlier request {earlier}; this is sent again in {after} in \
         case that one is still carried out"
    )
}

/// An answer said nothing, and the zone's own name servers have what was sent.
pub(super) fn in_dns(section: &str, record: &Record) -> Notice {
    let (name, record_type) = (&record.name, record.family.record_type());
    let address = record.published.map(|address| address.to_string()).unwrap_or_default();
    let text = format!(
        "{name} {record_type} {address}: the zone's own name servers have it, so it was accepted"
    );
    Notice::about(section, Level::Notice, text)
}

/// DNS has something else than what was `published`.
pub(super) fn contradiction(
    section: &str,
    host: &str,
    published: IpAddr,
    registered: &Registered,
) -> Notice {
    let found = list(registered.addresses());
    let text =
        format!("{host}: its own name servers have {found}, not {published}: sending it again");
    Notice::about(section, Level::Notice, text)
}

/// `; next try in 60 s`: what happens next with a record that failed.
pub(super) fn next(record: &Record, now: Now) -> String {
    let what = match record.wait(now) {
        Wait::BackOff(at) | Wait::Pace(at) | Wait::Settling(at) => {
            format!("next try in {}", until(at, now))
        }
        Wait::Hold(at) => format!("not tried again for {}", until(at, now)),
        Wait::Lost(at) => format!("removed in {} unless an address comes", until(at, now)),
        Wait::GivenUp => format!(
            "given up after {} failures (retry_max_count) until the address or the network changes",
            record.failures()
        ),
        Wait::Ready => "next try as soon as the provider can be reached".into(),
        Wait::Address => "next try when there is an address".into(),
        Wait::Refused(at) => format!("next try in {}", until(at, now)),
        Wait::Stopped => "next try when the section is started again".into(),
        Wait::Settled(_) | Wait::InFlight => "nothing left to send".into(),
    };
    format!("; {what}")
}

/// ` (request 0.4 ms, accepted 38 ms after the event)`.
fn times(record: &Record) -> String {
    let timeline = record.timeline;
    let after = |at: Option<Duration>| at.map(|at| millis(at.saturating_sub(timeline.event)));
    match (after(timeline.sent), after(timeline.accepted)) {
        (Some(sent), Some(accepted)) => {
            format!(" (request {sent}, accepted {accepted} after the event)")
        }
        _ => String::new(),
    }
}

/// `text` as the beginning of a sentence.
pub(super) fn capital(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// The time from `now` to `at`, which is since boot.
pub(super) fn until(at: Duration, now: Now) -> String {
    seconds(at.saturating_sub(now.up))
}
