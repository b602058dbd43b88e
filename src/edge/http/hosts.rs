//! The addresses at which hosts were reached before.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Family;

/// Most addresses that are remembered. Redirects can lead to any number of hosts.
const MAX_ADDRESSES: usize = 128;

/// The addresses at which hosts were reached last, the latest at the end.
#[derive(Default)]
pub struct HostCache(Mutex<Vec<HostAddress>>);

struct HostAddress {
    host: String,
    address: IpAddr,
    /// Whether a certificate proved that the host is at this address.
    verified: bool,
}

impl HostCache {
    /// Records that a connection for `host` was accepted at `address`.
    pub(super) fn reached(&self, host: &str, address: IpAddr) {
        self.remember(host, address, false);
    }

    /// Records that a certificate proved `host` to be at `address`.
    pub(super) fn verified(&self, host: &str, address: IpAddr) {
        self.remember(host, address, true);
    }

    fn remember(&self, host: &str, address: IpAddr, verified: bool) {
        let mut known = self.lock();
        let family = Family::of(address);
        known.retain(|old| {
            old.host != host || Family::of(old.address) != family || old.verified != verified
        });
        known.push(HostAddress { host: host.to_owned(), address, verified });
        if known.len() > MAX_ADDRESSES {
            known.remove(0);
        }
    }

    /// Removes `address`, which `host` does not have any more.
    pub(super) fn forget(&self, host: &str, address: IpAddr) {
        self.lock().retain(|old| old.host != host || old.address != address);
    }

    /// The addresses at which `host` was reached, with or without a certificate, the latest first.
    pub fn where_reached(&self, host: &str, family: Option<Family>) -> Vec<IpAddr> {
        self.addresses(host, family, false)
    }

    /// The addresses at which a certificate proved `host`, the latest first.
    pub(super) fn where_verified(&self, host: &str, family: Option<Family>) -> Vec<IpAddr> {
        self.addresses(host, family, true)
    }

    fn addresses(&self, host: &str, family: Option<Family>, verified_only: bool) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        for known in self.lock().iter().rev() {
            let wanted = family.is_none_or(|family| Family::of(known.address) == family)
                && (known.verified || !verified_only);
            if known.host == host && wanted && !addresses.contains(&known.address) {
                addresses.push(known.address);
            }
        }
        addresses
    }

    fn lock(&self) -> MutexGuard<'_, Vec<HostAddress>> {
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
    fn the_last_address_of_each_family_is_remembered() {
        let hosts = HostCache::default();
        for address in ["192.0.2.1", "2001:db8::1", "192.0.2.2"] {
            hosts.verified("a.example", ip(address));
        }
        hosts.reached("a.example", ip("192.0.2.3"));
        let verified = hosts.where_verified("a.example", None);
        assert_eq!(verified, ["192.0.2.2", "2001:db8::1"].map(ip));
        let verified = hosts.where_verified("a.example", Some(Family::V6));
        assert_eq!(verified, [ip("2001:db8::1")]);
        let reached = hosts.where_reached("a.example", Some(Family::V4));
        assert_eq!(reached, ["192.0.2.3", "192.0.2.2"].map(ip));
        assert!(hosts.where_reached("b.example", None).is_empty());
        hosts.forget("a.example", ip("192.0.2.2"));
        assert_eq!(hosts.where_verified("a.example", None), [ip("2001:db8::1")]);
    }

    #[test]
    fn over_the_limit_the_oldest_address_is_forgotten() {
        let hosts = HostCache::default();
        for i in 0..1000 {
            hosts.reached(&format!("h{i}"), ip("192.0.2.1"));
        }
        assert_eq!(hosts.lock().len(), MAX_ADDRESSES);
        assert_eq!(hosts.where_reached("h999", None), [ip("192.0.2.1")]);
        assert!(hosts.where_reached("h0", None).is_empty());
    }
}
