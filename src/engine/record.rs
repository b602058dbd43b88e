//! The planner of one record: one name, one family, one provider.
//!
//! A record holds what it should be (`desired`), what the provider accepted last (`published`) and
//! what stands in the way. Its state is not stored but derived, by [`Record::wait`], so that the
//! status page, the next deadline and the decision to send can never disagree:
//!
//! ```text
//!            want(address)             time is over              dispatch
//!   Settled ──────────────▶ Settling ───────────────▶ Ready ────────────────▶ InFlight
//!      ▲                       ▲                       ▲ ▲                        │
//!      │                       │ more changes,         │ │ route, token,          │ finished
//!      │                       │ never past CEILING    │ │ back-off is over       │
//!      │                       │                       │ └── Route, Pace, ◀───────┤ Retry, Unconfirmed
//!      │                       │                       │     BackOff, Hold        │
//!      │                       │                       └──────────────────────────┤ desired changed
//!      └───────────────────────┴──────────────────────────────────────────────────┤ Updated, Unchanged
//!                                                        Refused ◀────────────────┘ Refused
//! ```
//!
//! A change during `InFlight` only replaces `desired`: one call at most, the latest wins. A new
//! address never shortens a back-off or the provider's own waiting time.

use std::net::IpAddr;
use std::time::Duration;

use super::event::JobId;
use super::pace::{Backoff, Bucket};
use crate::clock::{Now, UnixSeconds};
use crate::config::{Family, Force, Hostname, Timing};
use crate::provider::{FailureKind, Outcome};
use crate::state::Saved;

/// Changes that follow one another within this time are waited out.
pub const QUIET: Duration = Duration::from_millis(250);
/// However long changes go on, the latest is sent after this time.
pub const CEILING: Duration = Duration::from_secs(2);

/// What a record is waiting for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing to do; sent again at this time (since boot) if there is one.
    Settled(Option<Duration>),
    /// There is no address to publish.
    Address,
    /// Changes still follow one another.
    Settling(Duration),
    /// Time for the next request by `min_interval`.
    Pace(Duration),
    /// The back-off after failures.
    BackOff(Duration),
    /// The time that the provider asked for.
    Hold(Duration),
    /// Nothing: it can go as soon as the provider can be reached.
    Ready,
    /// The answer.
    InFlight,
    /// The configuration or the user.
    Refused,
    /// The user or a change: `retry_max_count` failures in a row.
    GivenUp,
    /// A restart: `force_interval '0'` and the name is up to date.
    Rested,
}

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Flight {
    job: JobId,
    address: IpAddr,
    was_unconfirmed: bool,
    was_forced: bool,
    /// It went to a provider or account that is not configured any more.
    superseded: bool,
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

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The name.
    pub name: Hostname,
    /// Its type.
    pub family: Family,
    /// See [`Saved::fingerprint`].
    pub fingerprint: u64,
    /// What it should hold; stays when the address goes away.
    pub desired: Option<IpAddr>,
    /// What the provider accepted last, as far as is known.
    pub published: Option<IpAddr>,
    /// When, by the wall clock.
    pub published_wall: Option<UnixSeconds>,
    /// When, since boot; `None` if before this run.
    pub published_up: Option<Duration>,
    /// A request was sent whose answer is not known.
    pub unconfirmed: bool,
    /// The provider's refusal and the advice.
    pub refused: Option<(String, String)>,
    /// Not before this time: the provider said so.
    pub hold: Duration,
    /// Times of the latest change.
    pub timeline: Timeline,
    /// What went wrong last, until something goes right.
    pub trouble: Option<String>,
    force: Force,
    retry: Duration,
    retry_max: u32,
    bucket: Bucket,
    backoff: Backoff,
    clock_behind: bool,
    settle_until: Duration,
    last_change: Option<Duration>,
    first_unsent: Option<Duration>,
    forced: bool,
    rested: bool,
    flight: Option<Flight>,
    started: Duration,
}

impl Record {
    /// A record of which nothing is known.
    pub fn new(
        name: Hostname,
        family: Family,
        fingerprint: u64,
        timing: &Timing,
        now: Now,
    ) -> Self {
        Self {
            name,
            family,
            fingerprint,
            desired: None,
            published: None,
            published_wall: None,
            published_up: None,
            unconfirmed: false,
            refused: None,
            hold: Duration::ZERO,
            timeline: Timeline::default(),
            trouble: None,
            force: timing.force,
            retry: timing.retry,
            retry_max: timing.retry_max,
            bucket: Bucket::new(timing.min_interval),
            backoff: Backoff::default(),
            clock_behind: false,
            settle_until: Duration::ZERO,
            last_change: None,
            first_unsent: None,
            forced: false,
            rested: false,
            flight: None,
            started: now.up,
        }
    }

    /// Takes over what was saved about this record, if it is about the same provider and account.
    pub fn restore(&mut self, saved: &Saved, now: Now) {
        if saved.fingerprint != self.fingerprint {
            return;
        }
        self.published = saved.published;
        self.published_wall = saved.at;
        self.unconfirmed = saved.unconfirmed;
        self.refused.clone_from(&saved.refused);
        if let (Some(until), Some(wall)) = (saved.hold_until, now.trusted_wall()) {
            self.hold = now.up + Duration::from_secs(until.saturating_sub(wall).min(DAY));
        }
        self.date_publication(now);
    }

    /// Takes new intervals, as after a reload that changed nothing else of this record.
    pub fn retime(&mut self, timing: &Timing) {
        self.force = timing.force;
        self.retry = timing.retry;
        self.retry_max = timing.retry_max;
        self.bucket.set_interval(timing.min_interval);
        self.rested &= timing.force == Force::Once;
    }

    /// What to keep of this record; `None` if it was never sent.
    pub fn saved(&self, section: &str, now: Now) -> Option<Saved> {
        let at_risk = self.unconfirmed || self.flight.is_some();
        let holding = self.hold > now.up;
        if self.published.is_none() && !at_risk && self.refused.is_none() && !holding {
            return None;
        }
        let hold_until = now
            .trusted_wall()
            .filter(|_| holding)
            .map(|wall| wall + (self.hold.saturating_sub(now.up)).as_secs());
        Some(Saved {
            section: section.to_owned(),
            name: self.name.clone(),
            family: self.family,
            fingerprint: self.fingerprint,
            published: self.published,
            at: self.published_wall,
            unconfirmed: at_risk,
            refused: self.refused.clone(),
            hold_until,
        })
    }

    /// The record should hold `address`, as of an event at `now`.
    pub fn want(&mut self, address: IpAddr, now: Now) {
        if self.desired == Some(address) {
            return;
        }
        self.desired = Some(address);
        let quiet = self
            .last_change
            .is_none_or(|last| now.up.saturating_sub(last) >= QUIET);
        let first = *self.first_unsent.get_or_insert(now.up);
        self.settle_until = if quiet {
            now.up
        } else {
            (now.up + QUIET).min(first + CEILING)
        };
        self.last_change = Some(now.up);
        if self.gave_up() {
            self.backoff.reset();
        }
        if !self.pending(now) && !self.rested {
            self.first_unsent = None;
            self.rested = self.force == Force::Once;
        }
        if self.flight.is_none() || self.published != Some(address) {
            self.timeline = Timeline {
                event: now.up,
                sent: None,
                accepted: None,
            };
        }
    }

    /// The user wants it sent now: clears refusals, failures and rest, but neither pacing nor the
    /// provider's own waiting time.
    pub fn force_now(&mut self, now: Now) {
        self.forced = true;
        self.rested = false;
        self.refused = None;
        self.backoff.reset();
        self.timeline = Timeline {
            event: now.up,
            sent: None,
            accepted: None,
        };
    }

    /// The network changed for good: failures to reach the provider say nothing any more.
    pub fn network_changed(&mut self) {
        self.backoff.reset();
    }

    /// The wall clock was stepped: a certificate that was not valid yet may be now.
    pub fn clock_stepped(&mut self, now: Now) {
        if self.clock_behind {
            self.clock_behind = false;
            self.backoff.reset();
        }
        self.date_publication(now);
    }

    /// Fills in the wall time of a publication that happened before the clock could be trusted.
    /// Returns whether that changed anything worth saving.
    pub fn date_publication(&mut self, now: Now) -> bool {
        let Some(wall) = now.trusted_wall() else {
            return false;
        };
        if self.published.is_none() || self.published_wall.is_some_and(|at| at <= wall) {
            return false;
        }
        let age = self
            .published_up
            .map_or(0, |up| now.up.saturating_sub(up).as_secs());
        self.published_wall = Some(wall.saturating_sub(age));
        true
    }

    /// What this record is waiting for, ignoring whether the provider can be reached.
    pub fn wait(&self, now: Now) -> Wait {
        if self.flight.is_some() {
            return Wait::InFlight;
        }
        if self.refused.is_some() {
            return Wait::Refused;
        }
        if self.desired.is_none() {
            return Wait::Address;
        }
        if self.rested {
            return Wait::Rested;
        }
        if !self.pending(now) {
            return Wait::Settled(self.refresh_at(now));
        }
        if self.gave_up() {
            return Wait::GivenUp;
        }
        let floors = [
            (self.hold, Wait::Hold as fn(Duration) -> Wait),
            (self.backoff.until(), Wait::BackOff),
            (self.bucket.ready_at(), Wait::Pace),
            (self.settle_until, Wait::Settling),
        ];
        let latest = floors.into_iter().max_by_key(|(until, _)| *until);
        latest
            .filter(|(until, _)| *until > now.up)
            .map_or(Wait::Ready, |(until, why)| why(until))
    }

    /// A job with this record's desired address leaves. Returns the address.
    pub fn dispatch(&mut self, job: JobId, now: Now) -> Option<IpAddr> {
        let address = self.desired?;
        self.bucket.take(now.up);
        self.flight = Some(Flight {
            job,
            address,
            was_unconfirmed: self.unconfirmed,
            was_forced: self.forced,
            superseded: false,
        });
        self.forced = false;
        self.first_unsent = None;
        Some(address)
    }

    /// Whether `job` is the one that this record waits for.
    pub fn flies(&self, job: JobId) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.job == job)
    }

    /// The address that is being sent.
    pub fn sending(&self) -> Option<IpAddr> {
        self.flight.as_ref().map(|flight| flight.address)
    }

    /// The job has ended like this for this record. `network_gone`: the way to the provider is
    /// missing, so that the failure says nothing about it.
    pub fn finished(
        &mut self,
        outcome: &Outcome,
        sent_at: Option<Duration>,
        network_gone: bool,
        now: Now,
        jitter: u32,
    ) {
        let Some(flight) = self.flight.take() else {
            return;
        };
        if flight.superseded {
            return;
        }
        if self.timeline.sent.is_none() {
            self.timeline.sent = sent_at;
        }
        match outcome {
            Outcome::Updated | Outcome::Unchanged => self.accepted(flight.address, now),
            Outcome::Retry {
                reason,
                after,
                kind,
            } => {
                self.unconfirmed = flight.was_unconfirmed;
                self.forced |= flight.was_forced;
                self.trouble = Some(reason.clone());
                self.failed(*kind, *after, network_gone, now, jitter);
            }
            Outcome::Unconfirmed { reason } => {
                self.unconfirmed = true;
                self.trouble = Some(reason.clone());
                self.failed(FailureKind::Other, None, false, now, jitter);
            }
            Outcome::Refused { reason, advice } => {
                self.unconfirmed = flight.was_unconfirmed;
                self.trouble = None;
                self.refused = Some((reason.clone(), advice.clone()));
            }
        }
    }

    /// Waits for the job of `old`, a record of this name whose provider or account was another:
    /// there is one call in flight per name at most, also across a reload.
    pub fn supersede(&mut self, old: &Self) {
        self.flight = old.flight.clone().map(|flight| Flight {
            superseded: true,
            ..flight
        });
    }

    /// How many requests failed in a row.
    pub fn failures(&self) -> u32 {
        self.backoff.attempts()
    }

    fn accepted(&mut self, address: IpAddr, now: Now) {
        self.published = Some(address);
        self.published_wall = now.trusted_wall();
        self.published_up = Some(now.up);
        self.unconfirmed = false;
        self.trouble = None;
        self.clock_behind = false;
        self.backoff.reset();
        if self.desired == Some(address) {
            self.timeline.accepted = Some(now.up);
            self.first_unsent = None;
            self.rested = self.force == Force::Once;
        }
    }

    fn failed(
        &mut self,
        kind: FailureKind,
        after: Option<Duration>,
        network_gone: bool,
        now: Now,
        jitter: u32,
    ) {
        if let Some(after) = after {
            self.hold = self.hold.max(now.up + after.min(Duration::from_secs(DAY)));
        }
        self.clock_behind = kind == FailureKind::ClockBehind;
        match kind {
            FailureKind::NoNetwork | FailureKind::NotResolved if network_gone => {}
            FailureKind::NoNetwork | FailureKind::NotResolved => {
                self.backoff.failed_locally(now.up, self.retry, jitter);
            }
            FailureKind::ClockBehind | FailureKind::Other => {
                self.backoff.failed(now.up, self.retry, jitter);
            }
        }
    }

    /// Whether a request is owed.
    fn pending(&self, now: Now) -> bool {
        self.forced
            || self.unconfirmed
            || self.desired != self.published
            || self.refresh_at(now).is_some_and(|at| at <= now.up)
    }

    fn gave_up(&self) -> bool {
        self.retry_max > 0 && self.backoff.attempts() > self.retry_max
    }

    /// When the unchanged address is due to be sent again, since boot. Counted on the wall clock,
    /// which survives restarts, as long as it can be trusted.
    fn refresh_at(&self, now: Now) -> Option<Duration> {
        let Force::Every(every) = self.force else {
            return None;
        };
        self.published?;
        let age = match (self.published_wall, now.trusted_wall()) {
            (Some(at), Some(wall)) if at <= wall => Duration::from_secs(wall - at),
            _ => now
                .up
                .saturating_sub(self.published_up.unwrap_or(self.started)),
        };
        Some(now.up.saturating_add(every.saturating_sub(age)))
    }
}

/// Longest waiting time of a provider that is believed, in seconds.
const DAY: u64 = 86_400;
