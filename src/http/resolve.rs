//! Names to addresses, with the system's resolver and a memory for when it fails.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use super::call::Deadline;
use super::failure::system;
use crate::config::Family;

/// Hosts whose last good address is remembered.
const MAX_HOSTS: usize = 64;
/// Look-ups under way at once. The C library gives up by itself, but later than we do.
const MAX_LOOKUPS: usize = 64;
/// The C library's resolver keeps its buffers on the stack.
const STACK: usize = 256 * 1024;

/// The address each host was last reached at, most recent last.
#[derive(Default)]
pub struct HostCache {
    known: Mutex<Vec<(String, IpAddr)>>,
    lookups: Arc<AtomicUsize>,
}

impl HostCache {
    /// `host` has proved to be at `address`.
    pub(super) fn remember(&self, host: &str, address: IpAddr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let family = Family::of(address);
        known.retain(|(name, old)| name != host || Family::of(*old) != family);
        known.push((host.to_owned(), address));
        if known.len() > MAX_HOSTS {
            known.remove(0);
        }
    }

    /// Where `host` was last reached.
    fn recall(&self, host: &str, family: Option<Family>) -> Vec<IpAddr> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_host = known.iter().rev().filter(|(name, _)| name == host);
        of_host.map(|(_, address)| *address).filter(|address| wanted(*address, family)).collect()
    }

    /// The addresses of `host`, never none, in the order to try them.
    ///
    /// With `recall`, an address that worked before stands in for a resolver that fails.
    ///
    /// # Errors
    /// A sentence with the host's name.
    pub(super) fn resolve(
        &self,
        host: &str,
        port: u16,
        family: Option<Family>,
        recall: bool,
        until: Deadline,
    ) -> Result<Vec<SocketAddr>, String> {
        let found = match literal(host) {
            Some(addresses) => Ok(addresses),
            None => self.look_up(host, until),
        };
        let found = match found {
            Ok(addresses) => addresses,
            Err(why) => {
                let known = if recall { self.recall(host, family) } else { vec![] };
                if known.is_empty() {
                    return Err(format!("cannot resolve {host} ({why})"));
                }
                known
            }
        };
        let usable: Vec<IpAddr> =
            found.into_iter().filter(|address| wanted(*address, family)).collect();
        match family {
            Some(family) if usable.is_empty() => Err(format!("{host} has no {family} address")),
            _ => Ok(alternate(&usable, port)),
        }
    }

    /// Asks the C library, which cannot be interrupted, from a thread that may be left behind.
    fn look_up(&self, host: &str, until: Deadline) -> Result<Vec<IpAddr>, String> {
        if self.lookups.fetch_add(1, Ordering::Relaxed) >= MAX_LOOKUPS {
            self.lookups.fetch_sub(1, Ordering::Relaxed);
            return Err("the resolver is stuck".into());
        }
        let result = Arc::new(Pending::default());
        let to_fill = Arc::clone(&result);
        let lookups = Arc::clone(&self.lookups);
        let name = host.to_owned();
        let spawned =
            thread::Builder::new().name("resolver".into()).stack_size(STACK).spawn(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                lookups.fetch_sub(1, Ordering::Relaxed);
                to_fill.set(match found {
                    Ok(found) => Ok(found.map(|address| address.ip()).collect()),
                    Err(error) => Err(reason(&error)),
                });
            });
        if spawned.is_err() {
            self.lookups.fetch_sub(1, Ordering::Relaxed);
            return Err("no thread for the resolver".into());
        }
        result.wait(until).unwrap_or_else(|| Err("the resolver does not answer".into()))
    }
}

/// What a look-up will have found. A channel for one value would be 7 KB of code.
#[derive(Default)]
struct Pending {
    found: Mutex<Option<Result<Vec<IpAddr>, String>>>,
    filled: Condvar,
}

impl Pending {
    fn set(&self, found: Result<Vec<IpAddr>, String>) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        self.filled.notify_one();
    }

    fn wait(&self, until: Deadline) -> Option<Result<Vec<IpAddr>, String>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.filled.wait_timeout_while(found, until.left(), |found| found.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }
}

/// Hosts that need no resolver: addresses, and `localhost` (RFC 6761 section 6.3).
fn literal(host: &str) -> Option<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Some(vec![address]);
    }
    host.trim_end_matches('.')
        .eq_ignore_ascii_case("localhost")
        .then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
}

fn wanted(address: IpAddr, family: Option<Family>) -> bool {
    family.is_none_or(|family| Family::of(address) == family)
}

/// The resolver's order, but families in turn, so that a dead one does not use up the time.
fn alternate(addresses: &[IpAddr], port: u16) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else {
        return vec![];
    };
    let (same, other): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv4() == first.is_ipv4());
    let mut ordered = Vec::with_capacity(addresses.len());
    for i in 0..same.len().max(other.len()) {
        ordered.extend([same.get(i), other.get(i)].into_iter().flatten());
    }
    let with_port = |address: &IpAddr| SocketAddr::new(*address, port);
    ordered.iter().map(with_port).collect()
}

/// The C library's words: std puts "failed to lookup address information: " before them.
fn reason(error: &io::Error) -> String {
    let text = system(error);
    match text.rsplit_once(": ") {
        Some((_, words)) => words.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(5))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn literals_and_localhost_need_no_resolver() {
        let hosts = HostCache::default();
        let resolve = |host, family| hosts.resolve(host, 80, family, false, soon());
        assert_eq!(resolve("::1", None).unwrap(), ["[::1]:80".parse().unwrap()]);
        assert_eq!(resolve("LocalHost", None).unwrap().len(), 2);
        assert_eq!(resolve("localhost", Some(Family::V6)).unwrap().len(), 1);
        assert_eq!(
            resolve("192.0.2.1", Some(Family::V6)).unwrap_err(),
            "192.0.2.1 has no IPv6 address"
        );
    }

    #[test]
    fn a_known_host_survives_the_resolver() {
        let hosts = HostCache::default();
        let name = "no-such-host.invalid";
        let lost = hosts.resolve(name, 443, None, true, soon()).unwrap_err();
        assert!(lost.starts_with("cannot resolve no-such-host.invalid ("), "{lost}");
        hosts.remember(name, ip("192.0.2.1"));
        hosts.remember(name, ip("2001:db8::1"));
        hosts.remember(name, ip("192.0.2.2"));
        let again = |family, recall| hosts.resolve(name, 443, family, recall, soon());
        assert_eq!(
            again(None, true).unwrap(),
            ["192.0.2.2:443", "[2001:db8::1]:443"].map(|a| a.parse().unwrap())
        );
        assert_eq!(again(Some(Family::V6), true).unwrap().len(), 1);
        assert!(again(None, false).is_err());
        assert_eq!(hosts.lookups.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_memory_is_bounded() {
        let hosts = HostCache::default();
        for i in 0..1000 {
            hosts.remember(&format!("h{i}"), ip("192.0.2.1"));
        }
        assert_eq!(hosts.known.lock().unwrap().len(), MAX_HOSTS);
        assert_eq!(hosts.recall("h999", None), [ip("192.0.2.1")]);
        assert!(hosts.recall("h0", None).is_empty());
    }

    #[test]
    fn families_take_turns() {
        let order =
            alternate(&["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1"].map(ip), 1);
        assert!(order[0].is_ipv6() && order[1].is_ipv4() && order[2].is_ipv6());
        assert_eq!(order.len(), 4);
    }
}
