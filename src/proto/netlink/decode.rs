//! Decodes the kernel's datagrams into [`Message`]s. Any bytes are accepted.
//!
//! Framing and attributes are those of netlink(7) and rtnetlink(7). Numbers are in the byte order of
//! the machine (`from_ne_bytes`), so big-endian MIPS needs no other code.
//!
//! Addresses are parsed by netlink-packet-route, attribute by attribute, so that an unusual label
//! does not hide an address. Links and routes are read by hand: the crate's parsers for these also
//! know every bond, bridge, tunnel and encapsulation, which is hundreds of kilobytes of code.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressHeader};
use rtnetlink::packet_core::{
    NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN, NetlinkBuffer,
    NlasIterator, Parseable,
};

use super::{Address, AddressFlags, Hop, IfIndex, Leads, Link, Message, Route};
use crate::model::Family;
use crate::model::mac::Mac;

// linux/rtnetlink.h
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
pub(super) const RTM_NEWNEIGH: u16 = 28;
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
// linux/neighbour.h
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NUD_FAILED: u8 = 0x20;
/// `sizeof(struct ndmsg)`.
const NDMSG_LEN: usize = 12;
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
    /// kernel gives a notification the sequence and the port of the process that caused it.
    pub sequence: u32,
    /// `nlmsg_pid`.
    pub port: u32,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// The decoded content.
    pub payload: Payload,
}

impl Incoming {
    /// `NLM_F_DUMP_INTR`: the table changed while it was dumped.
    pub fn interrupted(&self) -> bool {
        self.flags & NLM_F_DUMP_INTR != 0
    }
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A link, an address, a route or a change of policy.
    Message(Message),
    /// An address of a host on the link, with its hardware address (`RTM_NEWNEIGH`).
    Neighbour(Mac, Ipv6Addr),
    /// `NLMSG_DONE`: the end of a dump; 0, or a negative errno that cut it short.
    Done(i32),
    /// `NLMSG_ERROR`: a negative errno, or 0 for an acknowledgement.
    Error(i32),
    /// `NLMSG_OVERRUN`: data was lost.
    Overrun,
    /// Well-formed, but of no interest here.
    Ignored,
    /// Not what the kernel headers define. Skipped like an ignored message, so that one unusual
    /// route does not hide all the others.
    Malformed,
    /// A length that is too short or too long. The rest of the datagram is lost.
    Garbled,
}

/// All messages of one datagram. Ends after the first one with an impossible length, because the
/// begin of the next is unknown.
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
        // `new_checked` rejects a length below that of the header. So a length of 0 cannot make this
        // iterator endless.
        let Ok(message) = NetlinkBuffer::new_checked(self.rest) else {
            self.rest = &[];
            return Some(Incoming { sequence: 0, port: 0, flags: 0, payload: Payload::Garbled });
        };
        let payload = payload(message.message_type(), message.payload());
        let incoming = Incoming {
            sequence: message.sequence_number(),
            port: message.port_number(),
            flags: message.flags(),
            payload: payload.unwrap_or(Payload::Malformed),
        };
        let length = message.length() as usize;
        self.rest = after(self.rest, length);
        Some(incoming)
    }
}

/// The bytes after an element of `length` bytes and its padding. The last element may lack padding.
fn after(bytes: &[u8], length: usize) -> &[u8] {
    let next = length.checked_next_multiple_of(ALIGN).unwrap_or(bytes.len());
    bytes.get(next..).unwrap_or_default()
}

/// Decodes the body of a message. `None` means malformed, here and in the functions below.
fn payload(message_type: u16, body: &[u8]) -> Option<Payload> {
    match message_type {
        NLMSG_NOOP => Some(Payload::Ignored),
        NLMSG_ERROR => Some(Payload::Error(i32_at(body, 0)?)),
        // Kernels before 4.20 or so may send an empty one.
        NLMSG_DONE => Some(Payload::Done(i32_at(body, 0).unwrap_or(0))),
        NLMSG_OVERRUN => Some(Payload::Overrun),
        RTM_NEWLINK => new_link(body),
        RTM_DELLINK => del_link(body),
        RTM_NEWADDR => address(body, Message::NewAddress),
        RTM_DELADDR => address(body, Message::DelAddress),
        RTM_NEWROUTE | RTM_DELROUTE => route(body),
        // These are not decoded, because the kernel is asked for each way anew after any of them.
        RTM_NEWRULE | RTM_DELRULE | RTM_NEWNEXTHOP | RTM_DELNEXTHOP => {
            Some(Payload::Message(Message::Policy))
        }
        RTM_NEWNEIGH => neighbour(body),
        _ => Some(Payload::Ignored),
    }
}

/// A neighbour with an IPv6 address and a hardware address of Ethernet.
fn neighbour(body: &[u8]) -> Option<Payload> {
    let mut address = None;
    let mut mac = None;
    for attribute in NlasIterator::new(body.get(NDMSG_LEN..)?) {
        let attribute = attribute.ok()?;
        match attribute.kind() {
            NDA_DST => address = attribute.value().try_into().ok().map(|a: [u8; 16]| a.into()),
            NDA_LLADDR => mac = attribute.value().try_into().ok().map(Mac),
            _ => {}
        }
    }
    let is_v6 = body.first() == Some(&AF_INET6);
    let is_failed = body.get(8)? & NUD_FAILED != 0;
    match (address, mac) {
        (Some(address), Some(mac)) if is_v6 && !is_failed => Some(Payload::Neighbour(mac, address)),
        _ => Some(Payload::Ignored),
    }
}

fn new_link(body: &[u8]) -> Option<Payload> {
    let LinkSubject::Device(index) = link_subject(body)? else {
        return Some(Payload::Ignored);
    };
    let flags = u32_at(body, 8)?;
    let mut link = Link {
        index,
        name: String::new(),
        other_names: Vec::new(),
        up: flags & IFF_UP != 0,
        carrier: flags & IFF_LOWER_UP != 0,
    };
    set_names(body.get(IFINFOMSG_LEN..)?, &mut link);
    // A device without a name cannot be the one of a section.
    if link.name.is_empty() {
        return Some(Payload::Ignored);
    }
    Some(Payload::Message(Message::NewLink(link)))
}

/// Sets the names of `link`.
fn set_names(attributes: &[u8], link: &mut Link) {
    for attribute in NlasIterator::new(attributes) {
        // A malformed attribute after the name must not hide the device.
        let Ok(attribute) = attribute else {
            return;
        };
        match attribute.kind() {
            IFLA_IFNAME => link.name = text(attribute.value()),
            IFLA_PROP_LIST => link.other_names = other_names(attribute.value()),
            _ => {}
        }
    }
}

fn other_names(properties: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for property in NlasIterator::new(properties) {
        // The names before it are valid.
        let Ok(property) = property else {
            break;
        };
        if property.kind() == IFLA_ALT_IFNAME {
            names.push(text(property.value()));
        }
    }
    names
}

fn del_link(body: &[u8]) -> Option<Payload> {
    match link_subject(body)? {
        LinkSubject::Device(index) => Some(Payload::Message(Message::DelLink(index))),
        LinkSubject::Other => Some(Payload::Ignored),
    }
}

/// What a link message is about.
enum LinkSubject {
    /// The device itself.
    Device(IfIndex),
    /// A role of a device. A bridge sends `RTM_DELLINK` with `AF_BRIDGE` when a device stops being
    /// its port.
    Other,
}

/// Reads a `struct ifinfomsg`.
fn link_subject(body: &[u8]) -> Option<LinkSubject> {
    let family = *body.first()?;
    let index = u32_at(body, 4)?;
    body.get(..IFINFOMSG_LEN)?;
    if family == AF_UNSPEC && index != 0 {
        Some(LinkSubject::Device(index))
    } else {
        Some(LinkSubject::Other)
    }
}

fn address(body: &[u8], message: fn(Address) -> Message) -> Option<Payload> {
    let header = AddressHeader::parse(body).ok()?;
    let Some(family) = address_family(header.family) else {
        return Some(Payload::Ignored);
    };
    let mut result = address_of_header(&header);
    let (local, peer_or_own) = address_attributes(body.get(IFADDRMSG_LEN..)?, &mut result)?;
    // On a point-to-point link, `IFA_ADDRESS` is the other end. IPv6 has no `IFA_LOCAL` elsewhere.
    let own = match local.or(peer_or_own) {
        // The kernel counts devices from 1, so an address at 0 has none.
        Some(own) if result.link != 0 => own,
        Some(_) | None => return Some(Payload::Ignored),
    };
    if !is_prefix(family, own, result.prefix_len) {
        return None;
    }
    result.address = own;
    result.peer = peer_or_own.unwrap_or(own);
    Some(Payload::Message(message(result)))
}

/// What the header of a message says about an address.
fn address_of_header(header: &AddressHeader) -> Address {
    Address {
        link: header.index,
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        prefix_len: header.prefix_len,
        scope: header.scope.into(),
        // The header has room for eight flags. `IFA_FLAGS`, which replaces them later, has all.
        flags: AddressFlags(header.flags.bits().into()),
        // Without `IFA_CACHEINFO` an address has no end (`INFINITY_LIFE_TIME` of the kernel).
        preferred: u32::MAX,
        valid: u32::MAX,
    }
}

/// Sets the flags and lifetimes of `result`. Returns the addresses in `IFA_LOCAL` and `IFA_ADDRESS`.
fn address_attributes(
    attributes: &[u8],
    result: &mut Address,
) -> Option<(Option<IpAddr>, Option<IpAddr>)> {
    let mut local = None;
    let mut peer_or_own = None;
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute.ok()?;
        // Other attributes are not parsed at all, so that an unusual label cannot hide an address.
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
    Some((local, peer_or_own))
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

fn route(body: &[u8]) -> Option<Payload> {
    let &[family, prefix_len, _source_len, _tos, _table, protocol, _scope, route_type] =
        body.first_chunk()?;
    let flags = u32_at(body, 8)?;
    let attributes = body.get(RTMSG_LEN..)?;
    let family = match family {
        AF_INET => Family::V4,
        AF_INET6 => Family::V6,
        _ => return Some(Payload::Ignored),
    };
    let leads = leads(route_type);
    let by_kernel = protocol == RTPROT_KERNEL;
    let destination = unspecified(family);
    let mut result = Route { destination, prefix_len, leads, by_kernel, hops: Vec::new() };
    route_attributes(attributes, flags, &mut result)?;
    if !is_prefix(family, result.destination, prefix_len) {
        return None;
    }
    Some(Payload::Message(Message::Route(result)))
}

fn leads(route_type: u8) -> Leads {
    match route_type {
        RTN_UNICAST => Leads::Out,
        RTN_LOCAL => Leads::Here,
        _ => Leads::Nowhere,
    }
}

/// Sets the destination and the next hops of `result`. A route has either one next hop in its own
/// attributes, whose `flags` are those of the route, or several in `RTA_MULTIPATH`.
fn route_attributes(attributes: &[u8], flags: u32, result: &mut Route) -> Option<()> {
    let mut only = Hop { link: None, gateway: None, alive: is_alive(flags) };
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
    // A route by a next-hop object may have neither: then only the object knows the hops.
    if result.hops.is_empty() && (only.link.is_some() || only.gateway.is_some()) {
        result.hops.push(only);
    }
    Some(())
}

/// The next hops of a multipath route: a `struct rtnexthop` each.
fn hops(mut bytes: &[u8]) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(u16_at(bytes, 0)?);
        let flags = u32::from(*bytes.get(2)?);
        let link = index(u32_at(bytes, 4)?);
        let mut hop = Hop { link, gateway: None, alive: is_alive(flags) };
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

fn is_alive(flags: u32) -> bool {
    flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) == 0
}

/// `struct rtvia`: a gateway of another family than the route (RFC 5549). `None` for one without an
/// IP address, such as an MPLS label.
fn via(value: &[u8]) -> Option<IpAddr> {
    ip(value.get(2..)?)
}

fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// Whether the address is of `family` and the prefix no longer than it. Code that computes a netmask
/// from both relies on this.
fn is_prefix(family: Family, address: IpAddr, prefix_len: u8) -> bool {
    match (family, address) {
        (Family::V4, IpAddr::V4(_)) => prefix_len <= 32,
        (Family::V6, IpAddr::V6(_)) => prefix_len <= 128,
        (Family::V4, IpAddr::V6(_)) | (Family::V6, IpAddr::V4(_)) => false,
    }
}

fn index(value: u32) -> Option<IfIndex> {
    if value == 0 { None } else { Some(value) }
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

/// A device name up to its NUL. The kernel allows any bytes but `/` and space (`dev_valid_name`), so
/// it need not be UTF-8.
fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    let name = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|b| u16::from_ne_bytes(*b))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|b| u32::from_ne_bytes(*b))
}

fn i32_at(bytes: &[u8], offset: usize) -> Option<i32> {
    bytes.get(offset..)?.first_chunk().map(|b| i32::from_ne_bytes(*b))
}

#[cfg(test)]
mod tests;
