//! A new configuration comes into force: what is still true stays, what is on its way is waited for.

use super::Engine;
use super::account::Account;
use super::directory::Directory;
use super::event::Action;
use super::section::{Active, Orphan};
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
        let mut old: Map<String, Active> =
            self.sections.drain(..).map(|section| (section.spec.name.clone(), section)).collect();
        for spec in config.sections {
            let before = old.remove(&spec.name);
            let mut section = Active::new(spec, &directory, &known, now);
            if let Some(before) = before {
                self.orphans.extend(before.orphans(&section.records));
                section.inherit(before, now);
            } else if let Some(notice) = section.still_refused(now) {
                self.actions.push(Action::Say(notice));
            }
            self.sections.push(section);
        }
        let gone = old.values().flat_map(|section| section.orphans(&[]));
        self.orphans.extend(gone);
        self.adopt_orphans();
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

    /// A name that comes back while its last request is still on its way waits for that, also in a
    /// section of another name: the older of two requests may be carried out last.
    fn adopt_orphans(&mut self) {
        for section in &mut self.sections {
            let account = provider::account(&section.spec.provider);
            for record in section.records.iter_mut().filter(|it| !it.is_busy()) {
                let same = |orphan: &Orphan| {
                    (orphan.section == section.spec.name || orphan.account == account)
                        && orphan.record.name == record.name
                        && orphan.record.family == record.family
                };
                if let Some(found) = self.orphans.iter().position(same) {
                    record.supersede(&self.orphans.swap_remove(found).record);
                }
            }
        }
    }
}
