//! The engine's notes on a record: the queues that it is in, and its last saved form.

use super::record::Record;
use super::wait::Wait;
use crate::state::{Changes, Saved};
use crate::time::{Duration, Now};

/// The engine's notes on a record.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// The index in [`super::names::Names`] at which the records of the same name and account begin.
    pub name: usize,
    /// When the engine looks at the record again, since boot.
    pub due: Option<Duration>,
    /// Whether the record is queued for a look in this poll.
    pub is_touched: bool,
    /// Whether the record is in a queue of ready records.
    pub is_queued: bool,
    /// Whether the record may differ from its last saved form.
    pub is_unsaved: bool,
    /// The activity of the record at the last look.
    pub activity: Activity,
    /// Whether the record was refused at the last look.
    pub is_refused: bool,
    /// The last saved form of the record; `None` if it was never saved.
    pub given: Option<Box<Saved>>,
}

/// What a record does, as far as other records depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// It waits for an address, a time or the owner.
    #[default]
    Idle,
    /// It waits for the end of a series of changes.
    Settling,
    /// It could be sent.
    Ready,
    /// A request is on its way.
    InFlight,
}

impl Activity {
    /// The activity of a record that waits for `wait`.
    pub fn of(wait: &Wait) -> Self {
        if matches!(wait, Wait::Ready(_)) {
            Self::Ready
        } else if matches!(wait, Wait::InFlight) {
            Self::InFlight
        // `Ready` and `InFlight` are active, too, so only `Settling` is left here.
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
    /// Adds the form of `record` to save to `changes`, unless it was saved last.
    pub fn save(&mut self, record: &Record, section: &str, changes: &mut Changes, now: Now) {
        self.is_unsaved = false;
        let saved = record.saved(section, now).map(Box::new);
        // Each save wears the flash.
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
