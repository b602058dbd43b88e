//! The core: it decides what the daemon does, and does nothing itself.
//!
//! One owner drives it with three calls. [`Engine::handle`] takes an [`Event`] and the time;
//! [`Engine::poll`] gives the next [`Action`] until there is none; [`Engine::deadline`] says when
//! to poll again if nothing happens before. There is no clock, no socket, no thread and no async
//! in here, and the same events at the same times give the same actions.
//!
//! An address takes this way: [`book`] keeps what the kernel reported, [`viewpoint`] knows which sections
//! ask about that device, [`select`] chooses their address, and [`section`] sets it as the target of its
//! [`record`]s. Each record knows when it may be sent. The records of an [`account`] that are ready leave
//! together as one job.

pub mod account;
pub mod agenda;
pub mod book;
pub mod detect;
pub mod directory;
pub mod event;
mod explain;
pub mod files;
mod finish;
pub mod flights;
pub mod gate;
pub mod gateway;
mod gateway_announcements;
pub mod hook_event;
pub mod hooks;
pub mod host;
mod keep;
mod lan;
pub mod line;
pub mod line_choice;
mod look_up;
pub mod metrics;
pub mod names;
pub mod network;
pub mod no_address;
pub mod pace;
mod publish;
mod reach;
pub mod record;
mod refresh;
pub mod registered;
mod reload;
mod report;
pub mod scope;
pub mod section;
pub mod select;
mod settle;
pub mod sightings;
pub mod slot;
pub mod status;
mod stop;
#[cfg(test)]
mod tests;
mod todo;
pub mod viewpoint;
pub mod wait;
pub mod way;

use account::Account;
use agenda::Agenda;
use directory::Directory;
use event::{Action, Event, QuestionId, SourceAnswer};
use flights::{Flights, Owner, RecordId};
use gate::Standing;
use hooks::Hooks;
use keep::Keeper;
use names::Names;
use network::{NetifdState, NetworkView};
use record::Record;
use section::SectionState;
use slot::{Activity, Slot};
use status::Snapshot;
use todo::Todo;
use viewpoint::Viewpoint;

use crate::model::Family;
use crate::model::fifo::Fifo;
use crate::provider::Failure;
use crate::state::State;
use crate::time::{Duration, Now};

/// No deadline is further away than this: a sum that a timer cannot hold is of no use.
const FAR: Duration = Duration::from_secs(365 * 86_400);

/// The whole state of the daemon.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The network, as it was reported.
    facts: NetworkView,
    /// Whether the program ends when nothing more can be done now, so that no next try is announced.
    ends: bool,
    inactive: Inactive,
    sections: Vec<SectionState>,
    names: Names,
    viewpoints: Vec<Viewpoint>,
    /// The accounts at providers, each with the sections that share it.
    accounts: Vec<Account>,
    /// Jobs that are on their way.
    flights: Flights,
    agenda: Agenda,
    todo: Todo,
    keeper: Keeper,
    actions: Fifo<Action>,
    next_question: QuestionId,
    jitter: u32,
    hooks: Hooks,
}

/// Sections that do not run.
#[derive(Clone, Debug, Default)]
struct Inactive {
    /// Names of sections that are not enabled.
    disabled: Vec<String>,
    /// Names of sections that cannot run, with the reason.
    broken: Vec<(String, String)>,
}

impl Engine {
    /// An engine that knows what was `saved`. `seed` makes the retries of one router differ from
    /// its neighbours', which lost the same connection at the same moment.
    pub fn new(saved: State, seed: u32) -> Self {
        let keeper = Keeper {
            dormant: saved.records,
            learned_before: saved.known,
            history: saved.history,
            ..Keeper::default()
        };
        Self {
            facts: NetworkView::default(),
            ends: false,
            inactive: Inactive::default(),
            sections: Vec::new(),
            names: Names::default(),
            viewpoints: Vec::new(),
            accounts: Vec::new(),
            flights: Flights::default(),
            agenda: Agenda::default(),
            todo: Todo::default(),
            keeper,
            actions: Fifo::new(),
            next_question: 0,
            // A xorshift generator that begins with 0 gives nothing but 0.
            jitter: seed | 1,
            hooks: Hooks::default(),
        }
    }

    /// The program ends when nothing more can be done now, so no next try is announced.
    pub fn end_when_done(&mut self) {
        self.ends = true;
    }

    /// Takes in an event that happened at `now`.
    pub fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::Kernel(report) => self.kernel(report, now),
            Event::WayFound(ask, told) => {
                if self.facts.book.ways.told(&ask, told) {
                    self.todo.news.about_all();
                }
            }
            Event::Netifd(networks) => self.netifd(networks),
            Event::FileRead(path, text) => self.file_read(path, text),
            Event::Neighbours { seen, is_end } => self.neighbours_seen(seen, is_end),
            Event::Leases(leases) => self.leased(leases),
            Event::Finished(finished) => self.finished(finished, now),
            Event::Detected { question, section, family, result } => {
                self.source_answered(&section, (question, family), result, now);
            }
            Event::Announced(gateway, announcement) => self.announced(gateway, announcement, now),
            Event::LookedUp { section, lookup, family, result } => {
                self.dns_answered(&section, (&lookup, family), &result, now);
            }
            Event::LookUpIsSlow(host) => self.look_up_is_slow(host),
            Event::SlowLookUpEnded(host) => self.slow_look_up_ended(&host),
            Event::Reload { config, hosts } => self.reload(config, Directory(hosts), now),
            Event::Update(names) => self.force(&names, now),
            Event::Stop(names) => self.stop(&names),
            Event::Start(names) => self.start(&names, now),
            Event::ClockStepped => self.clock_stepped(now),
        }
    }

    /// The source of `section` has answered a question about a family.
    fn source_answered(
        &mut self,
        section: &str,
        question: (QuestionId, Family),
        result: Result<SourceAnswer, Failure>,
        now: Now,
    ) {
        let jitter = self.next_jitter();
        let Some(place) = self.section_index(section) else { return };
        if let Some(active) = self.sections.get_mut(place) {
            active.detected(question, result, now, jitter);
        }
        self.todo.reselect.add(place);
    }

    /// A request waits for the addresses of `host`. `status` and `why` say so.
    fn look_up_is_slow(&mut self, host: String) {
        self.flights.await_address(host);
        self.todo.is_all_changed = true;
    }

    /// One request waits no more. Others may still wait for the same host.
    fn slow_look_up_ended(&mut self, host: &str) {
        if self.flights.stop_awaiting(host) {
            self.todo.is_all_changed = true;
        }
    }

    /// The next thing to do; call until it returns `None`.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        self.wake(now);
        self.refresh(now);
        // While questions to the kernel are in the queue, nothing is sent: their answers, which come at once, may
        // show another way.
        if self.actions.is_empty() {
            self.settle(now);
            // Each puts at most one action before those that wait. Updates leave before sources are asked and names
            // are looked up. The state is saved last, so that one write to flash has everything that has left.
            let has_next = self.compare_with_dns(now)
                || self.publish(now)
                || self.report_blocks()
                || self.ask(now)
                || self.look_up(now)
                || self.save(now);
            if !has_next {
                self.prune();
            }
        }
        self.actions.pop()
    }

    /// When to poll again if nothing happens, since boot. Never in the past once `poll` returned
    /// `None`.
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        let (at, _) = self.agenda.first()?;
        Some(at.min(now.up.saturating_add(FAR)))
    }

    /// Whether [`Engine::status`] may show anything new since [`Engine::take_changed`] was called.
    pub fn has_changed(&self) -> bool {
        self.todo.is_all_changed || !self.todo.changed.is_empty()
    }

    /// The state of the sections that may have changed since this was called last; of all, if other
    /// sections are in force.
    pub fn take_changed(&mut self, now: Now) -> Snapshot {
        let places = self.todo.changed.take_all();
        if std::mem::take(&mut self.todo.is_all_changed) {
            return self.status(now);
        }
        self.status_of(&places, now)
    }

    /// Whether no request is on its way or about to leave, and no source is being asked. `once` ends
    /// then.
    pub fn at_rest(&self, now: Now) -> bool {
        let is_known = self.facts.book.complete() && self.facts.netifd != NetifdState::Asking;
        // Nobody waits for the part of a record that a reload has removed.
        let is_awaited = |part: &flights::Part| matches!(part.owner, Owner::Record(_));
        let mut flights = self.flights.jobs().iter();
        is_known
            && !self.awaits_sightings()
            && !flights.any(|flight| flight.parts.iter().any(is_awaited))
            && !self.sections.iter().any(|active| self.is_busy(active, now))
    }

    /// Whether something will happen with the section without an event from outside.
    fn is_busy(&self, active: &SectionState, now: Now) -> bool {
        let Some(view) = self.view_of(active) else { return false };
        let is_open = self.accounts.get(active.account).is_some_and(|account| account.is_open(now));
        let is_busy = |record: &Record| {
            let activity = Activity::of(&record.wait(now));
            let can_leave = is_open && view.answers.of(record.family).way.is_ok();
            // A ready record may be held back for hours: `once` waits neither for a route nor for the account's
            // limit.
            activity.is_active() && (activity != Activity::Ready || can_leave)
        };
        active.detectors.iter().any(detect::Detector::asking)
            || active.question(&view.answers, now).is_some()
            || active.records.iter().any(is_busy)
            // The kernel ends duplicate address detection within seconds, so `once` waits for that.
            || active.no_address.iter().any(|(_, why)| why.is_tentative())
            || *active.standing() == Standing::Unknown
    }

    fn force(&mut self, names: &[String], now: Now) {
        for place in 0..self.sections.len() {
            let Some(active) = self.sections.get_mut(place) else { continue };
            let is_meant = names.is_empty() || names.contains(&active.spec.name);
            // Only `start` ends the rest of a stopped section, and only its gates that of a section on standby.
            if is_meant && !active.rests() {
                active.ask_again(now);
                active.records.iter_mut().for_each(|record| record.request_update(now));
                self.touch_section(place);
            }
        }
    }

    fn clock_stepped(&mut self, now: Now) {
        for place in 0..self.sections.len() {
            if let Some(active) = self.sections.get_mut(place) {
                active.records.iter_mut().for_each(|record| record.clock_stepped(now));
            }
            // Every record is touched: `force_interval` and waiting times are counted on the wall clock, so that
            // each may be due now.
            self.touch_section(place);
        }
    }

    /// Asks the next source that is due. Returns whether there is one.
    fn ask(&mut self, now: Now) -> bool {
        while let Some(place) = self.todo.asks.first() {
            let question = self.next_question;
            let Some((active, view)) = self.section_and_view(place) else { return false };
            if let Some(family) = active.question(&view.answers, now) {
                let action = active.ask(family, question, &view.answers);
                self.next_question = question.wrapping_add(1);
                self.actions.push_first(action);
                return true;
            }
            // The deadline is set only now: a source that was asked is not due again before its answer.
            self.todo.asks.take_first();
            self.plan_section(place);
        }
        false
    }

    /// The section is looked at again when its source is to be asked.
    fn plan_section(&mut self, place: usize) {
        let Some((active, view)) = self.section_and_view(place) else { return };
        let due = active.question_at(&view.answers);
        self.plan(agenda::Item::Section(place), due);
    }

    /// When the account of `section` may send its next request; `None` if it may now. What delays it is the
    /// provider's documented limit or waiting time, or a first request that has no answer yet.
    fn closed_until(&self, section: &SectionState, now: Now) -> Option<Duration> {
        let at = self.accounts.get(section.account)?.next_slot_at();
        if at > now.up { Some(at) } else { None }
    }

    /// The index of the section of this name.
    fn section_index(&self, section: &str) -> Option<usize> {
        self.names.section(&self.sections, section)
    }

    // Dozens of functions find a record or a section by its index. Each is smaller if it calls these.

    #[inline(never)]
    fn record(&self, id: RecordId) -> Option<&Record> {
        self.sections.get(id.section)?.records.get(id.record)
    }

    #[inline(never)]
    fn record_mut(&mut self, id: RecordId) -> Option<&mut Record> {
        self.sections.get_mut(id.section)?.records.get_mut(id.record)
    }

    #[inline(never)]
    fn slot(&self, id: RecordId) -> Option<&Slot> {
        self.sections.get(id.section)?.slots.get(id.record)
    }

    #[inline(never)]
    fn slot_mut(&mut self, id: RecordId) -> Option<&mut Slot> {
        self.sections.get_mut(id.section)?.slots.get_mut(id.record)
    }

    /// The section with this index, and its viewpoint.
    #[inline(never)]
    fn section_and_view(&mut self, section: usize) -> Option<(&mut SectionState, &Viewpoint)> {
        let active = self.sections.get_mut(section)?;
        let view = self.viewpoints.get(active.viewpoint)?;
        Some((active, view))
    }

    /// The viewpoint of a section.
    fn view_of(&self, active: &SectionState) -> Option<&Viewpoint> {
        self.viewpoints.get(active.viewpoint)
    }

    /// The next number of a xorshift generator. It only spreads retries over time, so it need not be a good
    /// one.
    fn next_jitter(&mut self) -> u32 {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 17;
        self.jitter ^= self.jitter << 5;
        self.jitter
    }
}
