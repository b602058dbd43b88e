//! What sections ask of the network, and the answers.
//!
//! Many sections ask the same: the address of one device, the route to one provider. Each distinct set
//! of questions is kept once, with its last answers and the sections that share it. A report of the
//! kernel or of netifd makes only those be asked again that it may concern, and only if an answer has
//! changed are their sections looked at.

use std::net::IpAddr;

use super::directory::Directory;
use super::network::{NetifdState, NetworkView};
use super::no_address::{Desired, NoAddress, SendBlock};
use super::scope::DeviceScope;
use super::select::{self, Policy};
use super::way::{Ask, Step};
use crate::config::{self, Section, Source};
use crate::model::sorted::Set;
use crate::model::{Family, Host, address};
use crate::proto::netlink::IfIndex;
use crate::provider;

/// Where the addresses come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum From {
    /// A logical interface for each family.
    Network { v4: String, v6: String },
    /// A device.
    Device(String),
    /// A web page, which is asked over the network.
    Page,
    /// A script.
    Script,
}

/// What one section asks of the network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needs {
    from: From,
    families: Vec<Family>,
    policy: Policy,
    /// Hosts that requests go to; one must be reachable.
    hosts: Vec<Host>,
    /// Hosts that a `web` source asks; one must be reachable over the family asked for.
    askable: Vec<Host>,
    /// `bind_network`.
    device: Option<String>,
    /// `force_ipversion`.
    over: Option<Family>,
    /// The families for which the provider stores the address that it sees, and that is to be one of a
    /// device: then requests have to leave from it.
    seen: Vec<Family>,
    /// The event network of a `web` or `script` source.
    event_network: Option<String>,
}

/// What holds for one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyAnswer {
    /// The address of the device or logical interface; of other sources nothing is known here.
    pub desired: Desired,
    /// The device that a request for a record must leave through, if there is one that it must; or what
    /// keeps it from leaving.
    pub way: Result<Option<String>, SendBlock>,
    /// Whether the source can be asked: a script always, a page if there is a way.
    pub can_ask: bool,
    /// Why the page cannot be asked, as far as that is known for sure.
    pub cannot_ask: Option<String>,
}

/// All answers to one section's questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    v4: FamilyAnswer,
    v6: FamilyAnswer,
    /// The device that requests must leave through: what `bind_network` means now.
    pub bound: Result<Option<String>, SendBlock>,
    /// Whether name servers can be reached.
    pub reaches_dns: bool,
    /// Whether everything is known, the routes and netifd's networks too.
    pub is_complete: bool,
    /// The usable ways to the hosts, as of the last time that everything was known.
    pub steps: Option<Set<Step>>,
    /// The event network: its device and addresses; `None` while that is not known.
    pub event_network: Option<(Option<String>, Set<IpAddr>)>,
}

/// A distinct set of questions.
#[derive(Clone, Debug)]
pub struct Viewpoint {
    /// The questions.
    pub needs: Needs,
    /// The sections that ask them, by place.
    pub members: Vec<usize>,
    /// The last answers.
    pub answers: Answers,
    /// The devices whose addresses the answers depend on.
    links: Vec<IfIndex>,
    /// Whether they depend on the addresses of all devices.
    depends_on_all: bool,
}

impl Needs {
    /// What `spec` asks.
    pub fn of(spec: &Section, directory: &Directory) -> Self {
        let hosts = directory.resolve(&config::hosts(spec));
        let from = match &spec.source {
            Source::Network { v4, v6 } => From::Network { v4: v4.clone(), v6: v6.clone() },
            Source::Device(name) => From::Device(name.clone()),
            Source::Web { .. } => From::Page,
            Source::Script(_) => From::Script,
        };
        let is_asked = matches!(from, From::Page | From::Script);
        let families = spec.families.iter().copied();
        let seen = families.filter(|&family| !is_asked && is_seen(spec, &hosts, family)).collect();
        Self {
            from,
            families: spec.families.clone(),
            policy: Policy { private: spec.private_addresses, temporary: spec.temporary_addresses },
            askable: directory.resolve(&asked_hosts(spec)),
            hosts,
            device: spec.transport.device.clone(),
            over: spec.transport.family,
            seen,
            event_network: if is_asked { spec.event_network.clone() } else { None },
        }
    }

    /// What the user allows of addresses.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Hosts that requests go to.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Whether the provider stores the address that it sees, and that is to be one of a device.
    pub fn is_seen(&self, family: Family) -> bool {
        self.seen.contains(&family)
    }

    /// Where the addresses of `family` are that are published, if the source is a device.
    ///
    /// # Errors
    /// Why there is no such place.
    pub fn place(&self, family: Family, facts: &NetworkView) -> Result<DeviceScope, NoAddress> {
        match (&self.from, family) {
            (From::Device(name), _) => Ok(DeviceScope::device(name)),
            (From::Network { v4, .. }, Family::V4) => facts.place(v4),
            (From::Network { v4, v6 }, Family::V6) => facts.place6(v4, v6),
            (From::Page | From::Script, _) => Err(NoAddress::NotAsked),
        }
    }

    /// What has to be asked of the kernel about the ways to hosts.
    pub fn asks(&self, facts: &NetworkView) -> Vec<Ask> {
        let Ok(device) = self.bound(facts) else {
            return Vec::new();
        };
        let device = device.as_deref();
        let mut asks = facts.book.asks(&anywhere(), self.over, device);
        for host in &self.hosts {
            asks.extend(facts.book.asks(host, self.over, device));
        }
        for &family in &self.seen {
            let Ok(place) = self.place(family, facts) else {
                continue;
            };
            for host in &self.hosts {
                asks.extend(facts.book.asks(host, Some(family), Some(&place.device)));
            }
        }
        for host in &self.askable {
            for &family in &self.families {
                asks.extend(facts.book.asks(host, Some(family), device));
            }
        }
        asks
    }

    /// The device that requests must leave through: what `bind_network` means now.
    fn bound(&self, facts: &NetworkView) -> Result<Option<String>, SendBlock> {
        let Some(name) = &self.device else {
            return Ok(None);
        };
        let device = match facts.device(name) {
            Ok(device) => device,
            Err(NoAddress::NoSuchInterface { network, .. }) => {
                let reason = NoAddress::NoSuchInterface { network, instead: None };
                return Err(SendBlock::NoDevice(reason));
            }
            Err(reason) => return Err(SendBlock::NoDevice(reason)),
        };
        match facts.book.link(&device) {
            Some(link) => Ok(Some(link.name.clone())),
            None => Err(SendBlock::NoDevice(NoAddress::NoDevice(device))),
        }
    }

    /// The device that a request for a record of `family` must leave through, if there is one that it
    /// must.
    fn way(
        &self,
        family: Family,
        bound: &Result<Option<String>, SendBlock>,
        facts: &NetworkView,
    ) -> Result<Option<String>, SendBlock> {
        let device = bound.clone()?;
        let seen = if self.is_seen(family) { self.place(family, facts).ok() } else { None };
        let Some(place) = seen else {
            return match closed(&self.hosts, self.over, device.as_deref(), facts) {
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

    fn desired(&self, family: Family, facts: &NetworkView, current: Option<IpAddr>) -> Desired {
        if matches!(self.from, From::Page | From::Script) || !facts.book.addresses_known() {
            return Desired::Unknown;
        }
        match self.place(family, facts) {
            Ok(place) => select::from_device(&facts.book, &place, family, self.policy, current),
            Err(NoAddress::NetifdAsked(_)) => Desired::Unknown,
            Err(why) => Desired::Nothing(why),
        }
    }

    /// Why the page cannot be asked over `family`.
    fn cannot_ask(
        &self,
        family: Family,
        bound: &Result<Option<String>, SendBlock>,
        facts: &NetworkView,
    ) -> Option<String> {
        if self.from == From::Script {
            return None;
        }
        match bound {
            Ok(device) => closed(&self.askable, Some(family), device.as_deref(), facts),
            Err(block) => Some(block.to_string()),
        }
    }

    fn answer(
        &self,
        family: Family,
        bound: &Result<Option<String>, SendBlock>,
        facts: &NetworkView,
        current: Option<IpAddr>,
    ) -> FamilyAnswer {
        let cannot_ask = self.cannot_ask(family, bound, facts);
        let can_ask = cannot_ask.is_none();
        let is_certain = facts.book.complete()
            && !matches!(bound, Err(SendBlock::NoDevice(NoAddress::NetifdAsked(_))));
        FamilyAnswer {
            desired: self.desired(family, facts, current),
            way: self.way(family, bound, facts),
            can_ask,
            cannot_ask: if is_certain { cannot_ask } else { None },
        }
    }

    /// The usable ways to the hosts; `before`: those of the last time.
    fn steps(&self, facts: &NetworkView, before: Option<&Set<Step>>) -> Set<Step> {
        let mut steps = Set::default();
        for ask in self.asks(facts) {
            if facts.book.lacks_source(&ask) {
                // The line stays the same while its address changes.
                let before = before.into_iter().flat_map(Set::iter);
                steps.extend(before.filter(|step| step.0 == ask.family).copied());
            }
            steps.extend(facts.book.steps(&ask));
        }
        steps
    }

    /// The event network as it is now: its device and addresses.
    fn event_network(&self, facts: &NetworkView) -> Option<(Option<String>, Set<IpAddr>)> {
        let name = self.event_network.as_deref()?;
        if !facts.book.addresses_known() || facts.netifd == NetifdState::Asking {
            return None;
        }
        let device = facts.device(name).ok();
        let link = device.as_deref().and_then(|device| facts.book.link(device));
        let addresses = link.into_iter().flat_map(|link| facts.book.addresses(link.index));
        let addresses = addresses.map(|known| known.address.address).collect();
        Some((device, addresses))
    }
}

impl Answers {
    /// Nothing is known yet.
    fn unknown() -> Self {
        let family = FamilyAnswer {
            desired: Desired::Unknown,
            way: Err(SendBlock::NoRoute("the kernel's addresses are being read".into())),
            can_ask: false,
            cannot_ask: None,
        };
        Self {
            v4: family.clone(),
            v6: family,
            bound: Ok(None),
            reaches_dns: false,
            is_complete: false,
            steps: None,
            event_network: None,
        }
    }

    /// Those for one family.
    pub fn of(&self, family: Family) -> &FamilyAnswer {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// What keeps requests from leaving: for both of `families`, if there are two.
    pub fn block(&self, families: &[Family]) -> Option<&SendBlock> {
        let mut found = None;
        for &family in families {
            found = Some(self.of(family).way.as_ref().err()?);
        }
        found
    }
}

impl Viewpoint {
    /// Questions that nobody has asked yet. `steps`: the usable ways of before.
    pub fn new(needs: Needs, steps: Option<Set<Step>>) -> Self {
        Self {
            needs,
            members: Vec::new(),
            answers: Answers { steps, ..Answers::unknown() },
            links: Vec::new(),
            depends_on_all: true,
        }
    }

    /// Whether the answers may change with the addresses of one of `links`.
    pub fn depends_on(&self, links: &[IfIndex]) -> bool {
        self.depends_on_all || self.links.iter().any(|link| links.contains(link))
    }

    /// Asks again. `current`: the address of each family that stays, as far as the rules of selection
    /// have it. Returns whether an answer has changed.
    pub fn ask(&mut self, facts: &NetworkView, current: [Option<IpAddr>; 2]) -> bool {
        let needs = &self.needs;
        let bound = needs.bound(facts);
        let is_complete = facts.book.complete();
        let steps = match is_complete {
            true => Some(needs.steps(facts, self.answers.steps.as_ref())),
            false => self.answers.steps.clone(),
        };
        let event_network = needs.event_network(facts);
        let reaches_dns = match &bound {
            Ok(device) => {
                is_complete && facts.book.reaches(&anywhere(), needs.over, device.as_deref())
            }
            Err(_) => false,
        };
        let answers = Answers {
            v4: needs.answer(Family::V4, &bound, facts, current[0]),
            v6: needs.answer(Family::V6, &bound, facts, current[1]),
            bound,
            reaches_dns,
            is_complete: is_complete && facts.netifd != NetifdState::Asking,
            steps,
            event_network: event_network.or_else(|| self.answers.event_network.clone()),
        };
        self.note_links(&answers, facts);
        let has_changed = answers != self.answers;
        self.answers = answers;
        has_changed
    }

    /// Remembers whose addresses `answers` depend on.
    fn note_links(&mut self, answers: &Answers, facts: &NetworkView) {
        self.links.clear();
        self.depends_on_all = false;
        for family in [Family::V4, Family::V6] {
            match self.needs.place(family, facts) {
                Ok(place) => self.links.extend(facts.book.link(&place.device).map(|it| it.index)),
                // A device with an address is named instead.
                Err(NoAddress::NoSuchInterface { .. }) => self.depends_on_all = true,
                Err(_) => {}
            }
        }
        if let Some((Some(device), _)) = &answers.event_network {
            self.links.extend(facts.book.link(device).map(|link| link.index));
        }
    }
}

/// Whether the provider stores the address that it sees, so that requests of a section whose address is
/// that of a device have to leave from it. A host in the local network is no such provider.
fn is_seen(spec: &Section, hosts: &[Host], family: Family) -> bool {
    let transport = &spec.transport;
    let is_bound = transport.device.is_some() || transport.proxy.is_some();
    let is_other_family = transport.family.is_some_and(|over| over != family);
    !is_bound
        && !is_other_family
        && !hosts.iter().any(is_local)
        && provider::takes_seen_address(&spec.provider, family)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Address(address) => address::not_public(*address).is_some(),
        Host::Name(_) => false,
    }
}

/// Any host of the internet.
fn anywhere() -> Host {
    Host::Name(String::new())
}

/// Why no request can leave to any of `hosts`; `None` if one can.
fn closed(
    hosts: &[Host],
    family: Option<Family>,
    device: Option<&str>,
    facts: &NetworkView,
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
    let Source::Web { v4, v6 } = &spec.source else {
        return Vec::new();
    };
    match config::proxy_host(&spec.transport) {
        Some(proxy) => vec![proxy],
        None => [v4, v6].map(|url| url.host().to_owned()).to_vec(),
    }
}
