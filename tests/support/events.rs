//! The kernel's address and route events and the time each was received, from a bare netlink
//! socket: the daemon's times are measured against these.
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

/// A change in the kernel that an update can follow from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An address was added or changed; `false` while it is tentative (RFC 4862).
    Address(IpAddr, bool),
    /// A default route was added.
    DefaultRoute,
}

/// A change and its time.
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

/// A netlink socket that has joined the groups of addresses and routes.
pub struct Listener(Socket);

impl Listener {
    pub fn new() -> Self {
        let mut socket = Socket::new(NETLINK_ROUTE).unwrap();
        socket.bind(&SocketAddr::new(0, GROUPS)).unwrap();
        Self(socket)
    }

    /// Waits for the next datagram. Its time is taken before it is decoded.
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

/// An event as a line for [`parse`], so that a listener can run in a process of its own.
pub fn print(event: &Event) -> String {
    format!("{} {}", event.at.as_nanos(), event.change)
}

/// The time and the change, as text, from a line of [`print`].
pub fn parse(line: &str) -> Option<(Duration, String)> {
    let (nanos, words) = line.split_once(' ')?;
    Some((Duration::from_nanos(nanos.parse().ok()?), words.to_owned()))
}
