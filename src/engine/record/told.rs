//! What hooks know of a record, so that they are told of each change once. It includes since when requests have
//! failed, which metrics show, too.

use std::net::IpAddr;

use super::Record;
use crate::model::Target;
use crate::time::{Duration, Now, UnixSeconds};

/// The state of a record, as hooks know it.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    held: Option<Target>,
    is_refused: bool,
    trouble: Trouble,
}

/// How long requests for a record have failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trouble {
    /// The last request did not fail.
    #[default]
    None,
    /// Since this time.
    Since(Now),
    /// Since this time, and so long that hooks were told.
    Told(Now),
}

impl Record {
    /// What an earlier run has saved is no news for hooks.
    pub(super) fn mark_as_told(&mut self) {
        self.told.held = self.remote.held;
        self.told.is_refused = self.refusal.is_some();
    }

    /// The target that the provider has accepted since this was called last, and the address before it; `None` if
    /// the provider has what hooks know.
    pub fn take_accepted(&mut self) -> Option<(Target, Option<IpAddr>)> {
        // On a take-over `held` is empty for a moment. Hooks must not take the same address for a new one after it.
        let held = self.remote.held?;
        let before = self.told.held.replace(held);
        if before == Some(held) { None } else { Some((held, before.and_then(Target::address))) }
    }

    /// Whether the provider has refused the record since this was called last.
    pub fn take_refused(&mut self) -> bool {
        // A refusal that has ended is forgotten here, so that the next one is told.
        let was_refused = std::mem::replace(&mut self.told.is_refused, self.refusal.is_some());
        self.told.is_refused && !was_refused
    }

    /// Whether requests have failed for `limit`, and hooks were not told yet.
    pub fn take_failing(&mut self, limit: Duration, now: Now) -> bool {
        if self.trouble.is_none() {
            self.told.trouble = Trouble::None;
            return false;
        }
        match self.told.trouble {
            Trouble::None => self.told.trouble = Trouble::Since(now),
            Trouble::Since(since) if now.up.saturating_sub(since.up) >= limit => {
                self.told.trouble = Trouble::Told(since);
                return true;
            }
            Trouble::Since(_) | Trouble::Told(_) => {}
        }
        false
    }

    /// Since when requests have failed, if the wall clock could be trusted then; `None` if they do not fail.
    pub fn failing_since(&self) -> Option<UnixSeconds> {
        match self.told.trouble {
            Trouble::None => None,
            Trouble::Since(since) | Trouble::Told(since) => since.trusted_wall(),
        }
    }
}
