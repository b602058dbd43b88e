//! One `config service` section at work: its records, and where their address comes from.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::detect::Detector;
use super::directory::Directory;
use super::event::QuestionId;
use super::network::{Facts, Netifd};
use super::no_address::{Desired, NoAddress, SendBlock};
use super::record::Record;
use super::registered::Registered;
use super::report;
use super::select::{self, Place, Policy};
use super::wait::Wait;
use super::way::{Ask, Step};
use crate::config::{Section, Source, Timing};
use crate::model::Notice;
use crate::model::address;
use crate::model::sorted::{Map, Set};
use crate::model::{Family, Host, Hostname, Target, Transport};
use crate::provider::{self, Failure, Outcome};
use crate::state::State;
use crate::time::Now;

/// A section with its state.
#[derive(Clone, Debug)]
pub struct Active {
    /// What the user asked for.
    pub spec: Arc<Section>,
    timing: Arc<Timing>,
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
    pub lacks: Map<Family, NoAddress>,
    /// Its account, by place.
    pub account: usize,
    /// What was said last to keep requests from leaving.
    obstacle: Option<SendBlock>,
    /// The event network as it was last: its device and addresses; `None` before the first look.
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

impl Active {
    /// A section that starts, with what was saved about it.
    pub fn new(spec: Section, directory: &Directory, saved: &State, now: Now) -> Self {
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
            timing,
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

    /// Takes over from `old`, the section of the same name before a reload, what is still true.
    pub fn inherit(&mut self, old: Self, now: Now) {
        let same_account = old.spec.provider == self.spec.provider;
        let same_way = same_account && old.spec.transport == self.spec.transport;
        let held = old.records.iter().map(Record::held_until).max();
        let mut old_places: Vec<usize> = (0..old.records.len()).collect();
        old_places.sort_by(|a, b| record_key(&old, *a).cmp(&record_key(&old, *b)));
        for record in &mut self.records {
            let Ok(place) = old_places
                .binary_search_by(|place| record_key(&old, *place).cmp(&Some(record.key())))
            else {
                // The account has to wait, not the one name.
                if let Some(held) = held
                    && same_account
                {
                    record.hold(held, now);
                }
                continue;
            };
            let Some(before) = old_places.get(place).and_then(|place| old.records.get(*place))
            else {
                continue;
            };
            if before.fingerprint == record.fingerprint {
                let name = std::mem::replace(record, before.clone()).name;
                let respelt = name.written() != record.name.written();
                record.name = name;
                record.retime(Arc::clone(&self.timing), now);
                if !same_way || respelt {
                    record.reset_after_transport_change();
                }
            } else if same_account {
                record.inherit_limits(before, now);
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
    pub fn block(&self, facts: &Facts) -> Option<SendBlock> {
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
    pub fn way(&self, family: Family, facts: &Facts) -> Result<Option<String>, SendBlock> {
        let device = self.bound(facts)?;
        let over = self.spec.transport.family;
        let seen = if self.is_seen(family) { self.place(family, facts).ok() } else { None };
        let Some(place) = seen else {
            return match closed(&self.hosts, over, device.as_deref(), facts) {
                None => Ok(device),
                Some(why) => Err(SendBlock::NoRoute(why)),
            };
        };
        let Some(why) = closed(&self.hosts, Some(family), Some(&place.device), facts) else {
            return Ok(Some(place.device));
        };
        match closed(&self.hosts, Some(family), None, facts) {
            // The address of another device, such as a LAN's: it is sent from there over the uplink.
            None if family == Family::V6 => Ok(None),
            None => Err(SendBlock::NoRouteFrom(why)),
            Some(why) => Err(SendBlock::NoRoute(why)),
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
    pub fn follow_ways(&mut self, facts: &Facts, now: Now) -> bool {
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
        let is_another = before.is_some_and(|before| !steps.is_subset(&before));
        if is_another {
            self.network_changed(now);
        }
        self.steps = Some(steps);
        is_another
    }

    /// Routes or rules changed: a failure in which nothing left the router may not happen again.
    pub fn routes_changed(&mut self) {
        self.records.iter_mut().for_each(Record::routes_changed);
        self.detectors.values_mut().for_each(Detector::routes_changed);
    }

    /// The device that requests must leave through: what `bind_network` means now.
    pub fn bound(&self, facts: &Facts) -> Result<Option<String>, SendBlock> {
        let Some(name) = &self.spec.transport.device else {
            return Ok(None);
        };
        let device = match facts.device(name) {
            Ok(device) => device,
            Err(NoAddress::NoSuchInterface { network, .. }) => {
                let lack = NoAddress::NoSuchInterface { network, instead: None };
                return Err(SendBlock::NoDevice(lack));
            }
            Err(lack) => return Err(SendBlock::NoDevice(lack)),
        };
        match facts.book.link(&device) {
            Some(link) => Ok(Some(link.name.clone())),
            None => Err(SendBlock::NoDevice(NoAddress::NoDevice(device))),
        }
    }

    /// What newly keeps records from being sent that are due, for the log.
    pub fn news(&mut self, facts: &Facts, now: Now) -> Option<SendBlock> {
        let ready =
            || self.records.iter().filter(|record| matches!(record.wait(now), Wait::Ready(_)));
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
        self.block(facts).is_none()
    }

    /// Where the addresses of `family` are that are published, if the source is a device.
    pub fn place(&self, family: Family, facts: &Facts) -> Result<Place, NoAddress> {
        match (&self.spec.source, family) {
            (Source::Device(name), _) => Ok(Place::device(name)),
            (Source::Network { v4, .. }, Family::V4) => facts.place(v4),
            (Source::Network { v4, v6 }, Family::V6) => facts.place6(v4, v6),
            (Source::Web { .. } | Source::Script(_), _) => Err(NoAddress::NotAsked),
        }
    }

    /// What the records of `family` should hold now.
    pub fn desired(&self, family: Family, facts: &Facts) -> Desired {
        if let Some(detector) = self.detectors.get(&family) {
            return match (detector.desired(self.policy()), self.cannot_ask(family, facts)) {
                (Desired::Unknown | Desired::Nothing(NoAddress::NotAsked), Some(why))
                    if !detector.asking() =>
                {
                    Desired::Nothing(NoAddress::CannotAsk(why))
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
                    .find_map(Record::desired)
                    .or_else(|| of_family().find_map(Record::published));
                select::from_device(&facts.book, &place, family, self.policy(), current)
            }
            Err(NoAddress::NetifdAsked(_)) => Desired::Unknown,
            Err(lack) => Desired::Nothing(lack),
        }
    }

    /// Looks at the address again. Returns what is newly missing, for the log.
    pub fn reselect(&mut self, facts: &Facts, now: Now) -> Vec<(Family, NoAddress)> {
        let mut news = Vec::new();
        for family in self.spec.families.clone() {
            let desired = self.desired(family, facts);
            let of_family = self.records.iter_mut().filter(|r| r.family == family);
            match desired {
                Desired::Unknown => of_family.for_each(Record::mark_unknown),
                Desired::Nothing(lack) => {
                    let lost = lack.is_loss();
                    of_family.for_each(|it| if lost { it.mark_lost(now) } else { it.suspend() });
                    if self.lacks.get(&family) != Some(&lack) {
                        self.lacks.insert(family, lack.clone());
                        news.push((family, lack));
                    }
                }
                Desired::Address(address) => {
                    self.lacks.remove(&family);
                    of_family.for_each(|record| record.set_address(address, now));
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
        matches!(record.wait(now), Wait::Ready(_)) && self.way(record.family, facts).is_ok()
    }

    /// A request that was never answered held `kept` for names of this section beside what it was about:
    /// the provider may still carry it out.
    pub fn sent_along(&mut self, kept: &[(Hostname, IpAddr)], now: Now) {
        for record in &mut self.records {
            let key = (record.name.clone(), record.family);
            let held =
                kept.iter().find(|(name, held)| (name, Family::of(*held)) == (&key.0, key.1));
            if let Some((_, address)) = held {
                record.may_become(Target::Address(*address), now);
            }
        }
    }

    /// What the start says of an earlier run's refusals.
    pub fn still_refused(&self, now: Now) -> Option<Notice> {
        let record = self.records.iter().find(|record| record.refusal.is_some())?;
        report::still_refused(&self.spec.name, record, now)
    }

    /// What the provider answered about the account, in answer to another section.
    pub fn account_answered(&mut self, verdict: &AccountVerdict, now: Now) -> Option<Notice> {
        // A failure says nothing of another way, and a family may have a host of its own.
        let is_failure = matches!(verdict.outcome, Outcome::Retry { after: None, .. });
        if is_failure && verdict.transport != self.spec.transport {
            return None;
        }
        let mut is_news = false;
        for record in &mut self.records {
            if !is_failure || verdict.families.contains(&record.family) {
                is_news |= record.account_answered(&verdict.outcome, verdict.pause, now);
            }
        }
        if is_news { report::refused_too(&self.spec.name, &verdict.outcome) } else { None }
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
        let waits = self.records.iter().filter_map(|record| record.wait(now).deadline());
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
            Err(SendBlock::NoDevice(NoAddress::NetifdAsked(_))) => None,
            Err(obstacle) => Some(obstacle.to_string()),
        }
    }

    /// What the user allows of addresses.
    pub fn policy(&self) -> Policy {
        Policy { private: self.spec.private_addresses, temporary: self.spec.temporary_addresses }
    }
}

/// What names the record at `place`, to sort and find by.
fn record_key(section: &Active, place: usize) -> Option<(&Hostname, Family)> {
    section.records.get(place).map(Record::key)
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
        (Source::Web { v4, v6 }, None) => [v4, v6].map(|url| url.host().to_owned()).to_vec(),
        (Source::Network { .. } | Source::Device(_) | Source::Script(_), _) => Vec::new(),
    }
}
