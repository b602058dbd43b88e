//! The netlink sockets: one for the kernel's events, one that asks for ways to hosts.

pub mod socket;
pub mod way;
