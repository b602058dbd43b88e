//! What the provider has, as far as is known, and when it is sent again.

use std::net::IpAddr;
use std::time::Duration;

use super::doubt::Doubt;
use super::late::Late;
use super::presence::Presence;
use super::{Record, Timeline};
use crate::config::RefreshPolicy;
use crate::engine::wait::Wait;
use crate::model::Target;
use crate::time::{Now, UnixSeconds};

/// `force_interval` is never taken as an endless loop.
const SHORTEST_REFRESH: Duration = Duration::from_secs(1);

/// What the provider has of one record.
#[derive(Clone, Debug, Default)]
pub(super) struct Remote {
    /// What the provider accepted last; `None` if nothing is known of that.
    pub(super) held: Option<Target>,
    /// When, by the wall clock.
    pub(super) accepted_wall: Option<UnixSeconds>,
    /// When, since boot; `None` if before this run.
    pub(super) accepted_up: Option<Duration>,
    /// Whether another request was sent since whose answer is not known, so that one is owed.
    pub(super) in_doubt: bool,
    /// The address of that request: the record may hold it.
    pub(super) last_attempted: Option<IpAddr>,
    /// What the name servers are asked about that request.
    pub(super) doubt: Option<Doubt>,
    /// Requests that the provider may still carry out.
    pub(super) late: Option<Late>,
    /// DNS had another address, so it was sent again; DNS was not seen to have it since.
    pub(super) resent_for_dns: bool,
}

impl Record {
    /// The address that the provider accepted last.
    pub fn published(&self) -> Option<IpAddr> {
        self.remote.held?.address()
    }

    /// When, by the wall clock.
    pub fn published_wall(&self) -> Option<UnixSeconds> {
        self.remote.accepted_wall
    }

    /// When it was accepted, since boot; `None` if before this run. A removal counts, too.
    pub fn published_up(&self) -> Option<Duration> {
        self.remote.accepted_up
    }

    /// When what was accepted is sent once more, since boot, because an earlier request that was never
    /// answered may have replaced it.
    pub fn repeat_at(&self) -> Option<Duration> {
        match self.remote.late {
            Some(late) if late.repeats => Some(late.over_at()),
            _ => None,
        }
    }

    /// What that earlier request may make of it; `None` if there is none.
    pub fn late_target(&self) -> Option<Target> {
        match self.remote.late {
            Some(late) if late.repeats => Some(late.last),
            _ => None,
        }
    }

    /// The provider has `target` now; the request for that left at `left`.
    pub(super) fn accepted(&mut self, target: Target, left: Duration, now: Now) {
        self.remote.held = Some(target);
        self.remote.accepted_wall = match target {
            Target::Address(_) => now.trusted_wall(),
            Target::Absent => None,
        };
        self.remote.accepted_up = Some(now.up);
        if target == Target::Absent && self.wish.presence != Presence::Present {
            self.wish.address = None;
        }
        self.remote.in_doubt = false;
        self.remote.doubt = None;
        self.remote.late = self.remote.late.and_then(|late| late.after(target, left));
        self.remote.last_attempted = self.remote.late.and_then(|late| late.last.address());
        self.trouble = None;
        self.refusal = None;
        self.pace.clock_behind = false;
        self.pace.backoff.reset();
        if self.wish.address == target.address() {
            self.wish.timeline.accepted = Some(now.up);
            self.wish.settling.done();
        }
    }

    /// A request that was never answered held `target` for this record, without being about it: sent
    /// for another record, or under an earlier configuration. The provider may still carry it out.
    pub fn may_become(&mut self, target: Target, now: Now) {
        let mut late = Late::add(self.remote.late, target, now.up, now.up);
        let is_other = self.remote.held.is_some() && self.published() != target.address();
        if is_other && self.flight.is_none() {
            self.remote.last_attempted = target.address();
            late.repeats = true;
        }
        self.remote.late = Some(late);
    }

    /// DNS does not have what was published. Sent again at the usual pace, unless a request is owed
    /// or forbidden anyway, or it was sent in this run or for this reason already: what did not help
    /// then (a proxied record, other records of the same name) does not help now. Returns whether it
    /// is.
    pub fn contradicted(&mut self, now: Now) -> bool {
        let is_settled = matches!(self.wait(now), Wait::Settled { .. });
        let is_untried = self.remote.accepted_up.is_none() && !self.remote.resent_for_dns;
        if !is_settled || !is_untried || self.published() != self.wish.address {
            return false;
        }
        self.remote.resent_for_dns = true;
        self.remote.in_doubt = true;
        self.wish.timeline = Timeline::since(now.up);
        true
    }

    /// DNS has what was published.
    pub fn confirmed(&mut self) {
        self.remote.resent_for_dns = false;
    }

    /// When DNS may be expected to have what was published, or to have it no more, `delay` after the
    /// provider accepted it, since boot; `None` if it is to be sent again before.
    pub fn dns_visible_at(&self, delay: Duration, now: Now) -> Option<Duration> {
        if self.remote.resent_for_dns && self.remote.in_doubt {
            return None;
        }
        let left = match (self.remote.held, self.age(now)) {
            (Some(_), Some(age)) => delay.saturating_sub(age),
            _ => Duration::ZERO,
        };
        Some(now.up.saturating_add(left))
    }

    /// Fills in the wall time of a publication that happened before the clock could be trusted.
    pub(super) fn date_publication(&mut self, now: Now) {
        let Some(wall) = now.trusted_wall() else {
            return;
        };
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
            || self.refusal.is_some()
            || self.again_at(now).is_some_and(|at| at <= now.up)
    }

    /// When what is published is sent again although it did not change, since boot.
    pub(super) fn again_at(&self, now: Now) -> Option<Duration> {
        match (self.refresh_at(now), self.repeat_at()) {
            (Some(refresh), Some(repeat)) => Some(refresh.min(repeat)),
            (refresh, repeat) => refresh.or(repeat),
        }
    }

    /// When the unchanged address is due to be sent again, since boot. Counted on the wall clock,
    /// which survives restarts, as long as it can be trusted.
    fn refresh_at(&self, now: Now) -> Option<Duration> {
        let RefreshPolicy::Every(every) = self.timing.force else {
            return None;
        };
        self.published()?;
        let every = every.max(SHORTEST_REFRESH);
        let age = self.age(now).unwrap_or_else(|| now.up.saturating_sub(self.started));
        Some(now.up.saturating_add(every.saturating_sub(age)))
    }

    /// How long ago the provider accepted it, as far as that is known.
    fn age(&self, now: Now) -> Option<Duration> {
        match (self.remote.accepted_wall, now.trusted_wall()) {
            (Some(at), Some(wall)) if at <= wall => Some(Duration::from_secs(wall - at)),
            _ => Some(now.up.saturating_sub(self.remote.accepted_up?)),
        }
    }
}
