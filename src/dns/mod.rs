//! DNS as a client: the registered address is asked of the zone's own name servers, the addresses of
//! providers of the system's resolvers.

pub mod lookup;
pub mod message;
pub mod name;
pub mod resolv;
pub mod resolving;
#[cfg(test)]
mod tests;
pub mod tsig;

use std::net::IpAddr;

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The addresses, sorted; empty if there is no such name or no address of the family.
    pub addresses: Vec<IpAddr>,
    /// Whether an authority for the name says so, and not somebody's cache.
    pub authoritative: bool,
}
