//! The state of a record at the provider, as far as it is known, and the time of the next refresh.

use std::net::IpAddr;

use super::Record;
use super::doubt::Doubt;
use super::late::Late;
use super::presence::Presence;
use crate::config::RefreshPolicy;
use crate::model::{Target, address};
use crate::time::{Duration, Now, UnixSeconds};

/// The shortest `force_interval`, so that zero does not make an endless loop.
const SHORTEST_REFRESH: Duration = Duration::from_secs(1);

/// The state of one record at the provider.
#[derive(Clone, Debug, Default)]
pub(super) struct Remote {
    /// The target that the provider accepted last; `None` if none is known.
    pub(super) held: Option<Target>,
    /// When the provider accepted it, by the wall clock; `None` if that could not be trusted.
    pub(super) accepted_wall: Option<UnixSeconds>,
    /// When the provider accepted it, since boot; `None` if in an earlier run.
    pub(super) accepted_up: Option<Duration>,
    /// Whether a later request has no known outcome, so that another request is owed.
    pub(super) in_doubt: bool,
    /// The addresses of later requests, the latest one last. The record may hold one of them.
    pub(super) attempted: Vec<IpAddr>,
    /// The look-up of that later request's outcome.
    pub(super) doubt: Option<Doubt>,
    /// Requests that the provider may still carry out.
    pub(super) late: Option<Late>,
    /// Another router may have published since, so the next address is compared with DNS first.
    pub(super) is_void: bool,
    /// Another router has published before, and may have had a request on its way.
    pub(super) was_taken_over: bool,
}

/// Most addresses of requests without an answer that are remembered. After each such request the record waits
/// longer, so that these are the addresses of several minutes at least. Of more, the oldest is forgotten.
pub(super) const MOST_ATTEMPTS: usize = 4;

/// Adds the address of `target` behind the others.
pub(super) fn add_attempt(attempted: &mut Vec<IpAddr>, target: Target) {
    let Some(address) = target.address() else { return };
    // An address that is sent again becomes the latest, and takes no second place.
    address::remove(attempted, address);
    if attempted.len() >= MOST_ATTEMPTS {
        attempted.remove(0);
    }
    attempted.push(address);
}

impl Record {
    /// The address that the provider accepted last.
    // Dozens of functions ask for it.
    #[inline(never)]
    pub fn published(&self) -> Option<IpAddr> {
        self.remote.held?.address()
    }

    /// The target that the provider accepted last; `None` if none is known.
    pub fn held(&self) -> Option<Target> {
        self.remote.held
    }

    /// When the provider accepted it, by the wall clock.
    pub fn published_wall(&self) -> Option<UnixSeconds> {
        self.remote.accepted_wall
    }

    /// When the provider accepted the last address or removal, since boot; `None` if in an earlier run.
    pub fn published_up(&self) -> Option<Duration> {
        self.remote.accepted_up
    }

    /// When the accepted target is sent once more, since boot: an earlier request that was never answered may
    /// have replaced it until then.
    pub fn repeat_at(&self) -> Option<Duration> {
        match self.remote.late {
            Some(late) if late.repeats => Some(late.over_at()),
            _ => None,
        }
    }

    /// The target of that earlier request; `None` if there is none.
    pub fn late_target(&self) -> Option<Target> {
        match self.remote.late {
            Some(late) if late.repeats => Some(late.last),
            _ => None,
        }
    }

    /// The provider has accepted `target` in a request that left at `left`.
    pub(super) fn accepted(&mut self, target: Target, left: Duration, now: Now) {
        self.remote.held = Some(target);
        self.remote.accepted_wall = match target {
            Target::Address(_) => now.trusted_wall(),
            // `force_interval` repeats addresses only, so the time of a removal is not needed after a restart.
            Target::Absent => None,
        };
        self.remote.accepted_up = Some(now.up);
        // After a removal nothing is desired until the source has an address again.
        if target == Target::Absent && self.wish.presence != Presence::Present {
            self.wish.address = None;
        }
        self.remote.in_doubt = false;
        self.remote.doubt = None;
        // An older request without an answer may still replace the accepted target.
        self.remote.late = self.remote.late.and_then(|late| late.after(target, left));
        self.remote.attempted = self.remote.late.map_or(Vec::new(), Late::addresses);
        self.expect_in_dns();
        self.trouble = None;
        self.refusal = None;
        self.pace.clock_behind = false;
        self.pace.backoff.reset();
        if self.wish.address == target.address() {
            self.wish.timeline.accepted = Some(now.up);
            self.wish.settling.done();
        }
    }

    /// The provider may still carry out a request without an answer that would set this record to `target`: a
    /// request for another record of the name, or of an earlier configuration.
    pub fn may_become(&mut self, target: Target, now: Now) {
        let mut late = Late::add(self.remote.late, target, now.up, now.up);
        // A late request for the accepted address changes nothing, so there is nothing to repeat.
        let is_other = self.remote.held.is_some() && self.published() != target.address();
        if is_other && self.flight.is_none() {
            add_attempt(&mut self.remote.attempted, target);
            late.repeats = true;
        }
        self.remote.late = Some(late);
    }

    /// When DNS is expected to show the accepted address or removal, since boot: `delay` after the provider
    /// accepted it. `None` if another request is owed before.
    pub fn dns_visible_at(&self, delay: Duration, now: Now) -> Option<Duration> {
        if self.remote.in_doubt {
            return None;
        }
        let left = match (self.remote.held, self.age(now)) {
            (Some(_), Some(age)) => delay.saturating_sub(age),
            // What an earlier run has published had the time to arrive.
            _ => Duration::ZERO,
        };
        Some(now.up.saturating_add(left))
    }

    /// Computes the wall time of a publication before the clock could be trusted, as soon as it can be.
    pub(super) fn date_publication(&mut self, now: Now) {
        let Some(wall) = now.trusted_wall() else {
            return;
        };
        // A time in the future was saved while the clock was wrong, so it is replaced, too.
        if self.published().is_none() || self.remote.accepted_wall.is_some_and(|at| at <= wall) {
            return;
        }
        let age = match self.remote.accepted_up {
            Some(up) => now.up.saturating_sub(up).as_secs(),
            None => 0,
        };
        self.remote.accepted_wall = Some(wall.saturating_sub(age));
    }

    /// Whether a request is owed.
    pub(super) fn is_owed(&self, now: Now) -> bool {
        self.wish.is_requested
            || self.remote.in_doubt
            || self.wish.address != self.published()
            // A refusal leaves a request owed, which is sent when its pause is over.
            || self.refusal.is_some()
            || self.again_at(now).is_some_and(|at| at <= now.up)
    }

    /// When the unchanged target is sent again, since boot: by `force_interval`, or after a late request.
    pub(super) fn again_at(&self, now: Now) -> Option<Duration> {
        match (self.refresh_at(now), self.repeat_at()) {
            (Some(refresh), Some(repeat)) => Some(refresh.min(repeat)),
            (refresh, repeat) => refresh.or(repeat),
        }
    }

    /// When `force_interval` sends the unchanged address again, since boot. The interval is counted on the
    /// wall clock if that can be trusted, because it goes on during restarts.
    fn refresh_at(&self, now: Now) -> Option<Duration> {
        let RefreshPolicy::Every(every) = self.timing.force else {
            return None;
        };
        self.published()?;
        let every = every.max(SHORTEST_REFRESH);
        // While the clock is not set, an address of an earlier run counts as sent at the start of this one: a router
        // without a clock must not send at each start.
        let age = self.age(now).unwrap_or_else(|| now.up.saturating_sub(self.started));
        Some(now.up.saturating_add(every.saturating_sub(age)))
    }

    /// The time since the provider accepted the target; `None` if it is not known.
    fn age(&self, now: Now) -> Option<Duration> {
        match (self.remote.accepted_wall, now.trusted_wall()) {
            // A saved time in the future comes from a wrong clock, so it does not count.
            (Some(at), Some(wall)) if at <= wall => Some(Duration::from_secs(wall - at)),
            _ => Some(now.up.saturating_sub(self.remote.accepted_up?)),
        }
    }
}
