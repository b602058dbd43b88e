//! Which address of a host is tried next, and when (RFC 8305 section 5). Pure.

use std::net::IpAddr;
use std::time::Duration;

/// Addresses of one host that are tried. A host may name more than can be tried in time.
const MOST: usize = 12;

/// Where an address is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The resolver, `/etc/hosts`, or the host is an address.
    Resolved,
    /// It was the host's before. Whether it still is has to be proved.
    Remembered,
}

/// The addresses of a host in the order to try them. The next one is tried when the one before has
/// failed, or has not answered for a while.
pub(super) struct Candidates {
    all: Vec<(IpAddr, Origin)>,
    tried: usize,
    /// When the next one is tried, since boot.
    due: Duration,
    /// How long one is tried alone.
    delay: Duration,
}

impl Candidates {
    pub(super) fn new(delay: Duration) -> Self {
        Self { all: Vec::new(), tried: 0, due: Duration::ZERO, delay }
    }

    /// Adds those of `addresses` that are new. An address that the resolver gives is the host's, even
    /// if it was remembered first.
    pub(super) fn add(&mut self, addresses: &[IpAddr], origin: Origin, now: Duration) {
        // No remembered address is worth waiting for once there is another.
        if origin == Origin::Resolved && !addresses.is_empty() && !self.has_resolved() {
            self.due = now;
        }
        for &address in addresses {
            if let Some((_, known)) = self.all.iter_mut().find(|(known, _)| *known == address) {
                if origin == Origin::Resolved {
                    *known = origin;
                }
            } else if self.all.len() < MOST {
                self.all.push((address, origin));
            }
        }
    }

    fn has_resolved(&self) -> bool {
        self.all.iter().any(|(_, origin)| *origin == Origin::Resolved)
    }

    /// The address to try now.
    pub(super) fn next(&mut self, now: Duration) -> Option<IpAddr> {
        let (address, _) = *self.all.get(self.tried).filter(|_| self.due <= now)?;
        self.tried += 1;
        self.due = now.saturating_add(self.delay);
        Some(address)
    }

    /// One that was tried has failed: the next one need not wait.
    pub(super) fn failed(&mut self, now: Duration) {
        self.due = now;
    }

    /// When the next one is to be tried; `None` if all have been.
    pub(super) fn deadline(&self) -> Option<Duration> {
        (self.tried < self.all.len()).then_some(self.due)
    }

    /// Where `address` is from.
    pub(super) fn origin(&self, address: IpAddr) -> Origin {
        let known = self.all.iter().find(|(known, _)| *known == address);
        known.map_or(Origin::Resolved, |(_, origin)| *origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(250);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_next_one_starts_after_a_delay_or_a_failure() {
        let mut candidates = Candidates::new(DELAY);
        let all = ["2001:db8::1", "192.0.2.1", "192.0.2.2"].map(ip);
        candidates.add(&all, Origin::Resolved, ms(1000));
        assert_eq!(candidates.next(ms(1000)), Some(all[0]));
        assert_eq!((candidates.next(ms(1249)), candidates.deadline()), (None, Some(ms(1250))));
        assert_eq!(candidates.next(ms(1250)), Some(all[1]));
        candidates.failed(ms(1260));
        assert_eq!(candidates.next(ms(1260)), Some(all[2]));
        assert_eq!((candidates.next(ms(9999)), candidates.deadline()), (None, None));
    }

    #[test]
    fn a_remembered_address_does_not_delay_a_resolved_one() {
        let mut candidates = Candidates::new(DELAY);
        let (old, new) = (ip("192.0.2.1"), ip("192.0.2.2"));
        candidates.add(&[old], Origin::Remembered, ms(100));
        assert_eq!(candidates.next(ms(100)), Some(old));
        candidates.add(&[new], Origin::Resolved, ms(110));
        assert_eq!(candidates.next(ms(110)), Some(new));
        assert_eq!(
            [old, new].map(|it| candidates.origin(it)),
            [Origin::Remembered, Origin::Resolved]
        );
        candidates.add(&[new, old], Origin::Resolved, ms(120));
        assert_eq!(candidates.origin(old), Origin::Resolved);
        assert_eq!(candidates.deadline(), None);
    }

    #[test]
    fn the_number_is_bounded() {
        let mut candidates = Candidates::new(Duration::ZERO);
        for last in 1..=200 {
            candidates.add(&[IpAddr::from([192, 0, 2, last])], Origin::Resolved, ms(0));
        }
        let tried = std::iter::from_fn(|| candidates.next(ms(0))).count();
        assert_eq!(tried, MOST);
    }
}
