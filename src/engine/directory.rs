//! The addresses of hosts that are known without a name server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::sorted::Map;
use crate::model::{Host, name};

/// The names of `/etc/hosts` with their addresses. `localhost` needs no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory(pub Map<String, Vec<IpAddr>>);

const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

impl Directory {
    /// Each of `names` as addresses if they are known, else as a name.
    pub fn resolve(&self, names: &[String]) -> Vec<Host> {
        let mut hosts = Vec::new();
        for name in names {
            self.add(name, &mut hosts);
        }
        hosts
    }

    fn add(&self, name: &str, hosts: &mut Vec<Host>) {
        let bare = name::canonical(name.trim_start_matches('[').trim_end_matches(']'));
        let literal = bare.parse().map(|address| [address]);
        let known: &[IpAddr] = match &literal {
            Ok(address) => address,
            // Our resolver ignores `/etc/hosts` for these names, too.
            Err(_) if name::is_localhost(&bare) => &LOOPBACK,
            Err(_) => self.0.get(&bare).map_or(&[], Vec::as_slice),
        };
        for address in known {
            hosts.push(Host::Address(*address));
        }
        if known.is_empty() {
            hosts.push(Host::Name(bare));
        }
    }
}
