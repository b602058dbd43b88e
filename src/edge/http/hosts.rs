//! Where hosts were reached before.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Family;

/// Most addresses that are remembered.
const MOST: usize = 128;

/// The addresses that hosts were last reached at.
#[derive(Default)]
pub struct HostCache(Mutex<Vec<Known>>);

struct Known {
    host: String,
    address: IpAddr,
    /// Whether a certificate showed that the host is there.
    verified: bool,
}

impl HostCache {
    /// Somebody at `address` took a connection for `host`.
    pub(super) fn reached(&self, host: &str, address: IpAddr) {
        self.remember(host, address, false);
    }

    /// A certificate showed that `host` is at `address`.
    pub(super) fn verified(&self, host: &str, address: IpAddr) {
        self.remember(host, address, true);
    }

    fn remember(&self, host: &str, address: IpAddr, verified: bool) {
        let mut known = self.lock();
        let family = Family::of(address);
        known.retain(|old| {
            old.host != host || Family::of(old.address) != family || old.verified != verified
        });
        known.push(Known { host: host.to_owned(), address, verified });
        if known.len() > MOST {
            known.remove(0);
        }
    }

    /// `address` is not that of `host` any more.
    pub(super) fn forget(&self, host: &str, address: IpAddr) {
        self.lock().retain(|old| old.host != host || old.address != address);
    }

    /// Where `host` was reached, verified or not, the latest first.
    pub fn where_reached(&self, host: &str, family: Option<Family>) -> Vec<IpAddr> {
        self.addresses(host, family, false)
    }

    /// Where a certificate showed `host`, the latest first.
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
            hosts.verified("a.example", ip(address));
        }
        hosts.reached("a.example", ip("192.0.2.3"));
        let verified = |family| hosts.where_verified("a.example", family);
        assert_eq!(verified(None), ["192.0.2.2", "2001:db8::1"].map(ip));
        assert_eq!(verified(Some(Family::V6)), [ip("2001:db8::1")]);
        let reached = hosts.where_reached("a.example", Some(Family::V4));
        assert_eq!(reached, ["192.0.2.3", "192.0.2.2"].map(ip));
        assert!(hosts.where_reached("b.example", None).is_empty());
        hosts.forget("a.example", ip("192.0.2.2"));
        assert_eq!(verified(None), [ip("2001:db8::1")]);
    }

    #[test]
    fn the_memory_is_bounded() {
        let hosts = HostCache::default();
        for i in 0..1000 {
            hosts.reached(&format!("h{i}"), ip("192.0.2.1"));
        }
        assert_eq!(hosts.lock().len(), MOST);
        assert_eq!(hosts.where_reached("h999", None), [ip("192.0.2.1")]);
        assert!(hosts.where_reached("h0", None).is_empty());
    }
}
