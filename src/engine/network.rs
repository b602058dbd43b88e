//! netifd's book: which device and which addresses a logical interface has.
//!
//! The kernel says what is; netifd says what belongs to what. An address is never published on
//! netifd's word alone: [`super::select`] takes it from the kernel and only ranks it by this.

use super::book::KernelTables;
use super::no_address::NoAddress;
use super::scope::{AddressOwnership, DeviceScope};
use super::select::{self, Policy};
use crate::proto::ubus::netifd::{Network, Networks};

/// What netifd has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NetifdState {
    /// It is being asked: a name may be a logical interface or a device, nobody knows yet.
    #[default]
    Asking,
    /// There is none: every name is that of a device.
    Absent,
    /// Its book.
    Known(Networks),
}

/// Everything that is known of the world outside.
#[derive(Clone, Debug, Default)]
pub struct NetworkView {
    /// The kernel's word.
    pub book: KernelTables,
    /// netifd's word.
    pub netifd: NetifdState,
}

impl NetifdState {
    /// Takes in what netifd says now, `None` if it is not there. Once it has spoken, its silence
    /// changes nothing: it restarts, the lines stay. Returns whether anything is new.
    #[must_use]
    pub fn update(&mut self, networks: Option<Networks>) -> bool {
        let new = match (networks, &*self) {
            (Some(networks), _) => Self::Known(networks),
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
    /// The device that `name` means: that of a logical interface, else the device of this name.
    /// LuCI writes logical interfaces with `@` where it lists devices, too.
    ///
    /// # Errors
    /// Why there is none; [`NoAddress::NetifdAsked`] while netifd is being asked.
    pub fn device(&self, name: &str) -> Result<String, NoAddress> {
        let plain = name.strip_prefix('@').unwrap_or(name);
        if let Some(network) = self.netifd.network(plain) {
            return network.device.clone().ok_or_else(|| NoAddress::Down(plain.to_owned()));
        }
        if self.netifd == NetifdState::Asking {
            return Err(NoAddress::NetifdAsked(plain.to_owned()));
        }
        match self.book.link(plain) {
            Some(link) => Ok(link.name.clone()),
            None => {
                let network = plain.to_owned();
                Err(NoAddress::NoSuchInterface { network, instead: self.likely_device() })
            }
        }
    }

    /// Where there is no netifd, a device that may be meant by a name that is none: one with a public
    /// address, else one with any address that could be published.
    fn likely_device(&self) -> Option<String> {
        if self.netifd != NetifdState::Absent || !self.book.addresses_known() {
            return None;
        }
        let private = Policy { private: true, ..Policy::default() };
        let found = select::device_with_address(&self.book, Policy::default())
            .or_else(|| select::device_with_address(&self.book, private))?;
        Some(found.to_owned())
    }

    /// The place that `name` means, as [`NetworkView::device`] has it.
    ///
    /// # Errors
    /// As [`NetworkView::device`].
    pub fn place(&self, name: &str) -> Result<DeviceScope, NoAddress> {
        let device = self.device(name)?;
        let claims = self.claims(name.strip_prefix('@').unwrap_or(name), &device);
        Ok(DeviceScope { device, claims })
    }

    /// The place of the IPv6 side of a line whose sides are the networks `v4` and `v6`. netifd makes
    /// a network of its own for the IPv6 side of PPP and of mobile lines, whatever `v6` is meanwhile;
    /// where it knows neither, both sides are one device.
    ///
    /// # Errors
    /// As [`NetworkView::device`], for `v6`.
    pub fn place6(&self, v4: &str, v6: &str) -> Result<DeviceScope, NoAddress> {
        let wanted = match self.place(v6) {
            Err(lack @ (NoAddress::NoSuchInterface { .. } | NoAddress::Down(_))) => lack,
            found => return found,
        };
        let unknown = matches!(wanted, NoAddress::NoSuchInterface { .. });
        match self.place(&format!("{v4}_6")) {
            Err(NoAddress::NoSuchInterface { .. }) if unknown => self.place(v4).map_err(|lack| {
                // It goes with the line.
                let of_line = matches!(lack, NoAddress::Down(_) | NoAddress::NoDevice(_));
                if of_line { lack } else { wanted }
            }),
            Err(_) if !unknown => Err(wanted),
            made => made,
        }
    }

    /// What netifd says of the addresses of `device` where the network `name` is meant.
    fn claims(&self, name: &str, device: &str) -> AddressOwnership {
        let mut claims = AddressOwnership::default();
        let NetifdState::Known(networks) = &self.netifd else {
            return claims;
        };
        for (other, network) in networks.iter() {
            if other == name {
                claims.own = network.clone();
            } else if network.device.as_deref() == Some(device) {
                claims
                    .others
                    .extend(network.addresses.iter().chain(network.assigned.iter()).copied());
            }
        }
        claims
    }
}
