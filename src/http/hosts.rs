//! Where hosts were reached before.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::Family;

/// Most addresses that are remembered.
const MOST: usize = 128;

/// The addresses that hosts were last reached at.
#[derive(Default)]
pub struct HostCache(Mutex<Vec<Known>>);

struct Known {
    host: String,
    address: IpAddr,
    proof: Proof,
}

/// What a connection has shown of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Somebody took the connection.
    None,
    /// A verified certificate showed that it is the host.
    Certificate,
}

impl HostCache {
    /// `host` was reached at `address`.
    pub(super) fn remember(&self, host: &str, address: IpAddr, proof: Proof) {
        let mut known = self.lock();
        let family = Family::of(address);
        known.retain(|old| {
            old.host != host || Family::of(old.address) != family || old.proof != proof
        });
        known.push(Known { host: host.to_owned(), address, proof });
        if known.len() > MOST {
            known.remove(0);
        }
    }

    /// `address` is not that of `host` any more.
    pub(super) fn forget(&self, host: &str, address: IpAddr) {
        self.lock().retain(|old| old.host != host || old.address != address);
    }

    /// Where `host` was reached, the latest first: with a certificate where `proof` asks for it, else
    /// in any way.
    pub fn addresses(&self, host: &str, family: Option<Family>, proof: Proof) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        for known in self.lock().iter().rev() {
            let wanted = family.is_none_or(|family| Family::of(known.address) == family)
                && (proof == Proof::None || known.proof == proof);
            if known.host == host && wanted && !addresses.contains(&known.address) {
                addresses.push(known.address);
            }
        }
        addresses
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_address_of_each_family_is_known() {
        let hosts = HostCache::default();
        for address in ["192.0.2.1", "2001:db8::1", "192.0.2.2"] {
            hosts.remember("a.example", ip(address), Proof::Certificate);
        }
        hosts.remember("a.example", ip("192.0.2.3"), Proof::None);
        let of = |family, proof| hosts.addresses("a.example", family, proof);
        assert_eq!(of(None, Proof::Certificate), ["192.0.2.2", "2001:db8::1"].map(ip));
        assert_eq!(of(Some(Family::V6), Proof::Certificate), [ip("2001:db8::1")]);
        assert_eq!(of(Some(Family::V4), Proof::None), ["192.0.2.3", "192.0.2.2"].map(ip));
        assert!(hosts.addresses("b.example", None, Proof::None).is_empty());
        hosts.forget("a.example", ip("192.0.2.2"));
        assert_eq!(of(None, Proof::Certificate), [ip("2001:db8::1")]);
    }

    #[test]
    fn the_memory_is_bounded() {
        let hosts = HostCache::default();
        for i in 0..1000 {
            hosts.remember(&format!("h{i}"), ip("192.0.2.1"), Proof::None);
        }
        assert_eq!(hosts.lock().len(), MOST);
        assert_eq!(hosts.addresses("h999", None, Proof::None), [ip("192.0.2.1")]);
        assert!(hosts.addresses("h0", None, Proof::None).is_empty());
    }
}
