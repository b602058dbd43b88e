//! One `config service` section while it runs: its records and the source of their address.

mod inherit;
mod lookups;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::IpAddr;
use std::sync::Arc;

use super::detect::{Detector, Schedule};
use super::event::{Action, QuestionId, SourceAnswer};
use super::gate::Standing;
use super::gateway::Uplink;
use super::no_address::{Desired, Kind, NoAddress, SendBlock};
use super::record::{Record, Rest};
use super::registered::Registered;
use super::select::Policy;
use super::slot::{Activity, Slot};
use super::status::UpdateTotals;
use super::viewpoint::Answers;
use super::way::Step;
use crate::config::{Section, Source};
use crate::model::Family;
use crate::model::sorted::Set;
use crate::provider::{self, Failure, Outcome};
use crate::state::State;
use crate::time::{Duration, Now};
use lookups::LookUps;

/// A section with its state.
#[derive(Clone, Debug)]
pub struct SectionState {
    /// Its configuration.
    pub spec: Arc<Section>,
    /// The index of its account.
    pub account: usize,
    /// The index of its viewpoint.
    pub viewpoint: usize,
    /// One record per name and family, those of hosts last.
    pub records: Vec<Record>,
    /// The engine's notes on each record, in the order of `records`.
    pub slots: Vec<Slot>,
    /// How many records are in flight, active and ready.
    pub counts: RecordCounts,
    /// One for each family whose address must be asked for.
    pub detectors: Vec<Detector>,
    /// Whether the owner has stopped the section.
    pub stopped: bool,
    /// How many updates of its records had which result.
    pub results: UpdateTotals,
    /// The last request of the section, and the answer.
    pub last: Exchanged,
    /// Why there is no address, per family. The log reports each change of the reason once.
    pub no_address: Vec<(Family, NoAddress)>,
    /// Indexes of records that are ready but wait for the section's request on its way to end. Only used if a
    /// job for this provider holds one record.
    pub waiting: BinaryHeap<Reverse<usize>>,
    /// Its look-ups in DNS.
    pub lookups: LookUps,
    /// When the engine looks at the section again, since boot.
    pub due: Option<Duration>,
    /// The state of the network at the last look.
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

/// How many records of a section are in flight, active and ready.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecordCounts {
    /// Records with a request on its way.
    pub in_flight: usize,
    /// Records with a request on its way or about to leave.
    pub active: usize,
    /// IPv4 records that are ready.
    pub ready_v4: usize,
    /// IPv6 records that are ready.
    pub ready_v6: usize,
}

/// The network as a section saw it at the last look.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Whether this router is the one that publishes.
    standing: Standing,
    /// What keeps requests from leaving, as the log last reported it.
    block: Option<SendBlock>,
    /// Why the hosts have no prefix, as the log last reported it.
    no_prefix: Option<NoAddress>,
    network: SeenNetwork,
}

/// The part of [`Seen`] that stays valid in a reload.
#[derive(Clone, Debug, Default)]
struct SeenNetwork {
    /// The device and the addresses of the event network; `None` before the first look.
    event_network: Option<(Option<String>, Set<IpAddr>)>,
    /// The uplink of a `gateway` source; `None` before the first look.
    uplink: Option<Uplink>,
    /// The usable ways to the section's hosts when the kernel had last answered every question.
    steps: Option<Set<Step>>,
}

/// What the provider's answer to one record means for the other records of the account.
#[derive(Clone, Copy, Debug)]
pub struct AccountVerdict<'a> {
    /// The outcome of that record's request.
    pub outcome: &'a Outcome,
    /// The end of that record's back-off, since boot.
    pub pause: Duration,
    /// The index of the section of the answered request, which travelled as its options say.
    pub section: usize,
    /// Whether the answered request had IPv4 records.
    pub has_v4: bool,
    /// Whether it had IPv6 records.
    pub has_v6: bool,
}

impl AccountVerdict<'_> {
    /// Whether the answered request had records of `family`.
    fn has(&self, family: Family) -> bool {
        match family {
            Family::V4 => self.has_v4,
            Family::V6 => self.has_v6,
        }
    }
}

impl RecordCounts {
    /// Counts the change of a record of `family` from `before` to `activity`.
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

/// Adjusts `number` for one item that was counted if `was`, and is to be counted if `is`.
pub(super) fn count(number: &mut usize, was: bool, is: bool) {
    match (was, is) {
        (false, true) => *number += 1,
        (true, false) => *number -= 1,
        (false, false) | (true, true) => {}
    }
}

impl SectionState {
    /// A section that starts, with its records as the state file has them.
    pub fn new(spec: Arc<Section>, saved: &State, now: Now) -> Self {
        let records = start_records(&spec, saved, now);
        // Behind a gate nothing may be published before the gate is known: another router may be the one that
        // publishes.
        let is_alone = spec.gates.is_empty();
        let standing = if is_alone { Standing::Open } else { Standing::Unknown };
        let mut slots = Vec::new();
        slots.resize_with(records.len(), Slot::default);
        let mut active = Self {
            detectors: start_detectors(&spec, now),
            lookups: LookUps::of(&spec),
            spec,
            account: 0,
            viewpoint: 0,
            records,
            slots,
            counts: RecordCounts::default(),
            stopped: false,
            results: UpdateTotals::default(),
            last: Exchanged::default(),
            no_address: Vec::new(),
            waiting: BinaryHeap::new(),
            due: None,
            seen: Seen { standing, ..Seen::default() },
        };
        active.set_stopped(false);
        active
    }

    /// Stops the section, or starts it again.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
        let rest = match stopped {
            // The owner's `stop` also holds for a router that takes over.
            true => Rest::Stopped,
            false if self.seen.standing.is_open() => Rest::Works,
            false => Rest::Standby,
        };
        self.records.iter_mut().for_each(|record| record.set_rest(rest));
    }

    /// Whether nothing is sent, asked or looked up, because the owner has stopped the section or another router
    /// publishes.
    pub fn rests(&self) -> bool {
        self.stopped || !self.seen.standing.is_open()
    }

    /// Whether this router is the one that publishes.
    pub fn standing(&self) -> &Standing {
        &self.seen.standing
    }

    /// Follows the gates: this router takes over from another one, or leaves publishing to it. Returns whether
    /// one of both happened, or whether it is known now which router publishes.
    pub fn follow_gates(&mut self, answers: &Answers, now: Now) -> bool {
        // While nothing is known, everything stays as it was.
        if answers.standing == Standing::Unknown || answers.standing == self.seen.standing {
            return false;
        }
        let before = std::mem::replace(&mut self.seen.standing, answers.standing.clone());
        let is_open = self.seen.standing.is_open();
        if is_open {
            self.forget_other_router();
            // A source is not asked on standby, so its last answer may be old.
            self.detectors.iter_mut().for_each(|detector| detector.network_changed(now));
        }
        self.set_stopped(self.stopped);
        before == Standing::Unknown || before.is_open() != is_open
    }

    /// Another router may have published until now.
    fn forget_other_router(&mut self) {
        // With `share` each router has an address of its own, and must remember which one to replace.
        if !self.spec.record.share {
            self.records.iter_mut().for_each(Record::take_over);
        }
        self.forget_registered();
    }

    /// What DNS had for the records does not count any more.
    fn forget_registered(&mut self) {
        self.records.iter_mut().for_each(|record| record.registered = Registered::default());
    }

    /// The usable ways to the section's hosts when the kernel had last answered every question.
    pub fn steps(&self) -> Option<&Set<Step>> {
        self.seen.network.steps.as_ref()
    }

    /// Looks for a way to a host that was not usable before: the router has another network now. Failures in
    /// the old network, and the answer of a source over it, no longer count. Returns whether there is
    /// such a way.
    pub fn follow_ways(&mut self, answers: &Answers, now: Now) -> bool {
        let Some(steps) = &answers.steps else {
            return false;
        };
        // A way that only went away is no new network: requests may still fail for the same reason.
        let is_another = self.steps().is_some_and(|before| !steps.is_subset(before));
        if is_another {
            self.records.iter_mut().for_each(Record::network_changed);
            self.detectors.iter_mut().for_each(|detector| detector.network_changed(now));
        }
        // A way that went away is forgotten, so that it counts as new when it comes back.
        self.seen.network.steps = Some(steps.clone());
        is_another
    }

    /// Asks the source again when the event network has changed.
    pub fn follow_event_network(&mut self, answers: &Answers, now: Now) {
        let seen = &mut self.seen.network.event_network;
        if self.detectors.is_empty()
            || answers.event_network.is_none()
            || answers.event_network == *seen
        {
            return;
        }
        // The state at the start is no change. The source is asked then anyway.
        let is_first = seen.is_none();
        seen.clone_from(&answers.event_network);
        if !is_first {
            self.ask_again(now);
        }
    }

    /// Asks the gateway again when the uplink has changed.
    pub fn follow_uplink(&mut self, answers: &Answers, now: Now) {
        let seen = &mut self.seen.network.uplink;
        if answers.uplink.is_none() || answers.uplink == *seen {
            return;
        }
        let is_first = seen.is_none();
        seen.clone_from(&answers.uplink);
        if !is_first {
            self.ask_again(now);
        }
    }

    /// The reason that keeps requests from leaving, if it differs from the one that was logged last.
    pub fn new_block(&mut self, answers: &Answers) -> Option<SendBlock> {
        // While the kernel or netifd is asked, that alone would be the reason, and it is over in a moment.
        let block = if answers.is_complete { self.block(answers) } else { None };
        if block == self.seen.block.as_ref() {
            return None;
        }
        let block = block.cloned();
        let is_due = self.counts.ready_v4 + self.counts.ready_v6 > 0;
        // While nothing is ready no reason can be found. The logged one stays, so that the log does not repeat
        // it for each new address.
        if is_due || self.seen.block.is_none() {
            self.seen.block.clone_from(&block);
        }
        block
    }

    /// The reason that keeps the first ready record from being sent.
    fn block<'a>(&self, answers: &'a Answers) -> Option<&'a SendBlock> {
        let has_v4 = self.counts.ready_v4 > 0;
        let has_v6 = self.counts.ready_v6 > 0;
        let v4 = if has_v4 { answers.of(Family::V4).way.as_ref().err() } else { None };
        let v6 = if has_v6 { answers.of(Family::V6).way.as_ref().err() } else { None };
        match (v4, v6) {
            (Some(v4), Some(v6)) if v4 != v6 => {
                Some(if self.is_first_ready_v6() { v6 } else { v4 })
            }
            (v4, v6) => v4.or(v6),
        }
    }

    /// Whether the first ready record is an IPv6 record.
    fn is_first_ready_v6(&self) -> bool {
        let mut records = self.records.iter().zip(&self.slots);
        let first = records.find(|(_, slot)| slot.activity == Activity::Ready);
        first.is_some_and(|(record, _)| record.family == Family::V6)
    }

    /// Whether the log reported that requests cannot leave, and nothing newer.
    pub fn has_block(&self) -> bool {
        self.seen.block.is_some()
    }

    /// The address that the records of `family` should hold now, or why there is none.
    pub fn desired(&self, family: Family, answers: &Answers) -> Desired {
        let answer = answers.of(family);
        let Some(detector) = self.detector(family) else {
            return answer.desired.clone();
        };
        let policy = self.policy();
        let desired = detector.desired(policy);
        let is_unknown = match &desired {
            Desired::Unknown => true,
            Desired::Nothing(why) => why.kind == Kind::NotAsked,
            Desired::Address(_) => false,
        };
        match &answer.cannot_ask {
            // A last answer counts even if the source cannot be asked again now.
            Some(why) if is_unknown && !detector.asking() => {
                Desired::Nothing(NoAddress::cannot_ask(why))
            }
            _ => desired,
        }
    }

    /// Updates the address of the records. Returns the families that have no address for a new reason, for
    /// the log.
    pub fn reselect(&mut self, answers: &Answers, now: Now) -> Vec<(Family, NoAddress)> {
        let mut news = Vec::new();
        let spec = Arc::clone(&self.spec);
        for &family in &spec.families {
            let desired = self.desired(family, answers);
            for record in self.own_records_mut().iter_mut().filter(|it| it.family == family) {
                record.follow(&desired, now);
            }
            if let Some(why) = self.new_absence(family, desired) {
                news.push((family, why));
            }
        }
        for (record, answer) in self.hosts_mut().iter_mut().zip(&answers.lan.hosts) {
            record.follow(&answer.desired, now);
        }
        news
    }

    /// Why the hosts have no prefix; `None` if they have one, or if the log has the reason already.
    pub fn new_prefix_absence(&mut self, answers: &Answers) -> Option<NoAddress> {
        let why = match &answers.lan.prefix {
            Err(Desired::Nothing(why)) => Some(why.clone()),
            Err(Desired::Unknown | Desired::Address(_)) => return None,
            Ok(_) => None,
        };
        let is_new = why != self.seen.no_prefix;
        self.seen.no_prefix.clone_from(&why);
        if is_new { why } else { None }
    }

    /// The records of hosts, in the order of the configuration.
    pub fn hosts(&self) -> &[Record] {
        self.records.get(self.first_host()..).unwrap_or_default()
    }

    fn hosts_mut(&mut self) -> &mut [Record] {
        let first = self.first_host();
        self.records.get_mut(first..).unwrap_or_default()
    }

    /// The records that follow the section's own source.
    pub fn own_records(&self) -> &[Record] {
        self.records.get(..self.first_host()).unwrap_or_default()
    }

    /// The same, to change them.
    pub fn own_records_mut(&mut self) -> &mut [Record] {
        let first = self.first_host();
        self.records.get_mut(..first).unwrap_or_default()
    }

    fn first_host(&self) -> usize {
        self.records.len().saturating_sub(self.spec.lan.hosts.len())
    }

    /// The host of `record`, by its index; `None` if it follows the section's own source.
    pub fn host_of(&self, record: &Record) -> Option<usize> {
        self.hosts().iter().position(|host| host.key() == record.key())
    }

    /// The address that `record` should hold now, or why there is none.
    pub fn desired_of(&self, record: &Record, answers: &Answers) -> Desired {
        match self.host_of(record) {
            None => self.desired(record.family, answers),
            Some(index) => match answers.lan.hosts.get(index) {
                Some(answer) => answer.desired.clone(),
                None => Desired::Unknown,
            },
        }
    }

    /// Why there is no address of `family`; `None` if there is one, or if the section knew the reason already.
    fn new_absence(&mut self, family: Family, desired: Desired) -> Option<NoAddress> {
        let why = match desired {
            Desired::Unknown => return None,
            Desired::Address(_) => None,
            Desired::Nothing(why) => Some(why),
        };
        // An address ends the reason, so that the same reason is news when it comes back.
        let known = self.no_address.iter().position(|(of, _)| *of == family);
        let before = known.map(|index| self.no_address.swap_remove(index).1);
        let why = why?;
        self.no_address.push((family, why.clone()));
        if before.as_ref() == Some(&why) { None } else { Some(why) }
    }

    /// Applies the provider's answer to another record of the account. `is_same_way`: requests of this section travel
    /// the same way as the answered one. Returns whether it is a refusal that a record of this section did not have
    /// before.
    pub fn account_answered(
        &mut self,
        verdict: &AccountVerdict<'_>,
        is_same_way: bool,
        now: Now,
    ) -> bool {
        // A failure over one transport is no proof for another one. Each family may have its own host, so a
        // failure counts for the families in the request only.
        let is_failure = matches!(verdict.outcome, Outcome::Retry { after: None, .. });
        if is_failure && !is_same_way {
            return false;
        }
        let mut is_refused = false;
        for record in &mut self.records {
            if !is_failure || verdict.has(record.family) {
                is_refused |= record.account_answered(verdict.outcome, verdict.pause, now);
            }
        }
        is_refused
    }

    /// The family for which the source should be asked now, if any.
    pub fn question(&self, answers: &Answers, now: Now) -> Option<Family> {
        if self.rests() {
            return None;
        }
        let mut detectors = self.detectors.iter();
        let ready = detectors.find(|it| it.ready(now) && answers.of(it.family).can_ask)?;
        Some(ready.family)
    }

    /// Asks the source for an address of `family` by the action that is returned.
    pub fn ask(&mut self, family: Family, question: QuestionId, answers: &Answers) -> Action {
        if let Some(detector) = self.detector_mut(family) {
            detector.asked(question);
        }
        Action::Detect {
            question,
            section: Arc::clone(&self.spec),
            device: answers.bound_device(),
            gateway: answers.gateway().cloned(),
            family,
        }
    }

    /// When the source is to be asked next, since boot.
    pub fn question_at(&self, answers: &Answers) -> Option<Duration> {
        if self.rests() {
            return None;
        }
        let askable = self.detectors.iter().filter(|it| answers.of(it.family).can_ask);
        askable.filter_map(Detector::deadline).min()
    }

    /// When the source is asked next if it can be asked then, since boot.
    pub fn asked_at(&self) -> Option<Duration> {
        if self.rests() {
            return None;
        }
        self.detectors.iter().filter_map(Detector::deadline).min()
    }

    /// Takes in the answer of the source to `question`.
    pub fn detected(
        &mut self,
        (question, family): (QuestionId, Family),
        result: Result<SourceAnswer, Failure>,
        now: Now,
        jitter: u32,
    ) {
        let result = match result {
            // The owner may have named a page or a script that gives addresses of one family only.
            Ok((address, _)) if Family::of(address) != family => {
                Err(Failure::of_answer(format!("{address} is not an {family} address")))
            }
            other => other,
        };
        let spec = Arc::clone(&self.spec);
        if let Some(detector) = self.detector_mut(family) {
            detector.answered(question, result, &spec.timing, now, jitter);
        }
    }

    /// Makes a source that is asked due now, because its answer may have changed.
    pub fn ask_again(&mut self, now: Now) {
        self.detectors.iter_mut().for_each(|detector| detector.ask_again(now));
    }

    /// The detector of the address of `family`, if that must be asked for.
    pub fn detector(&self, family: Family) -> Option<&Detector> {
        self.detectors.iter().find(|detector| detector.family == family)
    }

    /// The same, to change it.
    pub fn detector_mut(&mut self, family: Family) -> Option<&mut Detector> {
        self.detectors.iter_mut().find(|detector| detector.family == family)
    }

    /// Which addresses the owner allows.
    fn policy(&self) -> Policy {
        Policy { private: self.spec.private_addresses, temporary: self.spec.temporary_addresses }
    }
}

/// A detector for each family whose address must be asked for.
fn start_detectors(spec: &Section, now: Now) -> Vec<Detector> {
    let is_gateway = matches!(spec.source, Source::Gateway { .. });
    let schedule = if is_gateway { Schedule::slow() } else { Schedule::Regular };
    let mut detectors = Vec::new();
    for &family in &spec.families {
        if spec.source.is_asked(family) {
            detectors.push(Detector::new(family, schedule, now));
        }
    }
    detectors
}

/// The records of a section that starts, as the state file has them.
fn start_records(spec: &Section, saved: &State, now: Now) -> Vec<Record> {
    let mut records = Vec::new();
    let timing = Arc::new(spec.timing.clone());
    let all = spec.records();
    let first_host = all.len() - spec.lan.hosts.len();
    for (index, (name, family)) in all.into_iter().enumerate() {
        let mut fingerprint = provider::fingerprint(&spec.provider, &spec.record, name, family);
        let host = index.checked_sub(first_host).and_then(|index| spec.lan.hosts.get(index));
        if let Some(host) = host {
            let host = host.identity.to_string();
            fingerprint = provider::fingerprint_of_host(fingerprint, &host);
        }
        records.push(Record::new(name.clone(), family, fingerprint, Arc::clone(&timing), now));
        if let Some(known) = saved.record(&spec.name, name, family)
            && let Some(record) = records.last_mut()
        {
            record.restore(known, now);
        }
    }
    records
}
