//! What is saved: each change of a record, and each thing that an account has taught.

use super::Engine;
use super::event::Action;
use crate::state::{Changes, Learned, Saved, State};
use crate::time::Now;

/// What is saved beside the records of active sections.
#[derive(Clone, Debug, Default)]
pub(super) struct Keeper {
    /// What is known of records of sections that are not active now.
    pub(super) dormant: Vec<Saved>,
    /// What was learned in an earlier run, until a configuration is in force.
    pub(super) learned_before: Vec<Learned>,
    /// What had been given to be saved when a configuration came into force.
    pub(super) before_reload: Option<State>,
    /// What has changed since something was given to be saved.
    pub(super) pending: Changes,
}

impl Engine {
    /// Everything that is known. Records of sections that are not active now are kept too: a section
    /// that is switched off for a while, or broken for a moment, does not lose what is known about it.
    pub fn state(&self, now: Now) -> State {
        let mut records = self.dormant();
        for active in &self.sections {
            let name = &active.spec.name;
            records.extend(active.records.iter().filter_map(|record| record.saved(name, now)));
        }
        State::new(records, self.known())
    }

    fn dormant(&self) -> Vec<Saved> {
        let dormant = self.keeper.dormant.iter();
        dormant.filter(|saved| self.place_of(&saved.section).is_none()).cloned().collect()
    }

    /// What was learned in the accounts there are: it can be learned again.
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

    /// Another configuration comes into force: remembers what was given to be saved.
    pub(super) fn keep_before_reload(&mut self) {
        if self.keeper.before_reload.is_some() {
            return;
        }
        let mut records = self.dormant();
        for slot in self.sections.iter().flat_map(|active| &active.slots) {
            records.extend(slot.given.as_deref().cloned());
        }
        let mut known = self.known();
        known.append(&mut self.keeper.learned_before);
        self.keeper.before_reload = Some(State::new(records, known));
    }

    /// What has changed since something was given to be saved.
    pub(super) fn save(&mut self, now: Now) -> Option<Action> {
        let mut changes = std::mem::take(&mut self.keeper.pending);
        if let Some(before) = self.keeper.before_reload.take() {
            if !changes.is_empty() {
                // What was learned before the reload comes before what follows from it.
                self.keeper.before_reload = Some(before);
                return Some(Action::Save(changes));
            }
            changes = Changes::between(&before, &self.state(now));
            self.todo.unsaved.clear();
            let mut given = Changes::default();
            for active in &mut self.sections {
                for (record, slot) in active.records.iter().zip(&mut active.slots) {
                    slot.save(record, &active.spec.name, &mut given, now);
                }
            }
        }
        for id in std::mem::take(&mut self.todo.unsaved) {
            let Some(active) = self.sections.get_mut(id.section) else { continue };
            let Some(record) = active.records.get(id.record) else { continue };
            let Some(slot) = active.slots.get_mut(id.record) else { continue };
            slot.save(record, &active.spec.name, &mut changes, now);
        }
        if changes.is_empty() { None } else { Some(Action::Save(changes)) }
    }
}
