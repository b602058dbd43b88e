//! The kernel's neighbour table, for hosts of the local network: a socket of its own, which the kernel wakes only
//! for news of those hosts.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::task::Context;

use nix::errno::Errno;
use nix::sys::socket::MsgFlags;
use rtnetlink::sys;
use socket2::{SockFilter, SockRef};

use super::{connected, receive};
use crate::edge::runtime::Watched;
use crate::engine::event::Event;
use crate::model::mac::Mac;
use crate::proto::netlink::decode::{self, Payload};
use crate::proto::netlink::neighbour;

/// `RTNLGRP_NEIGH` of linux/rtnetlink.h.
const GROUP: u32 = 3;
/// As large as the kernel makes the datagrams of a dump.
const DATAGRAM: usize = 32 << 10;
/// How many known addresses of each host the filter has. A filter that the kernel refuses for its length
/// (`BPF_MAXINSNS`, net.core.optmem_max) is replaced by one with fewer.
const KNOWN: [usize; 4] = [8, 2, 1, 0];
/// The discard service (RFC 863): nobody answers there.
const DISCARD: u16 = 9;

/// Hardware addresses, each with the addresses that are known.
pub type Hosts = Vec<(Mac, Vec<Ipv6Addr>)>;

/// The neighbours that are followed.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// `None` while no host is followed.
    socket: Option<Watched<sys::Socket>>,
    macs: Vec<Mac>,
    buffer: Vec<u8>,
}

impl Neighbours {
    /// Follows these hosts instead of all others. If there is a new one among them, the table is read. Must be
    /// called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// Of the socket. Nothing is followed then.
    pub fn follow(&mut self, hosts: &Hosts) -> io::Result<()> {
        let mut macs = Vec::new();
        for (mac, _) in hosts {
            macs.push(*mac);
        }
        if hosts.is_empty() {
            self.socket = None;
            self.macs = macs;
            return Ok(());
        }
        // After an error the socket is gone, so the table must be read again.
        let must_read = macs != self.macs || self.socket.is_none();
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => open()?,
        };
        // The filter comes first: news of a new host that follows the table would not pass the old filter.
        set_filter(socket.get(), hosts);
        if must_read {
            self.buffer.resize(DATAGRAM, 0);
            socket.get().send(&neighbour::dump(), 0)?;
        }
        self.socket = Some(socket);
        self.macs = macs;
        Ok(())
    }

    /// Whether there may be something new.
    pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.is_readable(context))
    }

    /// Reads a datagram. Returns what it tells, if that is anything.
    pub fn news(&mut self) -> Option<Event> {
        let socket = self.socket.as_ref()?;
        match receive(socket.get(), &mut self.buffer, MsgFlags::empty()) {
            Ok((length, Some(0))) => return event_of(self.buffer.get(..length)?),
            // The sender is not the kernel.
            Ok(_) | Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => socket.wait_to_read(),
            // Messages were lost (man 7 netlink), so the table is read again.
            Err(Errno::ENOBUFS) => drop(socket.get().send(&neighbour::dump(), 0)),
            Err(_) => self.socket = None,
        }
        None
    }
}

/// Has the kernel resolve `address` by a datagram that nobody answers. If a host has the address, the neighbour
/// table shows it in a moment.
pub fn probe(address: Ipv6Addr) {
    if let Ok(socket) = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        // Without a route there is no such neighbour.
        let _ = socket.send_to(&[0], SocketAddrV6::new(address, DISCARD, 0, 0));
    }
}

fn open() -> io::Result<Watched<sys::Socket>> {
    let (socket, _) = connected()?;
    socket.add_membership(GROUP)?;
    Watched::new(socket)
}

/// Without a filter everything works, only with more wake-ups. If the kernel refuses the filter, the one before is
/// removed, because it does not know the new hosts.
fn set_filter(socket: &sys::Socket, hosts: &Hosts) {
    for most in KNOWN {
        let filter = neighbour::filter(hosts, most);
        let filter = filter.into_iter().map(|(code, jt, jf, k)| SockFilter::new(code, jt, jf, k));
        let filter: Vec<SockFilter> = filter.collect();
        if SockRef::from(socket).attach_filter(&filter).is_ok() {
            return;
        }
    }
    // There may be none.
    let _ = SockRef::from(socket).detach_filter();
}

/// What a datagram tells; `None` if nothing.
fn event_of(datagram: &[u8]) -> Option<Event> {
    let mut seen = Vec::new();
    let mut is_end = false;
    for incoming in decode::datagram(datagram) {
        match incoming.payload {
            Payload::Neighbour(mac, address) => seen.push((mac, address)),
            // After an error the table counts as read, too: what is not known cannot be waited for.
            Payload::Done(_) | Payload::Error(_) => is_end = true,
            Payload::Message(_)
            | Payload::Overrun
            | Payload::Garbled
            | Payload::Ignored
            | Payload::Malformed => {}
        }
    }
    if seen.is_empty() && !is_end { None } else { Some(Event::Neighbours { seen, is_end }) }
}
