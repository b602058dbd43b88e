//! Why there is no address to publish, and why a request cannot leave.

use std::fmt;
use std::net::IpAddr;

use crate::model::{Family, address};

/// Why an address is not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Duplicate address detection (RFC 4862, 5.4) still runs.
    Tentative,
    /// Duplicate address detection failed.
    DadFailed,
    /// Its preferred lifetime is over.
    Deprecated,
    /// Its scope is host or link: only this router, or only its neighbours, can use it.
    Scope,
    /// It is a temporary address, and `allow_temporary` is not set.
    Temporary,
    /// It lies in this range, which is not routed on the internet.
    NotPublic(&'static str),
    /// netifd lists it for another logical interface on the same device.
    OtherNetwork,
}

/// Why there is no address to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAddress {
    /// Neither a logical interface nor a device of this name is known.
    NoSuchInterface {
        /// The name that the owner configured.
        network: String,
        /// If there is no netifd: a device with an address that could be published.
        instead: Option<String>,
    },
    /// netifd is being asked for the device of this logical interface.
    NetifdAsked(String),
    /// This logical interface is down.
    Down(String),
    /// There is no device of this name.
    NoDevice(String),
    /// This device has no address of the family.
    NoAddress(String, Family),
    /// There are addresses, but none may be published: the best of them, and the reason against it.
    Refused(IpAddr, Rejection),
    /// As `Refused`, for an address that was asked for: who has told it comes first.
    RefusedOf(String, IpAddr, Rejection),
    /// The kernel has no way to the internet for packets of this family.
    NoExit(Family),
    /// Another line is about to take the place of the one in use, or nothing is known yet.
    Awaited(String),
    /// A source that must be asked has not answered yet.
    NotAsked,
    /// The source cannot be asked now, for this reason.
    CannotAsk(String),
    /// A source that must be asked failed, for this reason.
    NotDetected(String),
    /// Of this host in the local network no address in the prefix is known.
    HostNotSeen(String),
}

impl NoAddress {
    /// Whether the address is certainly lost, and not only for a moment. A source that does not answer, or an unknown
    /// interface is no proof of loss.
    pub fn is_loss(&self) -> bool {
        match self {
            Self::Down(_) | Self::NoDevice(_) | Self::NoAddress(..) | Self::NoExit(_) => true,
            // A tentative address is usable in a moment.
            Self::Refused(_, rejection) => *rejection != Rejection::Tentative,
            // netifd does not know a dynamic interface, such as `wan_6`, while it dials the line.
            Self::NoSuchInterface { .. }
            | Self::NetifdAsked(_)
            | Self::RefusedOf(..)
            | Self::Awaited(_)
            | Self::NotAsked
            | Self::CannotAsk(_)
            | Self::NotDetected(_)
            | Self::HostNotSeen(_) => false,
        }
    }

    /// Whether all that is there is an address that the provider of the line shares among customers.
    pub fn is_shared(&self) -> bool {
        matches!(
            self,
            Self::Refused(only, Rejection::NotPublic(_))
                | Self::RefusedOf(_, only, Rejection::NotPublic(_)) if address::is_shared(*only)
        )
    }

    /// Whether duplicate address detection still runs. The kernel ends it within seconds.
    pub fn is_tentative(&self) -> bool {
        matches!(self, Self::Refused(_, Rejection::Tentative))
    }
}

/// The address that a record should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desired {
    /// The address is not known yet. Nothing changes.
    Unknown,
    /// There is no usable address. The record stays as it is, unless `remove_after` removes it.
    Nothing(NoAddress),
    /// This address.
    Address(IpAddr),
}

/// What keeps requests from leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendBlock {
    /// There is no device for `bind_network`.
    NoDevice(NoAddress),
    /// No usable route leads to the provider: the kernel's reason.
    NoRoute(String),
    /// No route leads to the provider through the device whose address the provider is to store: the kernel's
    /// reason.
    NoRouteFrom(String),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tentative => "tentative: duplicate address detection still runs",
            Self::DadFailed => {
                "another host on the link has it (duplicate address detection failed)"
            }
            Self::Deprecated => "deprecated: its preferred lifetime is over",
            Self::Scope => "its scope is host or link, so it is not for the internet",
            Self::Temporary => "temporary (set allow_temporary to publish it)",
            Self::NotPublic(range) => range,
            Self::OtherNetwork => "belongs to another network on the same device",
        })
    }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchInterface { network, instead } => {
                write!(f, "neither a logical interface nor a device '{network}' is there")?;
                // The owner can copy this option into the section.
                let Some(device) = instead else { return Ok(()) };
                write!(f, "; the device '{device}' has an address: option ip_network '{device}'")
            }
            Self::NetifdAsked(network) => {
                write!(f, "netifd is being asked for the device of '{network}'")
            }
            Self::Down(network) => write!(f, "the logical interface '{network}' is down"),
            Self::NoDevice(device) => write!(f, "no device '{device}' is there"),
            Self::NoAddress(device, family) => {
                write!(f, "'{device}' has no {family} address")
            }
            Self::Refused(address, Rejection::NotPublic(range)) => {
                let hint = address::advice(*address);
                write!(f, "only {address}, {range}, is there; it is not published{hint}")
            }
            Self::Refused(address, why) => write!(f, "only {address} is there: {why}"),
            Self::RefusedOf(by, address, why) => {
                let hint = address::advice_behind(*address);
                write!(
                    f,
                    "{address}, {why}, is all that is there ({by}); it is not published{hint}"
                )
            }
            Self::NoExit(family) => {
                write!(f, "the kernel has no {family} route to the internet")
            }
            Self::Awaited(why) => f.write_str(why),
            Self::NotAsked => f.write_str("the address source has not answered yet"),
            Self::CannotAsk(why) => write!(f, "the address source cannot be asked: {why}"),
            Self::NotDetected(why) => write!(f, "the address source failed: {why}"),
            Self::HostNotSeen(host) => write!(
                f,
                "neither the neighbour table nor a lease has shown an address of {host} in the network's \
                 prefix"
            ),
        }
    }
}

impl fmt::Display for SendBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDevice(reason) => write!(f, "bind_network: {reason}"),
            Self::NoRoute(why) => write!(f, "cannot reach the provider: {why}"),
            Self::NoRouteFrom(why) => write!(
                f,
                "cannot reach the provider: {why}, and over another line it would store that one's \
                 address, because the update URL names none"
            ),
        }
    }
}
