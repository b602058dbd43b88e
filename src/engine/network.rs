//! netifd's book: which device and which addresses a logical interface has.
//!
//! The kernel says what is; netifd says what belongs to what. An address is never published on
//! netifd's word alone: [`super::select`] takes it from the kernel and only ranks it by this.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// netifd's word on one logical interface (`network.interface` `dump`, openwrt `netifd`,
/// `interface_dump_status`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// `l3_device`: the kernel device that carries its addresses; `None` while it is down.
    pub device: Option<String>,
    /// `ipv4-address`, `ipv6-address`, and the router's own address in each
    /// `ipv6-prefix-assignment`.
    pub addresses: BTreeSet<IpAddr>,
}

/// All logical interfaces by name.
pub type Networks = BTreeMap<String, Network>;
