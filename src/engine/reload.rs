//! A new configuration comes into force: valid state is taken over, and jobs on their way are waited for.

use std::sync::Arc;

use super::account::Account;
use super::directory::Directory;
use super::flights::{Owner, Part, RecordId};
use super::names::Names;
use super::record::ResultCounts;
use super::section::SectionState;
use super::todo::Todo;
use super::viewpoint::{Needs, Viewpoint};
use super::{Engine, Inactive, report};
use crate::config::{Config, Section};
use crate::model::sort;
use crate::proto::netlink::Table;
use crate::provider;
use crate::state::Saved;
use crate::time::Now;

impl Engine {
    /// Puts `config` in force.
    pub(super) fn reload(&mut self, config: Box<Config>, directory: Directory, now: Now) {
        self.keep_before_reload();
        self.hooks.failing_after = config.global.failing_after;
        let mut known = self.state(now);
        // If a part of the configuration could not be parsed, a missing section may still be there.
        if !config.cut {
            retain(&mut known.records, &config);
        }
        // Flights have indexes of the old sections, so this comes before these are replaced.
        let waiting = self.waiting_records();
        let mut old = std::mem::take(&mut self.sections);
        let old_viewpoints = std::mem::take(&mut self.viewpoints);
        for spec in config.sections {
            let needs = Needs::of(&spec, &directory);
            let mut active = SectionState::new(Arc::new(spec), &known, now);
            let before = self.names.section(&old, &active.spec.name);
            match before.and_then(|index| old.get_mut(index)) {
                Some(before) => active.inherit(before, now),
                None => self.report_refusal(&active, now),
            }
            self.sections.push(active);
            self.assign_viewpoint(needs, &old_viewpoints);
        }
        self.follow_hosts();
        // Flights and names below are found by the account of a section.
        self.assign_accounts();
        self.reassign_flights(waiting);
        self.names = Names::of(&mut self.sections);
        self.inactive = Inactive { disabled: config.disabled, broken: config.broken };
        self.keeper.dormant = known.records;
        self.begin_anew();
    }

    /// Reports a refusal of an earlier run: the log has no line yet that says why nothing is sent.
    fn report_refusal(&mut self, active: &SectionState, now: Now) {
        let mut records = active.records.iter();
        if let Some(record) = records.find(|record| record.refusal.is_some()) {
            report::still_refused(&active.spec.name, record, now, &mut self.actions);
        }
    }

    /// Clears all queues, because they hold indexes of the old configuration, and looks at everything.
    fn begin_anew(&mut self) {
        self.agenda.clear();
        self.todo = Todo::default();
        for (section, active) in self.sections.iter().enumerate() {
            for (record, waiting) in active.records.iter().enumerate() {
                if waiting.has_failed_locally() {
                    self.todo.failed_locally.push(RecordId { section, record });
                }
            }
        }
        for section in 0..self.sections.len() {
            self.todo.reselect.add(section);
            self.touch_section(section);
        }
        // The dumps repair the tables, should a notification have been lost unnoticed.
        Table::ALL.into_iter().for_each(|table| self.dump(table));
        self.todo.news.about_all();
        self.todo.news.lost_way = true;
        self.todo.is_all_changed = true;
    }

    /// Whether exactly these sections are in force.
    pub fn has_sections(&self, sections: &[Section]) -> bool {
        let specs = self.sections.iter().map(|section| section.spec.as_ref());
        specs.eq(sections)
    }

    /// Gives the last section its viewpoint. Sections with the same questions about the network share one. `before`
    /// are the viewpoints before the reload.
    fn assign_viewpoint(&mut self, needs: Needs, before: &[Viewpoint]) {
        let index = self.sections.len() - 1;
        let Some(active) = self.sections.last_mut() else { return };
        // There are few viewpoints, unless thousands of sections have different hosts, so a search will do.
        let known = self.viewpoints.iter().position(|view| view.needs == needs);
        active.viewpoint = known.unwrap_or(self.viewpoints.len());
        if known.is_none() {
            self.viewpoints.push(Viewpoint::new(needs, active.steps().cloned(), before));
        }
        if let Some(viewpoint) = self.viewpoints.get_mut(active.viewpoint) {
            viewpoint.members.push(index);
        }
    }

    /// Gives each section its account. Sections with the same provider and credentials share one. An account of
    /// the old configuration keeps its limits and learned values.
    fn assign_accounts(&mut self) {
        let mut old = std::mem::take(&mut self.accounts);
        // Their order is often the same as before. Then the one that is sought is always the last.
        old.reverse();
        let learned = match &self.keeper.before_reload {
            Some(before) => before.known.as_slice(),
            None => &[],
        };
        // Each key with the index of its account, sorted: thousands of sections may have an account each.
        let mut places: Vec<(u64, usize)> = Vec::new();
        for (index, section) in self.sections.iter_mut().enumerate() {
            let key = provider::account(&section.spec.provider);
            section.account = match places.binary_search_by(|(known, _)| known.cmp(&key)) {
                Ok(place) => places[place].1,
                Err(place) => {
                    let before = old.iter().rposition(|account| account.key == key);
                    places.insert(place, (key, self.accounts.len()));
                    self.accounts.push(match before {
                        Some(before) => old.swap_remove(before).vacated(),
                        None => Account::new(key, &section.spec, learned),
                    });
                    self.accounts.len() - 1
                }
            };
            if let Some(account) = self.accounts.get_mut(section.account) {
                account.sections.push(index);
            }
        }
    }

    /// The names of the records that wait for jobs, in the order of the jobs' parts: their indexes are about to
    /// change.
    fn waiting_records(&mut self) -> Vec<Owner> {
        let mut waiting = Vec::new();
        for part in self.flights.jobs().iter().flat_map(|flight| &flight.parts) {
            let Owner::Record(id) = part.owner else { continue };
            let Some(active) = self.sections.get(id.section) else { continue };
            let Some(record) = active.records.get(id.record) else { continue };
            let section = active.spec.name.clone();
            waiting.push(Owner::Gone { section, name: record.name.clone(), family: record.family });
        }
        waiting
    }

    /// Finds the records that wait for jobs in the new configuration. `waiting` names them.
    fn reassign_flights(&mut self, waiting: Vec<Owner>) {
        let mut waiting = waiting.into_iter();
        for part in self.flights.jobs_mut().iter_mut().flat_map(|flight| &mut flight.parts) {
            if let Owner::Record(_) = part.owner
                && let Some(owner) = waiting.next()
            {
                part.owner = owner;
                find_owner(&mut self.sections, part, None);
            }
        }
        // An earlier reload may have removed a record while its request was on its way. If this one brings the
        // record back, even in another section, it waits for that request: the provider may carry out the older
        // of two requests last.
        for flight in self.flights.jobs_mut() {
            for part in &mut flight.parts {
                find_owner(&mut self.sections, part, Some(flight.account));
            }
        }
    }
}

/// Drops the saved records of sections that `config` does not name.
fn retain(records: &mut Vec<Saved>, config: &Config) {
    let mut names: Vec<&str> = Vec::new();
    for section in &config.sections {
        names.push(&section.name);
    }
    for name in &config.disabled {
        names.push(name);
    }
    for (name, _) in &config.broken {
        names.push(name);
    }
    sort::ascending(&mut names);
    records.retain(|saved| names.binary_search(&saved.section.as_str()).is_ok());
}

/// Finds the record that waits for `part`, as [`find`] does.
fn find_owner(sections: &mut [SectionState], part: &mut Part, account: Option<u64>) {
    if let Some(id) = find(sections, &part.owner, account) {
        wait_for(sections, id, part);
        part.owner = Owner::Record(id);
    }
}

/// The record that `owner` names, in the section of the same name. With `account`, sections with that account
/// count, too, but only records without a request on its way.
fn find(sections: &[SectionState], owner: &Owner, account: Option<u64>) -> Option<RecordId> {
    let Owner::Gone { section, name, family } = owner else {
        return None;
    };
    for (index, active) in sections.iter().enumerate() {
        let is_same_account = account == Some(provider::account(&active.spec.provider));
        if active.spec.name != *section && !is_same_account {
            continue;
        }
        let found = active.records.iter().position(|record| {
            record.key() == (name, *family) && (account.is_none() || !record.is_busy())
        });
        if let Some(record) = found {
            return Some(RecordId { section: index, record });
        }
    }
    None
}

/// Makes the record wait for `part`. A record that took its flight over from the old configuration does so
/// already. Otherwise `part` is a request of an earlier configuration, and its result does not count.
fn wait_for(sections: &mut [SectionState], id: RecordId, part: &mut Part) {
    let section = sections.get_mut(id.section);
    let Some(record) = section.and_then(|section| section.records.get_mut(id.record)) else {
        return;
    };
    if !record.is_busy() {
        record.wait_for_old_request(part.sent.target);
        part.sent.counts = ResultCounts::Superseded;
    }
}
