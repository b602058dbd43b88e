//! Whether the source of a record has an address, and since when it certainly has none.

use crate::time::Duration;

/// Whether the source of a record has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is not known whether the source has an address. The time since an earlier loss goes on.
    Unknown {
        /// When the address was certainly lost, since boot.
        lost_since: Option<Duration>,
    },
    /// The source has an address right now.
    Present,
    /// The source certainly has no address.
    Lost {
        /// When the loss was first found, since boot. `Unknown` in between does not change it.
        since: Duration,
    },
}

impl Presence {
    /// It is not known whether the source has an address, and no loss is known.
    pub(super) const NEVER_LOST: Self = Self::Unknown { lost_since: None };

    /// It is not known for a moment whether the source has an address.
    pub(super) fn mark_unknown(&mut self) {
        *self = Self::Unknown { lost_since: self.first_lost() };
    }

    /// The source certainly has no address at `now`. Returns whether the loss is new.
    pub(super) fn mark_lost(&mut self, now: Duration) -> bool {
        // The first loss counts, so that brief doubts do not postpone a removal.
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
