//! The desired state of a record, by its source and its owner.

use std::net::IpAddr;

use super::presence::Presence;
use super::{Record, Refusal};
use crate::engine::no_address::Desired;
use crate::engine::pace::Settling;
use crate::model::Target;
use crate::time::{Duration, Now};

/// The desired state of a record.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The address that it should hold. It stays when the source loses it, until the record is removed.
    pub(super) address: Option<IpAddr>,
    /// Whether the source has an address.
    pub(super) presence: Presence,
    /// The wait for the end of a series of changes.
    pub(super) settling: Settling,
    /// Whether the owner wants the record sent now, even if nothing has changed.
    pub(super) is_requested: bool,
    /// The times of the latest change.
    pub(super) timeline: Timeline,
}

/// The times of the latest change, since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The event: a report of the kernel, the answer of the source, or a timer.
    pub event: Duration,
    /// When the first request left.
    pub sent: Option<Duration>,
    /// When the provider accepted it.
    pub accepted: Option<Duration>,
}

impl Timeline {
    /// A change whose event happened at `event`.
    pub(super) fn since(event: Duration) -> Self {
        Self { event, sent: None, accepted: None }
    }
}

impl Wish {
    /// Nothing is desired yet.
    pub(super) fn new() -> Self {
        Self {
            address: None,
            presence: Presence::NEVER_LOST,
            settling: Settling::default(),
            is_requested: false,
            timeline: Timeline::default(),
        }
    }
}

impl Record {
    /// The record follows its source.
    pub fn follow(&mut self, desired: &Desired, now: Now) {
        match desired {
            Desired::Unknown => self.mark_unknown(),
            Desired::Nothing(why) if why.is_loss() => self.mark_lost(now),
            Desired::Nothing(_) => self.suspend(),
            Desired::Address(address) => self.set_address(*address, now),
        }
    }

    /// The record should hold `address`, as of an event at `now`.
    pub fn set_address(&mut self, address: IpAddr, now: Now) {
        let has_come = self.wish.presence != Presence::Present;
        self.wish.presence = Presence::Present;
        if let Some(Refusal { only: Some(only), .. }) = self.refusal
            && only != Target::Address(address)
        {
            self.refusal = None;
        }
        let has_changed = self.wish.address != Some(address);
        // The provider may take another address, or the same one over a line that has come back.
        if self.gave_up() && (has_come || has_changed) {
            self.pace.backoff.forgive();
        }
        if has_changed {
            self.change_address(address, now);
        }
        self.compare(address, now);
    }

    fn change_address(&mut self, address: IpAddr, now: Now) {
        // After a restart the published address is no change: it does not settle.
        let is_known = self.wish.address.is_none() && self.published() == Some(address);
        self.wish.address = Some(address);
        if !is_known {
            self.wish.settling.changed(now.up);
        }
        // The address went back to the published one, so the next change begins a series of its own.
        if self.flight.is_none() && !self.is_owed(now) {
            self.wish.settling.done();
        }
        if self.flight.is_none() || self.published() != Some(address) {
            self.wish.timeline = Timeline::since(now.up);
        }
    }

    /// The source has no address, for a reason that is no loss. The record stays as it is, and the address is
    /// not sent. The time until a removal starts anew.
    pub fn suspend(&mut self) {
        self.wish.presence = Presence::NEVER_LOST;
    }

    /// It is not known for a moment whether the source has an address. No address is sent, and the time until a
    /// removal goes on.
    pub fn mark_unknown(&mut self) {
        self.wish.presence.mark_unknown();
    }

    /// The source certainly has no address at `now`. With `remove_after` the record is removed unless an
    /// address comes.
    pub fn mark_lost(&mut self, now: Now) {
        if !self.wish.presence.mark_lost(now.up) {
            return;
        }
        // Failures and a refusal of the address are no reason against its removal.
        if self.gave_up() {
            self.pace.backoff.forgive();
        }
        if let Some(Refusal { only: Some(Target::Address(_)), .. }) = self.refusal {
            self.refusal = None;
        }
    }

    /// When the record is to be removed unless an address comes, since boot.
    pub fn removal_at(&self) -> Option<Duration> {
        let Presence::Lost { since } = self.wish.presence else {
            return None;
        };
        // An address whose request got no answer may be there, and has to go as well.
        if self.published().is_none() && self.remote.attempted.is_empty() {
            return None;
        }
        let at = since.saturating_add(self.timing.remove_after?);
        match (self.repeat_at(), self.published()) {
            // The record is removed already. It is removed once more when no late request can bring it back.
            (Some(repeat_at), None) => Some(at.max(repeat_at)),
            _ => Some(at),
        }
    }

    /// The owner runs `update`: the record is sent now. Refusals and failures are cleared, but neither the
    /// token bucket nor the provider's waiting time. A waiting time of an earlier run is cleared, because its
    /// clock may have been wrong.
    pub fn request_update(&mut self, now: Now) {
        // `in_doubt` is not set: the state file would say that the record may hold another address.
        self.wish.is_requested = true;
        self.forget_differences();
        self.refusal = None;
        self.pace.forget_restored_hold();
        self.pace.backoff.reset();
        self.wish.timeline = Timeline::since(now.up);
    }
}
