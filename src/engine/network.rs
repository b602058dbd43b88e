//! netifd's book: which device and which addresses a logical interface has.
//!
//! The kernel says what is; netifd says what belongs to what. An address is never published on
//! netifd's word alone: [`super::select`] takes it from the kernel and only ranks it by this.

use std::net::IpAddr;

use super::book::Book;
use super::select::Lack;
use crate::config::Family;
use crate::sorted::{Map, Set};

/// netifd's word on one logical interface (`network.interface` `dump`, openwrt `netifd`,
/// `interface_dump_status`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// `l3_device`: the kernel device that carries its addresses; `None` while it is down.
    pub device: Option<String>,
    /// `ipv4-address`, `ipv6-address`, and the router's own address in each
    /// `ipv6-prefix-assignment`.
    pub addresses: Set<IpAddr>,
}

/// All logical interfaces by name.
pub type Networks = Map<String, Network>;

/// What netifd has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Netifd {
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
pub struct Facts {
    /// The kernel's word.
    pub book: Book,
    /// netifd's word.
    pub netifd: Netifd,
}

/// Which addresses of a device belong to the network that is meant, and which to others on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    own: Set<IpAddr>,
    others: Set<IpAddr>,
}

impl Netifd {
    /// Takes in what netifd says now, `None` if it is not there. Once it has spoken, its silence
    /// changes nothing: it restarts, the lines stay. Returns whether anything is new.
    #[must_use]
    pub fn heard(&mut self, word: Option<Networks>) -> bool {
        let new = match (word, &*self) {
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

impl Facts {
    /// The device that `name` means: that of a logical interface, else the device of this name.
    /// LuCI writes logical interfaces with `@` where it lists devices, too.
    ///
    /// # Errors
    /// Why there is none; [`Lack::NotResolved`] while netifd is being asked.
    pub fn device(&self, name: &str) -> Result<String, Lack> {
        let plain = name.strip_prefix('@').unwrap_or(name);
        if let Some(network) = self.netifd.network(plain) {
            return network.device.clone().ok_or_else(|| Lack::Down(plain.to_owned()));
        }
        if self.netifd == Netifd::Asking {
            return Err(Lack::NotResolved(plain.to_owned()));
        }
        match self.book.link(plain) {
            Some(link) => Ok(link.name.clone()),
            None => Err(Lack::Unresolved(plain.to_owned())),
        }
    }

    /// The first of `names` that means anything to netifd or the kernel, and its device.
    ///
    /// # Errors
    /// As [`Facts::device`], for the first name.
    pub fn first_device<'a>(&self, names: &[&'a str]) -> Result<(&'a str, String), Lack> {
        let mut first = None;
        for name in names {
            match self.device(name) {
                Ok(device) => return Ok((name, device)),
                Err(lack @ Lack::Unresolved(_)) => first = first.or(Some(lack)),
                Err(lack) => return Err(lack),
            }
        }
        Err(first.unwrap_or_else(|| Lack::Unresolved(String::new())))
    }

    /// What netifd says of the addresses of `device` where the network `name` is meant.
    pub fn claims(&self, name: &str, device: &str) -> Claims {
        let mut claims = Claims::default();
        let Netifd::Known(networks) = &self.netifd else {
            return claims;
        };
        for (other, network) in networks.iter() {
            if network.device.as_deref() == Some(device) {
                let whose = if other == name { &mut claims.own } else { &mut claims.others };
                whose.extend(network.addresses.iter().copied());
            }
        }
        claims
    }
}

impl Claims {
    /// Whether netifd lists `address` for the network that is meant.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.own.contains(&address)
    }

    /// Whether `address` is another network's on the same device. A network without any address of
    /// the family shares those of the others: `wan` those of `wan_6`.
    pub fn excludes(&self, address: IpAddr) -> bool {
        let family = Family::of(address);
        !self.owns(address)
            && self.others.contains(&address)
            && self.own.iter().any(|own| Family::of(*own) == family)
    }
}
