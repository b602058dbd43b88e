//! Records that an event has touched, or whose time has come: which queue they are in now, and when they
//! are looked at again.

use std::cmp::Reverse;
use std::time::Duration;

use super::Engine;
use super::agenda::Item;
use super::flights::RecordId;
use super::section::count;
use super::slot::Activity;
use super::wait::Wait;
use crate::model::sort;
use crate::provider::Batch;
use crate::time::Now;

impl Engine {
    /// Something about the record has changed: what it waits for, what is shown or what is saved.
    pub(super) fn touch(&mut self, id: RecordId) {
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(slot) = active.slots.get_mut(id.record) else { return };
        self.todo.changed.add(id.section);
        if !slot.is_unsaved {
            slot.is_unsaved = true;
            self.todo.unsaved.push(id);
        }
        self.look_at(id);
    }

    /// The record itself has not changed, but what it waits for may have.
    fn look_at(&mut self, id: RecordId) {
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(slot) = active.slots.get_mut(id.record) else { return };
        if !slot.is_touched {
            slot.is_touched = true;
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
        while let Some((at, item)) = self.agenda.first() {
            let is_current = self.due_of(item) == Some(at);
            if is_current && at > now.up {
                return;
            }
            self.agenda.drop_first();
            if is_current {
                self.wake_item(item);
            }
        }
    }

    fn wake_item(&mut self, item: Item) {
        match item {
            Item::Record(id) => {
                if let Some(slot) = self.slot_mut(id) {
                    slot.due = None;
                }
                self.touch(id);
            }
            Item::Section(place) => {
                if let Some(active) = self.sections.get_mut(place) {
                    active.due = None;
                }
                self.attend(place);
            }
            Item::Account(place) => {
                if let Some(account) = self.accounts.get_mut(place) {
                    account.due = None;
                }
                self.todo.accounts.add(place);
            }
            Item::Viewpoint(place) => {
                if let Some(view) = self.viewpoints.get_mut(place) {
                    view.due = None;
                }
                self.todo.news.about_all();
            }
        }
    }

    fn due_of(&self, item: Item) -> Option<Duration> {
        match item {
            Item::Record(id) => self.sections.get(id.section)?.slots.get(id.record)?.due,
            Item::Section(place) => self.sections.get(place)?.due,
            Item::Account(place) => self.accounts.get(place)?.due,
            Item::Viewpoint(place) => self.viewpoints.get(place)?.due,
        }
    }

    /// Drops times at the head of the agenda that are not current, so that the deadline is.
    pub(super) fn prune(&mut self) {
        while let Some((at, item)) = self.agenda.first()
            && self.due_of(item) != Some(at)
        {
            self.agenda.drop_first();
        }
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
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let look_up_at = active.look_up_at(id.record, now);
        let (Some(record), Some(slot)) =
            (active.records.get(id.record), active.slots.get_mut(id.record))
        else {
            return;
        };
        // Before anything below that may touch the record again.
        slot.is_touched = false;
        let wait = record.wait(now);
        let doubt_at = record.doubt_at();
        let activity = Activity::of(&wait);
        let before = std::mem::replace(&mut slot.activity, activity);
        if doubt_at.is_some_and(|at| at <= now.up) {
            active.doubts.insert(id.record);
        }
        if look_up_at.is_some_and(|at| at <= now.up) {
            active.lookups.insert(id.record);
        }
        active.counts.change(record.family, before, activity);
        if let Some(account) = self.accounts.get_mut(active.account) {
            let (was, is) = (before == Activity::InFlight, activity == Activity::InFlight);
            count(&mut account.in_flight, was, is);
        }
        // No look-up of a registered address comes before a request that is due.
        if !active.doubts.is_empty() || !active.lookups.is_empty() && active.counts.active == 0 {
            self.todo.lookups.add(id.section);
        }
        match activity {
            Activity::Ready => self.offer(id),
            Activity::Idle if matches!(wait, Wait::Settled { .. }) => {
                self.todo.corrections.push(Reverse(id))
            }
            Activity::Idle | Activity::Settling | Activity::InFlight => {}
        }
        let later = [doubt_at, look_up_at].into_iter().flatten().filter(|&at| at > now.up);
        self.plan_record(id, later.chain(wait.deadline()).min());
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

    fn plan_record(&mut self, id: RecordId, due: Option<Duration>) {
        let Some(slot) = self.slot_mut(id) else { return };
        if slot.due != due {
            slot.due = due;
            if let Some(at) = due {
                self.agenda.add(at, Item::Record(id));
            }
        }
    }

    /// The record could be sent: it is queued if a route leads to the provider.
    fn offer(&mut self, id: RecordId) {
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(record) = active.records.get(id.record) else { return };
        let Some(view) = self.viewpoints.get(active.viewpoint) else { return };
        let is_blocked = view.answers.of(record.family).way.is_err();
        if is_blocked || active.has_block() {
            self.todo.blocks.add(id.section);
        }
        let (Some(slot), false) = (active.slots.get_mut(id.record), is_blocked) else { return };
        if !slot.is_queued
            && let Some(account) = self.accounts.get_mut(active.account)
        {
            slot.is_queued = true;
            account.ready.push(Reverse(id));
        }
        self.todo.accounts.add(active.account);
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
        let Some(name) = active.slots.get(id.record).map(|slot| slot.name) else { return };
        let others: Vec<RecordId> = self.names.group(&self.sections, name).collect();
        for other in others {
            if other != id {
                self.look_at(other);
            }
        }
    }
}
