//! Records that are ready leave, in jobs as large as their account allows.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use super::Engine;
use super::account::Account;
use super::agenda::Item;
use super::event::Action;
use super::flights::{Owner, Part, RecordId};
use super::record::Record;
use super::report;
use crate::model::sort;
use crate::model::{Family, Hostname, Target, address};
use crate::provider::{Batch, Change, Job};
use crate::time::Now;

/// A record that leaves, and what it is to be.
type Leaving = (RecordId, Target);

impl Engine {
    /// Sends the next job. Returns whether there is one that can leave now.
    pub(super) fn publish(&mut self, now: Now) -> bool {
        while let Some(account) = self.todo.accounts.first() {
            let batch = self.take_batch(account, now);
            if !batch.is_empty() {
                let Some(action) = self.send(account, &batch, now) else { return false };
                self.actions.push_first(action);
                return true;
            }
            self.todo.accounts.take_first();
        }
        false
    }

    /// Reports why requests that are due cannot leave. Returns whether that is news.
    pub(super) fn report_blocks(&mut self) -> bool {
        while let Some(section) = self.todo.blocks.take_first() {
            let Some((active, view)) = self.section_and_view(section) else { return false };
            if let Some(block) = active.new_block(&view.answers) {
                let notice = report::blocked(&active.spec.name, &block);
                self.actions.push_first(Action::Say(notice));
                return true;
            }
        }
        false
    }

    /// The records that leave next. All of them leave the same way.
    fn take_batch(&mut self, place: usize, now: Now) -> Vec<Leaving> {
        let mut batch = Vec::new();
        let Some(account) = self.accounts.get(place) else { return batch };
        let is_busy = matches!(account.batch, Batch::Account(_)) && account.in_flight > 0;
        // Two jobs of one account may read and write the same zone, and neither would know what the other one
        // changes.
        if is_busy {
            return batch;
        }
        let (most, kind) = (account.most(), account.batch);
        let Some(leader) = self.take_ready(place, now) else { return batch };
        if !self.accounts.get(place).is_some_and(|account| account.is_open(now)) {
            self.enqueue(leader.0);
            let due = self.accounts.get(place).map(Account::next_slot_at);
            self.plan(Item::Account(place), due);
            return batch;
        }
        batch.push(leader);
        match kind {
            Batch::Record => {}
            Batch::Name => {
                if let Some(sibling) = self.sibling(leader.0, now) {
                    batch.push(sibling);
                }
            }
            Batch::Account(_) => self.fill(place, &mut batch, most, now),
        }
        batch
    }

    /// Others that leave with the first record of `batch`, which is of the account at `place`.
    fn fill(&mut self, place: usize, batch: &mut Vec<Leaving>, most: usize, now: Now) {
        let Some(&(leader, _)) = batch.first() else { return };
        // They are queued again at the end. Otherwise this loop would take the same ones for ever.
        let mut left = Vec::new();
        while batch.len() < most
            && let Some(next) = self.take_ready(place, now)
        {
            let is_same_way = self.go_same_way(leader.section, next.0.section);
            // Two sections may have the same name: one after the other, or both would make a record.
            if is_same_way && !self.has_twin(next.0, batch) {
                batch.push(next);
            } else {
                left.push(next.0);
            }
        }
        for id in left {
            self.enqueue(id);
        }
    }

    /// The other family of the name of `leader`, if that could leave with it.
    fn sibling(&self, leader: RecordId, now: Now) -> Option<Leaving> {
        let family = self.family_of(leader);
        for id in self.group_of(leader) {
            if self.family_of(id) == family || !self.go_same_way(leader.section, id.section) {
                continue;
            }
            if let Some(target) = self.sendable(id, now) {
                return Some((id, target));
            }
        }
        None
    }

    /// Takes the first record of the account that can be sent.
    fn take_ready(&mut self, place: usize, now: Now) -> Option<Leaving> {
        while let Some(Reverse(id)) = self.accounts.get_mut(place)?.ready.pop() {
            let sendable = self.sendable(id, now);
            let is_one_by_one = self.accounts.get(place)?.batch == Batch::Record;
            let Some(active) = self.sections.get_mut(id.section) else { continue };
            // A section of such a provider sends one record at a time.
            // The record counts as queued meanwhile: `free` puts it back when the request on its way has ended.
            if is_one_by_one && active.counts.in_flight > 0 {
                active.waiting.push(Reverse(id.record));
                continue;
            }
            if let Some(slot) = active.slots.get_mut(id.record) {
                slot.is_queued = false;
            }
            if let Some(target) = sendable {
                return Some((id, target));
            }
            if let Some(Reverse(record)) = active.waiting.pop() {
                let next = RecordId { section: id.section, record };
                self.accounts.get_mut(place)?.ready.push(Reverse(next));
            }
        }
        None
    }

    /// What could be sent for the record now.
    fn sendable(&self, id: RecordId, now: Now) -> Option<Target> {
        let record = self.record(id)?;
        let target = record.wait(now).ready()?;
        let view = self.view_of(self.sections.get(id.section)?)?;
        // A request may hold both families of a name, so two at the same time could undo one another.
        let is_busy = |other: &RecordId| self.record(*other).is_none_or(Record::is_busy);
        if view.answers.of(record.family).way.is_err() || self.group_of(id).iter().any(is_busy) {
            return None;
        }
        Some(target)
    }

    /// Whether the requests of both sections travel the same way.
    pub(super) fn go_same_way(&self, a: usize, b: usize) -> bool {
        match (self.sections.get(a), self.sections.get(b)) {
            (Some(a), Some(b)) => a.spec.transport == b.spec.transport,
            _ => false,
        }
    }

    /// Whether a record of the same name and family is in `batch`.
    fn has_twin(&self, id: RecordId, batch: &[Leaving]) -> bool {
        let twins = self.twins(id);
        batch.iter().any(|(taken, _)| twins.contains(taken))
    }

    /// The records of other sections with the same name and family in the same account.
    pub(super) fn twins(&self, id: RecordId) -> Vec<RecordId> {
        let family = self.family_of(id);
        let mut twins = Vec::new();
        for other in self.group_of(id) {
            if other != id && self.family_of(other) == family {
                twins.push(other);
            }
        }
        twins
    }

    /// The records of the same name in the same account, with this one.
    pub(super) fn group_of(&self, id: RecordId) -> Vec<RecordId> {
        self.slot(id).map_or(Vec::new(), |slot| self.names.group(&self.sections, slot.name))
    }

    /// With `share`, an address that another section has published, too, is not ours alone, so it stays.
    fn spare_twins(&self, id: RecordId, change: &mut Change) {
        if !change.record.share {
            return;
        }
        for twin in self.twins(id) {
            let Some(held) = self.record(twin).and_then(Record::published) else { continue };
            if change.previous == Some(held) {
                change.previous = None;
            }
            address::remove(&mut change.tried, held);
        }
    }

    pub(super) fn family_of(&self, id: RecordId) -> Option<Family> {
        Some(self.record(id)?.family)
    }

    /// Queues the record among those of its account that are ready, unless it is there.
    pub(super) fn enqueue(&mut self, id: RecordId) {
        let Some(active) = self.sections.get_mut(id.section) else { return };
        let Some(account) = self.accounts.get_mut(active.account) else { return };
        if let Some(slot) = active.slots.get_mut(id.record)
            && !std::mem::replace(&mut slot.is_queued, true)
        {
            account.ready.push(Reverse(id));
        }
    }

    /// `batch` leaves as one job, with the action that is returned. `None` if an index in it is wrong.
    fn send(&mut self, place: usize, batch: &[Leaving], now: Now) -> Option<Action> {
        let mut sections = Vec::new();
        let mut parts = Vec::new();
        // The seed decides with which change the job begins, another one each time.
        let mut job = Job { seed: self.jitter, wall: now.trusted_wall(), ..Job::default() };
        for &(id, target) in batch {
            let active = self.sections.get_mut(id.section)?;
            let record = active.records.get_mut(id.record)?;
            sections.push(active.spec.name.clone());
            job.changes.push(record.change(target, &active.spec.record));
            parts.push(Part { owner: Owner::Record(id), sent: record.send(target, now) });
            self.spare_twins(id, job.changes.last_mut()?);
            self.touch(id);
        }
        job.kept = self.kept(batch);
        let account = self.accounts.get_mut(place)?;
        account.sent(now);
        job.learned = account.known.clone();
        let id = self.flights.add(account.key, job.kept.clone(), parts);
        // Otherwise jobs that leave one after another would have the same seed.
        self.next_jitter();
        let change = job.changes.first()?;
        let active = self.sections.get(batch.first()?.0.section)?;
        let view = self.view_of(active)?;
        let is_seen = view.needs.is_seen(change.family);
        Some(Action::Publish {
            id,
            section: Arc::clone(&active.spec),
            sections,
            device: view.answers.of(change.family).device(),
            source: if is_seen { change.address() } else { None },
            job,
        })
    }

    /// What is published of the other family of the names in `batch`.
    fn kept(&self, batch: &[Leaving]) -> Vec<(Hostname, IpAddr)> {
        let mut kept = Vec::new();
        for id in self.other_families(batch) {
            if let Some(record) = self.record(id)
                && let Some(address) = record.published()
            {
                kept.push((record.name.clone(), address));
            }
        }
        kept
    }

    /// The records of the other family of the names in `batch`, each once.
    fn other_families(&self, batch: &[Leaving]) -> Vec<RecordId> {
        let mut others = Vec::new();
        for (id, _) in batch {
            let group = self.group_of(*id);
            for other in &group {
                if !self.is_family_in(batch, &group, *other) {
                    others.push(*other);
                }
            }
        }
        sort::ascending(&mut others);
        others.dedup();
        others
    }

    /// Whether a record of `group` that has the family of `id` is in `batch`.
    fn is_family_in(&self, batch: &[Leaving], group: &[RecordId], id: RecordId) -> bool {
        let family = self.family_of(id);
        let mut same = group.iter().filter(|other| self.family_of(**other) == family);
        same.any(|other| batch.iter().any(|(taken, _)| taken == other))
    }
}
