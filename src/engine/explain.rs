//! The engine's answers to `status` and `why`.

mod host;

use std::fmt::Write;

use super::Engine;
use super::gate::Standing;
use super::metrics::{self, Format};
use super::no_address::Desired;
use super::record::{Record, Refusal};
use super::section::SectionState;
use super::select;
use super::status::{LineStatus, RecordStatus, SectionStatus, Snapshot};
use super::viewpoint::Viewpoint;
use super::wait::{About, Wait};
use crate::config::{Section, Source, program};
use crate::model::{Family, Host, Target};
use crate::time::duration::seconds;
use crate::time::{Duration, Now, UnixSeconds};

impl Engine {
    /// The state of all sections at `now`.
    pub fn status(&self, now: Now) -> Snapshot {
        let all: Vec<usize> = (0..self.sections.len()).collect();
        self.status_of(&all, now)
    }

    /// The state of the sections with these indexes, and the sections that do not run.
    pub(super) fn status_of(&self, indexes: &[usize], now: Now) -> Snapshot {
        let mut sections = Vec::new();
        for &index in indexes {
            if let Some(active) = self.sections.get(index) {
                sections.push(self.section_status(active, now));
            }
        }
        Snapshot {
            sections,
            disabled: self.inactive.disabled.clone(),
            broken: self.inactive.broken.clone(),
        }
    }

    /// The state of all sections at `now` as metrics.
    pub fn metrics(&self, format: Format, now: Now) -> String {
        metrics::text(&self.status(now), &self.keeper.history, format)
    }

    /// Whether a section of this name runs.
    pub fn runs(&self, section: &str) -> bool {
        self.section_index(section).is_some()
    }

    /// The text of `why`. `section` is the name of a section, or of a host of the local network. For a section:
    /// its state, and each address of its device with the rule that rejected it. For a host: its record, the prefix,
    /// where its address comes from, and a rule of the firewall. For both: whether the provider can be reached, the
    /// addresses in DNS, and the last request and answer. `None` if there is neither.
    pub fn why(
        &self,
        section: &str,
        now: Now,
        date: &mut dyn FnMut(UnixSeconds) -> String,
    ) -> Option<String> {
        let (index, host) = match self.section_index(section) {
            Some(index) => (Some(index), None),
            None => (self.section_of_host(section), Some(section)),
        };
        let Some(active) = index.and_then(|index| self.sections.get(index)) else {
            return self.why_not(section);
        };
        let view = self.viewpoints.get(active.viewpoint)?;
        let mut status = self.section_status(active, now);
        if let Some(host) = host {
            status.records.retain(|record| record.name.as_str() == host);
        }
        let mut text = String::new();
        status.write_text(&mut text, date);
        self.write_hosts(&mut text, active, view, host);
        let families = if host.is_some() { &[] } else { active.spec.families.as_slice() };
        for &family in families {
            self.write_candidates(&mut text, active, view, family, now);
        }
        let reach = view.answers.block(&active.spec.all_families());
        let reach = reach.map_or("yes".to_owned(), |block| format!("no: {block}"));
        let _ = writeln!(text, "  provider can be reached: {reach}");
        write_in_dns(&mut text, active, &status, now);
        write_exchange(&mut text, &status);
        Some(text)
    }

    /// Why `section` does not run.
    fn why_not(&self, section: &str) -> Option<String> {
        if self.inactive.disabled.iter().any(|name| name == section) {
            return Some(format!("{section}: not enabled\n"));
        }
        let (_, why) = self.inactive.broken.iter().find(|(name, _)| name == section)?;
        Some(format!("{section}: cannot run: {why}\n"))
    }

    fn write_candidates(
        &self,
        text: &mut String,
        active: &SectionState,
        view: &Viewpoint,
        family: Family,
        now: Now,
    ) {
        let scope = match view.scope(family, &self.facts) {
            Ok(scope) => scope,
            Err(why) => {
                // A source that is asked has no device with candidates, but a last answer.
                let found = active.detector(family);
                let found = match found {
                    Some(found) => found.explain(view.answers.of(family).cannot_ask.clone(), now),
                    None => why.into_text(),
                };
                let _ = writeln!(text, "  {family}: {found}");
                return;
            }
        };
        let _ = writeln!(text, "  {family} addresses of {}:", scope.device);
        let candidates = select::candidates(&self.facts.book, &scope, family, view.needs.policy());
        if candidates.is_empty() {
            let _ = writeln!(text, "    none");
        }
        // The engine's own choice is shown, and not a second one made here.
        let chosen = active.desired(family, &view.answers);
        for candidate in candidates {
            let verdict = match candidate.rejection {
                Some(rejection) => format!("refused: {rejection}"),
                None if chosen == Desired::Address(candidate.address) => "chosen".into(),
                None => "usable, another one is preferred".into(),
            };
            let _ = writeln!(text, "    {}: {verdict}", candidate.address);
        }
    }

    fn section_status(&self, active: &SectionState, now: Now) -> SectionStatus {
        let (mut records, mut registered) = (Vec::new(), Vec::new());
        for record in &active.records {
            records.push(self.record_status(active, record, now));
            registered.extend(record.registered.addresses());
        }
        SectionStatus {
            name: active.spec.name.clone(),
            provider: active.spec.provider.account.label.clone(),
            source: describe(&active.spec),
            lines: self.lines(active, now),
            records,
            registered,
            stopped: active.stopped,
            results: active.results,
            asked_in: active.asked_at().map(|at| at.saturating_sub(now.up)),
            last_request: active.last.request.clone(),
            last_answer: active.last.answer.clone(),
        }
    }

    /// The line in use for each family.
    pub(super) fn lines(&self, active: &SectionState, now: Now) -> Vec<LineStatus> {
        let view = self.viewpoints.get(active.viewpoint);
        view.map_or(Vec::new(), |view| view.lines(&self.facts, now.up))
    }

    fn record_status(&self, active: &SectionState, record: &Record, now: Now) -> RecordStatus {
        let (wait, reason) = self.explain(active, record, now);
        // A program that ends after this attempt makes no next one.
        let has_no_next_try = self.ends && matches!(wait, Wait::BackOff(_));
        let next = if has_no_next_try { None } else { wait.deadline() };
        RecordStatus {
            name: record.name.clone(),
            family: record.family,
            published: record.published(),
            since: record.published_wall(),
            since_up: record.published_up(),
            desired: record.desired(),
            seen_at: seen_at(record, now),
            failing_since: record.failing_since(),
            foreign: record.difference().filter(|it| it.is_foreign()).cloned(),
            dnssec: record.registered.dnssec(),
            wait,
            reason,
            next_in: next.map(|at| at.saturating_sub(now.up)),
            timeline: record.timeline(),
        }
    }

    /// What a record waits for, and a sentence about it.
    fn explain(&self, active: &SectionState, record: &Record, now: Now) -> (Wait, String) {
        let refusal = match &record.refusal {
            Some(refusal) => Refusal::sentence(&refusal.reason, &refusal.advice),
            None => String::new(),
        };
        let about = About {
            section: &active.spec.name,
            trouble: record.trouble.as_deref(),
            refusal: &refusal,
            ends: self.ends,
            now,
        };
        let wait = self.wait(active, record, now);
        let mut reason = wait.reason(&about);
        // The owner is to see why the record will be removed.
        if matches!(wait, Wait::Lost { .. }) {
            let source = self.source_wait(active, record).reason(&about);
            reason = format!("{reason}: {source}");
        }
        if matches!(wait, Wait::Standby)
            && let Standing::Closed(why) = active.standing()
        {
            reason = format!("{reason}: {why}");
        }
        if matches!(wait, Wait::Settled { .. })
            && let Some(odd) = self.what_is_odd(active, record, now)
        {
            reason = odd;
        }
        (wait, reason)
    }

    /// What the owner should know of a record that is up to date.
    fn what_is_odd(&self, active: &SectionState, record: &Record, now: Now) -> Option<String> {
        let view = self.viewpoints.get(active.viewpoint)?;
        // The address is gone, but the owner did not set `remove_after`.
        if let Desired::Nothing(why) = active.desired_of(record, &view.answers) {
            return Some(format!("stays published although {why}"));
        }
        let difference = record.difference()?;
        let sentence = difference.sentence(record.published()?, &active.spec.name, now);
        let ago = now.wall.saturating_sub(difference.found_at);
        Some(format!("{sentence} (difference found {} ago)", seconds(Duration::from_secs(ago))))
    }

    /// What a record waits for. Unlike [`Record::wait`], this knows of routes, accounts and sources.
    fn wait(&self, active: &SectionState, record: &Record, now: Now) -> Wait {
        let wait = record.wait(now);
        if let Wait::Ready(target) = wait {
            return self.ready_wait(active, record.family, target, now);
        }
        if matches!(wait, Wait::InFlight) {
            return self.answer_wait(active);
        }
        if matches!(wait, Wait::Address) { self.source_wait(active, record) } else { wait }
    }

    /// What a request on its way waits for: an answer, or a look-up of the provider's host.
    fn answer_wait(&self, active: &SectionState) -> Wait {
        let Some(view) = self.viewpoints.get(active.viewpoint) else {
            return Wait::InFlight;
        };
        for host in view.needs.hosts() {
            // The worker looks the host up before it connects, and reports a slow look-up.
            if let Host::Name(name) = host
                && self.flights.awaits_address(name)
            {
                return Wait::LookUp(name.clone());
            }
        }
        Wait::InFlight
    }

    /// What a ready record waits for: the kernel, its account or a route.
    fn ready_wait(&self, active: &SectionState, family: Family, target: Target, now: Now) -> Wait {
        // The viewpoint's answers are outdated until the kernel has answered.
        if !self.facts.book.complete() {
            return Wait::Unknown("the kernel is being asked for routes".into());
        }
        if let Some(at) = self.closed_until(active, now) {
            return Wait::Account(at);
        }
        let view = self.viewpoints.get(active.viewpoint);
        match view.map(|view| &view.answers.of(family).way) {
            Some(Err(block)) => Wait::Route(block.clone()),
            Some(Ok(_)) | None => Wait::Ready(target),
        }
    }

    /// What a record without an address waits for: its source's reason.
    fn source_wait(&self, active: &SectionState, record: &Record) -> Wait {
        let Some(view) = self.viewpoints.get(active.viewpoint) else {
            return Wait::Address;
        };
        match active.desired_of(record, &view.answers) {
            Desired::Address(address) => Wait::Seen(address),
            Desired::Nothing(why) => Wait::NoAddress(why),
            Desired::Unknown if !active.detectors.is_empty() => {
                Wait::Unknown("the network changed, the address source is asked again".into())
            }
            Desired::Unknown
                if self.facts.book.addresses_known() && active.host_of(record).is_some() =>
            {
                Wait::Unknown("leases and the neighbour table are being read".into())
            }
            Desired::Unknown => match view.scope(record.family, &self.facts) {
                Err(why) if self.facts.book.addresses_known() => Wait::Unknown(why.into_text()),
                _ => Wait::Unknown("the kernel's addresses are being read".into()),
            },
        }
    }
}

/// Adds what DNS has for the records of `status`.
fn write_in_dns(text: &mut String, active: &SectionState, status: &SectionStatus, now: Now) {
    for (index, record) in active.records.iter().enumerate() {
        if status.records.iter().any(|shown| (&shown.name, shown.family) == record.key()) {
            let found = record.registered.explain(&active.lookup_of(index), now);
            let _ = writeln!(text, "  {} in DNS: {found}", record.family);
        }
    }
}

/// Adds the last request and its answer.
fn write_exchange(text: &mut String, status: &SectionStatus) {
    for (label, value) in
        [("last request", &status.last_request), ("last answer", &status.last_answer)]
    {
        let shown = if value.is_empty() { "none yet" } else { value.as_str() };
        let _ = writeln!(text, "  {label}: {shown}");
    }
}

/// When the latest change of `record` was seen.
fn seen_at(record: &Record, now: Now) -> Option<UnixSeconds> {
    record.desired()?;
    let event = record.timeline().event;
    if event.is_zero() || event > now.up {
        return None;
    }
    now.wall.checked_sub((now.up - event).as_secs())
}

/// The source in a few words.
fn describe(section: &Section) -> String {
    if section.names.is_empty() {
        return format!("hosts of network {}", section.lan.network);
    }
    match &section.source {
        Source::Network { v4, v6 } => match section.families.as_slice() {
            [Family::V4] => format!("address of network {v4}"),
            [Family::V6] => format!("address of network {v6}"),
            _ if v4 == v6 => format!("address of network {v4}"),
            _ => format!("address of network {v4} (IPv6: {v6})"),
        },
        Source::Lines(lines) => {
            format!("address of the first of {} that works", lines.networks.join(", "))
        }
        Source::Route { mark: 0 } => "address of the device that packets leave by".into(),
        Source::Route { mark } => {
            format!("address of the device that packets with mark {mark:#x} leave by")
        }
        Source::Device(name) => format!("address of device {name}"),
        Source::Web { .. } => "address as a web page sees it".into(),
        Source::Script(line) => format!("address from {}", program(line)),
        Source::Gateway { .. } => "public address of the gateway".into(),
    }
}
