//! The book of facts: what the kernel said and has not taken back.
//!
//! Facts are kept, not judged: a tentative address is here with its flag. A dump is a mark and
//! sweep: [`Report::DumpBegin`] starts a new generation, every message stamps its fact with it, and
//! [`Report::DumpEnd`] drops what was not stamped, so that a deletion that was lost is noticed.
//! From a loss until the end of the next dump a table is *unknown*, which is not *empty*.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::config::{Family, Host};
use crate::netlink::{Address, AddressFlags, IfIndex, Link, Message, Report, Route, Table};
use crate::sorted::{Map, Set};

/// Ends of lifetimes that are no further apart are the same.
const ROUNDING: Duration = Duration::from_secs(2);

/// An address with what its message could not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The kernel's words.
    pub address: Address,
    /// When it first appeared in a notification; `None` if it was there before us.
    pub appeared: Option<Duration>,
    /// Lower comes first in the kernel's own list of IPv4 addresses; of no meaning for IPv6.
    pub order: u32,
    /// Until when it is preferred, counted since boot; `None` = for ever.
    pub preferred_until: Option<Duration>,
}

/// What tells two addresses of the kernel apart. IPv4: the device, the address, the prefix length and
/// the other end, as one address may lead to several peers (`__inet_insert_ifa`). IPv6: the device and
/// the address, whose other end may change (`inet6_addr_modify`).
type AddressKey = (IfIndex, IpAddr, u8, IpAddr);

#[derive(Clone, Copy, Debug, Default)]
struct TableState {
    generation: u32,
    known: bool,
    dumping: bool,
    /// Doubt arose during the dump: it may have listed what is gone, another one follows.
    doubted: bool,
}

/// What is known of devices, addresses and routes.
#[derive(Clone, Debug, Default)]
pub struct Book {
    links: Map<IfIndex, (u32, Link)>,
    addresses: Map<AddressKey, (u32, Known)>,
    routes: Map<Route, u32>,
    interesting: Set<IpAddr>,
    tables: [TableState; 3],
    /// Addresses that went away and were not asked for yet.
    gone: Vec<IpAddr>,
    appearances: u32,
}

impl Book {
    /// Takes in one report. Returns whether selections and gates must be looked at again.
    #[must_use]
    pub fn apply(&mut self, report: Report, now: Duration) -> bool {
        match report {
            Report::Message(message) => self.message(message, now),
            Report::DumpBegin(table) => {
                let state = self.state_mut(table);
                state.generation = state.generation.wrapping_add(1);
                state.dumping = true;
                state.doubted = false;
                false
            }
            Report::DumpEnd(table) => self.sweep(table),
            Report::InDoubt(table) => {
                let state = self.state_mut(table);
                state.known = false;
                // A dump that is going on may have passed what changed.
                state.doubted = state.dumping;
                true
            }
            Report::Lost => {
                for state in &mut self.tables {
                    *state = TableState { known: false, dumping: false, doubted: false, ..*state };
                }
                true
            }
        }
    }

    /// The addresses that went away since this was asked last, and are not somewhere else now.
    pub fn take_gone(&mut self) -> Vec<IpAddr> {
        let mut gone = std::mem::take(&mut self.gone);
        gone.retain(|address| !self.addresses.keys().any(|key| key.1 == *address));
        gone
    }

    /// Sets the addresses of hosts whose routes matter besides default routes. Routes that were
    /// not kept so far are missing until the next dump.
    pub fn set_interesting(&mut self, addresses: Set<IpAddr>) {
        self.interesting = addresses;
    }

    /// Whether links and addresses are known, so that absence means something.
    pub fn addresses_known(&self) -> bool {
        self.state(Table::Links).known && self.state(Table::Addresses).known
    }

    /// Whether all tables are known.
    pub fn complete(&self) -> bool {
        self.tables.iter().all(|table| table.known)
    }

    /// The device of this name, if it is there now; an alternative name will do.
    pub fn link(&self, name: &str) -> Option<&Link> {
        let called = |link: &&Link| link.name == name || link.other_names.iter().any(|n| n == name);
        self.links().find(called)
    }

    /// All devices, by index.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values().map(|(_, link)| link)
    }

    /// The addresses of a device, by address.
    pub fn addresses(&self, link: IfIndex) -> impl Iterator<Item = &Known> {
        let of_link = self.addresses.iter().filter(move |(key, _)| key.0 == link);
        of_link.map(|(_, (_, known))| known)
    }

    /// The usable default routes, as far as they tell one network from another.
    pub fn default_routes(&self) -> Set<(Family, Option<IfIndex>, Option<IpAddr>)> {
        let defaults = self.routes.keys().filter(|r| is_default(r) && self.leads_out(r));
        defaults.map(|r| (r.family, r.link, r.gateway)).collect()
    }

    /// Whether a request to `host` can leave: a usable route leads there, over `family` and
    /// `device` where those are prescribed, and there is an address to send from.
    pub fn reaches(&self, host: &Host, family: Option<Family>, device: Option<&str>) -> bool {
        if !self.state(Table::Routes).known || !self.addresses_known() {
            return false;
        }
        self.routes.keys().any(|route| {
            family.is_none_or(|f| f == route.family)
                && self.leads_out(route)
                && device.is_none_or(|name| self.is_device(route.link, name))
                && match host {
                    Host::Name(_) => is_default(route) && self.can_send(route.family),
                    Host::Address(to) => {
                        covers(route, *to) && (route.prefix_len != 0 || self.can_send(route.family))
                    }
                }
        })
    }

    fn message(&mut self, message: Message, now: Duration) -> bool {
        match message {
            Message::NewLink(link) => self.new_link(link),
            Message::DelLink(index) => self.del_link(index),
            Message::NewAddress(address) => self.new_address(address, now),
            Message::DelAddress(address) => {
                let removed = self.addresses.remove(&key(&address)).is_some();
                self.gone.extend(removed.then_some(address.address));
                removed
            }
            Message::NewRoute(route) => self.new_route(route),
            Message::DelRoute(route) => {
                let before = self.routes.len();
                self.routes.retain(|known, _| !same_route(known, &route));
                self.routes.len() != before
            }
        }
    }

    fn new_link(&mut self, link: Link) -> bool {
        let generation = self.state(Table::Links).generation;
        let news = self.links.get(&link.index).map(|(_, old)| old) != Some(&link);
        // A name belongs to one device: a stale holder is one whose deletion was missed.
        self.links.retain(|&index, (_, known)| index == link.index || known.name != link.name);
        self.links.insert(link.index, (generation, link));
        news
    }

    fn del_link(&mut self, index: IfIndex) -> bool {
        let before = self.size();
        self.links.remove(&index);
        self.keep_addresses(|key, _| key.0 != index);
        self.routes.retain(|route, _| route.link != Some(index));
        self.size() != before
    }

    /// Returns whether it says anything new: lifetimes that only count down do not.
    fn new_address(&mut self, address: Address, now: Duration) -> bool {
        let state = self.state(Table::Addresses);
        let key = key(&address);
        let preferred_until =
            until(now, address.preferred).map(|until| self.steady(address.link, until));
        self.appearances = self.appearances.wrapping_add(1);
        let order = self.appearances;
        if let Some((stamp, known)) = self.addresses.get_mut(&key) {
            let flags_changed = known.address.flags != address.flags;
            let scope_changed = known.address.scope != address.scope;
            let longer = known.preferred_until != preferred_until;
            // A dump lists in the kernel's order, and a secondary address that becomes primary moves
            // behind the other primary ones.
            let listed = state.dumping && *stamp != state.generation;
            let promoted = is_secondary(&known.address) && !is_secondary(&address);
            if listed || promoted {
                known.order = order;
            }
            *stamp = state.generation;
            known.preferred_until = preferred_until;
            known.address = address;
            return flags_changed || scope_changed || longer;
        }
        let appeared = (state.known && !state.dumping).then_some(now);
        let known = Known { address, appeared, order, preferred_until };
        self.addresses.insert(key, (state.generation, known));
        true
    }

    /// `until`, or the end of another lifetime on the device that is the same but for rounding: the
    /// kernel counts in whole seconds, and messages of one router advertisement come in turn.
    fn steady(&self, link: IfIndex, until: Duration) -> Duration {
        self.addresses(link)
            .filter_map(|known| known.preferred_until)
            .find(|known| known.abs_diff(until) <= ROUNDING)
            .unwrap_or(until)
    }

    fn new_route(&mut self, route: Route) -> bool {
        let wanted = is_default(&route) || self.interesting.iter().any(|&a| covers(&route, a));
        if !wanted {
            return false;
        }
        let generation = self.state(Table::Routes).generation;
        self.routes.insert(route, generation).is_none()
    }

    fn sweep(&mut self, table: Table) -> bool {
        let state = self.state_mut(table);
        if !state.dumping {
            // A dump in which something was lost: the one that follows will tell.
            return false;
        }
        let (generation, was_known) = (state.generation, state.known);
        state.known = !state.doubted;
        state.dumping = false;
        let before = self.size();
        match table {
            Table::Links => self.links.retain(|_, (stamp, _)| *stamp == generation),
            Table::Addresses => self.keep_addresses(|_, stamp| stamp == generation),
            Table::Routes => self.routes.retain(|_, stamp| *stamp == generation),
        }
        !was_known || self.size() != before
    }

    fn keep_addresses(&mut self, keep: impl Fn(&AddressKey, u32) -> bool) {
        let gone = &mut self.gone;
        self.addresses.retain(|key, (stamp, _)| {
            let kept = keep(key, *stamp);
            gone.extend((!kept).then_some(key.1));
            kept
        });
    }

    fn size(&self) -> usize {
        self.links.len() + self.addresses.len() + self.routes.len()
    }

    /// Whether packets that take this route leave the router (or stay in it, for local routes).
    fn leads_out(&self, route: &Route) -> bool {
        let link_works = |index| self.links.get(&index).is_some_and(|(_, l)| l.up && l.carrier);
        route.usable && route.link.is_none_or(link_works)
    }

    fn is_device(&self, index: Option<IfIndex>, name: &str) -> bool {
        index.and_then(|i| self.links.get(&i)).is_some_and(|(_, link)| link.name == name)
    }

    /// Whether there is an address of `family` to send from: connecting from one that is still
    /// tentative fails with `EADDRNOTAVAIL`.
    fn can_send(&self, family: Family) -> bool {
        self.addresses.values().any(|(_, known)| {
            let address = &known.address;
            let pending = AddressFlags::TENTATIVE | AddressFlags::DADFAILED;
            let ready = !address.flags.has(pending) || address.flags.has(AddressFlags::OPTIMISTIC);
            let link_local =
                matches!(address.address, IpAddr::V6(v6) if v6.is_unicast_link_local());
            Family::of(address.address) == family
                && ready
                && !link_local
                && !address.address.is_loopback()
        })
    }

    fn state(&self, table: Table) -> TableState {
        self.tables[slot(table)]
    }

    fn state_mut(&mut self, table: Table) -> &mut TableState {
        &mut self.tables[slot(table)]
    }
}

fn slot(table: Table) -> usize {
    match table {
        Table::Links => 0,
        Table::Addresses => 1,
        Table::Routes => 2,
    }
}

fn key(address: &Address) -> AddressKey {
    let Address { link, address: own, peer, prefix_len, .. } = *address;
    match own {
        IpAddr::V4(_) => (link, own, prefix_len, peer),
        IpAddr::V6(_) => (link, own, 0, own),
    }
}

/// Whether it is an IPv4 address that another one of its subnet was there before.
pub(super) fn is_secondary(address: &Address) -> bool {
    address.address.is_ipv4() && address.flags.has(AddressFlags::SECONDARY_OR_TEMPORARY)
}

fn until(now: Duration, seconds: u32) -> Option<Duration> {
    (seconds != u32::MAX).then(|| now + Duration::from_secs(seconds.into()))
}

/// A deletion names its route by destination, table, metric and next hop; the kernel leaves out or
/// changes other attributes (a dead route's flags), so those are not compared.
fn same_route(a: &Route, b: &Route) -> bool {
    (a.family, a.destination, a.prefix_len, a.source, a.table, a.metric, a.link, a.gateway)
        == (b.family, b.destination, b.prefix_len, b.source, b.table, b.metric, b.link, b.gateway)
}

/// Whether a route leads to the internet: the default route, or one of the few that some have in its
/// place, `0.0.0.0/1` with `128.0.0.0/1`, or `2000::/3`, which is all that is global (RFC 4291).
fn is_default(route: &Route) -> bool {
    const GLOBAL: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0));
    match route.family {
        Family::V4 => route.prefix_len <= 1,
        Family::V6 => route.prefix_len <= 3 && covers(route, GLOBAL),
    }
}

/// Whether `route`'s destination prefix contains `address`.
fn covers(route: &Route, address: IpAddr) -> bool {
    match (route.destination, address) {
        (IpAddr::V4(net), IpAddr::V4(a)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(route.prefix_len)).unwrap_or(0);
            (u32::from(net) ^ u32::from(a)) & mask == 0
        }
        (IpAddr::V6(net), IpAddr::V6(a)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(route.prefix_len)).unwrap_or(0);
            (u128::from(net) ^ u128::from(a)) & mask == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}
