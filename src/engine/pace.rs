//! How often and how soon: settling, token bucket, back-off and the provider's own waiting time, as
//! values.

use std::time::Duration;

use crate::provider::Rate;
use crate::time::{Now, UnixSeconds};

/// Changes that follow one another within this time are waited out.
pub const QUIET: Duration = Duration::from_millis(250);
/// However long changes go on, the latest is sent after this time.
pub const CEILING: Duration = Duration::from_secs(2);
/// Longest waiting time of a provider that is believed.
pub const LONGEST_HOLD: Duration = Duration::from_secs(86_400);

/// The longest back-off.
const LONGEST: Duration = Duration::from_secs(3600);
/// The longest `retry_interval` that is taken at its word.
const LONGEST_BASE: Duration = Duration::from_secs(30 * 86_400);
/// The first pause after a failure in which nothing reached the provider.
const LOCAL_BASE: Duration = Duration::from_secs(2);
/// The least pause after such a failure.
const LOCAL_GAP: Duration = Duration::from_secs(1);
/// How long after the start a waiting time of an earlier run counts that cannot be dated.
const UNDATED: Duration = Duration::from_secs(600);
/// The shortest first pause: `retry_interval '0'` is not an endless loop.
const SHORTEST_BASE: Duration = Duration::from_secs(1);

/// The longest `min_interval` that is taken at its word, so that sums stay far from overflow.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3650 * 86_400);

/// A token bucket: a few requests at once, then one per interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    burst: u32,
    interval: Duration,
    /// When the bucket is full again; requests may run ahead of it by `burst` intervals.
    full_at: Duration,
}

impl Bucket {
    /// A full bucket of `burst` tokens that gains one per `interval`; zero = never empty.
    pub fn new(interval: Duration, burst: u32) -> Self {
        let interval = interval.min(LONGEST_INTERVAL);
        Self { burst: burst.max(1), interval, full_at: Duration::ZERO }
    }

    /// A full bucket that keeps `rate` in whatever span of its time: what may go at once and what is
    /// gained in that time are its number together. A quarter is left for what a job turns out to
    /// need beyond its first request, where there is so much.
    pub fn of_rate(rate: Rate) -> Self {
        let requests = rate.requests.max(1);
        let burst = (requests / 4).max(1);
        let gained = if requests < 8 { (requests - 1).max(1) } else { requests / 2 };
        let interval = Duration::from_secs(rate.seconds.into()) / gained;
        Self { burst, interval, full_at: Duration::ZERO }
    }

    /// The same where a job is one request: all of them may go at once, one more each time that span
    /// is over and an eighth of it, because requests do not all take the same time to arrive.
    pub fn of_single_requests(rate: Rate) -> Self {
        let span = Duration::from_secs(rate.seconds.into());
        Self { burst: rate.requests.max(1), interval: span + span / 8, full_at: Duration::ZERO }
    }

    /// When the next request may go.
    pub fn ready_at(&self) -> Duration {
        self.full_at.saturating_sub(self.interval.saturating_mul(self.burst - 1))
    }

    /// Takes a token.
    pub fn take(&mut self, now: Duration) {
        self.full_at = self.full_at.max(now).saturating_add(self.interval);
    }

    /// Gives the latest token back: nothing reached the provider.
    pub fn give_back(&mut self) {
        self.full_at = self.full_at.saturating_sub(self.interval);
    }

    /// Keeps what was spent, but no wait is longer than the new interval.
    pub fn set_interval(&mut self, interval: Duration, burst: u32, now: Duration) {
        self.interval = interval.min(LONGEST_INTERVAL);
        self.burst = burst.max(1);
        let empty = now.saturating_add(self.interval.saturating_mul(self.burst));
        self.full_at = self.full_at.min(empty);
    }
}

/// Exponential back-off with jitter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    attempts: u32,
    local: u32,
    /// Connections in a row, or since a success, that failed before anything was asked.
    unsent: u32,
    until: Duration,
    /// When the last attempt failed.
    failed_at: Duration,
}

impl Backoff {
    /// Failures in a row that may have been the provider's.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// No attempt before this time.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// A request failed: wait `base`, 2 `base`, 4 `base`… up to an hour, plus up to a quarter,
    /// `jitter` being any number. Never less than `base`.
    pub fn failed(&mut self, now: Duration, base: Duration, jitter: u32) {
        self.attempts = self.attempts.saturating_add(1);
        self.local = 0;
        self.failed_at = now;
        let base = base.clamp(SHORTEST_BASE, LONGEST_BASE);
        let pause = doubled(base, self.attempts).min(LONGEST.max(base));
        self.until = now.saturating_add(stretched(pause, jitter));
    }

    /// Nothing left the router (no network, no name server): wait 2 s, 4 s… up to `base`. This
    /// costs the provider nothing, and at boot the name server is there a moment later; so it does
    /// not count as one of the attempts either.
    pub fn failed_locally(&mut self, now: Duration, base: Duration, jitter: u32) {
        self.local = self.local.saturating_add(1);
        self.failed_at = now;
        let pause = doubled(LOCAL_BASE, self.local).min(base.clamp(LOCAL_BASE, LONGEST_BASE));
        self.until = now.saturating_add(stretched(pause, jitter));
    }

    /// Routes or rules changed: what failed before anything left the router may work now. One attempt a
    /// second at most, however often they change. Returns whether that shortens the pause.
    pub fn routes_changed(&mut self) -> bool {
        let soon = self.failed_at.saturating_add(LOCAL_GAP);
        let shorter = self.local > 0 && soon < self.until;
        if shorter {
            self.until = soon;
        }
        shorter
    }

    /// Whether nothing left the router when it was tried last.
    pub fn is_local(&self) -> bool {
        self.local > 0
    }

    /// The connection failed before anything was asked: wait 2 s, 4 s… while that is less than `base`,
    /// because the provider may be there again in a moment; then as [`Backoff::failed`].
    pub fn failed_unsent(&mut self, now: Duration, base: Duration, jitter: u32) {
        self.unsent = self.unsent.saturating_add(1);
        let pause = doubled(LOCAL_BASE, self.unsent);
        if pause < base {
            self.local = 0;
            self.until = now.saturating_add(stretched(pause, jitter));
        } else {
            self.failed(now, base, jitter);
        }
    }

    /// Another record of the account failed: no attempt before `until` here either.
    pub fn defer(&mut self, until: Duration) {
        self.until = self.until.max(until);
    }

    /// Starts counting again, but shortens no pause.
    pub fn forgive(&mut self) {
        self.attempts = 0;
    }

    /// Forgets all failures.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// The wait until changes have stopped following one another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settling {
    until: Duration,
    last_change: Option<Duration>,
    first_unsent: Option<Duration>,
}

impl Settling {
    /// Something changed. At once after quiet, else when it is quiet again, but never later than
    /// [`CEILING`] after the first change that was not sent.
    pub fn changed(&mut self, now: Duration) {
        let quiet = self.last_change.is_none_or(|last| now.saturating_sub(last) >= QUIET);
        self.last_change = Some(now);
        if quiet {
            self.first_unsent = Some(now);
            self.until = now;
        } else {
            let first = *self.first_unsent.get_or_insert(now);
            self.until = now.saturating_add(QUIET).min(first.saturating_add(CEILING));
        }
    }

    /// What changed is sent, or needs not be.
    pub fn done(&mut self) {
        self.first_unsent = None;
    }

    /// Nothing is sent before this time.
    pub fn until(&self) -> Duration {
        self.until
    }
}

/// The waiting time that a provider asked for: a floor that only time lowers. Kept on both clocks,
/// because it outlives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// Since boot; zero: none.
    until: Duration,
    /// The same by the wall clock, as far as that can be trusted.
    wall: Option<UnixSeconds>,
    /// An earlier run saved it: then `wall` counts, as soon as the clock can be trusted.
    restored: bool,
}

impl Hold {
    /// What an earlier run saved. Until it can be dated it lasts for a while, in which the clock is
    /// usually set.
    pub fn saved(until: Option<UnixSeconds>, now: Now) -> Self {
        if until.is_none() {
            return Self::default();
        }
        let mut hold = Self { wall: until, ..Self::undated(now) };
        hold.date(now);
        hold
    }

    /// An earlier run had one, and nobody knows until when.
    pub fn undated(now: Now) -> Self {
        Self { until: now.up.saturating_add(UNDATED), wall: None, restored: true }
    }

    /// Nothing before `until`, unless it is longer already.
    pub fn extend(&mut self, until: Duration, now: Now) {
        let until = until.min(now.up.saturating_add(LONGEST_HOLD));
        if until > self.until && until > now.up {
            *self = Self { until, wall: None, restored: false };
            self.date(now);
        }
    }

    /// Nothing is sent before this time.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// Whether an earlier run saved it.
    pub fn is_restored(&self) -> bool {
        self.restored
    }

    /// What to keep for the next run.
    pub fn to_save(&self, now: Now) -> Option<UnixSeconds> {
        self.wall.filter(|_| self.until > now.up)
    }

    /// Brings both clocks together, if the wall clock can be trusted.
    pub fn date(&mut self, now: Now) {
        let Some(wall) = now.trusted_wall() else {
            return;
        };
        if !self.restored {
            let rest = self.until.saturating_sub(now.up).as_secs();
            self.wall = (rest > 0).then(|| wall.saturating_add(rest));
            return;
        }
        let rest = self.wall.map(|until| Duration::from_secs(until.saturating_sub(wall)));
        // None is that long: the clock is wrong now, or was when this was saved.
        if let Some(rest) = rest.filter(|rest| *rest <= LONGEST_HOLD) {
            self.until = now.up.saturating_add(rest);
        }
    }
}

fn doubled(base: Duration, attempts: u32) -> Duration {
    base.saturating_mul(1 << attempts.saturating_sub(1).min(20))
}

/// By up to a quarter. Many routers have no arithmetic for floating-point numbers.
fn stretched(pause: Duration, jitter: u32) -> Duration {
    const STEPS: u32 = u16::MAX as u32;
    let quarter = pause / 4;
    pause + quarter - quarter / STEPS * (STEPS - (jitter >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_few_at_once_then_one_per_interval() {
        let mut bucket = Bucket::new(MINUTE, 3);
        let start = Duration::from_secs(1000);
        let mut times = Vec::new();
        let mut now = start;
        for _ in 0..6 {
            now = now.max(bucket.ready_at());
            bucket.take(now);
            times.push((now - start).as_secs());
        }
        assert_eq!(times, [0, 0, 0, 60, 120, 180]);
    }

    #[test]
    fn zero_means_no_pacing() {
        let mut bucket = Bucket::new(Duration::ZERO, 3);
        for _ in 0..1000 {
            bucket.take(MINUTE);
        }
        assert!(bucket.ready_at() <= MINUTE);
    }

    #[test]
    fn back_off_doubles_to_an_hour_and_never_undercuts_the_base() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9)
            .map(|_| {
                backoff.failed(Duration::ZERO, MINUTE, 0);
                backoff.until().as_secs()
            })
            .collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        let mut jittered = Backoff::default();
        jittered.failed(Duration::ZERO, MINUTE, u32::MAX);
        assert_eq!(jittered.until().as_secs(), 75);
    }

    #[test]
    fn a_local_failure_is_tried_again_soon() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..7)
            .map(|_| {
                backoff.failed_locally(Duration::ZERO, MINUTE, 0);
                backoff.until().as_secs()
            })
            .collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60]);
    }
}
