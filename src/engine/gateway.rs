//! The gateway of the default route, for sections whose address only that gateway knows.

use std::net::{IpAddr, Ipv4Addr};

use super::book::KernelTables;
use super::way::Ask;
use crate::model::sorted::Set;
use crate::proto::netlink::IfIndex;

/// A router before this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gateway {
    /// Its address in the network between the two.
    pub address: Ipv4Addr,
    /// The device that leads to it.
    pub device: String,
    /// The index of that device.
    pub link: IfIndex,
}

/// The default route, and the addresses of its device. If any of this changes, the gateway may have another
/// address as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uplink {
    /// The gateway; `None` if there is no default route, or if it names no gateway.
    pub gateway: Option<Gateway>,
    addresses: Set<IpAddr>,
}

impl KernelTables {
    /// The uplink, by the kernel's answer to `ask`, the question about any host of the internet over IPv4.
    pub fn uplink(&self, ask: &Ask) -> Uplink {
        for (_, link, gateway) in self.steps(ask) {
            if let (Some(index), Some(IpAddr::V4(address))) = (link, gateway)
                && let Some(link) = self.links().find(|link| link.index == index)
            {
                let gateway = Gateway { address, device: link.name.clone(), link: index };
                let addresses = self.addresses(index).map(|known| known.address.address);
                // IPv6 addresses come and go, and tell nothing about the gateway's IPv4 address.
                let addresses = addresses.filter(IpAddr::is_ipv4).collect();
                return Uplink { gateway: Some(gateway), addresses };
            }
        }
        Uplink::default()
    }
}
