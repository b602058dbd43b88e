//! Where things stand and why: the engine's answers to `status` and `why`.

use std::fmt::Write;

use super::Engine;
use super::detect::Detector;
use super::no_address::Desired;
use super::record::{Record, Refusal};
use super::registered::Registered;
use super::section::SectionState;
use super::select;
use super::status::{RecordStatus, SectionStatus, Snapshot};
use super::viewpoint::Viewpoint;
use super::wait::{About, Wait};
use crate::config::{Section, Source, program};
use crate::model::{Family, Host, Target};
use crate::time::{Now, UnixSeconds};

impl Engine {
    /// The state of everything at `now`.
    pub fn status(&self, now: Now) -> Snapshot {
        self.status_of(self.sections.iter(), now)
    }

    /// The state of `sections`, and what does not run.
    pub(super) fn status_of<'a>(
        &self,
        sections: impl Iterator<Item = &'a SectionState>,
        now: Now,
    ) -> Snapshot {
        Snapshot {
            sections: sections.map(|active| self.section_status(active, now)).collect(),
            disabled: self.inactive.disabled.clone(),
            broken: self.inactive.broken.clone(),
        }
    }

    /// Whether `section` is one that runs.
    pub fn runs(&self, section: &str) -> bool {
        self.place_of(section).is_some()
    }

    /// Everything that explains `section`: the addresses seen with the rule that refused each, the
    /// last request and answer, and when the next call is allowed. `None` if there is no such
    /// section.
    pub fn why(
        &self,
        section: &str,
        now: Now,
        date: &mut dyn FnMut(UnixSeconds) -> String,
    ) -> Option<String> {
        let active = self.place_of(section).and_then(|place| self.sections.get(place));
        let Some(active) = active else {
            return self.why_not(section);
        };
        let view = self.viewpoints.get(active.viewpoint)?;
        let status = self.section_status(active, now);
        let mut text = String::new();
        status.write_text(&mut text, date);
        for &family in &active.spec.families {
            self.write_candidates(&mut text, active, view, family, now);
        }
        let reach = view.answers.block(&active.spec.families);
        let reach = reach.map_or("yes".to_owned(), |block| format!("no: {block}"));
        let _ = writeln!(text, "  provider can be reached: {reach}");
        for (family, registered) in active.registered.iter() {
            let found = registered.explain(&active.spec.lookup, now);
            let _ = writeln!(text, "  {family} in DNS: {found}");
        }
        for (label, value) in
            [("last request", &status.last_request), ("last answer", &status.last_answer)]
        {
            let shown = if value.is_empty() { "none yet" } else { value.as_str() };
            let _ = writeln!(text, "  {label}: {shown}");
        }
        Some(text)
    }

    /// Why `section` is not active.
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
        let place = match view.needs.place(family, &self.facts) {
            Ok(place) => place,
            Err(why) => {
                let found = active.detectors.get(&family);
                let found = found.map_or(why.to_string(), |detector| {
                    detector.explain(view.answers.of(family).cannot_ask.clone(), now)
                });
                let _ = writeln!(text, "  {family}: {found}");
                return;
            }
        };
        let _ = writeln!(text, "  {family} addresses of {}:", place.device);
        let candidates = select::candidates(&self.facts.book, &place, family, view.needs.policy());
        if candidates.is_empty() {
            let _ = writeln!(text, "    none");
        }
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
        let record = |record: &Record| {
            let (wait, reason) = self.explain(active, record, now);
            let has_no_next_try = self.ends && matches!(wait, Wait::BackOff(_));
            let next = if has_no_next_try { None } else { wait.deadline() };
            RecordStatus {
                name: record.name.clone(),
                family: record.family,
                published: record.published(),
                since: record.published_wall(),
                since_up: record.published_up(),
                desired: record.desired(),
                wait,
                reason,
                next_in: next.map(|at| at.saturating_sub(now.up)),
                timeline: record.timeline(),
            }
        };
        let registered =
            active.registered.values().flat_map(Registered::addresses).copied().collect();
        let asked = active.detectors.values().filter_map(Detector::deadline).min();
        let asked = asked.filter(|_| !active.stopped);
        SectionStatus {
            name: active.spec.name.clone(),
            provider: active.spec.provider.account.label.clone(),
            source: describe(&active.spec),
            records: active.records.iter().map(record).collect(),
            registered,
            stopped: active.stopped,
            asked_in: asked.map(|at| at.saturating_sub(now.up)),
            last_request: active.last.request.clone(),
            last_answer: active.last.answer.clone(),
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
        if let Wait::Lost { .. } = wait {
            let source = self.source_wait(active, record.family).reason(&about);
            reason = format!("{reason}: {source}");
        }
        if let Wait::Settled { .. } = wait
            && let Some(view) = self.viewpoints.get(active.viewpoint)
            && let Desired::Nothing(why) = active.desired(record.family, &view.answers)
        {
            reason = format!("stays published although {why}");
        }
        (wait, reason)
    }

    /// What a record waits for, with what only the engine knows.
    fn wait(&self, active: &SectionState, record: &Record, now: Now) -> Wait {
        let wait = record.wait(now);
        if let Wait::Ready(target) = wait {
            return self.ready_wait(active, record.family, target, now);
        }
        if wait == Wait::InFlight {
            return self.answer_wait(active);
        }
        if wait == Wait::Address { self.source_wait(active, record.family) } else { wait }
    }

    /// What a request on its way waits for.
    fn answer_wait(&self, active: &SectionState) -> Wait {
        let Some(view) = self.viewpoints.get(active.viewpoint) else {
            return Wait::InFlight;
        };
        for host in view.needs.hosts() {
            if let Host::Name(name) = host
                && self.looked_up.contains(name)
            {
                return Wait::LookUp(name.clone());
            }
        }
        Wait::InFlight
    }

    /// What a record waits for that only the world keeps from being sent.
    fn ready_wait(&self, active: &SectionState, family: Family, target: Target, now: Now) -> Wait {
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

    /// What a record waits for that has no address: what its source lacks.
    fn source_wait(&self, active: &SectionState, family: Family) -> Wait {
        let Some(view) = self.viewpoints.get(active.viewpoint) else {
            return Wait::Address;
        };
        match active.desired(family, &view.answers) {
            Desired::Address(address) => Wait::Seen(address),
            Desired::Nothing(why) => Wait::NoAddress(why),
            Desired::Unknown if !active.detectors.is_empty() => {
                Wait::Unknown("the network changed, the address source is asked again".into())
            }
            Desired::Unknown => match view.needs.place(family, &self.facts) {
                Err(why) if self.facts.book.addresses_known() => Wait::Unknown(why.to_string()),
                _ => Wait::Unknown("the kernel's addresses are being read".into()),
            },
        }
    }
}

/// The source in a few words.
fn describe(section: &Section) -> String {
    match &section.source {
        Source::Network { v4, v6 } => match section.families.as_slice() {
            [Family::V4] => format!("address of network {v4}"),
            [Family::V6] => format!("address of network {v6}"),
            _ if v4 == v6 => format!("address of network {v4}"),
            _ => format!("address of network {v4} (IPv6: {v6})"),
        },
        Source::Device(name) => format!("address of device {name}"),
        Source::Web { .. } => "address as a web page sees it".into(),
        Source::Script(line) => format!("address from {}", program(line)),
    }
}
