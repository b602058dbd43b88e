//! Where things stand and why: the engine's answers to `status` and `why`.

use std::fmt::Write;
use std::time::Duration;

use super::Engine;
use super::detect::Detector;
use super::record::{Record, Wait};
use super::registered::Registered;
use super::report::{again, refused, until};
use super::section::Active;
use super::select::{self, Desired};
use super::status::{RecordStatus, SectionStatus, Snapshot, Standing};
use crate::config::{Section, Source, program};
use crate::model::{Family, Host};
use crate::time::{Now, UnixSeconds};

impl Engine {
    /// The state of everything at `now`.
    pub fn status(&self, now: Now) -> Snapshot {
        Snapshot {
            sections: self.sections.iter().map(|s| self.section_status(s, now)).collect(),
            disabled: self.disabled.clone(),
            broken: self.broken.clone(),
        }
    }

    /// Whether `section` is one that runs.
    pub fn runs(&self, section: &str) -> bool {
        self.sections.iter().any(|active| active.spec.name == section)
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
        let Some(active) = self.sections.iter().find(|active| active.spec.name == section) else {
            return self.why_not(section);
        };
        let status = self.section_status(active, now);
        let mut text = String::new();
        status.write_text(&mut text, date);
        for &family in &active.spec.families {
            self.write_candidates(&mut text, active, family, now);
        }
        let reach = active.obstacle(&self.facts);
        let reach = reach.map_or("yes".to_owned(), |obstacle| format!("no: {obstacle}"));
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
        if self.disabled.iter().any(|name| name == section) {
            return Some(format!("{section}: not enabled\n"));
        }
        let (_, why) = self.broken.iter().find(|(name, _)| name == section)?;
        Some(format!("{section}: cannot run: {why}\n"))
    }

    fn write_candidates(&self, text: &mut String, active: &Active, family: Family, now: Now) {
        let place = match active.place(family, &self.facts) {
            Ok(place) => place,
            Err(lack) => {
                let found = active.detectors.get(&family);
                let found = found.map_or(lack.to_string(), |detector| {
                    detector.explain(active.cannot_ask(family, &self.facts), now)
                });
                let _ = writeln!(text, "  {family}: {found}");
                return;
            }
        };
        let _ = writeln!(text, "  {family} addresses of {}:", place.device);
        let candidates = select::candidates(&self.facts.book, &place, family, active.policy());
        if candidates.is_empty() {
            let _ = writeln!(text, "    none");
        }
        let chosen = active.desired(family, &self.facts);
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
                since_up: record.published_up,
                desired: record.desired,
                state,
                reason,
                next_in: next.map(|at| at.saturating_sub(now.up)),
                timeline: record.timeline,
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
    ) -> (Standing, String, Option<Duration>) {
        let after = |at: Duration| until(at, now);
        let trouble = record.trouble.as_deref().unwrap_or("a request failed");
        // A wait that has nothing to do with a failure does not hide that there was one.
        let failed = record.trouble.as_ref().map(|it| format!("{it}; ")).unwrap_or_default();
        match record.wait(now) {
            Wait::Settled(next) => {
                (Standing::Published, self.settled(active, record, next.map(after)), next)
            }
            Wait::Address => self.missing(active, record.family),
            Wait::Lost(at) => {
                let standing = match record.published {
                    Some(_) => Standing::Published,
                    None => Standing::NoAddress,
                };
                let (_, lack, _) = self.missing(active, record.family);
                (standing, format!("removed in {}: {lack}", after(at)), Some(at))
            }
            Wait::Settling(at) => {
                (Standing::Settling, format!("{failed}changes still follow one another"), Some(at))
            }
            Wait::Pace(at) => {
                let text = format!("{failed}next request in {} (min_interval)", after(at));
                (Standing::Paced, text, Some(at))
            }
            Wait::BackOff(_) if self.ends => (Standing::BackOff, trouble.into(), None),
            Wait::BackOff(at) => {
                (Standing::BackOff, format!("{trouble}; next try in {}", after(at)), Some(at))
            }
            Wait::Hold(at) if record.held_before() => {
                (Standing::Held, held_before(&active.spec.name, &failed, &after(at)), Some(at))
            }
            Wait::Hold(at) => {
                let text = format!("{trouble}; not tried again for {}", after(at));
                (Standing::Held, text, Some(at))
            }
            Wait::Ready => self.ready(active, record.family, &failed, now),
            Wait::InFlight => (Standing::Sending, self.awaited(active), None),
            Wait::Refused(at) => {
                let said = record.refusal.as_ref().map(refused).unwrap_or_default();
                let (name, after) = (&active.spec.name, after(at));
                let text = match self.ends {
                    true => said,
                    false => {
                        format!("{said}; then run 'ddns-netlink update {name}', or wait {after}")
                    }
                };
                (Standing::Refused, text, Some(at))
            }
            Wait::GivenUp => {
                let failures = record.failures();
                (Standing::GivenUp, format!("{trouble}; given up after {failures} failures"), None)
            }
            Wait::Stopped => {
                let start = format!("'ddns-netlink start {}'", active.spec.name);
                (Standing::Stopped, format!("until {start}, a reload or a restart"), None)
            }
        }
    }

    /// What a request on its way waits for.
    fn awaited(&self, active: &Active) -> String {
        for host in &active.hosts {
            if let Host::Name(name) = host
                && self.looked_up.contains(name)
            {
                return format!("the address of {name} is being looked up");
            }
        }
        "waiting for the provider's answer".into()
    }

    /// A record that only the world keeps from being sent.
    fn ready(
        &self,
        active: &Active,
        family: Family,
        failed: &str,
        now: Now,
    ) -> (Standing, String, Option<Duration>) {
        if !self.facts.book.complete() {
            let reason = "the kernel is being asked for routes".into();
            (Standing::Unknown, reason, None)
        } else if let Some(at) = self.closed_until(active, now) {
            let after = until(at, now);
            let reason = format!(
                "{failed}next request within {after}: another one of the account goes first, or the \
                 provider limits them"
            );
            (Standing::Paced, reason, Some(at))
        } else {
            match active.way(family, &self.facts) {
                Ok(_) => (Standing::Sending, "about to be sent".into(), None),
                Err(obstacle) => (Standing::NoRoute, obstacle.to_string(), None),
            }
        }
    }

    /// A record that is up to date: whether its address is still there.
    fn settled(&self, active: &Active, record: &Record, refresh: Option<String>) -> String {
        let refresh = match refresh {
            Some(after) if record.confirm_at().is_some() => again(record, &after),
            Some(after) => format!("; sent again in {after} if nothing changes"),
            None => String::new(),
        };
        match active.desired(record.family, &self.facts) {
            Desired::Nothing(lack) => format!("stays published although {lack}"),
            Desired::Unknown | Desired::Address(_) => format!("up to date{refresh}"),
        }
    }

    /// A record that owes a request but has nothing to put into it.
    fn missing(&self, active: &Active, family: Family) -> (Standing, String, Option<Duration>) {
        let (word, reason) = match active.desired(family, &self.facts) {
            Desired::Unknown if active.detectors.is_empty() => {
                let kernel = || "the kernel's addresses are being read".to_owned();
                let place = active.place(family, &self.facts);
                let lack = place.err().filter(|_| self.facts.book.addresses_known());
                (Standing::Unknown, lack.map_or_else(kernel, |lack| lack.to_string()))
            }
            Desired::Unknown => (
                Standing::Unknown,
                "the network changed, the address source is asked again".to_owned(),
            ),
            Desired::Nothing(lack) => (Standing::NoAddress, lack.to_string()),
            Desired::Address(address) => (Standing::Sending, format!("{address} was just seen")),
        };
        (word, reason, None)
    }
}

/// An earlier run was asked to wait.
fn held_before(section: &str, failed: &str, after: &str) -> String {
    format!(
        "{failed}before the restart the provider asked to wait; next request in {after}, or when \
         'ddns-netlink update {section}' is run"
    )
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
