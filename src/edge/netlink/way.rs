//! Which way a packet would take: asked of the kernel, so that rules, tables, metrics, next hops and
//! source addresses count as they do for a connection. Nothing leaves the router.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::errno::Errno;
use rtnetlink::sys;
use socket2::{Domain, Socket, Type};

use crate::model::Family;
use crate::model::address;
use crate::proto::netlink::decode::{self, Payload};
use crate::proto::netlink::dump::request;
use crate::proto::netlink::{Hop, IfIndex, Leads, Message, NoWay, Route, Way, WayAnswer};

/// `RTM_GETROUTE`.
const GET_ROUTE: u16 = 26;
/// `NLM_F_REQUEST`, and with `NLM_F_DUMP`.
const REQUEST: u16 = 1;
const DUMP: u16 = 0x301;
/// `RTM_F_FIB_MATCH`: the route with all its next hops; and no route for a device that has none, where
/// IPv4 otherwise takes every destination for a neighbour.
const FIB_MATCH: u32 = 0x2000;
// Attributes of linux/rtnetlink.h.
const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_OIF: u16 = 4;
/// As large as the kernel makes the datagrams of a dump.
const DATAGRAM: usize = 32 << 10;

/// a.root-servers.net: stands for the internet where the address of a host is not known yet.
const INTERNET: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(198, 41, 0, 4), Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30));

/// A device that packets must leave through.
pub type Device<'a> = Option<(&'a str, IfIndex)>;

/// The way to a host whose addresses of `family` are `known`, as far as they are.
pub fn find(known: &[IpAddr], family: Family, device: Device<'_>) -> WayAnswer {
    let mut failed = None;
    for &address in known {
        let told = WayAnswer { address: Some(address), way: ask(address, device) };
        match told.way {
            Way::None(_) => failed = failed.or(Some(told)),
            Way::Here | Way::Out(_) => return told,
        }
    }
    if let Some(told) = failed {
        return told;
    }
    let internet = match family {
        Family::V4 => INTERNET.0.into(),
        Family::V6 => INTERNET.1.into(),
    };
    let mut way = ask(internet, device);
    if way == Way::None(NoWay::NoRoute)
        && let Some(hops) = any_way_out(family, device)
    {
        way = Way::Out(hops);
    }
    WayAnswer { address: None, way }
}

/// The way to `to`.
pub fn ask(to: IpAddr, device: Device<'_>) -> Way {
    let source = match source(to, device) {
        Ok(source) => source,
        Err(error) => return Way::None(no_way(error.raw_os_error().unwrap_or_default())),
    };
    // Where there is nothing better, the kernel takes these; no answer comes to them.
    let useless = source.is_unspecified()
        || source.is_loopback() && !to.is_loopback()
        || is_link_local(source) && !is_link_local(to);
    if useless {
        return Way::None(NoWay::NoSource);
    }
    for flags in [FIB_MATCH, 0] {
        match route(to, source, device, flags) {
            Reply::Refused(code) if is_unreachable(code) => return Way::None(NoWay::NoRoute),
            // The socket above could be connected, so there is a way, whatever this is.
            Reply::Refused(_) | Reply::None => break,
            Reply::Route(route) => match route.leads {
                Leads::Here => return Way::Here,
                Leads::Nowhere => return Way::None(NoWay::NoRoute),
                Leads::Out if !route.hops.is_empty() => {
                    return Way::Out(through(route.hops, device));
                }
                // A next-hop object, whose hops only the other answer names.
                Leads::Out => {}
            },
        }
    }
    Way::Out(Vec::new())
}

/// The address that a connection to `to` would come from. A datagram socket that is connected sends
/// nothing.
fn source(to: IpAddr, device: Device<'_>) -> io::Result<IpAddr> {
    let to = SocketAddr::new(to, 443);
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, None)?;
    if let Some((name, _)) = device {
        // Without the right to do this the connection fails, too, and tells why.
        let _ = socket.bind_device(Some(name.as_bytes()));
    }
    socket.connect(&to.into())?;
    let from = socket.local_addr()?.as_socket();
    Ok(from.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |from| from.ip()))
}

/// What the kernel says about the route to a host.
enum Reply {
    Route(Route),
    /// There is none: an errno.
    Refused(i32),
    /// It could not be asked, or its answer is not understood.
    None,
}

/// Asks for the route to `to`.
fn route(to: IpAddr, source: IpAddr, device: Device<'_>, flags: u32) -> Reply {
    let (family, bits) = if to.is_ipv4() { (2, 32) } else { (10, 128) };
    let mut body = vec![family, bits, bits, 0, 0, 0, 0, 0];
    body.extend_from_slice(&flags.to_ne_bytes());
    for (kind, address) in [(RTA_DST, to), (RTA_SRC, source)] {
        match address {
            IpAddr::V4(address) => attribute(&mut body, kind, &address.octets()),
            IpAddr::V6(address) => attribute(&mut body, kind, &address.octets()),
        }
    }
    if let Some((_, index)) = device {
        attribute(&mut body, RTA_OIF, &index.to_ne_bytes());
    }
    let mut found = Reply::None;
    let talked = converse(&request(GET_ROUTE, REQUEST, 1, &body), |kind| match kind {
        Payload::Message(Message::Route(route)) => {
            found = Reply::Route(route);
            true
        }
        Payload::Error(code) => {
            found = Reply::Refused(code.saturating_neg());
            true
        }
        Payload::Message(_)
        | Payload::Done(_)
        | Payload::Overrun
        | Payload::Ignored
        | Payload::Malformed
        | Payload::Garbled => false,
    });
    match talked {
        Ok(()) => found,
        Err(_) => Reply::None,
    }
}

/// The next hops of any route to a part of the internet, where none leads to all of it.
fn any_way_out(family: Family, device: Device<'_>) -> Option<Vec<Hop>> {
    let family = if family == Family::V4 { 2 } else { 10 };
    let body = [family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut found = None;
    let talked = converse(&request(GET_ROUTE, DUMP, 1, &body), |kind| match kind {
        Payload::Message(Message::Route(route)) => {
            let outside = route.leads == Leads::Out && !route.by_kernel;
            if outside && address::not_public(route.destination).is_none() {
                let hops = through(route.hops, device);
                found = Some(hops).filter(|hops| hops.iter().any(|hop| hop.alive));
            }
            found.is_some()
        }
        Payload::Done(_) | Payload::Error(_) => true,
        Payload::Message(_)
        | Payload::Overrun
        | Payload::Ignored
        | Payload::Malformed
        | Payload::Garbled => false,
    });
    talked.ok().and(found)
}

/// Asks the kernel on a socket of its own, until `take` has what it wants. The kernel answers before
/// the request is sent, so that there is nothing to wait for.
fn converse(request: &[u8], mut take: impl FnMut(Payload) -> bool) -> io::Result<()> {
    let mut socket = sys::Socket::new(sys::protocols::NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&sys::SocketAddr::new(0, 0))?;
    socket.set_non_blocking(true)?;
    socket.send(request, 0)?;
    let mut buffer = Vec::with_capacity(DATAGRAM);
    loop {
        buffer.clear();
        socket.recv(&mut buffer, 0)?;
        for incoming in decode::datagram(&buffer) {
            if take(incoming.payload) {
                return Ok(());
            }
        }
    }
}

fn attribute(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&length.to_ne_bytes());
    body.extend_from_slice(&kind.to_ne_bytes());
    body.extend_from_slice(value);
}

fn through(mut hops: Vec<Hop>, device: Device<'_>) -> Vec<Hop> {
    if let Some((_, index)) = device {
        hops.retain(|hop| hop.link == Some(index));
    }
    hops
}

fn no_way(code: i32) -> NoWay {
    // Of a prohibit, and of a blackhole.
    let forbidden = [Errno::EACCES, Errno::EPERM, Errno::EINVAL];
    let code = Errno::from_raw(code);
    if code == Errno::EADDRNOTAVAIL {
        NoWay::NoSource
    } else if forbidden.contains(&code) {
        NoWay::Forbidden
    } else {
        NoWay::NoRoute
    }
}

fn is_unreachable(code: i32) -> bool {
    [Errno::ENETUNREACH, Errno::EHOSTUNREACH].contains(&Errno::from_raw(code))
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}
