//! Requests that were sent and never answered. The provider may carry such a request out after it has
//! accepted a newer one, and then the record holds the older address. So the newer target is sent once more
//! as soon as the older request cannot be carried out any more.

use std::net::IpAddr;

use crate::model::Target;
use crate::time::Duration;

/// How long a provider may take to carry out a request whose connection has ended.
const LATEST: Duration = Duration::from_secs(60);

/// The requests of one record that were never answered and may still be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late {
    /// The target of the last of them.
    pub(super) last: Target,
    /// The target of an earlier one, if that is another target.
    before: Option<Target>,
    /// When the last of them ended, since boot.
    ended: Duration,
    /// Whether one of them may replace the accepted target, so that the accepted target is sent once more.
    pub(super) repeats: bool,
}

impl Late {
    /// Adds to `known`, the earlier ones, a request for `target` that left at `left` and ended at `now` without an
    /// answer.
    pub(super) fn add(known: Option<Self>, target: Target, left: Duration, now: Duration) -> Self {
        let before = match known {
            // The request left when no earlier one could be carried out any more.
            Some(known) if left >= known.over_at() => None,
            // A repetition of the last one must not push the other target out.
            Some(known) if known.last == target => known.before,
            Some(known) => Some(known.last),
            None => None,
        };
        let repeats = known.is_some_and(|known| known.repeats);
        Self { last: target, before, ended: now, repeats }
    }

    /// From when on none of them can be carried out any more, since boot.
    pub(super) fn over_at(self) -> Duration {
        self.ended.saturating_add(LATEST)
    }

    /// The addresses in them, the latest one last.
    pub(super) fn addresses(self) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        for target in [self.before, Some(self.last)] {
            addresses.extend(target.and_then(Target::address));
        }
        addresses
    }

    /// The requests that may still replace `held`, which the provider has accepted in a request that left at
    /// `left`.
    pub(super) fn after(self, held: Target, left: Duration) -> Option<Self> {
        if left >= self.over_at() {
            return None;
        }
        // A late request for `held` itself changes nothing, so only the other one counts.
        let last = if self.last == held { self.before? } else { self.last };
        let before = if self.last == held { None } else { self.before };
        Some(Self { last, before, ended: self.ended, repeats: true })
    }
}
