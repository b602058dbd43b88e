//! The messages of the log about changes: one sentence each.

use super::event::Action;
use super::gate::Standing;
use super::no_address::{BlockKind, Kind, NoAddress, SendBlock};
use super::record::{Difference, Record, Refusal};
use super::status::LineStatus;
use super::wait::{Wait, repeated};
use crate::dns::Dnssec;
use crate::model::fifo::Fifo;
use crate::model::{Family, Level, Notice, Target};
use crate::provider::{Outcome, Scope, Verdict};
use crate::time::duration::{millis, until};
use crate::time::{Duration, Now};

impl Fifo<Action> {
    /// Adds a message for the log.
    #[inline(never)]
    pub(super) fn say(&mut self, notice: Notice) {
        self.push(Action::Say(notice));
    }
}

/// Reports that there is no address of `family` to publish for those of `records` that are of this family. They
/// are all of `section`.
pub(super) fn no_address(
    section: &str,
    family: Family,
    records: &[Record],
    why: &NoAddress,
    now: Now,
) -> Notice {
    let mut had_address = false;
    let mut removal: Option<Duration> = None;
    for record in records.iter().filter(|record| record.family == family) {
        had_address |= record.desired().is_some();
        if let Wait::Lost { at, .. } = record.wait(now) {
            removal = Some(removal.map_or(at, |first| first.min(at)));
        }
    }
    let level = no_address_level(why, had_address);
    let consequence = match removal {
        // The owner is to know in time that a name will vanish.
        Some(at) => format!("is removed in {} unless an address comes", until(at, now)),
        None => "stays as it is".into(),
    };
    let record = family.record_type();
    let text = format!("{record}: {why}; the record {consequence}");
    Notice::about(section, level, text)
}

/// How urgent it is that there is no address. `had_address`: whether there was one before.
fn no_address_level(why: &NoAddress, had_address: bool) -> Level {
    match why.kind {
        // netifd removes the interface while it dials again, so a line that had an address is no mistake.
        Kind::NoSuchInterface if had_address => Level::Info,
        Kind::NoSuchInterface | Kind::NotDetected => Level::Warning,
        Kind::Refused
        | Kind::Shared
        | Kind::RefusedAnswer
        | Kind::SharedAnswer
        | Kind::CannotAsk => Level::Notice,
        // Each new IPv6 address is tentative for a second or two.
        Kind::Tentative
        | Kind::NoDevice
        | Kind::NoneThere
        | Kind::NoExit
        | Kind::Awaited
        | Kind::NotAsked
        | Kind::HostNotSeen
        | Kind::NetifdAsked
        | Kind::Down => Level::Info,
    }
}

/// Reports that this router takes over from another one, or leaves publishing to it.
pub(super) fn standing(section: &str, standing: &Standing) -> Notice {
    let text = match standing {
        Standing::Open => "this router publishes now".into(),
        Standing::Closed(why) => format!("{why}: nothing is sent or removed until that changes"),
        Standing::Unknown => "it is not known yet whether this router publishes".into(),
    };
    Notice::about(section, Level::Notice, text)
}

/// Reports that another line is in use.
pub(super) fn line(section: &str, line: &LineStatus) -> Notice {
    Notice::about(section, Level::Notice, line_sentence(line))
}

/// That another line is in use, and why.
pub(super) fn line_sentence(line: &LineStatus) -> String {
    let LineStatus { family, line, reason, .. } = line;
    let colon = if reason.is_empty() { "" } else { ": " };
    format!("{family}: the line {line} is published now{colon}{reason}")
}

/// Reports why a request that is due cannot leave.
pub(super) fn blocked(section: &str, block: &SendBlock) -> Notice {
    let level = match block.kind {
        BlockKind::NoDevice | BlockKind::NetifdAsked | BlockKind::NoRouteFrom => Level::Warning,
        // Mostly a line is down then, and it comes back by itself.
        BlockKind::NoRoute => Level::Info,
    };
    let text = format!("{block}; the update is sent when this changes");
    Notice::about(section, level, text)
}

/// Reports the outcome of a request for `record` with `target`. `next` ends the sentence about a failure.
pub(super) fn outcome(
    section: &str,
    record: &Record,
    target: Target,
    verdict: &Verdict,
    next: &str,
    now: Now,
) -> Notice {
    let mut what = format!("{} {}", record.name, record.family.record_type());
    if let Target::Address(address) = target {
        what = format!("{what} {address}");
    }
    let (level, text) = match &verdict.outcome {
        Outcome::Updated | Outcome::Unchanged => {
            (Level::Notice, success(record, target, &verdict.outcome, now))
        }
        Outcome::Retry { reason, .. } => (Level::Warning, format!("{reason}{next}")),
        Outcome::Unconfirmed { reason } => {
            (Level::Warning, format!("could not be confirmed ({reason}){next}"))
        }
        Outcome::Refused { reason, advice } => {
            let subject = refused_subject(verdict.scope, target);
            (Level::Error, refused(reason, advice, subject, section))
        }
    };
    let text = format!("{what}: {text}");
    Notice::about(section, level, text).on(&record.name, record.family)
}

/// That the provider has `target` now, and when a request follows whose predecessor may still be late.
fn success(record: &Record, target: Target, outcome: &Outcome, now: Now) -> String {
    let again = match (record.repeat_at(), record.late_target()) {
        (Some(at), Some(late)) => repeated(late, &until(at, now)),
        _ => String::new(),
    };
    let (what, times) = match (target, outcome) {
        (Target::Absent, Outcome::Updated) => {
            ("removed, because there is no address any more", String::new())
        }
        (Target::Absent, _) => ("nothing to remove: it holds no address of ours", String::new()),
        (Target::Address(_), Outcome::Updated) => ("accepted", times(record)),
        (Target::Address(_), _) => ("the provider had it already", times(record)),
    };
    format!("{what}{times}{again}")
}

/// What a refusal holds for.
fn refused_subject(scope: Scope, target: Target) -> &'static str {
    match scope {
        Scope::Address => "this name and address",
        Scope::Record if target == Target::Absent => "its removal",
        Scope::Record => "this name",
        Scope::Account => "this account",
    }
}

/// Reports that the provider refused the account of `section` in answer to another section, if it did.
pub(super) fn refused_too(section: &str, outcome: &Outcome, actions: &mut Fifo<Action>) {
    if let Outcome::Refused { reason, advice } = outcome {
        let text = refused(reason, advice, "this account", section);
        actions.say(Notice::about(section, Level::Error, text));
    }
}

fn refused(reason: &str, advice: &str, subject: &str, section: &str) -> String {
    let refusal = Refusal::sentence(reason, advice);
    format!(
        "refused: {refusal}. Nothing more is sent for {subject} until the address or the configuration \
         changes or 'ddns-netlink update {section}' is run; else it is tried again in a day"
    )
}

/// Reports at the start that a refusal of an earlier run still holds.
pub(super) fn still_refused(section: &str, record: &Record, now: Now, actions: &mut Fifo<Action>) {
    let Some(refusal) = &record.refusal else { return };
    let (name, record_type) = (&record.name, record.family.record_type());
    let text = Refusal::sentence(&refusal.reason, &refusal.advice);
    let after = until(refusal.until(), now);
    let text = format!(
        "{name} {record_type}: still refused: {text}; then run 'ddns-netlink update {section}', or \
         wait {after}"
    );
    actions.say(Notice::about(section, Level::Warning, text).on(name, record.family));
}

/// Reports that a resolver on this host says something else than `before` about what DNS answers for `host`.
pub(super) fn dnssec(
    section: &str,
    host: &str,
    (before, after): (Dnssec, Dnssec),
) -> Option<Notice> {
    let (level, text) = match after {
        _ if before == after => return None,
        Dnssec::Bogus => (
            Level::Warning,
            format!(
                "the validating resolver refuses the answer of {host}: bogus. The answer is not used; \
                 the signatures (DNSSEC) of the zone are wrong, or somebody forges its answers"
            ),
        ),
        Dnssec::Authenticated => (
            Level::Notice,
            format!(
                "{host}: the resolver of this router says that its address in DNS is authenticated"
            ),
        ),
        Dnssec::Unknown | Dnssec::Signed if matches!(before, Dnssec::Unknown | Dnssec::Signed) => {
            return None;
        }
        Dnssec::Unknown | Dnssec::Signed => (
            Level::Notice,
            format!(
                "{host}: the resolver of this router does not say any more that its address in DNS is {}",
                before.word()
            ),
        ),
    };
    Some(Notice::about(section, level, text))
}

/// Reports that the zone's own name servers have the address of a request that was in doubt.
pub(super) fn in_dns(section: &str, record: &Record) -> Notice {
    let (name, record_type) = (&record.name, record.family.record_type());
    let address = record.published().map(|address| address.to_string()).unwrap_or_default();
    let text = format!(
        "{name} {record_type} {address}: the zone's own name servers have it, so it was accepted"
    );
    Notice::about(section, Level::Notice, text)
}

/// Reports what the zone's own name servers have in the place of the published address: `sentence`.
pub(super) fn difference(
    section: &str,
    record: &Record,
    difference: &Difference,
    sentence: &str,
) -> Notice {
    let level = if difference.is_foreign() { Level::Warning } else { Level::Notice };
    let text = format!("{} {}: {sentence}", record.name, record.family.record_type());
    Notice::about(section, level, text).on(&record.name, record.family)
}

/// ` (request 0.4 ms, accepted 38 ms after the event)`.
fn times(record: &Record) -> String {
    let timeline = record.timeline();
    match (timeline.sent, timeline.accepted) {
        (Some(sent), Some(accepted)) => {
            let sent = millis(sent.saturating_sub(timeline.event));
            let accepted = millis(accepted.saturating_sub(timeline.event));
            format!(" (request {sent}, accepted {accepted} after the event)")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::select::Rejection;

    /// The default log shows notices and what is more urgent.
    #[test]
    fn what_is_normal_for_seconds_is_no_notice() {
        let tentative = NoAddress::refused("2001:db8::1".parse().unwrap(), Rejection::Tentative);
        let unknown = NoAddress::no_such_interface("wan_6", None);
        for had_address in [true, false] {
            assert_eq!(no_address_level(&tentative, had_address), Level::Info);
        }
        assert_eq!(no_address_level(&unknown, true), Level::Info, "the line is dialled again");
        assert_eq!(no_address_level(&unknown, false), Level::Warning, "the name may be wrong");
        let private = Rejection::NotPublic("a private address (RFC 1918)");
        let private = NoAddress::refused("10.0.0.1".parse().unwrap(), private);
        let cannot_ask = NoAddress::cannot_ask("the kernel has no IPv6 route to ip.example.net");
        for why in [private, cannot_ask] {
            assert_eq!(no_address_level(&why, true), Level::Notice, "{why}");
        }
        let lost = SendBlock::no_route("the kernel has no route to 192.0.2.1");
        let by_the_url = SendBlock::no_route_from("the kernel has no route through wan");
        assert_eq!(blocked("home", &lost).level, Level::Info);
        assert_eq!(blocked("home", &by_the_url).level, Level::Warning);
    }
}
