//! Bytes of the kernel in, [`Message`]s out. Pure, total, and it never reads past the end.
//!
//! Framing and attributes are those of man 7 netlink and man 3 rtnetlink; everything is in the
//! byte order of the machine (`from_ne_bytes`), so that big-endian MIPS needs no other code.
//!
//! Addresses are parsed by netlink-packet-route, attribute by attribute, as one odd label must not
//! hide an address. Links and routes are read by hand: the parsers of that crate also know every
//! bond, bridge, tunnel and encapsulation, which is hundreds of kilobytes that no router needs here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressHeader};
use rtnetlink::packet_core::{
    NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN, NetlinkBuffer,
    NlasIterator, Parseable,
};

use super::{Address, AddressFlags, Hop, IfIndex, Leads, Link, Message, Route};
use crate::model::Family;

// linux/rtnetlink.h
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_NEWRULE: u16 = 32;
const RTM_DELRULE: u16 = 33;
const RTM_NEWNEXTHOP: u16 = 104;
const RTM_DELNEXTHOP: u16 = 105;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_MULTIPATH: u16 = 9;
const RTA_VIA: u16 = 18;
const RTN_UNICAST: u8 = 1;
const RTN_LOCAL: u8 = 2;
const RTPROT_KERNEL: u8 = 2;
const RTNH_F_DEAD: u32 = 1;
const RTNH_F_LINKDOWN: u32 = 16;
/// `sizeof(struct rtmsg)`.
const RTMSG_LEN: usize = 12;
/// `sizeof(struct rtnexthop)`.
const RTNEXTHOP_LEN: usize = 8;
// linux/if_link.h, linux/if.h, linux/if_addr.h
const IFLA_IFNAME: u16 = 3;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFF_UP: u32 = 1;
const IFF_LOWER_UP: u32 = 0x1_0000;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
/// `sizeof(struct ifinfomsg)`.
const IFINFOMSG_LEN: usize = 16;
/// `sizeof(struct ifaddrmsg)`.
const IFADDRMSG_LEN: usize = 8;
// bits/socket.h
const AF_UNSPEC: u8 = 0;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// Messages, attributes and next hops all begin on a multiple of four (`NLMSG_ALIGNTO`,
/// `RTA_ALIGNTO`, `RTNH_ALIGNTO`).
const ALIGN: usize = 4;

/// One message of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// `nlmsg_seq`. Belongs to one of our requests only if [`Incoming::port`] is ours too: the
    /// kernel stamps a notification with the sequence and the port of whoever caused it.
    pub sequence: u32,
    /// `nlmsg_pid`.
    pub port: u32,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// What it says.
    pub kind: Kind,
}

impl Incoming {
    /// `NLM_F_DUMP_INTR`: the table changed while it was dumped.
    pub fn interrupted(&self) -> bool {
        self.flags & NLM_F_DUMP_INTR != 0
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A fact.
    Message(Message),
    /// `NLMSG_DONE`: the end of a dump; 0, or a negative errno that cut it short.
    Done(i32),
    /// `NLMSG_ERROR`: a negative errno, or 0 for an acknowledgement.
    Error(i32),
    /// `NLMSG_OVERRUN`: data was lost.
    Overrun,
    /// Well-formed, but of no interest here.
    Ignored,
    /// Not what the kernel headers promise. Skipped like what is ignored: a kernel that says
    /// something odd about one route must not keep us from all the others.
    Malformed,
    /// A length that makes no sense: whatever follows in the datagram is lost.
    Garbled,
}

/// All messages of one datagram, which often holds many. Ends after the first one whose length
/// makes no sense, as nothing says where the next would begin.
pub fn datagram(bytes: &[u8]) -> Datagram<'_> {
    Datagram { rest: bytes }
}

/// Iterator of [`datagram`].
#[derive(Clone, Debug)]
pub struct Datagram<'a> {
    rest: &'a [u8],
}

impl Iterator for Datagram<'_> {
    type Item = Incoming;

    fn next(&mut self) -> Option<Incoming> {
        if self.rest.is_empty() {
            return None;
        }
        // Checks that the length covers the header and is covered by the bytes: also what keeps
        // a length of 0 from being looked at for ever.
        let Ok(message) = NetlinkBuffer::new_checked(self.rest) else {
            self.rest = &[];
            return Some(Incoming { sequence: 0, port: 0, flags: 0, kind: Kind::Garbled });
        };
        let incoming = Incoming {
            sequence: message.sequence_number(),
            port: message.port_number(),
            flags: message.flags(),
            kind: kind(message.message_type(), message.payload()).unwrap_or(Kind::Malformed),
        };
        let length = message.length() as usize;
        self.rest = after(self.rest, length);
        Some(incoming)
    }
}

/// What follows an element of `length` bytes and its padding, which the last element may lack.
fn after(bytes: &[u8], length: usize) -> &[u8] {
    let next = length.checked_next_multiple_of(ALIGN).unwrap_or(bytes.len());
    bytes.get(next..).unwrap_or_default()
}

/// `None` means malformed, here and below.
fn kind(message_type: u16, payload: &[u8]) -> Option<Kind> {
    match message_type {
        NLMSG_NOOP => Some(Kind::Ignored),
        NLMSG_ERROR => Some(Kind::Error(i32_at(payload, 0)?)),
        // Kernels before 4.20 or so may send an empty one.
        NLMSG_DONE => Some(Kind::Done(i32_at(payload, 0).unwrap_or(0))),
        NLMSG_OVERRUN => Some(Kind::Overrun),
        RTM_NEWLINK => new_link(payload),
        RTM_DELLINK => del_link(payload),
        RTM_NEWADDR => address(payload, Message::NewAddress),
        RTM_DELADDR => address(payload, Message::DelAddress),
        RTM_NEWROUTE | RTM_DELROUTE => route(payload),
        RTM_NEWRULE | RTM_DELRULE | RTM_NEWNEXTHOP | RTM_DELNEXTHOP => {
            Some(Kind::Message(Message::Policy))
        }
        _ => Some(Kind::Ignored),
    }
}

fn new_link(payload: &[u8]) -> Option<Kind> {
    let Some(index) = link_index(payload)? else {
        return Some(Kind::Ignored);
    };
    let flags = u32_at(payload, 8)?;
    let mut link = Link {
        index,
        name: String::new(),
        other_names: Vec::new(),
        up: flags & IFF_UP != 0,
        carrier: flags & IFF_LOWER_UP != 0,
    };
    for attribute in NlasIterator::new(payload.get(IFINFOMSG_LEN..)?) {
        // What is broken behind the name does not cost the device.
        let Ok(attribute) = attribute else {
            break;
        };
        match attribute.kind() {
            IFLA_IFNAME => link.name = text(attribute.value()),
            IFLA_PROP_LIST => link.other_names = other_names(attribute.value()),
            _ => {}
        }
    }
    if link.name.is_empty() {
        return Some(Kind::Ignored);
    }
    Some(Kind::Message(Message::NewLink(link)))
}

fn other_names(properties: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for property in NlasIterator::new(properties) {
        let Ok(property) = property else {
            break;
        };
        if property.kind() == IFLA_ALT_IFNAME {
            names.push(text(property.value()));
        }
    }
    names
}

fn del_link(payload: &[u8]) -> Option<Kind> {
    let index = link_index(payload)?;
    Some(index.map_or(Kind::Ignored, |index| Kind::Message(Message::DelLink(index))))
}

/// The index of a `struct ifinfomsg`; `Some(None)` if it is not about the device itself: a bridge
/// says `RTM_DELLINK` with `AF_BRIDGE` when a device merely stops being its port.
fn link_index(payload: &[u8]) -> Option<Option<IfIndex>> {
    let family = *payload.first()?;
    let index = u32_at(payload, 4)?;
    payload.get(..IFINFOMSG_LEN)?;
    Some((family == AF_UNSPEC && index != 0).then_some(index))
}

fn address(payload: &[u8], message: fn(Address) -> Message) -> Option<Kind> {
    let header = AddressHeader::parse(payload).ok()?;
    let Some(family) = address_family(header.family) else {
        return Some(Kind::Ignored);
    };
    let mut result = Address {
        link: header.index,
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        prefix_len: header.prefix_len,
        scope: header.scope.into(),
        flags: AddressFlags(header.flags.bits().into()),
        preferred: u32::MAX,
        valid: u32::MAX,
    };
    let mut local = None;
    let mut peer_or_own = None;
    for attribute in NlasIterator::new(payload.get(IFADDRMSG_LEN..)?) {
        let attribute = attribute.ok()?;
        if ![IFA_ADDRESS, IFA_LOCAL, IFA_CACHEINFO, IFA_FLAGS].contains(&attribute.kind()) {
            continue;
        }
        let attribute = AddressAttribute::parse(&attribute).ok()?;
        if let AddressAttribute::Local(address) = attribute {
            local = Some(address);
        } else if let AddressAttribute::Address(address) = attribute {
            peer_or_own = Some(address);
        } else if let AddressAttribute::Flags(flags) = attribute {
            result.flags = AddressFlags(flags.bits());
        } else if let AddressAttribute::CacheInfo(lifetimes) = attribute {
            result.preferred = lifetimes.ifa_preferred;
            result.valid = lifetimes.ifa_valid;
        }
    }
    let Some(own) = local.or(peer_or_own).filter(|_| result.link != 0) else {
        return Some(Kind::Ignored);
    };
    fits(family, own, result.prefix_len)?;
    result.address = own;
    result.peer = peer_or_own.unwrap_or(own);
    Some(Kind::Message(message(result)))
}

fn address_family(family: AddressFamily) -> Option<Family> {
    if family == AddressFamily::Inet {
        Some(Family::V4)
    } else if family == AddressFamily::Inet6 {
        Some(Family::V6)
    } else {
        None
    }
}

fn route(payload: &[u8]) -> Option<Kind> {
    let &[family, prefix_len, _source_len, _tos, _table, protocol, _scope, kind] =
        payload.first_chunk()?;
    let flags = u32_at(payload, 8)?;
    let attributes = payload.get(RTMSG_LEN..)?;
    let family = match family {
        AF_INET => Family::V4,
        AF_INET6 => Family::V6,
        _ => return Some(Kind::Ignored),
    };
    let leads = match kind {
        RTN_UNICAST => Leads::Out,
        RTN_LOCAL => Leads::Here,
        _ => Leads::Nowhere,
    };
    let by_kernel = protocol == RTPROT_KERNEL;
    let destination = unspecified(family);
    let mut result = Route { destination, prefix_len, leads, by_kernel, hops: Vec::new() };
    let mut only = Hop { link: None, gateway: None, alive: lives(flags) };
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute.ok()?;
        let value = attribute.value();
        match attribute.kind() {
            RTA_DST => result.destination = ip(value)?,
            RTA_OIF => only.link = index(u32_at(value, 0)?),
            RTA_GATEWAY => only.gateway = Some(ip(value)?),
            RTA_VIA => only.gateway = via(value),
            RTA_MULTIPATH => result.hops = hops(value)?,
            _ => {}
        }
    }
    fits(family, result.destination, prefix_len)?;
    if result.hops.is_empty() && (only.link.is_some() || only.gateway.is_some()) {
        result.hops.push(only);
    }
    Some(Kind::Message(Message::Route(result)))
}

/// The next hops of a multipath route: a `struct rtnexthop` each.
fn hops(mut bytes: &[u8]) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(u16_at(bytes, 0)?);
        let flags = u32::from(*bytes.get(2)?);
        let mut hop = Hop { link: index(u32_at(bytes, 4)?), gateway: None, alive: lives(flags) };
        for attribute in NlasIterator::new(bytes.get(RTNEXTHOP_LEN..length)?) {
            let attribute = attribute.ok()?;
            match attribute.kind() {
                RTA_GATEWAY => hop.gateway = Some(ip(attribute.value())?),
                RTA_VIA => hop.gateway = via(attribute.value()),
                _ => {}
            }
        }
        hops.push(hop);
        bytes = after(bytes, length);
    }
    Some(hops)
}

fn lives(flags: u32) -> bool {
    flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) == 0
}

/// `struct rtvia`: a gateway of another family (RFC 5549). One that is no IP address, as MPLS has,
/// is nothing for us.
fn via(value: &[u8]) -> Option<IpAddr> {
    ip(value.get(2..)?)
}

fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// Whoever computes a netmask from these two must not have to check again.
fn fits(family: Family, address: IpAddr, prefix_len: u8) -> Option<()> {
    let fits = match (family, address) {
        (Family::V4, IpAddr::V4(_)) => prefix_len <= 32,
        (Family::V6, IpAddr::V6(_)) => prefix_len <= 128,
        (Family::V4, IpAddr::V6(_)) | (Family::V6, IpAddr::V4(_)) => false,
    };
    fits.then_some(())
}

fn index(value: u32) -> Option<IfIndex> {
    (value != 0).then_some(value)
}

fn ip(value: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        Some(octets.into())
    } else if let Ok(octets) = <[u8; 16]>::try_from(value) {
        Some(octets.into())
    } else {
        None
    }
}

/// A name is any bytes but `/` and space (`dev_valid_name` of the kernel), ended by a NUL.
fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    let name = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_ne_bytes(*b))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_ne_bytes(*b))
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|b| i32::from_ne_bytes(*b))
}

#[cfg(test)]
mod tests;
