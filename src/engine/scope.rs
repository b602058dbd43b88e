//! Where addresses are taken from: a device, and which of its addresses are meant.

use std::net::IpAddr;

use crate::model::Family;
use crate::model::sorted::Set;
use crate::proto::ubus::netifd::Network;

/// A device, and whose its addresses are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceScope {
    /// Name of the device.
    pub device: String,
    /// What netifd says of its addresses.
    pub claims: AddressOwnership,
}

/// Which addresses of a device belong to the network that is meant, and which to others on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressOwnership {
    pub(super) own: Network,
    pub(super) others: Set<IpAddr>,
}

impl DeviceScope {
    /// A device that is meant as a whole.
    pub fn device(name: &str) -> Self {
        Self { device: name.to_owned(), claims: AddressOwnership::default() }
    }
}

impl AddressOwnership {
    /// How `address` belongs to the network that is meant; lower is better: it is its own, it is the
    /// router's in a prefix that was assigned to it, netifd does not say so.
    pub fn rank(&self, address: IpAddr) -> u8 {
        let own = &self.own;
        match (own.addresses.contains(&address), own.assigned.contains(&address)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    }

    /// Whether `address` is another network's on the same device. A network without any address of
    /// the family shares those of the others: `wan` those of `wan_6`.
    pub fn excludes(&self, address: IpAddr) -> bool {
        let family = Family::of(address);
        let own = || self.own.addresses.iter().chain(self.own.assigned.iter());
        self.others.contains(&address)
            && own().all(|own| *own != address)
            && own().any(|own| Family::of(*own) == family)
    }
}
