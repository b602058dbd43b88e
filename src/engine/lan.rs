//! Hosts of the local network: what is seen of them, and which viewpoints that concerns.

use std::net::Ipv6Addr;

use super::Engine;
use crate::model::mac::Mac;

impl Engine {
    /// The kernel's neighbour table shows addresses of hosts.
    pub(super) fn neighbours_seen(&mut self, seen: Vec<(Mac, Ipv6Addr)>) {
        let mut is_news = false;
        for (mac, address) in seen {
            is_news |= self.facts.sightings.seen(mac, address);
        }
        if is_news {
            self.todo.news.about_all();
        }
    }
}
