//! Asks the kernel which way packets to a host take. The kernel's answer considers rules, tables,
//! metrics, next hops and source addresses as it does for a connection. No packet leaves the router.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the errors of Linux are a long list; three of them matter here"
)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::errno::Errno;
use rtnetlink::sys;
use socket2::{Domain, Socket, Type};

use super::connected;
use crate::model::Family;
use crate::model::address;
use crate::proto::netlink::decode::{self, Payload};
use crate::proto::netlink::dump::request;
use crate::proto::netlink::{Hop, IfIndex, Leads, Message, NoWay, Route, Way, WayAnswer};

/// `RTM_GETROUTE`.
const GET_ROUTE: u16 = 26;
/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// `RTM_F_FIB_MATCH`: the kernel answers with the entry of its table, with all next hops. Without
/// this flag it answers with the one next hop of a connection. For a device without routes the flag
/// gives an error; without it, IPv4 takes every destination for a neighbour on the device.
const FIB_MATCH: u32 = 0x2000;
// Attributes of linux/rtnetlink.h.
const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_OIF: u16 = 4;
const RTA_MARK: u16 = 16;
// Address families of linux/socket.h.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// As large as the kernel makes the datagrams of a dump.
const DATAGRAM: usize = 32 << 10;

/// a.root-servers.net: stands for any host on the internet while the address of a host is unknown.
const INTERNET: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(198, 41, 0, 4), Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30));

/// The device that packets must leave through, if the owner has chosen one.
pub type Device<'a> = Option<(&'a str, IfIndex)>;

/// Asks for routes. It keeps its netlink socket, because opening one takes as long as a question.
#[derive(Default)]
pub struct Routes {
    socket: Option<sys::Socket>,
    /// The number of the last question, which the kernel repeats in the answer.
    sequence: u32,
}

impl Routes {
    /// The way to a host. `known` are the addresses of `family` at which it was reached before; the
    /// first one with a way decides.
    pub fn find(&mut self, known: &[IpAddr], family: Family, device: Device<'_>) -> WayAnswer {
        let mut first_failed = None;
        for &address in known {
            let answer = WayAnswer { address: Some(address), way: self.ask(address, device) };
            match answer.way {
                Way::Here | Way::Out(_) => return answer,
                Way::None(_) if first_failed.is_none() => first_failed = Some(answer),
                Way::None(_) => {}
            }
        }
        if let Some(answer) = first_failed {
            return answer;
        }
        WayAnswer { address: None, way: self.way_to_internet(family, device) }
    }

    /// The way to the internet of packets with `mark`. Without a source address the kernel chooses one after
    /// the route, as it does for a new connection.
    pub fn of_marked(&mut self, family: Family, mark: u32) -> WayAnswer {
        let question = Question { to: internet(family), source: None, device: None, mark };
        WayAnswer { address: None, way: self.way_of(question) }
    }

    fn way_to_internet(&mut self, family: Family, device: Device<'_>) -> Way {
        let way = self.ask(internet(family), device);
        if way != Way::None(NoWay::NoRoute) {
            return way;
        }
        let hops = self.public_route_hops(family, device);
        if hops.is_empty() { way } else { Way::Out(hops) }
    }

    /// The way to `to`.
    pub fn ask(&mut self, to: IpAddr, device: Device<'_>) -> Way {
        let source = match source(to, device) {
            Ok(source) => source,
            Err(error) => return Way::None(no_way(error.raw_os_error().unwrap_or_default())),
        };
        if !can_be_answered(source, to) {
            return Way::None(NoWay::NoSource);
        }
        self.way_of(Question { to, source: Some(source), device, mark: 0 })
    }

    /// The way of the packets of `question`.
    fn way_of(&mut self, question: Question<'_>) -> Way {
        let device = question.device;
        for flags in [FIB_MATCH, 0] {
            match self.route(question, flags) {
                RouteAnswer::Refused(code) if is_unreachable(code) => {
                    return Way::None(NoWay::NoRoute);
                }
                RouteAnswer::Refused(code) if question.source.is_none() => {
                    return Way::None(no_way(code));
                }
                // source() could connect its socket, so there is a way although this answer names none.
                RouteAnswer::Refused(_) | RouteAnswer::Unclear => break,
                RouteAnswer::Route(route) => match route.leads {
                    Leads::Here => return Way::Here,
                    Leads::Nowhere => return Way::None(NoWay::NoRoute),
                    Leads::Out if !route.hops.is_empty() => {
                        return Way::Out(through(route.hops, device));
                    }
                    // The route uses a next-hop object. Only the answer without FIB_MATCH has its hops.
                    Leads::Out => {}
                },
            }
        }
        Way::Out(Vec::new())
    }

    /// Asks for the route. `flags` are the `rtm_flags` of the request.
    fn route(&mut self, question: Question<'_>, flags: u32) -> RouteAnswer {
        let body = route_question(question, flags);
        let mut answer = RouteAnswer::Unclear;
        let _ = self.query(REQUEST, &body, &mut |payload| {
            answer = match payload {
                Payload::Message(Message::Route(route)) => RouteAnswer::Route(route),
                Payload::Error(code) => RouteAnswer::Refused(code.saturating_neg()),
                Payload::Message(_)
                | Payload::Neighbour(..)
                | Payload::Done(_)
                | Payload::Overrun
                | Payload::Ignored
                | Payload::Malformed
                | Payload::Garbled => return false,
            };
            true
        });
        answer
    }

    /// The next hops of some route to public addresses, for a router whose routes lead to parts of the
    /// internet only; empty if there is none.
    fn public_route_hops(&mut self, family: Family, device: Device<'_>) -> Vec<Hop> {
        let family = if family == Family::V4 { AF_INET } else { AF_INET6 };
        // struct rtmsg with nothing but the family: the routes of all tables.
        let body = [family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut found = Vec::new();
        let _ = self.query(DUMP, &body, &mut |payload| match payload {
            Payload::Message(Message::Route(route)) if is_to_internet(&route) => {
                let hops = through(route.hops, device);
                let is_alive = hops.iter().any(|hop| hop.alive);
                if is_alive {
                    found = hops;
                }
                is_alive
            }
            Payload::Done(_) | Payload::Error(_) => true,
            Payload::Message(_)
            | Payload::Neighbour(..)
            | Payload::Overrun
            | Payload::Ignored
            | Payload::Malformed
            | Payload::Garbled => false,
        });
        if !found.is_empty() {
            // The kernel still has the rest of the dump for this socket, and refuses another dump until it is read.
            self.socket = None;
        }
        found
    }

    /// Sends a request for routes, and reads answers to it until `take` accepts one. Never blocks: the kernel
    /// has queued its answer when `send` returns.
    fn query(
        &mut self,
        flags: u16,
        body: &[u8],
        take: &mut dyn FnMut(Payload) -> bool,
    ) -> io::Result<()> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connected()?.0,
        };
        self.sequence = self.sequence.wrapping_add(1);
        socket.send(&request(GET_ROUTE, flags, self.sequence, body), 0)?;
        let mut buffer = Vec::with_capacity(DATAGRAM);
        loop {
            // netlink-sys fills what is free of the buffer's capacity.
            buffer.clear();
            socket.recv(&mut buffer, 0)?;
            for incoming in decode::datagram(&buffer) {
                if incoming.sequence == self.sequence && take(incoming.payload) {
                    // Only now: a socket with an unread answer would give it to the next question.
                    self.socket = Some(socket);
                    return Ok(());
                }
            }
        }
    }
}

/// Stands for any host on the internet.
fn internet(family: Family) -> IpAddr {
    match family {
        Family::V4 => INTERNET.0.into(),
        Family::V6 => INTERNET.1.into(),
    }
}

/// A question for the route of packets.
#[derive(Clone, Copy)]
struct Question<'a> {
    to: IpAddr,
    /// `None`: that of the kernel's choice.
    source: Option<IpAddr>,
    device: Device<'a>,
    /// The mark that rules may look at; 0 for none.
    mark: u32,
}

/// Whether an answer can come back to `source`. If a device has no better address, the kernel
/// chooses a loopback or link-local one.
fn can_be_answered(source: IpAddr, to: IpAddr) -> bool {
    !source.is_unspecified()
        && (!source.is_loopback() || to.is_loopback())
        && (!is_link_local(source) || is_link_local(to))
}

/// The source address of a connection to `to`: connecting a datagram socket chooses it and sends
/// no packet.
///
/// # Errors
/// If there is no way to `to`.
pub fn source(to: IpAddr, device: Device<'_>) -> io::Result<IpAddr> {
    // A rule can match the port (ip-rule(8), dport), so it is the port of most providers.
    let to = SocketAddr::new(to, 443);
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, None)?;
    if let Some((name, _)) = device {
        // Without permission for SO_BINDTODEVICE the connection itself fails later and reports why.
        let _ = socket.bind_device(Some(name.as_bytes()));
    }
    socket.connect(&to.into())?;
    let from = socket.local_addr()?.as_socket();
    Ok(from.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |from| from.ip()))
}

/// The kernel's answer to a request for the route to a host.
enum RouteAnswer {
    Route(Route),
    /// There is no route: an errno.
    Refused(i32),
    /// The kernel could not be asked, or its answer cannot be parsed.
    Unclear,
}

/// The body of a request for a route (rtnetlink(7), RTM_GETROUTE).
fn route_question(question: Question<'_>, flags: u32) -> Vec<u8> {
    let Question { to, source, device, mark } = question;
    let (family, bits) = if to.is_ipv4() { (AF_INET, 32) } else { (AF_INET6, 128) };
    let source_bits = if source.is_some() { bits } else { 0 };
    // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type and flags.
    let mut body = vec![family, bits, source_bits, 0, 0, 0, 0, 0];
    body.extend_from_slice(&flags.to_ne_bytes());
    for (kind, address) in [(RTA_DST, Some(to)), (RTA_SRC, source)] {
        match address {
            Some(IpAddr::V4(address)) => attribute(&mut body, kind, &address.octets()),
            Some(IpAddr::V6(address)) => attribute(&mut body, kind, &address.octets()),
            None => {}
        }
    }
    if let Some((_, index)) = device {
        attribute(&mut body, RTA_OIF, &index.to_ne_bytes());
    }
    if mark != 0 {
        attribute(&mut body, RTA_MARK, &mark.to_ne_bytes());
    }
    body
}

fn is_to_internet(route: &Route) -> bool {
    route.leads == Leads::Out
        && !route.by_kernel
        && address::not_public(route.destination).is_none()
}

/// Appends a `struct rtattr`.
fn attribute(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&length.to_ne_bytes());
    body.extend_from_slice(&kind.to_ne_bytes());
    body.extend_from_slice(value);
}

/// The hops that leave through `device`; all of them if there is no such condition.
fn through(mut hops: Vec<Hop>, device: Device<'_>) -> Vec<Hop> {
    if let Some((_, index)) = device {
        hops.retain(|hop| hop.link == Some(index));
    }
    hops
}

fn no_way(code: i32) -> NoWay {
    match Errno::from_raw(code) {
        Errno::EADDRNOTAVAIL => NoWay::NoSource,
        // EACCES is the error of a prohibit route, EINVAL that of a blackhole route.
        Errno::EACCES | Errno::EPERM | Errno::EINVAL => NoWay::Forbidden,
        _ => NoWay::NoRoute,
    }
}

fn is_unreachable(code: i32) -> bool {
    matches!(Errno::from_raw(code), Errno::ENETUNREACH | Errno::EHOSTUNREACH)
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}
