//! The addresses of hosts in the local network: a pure function of the network's prefixes and of what was seen
//! of the hosts.
//!
//! The rules, one sentence each; `engine/tests/host.rs` has a case for each:
//!
//! 1. A prefix is that of an IPv6 address of the hosts' network: its logical interface or device. So the kernel
//!    and netifd know it, and the prefix of the line to the provider does not count.
//! 2. A deprecated prefix is never taken. A prefix is taken even while the router's own address in it is
//!    tentative, because the hosts have the prefix already.
//! 3. A prefix that is not public is taken only with `upd_privateip`, and only if there is no public one.
//! 4. A prefix that netifd has assigned out of a delegated one comes before one that the owner has written.
//! 5. Of several prefixes the one with the longest preferred lifetime is taken. The one in use stays, until
//!    another appears that is preferred for longer, or has more than twice its time left.
//! 6. The address of a host with a suffix is the prefix and the suffix.
//! 7. Of a hardware address these are taken, the first that there is: its EUI-64 address, if one was seen; an
//!    address of a lease; an address that was seen; its EUI-64 address.
//! 8. The address that is published stays, until one appears that comes earlier in rule 7. Temporary addresses
//!    look like any other, so the newest is never taken for being new.
//! 9. A host that was seen with another identifier than its EUI-64 has no address in a new prefix until it is
//!    seen there.

use std::net::{IpAddr, Ipv6Addr};

use super::book::AddressEntry;
use super::network::NetworkView;
use super::no_address::{Desired, Kind, NoAddress, Rejection};
use super::scope::AddressOwnership;
use super::select::{self, Policy};
use super::sightings::{Clues, Sightings, is_eui64};
use crate::config::host::{Identity, Lan};
use crate::model::mac::{Mac, joined};
use crate::model::{Family, address};

/// A prefix of the hosts' network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The address that the router has in it.
    pub router: Ipv6Addr,
    /// How many bits it has.
    pub length: u8,
    /// The device of the network.
    pub device: String,
}

/// Where the address of a host comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The owner's suffix, here or in `/etc/config/dhcp`.
    Suffix,
    /// The EUI-64 of the hardware address. The neighbour table has shown the host's EUI-64, here or in another prefix.
    SeenEui64,
    /// A lease.
    Lease,
    /// The neighbour table has shown it for the hardware address, now or before a restart.
    Neighbour,
    /// The EUI-64 of the hardware address. Nothing has been seen of the host.
    Eui64,
}

/// The address of a host, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAnswer {
    /// The address.
    pub desired: Desired,
    /// Where it comes from.
    pub origin: Option<Origin>,
}

/// The answers about the hosts of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanAnswers {
    /// The prefix, or why there is none.
    pub prefix: Result<Prefix, Desired>,
    /// One for each host, in the order of the configuration.
    pub hosts: Vec<HostAnswer>,
}

impl Prefix {
    /// Whether `address` is in the prefix, or in the same /64 if the prefix is shorter: a shorter one may have
    /// several networks.
    pub fn holds(&self, address: Ipv6Addr) -> bool {
        is_same_network(self.router, address, self.length)
    }
}

impl LanAnswers {
    /// The answers before the first report of the kernel.
    pub fn unknown() -> Self {
        Self { prefix: Err(Desired::Unknown), hosts: Vec::new() }
    }

    /// The answers about the hosts of `lan`. `current` are the addresses that they have now.
    pub fn of(
        lan: &Lan,
        policy: Policy,
        facts: &NetworkView,
        current: &[Option<Ipv6Addr>],
        before: &Self,
    ) -> Self {
        if lan.hosts.is_empty() {
            return Self::unknown();
        }
        let used = before.prefix.as_ref().ok().map(|prefix| prefix.router);
        // After a restart only the published addresses tell which prefix was in use.
        let used = used.or_else(|| current.iter().find_map(|current| *current));
        let prefix = prefix(facts, &lan.network, policy, used);
        let mut hosts = Vec::new();
        for (index, host) in lan.hosts.iter().enumerate() {
            let current = current.get(index).copied().flatten();
            hosts.push(match &prefix {
                Ok(prefix) => host_address(&host.identity, prefix, &facts.sightings, current),
                Err(desired) => HostAnswer { desired: desired.clone(), origin: None },
            });
        }
        Self { prefix, hosts }
    }
}

/// The prefix that the hosts of `network` use (rules 1 to 5). `used` is an address in the one that is in use.
fn prefix(
    facts: &NetworkView,
    network: &str,
    policy: Policy,
    used: Option<Ipv6Addr>,
) -> Result<Prefix, Desired> {
    if !facts.book.addresses_known() {
        return Err(Desired::Unknown);
    }
    let scope = match facts.scope(network) {
        Ok(scope) => scope,
        // netifd may name a device in a moment.
        Err(why) if why.kind == Kind::NetifdAsked => return Err(Desired::Unknown),
        Err(why) => return Err(Desired::Nothing(why)),
    };
    let device = scope.device;
    let Some(link) = facts.book.link(device) else {
        return Err(Desired::Nothing(NoAddress::no_device(device)));
    };
    let mut usable = Vec::new();
    let mut refused = None;
    for known in facts.book.addresses(link.index) {
        match judge(known, policy, &scope.claims) {
            Verdict::Usable(router) => usable.push((router, known)),
            Verdict::Refused(why) => refused = Some((known.address.address, why)),
            Verdict::NoPrefix => {}
        }
    }
    match (choose(&usable, &scope.claims, used), refused) {
        (Some((router, known)), _) => {
            Ok(Prefix { router, length: known.address.prefix_len, device: device.to_owned() })
        }
        (None, Some((address, why))) => Err(Desired::Nothing(NoAddress::refused(address, why))),
        (None, None) => Err(Desired::Nothing(NoAddress::none_there(device, Family::V6))),
    }
}

/// Whether an address of the router tells a prefix that can be used.
enum Verdict {
    Usable(Ipv6Addr),
    Refused(Rejection),
    /// It has nothing to do with hosts: it is an IPv4 or link-local address, or has no prefix.
    NoPrefix,
}

fn judge(known: &AddressEntry, policy: Policy, claims: &AddressOwnership<'_>) -> Verdict {
    let address = known.address.address;
    let IpAddr::V6(router) = address else { return Verdict::NoPrefix };
    if known.address.prefix_len > 127 || address::never_publishable(address).is_some() {
        return Verdict::NoPrefix;
    }
    if select::is_deprecated(known) {
        return Verdict::Refused(Rejection::Deprecated);
    }
    if let Some(range) = address::not_public(address)
        && !policy.private
    {
        return Verdict::Refused(Rejection::NotPublic(range));
    }
    if claims.excludes(address) {
        return Verdict::Refused(Rejection::OtherNetwork);
    }
    Verdict::Usable(router)
}

/// A prefix that can be used: the router's address in it, and all about that address.
type Usable<'a> = (Ipv6Addr, &'a AddressEntry);

/// The best of the usable prefixes (rules 3 to 5).
fn choose<'a>(
    usable: &[Usable<'a>],
    claims: &AddressOwnership<'_>,
    used: Option<Ipv6Addr>,
) -> Option<Usable<'a>> {
    let rank = |known: &AddressEntry| (class(known, claims), select::order(known));
    let mut best = *usable.first()?;
    for other in usable {
        if rank(other.1) < rank(best.1) {
            best = *other;
        }
    }
    let Some(used) = used else { return Some(best) };
    for held in usable {
        let (router, known) = *held;
        let is_used = is_same_network(router, used, known.address.prefix_len);
        if is_used && class(known, claims) == class(best.1, claims) {
            return Some(if select::displaces(best.1, known) { best } else { *held });
        }
    }
    Some(best)
}

/// Rules 3 and 4: lower is better.
fn class(known: &AddressEntry, claims: &AddressOwnership<'_>) -> (bool, bool) {
    let address = known.address.address;
    (address::not_public(address).is_some(), !claims.is_assigned(address))
}

fn is_same_network(a: Ipv6Addr, b: Ipv6Addr, length: u8) -> bool {
    joined(a, b, length.max(64)) == b
}

/// The address of a host in `prefix` (rules 6 to 9). `current` is the one that it has now.
fn host_address(
    identity: &Identity,
    prefix: &Prefix,
    sightings: &Sightings,
    current: Option<Ipv6Addr>,
) -> HostAnswer {
    let clues = sightings.clues(identity);
    if let Some((bits, length)) = clues.suffix {
        return found(joined(prefix.router, bits, length), Origin::Suffix);
    }
    if !sightings.is_complete() {
        return HostAnswer { desired: Desired::Unknown, origin: None };
    }
    let mut candidates = Vec::new();
    for mac in &clues.macs {
        add_seen(*mac, sightings.neighbour(*mac), prefix, current, &mut candidates);
    }
    for leased in sightings.leased(&clues) {
        if prefix.holds(leased) {
            candidates.push((Origin::Lease, leased));
        }
    }
    best(&candidates, current.filter(|current| prefix.holds(*current)), &clues)
}

/// Adds the addresses in `prefix` of a host with this hardware address (rules 7 and 9). `seen` are all addresses that
/// the neighbour table has shown for it, and `current` is the address that the host has now.
fn add_seen(
    mac: Mac,
    seen: &[Ipv6Addr],
    prefix: &Prefix,
    current: Option<Ipv6Addr>,
    candidates: &mut Vec<(Origin, Ipv6Addr)>,
) {
    let eui64 = mac.eui64(prefix.router);
    // A host that uses its EUI-64 in one prefix uses it in all.
    let mut is_used = false;
    for &address in seen {
        is_used |= is_eui64(address, mac);
        if prefix.holds(address) {
            let is_it = address == eui64;
            let origin = if is_it { Origin::SeenEui64 } else { Origin::Neighbour };
            candidates.push((origin, address));
        }
    }
    // One that was seen, but never with it, chooses its identifiers itself (RFC 7217).
    let may_use = match current {
        Some(current) => is_eui64(current, mac),
        None => seen.is_empty(),
    };
    if prefix.length <= 64 && (is_used || may_use) {
        let origin = if is_used { Origin::SeenEui64 } else { Origin::Eui64 };
        candidates.push((origin, eui64));
    }
}

/// The first of the candidates by rule 7, or the current address by rule 8.
fn best(candidates: &[(Origin, Ipv6Addr)], current: Option<Ipv6Addr>, clues: &Clues) -> HostAnswer {
    let first = candidates.iter().min_by_key(|(origin, _)| *origin);
    if let Some(current) = current {
        let mut known = candidates.iter().filter(|(_, address)| *address == current);
        // Seen before a restart, or by a lease that is over.
        let held = known.next().map_or(Origin::Neighbour, |(origin, _)| *origin);
        if first.is_none_or(|(origin, _)| held <= *origin) {
            return found(current, held);
        }
    }
    match first {
        Some(&(origin, address)) => found(address, origin),
        None => {
            HostAnswer { desired: Desired::Nothing(NoAddress::host_not_seen(clues)), origin: None }
        }
    }
}

fn found(address: Ipv6Addr, origin: Origin) -> HostAnswer {
    HostAnswer { desired: Desired::Address(address.into()), origin: Some(origin) }
}
