//! The planner of one record: one name, one family, one provider.
//!
//! A record holds its desired state (`wish`), the state at the provider (`remote`), its limits (`pace`) and a
//! refusal. What it waits for is not stored: [`Record::wait`] derives it. The status page and the next deadline
//! use that result, and [`Record::send`] takes the target in it, so the three cannot disagree:
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
//! A `Ready` record is sent as soon as the provider can be reached, which the record does not know. A
//! `Refused` record is sent again after a day, and when its address changes.
//!
//! A provider may carry out a request late that it never answered. If it has accepted another target since,
//! that target is sent once more a minute later (`late.rs`).
//!
//! A record of a section that the owner has stopped is `Stopped`, unless it is `InFlight`. One whose section
//! leaves publishing to another router is `Standby`.
//!
//! An address is sent only while the source has it. If the address is gone or unknown while a request is owed,
//! the record waits as `Address`. With `remove_after`, a record whose address is certainly gone waits as `Lost`
//! until its removal is due. The removal is then paced like any other request.
//!
//! A record has at most one request on its way. A change during `InFlight` replaces the wish, and the latest
//! wish is sent afterwards. A new address never shortens a back-off or the provider's waiting time.

mod difference;
mod doubt;
mod late;
mod outcome;
mod presence;
mod refusal;
mod remote;
mod saved;
mod take_over;
mod told;
mod wish;

use std::net::IpAddr;
use std::sync::Arc;

use super::pace::{Backoff, Bucket, Hold};
use super::registered::Registered;
use super::wait::Wait;
use crate::config::Timing;
use crate::model::{Family, Hostname, Target};
use crate::time::{Duration, Now};
pub use difference::Difference;
use difference::Sight;
pub use outcome::{Ending, ResultCounts, Sent};
use presence::Presence;
pub use refusal::Refusal;
use remote::Remote;
use told::Told;
pub use wish::Timeline;
use wish::Wish;

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The name.
    pub name: Hostname,
    /// The family of its addresses: IPv4 for type A, IPv6 for AAAA.
    pub family: Family,
    /// See [`crate::state::Saved::fingerprint`].
    pub fingerprint: u64,
    /// The provider's refusal, until it expires after a day or the address changes.
    pub refusal: Option<Refusal>,
    /// The last failure, until a request succeeds.
    pub trouble: Option<String>,
    /// The addresses that DNS has for it.
    pub registered: Registered,
    /// What DNS has shown of it.
    sight: Sight,
    wish: Wish,
    remote: Remote,
    /// What hooks know of the record.
    told: Told,
    pace: Pace,
    rest: Rest,
    /// The target of the request on its way.
    flight: Option<Target>,
    timing: Arc<Timing>,
    /// When the record was created, since boot.
    started: Duration,
}

/// Whether a record is at rest, so that nothing is sent for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It works.
    Works,
    /// The owner has stopped its section.
    Stopped,
    /// Another router publishes: a gate of its section is closed.
    Standby,
}

/// The limits on requests of a record.
#[derive(Clone, Debug)]
struct Pace {
    bucket: Bucket,
    backoff: Backoff,
    hold: Hold,
    /// The last request may have failed because the wall clock is behind, which makes certificates and
    /// signatures invalid.
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
    /// A record that was never sent.
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
            registered: Registered::default(),
            sight: Sight::default(),
            wish: Wish::new(),
            remote: Remote::default(),
            told: Told::default(),
            pace,
            rest: Rest::Works,
            flight: None,
            timing,
            started: now.up,
        }
    }

    /// Its name and family, which are unique in its section.
    pub fn key(&self) -> (&Hostname, Family) {
        (&self.name, self.family)
    }

    /// The address that it should hold. It stays when the source loses it, until the record is removed.
    #[inline(never)]
    pub fn desired(&self) -> Option<IpAddr> {
        self.wish.address
    }

    /// The times of the latest change.
    pub fn timeline(&self) -> Timeline {
        self.wish.timeline
    }

    /// Takes over the state of `old`, the same record before a reload. The spelling of the name and the timing stay
    /// as the new configuration has them. `old` keeps its own ones, and gets the fresh state of this record.
    pub fn inherit(&mut self, old: &mut Self, now: Now) {
        // A swap moves the state without a copy of its strings and lists.
        std::mem::swap(self, old);
        std::mem::swap(&mut self.name, &mut old.name);
        std::mem::swap(&mut self.timing, &mut old.timing);
        self.pace.bucket.set_interval(self.timing.min_interval, self.timing.burst, now.up);
    }

    /// The provider asks for no request before `until`.
    pub fn hold(&mut self, until: Duration, now: Now) {
        self.pace.hold.extend(until, now);
    }

    /// Requests have another transport now, so they may succeed although earlier ones failed or were refused.
    pub fn reset_after_transport_change(&mut self) {
        self.refusal = None;
        self.pace.backoff.reset();
    }

    /// Takes over the limits of `old`, the record of the same name and account before a reload that changed
    /// what is published. The provider's limits hold for both.
    pub fn inherit_limits(&mut self, old: &Self, now: Now) {
        // Otherwise each reload of an owner who tries options would send a request.
        self.pace.hold = old.pace.hold.clone();
        self.pace.backoff = old.pace.backoff.clone();
        self.pace.bucket = old.pace.bucket.clone();
        self.sight.corrections.clone_from(&old.sight.corrections);
        self.pace.bucket.set_interval(self.timing.min_interval, self.timing.burst, now.up);
    }

    /// The end of the back-off, since boot.
    pub fn paused_until(&self) -> Duration {
        self.pace.backoff.until()
    }

    /// Lets the record rest or work. A request on its way goes on. The owner's `start` clears refusals and
    /// failures, so that a request that is owed is sent.
    pub fn set_rest(&mut self, rest: Rest) {
        // A start is a request of the owner, like `update`.
        if self.rest == Rest::Stopped && rest != Rest::Stopped {
            self.refusal = None;
            self.pace.backoff.reset();
        }
        self.rest = rest;
    }

    /// Kernel routes or rules changed: see [`Backoff::routes_changed`].
    pub fn routes_changed(&mut self) {
        self.pace.backoff.routes_changed();
    }

    /// Whether nothing left the router at the last attempt.
    pub fn has_failed_locally(&self) -> bool {
        self.pace.backoff.is_local()
    }

    /// The router has another network now. Failures in the old network no longer count, and neither does the
    /// loss of the address there: the new network may bring one in a moment.
    pub fn network_changed(&mut self) {
        self.pace.backoff.reset();
        self.registered.network_changed();
        // A line that comes back gets its addresses one after another, so a loss counts anew from here.
        self.wish.presence = Presence::NEVER_LOST;
    }

    /// The wall clock was stepped: certificates and signatures may be valid now, and times can be dated.
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

    /// What this record waits for. Routes, the account and the reasons of the source are the engine's to add.
    pub fn wait(&self, now: Now) -> Wait {
        if self.flight.is_some() {
            return Wait::InFlight;
        }
        // A request that was on its way when the rest began still gets its answer.
        match self.rest {
            Rest::Works => {}
            Rest::Stopped => return Wait::Stopped,
            Rest::Standby => return Wait::Standby,
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

    /// The target that is owed, whatever the pauses; or the reason why none is.
    fn to_send(&self, now: Now) -> Result<Target, Wait> {
        // A removal comes before a request with an address, which may be owed as well.
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
        // An address that the source has lost may belong to another customer of the ISP by now.
        match self.wish.presence {
            Presence::Present => Ok(Target::Address(address)),
            Presence::Unknown { .. } | Presence::Lost { .. } => Err(Wait::Address),
        }
    }

    /// What `target` waits for: the pause that ends last, or `Ready`.
    fn pace_of(&self, target: Target, now: Now) -> Wait {
        // The end of a pause is no reason to try again, so this comes before the pauses.
        if self.gave_up() {
            return Wait::GivenUp(self.pace.backoff.attempts());
        }
        let hold = self.pace.hold.until();
        let backoff = self.pace.backoff.until();
        let pace = self.pace.bucket.ready_at();
        let settling = self.wish.settling.until();
        let until = hold.max(backoff).max(pace).max(settling);
        // If several end then, the first one below is shown.
        if until <= now.up {
            Wait::Ready(target)
        } else if until == settling {
            Wait::Settling(until)
        } else if until == pace {
            Wait::Pace(until)
        } else if until == backoff {
            Wait::BackOff(until)
        } else {
            Wait::Hold { until, is_restored: self.pace.hold.is_restored() }
        }
    }

    fn gave_up(&self) -> bool {
        // `retry_max_count '0'` sets no limit.
        self.timing.retry_max > 0 && self.pace.backoff.attempts() > self.timing.retry_max
    }
}
