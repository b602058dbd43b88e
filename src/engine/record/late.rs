//! Requests that were sent and never answered. A provider may carry one out after a newer one that it
//! accepted, and then the record holds the older address. So the newer one is sent once more when
//! that cannot happen any more.

use std::net::IpAddr;
use std::time::Duration;

use super::Sent;

/// How long a provider may take to carry out a request whose connection has ended.
const LATEST: Duration = Duration::from_secs(60);

/// The requests of one record that were never answered and may still be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late {
    /// What the last of them was to bring about.
    last: Sent,
    /// What an earlier one was to bring about, if that is something else.
    before: Option<Sent>,
    /// When the last of them ended, since boot.
    ended: Duration,
}

impl Late {
    /// A request for `what` that left at `left` has ended at `now` without an answer; `known` are those
    /// before it.
    pub(super) fn add(known: Option<Self>, what: Sent, left: Duration, now: Duration) -> Self {
        let before = match known {
            Some(known) if left >= known.over_at() => None,
            Some(known) if known.last == what => known.before,
            Some(known) => Some(known.last),
            None => None,
        };
        Self { last: what, before, ended: now }
    }

    /// When none of them can be carried out any more, since boot.
    pub(super) fn over_at(self) -> Duration {
        self.ended.saturating_add(LATEST)
    }

    /// What is left of them once the provider has accepted `held` in a request that left at `left`:
    /// those that may still replace it.
    pub(super) fn after(self, held: Sent, left: Duration) -> Option<Self> {
        if left >= self.over_at() {
            return None;
        }
        if self.last != held {
            return Some(self);
        }
        self.before.map(|before| Self { last: before, before: None, ..self })
    }

    /// The address that was sent; `None` if it was a removal.
    pub(super) fn address(self) -> Option<IpAddr> {
        match self.last {
            Sent::Address(address) => Some(address),
            Sent::Removal => None,
        }
    }
}
