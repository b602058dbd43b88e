//! The rtnetlink sockets: [`socket`] receives the kernel's events, [`way`] asks for the route to a
//! host, [`neighbours`] follows hosts of the local network.

pub mod neighbours;
pub mod socket;
pub mod way;

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{MsgFlags, NetlinkAddr, recvmsg};
use rtnetlink::sys;

/// A netlink socket that does not block, and its port. Once connected to the kernel, port 0, it receives no unicast
/// from other processes.
fn connected() -> io::Result<(sys::Socket, u32)> {
    let mut socket = sys::Socket::new(sys::protocols::NETLINK_ROUTE)?;
    socket.set_non_blocking(true)?;
    let port = socket.bind_auto()?.port_number();
    socket.connect(&sys::SocketAddr::new(0, 0))?;
    Ok((socket, port))
}

/// Reads one datagram. Returns its length and the port of its sender: 0 is the kernel. Processes with `CAP_NET_ADMIN`
/// may send to groups, too.
fn receive(
    socket: &sys::Socket,
    buffer: &mut [u8],
    flags: MsgFlags,
) -> nix::Result<(usize, Option<u32>)> {
    // recv_from of netlink-sys cannot be used: it passes the length of the address as a usize. A 64-bit big-endian
    // kernel reads its upper half, 0, and returns no sender.
    let mut slices = [IoSliceMut::new(buffer)];
    let received = recvmsg::<NetlinkAddr>(socket.as_raw_fd(), &mut slices, None, flags)?;
    Ok((received.bytes, received.address.map(|from| from.pid())))
}
