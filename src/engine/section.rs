//! One `config service` section at work: its records, and where their address comes from.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::detect::Detector;
use super::event::QuestionId;
use super::no_address::{Desired, NoAddress, SendBlock};
use super::record::Record;
use super::registered::Registered;
use super::select::Policy;
use super::slot::{Activity, Slot};
use super::viewpoint::Answers;
use super::way::Step;
use crate::config::{Section, Source};
use crate::model::sorted::{Map, Set};
use crate::model::{Family, Transport};
use crate::provider::{self, Failure, Outcome};
use crate::state::State;
use crate::time::Now;

/// A section with its state.
#[derive(Clone, Debug)]
pub struct SectionState {
    /// What the user asked for.
    pub spec: Arc<Section>,
    /// Its account, by place.
    pub account: usize,
    /// What it asks of the network, by place.
    pub viewpoint: usize,
    /// One per name and family.
    pub records: Vec<Record>,
    /// What the engine keeps of each record.
    pub slots: Vec<Slot>,
    /// How many of the records do what.
    pub counts: Counts,
    /// `web` and `script` sources, one per family.
    pub detectors: Map<Family, Detector>,
    /// What DNS gives, per family.
    pub registered: Map<Family, Registered>,
    /// Whether the user stopped it.
    pub stopped: bool,
    /// What its last request was, and the answer.
    pub last: Exchanged,
    /// Why there is no address, per family; for the log, once per change.
    pub no_address: Map<Family, NoAddress>,
    /// Records that are ready, by place, while one of the section is on its way and it sends one at a
    /// time.
    pub waiting: BinaryHeap<Reverse<usize>>,
    /// Records of which the name servers are to be asked now, by place.
    pub doubts: Set<usize>,
    /// When it is looked at again, since boot.
    pub due: Option<Duration>,
    /// What it was told of the network last.
    seen: Seen,
}

/// The last request and its answer, secrets masked.
#[derive(Clone, Debug, Default)]
pub struct Exchanged {
    /// The last request.
    pub request: String,
    /// The last answer.
    pub answer: String,
}

/// How many records of a section do what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// A request is on its way.
    pub in_flight: usize,
    /// A request is on its way, or about to leave.
    pub active: usize,
    /// A record of IPv4 is ready.
    pub ready_v4: usize,
    /// A record of IPv6 is ready.
    pub ready_v6: usize,
}

/// What a section was told of the network last.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// What keeps requests from leaving, as it was logged.
    block: Option<SendBlock>,
    /// The event network: its device and addresses; `None` before the first look.
    event_network: Option<(Option<String>, Set<IpAddr>)>,
    /// The usable ways to its hosts, as of the last time that everything was known.
    steps: Option<Set<Step>>,
}

/// What a provider answered about an account, in answer to one of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountVerdict {
    /// What became of that record.
    pub outcome: Outcome,
    /// When that record is tried again, since boot.
    pub pause: Duration,
    /// How requests left that it was an answer to.
    pub transport: Transport,
    /// The families of the records that were in it.
    pub families: Vec<Family>,
}

impl Counts {
    /// A record of `family` does `activity` now, in place of `before`.
    pub fn change(&mut self, family: Family, before: Activity, activity: Activity) {
        let ready = match family {
            Family::V4 => &mut self.ready_v4,
            Family::V6 => &mut self.ready_v6,
        };
        count(ready, before == Activity::Ready, activity == Activity::Ready);
        count(&mut self.active, before.is_active(), activity.is_active());
        count(&mut self.in_flight, before == Activity::InFlight, activity == Activity::InFlight);
    }
}

/// Keeps `number` the count of things that are so.
pub(super) fn count(number: &mut usize, was: bool, is: bool) {
    match (was, is) {
        (false, true) => *number += 1,
        (true, false) => *number -= 1,
        (false, false) | (true, true) => {}
    }
}

impl SectionState {
    /// A section that starts, with what was saved about it.
    pub fn new(spec: Section, saved: &State, now: Now) -> Self {
        let mut records = Vec::new();
        let timing = Arc::new(spec.timing.clone());
        for name in &spec.names {
            for &family in &spec.families {
                let fingerprint = provider::fingerprint(&spec.provider, &spec.record, name, family);
                let mut record =
                    Record::new(name.clone(), family, fingerprint, Arc::clone(&timing), now);
                if let Some(known) = saved.record(&spec.name, name, family) {
                    record.restore(known, now);
                }
                records.push(record);
            }
        }
        let mut detectors = Map::new();
        let mut registered = Map::new();
        for &family in &spec.families {
            registered.insert(family, Registered::default());
            if matches!(spec.source, Source::Web { .. } | Source::Script(_)) {
                detectors.insert(family, Detector::new(now));
            }
        }
        Self {
            spec: Arc::new(spec),
            account: 0,
            viewpoint: 0,
            slots: vec![Slot::default(); records.len()],
            records,
            counts: Counts::default(),
            detectors,
            registered,
            stopped: false,
            last: Exchanged::default(),
            no_address: Map::new(),
            waiting: BinaryHeap::new(),
            doubts: Set::new(),
            due: None,
            seen: Seen::default(),
        }
    }

    /// Takes over from `old`, the section of the same name before a reload, what is still true.
    pub fn inherit(&mut self, old: Self, now: Now) {
        self.inherit_records(&old, now);
        let is_same_source = old.spec.source == self.spec.source
            && old.spec.transport == self.spec.transport
            && old.spec.families == self.spec.families;
        if is_same_source {
            self.detectors = old.detectors;
            self.no_address = old.no_address;
            let timing = &self.spec.timing;
            self.detectors.values_mut().for_each(|detector| detector.retime(timing, now));
        } else {
            self.records.iter_mut().for_each(Record::suspend);
            for (family, before) in old.detectors.iter() {
                if let Some(detector) = self.detectors.get_mut(family) {
                    detector.supersede(before);
                }
            }
        }
        if old.spec.lookup == self.spec.lookup && old.spec.families == self.spec.families {
            self.registered = old.registered;
        }
        self.seen.event_network = old.seen.event_network;
        self.seen.steps = old.seen.steps;
        self.set_stopped(old.stopped);
        self.last = old.last;
    }

    fn inherit_records(&mut self, old: &Self, now: Now) {
        let is_same_account = old.spec.provider == self.spec.provider;
        let is_same_way = is_same_account && old.spec.transport == self.spec.transport;
        let held = old.records.iter().map(Record::held_until).max();
        let mut before: Vec<&Record> = old.records.iter().collect();
        before.sort_by(|a, b| a.key().cmp(&b.key()));
        let timing = Arc::new(self.spec.timing.clone());
        for record in &mut self.records {
            let place = before.binary_search_by(|before| before.key().cmp(&record.key()));
            let Some(before) = place.ok().and_then(|place| before.get(place)) else {
                // The account has to wait, not the one name.
                if let Some(held) = held
                    && is_same_account
                {
                    record.hold(held, now);
                }
                continue;
            };
            if before.fingerprint == record.fingerprint {
                let name = std::mem::replace(record, (*before).clone()).name;
                let is_respelt = name.written() != record.name.written();
                record.name = name;
                record.retime(Arc::clone(&timing), now);
                if !is_same_way || is_respelt {
                    record.reset_after_transport_change();
                }
            } else if is_same_account {
                record.inherit_limits(before, now);
            }
        }
    }

    /// Stops the section, or has it go on.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
        self.records.iter_mut().for_each(|record| record.set_stopped(stopped));
    }

    /// The usable ways to its hosts, as of the last time that everything was known.
    pub fn steps(&self) -> Option<&Set<Step>> {
        self.seen.steps.as_ref()
    }

    /// A way to a host that was not there before is another network: failures of the old one, and what
    /// a `web` source answered over it, count no more. Returns whether there is one.
    pub fn follow_ways(&mut self, answers: &Answers, now: Now) -> bool {
        let Some(steps) = &answers.steps else {
            return false;
        };
        let is_another = self.seen.steps.as_ref().is_some_and(|before| !steps.is_subset(before));
        if is_another {
            self.records.iter_mut().for_each(Record::network_changed);
            self.detectors.values_mut().for_each(|detector| detector.network_changed(now));
            self.registered.values_mut().for_each(Registered::network_changed);
        }
        self.seen.steps = Some(steps.clone());
        is_another
    }

    /// Asks a `web` or `script` source again when the event network has changed.
    pub fn follow_event_network(&mut self, answers: &Answers, now: Now) {
        if self.detectors.is_empty() || answers.event_network.is_none() {
            return;
        }
        let before = std::mem::replace(&mut self.seen.event_network, answers.event_network.clone());
        if before.is_some() && before != self.seen.event_network {
            self.ask_again(now);
        }
    }

    /// What keeps its due requests from leaving, if that is to be logged now.
    pub fn new_block(&mut self, answers: &Answers) -> Option<SendBlock> {
        let block = if answers.is_complete { self.block(answers) } else { None };
        let is_due = self.counts.ready_v4 + self.counts.ready_v6 > 0;
        let is_new = block != self.seen.block;
        if is_new && (is_due || self.seen.block.is_none()) {
            self.seen.block.clone_from(&block);
        }
        if is_new { block } else { None }
    }

    /// What keeps the first record that is ready from being sent.
    fn block(&self, answers: &Answers) -> Option<SendBlock> {
        let has_v4 = self.counts.ready_v4 > 0;
        let has_v6 = self.counts.ready_v6 > 0;
        let v4 = if has_v4 { answers.of(Family::V4).way.as_ref().err() } else { None };
        let v6 = if has_v6 { answers.of(Family::V6).way.as_ref().err() } else { None };
        let is_first_v6 = v4.is_none() || v6.is_some() && v4 != v6 && self.is_first_ready_v6();
        if is_first_v6 { v6.cloned() } else { v4.cloned() }
    }

    /// Whether the first record that is ready is one of IPv6.
    fn is_first_ready_v6(&self) -> bool {
        let mut records = self.records.iter().zip(&self.slots);
        let first = records.find(|(_, slot)| slot.activity == Activity::Ready);
        first.is_some_and(|(record, _)| record.family == Family::V6)
    }

    /// Whether something was logged that keeps requests from leaving.
    pub fn has_block(&self) -> bool {
        self.seen.block.is_some()
    }

    /// What the records of `family` should hold now.
    pub fn desired(&self, family: Family, answers: &Answers) -> Desired {
        let answer = answers.of(family);
        let Some(detector) = self.detectors.get(&family) else {
            return answer.desired.clone();
        };
        let policy = self.policy();
        match (detector.desired(policy), &answer.cannot_ask) {
            (Desired::Unknown | Desired::Nothing(NoAddress::NotAsked), Some(why))
                if !detector.asking() =>
            {
                Desired::Nothing(NoAddress::CannotAsk(why.clone()))
            }
            (desired, _) => desired,
        }
    }

    /// Looks at the address again. Returns what is newly missing, for the log.
    pub fn reselect(&mut self, answers: &Answers, now: Now) -> Vec<(Family, NoAddress)> {
        let mut news = Vec::new();
        let spec = Arc::clone(&self.spec);
        for &family in &spec.families {
            let desired = self.desired(family, answers);
            for record in self.records.iter_mut().filter(|record| record.family == family) {
                match &desired {
                    Desired::Unknown => record.mark_unknown(),
                    Desired::Nothing(why) if why.is_loss() => record.mark_lost(now),
                    Desired::Nothing(_) => record.suspend(),
                    Desired::Address(address) => record.set_address(*address, now),
                }
            }
            match desired {
                Desired::Unknown => {}
                Desired::Address(_) => drop(self.no_address.remove(&family)),
                Desired::Nothing(why) => {
                    if self.no_address.get(&family) != Some(&why) {
                        self.no_address.insert(family, why.clone());
                        news.push((family, why));
                    }
                }
            }
        }
        news
    }

    /// What the provider answered about the account, in answer to another section. Returns the records,
    /// by place, for which that is a refusal that was not known of.
    pub fn account_answered(&mut self, verdict: &AccountVerdict, now: Now) -> bool {
        // A failure says nothing of another way, and a family may have a host of its own.
        let is_failure = matches!(verdict.outcome, Outcome::Retry { after: None, .. });
        if is_failure && verdict.transport != self.spec.transport {
            return false;
        }
        let mut is_refused = false;
        for record in &mut self.records {
            if !is_failure || verdict.families.contains(&record.family) {
                is_refused |= record.account_answered(&verdict.outcome, verdict.pause, now);
            }
        }
        is_refused
    }

    /// The family whose source should be asked now, if any.
    pub fn question(&self, answers: &Answers, now: Now) -> Option<Family> {
        if self.stopped {
            return None;
        }
        for (&family, detector) in self.detectors.iter() {
            if detector.ready(now) && answers.of(family).can_ask {
                return Some(family);
            }
        }
        None
    }

    /// The source for `family` is being asked.
    pub fn asked(&mut self, family: Family, question: QuestionId) {
        if let Some(detector) = self.detectors.get_mut(&family) {
            detector.asked(question);
        }
    }

    /// When its source is to be asked next, since boot.
    pub fn question_at(&self, answers: &Answers) -> Option<Duration> {
        if self.stopped {
            return None;
        }
        let detectors = self.detectors.iter();
        let askable = detectors.filter(|(family, _)| answers.of(**family).can_ask);
        askable.filter_map(|(_, detector)| detector.deadline()).min()
    }

    /// A source answered.
    pub fn detected(
        &mut self,
        (question, family): (QuestionId, Family),
        result: Result<IpAddr, Failure>,
        now: Now,
        jitter: u32,
    ) {
        let result = match result {
            Ok(address) if Family::of(address) != family => {
                Err(Failure::of_answer(format!("{address} is not an {family} address")))
            }
            other => other,
        };
        if let Some(detector) = self.detectors.get_mut(&family) {
            detector.answered(question, result, &self.spec.timing, now, jitter);
        }
    }

    /// Something happened after which a `web` or `script` source may answer otherwise.
    pub fn ask_again(&mut self, now: Now) {
        self.detectors.values_mut().for_each(|detector| detector.ask_again(now));
    }

    /// What the user allows of addresses.
    fn policy(&self) -> Policy {
        Policy { private: self.spec.private_addresses, temporary: self.spec.temporary_addresses }
    }
}
