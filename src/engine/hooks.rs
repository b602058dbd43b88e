//! When hooks are told of an event, and the history of addresses. `record/told.rs` knows what they were told.

use std::net::IpAddr;
use std::ops::Range;

use super::Engine;
use super::event::Action;
use super::flights::RecordId;
use super::hook_event::{Happening, HookEvent};
use super::no_address::NoAddress;
use super::record::{Record, Refusal, Timeline};
use super::report;
use super::status::LineStatus;
use crate::model::{Family, Target};
use crate::state::{PastChange, append};
use crate::time::{Duration, Now};

/// What is kept for hooks, beside what each record keeps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hooks {
    /// How many events they were told of.
    events: u32,
    /// After how long they are told of a failure (`failing_after`).
    pub(super) failing_after: Duration,
}

impl Hooks {
    /// The number of the next event.
    fn next_number(&mut self) -> u32 {
        self.events = self.events.wrapping_add(1);
        self.events
    }
}

impl Engine {
    /// Tells hooks what has happened to a record since the last look.
    pub(super) fn tell_changes(&mut self, id: RecordId, now: Now) {
        let failing_after = self.hooks.failing_after;
        let Some(record) = self.record_mut(id) else { return };
        let accepted = record.take_accepted();
        let is_refused = record.take_refused();
        let is_failing = record.take_failing(failing_after, now);
        if let Some((target, old)) = accepted {
            self.tell_accepted(id, target, old, now);
        }
        if is_refused {
            self.tell_trouble(id, Happening::Refused);
        }
        if is_failing {
            self.tell_trouble(id, Happening::Failing);
        }
    }

    /// The provider has accepted `target` in the place of `old`.
    fn tell_accepted(&mut self, id: RecordId, target: Target, old: Option<IpAddr>, now: Now) {
        let happening = match target {
            Target::Address(_) => Happening::Accepted,
            Target::Absent if old.is_some() => Happening::Removed,
            // There was nothing to remove.
            Target::Absent => return,
        };
        let Some(active) = self.sections.get(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let change = past_change(&active.spec.name, record, old, now);
        // The state file gets only what is new. `history` shows all.
        append(&mut self.keeper.pending.history, change.clone());
        append(&mut self.keeper.history, change);
        self.tell(id, happening, [old, target.address()], String::new());
    }

    /// The provider refuses the record, or requests for it fail.
    fn tell_trouble(&mut self, id: RecordId, happening: Happening) {
        let Some(record) = self.record_mut(id) else { return };
        let reason = match &record.refusal {
            Some(refusal) => Refusal::sentence(&refusal.reason, &refusal.advice),
            None => record.trouble.clone().unwrap_or_default(),
        };
        let addresses = [record.published(), record.desired()];
        self.tell(id, happening, addresses, reason);
    }

    /// Tells hooks that those of `records` that are of `family` have no address, and `why`.
    pub(super) fn tell_absence(
        &mut self,
        section: usize,
        records: Range<usize>,
        family: Family,
        why: &NoAddress,
    ) {
        if !why.is_shared() && !why.is_loss() {
            return;
        }
        let happening = if why.is_shared() { Happening::Shared } else { Happening::Lost };
        for index in records {
            let id = RecordId { section, record: index };
            let Some(record) = self.record(id) else { continue };
            let published = record.published();
            // An owner behind shared addresses must learn that although nothing was published yet.
            let is_meant = happening == Happening::Shared || published.is_some();
            if record.family == family && is_meant {
                self.tell(id, happening, [published, None], why.text().to_owned());
            }
        }
    }

    /// Tells hooks that `section` publishes another `line`.
    pub(super) fn tell_line(&mut self, section: usize, line: &LineStatus) {
        let Some(active) = self.sections.get(section) else { return };
        for index in 0..active.own_records().len() {
            let id = RecordId { section, record: index };
            if let Some(record) = self.record(id)
                && record.family == line.family
                && record.published().is_some()
            {
                let sentence = report::line_sentence(line);
                self.tell(id, Happening::Line, [record.published(), None], sentence);
            }
        }
    }

    /// Tells hooks of an event, with the `old` address and the `new` one.
    pub(super) fn tell(
        &mut self,
        id: RecordId,
        happening: Happening,
        [old, new]: [Option<IpAddr>; 2],
        reason: String,
    ) {
        let Some(active) = self.sections.get(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        self.actions.push(Action::TellHooks(Box::new(HookEvent {
            number: self.hooks.next_number(),
            happening,
            section: active.spec.name.clone(),
            name: record.name.clone(),
            family: record.family,
            old,
            new,
            reason,
        })));
    }

    /// The latest changes of `name`, which is that of a record or a section; of all if it is empty. The oldest
    /// comes first.
    pub fn history<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a PastChange> {
        let all = self.keeper.history.iter();
        all.filter(move |change| {
            name.is_empty() || change.section == name || change.name.as_str() == name
        })
    }
}

/// The change of `record` from `old`, for the history.
fn past_change(section: &str, record: &Record, old: Option<IpAddr>, now: Now) -> PastChange {
    let Timeline { event, sent, accepted } = record.timeline();
    PastChange {
        section: section.to_owned(),
        name: record.name.clone(),
        family: record.family,
        old,
        new: record.published(),
        accepted_at: now.trusted_wall(),
        sent_ms: sent.map(|at| millis_between(event, at)),
        accepted_ms: accepted.map(|at| millis_between(event, at)),
    }
}

fn millis_between(event: Duration, at: Duration) -> u64 {
    at.saturating_sub(event).as_millis()
}
