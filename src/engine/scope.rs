//! A device as the source of addresses, and which of its addresses belong to the logical interface.

use std::net::IpAddr;

use crate::model::Family;
use crate::model::sorted::Set;
use crate::proto::ubus::netifd::Network;

/// A device, and which of its addresses belong to the logical interface that the owner named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceScope {
    /// Name of the device.
    pub device: String,
    /// What netifd reports of its addresses.
    pub claims: AddressOwnership,
}

/// Which addresses of a device netifd lists for the logical interface, and which for others on the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressOwnership {
    pub(super) own: Network,
    pub(super) others: Set<IpAddr>,
}

impl DeviceScope {
    /// A device with all its addresses.
    pub fn device(name: &str) -> Self {
        Self { device: name.to_owned(), claims: AddressOwnership::default() }
    }
}

impl AddressOwnership {
    /// How `address` belongs to the logical interface; lower is better. 0: netifd lists it for the
    /// interface. 1: it is the router's in a prefix that was assigned to the interface. 2: neither.
    pub fn rank(&self, address: IpAddr) -> u8 {
        let own = &self.own;
        match (own.addresses.contains(&address), own.assigned.contains(&address)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    }

    /// Whether `address` is the router's in a prefix that was assigned to the interface.
    pub fn is_assigned(&self, address: IpAddr) -> bool {
        self.own.assigned.contains(&address)
    }

    /// Whether `address` belongs to another logical interface on the device. An interface without any
    /// address of the family shares those of the others: `wan` those of `wan_6`.
    pub fn excludes(&self, address: IpAddr) -> bool {
        let family = Family::of(address);
        let own = || self.own.addresses.iter().chain(self.own.assigned.iter());
        self.others.contains(&address)
            && own().all(|own| *own != address)
            && own().any(|own| Family::of(*own) == family)
    }
}
