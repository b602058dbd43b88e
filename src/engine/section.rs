//! One `config service` section at work: its records, and where their address comes from.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::detect::Detector;
use super::directory::Directory;
use super::event::{Finished, JobId, QuestionId};
use super::network::{Facts, Netifd};
use super::record::{Ending, Record, Wait};
use super::registered::Registered;
use super::report;
use super::select::{self, Desired, Lack, Place, Policy};
use super::way::{Ask, Step};
use crate::config::{Section, Source};
use crate::model::Notice;
use crate::model::address;
use crate::model::sorted::{Map, Set};
use crate::model::{Family, Host, Hostname, Transport};
use crate::provider::{self, Change, Failure, Outcome, Scope, Verdict, template};
use crate::state::State;
use crate::time::Now;

/// A section with its state.
#[derive(Clone, Debug)]
pub struct Active {
    /// What the user asked for.
    pub spec: Arc<Section>,
    /// Hosts that requests go to; one must be reachable.
    pub hosts: Vec<Host>,
    /// Hosts that a `web` source asks; one must be reachable over the family asked for.
    pub askable: Vec<Host>,
    /// One per name and family.
    pub records: Vec<Record>,
    /// `web` and `script` sources, one per family.
    pub detectors: Map<Family, Detector>,
    /// What DNS gives, per family.
    pub registered: Map<Family, Registered>,
    /// Whether the user stopped it.
    pub stopped: bool,
    /// The last request, secrets masked.
    pub last_request: String,
    /// The last answer, secrets masked.
    pub last_answer: String,
    /// Why there is no address, per family; for the log, once per change.
    pub lacks: Map<Family, Lack>,
    /// Its account, by place.
    pub account: usize,
    /// What was said last to keep requests from leaving.
    obstacle: Option<Obstacle>,
    /// The event network as it was last: its device and addresses; `None` before the first look.
    event_network: Option<(Option<String>, Set<IpAddr>)>,
    /// The usable ways to its hosts, as of the last time that everything was known.
    steps: Option<Set<Step>>,
}

/// What a provider said about an account, in answer to one of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What it said.
    pub outcome: Outcome,
    /// When that record is tried again, since boot.
    pub pause: Duration,
    /// How requests left that it was an answer to.
    pub transport: Transport,
    /// The families of the records that were in it.
    pub families: Vec<Family>,
}

/// A record that a reload took away while its request was on its way.
#[derive(Clone, Debug)]
pub struct Orphan {
    /// The name of its section.
    pub section: String,
    /// The key of its account.
    pub account: u64,
    /// The record.
    pub record: Record,
}

/// What keeps requests from leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// What `bind_network` names is not there.
    NoDevice(Lack),
    /// No usable route leads to the provider: what the kernel says.
    NoRoute(String),
    /// None leads there through the device whose address the provider is to see: what the kernel says.
    NoWayFrom(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDevice(lack) => write!(f, "bind_network: {lack}"),
            Self::NoRoute(why) => write!(f, "cannot reach the provider: {why}"),
            Self::NoWayFrom(why) => write!(
                f,
                "cannot reach the provider: {why}, and over another line it would store that one's \
                 address, because the update URL names none"
            ),
        }
    }
}

impl Active {
    /// A section that starts, with what was saved about it.
    pub fn new(spec: Section, directory: &Directory, saved: &State, now: Now) -> Self {
        let mut records = Vec::new();
        for name in &spec.names {
            for &family in &spec.families {
                let fingerprint = provider::fingerprint(&spec.provider, &spec.record, name, family);
                let mut record = Record::new(name.clone(), family, fingerprint, &spec.timing, now);
                let known = saved.records.iter().find(|saved| {
                    saved.section == spec.name && saved.name == *name && saved.family == family
                });
                if let Some(known) = known {
                    record.restore(known, now);
                }
                records.push(record);
            }
        }
        let asks = matches!(spec.source, Source::Web { .. } | Source::Script(_));
        let detectors = if asks {
            spec.families.iter().map(|&family| (family, Detector::new(now))).collect()
        } else {
            Map::new()
        };
        let registered =
            spec.families.iter().map(|&family| (family, Registered::default())).collect();
        let hosts = directory.resolve(&provider::hosts(&spec));
        let askable = directory.resolve(&asked_hosts(&spec));
        Self {
            spec: Arc::new(spec),
            hosts,
            askable,
            records,
            detectors,
            registered,
            stopped: false,
            last_request: String::new(),
            last_answer: String::new(),
            lacks: Map::new(),
            account: 0,
            obstacle: None,
            event_network: None,
            steps: None,
        }
    }

    /// The records that are not among `kept` but whose request is on its way.
    pub fn orphans(&self, kept: &[Record]) -> Vec<Orphan> {
        let is_kept = |o: &Record| kept.iter().any(|r| r.name == o.name && r.family == o.family);
        self.records
            .iter()
            .filter(|record| record.is_busy() && !is_kept(record))
            .map(|record| Orphan {
                section: self.spec.name.clone(),
                account: provider::account(&self.spec.provider),
                record: record.clone(),
            })
            .collect()
    }

    /// Takes over from `old`, the section of the same name before a reload, what is still true.
    pub fn inherit(&mut self, old: Self, now: Now) {
        let same_account = old.spec.provider == self.spec.provider;
        let same_way = same_account && old.spec.transport == self.spec.transport;
        let held = old.records.iter().map(Record::held_until).max();
        for record in &mut self.records {
            let same_name = |o: &&Record| o.name == record.name && o.family == record.family;
            let Some(before) = old.records.iter().find(same_name) else {
                // The account has to wait, not the one name.
                if let Some(held) = held.filter(|_| same_account) {
                    record.hold(held, now);
                }
                continue;
            };
            if before.fingerprint == record.fingerprint {
                let name = std::mem::replace(record, before.clone()).name;
                let respelt = name.written() != record.name.written();
                record.name = name;
                record.retime(&self.spec.timing, now);
                if !same_way || respelt {
                    record.transport_changed();
                }
            } else {
                record.supersede(before);
                if same_account {
                    record.keep_pace(before, &self.spec.timing, now);
                }
            }
        }
        let same_source = old.spec.source == self.spec.source
            && old.spec.transport == self.spec.transport
            && old.spec.families == self.spec.families;
        if same_source {
            self.detectors = old.detectors;
            self.lacks = old.lacks;
            let timing = &self.spec.timing;
            self.detectors.values_mut().for_each(|detector| detector.retime(timing, now));
        } else {
            self.records.iter_mut().for_each(Record::unwant);
            for (family, before) in old.detectors.iter() {
                if let Some(detector) = self.detectors.get_mut(family) {
                    detector.supersede(before);
                }
            }
        }
        if old.spec.lookup == self.spec.lookup && old.spec.families == self.spec.families {
            self.registered = old.registered;
        }
        self.event_network = old.event_network;
        self.steps = old.steps;
        self.set_stopped(old.stopped);
        self.last_request = old.last_request;
        self.last_answer = old.last_answer;
    }

    /// Stops the section, or has it go on.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
        self.records.iter_mut().for_each(|record| record.set_stopped(stopped));
    }

    /// What keeps requests of this section from leaving, as far as the network is concerned: of both
    /// families, if there are two.
    pub fn obstacle(&self, facts: &Facts) -> Option<Obstacle> {
        let mut found = None;
        for &family in &self.spec.families {
            found = Some(self.way(family, facts).err()?);
        }
        found
    }

    /// The device that a request for a record of `family` must leave through, if there is one that it
    /// must.
    ///
    /// # Errors
    /// What keeps it from leaving.
    pub fn way(&self, family: Family, facts: &Facts) -> Result<Option<String>, Obstacle> {
        let device = self.bound(facts)?;
        let over = self.spec.transport.family;
        let seen = if self.is_seen(family) { self.place(family, facts).ok() } else { None };
        let Some(place) = seen else {
            return match closed(&self.hosts, over, device.as_deref(), facts) {
                None => Ok(device),
                Some(why) => Err(Obstacle::NoRoute(why)),
            };
        };
        let Some(why) = closed(&self.hosts, Some(family), Some(&place.device), facts) else {
            return Ok(Some(place.device));
        };
        match closed(&self.hosts, Some(family), None, facts) {
            // The address of another device, such as a LAN's: it is sent from there over the uplink.
            None if family == Family::V6 => Ok(None),
            None => Err(Obstacle::NoWayFrom(why)),
            Some(why) => Err(Obstacle::NoRoute(why)),
        }
    }

    /// Whether the provider stores the address that it sees, and that is to be one of a device: then
    /// requests have to leave from it. A host in the local network is no such provider.
    pub fn is_seen(&self, family: Family) -> bool {
        let transport = &self.spec.transport;
        let local = |host: &Host| matches!(host, Host::Address(address) if address::not_public(*address).is_some());
        let from_device = matches!(self.spec.source, Source::Network { .. } | Source::Device(_));
        from_device
            && transport.device.is_none()
            && transport.proxy.is_none()
            && transport.family.is_none_or(|over| over == family)
            && !self.hosts.iter().any(local)
            && provider::takes_seen_address(&self.spec.provider, family)
    }

    /// What has to be asked of the kernel about the ways to hosts.
    pub fn asks(&self, facts: &Facts) -> Vec<Ask> {
        let Ok(device) = self.bound(facts) else {
            return Vec::new();
        };
        let device = device.as_deref();
        let family = self.spec.transport.family;
        let mut asks = facts.book.asks(&anywhere(), family, device);
        for host in &self.hosts {
            asks.extend(facts.book.asks(host, family, device));
        }
        for &family in &self.spec.families {
            let seen = if self.is_seen(family) { self.place(family, facts).ok() } else { None };
            let Some(place) = seen else {
                continue;
            };
            for host in &self.hosts {
                asks.extend(facts.book.asks(host, Some(family), Some(&place.device)));
            }
        }
        for host in &self.askable {
            for &family in self.detectors.keys() {
                asks.extend(facts.book.asks(host, Some(family), device));
            }
        }
        asks
    }

    /// A way to a host that was not there before is another network: failures of the old one, and what
    /// a `web` source said over it, count no more.
    pub fn follow_ways(&mut self, facts: &Facts, now: Now) {
        let before = self.steps.take();
        let mut steps = Set::default();
        for ask in self.asks(facts) {
            if facts.book.lacks_source(&ask) {
                // The line stays the same while its address changes.
                let same = before.iter().flat_map(Set::iter).filter(|step| step.0 == ask.family);
                steps.extend(same.copied());
            }
            steps.extend(facts.book.steps(&ask));
        }
        if before.is_some_and(|before| !steps.is_subset(&before)) {
            self.network_changed(now);
        }
        self.steps = Some(steps);
    }

    /// Routes or rules changed: a failure in which nothing left the router may not happen again.
    pub fn routes_changed(&mut self) {
        self.records.iter_mut().for_each(Record::routes_changed);
        self.detectors.values_mut().for_each(Detector::routes_changed);
    }

    /// The device that requests must leave through: what `bind_network` means now.
    pub fn bound(&self, facts: &Facts) -> Result<Option<String>, Obstacle> {
        let Some(name) = &self.spec.transport.device else {
            return Ok(None);
        };
        let device = match facts.device(name) {
            Ok(device) => device,
            Err(Lack::NoSuchInterface { network, .. }) => {
                let lack = Lack::NoSuchInterface { network, instead: None };
                return Err(Obstacle::NoDevice(lack));
            }
            Err(lack) => return Err(Obstacle::NoDevice(lack)),
        };
        match facts.book.link(&device) {
            Some(link) => Ok(Some(link.name.clone())),
            None => Err(Obstacle::NoDevice(Lack::NoDevice(device))),
        }
    }

    /// What newly keeps records from being sent that are due, for the log.
    pub fn news(&mut self, facts: &Facts, now: Now) -> Option<Obstacle> {
        let ready = || self.records.iter().filter(|record| record.wait(now) == Wait::Ready);
        let due = ready().next().is_some();
        let known = facts.book.complete() && facts.netifd != Netifd::Asking;
        let obstacle = ready().find_map(|record| self.way(record.family, facts).err());
        let obstacle = obstacle.filter(|_| known);
        let new = obstacle != self.obstacle;
        if new && (due || self.obstacle.is_none()) {
            self.obstacle.clone_from(&obstacle);
        }
        obstacle.filter(|_| new)
    }

    /// Whether a request could leave now.
    pub fn reachable(&self, facts: &Facts) -> bool {
        self.obstacle(facts).is_none()
    }

    /// Where the addresses of `family` are that are published, if the source is a device.
    pub fn place(&self, family: Family, facts: &Facts) -> Result<Place, Lack> {
        match (&self.spec.source, family) {
            (Source::Device(name), _) => Ok(Place::device(name)),
            (Source::Network { v4, .. }, Family::V4) => facts.place(v4),
            (Source::Network { v4, v6 }, Family::V6) => facts.place6(v4, v6),
            (Source::Web { .. } | Source::Script(_), _) => Err(Lack::NotAsked),
        }
    }

    /// What the records of `family` should hold now.
    pub fn desired(&self, family: Family, facts: &Facts) -> Desired {
        if let Some(detector) = self.detectors.get(&family) {
            return match (detector.desired(self.policy()), self.cannot_ask(family, facts)) {
                (Desired::Unknown | Desired::Nothing(Lack::NotAsked), Some(why))
                    if !detector.asking() =>
                {
                    Desired::Nothing(Lack::CannotAsk(why))
                }
                (desired, _) => desired,
            };
        }
        if !facts.book.addresses_known() {
            return Desired::Unknown;
        }
        match self.place(family, facts) {
            Ok(place) => {
                // A name that was just added holds nothing yet: it follows the others.
                let of_family = || self.records.iter().filter(|r| r.family == family);
                let current = of_family()
                    .find_map(|record| record.desired)
                    .or_else(|| of_family().find_map(|record| record.published));
                select::from_device(&facts.book, &place, family, self.policy(), current)
            }
            Err(Lack::NetifdAsked(_)) => Desired::Unknown,
            Err(lack) => Desired::Nothing(lack),
        }
    }

    /// Looks at the address again. Returns what is newly missing, for the log.
    pub fn reselect(&mut self, facts: &Facts, now: Now) -> Vec<(Family, Lack)> {
        let mut news = Vec::new();
        for family in self.spec.families.clone() {
            let desired = self.desired(family, facts);
            let of_family = self.records.iter_mut().filter(|r| r.family == family);
            match desired {
                Desired::Unknown => of_family.for_each(Record::source_unknown),
                Desired::Nothing(lack) => {
                    let lost = lack.is_loss();
                    of_family.for_each(|it| if lost { it.lose(now) } else { it.unwant() });
                    if self.lacks.get(&family) != Some(&lack) {
                        self.lacks.insert(family, lack.clone());
                        news.push((family, lack));
                    }
                }
                Desired::Address(address) => {
                    self.lacks.remove(&family);
                    of_family.for_each(|record| record.want(address, now));
                }
            }
        }
        news
    }

    /// Whether a request is on its way.
    pub fn is_busy(&self) -> bool {
        self.records.iter().any(Record::is_busy)
    }

    /// Whether something is due that could leave now, as far as this section knows.
    pub fn reachable_if_ready(&self, facts: &Facts, now: Now) -> bool {
        self.records.iter().any(|record| self.can_leave(record, facts, now))
    }

    /// Whether `record` is due and could leave now.
    pub fn can_leave(&self, record: &Record, facts: &Facts, now: Now) -> bool {
        record.wait(now) == Wait::Ready && self.way(record.family, facts).is_ok()
    }

    /// The record at `place` leaves as change `index` of the job `id`.
    pub fn dispatch(&mut self, place: usize, id: JobId, index: usize, now: Now) -> Option<Change> {
        self.records.get_mut(place)?.dispatch((id, index), &self.spec.record, now)
    }

    /// A job has ended; nothing happens unless records of this section wait for it. Returns what
    /// the operator should know, and what the provider said about the account. `last`: there is no
    /// next try, because the program ends.
    pub fn finished(
        &mut self,
        finished: &Finished,
        facts: &Facts,
        now: Now,
        jitter: u32,
        last: bool,
    ) -> (Vec<Notice>, Option<Heard>) {
        self.land_superseded(finished, now);
        if !self.records.iter().any(|record| record.flies(finished.job)) {
            return (Vec::new(), None);
        }
        if !finished.request.is_empty() {
            self.last_request.clone_from(&finished.request);
        }
        self.last_answer.clone_from(&finished.answer);
        let network_gone = !self.reachable(facts);
        let ending = Ending { sent_at: finished.sent_at, network_gone, now, jitter };
        let lost = Outcome::Unconfirmed { reason: "the exchange ended without an answer".into() };
        let lost = Verdict::record(lost);
        let mut notices = Vec::new();
        let mut account = None;
        let mut pause = Duration::ZERO;
        let mut families = Vec::new();
        for record in &mut self.records {
            let Some(index) = record.change_of(finished.job) else {
                continue;
            };
            let verdict = finished.verdicts.get(index).unwrap_or(&lost);
            let sent = record.sending();
            let was_trial = record.is_trial();
            record.finished(&verdict.outcome, ending);
            let only = match verdict.scope {
                Scope::Address => true,
                Scope::Record => sent.is_none(),
                Scope::Account => false,
            };
            if only && matches!(verdict.outcome, Outcome::Refused { .. }) {
                record.refuse_only(sent);
            }
            if sent.is_none() && verdict.is_success() {
                // What was looked up before is gone.
                self.registered.insert(record.family, Registered::default());
            }
            pause = pause.max(record.paused_until());
            // Where an account is accepted again, that is so for all of its records.
            let recovered = was_trial && verdict.is_success();
            let of_account = verdict.scope == Scope::Account || recovered;
            if of_account {
                families.push(record.family);
            }
            // What is said of the account once holds for all records.
            if !of_account || recovered || account.is_none() {
                let next = if last { String::new() } else { report::next(record, now) };
                notices.push(report::outcome(&self.spec.name, record, sent, verdict, next, now));
            }
            account = Some(&verdict.outcome).filter(|_| of_account).or(account);
        }
        let heard = account.map(|outcome| Heard {
            outcome: outcome.clone(),
            pause,
            transport: self.spec.transport.clone(),
            families,
        });
        (notices, heard)
    }

    /// A job has ended that was about an earlier configuration.
    fn land_superseded(&mut self, finished: &Finished, now: Now) {
        for record in self.records.iter_mut().filter(|it| it.is_superseded(finished.job)) {
            let verdict = record.change_of(finished.job).and_then(|at| finished.verdicts.get(at));
            let sent = record.sending();
            record.land();
            if verdict.is_none_or(Verdict::is_unanswered) {
                record.may_become(sent, now);
            }
        }
    }

    /// A request that was never answered held these for names of this section beside what it was about:
    /// the provider may still carry it out.
    pub fn told_along(&mut self, kept: &[(Hostname, IpAddr)], now: Now) {
        for record in &mut self.records {
            let same = |(name, it): &&(Hostname, IpAddr)| (name, Family::of(*it)) == record.key();
            if let Some((_, address)) = kept.iter().find(same) {
                record.may_become(Some(*address), now);
            }
        }
    }

    /// What the start says of an earlier run's refusals.
    pub fn still_refused(&self, now: Now) -> Option<Notice> {
        let record = self.records.iter().find(|record| record.refusal.is_some())?;
        report::still_refused(&self.spec.name, record, now)
    }

    /// What the provider said about the account in answer to another section.
    pub fn heard(&mut self, heard: &Heard, now: Now) -> Option<Notice> {
        // A failure says nothing of another way, and a family may have a host of its own.
        let failed = matches!(heard.outcome, Outcome::Retry { after: None, .. });
        let same_way = !failed || heard.transport == self.spec.transport;
        let concerned =
            |record: &&mut Record| same_way && (!failed || heard.families.contains(&record.family));
        let mut news = false;
        for record in self.records.iter_mut().filter(concerned) {
            news |= record.heard(&heard.outcome, heard.pause, now);
        }
        report::refused_too(&self.spec.name, &heard.outcome).filter(|_| news)
    }

    /// Takes the family whose source should be asked now, if any.
    pub fn take_question(
        &mut self,
        question: QuestionId,
        facts: &Facts,
        now: Now,
    ) -> Option<Family> {
        let family = self.question(facts, now)?;
        self.detectors.get_mut(&family)?.asked(question);
        Some(family)
    }

    /// The family whose source should be asked now, if any.
    pub fn question(&self, facts: &Facts, now: Now) -> Option<Family> {
        self.detectors.iter().find_map(|(&family, detector)| {
            (detector.ready(now) && self.can_ask(family, facts)).then_some(family)
        })
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

    /// Asks a `web` or `script` source again when the event network has changed.
    pub fn follow_event_network(&mut self, facts: &Facts, now: Now) {
        let Some(name) = self.spec.event_network.as_deref().filter(|_| !self.detectors.is_empty())
        else {
            return;
        };
        if !facts.book.addresses_known() || facts.netifd == Netifd::Asking {
            return;
        }
        let device = facts.device(name).ok();
        let link = device.as_deref().and_then(|device| facts.book.link(device));
        let addresses = link.into_iter().flat_map(|link| facts.book.addresses(link.index));
        let addresses = addresses.map(|known| known.address.address).collect();
        let before = self.event_network.replace((device, addresses));
        if before.is_some() && before != self.event_network {
            self.ask_again(now);
        }
    }

    /// Something happened after which a `web` or `script` source may answer otherwise.
    pub fn ask_again(&mut self, now: Now) {
        self.detectors.values_mut().for_each(|detector| detector.ask_again(now));
    }

    /// The network is another one: what was said over the old one counts no more.
    pub fn network_changed(&mut self, now: Now) {
        self.records.iter_mut().for_each(Record::network_changed);
        self.detectors.values_mut().for_each(|detector| detector.network_changed(now));
        self.registered.values_mut().for_each(Registered::network_changed);
    }

    /// The next time at which something is due here, since boot; `None` if only an event can help.
    pub fn deadline(&self, facts: &Facts, now: Now) -> Option<Duration> {
        let waits = self.records.iter().filter_map(|record| match record.wait(now) {
            Wait::Settled(at) => at,
            Wait::Settling(at)
            | Wait::Pace(at)
            | Wait::BackOff(at)
            | Wait::Hold(at)
            | Wait::Lost(at)
            | Wait::Refused(at) => Some(at),
            Wait::Address | Wait::Ready | Wait::InFlight | Wait::GivenUp | Wait::Stopped => None,
        });
        let questions = self.detectors.iter().filter(|(family, _)| self.can_ask(**family, facts));
        let times = questions.filter_map(|(_, detector)| detector.deadline());
        waits.chain(times).chain(self.look_up_deadline(facts, now)).min()
    }

    /// Whether the source can be asked over `family`: a script always, a page if there is a way.
    fn can_ask(&self, family: Family, facts: &Facts) -> bool {
        if self.stopped {
            return false;
        }
        if matches!(self.spec.source, Source::Script(_)) {
            return true;
        }
        let Ok(device) = self.bound(facts) else {
            return false;
        };
        closed(&self.askable, Some(family), device.as_deref(), facts).is_none()
    }

    /// Why the page cannot be asked over `family`, as far as that is known for sure.
    pub fn cannot_ask(&self, family: Family, facts: &Facts) -> Option<String> {
        if matches!(self.spec.source, Source::Script(_)) || !facts.book.complete() {
            return None;
        }
        match self.bound(facts) {
            Ok(device) => closed(&self.askable, Some(family), device.as_deref(), facts),
            Err(Obstacle::NoDevice(Lack::NetifdAsked(_))) => None,
            Err(obstacle) => Some(obstacle.to_string()),
        }
    }

    /// What the user allows of addresses.
    pub fn policy(&self) -> Policy {
        Policy { private: self.spec.private_addresses, temporary: self.spec.temporary_addresses }
    }
}

/// Any host of the internet.
pub(super) fn anywhere() -> Host {
    Host::Name(String::new())
}

/// Why no request can leave to any of `hosts`; `None` if one can.
fn closed(
    hosts: &[Host],
    family: Option<Family>,
    device: Option<&str>,
    facts: &Facts,
) -> Option<String> {
    let mut reasons = Vec::new();
    for host in hosts {
        reasons.push(facts.book.closed(host, family, device)?);
    }
    reasons.dedup();
    Some(reasons.join("; "))
}

/// The hosts that a `web` source connects to.
fn asked_hosts(spec: &Section) -> Vec<String> {
    match (&spec.source, provider::proxy_host(&spec.transport)) {
        (Source::Web { .. }, Some(proxy)) => vec![proxy],
        (Source::Web { v4, v6 }, None) => {
            [v4, v6].into_iter().filter_map(|url| template::host(url)).collect()
        }
        (Source::Network { .. } | Source::Device(_) | Source::Script(_), _) => Vec::new(),
    }
}
