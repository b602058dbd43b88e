//! netifd's logical interfaces: the device and the addresses of each.
//!
//! The kernel knows which addresses exist, and netifd which logical interface they belong to. An address
//! that only netifd reports is never published: [`super::select`] chooses among the kernel's addresses, and
//! ranks them by what netifd reports.

use super::book::KernelTables;
use super::files::Files;
use super::gateway::Gateway;
use super::no_address::{Kind, NoAddress};
use super::scope::{AddressOwnership, DeviceScope};
use super::select::{self, Policy};
use super::sightings::Sightings;
use crate::model::sorted::Set;
use crate::proto::ubus::netifd::{Network, Networks};

/// The state of netifd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NetifdState {
    /// netifd has not answered yet, so a name may be that of a logical interface or of a device.
    #[default]
    Asking,
    /// There is no netifd: every name is that of a device.
    Absent,
    /// netifd's logical interfaces, as last reported.
    Known(Networks),
}

/// The network, as the kernel, netifd and other programs report it.
#[derive(Clone, Debug, Default)]
pub struct NetworkView {
    /// The kernel's devices, addresses and ways.
    pub book: KernelTables,
    /// netifd's logical interfaces.
    pub netifd: NetifdState,
    /// Files in which other programs write what they know of the network.
    pub files: Files,
    /// What was seen of hosts in the local network.
    pub sightings: Sightings,
    /// The gateways whose announcements the daemon listens to.
    pub gateways: Set<Gateway>,
}

impl NetifdState {
    /// Takes in netifd's report, `None` if there is no netifd. Returns whether it changes anything.
    #[must_use]
    pub fn update(&mut self, networks: Option<Networks>) -> bool {
        let new = match (networks, &*self) {
            (Some(networks), _) => Self::Known(networks),
            // netifd restarts, but its interfaces stay up: the last report stays in force.
            (None, Self::Known(_)) => return false,
            (None, Self::Asking | Self::Absent) => Self::Absent,
        };
        let changed = new != *self;
        *self = new;
        changed
    }

    fn network(&self, name: &str) -> Option<&Network> {
        match self {
            Self::Known(networks) => networks.get(name),
            Self::Asking | Self::Absent => None,
        }
    }
}

impl NetworkView {
    /// The device of the logical interface `name`; if there is no such interface, the device `name`. LuCI
    /// writes `@` before the name of a logical interface in lists that also have devices.
    ///
    /// # Errors
    /// Why there is no device; [`Kind::NetifdAsked`] while netifd is being asked.
    pub fn device(&self, name: &str) -> Result<&str, NoAddress> {
        let plain = name.strip_prefix('@').unwrap_or(name);
        // netifd's name comes first: on many routers the port of the line is a device `wan`, while the logical
        // interface `wan` is PPPoE over it.
        if let Some(network) = self.netifd.network(plain) {
            return network.device.as_deref().ok_or_else(|| NoAddress::down(plain));
        }
        if self.netifd == NetifdState::Asking {
            return Err(NoAddress::netifd_asked(plain));
        }
        match self.book.link(plain) {
            Some(link) => Ok(&link.name),
            None => Err(NoAddress::no_such_interface(plain, self.likely_device())),
        }
    }

    /// A device to propose for a name that does not exist, if there is no netifd: one with a public address,
    /// else one with a private address.
    fn likely_device(&self) -> Option<&str> {
        if self.netifd != NetifdState::Absent || !self.book.addresses_known() {
            return None;
        }
        let private = Policy { private: true, ..Policy::default() };
        select::device_with_address(&self.book, Policy::default())
            .or_else(|| select::device_with_address(&self.book, private))
    }

    /// The device that [`NetworkView::device`] finds for `name`, with the owners of its addresses.
    ///
    /// # Errors
    /// As [`NetworkView::device`].
    pub fn scope(&self, name: &str) -> Result<DeviceScope<'_>, NoAddress> {
        let device = self.device(name)?;
        let claims = self.claims(name.strip_prefix('@').unwrap_or(name), device);
        Ok(DeviceScope { device, claims })
    }

    /// The device for IPv6 if the owner named the logical interfaces `v4` and `v6`. If `v6` is absent or
    /// down, the interface that netifd makes for the IPv6 side of PPP and mobile lines is taken: `v4` with
    /// `_6` added. If neither exists, it is the device of `v4`.
    ///
    /// # Errors
    /// As [`NetworkView::device`], for `v6`.
    pub fn scope_v6(&self, v4: &str, v6: &str) -> Result<DeviceScope<'_>, NoAddress> {
        let named = self.scope(v6);
        let is_absent = match &named {
            Err(why) if why.kind == Kind::NoSuchInterface => true,
            Err(why) if why.kind == Kind::Down => false,
            Err(_) | Ok(_) => return named,
        };
        // OpenWrt's ppp6-up, qmi.sh and others call netifd's `add_dynamic` with this name.
        let dynamic = self.scope(&format!("{v4}_6"));
        match &dynamic {
            Err(_) if !is_absent => return named,
            Err(why) if why.kind == Kind::NoSuchInterface => {}
            Err(_) | Ok(_) => return dynamic,
        }
        let line = self.scope(v4);
        match &line {
            // netifd adds and removes the IPv6 interface with the line, so its absence is a loss.
            Err(why) if !matches!(why.kind, Kind::Down | Kind::NoDevice) => named,
            Err(_) | Ok(_) => line,
        }
    }

    /// Which addresses of `device` netifd lists for the logical interface `name`, and which for others.
    fn claims(&self, name: &str, device: &str) -> AddressOwnership<'_> {
        let mut claims = AddressOwnership::default();
        let NetifdState::Known(networks) = &self.netifd else {
            return claims;
        };
        for (other, network) in networks.iter() {
            if other == name {
                claims.own = Some(network);
            } else if network.device.as_deref() == Some(device) {
                claims.others.push(network);
            }
        }
        claims
    }
}
