//! What was seen of hosts in the local network: their entries in the kernel's neighbour table, their leases, and
//! what the router's DHCP server is to know of them.

use std::fmt;
use std::net::Ipv6Addr;

use crate::config::dhcp::{Dhcp, DhcpHost};
use crate::config::host::Identity;
use crate::model::mac::{Mac, joined};
use crate::model::sorted::Map;
use crate::proto::leases::Lease;

/// Most addresses of a hardware address that are kept. A host has one or two in each prefix, and one more each
/// day if it uses temporary addresses.
const MAX_SEEN: usize = 8;

/// What was seen of hosts.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    /// The addresses of each hardware address, in the order in which they were seen.
    neighbours: Map<Mac, Vec<Ipv6Addr>>,
    /// Whether the neighbour table has been read as a whole since the hosts that count have changed.
    are_neighbours_read: bool,
    /// What `/etc/config/dhcp` says; `None` until it is read.
    pub dhcp: Option<Dhcp>,
    /// dnsmasq's leases; `None` until they are read.
    pub dnsmasq: Option<Vec<Lease>>,
    /// odhcpd's leases; `None` until it has answered.
    pub odhcpd: Option<Vec<Lease>>,
}

/// By what a host can be recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// The end of its address, and how many bits come before it.
    pub suffix: Option<(Ipv6Addr, u8)>,
    /// Its hardware addresses.
    pub macs: Vec<Mac>,
    /// Its DHCP unique identifiers.
    pub duids: Vec<String>,
    /// Its name in leases.
    pub name: Option<String>,
}

impl Sightings {
    /// By what the host with this identity can be recognised.
    pub fn clues(&self, identity: &Identity) -> Clues {
        let mut clues = Clues::default();
        match identity {
            Identity::Suffix { bits, prefix_len } => clues.suffix = Some((*bits, *prefix_len)),
            Identity::Mac(mac) => {
                clues.macs.push(*mac);
                if let Some(host) = self.dhcp_host(&|host| host.macs.contains(mac)) {
                    clues.duids.clone_from(&host.duids);
                }
            }
            Identity::Dhcp(name) => self.clues_of_name(name, &mut clues),
        }
        clues
    }

    /// What the router's DHCP server is to know of a host.
    fn dhcp_host(&self, is_it: &dyn Fn(&DhcpHost) -> bool) -> Option<&DhcpHost> {
        self.dhcp.as_ref()?.hosts.iter().find(|host| is_it(host))
    }

    /// Adds by what a host with this name can be recognised.
    fn clues_of_name(&self, name: &str, clues: &mut Clues) {
        clues.name = Some(name.to_owned());
        if let Some(host) = self.dhcp_host(&|host| host.name.eq_ignore_ascii_case(name)) {
            clues.duids.clone_from(&host.duids);
            clues.suffix = host.suffix.map(|bits| (bits, 64));
            clues.macs.clone_from(&host.macs);
        }
        // The lease of IPv4 tells the hardware address.
        if clues.macs.is_empty() {
            for lease in self.leases() {
                if lease.name.eq_ignore_ascii_case(name) {
                    clues.macs.extend(lease.mac);
                }
            }
        }
    }

    fn leases(&self) -> impl Iterator<Item = &Lease> {
        let [dnsmasq, odhcpd] = [&self.dnsmasq, &self.odhcpd].map(|read| read.as_deref());
        dnsmasq.unwrap_or_default().iter().chain(odhcpd.unwrap_or_default())
    }

    /// Whether all sources have been read, so that a host that was not found is not there.
    pub fn is_complete(&self) -> bool {
        self.are_neighbours_read
            && self.dhcp.is_some()
            && self.dnsmasq.is_some()
            && self.odhcpd.is_some()
    }

    /// The neighbour table has been read as a whole. Returns whether that is news.
    #[must_use]
    pub fn neighbours_are_read(&mut self) -> bool {
        !std::mem::replace(&mut self.are_neighbours_read, true)
    }

    /// The hardware addresses whose neighbours count now. The addresses of others are forgotten. Returns whether
    /// they are others than before.
    #[must_use]
    pub fn want(&mut self, wanted: Vec<Mac>) -> bool {
        let before = self.neighbours.len();
        self.neighbours.retain(|mac, _| wanted.contains(mac));
        let kept = self.neighbours.len();
        for mac in wanted {
            self.neighbours.get_or_insert(mac, Vec::new());
        }
        let are_others = kept < before || kept < self.neighbours.len();
        // Without a host there is nothing to read.
        self.are_neighbours_read =
            self.neighbours.is_empty() || self.are_neighbours_read && !are_others;
        are_others
    }

    /// The hardware addresses that count, each with the addresses that are known already.
    pub fn wanted(&self) -> Vec<(Mac, Vec<Ipv6Addr>)> {
        let mut wanted = Vec::new();
        for (mac, known) in self.neighbours.iter() {
            wanted.push((*mac, known.clone()));
        }
        wanted
    }

    /// The neighbour table shows `address` for the hardware address `mac`. Returns whether that is news.
    #[must_use]
    pub fn seen(&mut self, mac: Mac, address: Ipv6Addr) -> bool {
        let Some(known) = self.neighbours.get_mut(&mac) else { return false };
        if known.contains(&address) {
            return false;
        }
        if known.len() >= MAX_SEEN {
            known.remove(superseded(known, mac, address));
        }
        known.push(address);
        true
    }

    /// The addresses that the neighbour table has shown for `mac`, the first one first.
    pub fn neighbour(&self, mac: Mac) -> &[Ipv6Addr] {
        self.neighbours.get(&mac).map(Vec::as_slice).unwrap_or_default()
    }

    /// The addresses of leases of the host.
    pub fn leased(&self, clues: &Clues) -> Vec<Ipv6Addr> {
        // Any device can send any name, so the name counts only if nothing better is known.
        let is_found_by_name = clues.macs.is_empty() && clues.duids.is_empty();
        let name = clues.name.as_deref().filter(|_| is_found_by_name);
        let mut addresses = Vec::new();
        for lease in self.leases() {
            if clues.duids.contains(&lease.duid)
                || clues.macs.iter().any(|mac| lease.is_of(*mac))
                || name.is_some_and(|name| lease.name.eq_ignore_ascii_case(name))
            {
                addresses.extend(lease.v6());
            }
        }
        addresses
    }
}

/// The index of the address in `known` that makes room for `address`.
fn superseded(known: &[Ipv6Addr], mac: Mac, address: Ipv6Addr) -> usize {
    // An EUI-64 address stays, because it shows that the host uses such. Others in another /64 go first: their prefix
    // may be gone.
    let of_other_prefix =
        known.iter().position(|old| !is_same_64(*old, address) && !is_eui64(*old, mac));
    // The rest may be temporary addresses, which come and go. The first one stays, because it may be published.
    let later = known.iter().skip(1).position(|old| !is_eui64(*old, mac));
    of_other_prefix.or(later.map(|index| index + 1)).unwrap_or_default()
}

/// Whether the address ends with the EUI-64 of the hardware address.
pub(super) fn is_eui64(address: Ipv6Addr, mac: Mac) -> bool {
    address == mac.eui64(address)
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
