//! The questions of sections about the network, and the answers.
//!
//! Many sections have the same questions: the address of one device, the route to one provider. Each
//! distinct set of questions is kept once, with its last answers and the sections that share it. A report of
//! the kernel or of netifd renews only the answers that it may concern. Sections are looked at only if an
//! answer has changed.

mod answers;
mod lines;
mod source;

use std::net::{IpAddr, Ipv6Addr};

use super::directory::Directory;
use super::gate;
use super::gateway::Uplink;
use super::host::LanAnswers;
use super::line_choice::anywhere;
use super::network::{NetifdState, NetworkView};
use super::no_address::{BlockKind, Desired, Kind, NoAddress, SendBlock};
use super::scope::DeviceScope;
use super::select::{self, Policy};
use super::way::{Ask, Step};
use crate::config::host::{Lan, LanHost};
use crate::config::{self, Gate, Section, Source};
use crate::model::sorted::Set;
use crate::model::{Family, Host, address};
use crate::proto::netlink::IfIndex;
use crate::provider;
use crate::time::Duration;
pub use answers::{Answers, FamilyAnswer};
pub use lines::{Followed, LineChoices, Moment};
use source::FamilySource;

/// The questions of one section about the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The source for IPv4, and for IPv6.
    sources: [FamilySource; 2],
    families: Vec<Family>,
    policy: Policy,
    /// The hosts of the provider, or the proxy. A request can leave if one of them can be reached.
    hosts: Vec<Host>,
    /// The hosts of a `web` source, or the proxy. One must be reachable over the family of the address.
    askable: Vec<Host>,
    /// The value of `bind_network`.
    device: Option<String>,
    /// The family that `force_ipversion` prescribes for connections.
    over: Option<Family>,
    /// The families for which the provider stores the address that it sees while the source is a device: the
    /// requests have to leave from the device's address.
    seen: Vec<Family>,
    /// Whether requests leave by the line that is published.
    follows_line: bool,
    /// The event network of a source that is asked.
    event_network: Option<String>,
    /// Hosts of the local network.
    lan: Lan,
    /// The conditions under which this router publishes.
    gates: Vec<Gate>,
}

/// A distinct set of questions with its answers.
#[derive(Clone, Debug)]
pub struct Viewpoint {
    /// The questions.
    pub needs: Needs,
    /// The indexes of the sections with these questions.
    pub members: Vec<usize>,
    /// The last answers.
    pub answers: Answers,
    /// When the questions are to be asked again although nothing changes, since boot.
    pub due: Option<Duration>,
    /// The line in use for IPv4, and for IPv6.
    choices: LineChoices,
    /// The devices whose addresses the answers depend on.
    links: Vec<IfIndex>,
    /// Whether the answers depend on the addresses of all devices.
    depends_on_all: bool,
}

impl Needs {
    /// The questions of `spec`.
    pub fn of(spec: &Section, directory: &Directory) -> Self {
        let hosts = directory.resolve(&config::hosts(spec));
        let mut seen = spec.families.clone();
        seen.retain(|family| is_seen(spec, &hosts, *family));
        let is_any_asked = spec.families.iter().any(|&family| spec.source.is_asked(family));
        Self {
            sources: [
                FamilySource::of(&spec.source, Family::V4),
                FamilySource::of(&spec.source, Family::V6),
            ],
            families: spec.families.clone(),
            policy: Policy { private: spec.private_addresses, temporary: spec.temporary_addresses },
            askable: directory.resolve(&asked_hosts(spec)),
            hosts,
            device: spec.transport.device.clone(),
            over: spec.transport.family,
            seen,
            follows_line: lines::follows_line(spec),
            event_network: if is_any_asked { spec.event_network.clone() } else { None },
            lan: spec.lan.clone(),
            gates: spec.gates.clone(),
        }
    }

    /// The hosts of the local network.
    pub fn hosts_of_lan(&self) -> &[LanHost] {
        &self.lan.hosts
    }

    /// Which addresses the owner allows.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The hosts that requests go to.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Whether the provider stores the address that it sees while the source is a device.
    pub fn is_seen(&self, family: Family) -> bool {
        self.seen.contains(&family)
    }

    /// The device with the addresses of `family`, if the source is a device or logical interface.
    ///
    /// # Errors
    /// Why there is no such device.
    pub fn scope<'a>(
        &'a self,
        family: Family,
        facts: &'a NetworkView,
        choices: &'a LineChoices,
    ) -> Result<DeviceScope<'a>, NoAddress> {
        let choice = of_family(choices, family);
        match self.source(family) {
            FamilySource::Lines(lines) => choice.line_scope(lines, family, facts),
            FamilySource::Route(mark) => choice.route_scope(*mark, family, facts),
            FamilySource::Device(name) => Ok(DeviceScope::device(name)),
            FamilySource::Network(name) => facts.scope(name),
            FamilySource::NetworkV6 { v4, v6 } => facts.scope_v6(v4, v6),
            FamilySource::Web | FamilySource::Script | FamilySource::Gateway => {
                Err(NoAddress::not_asked())
            }
        }
    }

    /// The source of the addresses of `family`.
    fn source(&self, family: Family) -> &FamilySource {
        of_family(&self.sources, family)
    }

    /// Adds the questions to the kernel about ways to hosts.
    fn add_asks(&self, facts: &NetworkView, choices: &LineChoices, asks: &mut Vec<Ask>) {
        let Ok(device) = self.bound(facts) else { return };
        let device = device.as_deref();
        // Name servers are reached like any host of the internet.
        facts.book.add_asks(&anywhere(), self.over, device, asks);
        for host in &self.hosts {
            facts.book.add_asks(host, self.over, device, asks);
        }
        for &family in &self.families {
            self.add_line_asks(family, facts, of_family(choices, family), asks);
        }
        // The provider stores the address that a request comes from, so the device of the address has to lead there.
        for &family in &self.seen {
            let Ok(scope) = self.scope(family, facts, choices) else { continue };
            for host in &self.hosts {
                facts.book.add_asks(host, Some(family), Some(scope.device), asks);
            }
        }
        if let FamilySource::Gateway = self.source(Family::V4) {
            facts.book.add_asks(&anywhere(), Some(Family::V4), device, asks);
        }
        // A page sees the address of the family over which it is asked, so each family needs a way of its own.
        for host in &self.askable {
            for &family in &self.families {
                facts.book.add_asks(host, Some(family), device, asks);
            }
        }
    }

    /// The device of `bind_network`, which requests must leave through; `None` if the option is not set.
    fn bound(&self, facts: &NetworkView) -> Result<Option<String>, SendBlock> {
        let Some(name) = &self.device else {
            return Ok(None);
        };
        let device = match facts.device(name) {
            Ok(device) => device,
            Err(reason) if reason.kind == Kind::NoSuchInterface => {
                // The proposed device is one for `ip_network`, and not for `bind_network`.
                let plain = name.strip_prefix('@').unwrap_or(name);
                let reason = NoAddress::no_such_interface(plain, None);
                return Err(SendBlock::no_device(&reason));
            }
            Err(reason) => return Err(SendBlock::no_device(&reason)),
        };
        match facts.book.link(device) {
            Some(link) => Ok(Some(link.name.clone())),
            None => Err(SendBlock::no_device(&NoAddress::no_device(device))),
        }
    }

    /// The device that a request for a record of `family` must leave through; `None` if any will do.
    fn way(
        &self,
        family: Family,
        bound: &Result<Option<String>, SendBlock>,
        facts: &NetworkView,
        choices: &LineChoices,
    ) -> Result<Option<String>, SendBlock> {
        let device = bound.clone()?;
        let is_seen = self.is_seen(family);
        if self.follows_line
            && !is_seen
            && let Some(way) = self.way_of_line(family, facts, of_family(choices, family))
        {
            return way.map(Some);
        }
        if is_seen && let Ok(scope) = self.scope(family, facts, choices) {
            return self.way_from(scope.device, family, facts);
        }
        // The request names the address itself, or there is none to send: the routes decide by which device it
        // leaves.
        match closed(&self.hosts, self.over, device.as_deref(), facts) {
            None => Ok(device),
            Some(why) => Err(SendBlock::no_route(&why)),
        }
    }

    /// The device that a request must leave through if the provider stores the address that it sees, and `device` has
    /// the address; `None` if any will do.
    fn way_from(
        &self,
        device: &str,
        family: Family,
        facts: &NetworkView,
    ) -> Result<Option<String>, SendBlock> {
        let Some(why) = closed(&self.hosts, Some(family), Some(device), facts) else {
            return Ok(Some(device.to_owned()));
        };
        match closed(&self.hosts, Some(family), None, facts) {
            // The device leads to no provider, such as a LAN bridge with a public IPv6 address. The request leaves
            // from that address over another device.
            None if family == Family::V6 => Ok(None),
            // An IPv4 request over another line leaves from that line's address, and the provider stores that.
            None => Err(SendBlock::no_route_from(&why)),
            Some(why) => Err(SendBlock::no_route(&why)),
        }
    }

    fn desired(
        &self,
        family: Family,
        facts: &NetworkView,
        choices: &LineChoices,
        current: Option<IpAddr>,
    ) -> Desired {
        if self.source(family).is_asked() || !facts.book.addresses_known() {
            return Desired::Unknown;
        }
        match self.scope(family, facts, choices) {
            Ok(scope) => select::from_device(&facts.book, &scope, family, self.policy, current),
            // netifd, or a line, may have a device in a moment.
            Err(why) if matches!(why.kind, Kind::NetifdAsked | Kind::Awaited) => Desired::Unknown,
            Err(why) => Desired::Nothing(why),
        }
    }

    /// The uplink of a `gateway` source.
    fn uplink(
        &self,
        bound: &Result<Option<String>, SendBlock>,
        facts: &NetworkView,
    ) -> Option<Uplink> {
        let is_gateway = matches!(self.source(Family::V4), FamilySource::Gateway);
        // While the kernel is asked, the default route would seem to have gone, and each loss would cause a
        // question.
        if !is_gateway || !facts.book.complete() {
            return None;
        }
        let device = bound.as_ref().ok()?.as_deref();
        let mut asks = Vec::new();
        facts.book.add_asks(&anywhere(), Some(Family::V4), device, &mut asks);
        Some(facts.book.uplink(asks.first()?))
    }

    /// Why the source cannot be asked over `family`.
    fn cannot_ask(
        &self,
        family: Family,
        bound: &Result<Option<String>, SendBlock>,
        facts: &NetworkView,
    ) -> Option<String> {
        let source = self.source(family);
        if let FamilySource::Script = source {
            return None;
        }
        let device = match bound {
            Ok(device) => device.as_deref(),
            Err(block) => return Some(block.text().to_owned()),
        };
        if let FamilySource::Gateway = source {
            return facts.book.closed(&anywhere(), Some(family), device);
        }
        closed(&self.askable, Some(family), device, facts)
    }

    fn answer(
        &self,
        family: Family,
        bound: &Result<Option<String>, SendBlock>,
        (facts, choices): (&NetworkView, &LineChoices),
        current: Option<IpAddr>,
    ) -> FamilyAnswer {
        let cannot_ask = self.cannot_ask(family, bound, facts);
        let can_ask = cannot_ask.is_none();
        let is_certain = facts.book.complete()
            && !matches!(bound, Err(block) if block.kind == BlockKind::NetifdAsked);
        FamilyAnswer {
            desired: self.desired(family, facts, choices, current),
            way: self.way(family, bound, facts, choices),
            can_ask,
            cannot_ask: if is_certain { cannot_ask } else { None },
        }
    }

    /// Whether name servers can be reached.
    fn reaches_dns(&self, bound: &Result<Option<String>, SendBlock>, facts: &NetworkView) -> bool {
        let Ok(device) = bound else { return false };
        // Which name servers a zone has is known only after the first answer, so the way to the internet stands for
        // theirs.
        facts.book.complete() && facts.book.reaches(&anywhere(), self.over, device.as_deref())
    }

    /// The usable ways to the hosts. `before` are those of the last time.
    fn steps(
        &self,
        facts: &NetworkView,
        choices: &LineChoices,
        before: Option<&Set<Step>>,
    ) -> Set<Step> {
        let mut asks = Vec::new();
        self.add_asks(facts, choices, &mut asks);
        let mut steps = Set::default();
        for ask in &asks {
            if let Some(before) = before
                && facts.book.lacks_source(ask)
            {
                // The line has no address for a moment, because its address changes. It is still the same
                // network, so its earlier ways stay.
                steps.extend(before.iter().filter(|step| step.0 == ask.family).copied());
            }
            steps.extend(facts.book.steps(ask));
        }
        steps
    }

    /// The device and the addresses of the event network; `None` if there is none, or while it is unknown.
    fn event_network(&self, facts: &NetworkView) -> Option<(Option<String>, Set<IpAddr>)> {
        let name = self.event_network.as_deref()?;
        if !facts.book.addresses_known() || facts.netifd == NetifdState::Asking {
            return None;
        }
        // A network that is down has neither device nor address: that it goes down and comes up are two changes.
        let device = facts.device(name).ok();
        let mut addresses = Set::new();
        if let Some(link) = device.and_then(|device| facts.book.link(device)) {
            for known in facts.book.addresses(link.index) {
                addresses.insert(known.address.address);
            }
        }
        Some((device.map(str::to_owned), addresses))
    }
}

impl Viewpoint {
    /// Questions without answers yet. `steps` are the usable ways before a reload, and `before` those viewpoints.
    pub fn new(needs: Needs, steps: Option<Set<Step>>, before: &[Self]) -> Self {
        let same = before.iter().find(|view| view.needs == needs);
        // Another section may have the same lines, and reach its provider by others of them.
        let similar = before.iter().find(|view| view.needs.sources == needs.sources);
        let choices = same.or(similar).map(|view| view.choices.clone());
        Self {
            choices: choices.unwrap_or_default(),
            due: None,
            needs,
            members: Vec::new(),
            answers: Answers { steps, ..Answers::unknown() },
            links: Vec::new(),
            // On which devices the answers depend is known only once there are answers.
            depends_on_all: true,
        }
    }

    /// Whether the answers may change with the addresses of one of `links`.
    pub fn depends_on(&self, links: &[IfIndex]) -> bool {
        self.depends_on_all || self.links.iter().any(|link| links.contains(link))
    }

    /// The device with the addresses of `family`: see [`Needs::scope`].
    ///
    /// # Errors
    /// Why there is no such device.
    pub fn scope<'a>(
        &'a self,
        family: Family,
        facts: &'a NetworkView,
    ) -> Result<DeviceScope<'a>, NoAddress> {
        self.needs.scope(family, facts, &self.choices)
    }

    /// Adds the questions to the kernel about ways to hosts.
    pub fn add_asks(&self, facts: &NetworkView, asks: &mut Vec<Ask>) {
        self.needs.add_asks(facts, &self.choices, asks);
    }

    /// Renews the answers. `current` is the address of each family that is kept if the rules of selection
    /// allow, and `hosts` that of each host. Returns whether an answer has changed.
    pub fn ask(
        &mut self,
        facts: &NetworkView,
        current: [Option<IpAddr>; 2],
        hosts: &[Option<Ipv6Addr>],
    ) -> bool {
        let needs = &self.needs;
        let choices = &self.choices;
        let bound = needs.bound(facts);
        let before = &self.answers;
        let steps = match facts.book.complete() {
            true => Some(needs.steps(facts, choices, before.steps.as_ref())),
            // Unfinished answers would look like a network that went away.
            false => before.steps.clone(),
        };
        let event_network = needs.event_network(facts);
        let uplink = needs.uplink(&bound, facts);
        let answers = Answers {
            v4: needs.answer(Family::V4, &bound, (facts, choices), current[0]),
            v6: needs.answer(Family::V6, &bound, (facts, choices), current[1]),
            reaches_dns: needs.reaches_dns(&bound, facts),
            bound,
            standing: gate::standing(&needs.gates, facts),
            is_complete: facts.book.complete() && facts.netifd != NetifdState::Asking,
            steps,
            // An unknown event network is no change, so the last known one stays.
            event_network: event_network.or_else(|| before.event_network.clone()),
            lan: LanAnswers::of(&needs.lan, needs.policy, facts, hosts, &before.lan),
            uplink: uplink.or_else(|| before.uplink.clone()),
        };
        self.note_links(&answers, facts);
        let has_changed = answers != self.answers;
        self.answers = answers;
        has_changed
    }

    /// Notes the devices whose addresses `answers` depend on.
    fn note_links(&mut self, answers: &Answers, facts: &NetworkView) {
        let mut depends_on_all = self.needs.depends_on_all_links();
        let mut devices = Vec::new();
        let mut note = |scope: Result<DeviceScope<'_>, NoAddress>| match scope {
            Ok(scope) => devices.push(scope.device.to_owned()),
            // The message proposes a device with an address, so any device may change it.
            Err(why) => depends_on_all |= why.kind == Kind::NoSuchInterface,
        };
        note(self.scope(Family::V4, facts));
        note(self.scope(Family::V6, facts));
        if !self.needs.lan.hosts.is_empty() {
            note(facts.scope(&self.needs.lan.network));
        }
        if let Some((Some(device), _)) = &answers.event_network {
            devices.push(device.clone());
        }
        self.depends_on_all = depends_on_all;
        self.links.clear();
        for device in &devices {
            self.links.extend(facts.book.link(device).map(|link| link.index));
        }
        // Another lease over the same gateway may mean that the gateway has another address, too.
        self.links.extend(answers.gateway().map(|gateway| gateway.link));
    }
}

/// Whether requests must leave from the published address, because the provider stores the address that it
/// sees. A host in the local network sees a private address, so this cannot be meant.
fn is_seen(spec: &Section, hosts: &[Host], family: Family) -> bool {
    let transport = &spec.transport;
    let is_bound = transport.device.is_some() || transport.proxy.is_some();
    let is_other_family = transport.family.is_some_and(|over| over != family);
    !spec.source.is_asked(family)
        && !is_bound
        && !is_other_family
        && !hosts.iter().any(is_local)
        && provider::takes_seen_address(&spec.provider, family)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Address(address) => address::not_public(*address).is_some(),
        // Only the worker resolves names.
        Host::Name(_) => false,
    }
}

/// The entry for `family` of a pair for IPv4 and IPv6.
fn of_family<T>([v4, v6]: &[T; 2], family: Family) -> &T {
    match family {
        Family::V4 => v4,
        Family::V6 => v6,
    }
}

/// Why no request to any of `hosts` can leave; `None` if one can.
fn closed(
    hosts: &[Host],
    family: Option<Family>,
    device: Option<&str>,
    facts: &NetworkView,
) -> Option<String> {
    let mut reasons = Vec::new();
    for host in hosts {
        // One host that can be reached is enough: `?` returns `None` for it.
        reasons.push(facts.book.closed(host, family, device)?);
    }
    // Often all hosts are out of reach for one reason, such as a device that is down.
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
        None => vec![v4.host().to_owned(), v6.host().to_owned()],
    }
}
