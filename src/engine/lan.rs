//! Hosts of the local network: what is watched because of them, and what is learned of them.

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use super::Engine;
use super::event::Action;
use super::files::FileState;
use crate::config::dhcp::{self, Dhcp};
use crate::config::host::{Identity, LanHost};
use crate::model::mac::Mac;
use crate::proto::leases::{self, Lease};

impl Engine {
    /// Follows the hosts of a new configuration.
    pub(super) fn follow_hosts(&mut self) {
        self.watch_files();
        self.follow_neighbours();
        if !self.sought_hosts().is_empty() {
            self.actions.push(Action::AskLeases);
        }
    }

    /// The hosts whose address is not known by the prefix alone.
    fn sought_hosts(&self) -> Vec<&LanHost> {
        let mut hosts = Vec::new();
        for view in &self.viewpoints {
            for host in view.needs.hosts_of_lan() {
                if !matches!(host.identity, Identity::Suffix { .. }) {
                    hosts.push(host);
                }
            }
        }
        hosts
    }

    /// Whether a host is sought, and not all is read yet in which it may be found.
    pub(super) fn awaits_sightings(&self) -> bool {
        !self.facts.sightings.is_complete() && !self.sought_hosts().is_empty()
    }

    /// Adds the files that say something about hosts.
    pub(super) fn add_host_files(&self, files: &mut Vec<PathBuf>) {
        if self.sought_hosts().is_empty() {
            return;
        }
        files.push(dhcp::FILE.into());
        if let Some(dhcp) = &self.facts.sightings.dhcp {
            for leases in [&dhcp.dnsmasq, &dhcp.odhcpd] {
                if leases.starts_with('/') {
                    files.push(leases.into());
                }
            }
        }
    }

    /// Follows the neighbours with the hardware addresses of hosts, as far as these are known.
    fn follow_neighbours(&mut self) {
        let mut wanted = Vec::new();
        for host in self.sought_hosts() {
            wanted.extend(self.facts.sightings.clues(&host.identity).macs);
        }
        if self.facts.sightings.want(wanted) {
            self.tell_known_neighbours();
        }
    }

    fn tell_known_neighbours(&mut self) {
        self.actions.push(Action::FollowNeighbours(self.facts.sightings.wanted()));
    }

    /// The kernel's neighbour table shows addresses of hosts.
    pub(super) fn neighbours_seen(&mut self, seen: Vec<(Mac, Ipv6Addr)>, is_end: bool) {
        let mut is_news = false;
        for (mac, address) in seen {
            is_news |= self.neighbour_seen(mac, address);
        }
        if is_news {
            self.tell_known_neighbours();
        }
        if is_end {
            is_news |= self.facts.sightings.neighbours_are_read();
        }
        if is_news {
            self.todo.news.about_all();
        }
    }

    /// The neighbour table shows `address` for the hardware address `mac`. Returns whether that is news.
    fn neighbour_seen(&mut self, mac: Mac, address: Ipv6Addr) -> bool {
        if !self.facts.sightings.seen(mac, address) {
            return false;
        }
        let eui64 = mac.eui64(address);
        // A host with temporary addresses may also have its EUI-64 address, and hardly ever send from it.
        if !self.facts.sightings.neighbour(mac).contains(&eui64) {
            self.actions.push(Action::ProbeNeighbour(eui64));
        }
        true
    }

    /// odhcpd has told its leases.
    pub(super) fn leased(&mut self, leases: Vec<Lease>) {
        if self.facts.sightings.odhcpd.as_ref() != Some(&leases) {
            self.facts.sightings.odhcpd = Some(leases);
            self.follow_neighbours();
            self.todo.news.about_all();
        }
    }

    /// A watched file has another text. It may be one that says something about hosts.
    pub(super) fn host_file_read(&mut self, path: &Path) {
        let text = match self.facts.files.state(path) {
            FileState::Unknown => return,
            FileState::Missing => None,
            FileState::Text(text) => Some(text),
        };
        let sightings = &mut self.facts.sightings;
        if path == Path::new(dhcp::FILE) {
            sightings.dhcp = Some(text.map_or_else(Dhcp::elsewhere, dhcp::parse));
            // The paths of the leases are in this file, so other files may have to be watched now.
            self.follow_hosts();
            return;
        }
        let Some(dhcp) = &sightings.dhcp else { return };
        if path == Path::new(&dhcp.dnsmasq) {
            sightings.dnsmasq = Some(text.map(leases::dnsmasq).unwrap_or_default());
            self.follow_neighbours();
        } else if path == Path::new(&dhcp.odhcpd) {
            self.actions.push(Action::AskLeases);
        }
    }
}
