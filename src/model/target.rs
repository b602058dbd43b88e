//! What a record should be.

use std::net::IpAddr;

/// What a request is to make of a record: that it holds one address, or that it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The record holds this address.
    Address(IpAddr),
    /// The record is removed.
    Absent,
}

impl Target {
    /// The address to hold; `None` for a removal.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Absent => None,
        }
    }
}
