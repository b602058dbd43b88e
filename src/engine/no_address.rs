//! Why there is no address to publish, and why a request cannot leave.

use std::fmt;
use std::net::IpAddr;

use super::sightings::Clues;
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
pub struct NoAddress {
    /// What kind of reason it is, for what follows from it.
    pub kind: Kind,
    /// A sentence for the owner.
    text: String,
}

/// A kind of reason why there is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neither a logical interface nor a device of the name is known.
    NoSuchInterface,
    /// netifd is being asked for the device of the logical interface.
    NetifdAsked,
    /// The logical interface is down.
    Down,
    /// The kernel has no device with the configured name.
    NoDevice,
    /// The device has no address of the family.
    NoneThere,
    /// There are addresses, but none may be published.
    Refused,
    /// As `Refused`, and duplicate address detection still runs for the best of them.
    Tentative,
    /// As `Refused`, and the best of them is one that the provider of the line shares among customers.
    Shared,
    /// The source that was asked has answered with an address that may not be published.
    RefusedAnswer,
    /// As `RefusedAnswer`, and the provider of the line shares it among customers.
    SharedAnswer,
    /// The kernel has no way to the internet for packets of the family.
    NoExit,
    /// Another line is about to take the place of the one in use, or nothing is known yet.
    Awaited,
    /// A source that must be asked has not answered yet.
    NotAsked,
    /// The source cannot be asked now.
    CannotAsk,
    /// A source that must be asked failed.
    NotDetected,
    /// Of a host in the local network no address in the prefix is known.
    HostNotSeen,
}

impl NoAddress {
    fn new(kind: Kind, text: String) -> Self {
        Self { kind, text }
    }

    /// There is neither a logical interface nor a device `network`, the name that the owner configured. `instead` is a
    /// device with an address that could be published, if there is no netifd.
    pub fn no_such_interface(network: &str, instead: Option<&str>) -> Self {
        let mut text = format!("neither a logical interface nor a device '{network}' is there");
        // The owner can copy this option into the section.
        if let Some(device) = instead {
            text = format!(
                "{text}; the device '{device}' has an address: option ip_network '{device}'"
            );
        }
        Self::new(Kind::NoSuchInterface, text)
    }

    /// netifd is being asked for the device of this logical interface.
    pub fn netifd_asked(network: &str) -> Self {
        let text = format!("netifd is being asked for the device of '{network}'");
        Self::new(Kind::NetifdAsked, text)
    }

    /// This logical interface is down.
    pub fn down(network: &str) -> Self {
        Self::new(Kind::Down, format!("the logical interface '{network}' is down"))
    }

    /// There is no device of this name.
    pub fn no_device(device: &str) -> Self {
        Self::new(Kind::NoDevice, format!("no device '{device}' is there"))
    }

    /// This device has no address of the family.
    pub fn none_there(device: &str, family: Family) -> Self {
        Self::new(Kind::NoneThere, format!("'{device}' has no {family} address"))
    }

    /// There are addresses, but none may be published: the best of them, and the reason against it.
    pub fn refused(address: IpAddr, why: Rejection) -> Self {
        let Rejection::NotPublic(range) = why else {
            let is_tentative = why == Rejection::Tentative;
            let kind = if is_tentative { Kind::Tentative } else { Kind::Refused };
            return Self::new(kind, format!("only {address} is there: {why}"));
        };
        let kind = if address::is_shared(address) { Kind::Shared } else { Kind::Refused };
        let hint = address::advice(address);
        let text = format!("only {address}, {range}, is there; it is not published{hint}");
        Self::new(kind, text)
    }

    /// The address that `by` has told is in this range, so it may not be published.
    pub fn refused_answer(by: &str, address: IpAddr, range: &str) -> Self {
        let kind =
            if address::is_shared(address) { Kind::SharedAnswer } else { Kind::RefusedAnswer };
        let hint = address::advice_behind(address);
        let text =
            format!("{address}, {range}, is all that is there ({by}); it is not published{hint}");
        Self::new(kind, text)
    }

    /// The kernel has no way to the internet for packets of this family.
    pub fn no_exit(family: Family) -> Self {
        let text = format!("the kernel has no {family} route to the internet");
        Self::new(Kind::NoExit, text)
    }

    /// Another line is about to take the place of the one in use, or nothing is known yet.
    pub fn awaited(text: String) -> Self {
        Self::new(Kind::Awaited, text)
    }

    /// A source that must be asked has not answered yet.
    pub fn not_asked() -> Self {
        Self::new(Kind::NotAsked, "the address source has not answered yet".into())
    }

    /// The source cannot be asked now, for this reason.
    pub fn cannot_ask(why: &str) -> Self {
        Self::new(Kind::CannotAsk, format!("the address source cannot be asked: {why}"))
    }

    /// A source that must be asked failed, for this reason.
    pub fn not_detected(why: &str) -> Self {
        Self::new(Kind::NotDetected, format!("the address source failed: {why}"))
    }

    /// Of this host in the local network no address in the prefix is known.
    pub fn host_not_seen(host: &Clues) -> Self {
        let text = format!(
            "neither the neighbour table nor a lease has shown an address of {host} in the network's \
             prefix"
        );
        Self::new(Kind::HostNotSeen, text)
    }

    /// The sentence for the owner.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The sentence for the owner, taken out.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Whether the address is certainly lost, and not only for a moment. A source that does not answer, or an unknown
    /// interface is no proof of loss.
    pub fn is_loss(&self) -> bool {
        match self.kind {
            Kind::Down
            | Kind::NoDevice
            | Kind::NoneThere
            | Kind::NoExit
            | Kind::Refused
            | Kind::Shared => true,
            // A tentative address is usable in a moment. netifd does not know a dynamic interface, such as `wan_6`,
            // while it dials the line.
            Kind::Tentative
            | Kind::NoSuchInterface
            | Kind::NetifdAsked
            | Kind::RefusedAnswer
            | Kind::SharedAnswer
            | Kind::Awaited
            | Kind::NotAsked
            | Kind::CannotAsk
            | Kind::NotDetected
            | Kind::HostNotSeen => false,
        }
    }

    /// Whether all that is there is an address that the provider of the line shares among customers.
    pub fn is_shared(&self) -> bool {
        matches!(self.kind, Kind::Shared | Kind::SharedAnswer)
    }

    /// Whether duplicate address detection still runs. The kernel ends it within seconds.
    pub fn is_tentative(&self) -> bool {
        self.kind == Kind::Tentative
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
pub struct SendBlock {
    /// What kind of reason it is.
    pub kind: BlockKind,
    /// A sentence for the owner.
    text: String,
}

/// What kind of reason keeps requests from leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// There is no device for `bind_network`.
    NoDevice,
    /// netifd is being asked for the device of `bind_network`.
    NetifdAsked,
    /// No usable route leads to the provider.
    NoRoute,
    /// No route leads to the provider through the device whose address the provider is to store.
    NoRouteFrom,
}

impl SendBlock {
    /// The sentence for the owner.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// There is no device for `bind_network`.
    pub fn no_device(why: &NoAddress) -> Self {
        let is_asked = why.kind == Kind::NetifdAsked;
        let kind = if is_asked { BlockKind::NetifdAsked } else { BlockKind::NoDevice };
        Self { kind, text: format!("bind_network: {why}") }
    }

    /// No usable route leads to the provider: the kernel's reason.
    pub fn no_route(why: &str) -> Self {
        Self { kind: BlockKind::NoRoute, text: format!("cannot reach the provider: {why}") }
    }

    /// No route leads to the provider through the device whose address the provider is to store: the kernel's
    /// reason.
    pub fn no_route_from(why: &str) -> Self {
        let text = format!(
            "cannot reach the provider: {why}, and over another line it would store that one's \
             address, because the update URL names none"
        );
        Self { kind: BlockKind::NoRouteFrom, text }
    }
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
        f.write_str(&self.text)
    }
}

impl fmt::Display for SendBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
