//! What the owner's programs are told: changes of a record that an owner cares about, each once.

use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use super::Engine;
use super::event::Action;
use super::flights::RecordId;
use super::hook_event::{Happening, HookEvent};
use super::no_address::NoAddress;
use super::record::{Record, Refusal, Timeline};
use crate::model::{Family, Target};
use crate::state::{PastChange, append};
use crate::time::Now;

/// The state of a record, as the owner's programs know it.
#[derive(Clone, Debug)]
pub struct Told {
    held: Option<Target>,
    is_refused: bool,
    trouble: Trouble,
}

/// How long requests for a record have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The last request did not fail.
    None,
    /// Since this time, counted since boot.
    Since(Duration),
    /// So long that the owner's programs were told.
    Told,
}

impl Told {
    /// The state of `record`, of which nobody is told.
    fn of(record: &Record) -> Self {
        Self { held: record.held(), is_refused: record.refusal.is_some(), trouble: Trouble::None }
    }
}

impl Trouble {
    /// Takes in whether requests fail at `now`. Returns whether they have failed for `limit`, and nobody was told.
    fn follow(&mut self, is_failing: bool, limit: Duration, now: Duration) -> bool {
        match (is_failing, *self) {
            (false, _) => *self = Self::None,
            (true, Self::None) => *self = Self::Since(now),
            (true, Self::Since(since)) if now.saturating_sub(since) >= limit => {
                *self = Self::Told;
                return true;
            }
            (true, Self::Since(_) | Self::Told) => {}
        }
        false
    }
}

impl Engine {
    /// Compares a record with what the owner's programs know of it, and tells them what has happened.
    pub(super) fn tell_changes(&mut self, id: RecordId, now: Now) {
        let limit = self.failing_after;
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let Some(slot) = active.slots.get_mut(id.record) else { return };
        let Some(told) = &mut slot.told else {
            // After a start or a reload the state is no news.
            slot.told = Some(Told::of(record));
            return;
        };
        let held = record.held();
        let before = std::mem::replace(&mut told.held, held);
        let was_refused = std::mem::replace(&mut told.is_refused, record.refusal.is_some());
        if told.trouble.follow(record.trouble.is_some(), limit, now.up) {
            let reason = record.trouble.clone().unwrap_or_default();
            self.tell(id, Happening::Failing, reason);
        } else if before != held {
            self.tell_held(id, before, now);
        } else if !was_refused && let Some(refusal) = &record.refusal {
            let reason = Refusal::sentence(&refusal.reason, &refusal.advice);
            self.tell(id, Happening::Refused, reason);
        }
    }

    /// The provider has another target than `before`.
    fn tell_held(&mut self, id: RecordId, before: Option<Target>, now: Now) {
        let Some(active) = self.sections.get(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let old = before.and_then(Target::address);
        let happening = match record.held() {
            Some(Target::Address(_)) => Happening::Accepted,
            Some(Target::Absent) if old.is_some() => Happening::Removed,
            Some(Target::Absent) | None => return,
        };
        let change = past_change(&active.spec.name, record, old, now);
        append(&mut self.keeper.pending.history, [change.clone()]);
        append(&mut self.keeper.history, [change]);
        let (section, record) = (active.spec.name.clone(), record.clone());
        self.push(HookEvent {
            number: 0,
            happening,
            section,
            old,
            new: record.published(),
            name: record.name,
            family: record.family,
            reason: String::new(),
        });
    }

    /// Tells the owner's programs that those of `records` that are of `family` have no address, and `why`.
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
        for record in records {
            let Some(active) = self.sections.get(section) else { return };
            let is_meant = active.records.get(record).is_some_and(|record| {
                record.family == family
                    && (happening == Happening::Shared || record.published().is_some())
            });
            if is_meant {
                self.tell(RecordId { section, record }, happening, why.to_string());
            }
        }
    }

    fn tell(&mut self, id: RecordId, happening: Happening, reason: String) {
        let Some(active) = self.sections.get(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let new = match happening {
            Happening::Lost | Happening::Shared => None,
            Happening::Accepted | Happening::Removed | Happening::Failing | Happening::Refused => {
                record.desired()
            }
        };
        let event = HookEvent {
            number: 0,
            happening,
            section: active.spec.name.clone(),
            name: record.name.clone(),
            family: record.family,
            old: record.published(),
            new,
            reason,
        };
        self.push(event);
    }

    fn push(&mut self, event: HookEvent) {
        self.hook_events = self.hook_events.wrapping_add(1);
        let number = self.hook_events;
        self.actions.push(Action::TellHooks(Box::new(HookEvent { number, ..event })));
    }

    /// The latest changes of `name`, which is that of a record or a section; of all if it is empty. The oldest
    /// comes first.
    pub fn history<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a PastChange> {
        let all = self.keeper.history.iter();
        all.filter(move |change| {
            name.is_empty() || change.section == name || change.name.as_str() == name
        })
    }
}

/// The change of `record` from `old`, for the history.
fn past_change(section: &str, record: &Record, old: Option<IpAddr>, now: Now) -> PastChange {
    let Timeline { event, sent, accepted } = record.timeline();
    let millis = |at: Option<Duration>| {
        at.and_then(|at| u64::try_from(at.saturating_sub(event).as_millis()).ok())
    };
    PastChange {
        section: section.to_owned(),
        name: record.name.clone(),
        family: record.family,
        old,
        new: record.published(),
        accepted_at: now.trusted_wall(),
        sent_ms: millis(sent),
        accepted_ms: millis(accepted),
    }
}
