//! DNS as a client: the registered address is asked of the zone's own name servers, the addresses of
//! providers of the system's resolvers.

mod ask;
mod changes;
pub mod lookup;
pub mod message;
pub mod name;
pub mod resolv;
pub(crate) mod resolve;
pub mod resolving;
mod send;
#[cfg(test)]
mod tests;
pub mod tsig;
mod wire;

use std::net::IpAddr;

pub use ask::{Way, look_up, verify_server};
pub use resolve::resolve;
pub use send::send;

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The addresses, sorted; empty if there is no such name or no address of the family.
    pub addresses: Vec<IpAddr>,
    /// Whether an authority for the name says so, and not somebody's cache.
    pub authoritative: bool,
}
