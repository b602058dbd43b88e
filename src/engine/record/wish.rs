//! What a record should be: what its source, its owner and the time ask for.

use std::net::IpAddr;
use std::time::Duration;

use super::presence::Presence;
use super::{Record, Refusal};
use crate::engine::pace::Settling;
use crate::model::Target;
use crate::time::Now;

/// What a record should be.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// What it should hold; stays when the address goes away, until the record is removed.
    pub(super) address: Option<IpAddr>,
    /// Whether the source has an address.
    pub(super) presence: Presence,
    /// The wait until changes have stopped following one another.
    pub(super) settling: Settling,
    /// Whether the owner wants it sent now, although nothing has changed.
    pub(super) is_requested: bool,
    /// Times of the latest change.
    pub(super) timeline: Timeline,
}

/// When the steps of the latest change happened, since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The kernel's event (or the source's answer).
    pub event: Duration,
    /// The first request left.
    pub sent: Option<Duration>,
    /// The provider accepted.
    pub accepted: Option<Duration>,
}

impl Timeline {
    /// Nothing has happened yet since the event.
    pub(super) fn since(event: Duration) -> Self {
        Self { event, sent: None, accepted: None }
    }
}

impl Wish {
    /// Nothing is asked for yet.
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
        if self.gave_up() && (has_come || has_changed) {
            self.pace.backoff.forgive();
        }
        if !has_changed {
            return;
        }
        let is_known = self.wish.address.is_none() && self.published() == Some(address);
        self.wish.address = Some(address);
        if !is_known {
            self.wish.settling.changed(now.up);
        }
        if self.flight.is_none() && !self.is_owed(now) {
            self.wish.settling.done();
        }
        if self.flight.is_none() || self.published() != Some(address) {
            self.wish.timeline = Timeline::since(now.up);
        }
    }

    /// The source has no address now, for a reason that is no loss. The record stays as it is, and the
    /// address that went away is not sent again; the time until a removal begins anew.
    pub fn suspend(&mut self) {
        self.wish.presence = Presence::NEVER_LOST;
    }

    /// Nobody knows for a moment whether the source has an address. Nothing is sent, and the time until
    /// a removal goes on.
    pub fn mark_unknown(&mut self) {
        self.wish.presence.mark_unknown();
    }

    /// The source certainly has no address at `now`. With `remove_after` the record is removed if it
    /// stays like this.
    pub fn mark_lost(&mut self, now: Now) {
        if !self.wish.presence.mark_lost(now.up) {
            return;
        }
        // That the address failed or was refused does not concern its removal.
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
        if self.published().is_none() && self.remote.last_attempted.is_none() {
            return None;
        }
        let at = since.saturating_add(self.timing.remove_after?);
        match (self.repeat_at(), self.published()) {
            // It is removed already, and once more when nothing can bring it back.
            (Some(repeat_at), None) => Some(at.max(repeat_at)),
            _ => Some(at),
        }
    }

    /// The owner wants it sent now: clears refusals and failures, but neither pacing nor the provider's
    /// own waiting time, unless that is from an earlier run, whose clock may have been wrong.
    pub fn request_update(&mut self, now: Now) {
        self.wish.is_requested = true;
        self.refusal = None;
        self.pace.forget_restored_hold();
        self.pace.backoff.reset();
        self.wish.timeline = Timeline::since(now.up);
    }
}
