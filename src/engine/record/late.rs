//! Requests that were sent and never answered. A provider may carry one out after a newer one that it
//! accepted, and then the record holds the older address. So the newer one is sent once more when
//! that cannot happen any more.

use std::time::Duration;

use crate::model::Target;

/// How long a provider may take to carry out a request whose connection has ended.
const LATEST: Duration = Duration::from_secs(60);

/// The requests of one record that were never answered and may still be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late {
    /// What the last of them was to bring about.
    pub(super) last: Target,
    /// What an earlier one was to bring about, if that is something else.
    before: Option<Target>,
    /// When the last of them ended, since boot.
    ended: Duration,
    /// Whether one of them may replace what the provider accepted, so that this is sent once more.
    pub(super) repeats: bool,
}

impl Late {
    /// A request for `target` that left at `left` has ended at `now` without an answer; `known` are
    /// those before it.
    pub(super) fn add(known: Option<Self>, target: Target, left: Duration, now: Duration) -> Self {
        let before = match known {
            Some(known) if left >= known.over_at() => None,
            Some(known) if known.last == target => known.before,
            Some(known) => Some(known.last),
            None => None,
        };
        let repeats = known.is_some_and(|known| known.repeats);
        Self { last: target, before, ended: now, repeats }
    }

    /// When none of them can be carried out any more, since boot.
    pub(super) fn over_at(self) -> Duration {
        self.ended.saturating_add(LATEST)
    }

    /// Those that may still replace `held`, which the provider has accepted in a request that left at
    /// `left`.
    pub(super) fn after(self, held: Target, left: Duration) -> Option<Self> {
        if left >= self.over_at() {
            return None;
        }
        let last = if self.last == held { self.before? } else { self.last };
        let before = if self.last == held { None } else { self.before };
        Some(Self { last, before, ended: self.ended, repeats: true })
    }
}
