//! DNS as a client: looks up the registered address at the zone's own name servers, and the addresses
//! of providers at the system's resolvers.

pub mod lookup;
pub mod message;
pub mod name;
pub mod resolv;
pub mod resolving;
#[cfg(test)]
mod tests;
pub mod tsig;

use std::net::IpAddr;

/// The result of a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The addresses, sorted; empty if there is no such name or no address of the family.
    pub addresses: Vec<IpAddr>,
    /// Whether the answer comes from an authority for the name, and not from a cache.
    pub authoritative: bool,
}
