//! The kernel's address and route events with the time they were received: a bare netlink socket,
//! nothing else, to measure against.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use nix::time::{ClockId, clock_gettime};
use rtnetlink::packet_core::{NetlinkMessage, NetlinkPayload};
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

/// `RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE`.
const GROUPS: u32 = 0x10 | 0x100 | 0x40 | 0x400;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An address is there; `false` while it is tentative.
    Address(IpAddr, bool),
    /// A default route is there.
    DefaultRoute,
}

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// `CLOCK_BOOTTIME` when it was received.
    pub at: Duration,
    pub change: Change,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address, true) => write!(f, "address {address}"),
            Self::Address(address, false) => write!(f, "address {address} (tentative)"),
            Self::DefaultRoute => f.write_str("default route"),
        }
    }
}

/// The socket, subscribed.
pub struct Listener(Socket);

impl Listener {
    pub fn new() -> Self {
        let mut socket = Socket::new(NETLINK_ROUTE).unwrap();
        socket.bind(&SocketAddr::new(0, GROUPS)).unwrap();
        Self(socket)
    }

    /// Blocks for the next datagram; the time is taken before it is looked into.
    pub fn next(&self) -> io::Result<Vec<Event>> {
        let mut buffer = Vec::with_capacity(32 * 1024);
        self.0.recv(&mut buffer, 0)?;
        let at = Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap());
        Ok(decode(&buffer).into_iter().map(|change| Event { at, change }).collect())
    }
}

fn decode(mut datagram: &[u8]) -> Vec<Change> {
    let mut changes = Vec::new();
    while let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(datagram) {
        let length = usize::try_from(message.header.length).unwrap();
        if let NetlinkPayload::InnerMessage(inner) = message.payload {
            changes.extend(change(inner));
        }
        datagram = datagram.get(length..).unwrap_or_default();
    }
    changes
}

fn change(message: RouteNetlinkMessage) -> Option<Change> {
    match message {
        RouteNetlinkMessage::NewAddress(message) => address(&message),
        RouteNetlinkMessage::NewRoute(message)
            if message.header.destination_prefix_length == 0
                && message.header.table != 255
                && !message.attributes.is_empty() =>
        {
            Some(Change::DefaultRoute)
        }
        _ => None,
    }
}

fn address(message: &AddressMessage) -> Option<Change> {
    let attributes = || message.attributes.iter();
    let local = attributes().find_map(|a| match a {
        AddressAttribute::Local(ip) => Some(*ip),
        _ => None,
    });
    let address = attributes().find_map(|a| match a {
        AddressAttribute::Address(ip) => Some(*ip),
        _ => None,
    });
    let tentative = attributes()
        .any(|a| matches!(a, AddressAttribute::Flags(f) if f.contains(AddressFlags::Tentative)));
    Some(Change::Address(local.or(address)?, !tentative))
}

/// One line that [`parse`] reads; for a listener in a process of its own.
pub fn print(event: &Event) -> String {
    format!("{} {}", event.at.as_nanos(), event.change)
}

/// A line of [`print`]: the time, and the change in words.
pub fn parse(line: &str) -> Option<(Duration, String)> {
    let (nanos, words) = line.split_once(' ')?;
    Some((Duration::from_nanos(nanos.parse().ok()?), words.to_owned()))
}
