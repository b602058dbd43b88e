//! What is published, since when, what is being waited for, and why nothing is published when
//! nothing is: as a value, as JSON and as text.

use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::record::Timeline;
use super::wait::Wait;
use crate::model::{Family, Hostname};
use crate::time::UnixSeconds;
use crate::time::duration::millis;

/// The state of every active section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// In configuration order.
    pub sections: Vec<SectionStatus>,
    /// Names of sections that are not enabled.
    pub disabled: Vec<String>,
    /// Names of sections that cannot run, with the reason.
    pub broken: Vec<(String, String)>,
}

/// The state of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionStatus {
    /// UCI section name.
    pub name: String,
    /// `service_name` or `custom`.
    pub provider: String,
    /// Where the address comes from, in a few words.
    pub source: String,
    /// Its records.
    pub records: Vec<RecordStatus>,
    /// Addresses that DNS gives, as looked up at the start; sorted.
    pub registered: Vec<IpAddr>,
    /// Whether the user stopped it.
    pub stopped: bool,
    /// When its `web` or `script` source is asked next, from now.
    pub asked_in: Option<Duration>,
    /// The last request, secrets masked.
    pub last_request: String,
    /// The last answer, secrets masked.
    pub last_answer: String,
}

/// The state of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordStatus {
    /// The name.
    pub name: Hostname,
    /// `A` or `AAAA`.
    pub family: Family,
    /// What the provider accepted last.
    pub published: Option<IpAddr>,
    /// Since when, if the clock could be trusted.
    pub since: Option<UnixSeconds>,
    /// Since when, since boot, if in this run.
    pub since_up: Option<Duration>,
    /// What it should hold.
    pub desired: Option<IpAddr>,
    /// What it waits for.
    pub wait: Wait,
    /// A sentence: what is being waited for and why.
    pub reason: String,
    /// When something happens next without an event, from now.
    pub next_in: Option<Duration>,
    /// Times of the latest change.
    pub timeline: Timeline,
}

impl Snapshot {
    /// The documented JSON form.
    pub fn to_json(&self) -> Value {
        let broken = |(name, why): &(String, String)| json!({ "name": name, "reason": why });
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "sections": self.sections.iter().map(SectionStatus::to_json).collect::<Vec<_>>(),
            "disabled": self.disabled,
            "broken": self.broken.iter().map(broken).collect::<Vec<_>>(),
        })
    }

    /// The form for people; `date` formats a wall time.
    pub fn to_text(&self, date: &mut dyn FnMut(UnixSeconds) -> String) -> String {
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

    /// What concerns the section `name`.
    pub fn of(mut self, name: &str) -> Self {
        self.sections.retain(|section| section.name == name);
        self.disabled.retain(|disabled| disabled == name);
        self.broken.retain(|(broken, _)| broken == name);
        self
    }

    /// One line per record of these sections; of all if none is named.
    pub fn to_lines(&self, sections: &[String]) -> String {
        let mut text = String::new();
        let wanted = |s: &&SectionStatus| sections.is_empty() || sections.contains(&s.name);
        for section in self.sections.iter().filter(wanted) {
            for record in &section.records {
                let (name, record_type) = (&record.name, record.family.record_type());
                let (state, reason) = (record.wait.word(), &record.reason);
                let _ = writeln!(text, "{}: {name} {record_type}: {state}: {reason}", section.name);
            }
        }
        text
    }

    /// The records that are not as they were `before`, each with its section: those that are new, or
    /// whose state or addresses changed.
    pub fn changes<'a>(&'a self, before: &'a Self) -> Vec<(&'a SectionStatus, &'a RecordStatus)> {
        let old = |section: &SectionStatus, record: &RecordStatus| {
            let sections = before.sections.iter().filter(|s| s.name == section.name);
            let mut records = sections.flat_map(|s| &s.records);
            records.find(|r| (&r.name, r.family) == (&record.name, record.family))
        };
        let essence = |r: &RecordStatus| (r.wait.word(), r.published, r.desired);
        let mut changes = Vec::new();
        for section in &self.sections {
            for record in &section.records {
                if old(section, record).map(essence) != Some(essence(record)) {
                    changes.push((section, record));
                }
            }
        }
        changes
    }

    /// Whether it is known of every record what it should hold.
    pub fn has_addresses(&self) -> bool {
        self.sections.iter().all(|s| s.records.iter().all(|record| record.desired.is_some()))
    }

    /// Whether `record` is there and not up to date.
    pub fn has_failed(&self, (name, family): &(Hostname, Family)) -> bool {
        let mut records = self.sections.iter().flat_map(|section| &section.records);
        records.any(|record| {
            (&record.name, &record.family) == (name, family) && !record.wait.is_published()
        })
    }

    /// Whether every record is up to date and every enabled section runs.
    pub fn is_published(&self) -> bool {
        let settled = |record: &RecordStatus| record.wait.is_published();
        self.broken.is_empty() && self.sections.iter().all(|s| s.records.iter().all(settled))
    }
}

impl SectionStatus {
    /// The documented JSON form.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "provider": self.provider,
            "source": self.source,
            "records": self.records.iter().map(RecordStatus::to_json).collect::<Vec<_>>(),
            "in_dns": self.in_dns().iter().map(IpAddr::to_string).collect::<Vec<_>>(),
            "last_request": self.last_request,
            "last_answer": self.last_answer,
        })
    }

    /// The addresses in DNS, as far as is known: what the provider accepted is newer than what was
    /// looked up. Sorted.
    pub fn in_dns(&self) -> Vec<IpAddr> {
        let published = |family| {
            let of_family = self.records.iter().filter(move |record| record.family == family);
            of_family.filter_map(|record| record.published)
        };
        let looked_up =
            self.registered.iter().filter(|it| published(Family::of(**it)).next().is_none());
        let mut addresses: Vec<IpAddr> = looked_up.copied().collect();
        addresses.extend([Family::V4, Family::V6].into_iter().flat_map(published));
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    pub(super) fn write_text(
        &self,
        text: &mut String,
        date: &mut dyn FnMut(UnixSeconds) -> String,
    ) {
        let _ = writeln!(text, "{}: {} at {}", self.name, self.source, self.provider);
        for record in &self.records {
            record.write_text(text, date);
        }
    }
}

impl RecordStatus {
    /// The documented JSON form.
    pub fn to_json(&self) -> Value {
        let after = |at: Option<Duration>| {
            at.map(|at| at.saturating_sub(self.timeline.event).as_secs_f64() * 1000.0)
        };
        json!({
            "name": self.name.as_str(),
            "type": self.family.record_type(),
            "published": self.published.map(|address| address.to_string()),
            "since": self.since,
            "desired": self.desired.map(|address| address.to_string()),
            "state": self.wait.word(),
            "reason": self.reason,
            "next_in": self.next_in.map(|after| after.as_secs_f64()),
            "request_after_ms": after(self.timeline.sent),
            "accepted_after_ms": after(self.timeline.accepted),
        })
    }

    fn write_text(&self, text: &mut String, date: &mut dyn FnMut(UnixSeconds) -> String) {
        let published = match (self.published, self.since) {
            (Some(address), Some(since)) => format!("{address} since {}", date(since)),
            (Some(address), None) => address.to_string(),
            (None, _) => "nothing published".into(),
        };
        let record_type = self.family.record_type();
        let _ = writeln!(text, "  {} {record_type}: {published}", self.name);
        let wanted = self.desired.filter(|_| self.desired != self.published);
        let wanted = wanted.map(|address| format!("{address} is wanted: ")).unwrap_or_default();
        let _ = writeln!(text, "    {}: {wanted}{}", self.wait.word(), self.reason);
        if let (Some(sent), Some(accepted)) = (self.timeline.sent, self.timeline.accepted) {
            let event = self.timeline.event;
            let (sent, accepted) = (sent.saturating_sub(event), accepted.saturating_sub(event));
            let (sent, accepted) = (millis(sent), millis(accepted));
            let _ = writeln!(text, "    last change: request {sent}, accepted {accepted} after it");
        }
    }
}
