//! What the provider refused, until the next day or another address. It is tried again once a day,
//! because providers refuse by mistake as well, and nobody may be there to run `update`.

use std::net::IpAddr;
use std::time::Duration;

use crate::engine::pace::{Hold, LONGEST_HOLD};
use crate::model::Target;
use crate::time::Now;

/// A refusal of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the provider answered.
    pub reason: String,
    /// What the owner can do about it.
    pub advice: String,
    /// The refusal applies only to this address (or this removal), not to the record.
    pub(super) only: Option<Target>,
    /// The address that the record was to hold when it was refused.
    pub(super) address: Option<IpAddr>,
    /// Nothing is sent before.
    pub(super) pause: Hold,
}

impl Refusal {
    /// The provider has refused `address` at `now`.
    pub(super) fn new(reason: &str, advice: &str, address: Option<IpAddr>, now: Now) -> Self {
        let mut pause = Hold::default();
        pause.extend(now.up.saturating_add(LONGEST_HOLD), now);
        Self { reason: reason.into(), advice: advice.into(), only: None, address, pause }
    }

    /// Whether the provider has refused it at `now`.
    pub(super) fn is_new(&self, now: Now) -> bool {
        self.until() >= now.up.saturating_add(LONGEST_HOLD)
    }

    /// Whether nothing is sent at `now` for a record that is to hold `desired`.
    pub(super) fn stops(&self, desired: Option<IpAddr>, now: Now) -> bool {
        let is_other = self.address.is_some() && desired.is_some() && self.address != desired;
        self.until() > now.up && !is_other
    }

    /// When it is tried again, since boot.
    pub fn until(&self) -> Duration {
        self.pause.until()
    }

    /// The account is accepted again, so that this record may be, too.
    pub(super) fn reopen(&mut self) {
        self.pause = Hold::default();
    }

    /// `badauth. Check username and password.`
    pub fn sentence(reason: &str, advice: &str) -> String {
        let mut advice = advice.to_owned();
        if let Some(first) = advice.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!("{reason}. {advice}")
    }
}
