//! Decides which address of a host is tried next, and when (RFC 8305 section 5). Pure.

use std::net::IpAddr;

use crate::time::Duration;

/// Most addresses of one host. Within the time limit, more could not be tried.
const MAX_ADDRESSES: usize = 12;

/// How the address of a host is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressOrigin {
    /// From the resolver or `/etc/hosts`, or the host itself is an address.
    Resolved,
    /// The host had the address before. A certificate must prove that it still has it.
    Remembered,
}

/// The addresses of a host in the order in which they are tried. The next one is tried when the one
/// before has failed, or after a delay.
pub(super) struct Candidates {
    all: Vec<(IpAddr, AddressOrigin)>,
    /// How many addresses were tried.
    tried: usize,
    /// When the next address is tried, since boot.
    due: Duration,
    /// How long one address is tried before the next one is tried, too.
    delay: Duration,
}

impl Candidates {
    pub(super) fn new(delay: Duration) -> Self {
        Self { all: Vec::new(), tried: 0, due: Duration::ZERO, delay }
    }

    /// Adds an address if it is new. A remembered address that the resolver returns as well becomes
    /// a resolved one.
    pub(super) fn add(&mut self, address: IpAddr, origin: AddressOrigin, now: Duration) {
        // The first resolved address does not wait for a remembered one to fail.
        if origin == AddressOrigin::Resolved && !self.has_resolved() {
            self.due = now;
        }
        if let Some((_, known)) = self.all.iter_mut().find(|(known, _)| *known == address) {
            if origin == AddressOrigin::Resolved {
                *known = origin;
            }
        } else if self.all.len() < MAX_ADDRESSES {
            self.all.push((address, origin));
        }
    }

    fn has_resolved(&self) -> bool {
        self.all.iter().any(|(_, origin)| *origin == AddressOrigin::Resolved)
    }

    /// The address to try now, if one is due.
    pub(super) fn next(&mut self, now: Duration) -> Option<IpAddr> {
        let (address, _) = *self.all.get(self.tried)?;
        if self.due > now {
            return None;
        }
        self.tried += 1;
        self.due = now.saturating_add(self.delay);
        Some(address)
    }

    /// An address has failed, so the next one is due.
    pub(super) fn failed(&mut self, now: Duration) {
        self.due = now;
    }

    /// Puts an address that was tried behind all others, to be tried again after the delay.
    pub(super) fn try_again(&mut self, address: IpAddr, now: Duration) {
        let tried = self.all.iter().take(self.tried).position(|(known, _)| *known == address);
        let Some(index) = tried else { return };
        let candidate = self.all.remove(index);
        self.all.push(candidate);
        // The candidate was one of those before `tried`, and stands behind all others now.
        self.tried -= 1;
        self.due = now.saturating_add(self.delay);
    }

    /// When the next address is due; `None` if all were tried.
    pub(super) fn deadline(&self) -> Option<Duration> {
        if self.tried < self.all.len() { Some(self.due) } else { None }
    }

    /// How `address` is known.
    pub(super) fn origin(&self, address: IpAddr) -> AddressOrigin {
        let known = self.all.iter().find(|(known, _)| *known == address);
        known.map_or(AddressOrigin::Resolved, |(_, origin)| *origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(250);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn add(candidates: &mut Candidates, all: &[IpAddr], origin: AddressOrigin, now: Duration) {
        for &address in all {
            candidates.add(address, origin, now);
        }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_next_address_is_due_after_a_delay_or_a_failure() {
        let mut candidates = Candidates::new(DELAY);
        let all = ["2001:db8::1", "192.0.2.1", "192.0.2.2"].map(ip);
        add(&mut candidates, &all, AddressOrigin::Resolved, ms(1000));
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
        add(&mut candidates, &[old], AddressOrigin::Remembered, ms(100));
        assert_eq!(candidates.next(ms(100)), Some(old));
        add(&mut candidates, &[new], AddressOrigin::Resolved, ms(110));
        assert_eq!(candidates.next(ms(110)), Some(new));
        assert_eq!(
            [candidates.origin(old), candidates.origin(new)],
            [AddressOrigin::Remembered, AddressOrigin::Resolved]
        );
        add(&mut candidates, &[new, old], AddressOrigin::Resolved, ms(120));
        assert_eq!(candidates.origin(old), AddressOrigin::Resolved);
        assert_eq!(candidates.deadline(), None);
    }

    #[test]
    fn an_address_to_try_again_is_due_after_the_delay_and_behind_the_others() {
        let mut candidates = Candidates::new(DELAY);
        let all = ["2001:db8::1", "192.0.2.1", "192.0.2.2"].map(ip);
        add(&mut candidates, &all, AddressOrigin::Resolved, ms(1000));
        assert_eq!(candidates.next(ms(1000)), Some(all[0]));
        candidates.try_again(all[1], ms(1000));
        assert_eq!(candidates.next(ms(1250)), Some(all[1]));
        candidates.try_again(all[1], ms(1250));
        assert_eq!((candidates.next(ms(1499)), candidates.deadline()), (None, Some(ms(1500))));
        assert_eq!(candidates.next(ms(1500)), Some(all[2]));
        assert_eq!(candidates.next(ms(1750)), Some(all[1]));
        assert_eq!((candidates.next(ms(9999)), candidates.deadline()), (None, None));
        assert_eq!(candidates.origin(all[1]), AddressOrigin::Resolved);
    }

    #[test]
    fn addresses_over_the_limit_are_ignored() {
        let mut candidates = Candidates::new(Duration::ZERO);
        for last in 1..=200 {
            add(
                &mut candidates,
                &[IpAddr::from([192, 0, 2, last])],
                AddressOrigin::Resolved,
                ms(0),
            );
        }
        let tried = std::iter::from_fn(|| candidates.next(ms(0))).count();
        assert_eq!(tried, MAX_ADDRESSES);
    }
}
