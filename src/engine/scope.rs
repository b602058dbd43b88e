//! A device as the source of addresses, and which of its addresses belong to the logical interface.

use std::net::IpAddr;

use crate::proto::ubus::netifd::Network;

/// A device, and which of its addresses belong to the logical interface that the owner named.
#[derive(Clone, Debug)]
pub struct DeviceScope<'a> {
    /// Name of the device.
    pub device: &'a str,
    /// What netifd reports of its addresses.
    pub claims: AddressOwnership<'a>,
}

/// Which addresses of a device netifd lists for the logical interface, and which for others on the device.
#[derive(Clone, Debug, Default)]
pub struct AddressOwnership<'a> {
    pub(super) own: Option<&'a Network>,
    pub(super) others: Vec<&'a Network>,
}

impl<'a> DeviceScope<'a> {
    /// A device with all its addresses.
    pub fn device(device: &'a str) -> Self {
        Self { device, claims: AddressOwnership::default() }
    }
}

impl AddressOwnership<'_> {
    /// How `address` belongs to the logical interface; lower is better. 0: netifd lists it for the
    /// interface. 1: it is the router's in a prefix that was assigned to the interface. 2: neither.
    pub fn rank(&self, address: IpAddr) -> u8 {
        match self.own {
            Some(own) if own.addresses.contains(&address) => 0,
            Some(own) if own.assigned.contains(&address) => 1,
            _ => 2,
        }
    }

    /// Whether `address` is the router's in a prefix that was assigned to the interface.
    pub fn is_assigned(&self, address: IpAddr) -> bool {
        self.own.is_some_and(|own| own.assigned.contains(&address))
    }

    /// Whether `address` belongs to another logical interface on the device. An interface without any
    /// address of the family shares those of the others: `wan` those of `wan_6`.
    pub fn excludes(&self, address: IpAddr) -> bool {
        let Some(own) = self.own else { return false };
        if !self.others.iter().any(|other| has(other, address)) || has(own, address) {
            return false;
        }
        let mut own = own.addresses.iter().chain(own.assigned.iter());
        own.any(|own| own.is_ipv4() == address.is_ipv4())
    }
}

fn has(network: &Network, address: IpAddr) -> bool {
    network.addresses.contains(&address) || network.assigned.contains(&address)
}
