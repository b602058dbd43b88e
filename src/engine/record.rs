//! The planner of one record: one name, one family, one provider.
//!
//! A record holds what it should be (`wish`), what the provider accepted last (`remote`), its limits
//! (`pace`) and a refusal. Its state is not stored but derived, by [`Record::wait`]. The status page and
//! the next deadline read it, and [`Record::send`] takes the very target that it has found ready, so that
//! the three can never disagree:
//!
//! ```text
//!            set_address               time is over              send
//!   Settled ──────────────▶ Settling ───────────────▶ Ready ────────────────▶ InFlight
//!      ▲                       ▲                       ▲ ▲                        │
//!      │                       │ more changes,         │ │ token, back-off        │ answered
//!      │                       │ never past CEILING    │ │ and hold are over      │
//!      │                       │                       │ └── Pace, BackOff, ◀─────┤ Retry, Unconfirmed
//!      │                       │                       │     Hold, GivenUp        │
//!      │                       │                       └──────────────────────────┤ desired changed
//!      └───────────────────────┴──────────────────────────────────────────────────┤ Updated, Unchanged
//!                                                        Refused ◀────────────────┘ Refused
//! ```
//!
//! `Ready` leaves as soon as the provider can be reached, which is the section's to know. A record
//! that is `Refused` is tried again after a day, and when its address changes.
//!
//! A provider may carry out a request late that it never answered. Where the record was meanwhile
//! published as something else, that is sent once more a minute later (`late.rs`).
//!
//! A record of a section that the user stopped is `Stopped`, whatever it would wait for but an answer.
//!
//! Before an address is sent the source has to have it at that moment: a record whose address went
//! away, or is not known, waits as `Address` for as long as a request is owed. With `remove_after` one
//! that is certainly gone waits as `Lost` for the time at which the record is removed; then that is the
//! request, and paced like any other.
//!
//! A change during `InFlight` only replaces the wish: one call at most, the latest wins. A new
//! address never shortens a back-off or the provider's own waiting time.

mod doubt;
mod late;
mod outcome;
mod presence;
mod refusal;
mod remote;
mod saved;
mod wish;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pace::{Backoff, Bucket, Hold};
use super::wait::Wait;
use crate::config::Timing;
use crate::model::{Family, Hostname, Target};
use crate::time::Now;
pub use outcome::{Counts, Ending, Sent};
use presence::Presence;
pub use refusal::Refusal;
use remote::Remote;
pub use wish::Timeline;
use wish::Wish;

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The name.
    pub name: Hostname,
    /// Its type.
    pub family: Family,
    /// See [`crate::state::Saved::fingerprint`].
    pub fingerprint: u64,
    /// What the provider refused, until the next day or another address.
    pub refusal: Option<Refusal>,
    /// What went wrong last, until something goes right.
    pub trouble: Option<String>,
    wish: Wish,
    remote: Remote,
    pace: Pace,
    is_stopped: bool,
    /// What the request on its way is to make of it.
    flight: Option<Target>,
    timing: Arc<Timing>,
    /// When it came to be known, since boot.
    started: Duration,
}

/// How soon a request may leave.
#[derive(Clone, Debug)]
struct Pace {
    bucket: Bucket,
    backoff: Backoff,
    hold: Hold,
    /// The last failure may be due to a wall clock that is behind.
    clock_behind: bool,
}

impl Pace {
    fn forget_restored_hold(&mut self) {
        if self.hold.is_restored() {
            self.hold = Hold::default();
        }
    }
}

impl Record {
    /// A record of which nothing is known.
    pub fn new(
        name: Hostname,
        family: Family,
        fingerprint: u64,
        timing: Arc<Timing>,
        now: Now,
    ) -> Self {
        let pace = Pace {
            bucket: Bucket::new(timing.min_interval, timing.burst),
            backoff: Backoff::default(),
            hold: Hold::default(),
            clock_behind: false,
        };
        Self {
            name,
            family,
            fingerprint,
            refusal: None,
            trouble: None,
            wish: Wish::new(),
            remote: Remote::default(),
            pace,
            is_stopped: false,
            flight: None,
            timing,
            started: now.up,
        }
    }

    /// What names it.
    pub fn key(&self) -> (&Hostname, Family) {
        (&self.name, self.family)
    }

    /// The address that it should hold; stays when the source loses it, until the record is removed.
    pub fn desired(&self) -> Option<IpAddr> {
        self.wish.address
    }

    /// Times of the latest change.
    pub fn timeline(&self) -> Timeline {
        self.wish.timeline
    }

    /// Takes new intervals, as after a reload that changed nothing else of this record.
    pub fn retime(&mut self, timing: Arc<Timing>, now: Now) {
        self.pace.bucket.set_interval(timing.min_interval, timing.burst, now.up);
        self.timing = timing;
    }

    /// The provider asks not to be called before `until`.
    pub fn hold(&mut self, until: Duration, now: Now) {
        self.pace.hold.extend(until, now);
    }

    /// Requests leave in another way now, so that what failed or was refused may succeed.
    pub fn reset_after_transport_change(&mut self) {
        self.refusal = None;
        self.pace.backoff.reset();
    }

    /// It is published as something else now, in the account that `old` was published in: the limits of
    /// that account still hold.
    pub fn inherit_limits(&mut self, old: &Self, now: Now) {
        self.pace.hold = old.pace.hold.clone();
        self.pace.backoff = old.pace.backoff.clone();
        self.pace.bucket = old.pace.bucket.clone();
        self.pace.bucket.set_interval(self.timing.min_interval, self.timing.burst, now.up);
    }

    /// The end of the back-off, since boot.
    pub fn paused_until(&self) -> Duration {
        self.pace.backoff.until()
    }

    /// Whether the owner wants nothing sent. What is on its way goes on. When it is started again, what
    /// is owed is tried, whatever failed or was refused before.
    pub fn set_stopped(&mut self, stopped: bool) {
        if self.is_stopped && !stopped {
            self.refusal = None;
            self.pace.backoff.reset();
        }
        self.is_stopped = stopped;
    }

    /// Routes or rules changed: see [`Backoff::routes_changed`].
    pub fn routes_changed(&mut self) {
        self.pace.backoff.routes_changed();
    }

    /// Whether nothing left the router when it was tried last.
    pub fn has_failed_locally(&self) -> bool {
        self.pace.backoff.is_local()
    }

    /// The network changed for good: failures to reach the provider say nothing any more. What the line
    /// lost before may be about to come with it.
    pub fn network_changed(&mut self) {
        self.pace.backoff.reset();
        self.wish.presence = Presence::NEVER_LOST;
    }

    /// The wall clock was stepped: a certificate that was not valid yet may be now.
    pub fn clock_stepped(&mut self, now: Now) {
        if self.pace.clock_behind {
            self.pace.clock_behind = false;
            self.pace.backoff.reset();
        }
        self.pace.hold.date(now);
        if let Some(refusal) = &mut self.refusal {
            refusal.pause.date(now);
        }
        self.date_publication(now);
    }

    /// What this record waits for, ignoring whether the provider can be reached.
    pub fn wait(&self, now: Now) -> Wait {
        if self.flight.is_some() {
            return Wait::InFlight;
        }
        if self.is_stopped {
            return Wait::Stopped;
        }
        if let Some(refusal) = &self.refusal
            && refusal.stops(self.wish.address, now)
        {
            return Wait::Refused(refusal.until());
        }
        match self.to_send(now) {
            Ok(target) => self.pace_of(target, now),
            Err(wait) => wait,
        }
    }

    /// What is to be sent, however soon.
    fn to_send(&self, now: Now) -> Result<Target, Wait> {
        if let Some(at) = self.removal_at() {
            let is_published = self.published().is_some();
            return if at > now.up {
                Err(Wait::Lost { at, is_published })
            } else {
                Ok(Target::Absent)
            };
        }
        let Some(address) = self.wish.address else {
            return Err(Wait::Address);
        };
        if !self.is_owed(now) {
            let again_at = self.again_at(now);
            return Err(Wait::Settled { again_at, late: self.late_target() });
        }
        // The source has to have the address at the moment at which it is sent.
        match self.wish.presence {
            Presence::Present => Ok(Target::Address(address)),
            Presence::Unknown { .. } | Presence::Lost { .. } => Err(Wait::Address),
        }
    }

    /// What `target` waits for before it is sent: the longest of all pauses.
    fn pace_of(&self, target: Target, now: Now) -> Wait {
        if self.gave_up() {
            return Wait::GivenUp(self.pace.backoff.attempts());
        }
        let hold = self.pace.hold.until();
        let pauses = [
            Wait::Hold { until: hold, is_restored: self.pace.hold.is_restored() },
            Wait::BackOff(self.pace.backoff.until()),
            Wait::Pace(self.pace.bucket.ready_at()),
            Wait::Settling(self.wish.settling.until()),
        ];
        match pauses.into_iter().max_by_key(Wait::deadline) {
            Some(pause) if pause.deadline() > Some(now.up) => pause,
            _ => Wait::Ready(target),
        }
    }

    fn gave_up(&self) -> bool {
        self.timing.retry_max > 0 && self.pace.backoff.attempts() > self.timing.retry_max
    }
}
