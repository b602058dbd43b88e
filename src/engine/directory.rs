//! The addresses of hosts that are known without a name server.

use std::net::{IpAddr, Ipv6Addr};

use crate::model::sorted::Map;
use crate::model::{Host, name};

/// The names of `/etc/hosts` with their addresses. `localhost` needs no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory(pub Map<String, Vec<IpAddr>>);

impl Directory {
    /// Each of `names` as addresses if they are known, else as a name.
    pub fn resolve(&self, names: &[String]) -> Vec<Host> {
        let mut hosts = Vec::new();
        for name in names {
            hosts.extend(self.hosts(name));
        }
        hosts
    }

    fn hosts(&self, name: &str) -> Vec<Host> {
        let bare = name::canonical(name.trim_start_matches('[').trim_end_matches(']'));
        if let Ok(address) = bare.parse() {
            return vec![Host::Address(address)];
        }
        // Our resolver ignores `/etc/hosts` for these names, too.
        if name::is_localhost(&bare) {
            let loopback = [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()];
            return loopback.map(Host::Address).to_vec();
        }
        match self.0.get(&bare) {
            Some(addresses) => addresses.iter().copied().map(Host::Address).collect(),
            None => vec![Host::Name(bare)],
        }
    }
}
