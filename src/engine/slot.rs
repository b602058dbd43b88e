//! What the engine keeps of a record beside the record itself.

use std::time::Duration;

use super::record::Record;
use super::wait::Wait;
use crate::state::{Changes, Saved};
use crate::time::Now;

/// What the engine keeps of a record.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// Where the records of the same name and account begin, in [`super::names::Names`].
    pub name: usize,
    /// When it is looked at again, since boot.
    pub due: Option<Duration>,
    /// Whether it is among those that are looked at in this poll.
    pub is_touched: bool,
    /// Whether it is in a queue of records that are ready.
    pub is_queued: bool,
    /// Whether it may differ from what was given to be saved.
    pub is_unsaved: bool,
    /// What it did when it was looked at last.
    pub activity: Activity,
    /// Whether it was refused then.
    pub is_refused: bool,
    /// What was given to be saved.
    pub given: Option<Box<Saved>>,
}

/// What a record does, as far as others depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// Nothing.
    #[default]
    Idle,
    /// It waits for changes to stop following one another.
    Settling,
    /// It could be sent.
    Ready,
    /// A request is on its way.
    InFlight,
}

impl Activity {
    /// That of `record` at `now`.
    pub fn of(wait: &Wait) -> Self {
        if wait.ready().is_some() {
            Self::Ready
        } else if *wait == Wait::InFlight {
            Self::InFlight
        } else if wait.is_active() {
            Self::Settling
        } else {
            Self::Idle
        }
    }

    /// Whether a request is on its way, or about to leave.
    pub fn is_active(self) -> bool {
        self != Self::Idle
    }
}

impl Slot {
    /// Adds what is to be saved of `record` to `changes`, unless that was given last.
    pub fn save(&mut self, record: &Record, section: &str, changes: &mut Changes, now: Now) {
        self.is_unsaved = false;
        let saved = record.saved(section, now).map(Box::new);
        if saved == self.given {
            return;
        }
        match &saved {
            Some(saved) => changes.records.push((**saved).clone()),
            None => {
                let key = (section.to_owned(), record.name.clone(), record.family);
                changes.dropped.push(key);
            }
        }
        self.given = saved;
    }
}
