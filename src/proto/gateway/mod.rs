//! How a router behind another router learns its public IPv4 address: from that gateway by PCP, NAT-PMP
//! or UPnP IGD, or from a STUN server.

pub mod announcement;
pub mod dialogue;
pub mod nat_pmp;
pub mod pcp;
pub mod stun;
pub mod upnp;

use std::net::Ipv4Addr;

/// The UDP port at which a gateway answers PCP (RFC 6887 section 19.1) and NAT-PMP (RFC 6886 section 3).
pub const PORT: u16 = 5351;

/// The `N` bytes of `bytes` at `at`; `None` if `bytes` is too short.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

fn address(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    array(bytes, at).map(<[u8; 4]>::into)
}
