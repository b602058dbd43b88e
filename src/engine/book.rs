//! The kernel's devices and addresses, as it has reported them.
//!
//! Entries are kept and not judged: a tentative address is here with its flag. A dump marks and sweeps:
//! [`Report::DumpBegin`] starts a new generation, every message stamps its entry with the generation, and
//! [`Report::DumpEnd`] drops the entries with an older stamp. So a deletion is noticed even if the kernel's
//! notification of it was lost. From a loss until the end of the next dump a table is *unknown*, which is not
//! *empty*.

use std::net::IpAddr;

use super::way::Ways;
use crate::proto::netlink::{Address, AddressFlags, IfIndex, Link, Message, Report, Table};
use crate::time::Duration;

/// Two ends of lifetimes that are closer than this are taken for the same: the kernel tells in whole seconds
/// how long an address lasts.
const ROUNDING: Duration = Duration::from_secs(2);

/// An address of the kernel, with what its message alone does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressEntry {
    /// The address as the kernel reported it last.
    pub address: Address,
    /// When it first appeared in a notification, since boot; `None` if a dump listed it first.
    pub appeared: Option<Duration>,
    /// Its position in the kernel's list of IPv4 addresses: lower comes first. It means nothing for IPv6.
    pub order: u32,
    /// Until when it is preferred, counted since boot; `None` = for ever.
    pub preferred_until: Option<Duration>,
    generation: u32,
}

/// The identity of an address in the kernel. IPv4: the device, the address, the prefix length and the peer,
/// because one address may have several peers (`__inet_insert_ifa`). IPv6: the device and the address,
/// because the peer may change (`inet6_addr_modify`).
type AddressKey = (IfIndex, IpAddr, u8, IpAddr);

#[derive(Clone, Copy, Debug, Default)]
struct TableState {
    generation: u32,
    known: bool,
    dumping: bool,
}

/// The kernel's devices and addresses, and its answers about ways to hosts.
#[derive(Clone, Debug, Default)]
pub struct KernelTables {
    /// Each with its generation, by index.
    links: Vec<(u32, Link)>,
    /// By [`key`].
    addresses: Vec<AddressEntry>,
    tables: [TableState; 2],
    /// The kernel's answers about ways to hosts.
    pub ways: Ways,
    /// Addresses that went away since [`KernelTables::take_gone`] was called last.
    gone: Vec<IpAddr>,
    appearances: u32,
}

impl AddressEntry {
    /// Takes in what the kernel has reported now. Returns whether anything is new.
    fn renew(&mut self, new: Self, is_dumping: bool) -> bool {
        let flags_changed = self.address.flags != new.address.flags;
        let scope_changed = self.address.scope != new.address.scope;
        let longer = self.preferred_until != new.preferred_until;
        // A dump lists in the kernel's order, and a secondary address that becomes primary moves
        // behind the other primary ones.
        let listed = is_dumping && self.generation != new.generation;
        let promoted = is_secondary(&self.address) && !is_secondary(&new.address);
        let order = if listed || promoted { new.order } else { self.order };
        *self = Self { appeared: self.appeared, order, ..new };
        flags_changed || scope_changed || longer
    }
}

impl KernelTables {
    /// Takes in one report. Returns whether selections and gates must be looked at again.
    #[must_use]
    pub fn apply(&mut self, report: Report, now: Duration) -> bool {
        match report {
            Report::Message(message) => self.message(message, now),
            Report::DumpBegin(table) => {
                let state = self.state_mut(table);
                state.generation = state.generation.wrapping_add(1);
                state.dumping = true;
                false
            }
            Report::DumpEnd(table) => self.sweep(table),
            Report::Lost => {
                for state in &mut self.tables {
                    // A dump on its way may have passed what was lost, so its end does not count. The engine asks
                    // for another one.
                    *state = TableState { known: false, dumping: false, ..*state };
                }
                true
            }
        }
    }

    /// The addresses that went away since this was called last and are on no device now.
    pub fn take_gone(&mut self) -> Vec<IpAddr> {
        let mut gone = std::mem::take(&mut self.gone);
        // The same address may still be there with another peer, or on another device: its connections go on.
        gone.retain(|gone| !self.addresses.iter().any(|known| known.address.address == *gone));
        gone
    }

    /// Whether links and addresses are known, so that absence means something.
    pub fn addresses_known(&self) -> bool {
        self.state(Table::Links).known && self.state(Table::Addresses).known
    }

    /// Whether devices and addresses are known and the kernel has answered every question about ways.
    pub fn complete(&self) -> bool {
        self.addresses_known() && self.ways.is_complete()
    }

    /// The device with this name or alternative name, if there is one now.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links().find(|link| link.name == name || link.other_names.iter().any(|n| n == name))
    }

    /// All devices, by index.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().map(|(_, link)| link)
    }

    /// The addresses of a device, by address.
    pub fn addresses(&self, link: IfIndex) -> impl Iterator<Item = &AddressEntry> {
        self.addresses.iter().filter(move |known| known.address.link == link)
    }

    fn message(&mut self, message: Message, now: Duration) -> bool {
        match message {
            Message::NewLink(link) => self.new_link(link),
            Message::DelLink(index) => self.del_link(index),
            Message::NewAddress(address) => self.new_address(address, now),
            Message::DelAddress(address) => {
                let Ok(place) = self.place(&address) else { return false };
                self.addresses.remove(place);
                self.gone.push(address.address);
                true
            }
            // They change which ways the kernel is asked for, but no entry.
            Message::Route(_) | Message::Policy => false,
        }
    }

    fn new_link(&mut self, link: Link) -> bool {
        let generation = self.state(Table::Links).generation;
        let news = self.links().find(|known| known.index == link.index) != Some(&link);
        // A name belongs to one device: a stale holder is one whose deletion was missed.
        self.keep_links(&|_, known| known.index != link.index && known.name != link.name);
        let place = self.links.partition_point(|(_, known)| known.index < link.index);
        self.links.insert(place, (generation, link));
        news
    }

    fn del_link(&mut self, index: IfIndex) -> bool {
        let before = self.size();
        self.keep_links(&|_, known| known.index != index);
        self.keep_addresses(&|known| known.address.link != index);
        self.size() != before
    }

    /// Returns whether anything is new. A lifetime that only counts down is not.
    fn new_address(&mut self, address: Address, now: Duration) -> bool {
        let state = self.state(Table::Addresses);
        let preferred_until =
            until(now, address.preferred).map(|until| self.steady(address.link, until));
        self.appearances = self.appearances.wrapping_add(1);
        let (order, generation) = (self.appearances, state.generation);
        // A dump also lists addresses that have been there for long, so only a notification tells the time.
        let is_notified = state.known && !state.dumping;
        let appeared = if is_notified { Some(now) } else { None };
        let place = self.place(&address);
        let entry = AddressEntry { address, appeared, order, preferred_until, generation };
        match place {
            Ok(place) => self.addresses[place].renew(entry, state.dumping),
            Err(place) => {
                self.addresses.insert(place, entry);
                true
            }
        }
    }

    /// Where the entry of this address is, or as the error where it belongs.
    fn place(&self, address: &Address) -> Result<usize, usize> {
        let key = key(address);
        self.addresses.binary_search_by(|known| self::key(&known.address).cmp(&key))
    }

    /// `until`, or the end of another lifetime on the device that is the same but for rounding: the
    /// kernel counts in whole seconds, and messages of one router advertisement come in turn.
    fn steady(&self, link: IfIndex, until: Duration) -> Duration {
        self.addresses(link)
            .filter_map(|known| known.preferred_until)
            .find(|known| known.abs_diff(until) <= ROUNDING)
            .unwrap_or(until)
    }

    fn sweep(&mut self, table: Table) -> bool {
        let state = self.state_mut(table);
        if !state.dumping {
            // Notifications were lost during this dump, so another one follows.
            return false;
        }
        let (generation, was_known) = (state.generation, state.known);
        state.known = true;
        state.dumping = false;
        let before = self.size();
        match table {
            Table::Links => self.keep_links(&|of, _| of == generation),
            Table::Addresses => self.keep_addresses(&|known| known.generation == generation),
        }
        !was_known || self.size() != before
    }

    /// Keeps the devices for whose generation and state `keep` is true.
    fn keep_links(&mut self, keep: &dyn Fn(u32, &Link) -> bool) {
        self.links.retain(|(generation, link)| keep(*generation, link));
    }

    fn keep_addresses(&mut self, keep: &dyn Fn(&AddressEntry) -> bool) {
        let gone = &mut self.gone;
        self.addresses.retain(|known| {
            let kept = keep(known);
            if !kept {
                gone.push(known.address.address);
            }
            kept
        });
    }

    fn size(&self) -> usize {
        self.links.len() + self.addresses.len()
    }

    fn state(&self, table: Table) -> TableState {
        self.tables[slot(table)]
    }

    fn state_mut(&mut self, table: Table) -> &mut TableState {
        &mut self.tables[slot(table)]
    }
}

fn slot(table: Table) -> usize {
    match table {
        Table::Links => 0,
        Table::Addresses => 1,
    }
}

fn key(address: &Address) -> AddressKey {
    let Address { link, address: own, peer, prefix_len, .. } = *address;
    match own {
        IpAddr::V4(_) => (link, own, prefix_len, peer),
        IpAddr::V6(_) => (link, own, 0, own),
    }
}

/// Whether it is an IPv4 address whose subnet has another, primary address on the device.
pub(super) fn is_secondary(address: &Address) -> bool {
    address.address.is_ipv4() && address.flags.has(AddressFlags::SECONDARY_OR_TEMPORARY)
}

fn until(now: Duration, seconds: u32) -> Option<Duration> {
    // The kernel writes this (`INFINITY_LIFE_TIME`) for a lifetime without an end.
    if seconds == u32::MAX { None } else { Some(now + Duration::from_secs(seconds.into())) }
}
