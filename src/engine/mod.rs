//! The core: it decides, it never does.
//!
//! One owner drives it with three calls. [`Engine::handle`] takes an [`Event`] and the time;
//! [`Engine::poll`] gives the next [`Action`] until there is none; [`Engine::deadline`] says when
//! to poll again if nothing happens before. There is no clock, no socket, no thread and no async
//! in here, and the same events at the same times give the same actions.
//!
//! The way of an address: [`book`] keeps what the kernel said, [`select`] chooses the address,
//! [`section`] hands it to its [`record`]s, a record decides when it is time, and the records of an
//! [`account`] that are ready leave together as one job.

pub mod account;
pub mod book;
pub mod detect;
pub mod directory;
pub mod event;
mod explain;
mod finish;
pub mod flights;
pub mod network;
pub mod no_address;
pub mod pace;
pub mod record;
pub mod registered;
mod reload;
mod report;
pub mod section;
pub mod select;
pub mod status;
mod stop;
#[cfg(test)]
mod tests;
pub mod wait;
pub mod way;

use std::time::Duration;

use account::Account;
use directory::Directory;
use event::{Action, Event, QuestionId};
use flights::{Flight, Flights, RecordId};
use network::{Facts, Netifd};
use no_address::NoAddress;
use section::Active;
use wait::Wait;
use way::Ask;

use crate::model::sorted::{Set, take_first};
use crate::proto::netlink::{Message, Report, Table};
use crate::state::{Learned, Saved, State};
use crate::time::Now;

/// No deadline is further away than this: a sum that a timer cannot hold is of no use.
const FAR: Duration = Duration::from_secs(365 * 86_400);

/// The whole state of the daemon.
#[derive(Clone, Debug)]
pub struct Engine {
    facts: Facts,
    /// Whether the program ends when nothing more can be done now, so that there is no next try.
    ends: bool,
    /// Names of sections that are not enabled.
    disabled: Vec<String>,
    /// Names of sections that cannot run, with the reason.
    broken: Vec<(String, String)>,
    sections: Vec<Active>,
    /// Who publishes where.
    accounts: Vec<Account>,
    /// Jobs that are on their way.
    flights: Flights,
    /// What is known of sections that are not active now.
    dormant: Vec<Saved>,
    /// What was kept last.
    saved: State,
    actions: Vec<Action>,
    next_question: QuestionId,
    /// Hosts whose addresses a request on its way waits for, one entry for each such request.
    looked_up: Vec<String>,
    jitter: u32,
    unsaved: bool,
    /// Something that [`Engine::status`] shows may have changed since that was asked last.
    changed: bool,
    /// The book changed since addresses were selected.
    stale: bool,
    /// The ways to hosts may be others since the kernel was asked.
    lost_way: bool,
}

impl Engine {
    /// An engine that knows what was `saved`. `seed` makes the retries of one router differ from
    /// its neighbours', which lost the same connection at the same moment.
    pub fn new(saved: State, seed: u32) -> Self {
        Self {
            facts: Facts::default(),
            ends: false,
            disabled: Vec::new(),
            broken: Vec::new(),
            sections: Vec::new(),
            accounts: Vec::new(),
            flights: Flights::default(),
            dormant: saved.records.clone(),
            saved,
            actions: Vec::new(),
            next_question: 0,
            looked_up: Vec::new(),
            jitter: seed | 1,
            unsaved: false,
            changed: false,
            stale: false,
            lost_way: false,
        }
    }

    /// The program ends when nothing more can be done now: no next try is promised.
    pub fn end_when_done(&mut self) {
        self.ends = true;
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::Kernel(report) => self.kernel(report, now),
            Event::WayFound(ask, told) => self.stale |= self.facts.book.ways.told(ask, told),
            Event::Netifd(word) => {
                let news = self.facts.netifd.heard(word);
                self.stale |= news;
                self.lost_way |= news;
            }
            Event::Finished(finished) => self.finished(&finished, now),
            Event::Detected { question, section, family, result } => {
                let jitter = self.next_jitter();
                if let Some(active) = self.section_mut(&section) {
                    active.detected((question, family), result, now, jitter);
                }
                self.stale = true;
            }
            Event::LookedUp { section, lookup, family, result } => {
                let jitter = self.next_jitter();
                if let Some(active) = self.section_mut(&section) {
                    let notice = active.looked_up((&lookup, family), result, now, jitter);
                    self.actions.extend(notice.map(Action::Say));
                    self.touch();
                }
            }
            Event::LookUpIsSlow(host) => {
                self.looked_up.push(host);
                self.touch();
            }
            Event::SlowLookUpEnded(host) => {
                if let Some(at) = self.looked_up.iter().position(|known| *known == host) {
                    self.looked_up.swap_remove(at);
                    self.touch();
                }
            }
            Event::Reload { config, hosts } => self.reload(*config, Directory(hosts), now),
            Event::Force(names) => self.force(&names, now),
            Event::Stop(names) => self.stop(&names),
            Event::Start(names) => self.start(&names, now),
            Event::ClockStepped => {
                self.records_mut().for_each(|record| record.clock_stepped(now));
                self.touch();
            }
        }
    }

    /// The next thing to do; call until it returns `None`.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        self.refresh(now);
        if let Some(action) = take_first(&mut self.actions) {
            return Some(action);
        }
        let next = self.correct(now).or_else(|| self.publish(now));
        if let Some(action) = next.or_else(|| self.ask(now)).or_else(|| self.look_up(now)) {
            return Some(action);
        }
        if std::mem::take(&mut self.unsaved) {
            let state = self.state(now);
            if state != self.saved {
                self.saved = state.clone();
                return Some(Action::Save(state));
            }
        }
        None
    }

    /// When to poll again if nothing happens, since boot. Never in the past once `poll` returned
    /// `None`.
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        self.sections
            .iter()
            .flat_map(|section| {
                let closed = self.closed_until(section, now);
                let closed = closed.filter(|_| section.reachable_if_ready(&self.facts, now));
                [section.deadline(&self.facts, now), closed].into_iter().flatten()
            })
            .map(|at| at.min(now.up.saturating_add(FAR)))
            .min()
    }

    /// Whether [`Engine::status`] may show anything new since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Whether nothing is on its way and nothing is about to leave: all that is left to wait for
    /// is the world. What `once` waits for.
    pub fn at_rest(&self, now: Now) -> bool {
        let asking = |s: &Active| {
            s.detectors.values().any(detect::Detector::asking)
                || s.question(&self.facts, now).is_some()
        };
        let busy = |s: &Active| {
            s.records.iter().any(|record| {
                let wait = record.wait(now);
                let is_kept = || {
                    s.way(record.family, &self.facts).is_err()
                        || self.closed_until(s, now).is_some()
                };
                wait.is_active() && !(matches!(wait, Wait::Ready(_)) && is_kept())
            })
        };
        // Duplicate address detection ends by itself, within seconds.
        let waiting = |s: &Active| s.lacks.values().any(NoAddress::is_tentative);
        let known = self.facts.book.complete() && self.facts.netifd != Netifd::Asking;
        known && !self.sections.iter().any(|s| asking(s) || busy(s) || waiting(s))
    }

    /// Something happened that is worth keeping, and worth showing.
    fn touch(&mut self) {
        self.unsaved = true;
        self.changed = true;
    }

    fn kernel(&mut self, report: Report, now: Now) {
        let another_way = match &report {
            Report::Message(Message::Route(route)) => self.facts.book.ways.depend_on(route),
            Report::Message(Message::Policy) => true,
            Report::Message(_) | Report::DumpBegin(_) | Report::DumpEnd(_) | Report::Lost => false,
        };
        if another_way {
            self.sections.iter_mut().for_each(Active::routes_changed);
        }
        if report == Report::Lost {
            Table::ALL.into_iter().for_each(|table| self.dump(table));
        }
        let news = self.facts.book.apply(report, now.up);
        self.stale |= news;
        self.lost_way |= news || another_way;
    }

    /// Asks for a dump, once however often a batch of messages gives reason to.
    fn dump(&mut self, table: Table) {
        let asked = |action: &Action| matches!(action, Action::Dump(t) if *t == table);
        if !self.actions.iter().any(asked) {
            self.actions.push(Action::Dump(table));
        }
    }

    /// Looks at addresses and ways again after something changed: once per batch of messages. The
    /// kernel is asked for the ways first.
    fn refresh(&mut self, now: Now) {
        if self.lost_way && self.facts.book.addresses_known() {
            self.lost_way = false;
            let asks = self.sections.iter().flat_map(|section| section.asks(&self.facts));
            let asks: Set<Ask> = asks.collect();
            let actions = asks.iter().cloned().map(Action::FindWay);
            self.actions.extend(actions);
            self.facts.book.ways.ask(asks);
        }
        if self.facts.book.ways.asked.is_empty() && std::mem::take(&mut self.stale) {
            if self.facts.book.complete() {
                for (place, section) in self.sections.iter_mut().enumerate() {
                    if section.follow_ways(&self.facts, now) {
                        self.flights.network_gone(Some(place));
                    }
                }
            }
            self.follow_losses();
            self.reselect(now);
            self.touch();
        }
    }

    /// Requests that left from an address that is gone are given up, and a failure of one that is
    /// on its way says nothing about the provider.
    fn follow_losses(&mut self) {
        let gone = self.facts.book.take_gone();
        if !gone.is_empty() {
            self.flights.network_gone(None);
            self.actions.extend(gone.into_iter().map(Action::Cut));
        }
    }

    fn reselect(&mut self, now: Now) {
        for section in &mut self.sections {
            section.follow_event_network(&self.facts, now);
            let lacks = section.reselect(&self.facts, now);
            for (family, lack) in lacks.into_iter().filter(|_| !section.stopped) {
                let records = section.records.iter().filter(|record| record.family == family);
                let name = &section.spec.name;
                self.actions.push(report::no_address(name, family, records, &lack, now));
            }
        }
    }

    fn force(&mut self, names: &[String], now: Now) {
        for section in &mut self.sections {
            let meant = names.is_empty() || names.contains(&section.spec.name);
            if meant && !section.stopped {
                section.ask_again(now);
                section.records.iter_mut().for_each(|record| record.request_update(now));
            }
        }
        self.touch();
    }

    fn publish(&mut self, now: Now) -> Option<Action> {
        let seed = self.jitter;
        for account in &mut self.accounts {
            let Some(taken) = account.take(&mut self.sections, &self.facts, seed, now) else {
                continue;
            };
            let id = self.flights.next_id();
            let kept = taken.job.kept.clone();
            self.flights.add(Flight { account: account.key, kept, parts: taken.parts });
            self.next_jitter();
            let section = self.sections.get(taken.section)?;
            self.unsaved = true;
            self.changed = true;
            let change = taken.job.changes.first()?;
            let source = if section.is_seen(change.family) { change.address() } else { None };
            return Some(Action::Publish {
                id,
                section: section.spec.clone(),
                sections: taken.sections,
                device: section.way(change.family, &self.facts).unwrap_or_default(),
                source,
                job: taken.job,
            });
        }
        let obstacle = |section: &mut Active| {
            let block = section.news(&self.facts, now)?;
            Some(report::blocked(&section.spec.name, &block))
        };
        self.sections.iter_mut().find_map(obstacle)
    }

    fn ask(&mut self, now: Now) -> Option<Action> {
        let question = self.next_question;
        for section in &mut self.sections {
            if let Some(family) = section.take_question(question, &self.facts, now) {
                self.next_question = question.wrapping_add(1);
                let device = section.bound(&self.facts).unwrap_or_default();
                let section = section.spec.clone();
                return Some(Action::Detect { question, section, device, family });
            }
        }
        None
    }

    fn correct(&mut self, now: Now) -> Option<Action> {
        let notice = self.sections.iter_mut().find_map(|section| section.correct(now))?;
        self.touch();
        Some(Action::Say(notice))
    }

    fn look_up(&mut self, now: Now) -> Option<Action> {
        for active in &mut self.sections {
            if let Some((lookup, family)) = active.take_lookup(&self.facts, now) {
                let device = active.bound(&self.facts).unwrap_or_default();
                let section = active.spec.clone();
                return Some(Action::LookUp { section, lookup, device, family });
            }
        }
        None
    }

    /// When the account of `section` may be asked, if not now: by the provider's documented limit or
    /// waiting time, or because the first answer is still to come.
    fn closed_until(&self, section: &Active, now: Now) -> Option<Duration> {
        let account = self.accounts.get(section.account)?;
        Some(account.open_at()).filter(|at| *at > now.up)
    }

    /// What to keep. Records of sections that are not active now are kept too: a section that is
    /// switched off for a while, or broken for a moment, does not lose what is known about it.
    pub fn state(&self, now: Now) -> State {
        let active = |name: &str| self.sections.iter().any(|s| s.spec.name == name);
        let dormant = self.dormant.iter().filter(|saved| !active(&saved.section)).cloned();
        let live = self.sections.iter().flat_map(|section| {
            section.records.iter().filter_map(|record| record.saved(&section.spec.name, now))
        });
        State::new(dormant.chain(live).collect(), self.known())
    }

    /// What was learned in the accounts there are: it can be learned again.
    fn known(&self) -> Vec<Learned> {
        let learned = self.accounts.iter().flat_map(|account| {
            account.known.iter().map(|(key, value)| Learned {
                account: account.key,
                key: key.clone(),
                value: value.clone(),
            })
        });
        learned.collect()
    }

    fn section_mut(&mut self, name: &str) -> Option<&mut Active> {
        self.sections.iter_mut().find(|section| section.spec.name == name)
    }

    fn record_mut(&mut self, id: RecordId) -> Option<&mut record::Record> {
        self.sections.get_mut(id.section)?.records.get_mut(id.record)
    }

    fn records_mut(&mut self) -> impl Iterator<Item = &mut record::Record> {
        self.sections.iter_mut().flat_map(|section| section.records.iter_mut())
    }

    /// xorshift32: enough to spread retries, and the same in every run with the same seed.
    fn next_jitter(&mut self) -> u32 {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 17;
        self.jitter ^= self.jitter << 5;
        self.jitter
    }
}
