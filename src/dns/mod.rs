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

/// How messages travel to a name server that the owner names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Over UDP, and over TCP where a message is too long for it (RFC 1035 section 4.2).
    #[default]
    Udp,
    /// Over TCP only (RFC 7766).
    Tcp,
    /// Over TLS only (RFC 7858).
    Tls,
}

impl Protocol {
    /// The port of name servers, if the owner names none.
    pub fn port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => resolv::PORT,
            Self::Tls => 853,
        }
    }
}

/// The result of a look-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The addresses, sorted; empty if there is no such name or no address of the family.
    pub addresses: Vec<IpAddr>,
    /// Whether the answer comes from an authority for the name, and not from a cache.
    pub authoritative: bool,
    /// What a resolver on this host says about the answer.
    pub dnssec: Dnssec,
}

/// What a resolver on this host says about an answer (DNSSEC, RFC 4035). Others are not believed: who can forge
/// their answers can forge that, too (RFC 4035 section 4.9.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dnssec {
    /// Nothing.
    #[default]
    Unknown,
    /// The zone has signatures, and the resolver does not say that it has verified them.
    Signed,
    /// The resolver has verified the signatures of the same answer.
    Authenticated,
    /// The resolver refuses the answer, because its signatures are wrong. The answer is not used.
    Bogus,
}

impl Dnssec {
    /// The word for `status --json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Signed => "signed",
            Self::Authenticated => "authenticated",
            Self::Bogus => "bogus",
        }
    }
}
