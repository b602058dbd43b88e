//! The state file: each change of a record, and each value learned from a provider, is saved.

use super::Engine;
use super::event::Action;
use crate::state::{Changes, Learned, PastChange, Saved, State};
use crate::time::Now;

/// State for the file that does not belong to records of active sections.
#[derive(Clone, Debug, Default)]
pub(super) struct Keeper {
    /// The saved records of sections that are not active.
    pub(super) dormant: Vec<Saved>,
    /// Values learned in an earlier run, until a configuration is in force.
    pub(super) learned_before: Vec<Learned>,
    /// The content of the file when a new configuration came into force, until the changes since then are
    /// saved.
    pub(super) before_reload: Option<State>,
    /// Changes of learned values since the last save.
    pub(super) pending: Changes,
    /// The latest accepted changes of addresses, the oldest first.
    pub(super) history: Vec<PastChange>,
}

impl Engine {
    /// The whole state to save. It includes the records of sections that are not active, so that the state of a
    /// section that the owner disables for a while, or breaks for a moment, is not lost.
    pub fn state(&self, now: Now) -> State {
        let mut records = self.dormant();
        for active in &self.sections {
            let name = &active.spec.name;
            for record in &active.records {
                records.extend(record.saved(name, now));
            }
        }
        State::new(records, self.known(), self.keeper.history.clone())
    }

    fn dormant(&self) -> Vec<Saved> {
        let mut dormant = self.keeper.dormant.clone();
        // After a reload, records of active sections are among them, too. The sections have newer ones.
        dormant.retain(|saved| self.section_index(&saved.section).is_none());
        dormant
    }

    /// The values learned in current accounts. Those of removed accounts are dropped: they can be learned
    /// again.
    fn known(&self) -> Vec<Learned> {
        let mut learned = Vec::new();
        for account in &self.accounts {
            for (key, value) in account.known.iter() {
                let (key, value) = (key.clone(), value.clone());
                learned.push(Learned { account: account.key, key, value });
            }
        }
        learned
    }

    /// Remembers the content of the state file before another configuration comes into force.
    pub(super) fn keep_before_reload(&mut self) {
        // Two reloads without a save in between: the file still has the content from before the first one.
        if self.keeper.before_reload.is_some() {
            return;
        }
        let mut records = self.dormant();
        for active in &self.sections {
            for slot in &active.slots {
                // The file has what was given to it last. The record itself may have changed since.
                records.extend(slot.given.as_deref().cloned());
            }
        }
        let mut known = self.known();
        known.append(&mut self.keeper.learned_before);
        self.keeper.before_reload = Some(State::new(records, known, Vec::new()));
    }

    /// The next changes to save when the program ends now; call until it returns `None`. Nothing else that is left
    /// to do is done any more.
    pub fn unsaved(&mut self, now: Now) -> Option<Action> {
        loop {
            // A signal may come while the actions after an answer are in the queue. Without this, the accepted
            // address would be lost, and sent again after the next start.
            match self.actions.pop() {
                Some(action @ Action::Save(_)) => return Some(action),
                Some(_) => {}
                None if self.save(now) => {}
                None => return None,
            }
        }
    }

    /// Saves the changes since the last save. Returns whether there are any.
    pub(super) fn save(&mut self, now: Now) -> bool {
        // The values learned before a reload are part of `before_reload`, so the file must have them first.
        if self.keeper.pending.is_empty()
            && let Some(before) = self.keeper.before_reload.take()
        {
            self.keeper.pending = Changes::between(&before, &self.state(now));
            self.note_as_saved(now);
        }
        if self.keeper.before_reload.is_none() {
            self.gather_unsaved(now);
        }
        if self.keeper.pending.is_empty() {
            return false;
        }
        let changes = std::mem::take(&mut self.keeper.pending);
        self.actions.push_first(Action::Save(changes));
        true
    }

    /// Adds the records that differ from their last saved form to the changes.
    fn gather_unsaved(&mut self, now: Now) {
        for id in std::mem::take(&mut self.todo.unsaved) {
            let Some(active) = self.sections.get_mut(id.section) else { continue };
            let Some(record) = active.records.get(id.record) else { continue };
            let Some(slot) = active.slots.get_mut(id.record) else { continue };
            slot.save(record, &active.spec.name, &mut self.keeper.pending, now);
        }
    }

    /// After a reload the whole state was compared, because the slots are new. They take note of what is
    /// saved, so that each record is saved again only when it changes.
    fn note_as_saved(&mut self, now: Now) {
        self.todo.unsaved.clear();
        let mut given = Changes::default();
        for active in &mut self.sections {
            for (record, slot) in active.records.iter().zip(&mut active.slots) {
                // These changes are in `pending` already, so `given` is dropped.
                slot.save(record, &active.spec.name, &mut given, now);
            }
        }
    }
}
