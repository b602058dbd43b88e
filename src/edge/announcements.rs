//! Receives what gateways announce to all hosts of their network.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::task::Context;

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

use crate::edge::runtime::Watched;
use crate::edge::system_error;
use crate::engine::gateway::Gateway;
use crate::proto::gateway::announcement::{Announcement, GROUP, PORT, announcement};

/// Most bytes that are read of a datagram. Announcements have 12 or 24.
const LENGTH: usize = 64;

/// The gateways whose announcements are awaited.
#[derive(Debug, Default)]
pub struct Announcements {
    gateways: Vec<Gateway>,
    /// `None` while there is no gateway, so that no port is open.
    socket: Option<Watched<UdpSocket>>,
}

impl Announcements {
    /// Listens to `gateways`, and to no others. Must be called within a tokio runtime with I/O.
    ///
    /// # Errors
    /// If the port cannot be opened, or a device carries no multicast: the reason.
    pub fn set(&mut self, gateways: Vec<Gateway>) -> Result<(), String> {
        // A socket keeps the groups that it has joined, also on devices of earlier gateways, so it is made anew.
        self.socket = None;
        self.gateways = gateways;
        if self.gateways.is_empty() {
            return Ok(());
        }
        let socket = open(&self.gateways).and_then(Watched::new);
        self.socket = Some(socket.map_err(|error| system_error::system(&error))?);
        Ok(())
    }

    /// Whether something may have arrived.
    pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.is_readable(context))
    }

    /// Reads a datagram. Returns what it announces, with the address of the gateway, if it is an announcement of one
    /// of the gateways.
    pub fn next(&self) -> Option<(Ipv4Addr, Announcement)> {
        let socket = self.socket.as_ref()?;
        let mut bytes = [0; LENGTH];
        let Ok((length, from)) = socket.get().recv_from(&mut bytes) else {
            socket.wait_to_read();
            return None;
        };
        // Anybody can send to the group.
        let IpAddr::V4(from) = from.ip() else { return None };
        if !self.gateways.iter().any(|gateway| gateway.address == from) {
            return None;
        }
        Some((from, announcement(bytes.get(..length)?)?))
    }
}

fn open(gateways: &[Gateway]) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // Other programs may listen there, too (RFC 6886 section 3.2.1).
    socket.set_reuse_address(true)?;
    // By default the kernel also delivers what arrives on devices on which only other programs have joined the
    // group. Where that cannot be changed, the sender's address decides.
    let _ = socket.set_multicast_all_v4(false);
    // The socket is bound to the group, so that what is sent to the router's own address does not arrive here.
    socket.bind(&SocketAddr::new(GROUP.into(), PORT).into())?;
    for gateway in gateways {
        socket.join_multicast_v4_n(&GROUP, &InterfaceIndexOrAddress::Index(gateway.link))?;
    }
    Ok(socket.into())
}
