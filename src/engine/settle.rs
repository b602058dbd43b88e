//! Records that an event has touched, or whose time has come: which queue they are in now, and when they
//! are looked at again.

use std::cmp::Reverse;

use super::Engine;
use super::agenda::{Item, Marks};
use super::flights::RecordId;
use super::section::count;
use super::slot::Activity;
use super::wait::Wait;
use crate::model::sort;
use crate::provider::Batch;
use crate::time::{Duration, Now};

impl Engine {
    /// Something about the record has changed: what it waits for, what is shown or what is saved.
    pub(super) fn touch(&mut self, id: RecordId) {
        let Some(slot) = self.slot_mut(id) else { return };
        if !std::mem::replace(&mut slot.is_unsaved, true) {
            self.todo.unsaved.push(id);
        }
        self.todo.changed.add(id.section);
        self.look_at(id);
    }

    /// The record itself has not changed, but what it waits for may have.
    fn look_at(&mut self, id: RecordId) {
        let Some(slot) = self.slot_mut(id) else { return };
        if !std::mem::replace(&mut slot.is_touched, true) {
            self.todo.touched.push(id);
        }
    }

    /// All records of a section are touched, and the section itself.
    pub(super) fn touch_section(&mut self, section: usize) {
        self.attend(section);
        let count = self.sections.get(section).map_or(0, |active| active.records.len());
        for record in 0..count {
            self.touch(RecordId { section, record });
        }
    }

    /// The section's source may have to be asked, or its names to be looked up.
    pub(super) fn attend(&mut self, section: usize) {
        self.todo.changed.add(section);
        self.todo.asks.add(section);
        self.todo.lookups.add(section);
    }

    /// Looks at everything whose time has come.
    pub(super) fn wake(&mut self, now: Now) {
        while let Some((at, item)) = self.first_due()
            && at <= now.up
        {
            self.agenda.drop_first();
            // The timer has expired. Another one for the same time must be possible.
            self.plan(item, None);
            self.wake_item(item);
        }
    }

    fn wake_item(&mut self, item: Item) {
        match item {
            Item::Record(id) => self.touch(id),
            Item::Section(place) => self.attend(place),
            Item::Account(place) => self.todo.accounts.add(place),
            Item::Viewpoint(_) => self.todo.news.about_all(),
        }
    }

    /// The current time of the timer of `item`; `None` if there is no such item any more.
    fn due_of(&mut self, item: Item) -> Option<&mut Option<Duration>> {
        Some(match item {
            Item::Record(id) => &mut self.slot_mut(id)?.due,
            Item::Section(place) => &mut self.sections.get_mut(place)?.due,
            Item::Account(place) => &mut self.accounts.get_mut(place)?.due,
            Item::Viewpoint(place) => &mut self.viewpoints.get_mut(place)?.due,
        })
    }

    /// The earliest timer that is current. Those before it are removed.
    fn first_due(&mut self) -> Option<(Duration, Item)> {
        loop {
            let (at, item) = self.agenda.first()?;
            if self.due_of(item).is_some_and(|due| *due == Some(at)) {
                return Some((at, item));
            }
            self.agenda.drop_first();
        }
    }

    /// `item` is to be looked at again at `due`.
    pub(super) fn plan(&mut self, item: Item, due: Option<Duration>) {
        let Some(known) = self.due_of(item) else { return };
        if *known != due {
            *known = due;
            if let Some(at) = due {
                self.agenda.add(at, item);
            }
        }
    }

    /// Drops times at the head of the agenda that are not current, so that the deadline is.
    pub(super) fn prune(&mut self) {
        self.first_due();
    }

    /// Looks at the records that were touched.
    pub(super) fn settle(&mut self, now: Now) {
        while !self.todo.touched.is_empty() {
            let mut touched = std::mem::take(&mut self.todo.touched);
            sort::ascending(&mut touched);
            for id in touched {
                self.settle_record(id, now);
            }
        }
    }

    fn settle_record(&mut self, id: RecordId, now: Now) {
        self.count_refusal(id);
        self.tell_changes(id, now);
        let Some(record) = self.record(id) else { return };
        let wait = record.wait(now);
        let activity = Activity::of(&wait);
        self.count_activity(id, activity);
        let look_up_at = self.queue_look_ups(id, now);
        match activity {
            Activity::Ready => self.offer(id),
            Activity::Idle if matches!(wait, Wait::Settled { .. }) => {
                self.todo.corrections.push(Reverse(id))
            }
            Activity::Idle | Activity::Settling | Activity::InFlight => {}
        }
        self.plan(Item::Record(id), earlier(wait.deadline(), look_up_at));
    }

    /// Takes note of what the record does now. From here on it can be touched again.
    fn count_activity(&mut self, id: RecordId, activity: Activity) {
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let Some(slot) = active.slots.get_mut(id.record) else { return };
        slot.is_touched = false;
        let before = std::mem::replace(&mut slot.activity, activity);
        active.counts.change(record.family, before, activity);
        if let Some(account) = self.accounts.get_mut(active.account) {
            let (was, is) = (before == Activity::InFlight, activity == Activity::InFlight);
            count(&mut account.in_flight, was, is);
        }
    }

    /// Queues the look-ups of the record that are due. Returns when the next other one is, since boot.
    fn queue_look_ups(&mut self, id: RecordId, now: Now) -> Option<Duration> {
        let active = self.sections.get_mut(id.section)?;
        let doubt_at = active.records.get(id.record)?.doubt_at();
        let look_up_at = active.look_up_at(id.record, now);
        let lookups = &mut active.lookups;
        // What is due waits in a queue. As a deadline it would wake the daemon again and again.
        let doubt_at = queue_if_due(doubt_at, &mut lookups.doubts, id.record, now);
        let look_up_at = queue_if_due(look_up_at, &mut lookups.due, id.record, now);
        // No look-up of a registered address comes before a request that is due.
        if !lookups.doubts.is_empty() || !lookups.due.is_empty() && active.counts.active == 0 {
            self.todo.lookups.add(id.section);
        }
        earlier(doubt_at, look_up_at)
    }

    /// Keeps the number of the account's records that were refused.
    pub(super) fn count_refusal(&mut self, id: RecordId) {
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let Some(slot) = active.slots.get_mut(id.record) else { return };
        let is_refused = record.refusal.is_some();
        let was_refused = std::mem::replace(&mut slot.is_refused, is_refused);
        if let Some(account) = self.accounts.get_mut(active.account) {
            count(&mut account.refused, was_refused, is_refused);
        }
    }

    /// The record could be sent: it is queued if a route leads to the provider.
    fn offer(&mut self, id: RecordId) {
        let Some((active, view)) = self.section_and_view(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let account = active.account;
        let is_blocked = view.answers.of(record.family).way.is_err();
        // A block that has ended is looked at, too, so that the same one is reported when it comes back.
        if is_blocked || active.has_block() {
            self.todo.blocks.add(id.section);
        }
        if !is_blocked {
            self.enqueue(id);
            self.todo.accounts.add(account);
        }
    }

    /// A request for the record has ended: others that waited for that go on.
    pub(super) fn free(&mut self, id: RecordId) {
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(account) = self.accounts.get_mut(active.account) else { return };
        if account.batch == Batch::Record
            && let Some(Reverse(record)) = active.waiting.pop()
        {
            account.ready.push(Reverse(RecordId { section: id.section, record }));
        }
        self.todo.accounts.add(active.account);
        for other in self.group_of(id) {
            if other != id {
                self.look_at(other);
            }
        }
    }
}

/// Adds `record` to `queue` if `at` has come. Otherwise returns that time.
fn queue_if_due(
    at: Option<Duration>,
    queue: &mut Marks,
    record: usize,
    now: Now,
) -> Option<Duration> {
    if at? > now.up {
        return at;
    }
    queue.add(record);
    None
}

/// The earlier of two times.
fn earlier(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
