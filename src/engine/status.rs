//! The state of each section and record, as a value, as JSON and as text: the published address, since when,
//! and what the record waits for and why.

use std::fmt::Write;
use std::net::IpAddr;

use super::record::{Difference, Timeline};
use super::wait::Wait;
use crate::dns::Dnssec;
use crate::model::json::Json;
use crate::model::sort;
use crate::model::{Family, Hostname};
use crate::provider::Outcome;
use crate::time::duration::{millis, seconds};
use crate::time::{Duration, UnixSeconds};

/// The state of every active section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The sections, in configuration order.
    pub sections: Vec<SectionStatus>,
    /// Names of sections that are not enabled.
    pub disabled: Vec<String>,
    /// Names of sections that cannot run, with the reason.
    pub broken: Vec<(String, String)>,
}

/// The state of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionStatus {
    /// The UCI name of the section.
    pub name: String,
    /// The value of `service_name`, or `custom`.
    pub provider: String,
    /// The source of the address, in a few words.
    pub source: String,
    /// The line in use for each family, if the section has a choice of lines.
    pub lines: Vec<LineStatus>,
    /// Its records.
    pub records: Vec<RecordStatus>,
    /// Addresses in DNS, as looked up after the start; sorted.
    pub registered: Vec<IpAddr>,
    /// Whether the owner has stopped the section.
    pub stopped: bool,
    /// How many updates of its records had which result since the start.
    pub results: UpdateTotals,
    /// The time from now until its source is asked next, if it must be asked.
    pub asked_in: Option<Duration>,
    /// The last request, secrets masked.
    pub last_request: String,
    /// The last answer, secrets masked.
    pub last_answer: String,
}

/// How many updates of records of a section had which result, since the program was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateTotals {
    /// The provider has accepted the update.
    pub accepted: u64,
    /// The update failed, or got no answer that says what became of it.
    pub failed: u64,
    /// The provider has refused the update.
    pub refused: u64,
}

/// The line that is published, of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineStatus {
    /// The family of its addresses.
    pub family: Family,
    /// The logical interface, or the device by which packets leave.
    pub line: String,
    /// How long it has been in use.
    pub used_for: Duration,
    /// Why it is not a preferred one, or why it is about to change; empty if there is nothing to say.
    pub reason: String,
}

/// The state of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordStatus {
    /// The name.
    pub name: Hostname,
    /// `A` or `AAAA`.
    pub family: Family,
    /// The address that the provider accepted last.
    pub published: Option<IpAddr>,
    /// When the provider accepted it, if the wall clock could be trusted.
    pub since: Option<UnixSeconds>,
    /// When the provider accepted it, since boot; `None` if in an earlier run.
    pub since_up: Option<Duration>,
    /// The address that it should hold.
    pub desired: Option<IpAddr>,
    /// When the event happened that changed the address last, if it was in this run.
    pub seen_at: Option<UnixSeconds>,
    /// Since when requests have failed, if they do, and if the wall clock could be trusted.
    pub failing_since: Option<UnixSeconds>,
    /// What somebody else has written into the record, so that it was left alone.
    pub foreign: Option<Difference>,
    /// What a resolver on this host says about the record in DNS.
    pub dnssec: Dnssec,
    /// The state of the record.
    pub wait: Wait,
    /// A sentence: what the record waits for and why.
    pub reason: String,
    /// The time from now until something happens without an event.
    pub next_in: Option<Duration>,
    /// Times of the latest change.
    pub timeline: Timeline,
}

impl Snapshot {
    /// The documented JSON form.
    pub fn to_json(&self) -> Json {
        let mut broken = Vec::new();
        for (name, why) in &self.broken {
            let members = &mut [("name", name.as_str().into()), ("reason", why.as_str().into())];
            broken.push(Json::object(members));
        }
        Json::object(&mut [
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("sections", self.sections.iter().map(SectionStatus::to_json).collect()),
            ("disabled", self.disabled.iter().map(|name| name.as_str().into()).collect()),
            ("broken", broken.into()),
        ])
    }

    /// The text of `status`; `date` formats a wall time.
    pub fn to_text(&self, date: &mut dyn FnMut(UnixSeconds) -> String) -> String {
        // Writing to a `String` cannot fail, so the results of `writeln!` are ignored.
        let mut text = String::new();
        for section in &self.sections {
            section.write_text(&mut text, date);
        }
        for name in &self.disabled {
            let _ = writeln!(text, "{name}: not enabled");
        }
        for (name, why) in &self.broken {
            let _ = writeln!(text, "{name}: cannot run: {why}");
        }
        text
    }

    /// The same, reduced to the section `name`.
    pub fn of(mut self, name: &str) -> Self {
        self.sections.retain(|section| section.name == name);
        self.disabled.retain(|disabled| disabled == name);
        self.broken.retain(|(broken, _)| broken == name);
        self
    }

    /// One line per record of these sections; of all sections if none is named.
    pub fn to_lines(&self, sections: &[String]) -> String {
        let mut text = String::new();
        for section in &self.sections {
            if !sections.is_empty() && !sections.contains(&section.name) {
                continue;
            }
            for record in &section.records {
                let (name, record_type) = (&record.name, record.family.record_type());
                let (state, reason) = (record.wait.word(), &record.reason);
                let _ = writeln!(text, "{}: {name} {record_type}: {state}: {reason}", section.name);
            }
        }
        text
    }

    /// The records that are new, or whose state or addresses differ from `before`, each with its section.
    pub fn changes<'a>(&'a self, before: &'a Self) -> Vec<(&'a SectionStatus, &'a RecordStatus)> {
        let mut changes = Vec::new();
        for section in &self.sections {
            for record in &section.records {
                // A reason with a time that counts down is no change, so reasons are not compared.
                let is_same = before
                    .find(&section.name, record)
                    .is_some_and(|old| old.essence() == record.essence());
                if !is_same {
                    changes.push((section, record));
                }
            }
        }
        changes
    }

    /// The record of `section` with the name and type of `record`.
    fn find(&self, section: &str, record: &RecordStatus) -> Option<&RecordStatus> {
        let known = self.sections.iter().find(|known| known.name == section)?;
        let mut records = known.records.iter();
        records.find(|known| (&known.name, known.family) == (&record.name, record.family))
    }

    /// The records of all sections.
    fn records(&self) -> Vec<&RecordStatus> {
        let mut records = Vec::new();
        for section in &self.sections {
            records.extend(&section.records);
        }
        records
    }

    /// Whether every record has an address that it should hold.
    pub fn has_addresses(&self) -> bool {
        self.records().iter().all(|record| record.desired.is_some())
    }

    /// Whether there is a record with this name and type that is not up to date.
    pub fn has_failed(&self, (name, family): &(Hostname, Family)) -> bool {
        self.records().iter().any(|record| {
            (&record.name, &record.family) == (name, family) && !record.wait.is_published()
        })
    }

    /// Whether every record is up to date and every enabled section runs.
    pub fn is_published(&self) -> bool {
        let records = self.records();
        self.broken.is_empty() && records.iter().all(|record| record.wait.is_published())
    }
}

impl UpdateTotals {
    /// Counts the result of one update.
    pub fn add(&mut self, outcome: &Outcome) {
        let total = match outcome {
            Outcome::Updated | Outcome::Unchanged => &mut self.accepted,
            Outcome::Retry { .. } | Outcome::Unconfirmed { .. } => &mut self.failed,
            Outcome::Refused { .. } => &mut self.refused,
        };
        *total = total.saturating_add(1);
    }
}

impl SectionStatus {
    /// The documented JSON form.
    pub fn to_json(&self) -> Json {
        Json::object(&mut [
            ("name", self.name.as_str().into()),
            ("provider", self.provider.as_str().into()),
            ("source", self.source.as_str().into()),
            ("lines", self.lines.iter().map(LineStatus::to_json).collect()),
            ("records", self.records.iter().map(RecordStatus::to_json).collect()),
            ("in_dns", texts(&self.in_dns())),
            ("last_request", self.last_request.as_str().into()),
            ("last_answer", self.last_answer.as_str().into()),
        ])
    }

    /// The addresses that DNS is expected to have, sorted. For a family with a published address that one is
    /// taken, because it is newer than the look-up after the start.
    pub fn in_dns(&self) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        for record in &self.records {
            addresses.extend(record.published);
        }
        let published = addresses.clone();
        for address in &self.registered {
            if !published.iter().any(|newer| newer.is_ipv4() == address.is_ipv4()) {
                addresses.push(*address);
            }
        }
        sort::ascending(&mut addresses);
        addresses.dedup();
        addresses
    }

    pub(super) fn write_text(
        &self,
        text: &mut String,
        date: &mut dyn FnMut(UnixSeconds) -> String,
    ) {
        let _ = writeln!(text, "{}: {} at {}", self.name, self.source, self.provider);
        for line in &self.lines {
            let _ = writeln!(text, "  {}", line.sentence());
        }
        for record in &self.records {
            record.write_text(text, date);
        }
    }
}

impl LineStatus {
    fn to_json(&self) -> Json {
        Json::object(&mut [
            ("family", self.family.to_string().into()),
            ("line", self.line.as_str().into()),
            ("used_for", in_seconds(self.used_for)),
            ("reason", self.reason.as_str().into()),
        ])
    }

    /// Which line it is, since when, and why not another one: `IPv4 line: wanb for 5 min; 'wan' …`.
    pub(super) fn sentence(&self) -> String {
        let (family, line, time) = (self.family, &self.line, seconds(self.used_for));
        let reason =
            if self.reason.is_empty() { String::new() } else { format!("; {}", self.reason) };
        format!("{family} line: {line} for {time}{reason}")
    }
}

impl RecordStatus {
    /// The documented JSON form.
    pub fn to_json(&self) -> Json {
        Json::object(&mut [
            ("name", self.name.as_str().into()),
            ("type", self.family.record_type().into()),
            ("published", self.published.map(|address| address.to_string()).into()),
            ("since", self.since.into()),
            ("desired", self.desired.map(|address| address.to_string()).into()),
            ("seen_at", self.seen_at.into()),
            ("foreign", texts(self.foreign.as_ref().map_or(&[], |foreign| &foreign.found))),
            ("foreign_at", self.foreign.as_ref().map(|foreign| foreign.found_at).into()),
            ("dnssec", self.dnssec.word().into()),
            ("state", self.wait.word().into()),
            ("reason", self.reason.as_str().into()),
            ("next_in", self.next_in.map(in_seconds).into()),
            ("request_after_ms", self.millis_after_event(self.timeline.sent).into()),
            ("accepted_after_ms", self.millis_after_event(self.timeline.accepted).into()),
        ])
    }

    /// The parts of the status whose change is shown to the owner.
    fn essence(&self) -> (&'static str, Option<IpAddr>, Option<IpAddr>, bool) {
        (self.wait.word(), self.published, self.desired, self.foreign.is_some())
    }

    fn millis_after_event(&self, at: Option<Duration>) -> Option<Json> {
        // It is a fraction, because a request often leaves within a millisecond.
        Some(in_millis(at?.saturating_sub(self.timeline.event)))
    }

    fn write_text(&self, text: &mut String, date: &mut dyn FnMut(UnixSeconds) -> String) {
        let published = match (self.published, self.since) {
            (Some(address), Some(since)) => format!("{address} since {}", date(since)),
            (Some(address), None) => address.to_string(),
            (None, _) => "nothing published".into(),
        };
        let record_type = self.family.record_type();
        let _ = writeln!(text, "  {} {record_type}: {published}", self.name);
        let wanted = match self.desired {
            Some(address) if self.published != Some(address) => format!("{address} is wanted: "),
            _ => String::new(),
        };
        let _ = writeln!(text, "    {}: {wanted}{}", self.wait.word(), self.reason);
        if let (Some(sent), Some(accepted)) = (self.timeline.sent, self.timeline.accepted) {
            let event = self.timeline.event;
            let (sent, accepted) = (sent.saturating_sub(event), accepted.saturating_sub(event));
            let (sent, accepted) = (millis(sent), millis(accepted));
            let _ = writeln!(text, "    last change: request {sent}, accepted {accepted} after it");
        }
    }
}

fn texts(addresses: &[IpAddr]) -> Json {
    addresses.iter().map(|address| address.to_string().into()).collect()
}

/// A duration as a number of seconds.
pub(super) fn in_seconds(duration: Duration) -> Json {
    decimal(duration, 1_000_000_000, 9)
}

/// A duration as a number of milliseconds.
fn in_millis(duration: Duration) -> Json {
    decimal(duration, 1_000_000, 6)
}

/// A duration as a number of units, of which each is so many nanoseconds: a power of ten with this many zeros.
fn decimal(duration: Duration, unit: u64, digits: usize) -> Json {
    let nanos = duration.as_nanos();
    Json::decimal(nanos / unit, u32::try_from(nanos % unit).unwrap_or_default(), digits)
}
