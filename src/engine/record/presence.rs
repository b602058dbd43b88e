//! Whether the source of a record has an address, and since when it certainly has none.

use std::time::Duration;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Nobody knows. If the address was certainly lost before, the time since then (since boot) goes on.
    Unknown {
        /// When the address was lost.
        lost_since: Option<Duration>,
    },
    /// The source has an address right now.
    Present,
    /// The source certainly has no address.
    Lost {
        /// When that was found first, since boot. Doubts in between do not change it.
        since: Duration,
    },
}

impl Presence {
    /// Nothing is known of any loss.
    pub(super) const NEVER_LOST: Self = Self::Unknown { lost_since: None };

    /// The source cannot be asked for a moment.
    pub(super) fn mark_unknown(&mut self) {
        *self = Self::Unknown { lost_since: self.first_lost() };
    }

    /// The source certainly has no address at `now`. Returns whether that was not known before.
    pub(super) fn mark_lost(&mut self, now: Duration) -> bool {
        let before = self.first_lost();
        *self = Self::Lost { since: before.unwrap_or(now) };
        before.is_none()
    }

    fn first_lost(self) -> Option<Duration> {
        match self {
            Self::Unknown { lost_since } => lost_since,
            Self::Present => None,
            Self::Lost { since } => Some(since),
        }
    }
}
