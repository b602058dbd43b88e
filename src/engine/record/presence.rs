//! Whether the source of a record has an address, and since when it certainly has none.

use std::time::Duration;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Presence {
    present: bool,
    lost: bool,
    /// When it was found to be lost first, since boot. Doubts in between change nothing about that.
    since: Option<Duration>,
}

impl Presence {
    /// It has one.
    pub(super) fn found(&mut self) {
        *self = Self { present: true, ..Self::default() };
    }

    /// Nobody knows for a moment.
    pub(super) fn unknown(&mut self) {
        *self = Self { since: self.since, ..Self::default() };
    }

    /// It certainly has none, `now` since boot. Whether that is new.
    pub(super) fn lost(&mut self, now: Duration) -> bool {
        let new = self.since.is_none();
        *self = Self { present: false, lost: true, since: self.since.or(Some(now)) };
        new
    }

    /// Whether it has one right now: without it no address is sent.
    pub(super) fn is_present(self) -> bool {
        self.present
    }

    /// Since when it certainly has none, since boot; `None` if that is not certain now.
    pub(super) fn lost_since(self) -> Option<Duration> {
        self.since.filter(|_| self.lost)
    }
}
