//! ubus, OpenWrt's bus of services: netifd's logical interfaces, and our own object.

pub mod blob;
pub mod message;
pub mod netifd;
pub mod object;
pub mod odhcpd;
pub mod session;
#[cfg(test)]
mod tests;
