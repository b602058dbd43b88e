//! A new configuration comes into force: what is still true stays, what is on its way is waited for.

use super::Engine;
use super::account::Account;
use super::directory::Directory;
use super::event::Action;
use super::flights::{Owner, Part, RecordId};
use super::record::{Counts, Record};
use super::section::Active;
use crate::config::{Config, Section};
use crate::model::sorted::Map;
use crate::proto::netlink::Table;
use crate::provider;
use crate::time::Now;

impl Engine {
    /// Puts `config` in force.
    pub(super) fn reload(&mut self, config: Config, directory: Directory, now: Now) {
        let mut known = self.state(now);
        let kept = |name: &String| {
            let section = |s: &Section| s.name == *name;
            let broken = |(broken, _): &(String, String)| broken == name;
            config.sections.iter().any(section)
                || config.disabled.contains(name)
                || config.broken.iter().any(broken)
                || config.cut
        };
        known.records.retain(|saved| kept(&saved.section));
        let waiting = self.waiting_records();
        let mut old: Map<String, Active> =
            self.sections.drain(..).map(|section| (section.spec.name.clone(), section)).collect();
        for spec in config.sections {
            let before = old.remove(&spec.name);
            let mut section = Active::new(spec, &directory, &known, now);
            if let Some(before) = before {
                section.inherit(before, now);
            } else if let Some(notice) = section.still_refused(now) {
                self.actions.push(Action::Say(notice));
            }
            self.sections.push(section);
        }
        self.reassign_flights(waiting);
        self.assign_accounts();
        self.disabled = config.disabled;
        self.broken = config.broken;
        self.dormant = known.records;
        Table::ALL.into_iter().for_each(|table| self.dump(table));
        self.stale = true;
        self.lost_way = true;
        self.touch();
    }

    /// Whether exactly these sections are in force.
    pub fn has_sections(&self, sections: &[Section]) -> bool {
        let specs = self.sections.iter().map(|section| section.spec.as_ref());
        specs.eq(sections)
    }

    /// Sections with the same provider and credentials share an account; what was spent and learned
    /// there stays.
    fn assign_accounts(&mut self) {
        let mut old = std::mem::take(&mut self.accounts);
        for (place, section) in self.sections.iter_mut().enumerate() {
            let key = provider::account(&section.spec.provider);
            let known = self.accounts.iter().position(|account| account.key == key);
            section.account = known.unwrap_or(self.accounts.len());
            if known.is_none() {
                let before = old.iter().position(|account| account.key == key);
                self.accounts.push(match before {
                    Some(before) => old.swap_remove(before).vacated(),
                    None => Account::new(key, &section.spec, &self.saved),
                });
            }
            if let Some(account) = self.accounts.get_mut(section.account) {
                account.sections.push(place);
            }
        }
    }

    /// What names the records that wait for jobs, in the order of the jobs' parts.
    fn waiting_records(&mut self) -> Vec<Owner> {
        let mut waiting = Vec::new();
        for part in self.flights.parts() {
            let Owner::Record(id) = part.owner else { continue };
            let Some(active) = self.sections.get(id.section) else { continue };
            let Some(record) = active.records.get(id.record) else { continue };
            let section = active.spec.name.clone();
            waiting.push(Owner::Gone { section, name: record.name.clone(), family: record.family });
        }
        waiting
    }

    /// The places of records are others now: `waiting` names those that wait for jobs.
    fn reassign_flights(&mut self, waiting: Vec<Owner>) {
        let mut waiting = waiting.into_iter();
        for (_, part) in self.flights.parts_mut() {
            if let Owner::Record(_) = part.owner
                && let Some(owner) = waiting.next()
            {
                part.owner = match find(&self.sections, &owner, None) {
                    Some(id) => {
                        wait_for(&mut self.sections, id, part);
                        Owner::Record(id)
                    }
                    None => owner,
                };
            }
        }
        // A name that comes back while its last request is still on its way waits for that, also in a
        // section of another name: the older of two requests may be carried out last.
        for (account, part) in self.flights.parts_mut() {
            if let Some(id) = find(&self.sections, &part.owner, Some(account)) {
                wait_for(&mut self.sections, id, part);
                part.owner = Owner::Record(id);
            }
        }
    }
}

/// The record that `owner` names, in the section of that name; or, with `account`, one of that name that
/// waits for nothing, in that section or in one with that account.
fn find(sections: &[Active], owner: &Owner, account: Option<u64>) -> Option<RecordId> {
    let Owner::Gone { section, name, family } = owner else {
        return None;
    };
    for (place, active) in sections.iter().enumerate() {
        let is_same_account = account == Some(provider::account(&active.spec.provider));
        if active.spec.name != *section && !is_same_account {
            continue;
        }
        let is_meant = |record: &Record| {
            record.key() == (name, *family) && (account.is_none() || !record.is_busy())
        };
        if let Some(record) = active.records.iter().position(is_meant) {
            return Some(RecordId { section: place, record });
        }
    }
    None
}

/// The record waits for `part`. Unless it did so before, `part` is about an earlier configuration.
fn wait_for(sections: &mut [Active], id: RecordId, part: &mut Part) {
    let section = sections.get_mut(id.section);
    let Some(record) = section.and_then(|section| section.records.get_mut(id.record)) else {
        return;
    };
    if !record.is_busy() {
        record.wait_for_old_request(part.sent.target);
        part.sent.counts = Counts::Superseded;
    }
}
