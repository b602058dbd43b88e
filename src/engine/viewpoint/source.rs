//! Where the addresses of one family come from.

use crate::config::{Lines, Source};
use crate::model::Family;

/// The source of the addresses of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FamilySource {
    /// A logical interface.
    Network(String),
    /// The logical interface for IPv6, with that for IPv4: see
    /// [`scope_v6`](crate::engine::network::NetworkView::scope_v6).
    NetworkV6 { v4: String, v6: String },
    /// One of several lines.
    Lines(Lines),
    /// The device by which packets with this mark leave; 0 for packets without a mark.
    Route(u32),
    /// A device.
    Device(String),
    /// A web page, which is asked over the network.
    Web,
    /// A script.
    Script,
    /// The gateway of the default route.
    Gateway,
}

impl FamilySource {
    /// Whether neither the kernel nor netifd knows the address, so that somebody must be asked for it.
    pub(super) fn is_asked(&self) -> bool {
        matches!(self, Self::Web | Self::Script | Self::Gateway)
    }

    /// The source of the addresses of `family`.
    pub(super) fn of(source: &Source, family: Family) -> Self {
        match (source, family) {
            (Source::Network { v4, .. }, Family::V4) => Self::Network(v4.clone()),
            (Source::Network { v4, v6 }, Family::V6) => {
                Self::NetworkV6 { v4: v4.clone(), v6: v6.clone() }
            }
            (Source::Lines(lines), _) => Self::Lines(lines.clone()),
            (Source::Route { mark }, _) => Self::Route(*mark),
            (Source::Device(name), _) => Self::Device(name.clone()),
            (Source::Web { .. }, _) => Self::Web,
            (Source::Script(_), _) => Self::Script,
            (Source::Gateway { .. }, Family::V4) => Self::Gateway,
            // IPv6 is not translated, so the address is that of the device by which packets leave.
            (Source::Gateway { .. }, Family::V6) => Self::Route(0),
        }
    }
}
