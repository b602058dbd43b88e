//! Which address a record should hold: a total, pure function of the kernel's and netifd's reports.
//!
//! The policy, one sentence per rule; `tests` has a case for each:
//!
//! 1. Until the kernel's answer is complete, the answer is *unknown*, never *nothing*.
//! 2. A device is found by name; a device that is not there has no addresses.
//! 3. An address that is tentative, or that failed duplicate address detection, is never taken.
//! 4. A deprecated IPv6 address is never taken. A deprecated IPv4 address, which the kernel uses like
//!    any other, is taken where there is no other one.
//! 5. A temporary IPv6 address is taken only if asked for, and only where there is no stable one.
//! 6. Private, carrier-grade NAT, unique local, loopback and link-local addresses are refused
//!    unless the user allows them, and even then only if there is no public one. A link-local
//!    address of IPv6 is refused in any case. So is one of scope host or link.
//! 7. IPv4: the kernel's order decides: a primary address before a secondary one, the first before a
//!    later one. Lifetimes do not count, because a lease is renewed for as long as the line is up.
//! 8. IPv6: the longest preferred lifetime wins.
//! 9. IPv6: otherwise the lower address wins.
//! 10. IPv6: the address that is published stays while rules 3 to 6 still hold for it, until another
//!     appears that is preferred for longer, or has more than twice its time left: routers that
//!     refresh their prefixes in turn do not make the name flap.
//! 11. Where several logical interfaces share a device, an address that netifd lists for another
//!     interface is refused. An address that netifd lists for this interface wins over the router's
//!     address in a prefix assigned to it. Both win over an address that netifd does not list.

use std::cmp::Reverse;
use std::net::IpAddr;

use super::book::{AddressEntry, KernelTables, is_secondary};
pub use super::no_address::{Desired, NoAddress, Rejection};
use super::scope::{AddressOwnership, DeviceScope};
use crate::model::Family;
use crate::model::address;
use crate::proto::netlink::AddressFlags;
use crate::time::Duration;

/// `RT_SCOPE_LINK` of linux/rtnetlink.h; above it is only `RT_SCOPE_HOST`.
const SCOPE_LINK: u8 = 253;

/// Which addresses the owner allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Policy {
    /// `upd_privateip`.
    pub private: bool,
    /// `allow_temporary`.
    pub temporary: bool,
}

/// One address that was looked at, for `why` and `watch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address.
    pub address: IpAddr,
    /// The rule that refused it, if one did.
    pub rejection: Option<Rejection>,
}

/// The address of `family` at `place` that should be published; `current` is the one that is
/// published now.
pub fn from_device(
    book: &KernelTables,
    place: &DeviceScope<'_>,
    family: Family,
    policy: Policy,
    current: Option<IpAddr>,
) -> Desired {
    if !book.addresses_known() {
        return Desired::Unknown;
    }
    let DeviceScope { device, claims } = place;
    let Some(link) = book.link(device) else {
        return Desired::Nothing(NoAddress::no_device(device));
    };
    let mut usable = Vec::new();
    let mut refused = None;
    for known in book.addresses(link.index) {
        if Family::of(known.address.address) != family {
            continue;
        }
        match judge(known, policy, claims) {
            None => usable.push(known),
            Some(why) if refused.is_none() => refused = Some((known.address.address, why)),
            Some(_) => {}
        }
    }
    if let Some(best) = choose(&usable, claims, current) {
        return Desired::Address(best.address.address);
    }
    Desired::Nothing(match refused {
        Some((address, why)) => NoAddress::refused(address, why),
        None => NoAddress::none_there(device, family),
    })
}

/// Whether an address from a source that is asked may be published. `by` has told it; that is empty if the section
/// itself names the page or the script.
pub fn from_outside(address: IpAddr, by: &str, policy: Policy) -> Desired {
    let why = address::never_publishable(address)
        .or_else(|| address::not_public(address).filter(|_| !policy.private));
    match why {
        Some(range) if by.is_empty() => {
            Desired::Nothing(NoAddress::refused(address, Rejection::NotPublic(range)))
        }
        Some(range) => Desired::Nothing(NoAddress::refused_answer(by, address, range)),
        None => Desired::Address(address),
    }
}

/// Every address of `family` at `place` with its verdict, by address.
pub fn candidates(
    book: &KernelTables,
    place: &DeviceScope<'_>,
    family: Family,
    policy: Policy,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let Some(link) = book.link(place.device) else { return candidates };
    for known in book.addresses(link.index) {
        let address = known.address.address;
        if Family::of(address) == family {
            let rejection = judge(known, policy, &place.claims);
            candidates.push(Candidate { address, rejection });
        }
    }
    candidates
}

/// The first device with an address that `policy` allows; loopback addresses do not count.
pub fn device_with_address(book: &KernelTables, policy: Policy) -> Option<&str> {
    let usable = |known: &AddressEntry| {
        !known.address.address.is_loopback()
            && judge(known, policy, &AddressOwnership::default()).is_none()
    };
    let link = book.links().find(|link| book.addresses(link.index).any(usable))?;
    Some(&link.name)
}

/// The rule that refuses `known`, if one does (rules 3 to 6, and 11).
fn judge(known: &AddressEntry, policy: Policy, claims: &AddressOwnership<'_>) -> Option<Rejection> {
    let flags = known.address.flags;
    let address = known.address.address;
    // This comes first: an address whose detection failed keeps the flag of a tentative one as well.
    if flags.has(AddressFlags::DADFAILED) {
        return Some(Rejection::DadFailed);
    }
    if flags.has(AddressFlags::TENTATIVE) {
        return Some(Rejection::Tentative);
    }
    if address.is_ipv6() && is_deprecated(known) {
        return Some(Rejection::Deprecated);
    }
    if is_temporary(known) && !policy.temporary {
        return Some(Rejection::Temporary);
    }
    if let Some(range) = address::never_publishable(address) {
        return Some(Rejection::NotPublic(range));
    }
    match address::not_public(address) {
        Some(range) if !policy.private => return Some(Rejection::NotPublic(range)),
        // The kernel gives some of those ranges a smaller scope, which then does not count.
        Some(_) => {}
        None if known.address.scope >= SCOPE_LINK => return Some(Rejection::Scope),
        None => {}
    }
    if claims.excludes(address) { Some(Rejection::OtherNetwork) } else { None }
}

/// The best of the usable addresses (rules 4 to 11).
fn choose<'a>(
    usable: &[&'a AddressEntry],
    claims: &AddressOwnership<'_>,
    current: Option<IpAddr>,
) -> Option<&'a AddressEntry> {
    let best = first(usable, claims)?;
    let held = usable.iter().find(|known| Some(known.address.address) == current);
    // A public address replaces a private one at once. The published one stays only among equals.
    let Some(held) = held.filter(|held| class(held, claims) == class(best, claims)) else {
        return Some(best);
    };
    let mut rivals = usable.to_vec();
    rivals.retain(|known| class(known, claims) == class(held, claims) && displaces(known, held));
    first(&rivals, claims).or(Some(held))
}

/// The first of the usable addresses by rules 4 to 9 and 11.
fn first<'a>(
    usable: &[&'a AddressEntry],
    claims: &AddressOwnership<'_>,
) -> Option<&'a AddressEntry> {
    let rank = |known: &AddressEntry| (class(known, claims), order(known));
    let mut first: Option<&AddressEntry> = None;
    for known in usable {
        if first.is_none_or(|first| rank(known) < rank(first)) {
            first = Some(known);
        }
    }
    first
}

/// Rules 4 to 7 and 11: lower is better.
fn class(known: &AddressEntry, claims: &AddressOwnership<'_>) -> [u8; 4] {
    let address = known.address.address;
    let last_resort = is_temporary(known) || is_deprecated(known);
    let private = address::not_public(address).is_some();
    let secondary = is_secondary(&known.address);
    [private.into(), last_resort.into(), claims.rank(address), secondary.into()]
}

/// Rules 7 to 9: lower is better.
pub(super) fn order(known: &AddressEntry) -> (Reverse<Duration>, u32, IpAddr) {
    match known.address.address {
        own @ IpAddr::V4(_) => (Reverse(Duration::MAX), known.order, own),
        own @ IpAddr::V6(_) => (Reverse(preferred(known)), 0, own),
    }
}

/// Rules 7 and 10: whether `other` may take the place of `held`, both being equally good otherwise.
pub(super) fn displaces(other: &AddressEntry, held: &AddressEntry) -> bool {
    if held.address.address.is_ipv4() {
        return other.order < held.order;
    }
    let (theirs, ours) = (preferred(other), preferred(held));
    let newer = other.appeared > held.appeared;
    theirs > ours && (newer || remaining_is_double(other, held))
}

fn preferred(known: &AddressEntry) -> Duration {
    known.preferred_until.unwrap_or(Duration::MAX)
}

/// Compares lifetimes as the kernel last stated them; both are refreshed by the same kind of event.
fn remaining_is_double(other: &AddressEntry, held: &AddressEntry) -> bool {
    u64::from(other.address.preferred) > 2 * u64::from(held.address.preferred)
}

pub(super) fn is_deprecated(known: &AddressEntry) -> bool {
    known.address.flags.has(AddressFlags::DEPRECATED) || known.address.preferred == 0
}

fn is_temporary(known: &AddressEntry) -> bool {
    known.address.address.is_ipv6() && known.address.flags.has(AddressFlags::SECONDARY_OR_TEMPORARY)
}
