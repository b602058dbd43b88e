//! A refusal stops the requests of a record until the address changes, the owner runs `update` or a day is
//! over. A request a day is sent because a provider may refuse by mistake while no owner is there to run
//! `update`.

use std::net::IpAddr;

use crate::engine::pace::{Hold, LONGEST_HOLD};
use crate::model::Target;
use crate::time::{Duration, Now};

/// A refusal of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The provider's answer.
    pub reason: String,
    /// Advice to the owner.
    pub advice: String,
    /// The refusal applies only to this address (or this removal), not to the record.
    pub(super) only: Option<Target>,
    /// The address that the record was to hold when it was refused.
    pub(super) address: Option<IpAddr>,
    /// The pause of a day.
    pub(super) pause: Hold,
}

impl Refusal {
    /// A refusal at `now`, while the record was to hold `address`.
    pub(super) fn new(reason: &str, advice: &str, address: Option<IpAddr>, now: Now) -> Self {
        // A `Hold` keeps its end on both clocks, so the day goes on after a restart.
        let mut pause = Hold::default();
        pause.extend(now.up.saturating_add(LONGEST_HOLD), now);
        Self { reason: reason.into(), advice: advice.into(), only: None, address, pause }
    }

    /// Whether the refusal came at `now`.
    pub(super) fn is_new(&self, now: Now) -> bool {
        self.until() >= now.up.saturating_add(LONGEST_HOLD)
    }

    /// Whether the refusal stops requests at `now` for a record that is to hold `desired`.
    pub(super) fn stops(&self, desired: Option<IpAddr>, now: Now) -> bool {
        // If either address is missing there is nothing to compare, and the refusal holds.
        let is_other = self.address.is_some() && desired.is_some() && self.address != desired;
        self.until() > now.up && !is_other
    }

    /// When the next request may be sent, since boot.
    pub fn until(&self) -> Duration {
        self.pause.until()
    }

    /// Ends the pause: the provider accepts the account again, so it may accept this record.
    pub(super) fn reopen(&mut self) {
        self.pause = Hold::default();
    }

    /// The refusal in a sentence, such as `badauth. Check username and password.`
    pub fn sentence(reason: &str, advice: &str) -> String {
        let mut advice = advice.to_owned();
        // `get_mut` finds nothing in an empty advice, or if the first letter has several bytes.
        if let Some(first) = advice.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!("{reason}. {advice}")
    }
}
