//! What is published, since when, what is being waited for, and why nothing is published when
//! nothing is: as a value, as JSON and as text.

use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::Engine;
use super::record::{Record, Timeline, Wait};
use super::report::{millis, seconds};
use super::section::Active;
use super::select::{self, Desired};
use crate::clock::{Now, UnixSeconds};
use crate::config::{Family, Hostname, Source};

/// The state of every active section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// In configuration order.
    pub sections: Vec<SectionStatus>,
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
    /// What it should hold.
    pub desired: Option<IpAddr>,
    /// One word: `published`, `no-address`, `settling`, `paced`, `back-off`, `held`, `unknown`,
    /// `no-route`, `sending`, `refused`, `given-up` or `rested`.
    pub state: &'static str,
    /// A sentence: what is being waited for and why.
    pub reason: String,
    /// When the next call is allowed or due, from now.
    pub next_in: Option<Duration>,
    /// Times of the latest change.
    pub timeline: Timeline,
}

impl Engine {
    /// The state of everything at `now`.
    pub fn status(&self, now: Now) -> Snapshot {
        Snapshot { sections: self.sections.iter().map(|s| self.section_status(s, now)).collect() }
    }

    /// Everything that explains `section`: the addresses seen with the rule that refused each, the
    /// last request and answer, and when the next call is allowed. `None` if it is not active.
    pub fn why(
        &self,
        section: &str,
        now: Now,
        date: &dyn Fn(UnixSeconds) -> String,
    ) -> Option<String> {
        let active = self.sections.iter().find(|active| active.spec.name == section)?;
        let status = self.section_status(active, now);
        let mut text = String::new();
        status.write_text(&mut text, date);
        for &family in &active.spec.families {
            self.write_candidates(&mut text, active, family);
        }
        let reach = if active.reachable(&self.book) { "yes" } else { "no, a route is missing" };
        let _ = writeln!(text, "  provider can be reached: {reach}");
        for (label, value) in
            [("last request", &status.last_request), ("last answer", &status.last_answer)]
        {
            let shown = if value.is_empty() { "none yet" } else { value.as_str() };
            let _ = writeln!(text, "  {label}: {shown}");
        }
        Some(text)
    }

    fn write_candidates(&self, text: &mut String, active: &Active, family: Family) {
        let device = match active.device(family, &self.networks, &self.book) {
            Ok(device) => device,
            Err(_) if !active.detectors.is_empty() => {
                let _ = writeln!(text, "  {family} from {}", describe(&active.spec.source));
                return;
            }
            Err(lack) => {
                let _ = writeln!(text, "  {family}: {lack}");
                return;
            }
        };
        let _ = writeln!(text, "  {family} addresses of {device}:");
        let candidates = select::candidates(&self.book, &device, family, active.policy());
        if candidates.is_empty() {
            let _ = writeln!(text, "    none");
        }
        let chosen = active.desired(family, &self.networks, &self.book);
        for candidate in candidates {
            let verdict = match candidate.rejection {
                Some(rejection) => format!("refused: {rejection}"),
                None if chosen == Desired::Address(candidate.address) => "chosen".into(),
                None => "usable, another one is preferred".into(),
            };
            let _ = writeln!(text, "    {}: {verdict}", candidate.address);
        }
    }

    fn section_status(&self, active: &Active, now: Now) -> SectionStatus {
        let record = |record: &Record| {
            let (state, reason, next) = self.explain(active, record, now);
            RecordStatus {
                name: record.name.clone(),
                family: record.family,
                published: record.published,
                since: record.published_wall,
                desired: record.desired,
                state,
                reason,
                next_in: next.map(|at| at.saturating_sub(now.up)),
                timeline: record.timeline,
            }
        };
        SectionStatus {
            name: active.spec.name.clone(),
            provider: active.spec.provider.label.clone(),
            source: describe(&active.spec.source),
            records: active.records.iter().map(record).collect(),
            last_request: active.last_request.clone(),
            last_answer: active.last_answer.clone(),
        }
    }

    /// The state of a record as a word, a sentence and the time of the next call.
    fn explain(
        &self,
        active: &Active,
        record: &Record,
        now: Now,
    ) -> (&'static str, String, Option<Duration>) {
        let after = |at: Duration| seconds(at.saturating_sub(now.up));
        let trouble = record.trouble.as_deref().unwrap_or("a request failed");
        match record.wait(now) {
            Wait::Settled(next) => {
                ("published", self.settled(active, record, next.map(after)), next)
            }
            Wait::Address => self.missing(active, record.family),
            Wait::Settling(at) => ("settling", "changes still follow one another".into(), Some(at)),
            Wait::Pace(at) => {
                ("paced", format!("next request in {} (min_interval)", after(at)), Some(at))
            }
            Wait::BackOff(at) => {
                ("back-off", format!("{trouble}; next try in {}", after(at)), Some(at))
            }
            Wait::Hold(at) => {
                let text = format!("{trouble}; the provider asks to wait {}", after(at));
                ("held", text, Some(at))
            }
            Wait::Ready => self.ready(active),
            Wait::InFlight => ("sending", "waiting for the provider's answer".into(), None),
            Wait::Refused => {
                let (reason, advice) = record.refused.clone().unwrap_or_default();
                let name = &active.spec.name;
                let resume = format!("then run 'ddns-netlink update {name}'");
                ("refused", format!("the provider refused: {reason}. {advice} {resume}"), None)
            }
            Wait::GivenUp => {
                let failures = record.failures();
                ("given-up", format!("{trouble}; given up after {failures} failures"), None)
            }
            Wait::Rested => {
                ("rested", "up to date; force_interval '0' asks for no more".into(), None)
            }
        }
    }

    /// A record that only the world keeps from being sent.
    fn ready(&self, active: &Active) -> (&'static str, String, Option<Duration>) {
        if !self.book.complete() {
            let reason = "the kernel's routes are being read".into();
            ("unknown", reason, None)
        } else if active.reachable(&self.book) {
            ("sending", "about to be sent".into(), None)
        } else {
            ("no-route", "no usable route to the provider".into(), None)
        }
    }

    /// A record that is up to date: whether its address is still there.
    fn settled(&self, active: &Active, record: &Record, refresh: Option<String>) -> String {
        let refresh = refresh.map(|after| format!("; sent again in {after} if nothing changes"));
        let refresh = refresh.unwrap_or_default();
        match active.desired(record.family, &self.networks, &self.book) {
            Desired::Nothing(lack) => format!("stays published although {lack}{refresh}"),
            Desired::Unknown | Desired::Address(_) => format!("up to date{refresh}"),
        }
    }

    /// A record that owes a request but has nothing to put into it.
    fn missing(&self, active: &Active, family: Family) -> (&'static str, String, Option<Duration>) {
        let (word, reason) = match active.desired(family, &self.networks, &self.book) {
            Desired::Unknown if active.detectors.is_empty() => {
                ("unknown", "the kernel's addresses are being read".to_owned())
            }
            Desired::Unknown => {
                ("unknown", "the network changed, the address source is asked again".to_owned())
            }
            Desired::Nothing(lack) => ("no-address", lack.to_string()),
            Desired::Address(address) => ("sending", format!("{address} was just seen")),
        };
        (word, reason, None)
    }
}

impl Snapshot {
    /// The documented JSON form.
    pub fn to_json(&self) -> Value {
        json!({ "sections": self.sections.iter().map(SectionStatus::to_json).collect::<Vec<_>>() })
    }

    /// The form for people; `date` formats a wall time.
    pub fn to_text(&self, date: &dyn Fn(UnixSeconds) -> String) -> String {
        let mut text = String::new();
        for section in &self.sections {
            section.write_text(&mut text, date);
        }
        text
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
            "last_request": self.last_request,
            "last_answer": self.last_answer,
        })
    }

    fn write_text(&self, text: &mut String, date: &dyn Fn(UnixSeconds) -> String) {
        let _ = writeln!(text, "{}: {} at {}", self.name, self.source, self.provider);
        for record in &self.records {
            record.write_text(text, date);
        }
    }
}

impl RecordStatus {
    fn to_json(&self) -> Value {
        let after = |at: Option<Duration>| {
            at.map(|at| at.saturating_sub(self.timeline.event).as_secs_f64() * 1000.0)
        };
        json!({
            "name": self.name.as_str(),
            "type": self.family.record_type(),
            "published": self.published.map(|address| address.to_string()),
            "since": self.since,
            "desired": self.desired.map(|address| address.to_string()),
            "state": self.state,
            "reason": self.reason,
            "next_in": self.next_in.map(|after| after.as_secs_f64()),
            "request_after_ms": after(self.timeline.sent),
            "accepted_after_ms": after(self.timeline.accepted),
        })
    }

    fn write_text(&self, text: &mut String, date: &dyn Fn(UnixSeconds) -> String) {
        let published = match (self.published, self.since) {
            (Some(address), Some(since)) => format!("{address} since {}", date(since)),
            (Some(address), None) => address.to_string(),
            (None, _) => "nothing published".into(),
        };
        let record_type = self.family.record_type();
        let _ = writeln!(text, "  {} {record_type}: {published}", self.name);
        let wanted = self.desired.filter(|_| self.desired != self.published);
        let wanted = wanted.map(|address| format!("{address} is next: ")).unwrap_or_default();
        let _ = writeln!(text, "    {}: {wanted}{}", self.state, self.reason);
        if let (Some(sent), Some(accepted)) = (self.timeline.sent, self.timeline.accepted) {
            let event = self.timeline.event;
            let (sent, accepted) = (sent.saturating_sub(event), accepted.saturating_sub(event));
            let (sent, accepted) = (millis(sent), millis(accepted));
            let _ = writeln!(text, "    last change: request {sent}, accepted {accepted} after it");
        }
    }
}

/// The source in a few words.
fn describe(source: &Source) -> String {
    match source {
        Source::Network { v4, v6 } if v4 == v6 => format!("address of network {v4}"),
        Source::Network { v4, v6 } => format!("address of network {v4} (IPv6: {v6})"),
        Source::Device(name) => format!("address of device {name}"),
        Source::Web { .. } => "address as a web page sees it".into(),
        Source::Script(argv) => {
            format!("address from {}", argv.first().map_or("a script", String::as_str))
        }
    }
}
