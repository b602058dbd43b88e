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
//!      │                       │ more changes,         │ │ token, back-off        │ finished
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
//! A change during `InFlight` only replaces `desired`: one call at most, the latest wins. A new
//! address never shortens a back-off or the provider's own waiting time.

mod doubt;
mod flight;
mod late;
mod presence;
mod refusal;

use std::net::IpAddr;
use std::time::Duration;

use super::pace::{Backoff, Bucket, Hold, Settling};
use crate::config::{Force, Timing};
use crate::model::{Family, Hostname};
use crate::state::Saved;
use crate::time::{Now, UnixSeconds};
use doubt::Doubt;
pub use flight::Ending;
use flight::Flight;
use late::Late;
use presence::Presence;
pub use refusal::Refusal;

/// What a record is waiting for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing to do; sent again at this time (since boot) if there is one.
    Settled(Option<Duration>),
    /// There is no address to publish.
    Address,
    /// An address, or this time: then the record is removed.
    Lost(Duration),
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
    /// The configuration, another address, the user, or this time.
    Refused(Duration),
    /// The user or a change: `retry_max_count` failures in a row.
    GivenUp,
    /// The user, who stopped the section.
    Stopped,
}

/// What a request was to bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Address(IpAddr),
    Removal,
}

impl Sent {
    /// Of a request with this address; without one it is a removal.
    fn of(address: Option<IpAddr>) -> Self {
        address.map_or(Self::Removal, Self::Address)
    }
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
    fn since(event: Duration) -> Self {
        Self { event, sent: None, accepted: None }
    }
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
    /// What it should hold; stays when the address goes away, until the record is removed.
    pub desired: Option<IpAddr>,
    /// What the provider accepted last, as far as is known.
    pub published: Option<IpAddr>,
    /// When, by the wall clock.
    pub published_wall: Option<UnixSeconds>,
    /// When, since boot; `None` if before this run. A removal counts, too.
    pub published_up: Option<Duration>,
    /// A request was sent whose answer is not known.
    pub unconfirmed: bool,
    /// What was in it: the record may hold that.
    tried: Option<IpAddr>,
    /// Nobody knows whether the last request was carried out.
    doubt: Option<Doubt>,
    /// Requests that the provider may still carry out.
    late: Option<Late>,
    /// One of them may replace what was accepted since, so that is to be sent once more.
    confirms: bool,
    /// See [`Saved::removed`].
    removed: bool,
    /// See [`Saved::disputed`].
    disputed: bool,
    /// What the provider refused, until the next day or another address.
    pub refusal: Option<Refusal>,
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
    presence: Presence,
    remove_after: Option<Duration>,
    hold: Hold,
    settling: Settling,
    forced: bool,
    stopped: bool,
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
            tried: None,
            doubt: None,
            late: None,
            confirms: false,
            removed: false,
            disputed: false,
            refusal: None,
            timeline: Timeline::default(),
            trouble: None,
            force: timing.force,
            retry: timing.retry,
            retry_max: timing.retry_max,
            bucket: Bucket::new(timing.min_interval, timing.burst),
            backoff: Backoff::default(),
            clock_behind: false,
            presence: Presence::default(),
            remove_after: timing.remove_after,
            hold: Hold::default(),
            settling: Settling::default(),
            forced: false,
            stopped: false,
            flight: None,
            started: now.up,
        }
    }

    /// What names it.
    pub fn key(&self) -> (&Hostname, Family) {
        (&self.name, self.family)
    }

    /// Takes over what was saved about this record, if it is about the same provider and account.
    pub fn restore(&mut self, saved: &Saved, now: Now) {
        if saved.fingerprint != self.fingerprint {
            return;
        }
        self.published = saved.published;
        self.published_wall = saved.at;
        self.unconfirmed = saved.unconfirmed;
        self.tried = saved.tried;
        self.removed = saved.removed;
        self.disputed = saved.disputed;
        let hold = Hold::saved(saved.hold_until, now);
        match &saved.refused {
            Some((reason, advice)) => {
                let pause = if saved.hold_until.is_some() { hold } else { Hold::undated(now) };
                self.refusal = Some(Refusal {
                    address: saved.tried,
                    pause,
                    ..Refusal::new(reason, advice, None, now)
                });
            }
            None => self.hold = hold,
        }
        if saved.unconfirmed {
            self.restore_late(now);
        } else {
            self.tried = None;
        }
        self.date_publication(now);
    }

    /// The earlier run ended before an answer came: to a request that was on its way, or to one that a
    /// newer one has overtaken.
    fn restore_late(&mut self, now: Now) {
        let what = match self.tried {
            Some(address) => Sent::Address(address),
            None if self.remove_after.is_some() => Sent::Removal,
            None => return,
        };
        self.late = Some(Late::add(None, what, now.up, now.up));
        let accepted = self.published.is_some() || self.removed;
        if self.tried.is_some() && accepted && self.tried != self.published {
            self.unconfirmed = false;
            self.confirms = true;
        }
    }

    /// Takes new intervals, as after a reload that changed nothing else of this record.
    pub fn retime(&mut self, timing: &Timing, now: Now) {
        self.force = timing.force;
        self.retry = timing.retry;
        self.retry_max = timing.retry_max;
        self.remove_after = timing.remove_after;
        self.bucket.set_interval(timing.min_interval, timing.burst, now.up);
    }

    /// What to keep of this record; `None` if it was never sent.
    pub fn saved(&self, section: &str, now: Now) -> Option<Saved> {
        // A request that failed will be made again: noting each start and end wears the flash.
        let owed = self.trouble.is_some() && self.pending(now);
        let at_risk = self.unconfirmed || self.confirms || self.flight.is_some() || owed;
        let refusal = self.refusal.as_ref().filter(|refusal| refusal.only.is_none());
        let refused_until = refusal.and_then(|refusal| refusal.pause.to_save(now));
        let hold_until = self.hold.to_save(now).max(refused_until);
        let tried = match refusal {
            _ if at_risk => self.sending().or(self.tried),
            Some(refusal) => refusal.address,
            None => None,
        };
        let known = self.published.is_some() || self.removed || refusal.is_some();
        if !known && !at_risk && hold_until.is_none() {
            return None;
        }
        Some(Saved {
            section: section.to_owned(),
            name: self.name.clone(),
            family: self.family,
            fingerprint: self.fingerprint,
            published: self.published,
            at: self.published_wall,
            unconfirmed: at_risk,
            tried,
            removed: self.removed,
            disputed: self.disputed,
            refused: refusal.map(|it| (it.reason.clone(), it.advice.clone())),
            hold_until,
        })
    }

    /// The record should hold `address`, as of an event at `now`.
    pub fn want(&mut self, address: IpAddr, now: Now) {
        let came = !self.presence.is_present();
        self.presence.found();
        if let Some(Refusal { only: Some(only), .. }) = self.refusal
            && only != Sent::Address(address)
        {
            self.refusal = None;
        }
        if came && self.gave_up() {
            self.backoff.forgive();
        }
        if self.desired == Some(address) {
            return;
        }
        let starting = self.desired.is_none() && self.published == Some(address);
        self.desired = Some(address);
        if !starting {
            self.settling.changed(now.up);
        }
        if self.gave_up() {
            self.backoff.forgive();
        }
        if self.flight.is_none() && !self.pending(now) {
            self.settling.done();
        }
        if self.flight.is_none() || self.published != Some(address) {
            self.timeline = Timeline::since(now.up);
        }
    }

    /// The source has no address now, for a reason that is no loss. The record stays as it is, and the
    /// address that went away is not sent again; the time until a removal begins anew.
    pub fn unwant(&mut self) {
        self.presence = Presence::default();
    }

    /// Nobody knows whether the source has an address: for a moment, in which nothing is done and the
    /// time until a removal goes on.
    pub fn source_unknown(&mut self) {
        self.presence.unknown();
    }

    /// The source certainly has no address at `now`. Where the user wants that, the record is removed if
    /// it stays like this.
    pub fn lose(&mut self, now: Now) {
        if !self.presence.lost(now.up) {
            return;
        }
        // What became of the address says nothing about a removal.
        if self.gave_up() {
            self.backoff.forgive();
        }
        if let Some(Refusal { only: Some(Sent::Address(_)), .. }) = self.refusal {
            self.refusal = None;
        }
    }

    /// When the record is to be removed unless an address comes, since boot.
    pub fn removal_at(&self) -> Option<Duration> {
        let ours = self.published.is_some() || self.tried.is_some();
        let since = self.presence.lost_since().filter(|_| ours)?;
        let at = since.saturating_add(self.remove_after?);
        // It is removed already, and once more when nothing can bring it back.
        let again = self.confirm_at().filter(|_| self.published.is_none());
        Some(again.map_or(at, |again| at.max(again)))
    }

    /// When what was accepted is sent once more, since boot, because an earlier request that was never
    /// answered may have replaced it.
    pub fn confirm_at(&self) -> Option<Duration> {
        self.late.filter(|_| self.confirms).map(Late::over_at)
    }

    /// The address in that earlier request; `None` if it was a removal.
    pub fn late_address(&self) -> Option<IpAddr> {
        self.late?.address()
    }

    /// The provider asks not to be called before `until`.
    pub fn hold(&mut self, until: Duration, now: Now) {
        self.hold.extend(until, now);
    }

    /// Requests leave in another way now, so that what failed or was refused may succeed.
    pub fn transport_changed(&mut self) {
        self.refusal = None;
        self.backoff.reset();
    }

    /// It is published as something else now, in the account that `old` was published in: that one
    /// has to be left in peace all the same.
    pub fn keep_pace(&mut self, old: &Self, timing: &Timing, now: Now) {
        self.hold = old.hold.clone();
        self.backoff = old.backoff.clone();
        self.bucket = old.bucket.clone();
        self.bucket.set_interval(timing.min_interval, timing.burst, now.up);
    }

    /// The refusal is about what was `sent` alone, an address or a removal; what is wanted meanwhile is
    /// not meant.
    pub fn refuse_only(&mut self, sent: Option<IpAddr>) {
        let moot = match sent {
            Some(address) => self.desired != Some(address),
            None => self.presence.is_present(),
        };
        if moot {
            self.refusal = None;
        } else if let Some(refusal) = &mut self.refusal {
            refusal.only = Some(Sent::of(sent));
        }
    }

    /// The end of the back-off.
    pub fn paused_until(&self) -> Duration {
        self.backoff.until()
    }

    /// See [`Record::hold`].
    pub fn held_until(&self) -> Duration {
        self.hold.until()
    }

    /// Whether that is from an earlier run.
    pub fn held_before(&self) -> bool {
        self.hold.is_restored()
    }

    /// The user wants it sent now: clears refusals and failures, but neither pacing nor the provider's
    /// own waiting time, unless that is from an earlier run, whose clock may have been wrong.
    pub fn force_now(&mut self, now: Now) {
        self.forced = true;
        self.refusal = None;
        if self.hold.is_restored() {
            self.hold = Hold::default();
        }
        self.backoff.reset();
        self.timeline = Timeline::since(now.up);
    }

    /// Whether the user wants nothing sent. What is on its way goes on. Who starts it again wants what
    /// is owed to be tried, whatever failed or was refused before.
    pub fn set_stopped(&mut self, stopped: bool) {
        if self.stopped && !stopped {
            self.refusal = None;
            self.backoff.reset();
        }
        self.stopped = stopped;
    }

    /// DNS does not have what was published. Sent again at the usual pace, unless a request is owed
    /// or forbidden anyway, or it was sent in this run or for this reason already: what did not help
    /// then (a proxied record, other records of the same name) does not help now. Returns whether it
    /// is.
    pub fn contradicted(&mut self, now: Now) -> bool {
        let settled = matches!(self.wait(now), Wait::Settled(_));
        let untried = self.published_up.is_none() && !self.disputed;
        let due = settled && untried && self.published == self.desired;
        if due {
            self.disputed = true;
            self.unconfirmed = true;
            self.timeline = Timeline::since(now.up);
        }
        due
    }

    /// DNS has what was published.
    pub fn confirmed(&mut self) {
        self.disputed = false;
    }

    /// When DNS may be expected to have what was published, or to have it no more, `delay` after it was
    /// told, since boot; `None` if it is to be sent again before.
    pub fn in_dns_at(&self, delay: Duration, now: Now) -> Option<Duration> {
        let age = self.age(now).filter(|_| self.published.is_some() || self.removed);
        let left = age.map_or(Duration::ZERO, |age| delay.saturating_sub(age));
        (!self.disputed || !self.unconfirmed).then(|| now.up.saturating_add(left))
    }

    /// Routes or rules changed: see [`Backoff::routes_changed`].
    pub fn routes_changed(&mut self) {
        self.backoff.routes_changed();
    }

    /// The network changed for good: failures to reach the provider say nothing any more. What the line
    /// lost before may be about to come with it.
    pub fn network_changed(&mut self) {
        self.backoff.reset();
        self.source_lost();
        self.presence = Presence::default();
    }

    /// The wall clock was stepped: a certificate that was not valid yet may be now.
    pub fn clock_stepped(&mut self, now: Now) {
        if self.clock_behind {
            self.clock_behind = false;
            self.backoff.reset();
        }
        self.hold.date(now);
        if let Some(refusal) = &mut self.refusal {
            refusal.pause.date(now);
        }
        self.date_publication(now);
    }

    /// Fills in the wall time of a publication that happened before the clock could be trusted.
    fn date_publication(&mut self, now: Now) {
        let Some(wall) = now.trusted_wall() else {
            return;
        };
        if self.published.is_none() || self.published_wall.is_some_and(|at| at <= wall) {
            return;
        }
        let age = self.published_up.map_or(0, |up| now.up.saturating_sub(up).as_secs());
        self.published_wall = Some(wall.saturating_sub(age));
    }

    /// What this record is waiting for, ignoring whether the provider can be reached.
    pub fn wait(&self, now: Now) -> Wait {
        if self.flight.is_some() {
            return Wait::InFlight;
        }
        if self.stopped {
            return Wait::Stopped;
        }
        if let Some(refusal) = &self.refusal
            && refusal.stops(self.desired, now)
        {
            return Wait::Refused(refusal.until());
        }
        match self.removal_at() {
            Some(at) if at > now.up => return Wait::Lost(at),
            Some(_) => {}
            None if self.desired.is_none() => return Wait::Address,
            None if !self.pending(now) => return Wait::Settled(self.again_at(now)),
            None if !self.presence.is_present() => return Wait::Address,
            None => {}
        }
        if self.gave_up() {
            return Wait::GivenUp;
        }
        let floors = [
            (self.hold.until(), Wait::Hold as fn(Duration) -> Wait),
            (self.backoff.until(), Wait::BackOff),
            (self.bucket.ready_at(), Wait::Pace),
            (self.settling.until(), Wait::Settling),
        ];
        let latest = floors.into_iter().max_by_key(|(until, _)| *until);
        latest.filter(|(until, _)| *until > now.up).map_or(Wait::Ready, |(until, why)| why(until))
    }

    /// How many requests failed in a row.
    pub fn failures(&self) -> u32 {
        self.backoff.attempts()
    }

    /// Whether a request is owed.
    fn pending(&self, now: Now) -> bool {
        self.forced
            || self.unconfirmed
            || self.desired != self.published
            || self.refusal.is_some()
            || self.again_at(now).is_some_and(|at| at <= now.up)
    }

    /// When what is published is sent again although it did not change, since boot.
    fn again_at(&self, now: Now) -> Option<Duration> {
        [self.refresh_at(now), self.confirm_at()].into_iter().flatten().min()
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
        let every = every.max(SHORTEST_REFRESH);
        self.published?;
        let age = self.age(now).unwrap_or_else(|| now.up.saturating_sub(self.started));
        Some(now.up.saturating_add(every.saturating_sub(age)))
    }

    /// How long ago the address was published, as far as it is known.
    fn age(&self, now: Now) -> Option<Duration> {
        match (self.published_wall, now.trusted_wall()) {
            (Some(at), Some(wall)) if at <= wall => Some(Duration::from_secs(wall - at)),
            _ => self.published_up.map(|at| now.up.saturating_sub(at)),
        }
    }
}

/// `force_interval` is never taken as an endless loop.
const SHORTEST_REFRESH: Duration = Duration::from_secs(1);
