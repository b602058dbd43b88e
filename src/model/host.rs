//! A host that requests go to.

use std::net::IpAddr;

/// A host that must be reachable before a request can work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// A name. The kernel can be asked for a route only once the name is resolved.
    Name(String),
    /// A literal address, or one from `/etc/hosts`.
    Address(IpAddr),
}
