//! What was seen of hosts in the local network: their entries in the kernel's neighbour table, their leases, and
//! what the router's DHCP server is to know of them.

use std::fmt;
use std::net::Ipv6Addr;

use crate::config::host::Identity;
use crate::model::mac::{Mac, joined};
use crate::model::sorted::Map;

/// Most addresses of a hardware address that are kept. A host has one or two in each prefix, and one more each
/// day if it uses temporary addresses.
const MAX_SEEN: usize = 8;

/// What was seen of hosts.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    /// The addresses of each hardware address, in the order in which they were seen.
    neighbours: Map<Mac, Vec<Ipv6Addr>>,
}

/// By what a host can be recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// The end of its address, and how many bits come before it.
    pub suffix: Option<(Ipv6Addr, u8)>,
    /// Its hardware addresses.
    pub macs: Vec<Mac>,
    /// Its name in leases.
    pub name: Option<String>,
}

impl Sightings {
    /// By what the host with this identity can be recognised.
    pub fn clues(&self, identity: &Identity) -> Clues {
        match identity {
            Identity::Suffix { bits, prefix_len } => {
                Clues { suffix: Some((*bits, *prefix_len)), ..Clues::default() }
            }
            Identity::Mac(mac) => Clues { macs: vec![*mac], ..Clues::default() },
            Identity::Dhcp(name) => Clues { name: Some(name.clone()), ..Clues::default() },
        }
    }

    /// The neighbour table shows `address` for the hardware address `mac`. Returns whether that is news.
    #[must_use]
    pub fn seen(&mut self, mac: Mac, address: Ipv6Addr) -> bool {
        if self.neighbours.get(&mac).is_none() {
            self.neighbours.insert(mac, Vec::new());
        }
        let Some(known) = self.neighbours.get_mut(&mac) else { return false };
        if known.contains(&address) {
            return false;
        }
        if known.len() >= MAX_SEEN {
            // Temporary addresses come and go, and the prefix of an older address may be gone. The address
            // that is published is kept by the record.
            let oldest = known.iter().position(|old| !is_same_64(*old, address));
            match oldest {
                Some(oldest) => drop(known.remove(oldest)),
                None if address == mac.eui64(address) => drop(known.pop()),
                None => return false,
            }
        }
        known.push(address);
        true
    }

    /// The addresses that the neighbour table has shown for `mac`, the first one first.
    pub fn neighbour(&self, mac: Mac) -> &[Ipv6Addr] {
        self.neighbours.get(&mac).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the host with this hardware address chooses its identifiers itself (RFC 7217): it was seen, but
    /// never with its EUI-64. `current` is its published address.
    pub fn chooses_itself(&self, mac: Mac, current: Option<Ipv6Addr>) -> bool {
        let mut known = self.neighbour(mac).iter().copied().chain(current).peekable();
        known.peek().is_some() && known.all(|address| address != mac.eui64(address))
    }

    /// The addresses of leases of the host.
    pub fn leased(&self, _clues: &Clues) -> impl Iterator<Item = Ipv6Addr> {
        std::iter::empty()
    }
}

fn is_same_64(a: Ipv6Addr, b: Ipv6Addr) -> bool {
    joined(a, b, 64) == b
}

/// The host, for a sentence.
impl fmt::Display for Clues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.macs.first()) {
            (Some(name), Some(mac)) => write!(f, "'{name}' ({mac})"),
            (Some(name), None) => write!(f, "'{name}'"),
            (None, Some(mac)) => write!(f, "{mac}"),
            (None, None) => Ok(()),
        }
    }
}
