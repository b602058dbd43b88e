//! When a request may leave: settling, token bucket, back-off and the provider's waiting time, as pure
//! values.

use crate::provider::Rate;
use crate::time::{Duration, Now, UnixSeconds};

/// Changes of the address have settled when none came for this time. A line that comes up gets several
/// addresses one after another.
pub const QUIET: Duration = Duration::from_millis(250);
/// The latest change is sent after this time, even if more changes follow: they may never end.
pub const CEILING: Duration = Duration::from_secs(2);
/// The longest waiting time of a provider. A longer one is cut to this, because it is likely a mistake of
/// the provider's.
pub const LONGEST_HOLD: Duration = Duration::from_secs(86_400);

/// The longest pause after a failure, without its random part. After an outage the last router is back after
/// twice this time.
const LONGEST: Duration = Duration::from_secs(900);
/// The longest `retry_interval`. A longer one is cut to this.
const LONGEST_BASE: Duration = Duration::from_secs(30 * 86_400);
/// The first pause after a failure in which nothing reached the provider.
const LOCAL_BASE: Duration = Duration::from_secs(2);
/// The least pause after such a failure, although routes or rules have changed: they may change many times
/// a second.
const LOCAL_GAP: Duration = Duration::from_secs(1);
/// How long after the start an earlier run's waiting time lasts while its end is unknown or the clock is not
/// set.
const UNDATED: Duration = Duration::from_secs(600);
/// The shortest first pause, so that `retry_interval '0'` does not make an endless loop.
const SHORTEST_BASE: Duration = Duration::from_secs(1);

/// The longest `min_interval`, so that sums stay far from overflow. A longer one is cut to this.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3650 * 86_400);

/// A token bucket: a few requests at once, then one per interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    burst: u32,
    interval: Duration,
    /// When the bucket is full again, since boot: one interval later per token taken. A token is there while
    /// this is at most `burst` - 1 intervals ahead.
    full_at: Duration,
}

impl Bucket {
    /// A full bucket of `burst` tokens that gains one per `interval`. With an interval of zero it is never
    /// empty.
    pub fn new(interval: Duration, burst: u32) -> Self {
        let interval = interval.min(LONGEST_INTERVAL);
        Self { burst: burst.max(1), interval, full_at: Duration::ZERO }
    }

    /// A full bucket that keeps to `rate` in any window of its time, also if a job needs more than one request.
    pub fn of_rate(rate: Rate) -> Self {
        // In one window the burst leaves and as many more as tokens are gained. Together they are at most the
        // requests of `rate`. Of 8 or more, a quarter stays free for further requests of a job.
        let requests = rate.requests.max(1);
        let burst = (requests / 4).max(1);
        let gained = if requests < 8 { (requests - 1).max(1) } else { requests / 2 };
        let interval = Duration::from_secs(rate.seconds.into()) / gained;
        Self { burst, interval, full_at: Duration::ZERO }
    }

    /// A full bucket that keeps to `rate` if each job is one request: all requests may leave at once, and one
    /// more after each time of `rate`. An eighth is added to that time, because the requests take different
    /// times to arrive.
    pub fn of_single_requests(rate: Rate) -> Self {
        let span = Duration::from_secs(rate.seconds.into());
        Self { burst: rate.requests.max(1), interval: span + span / 8, full_at: Duration::ZERO }
    }

    /// When the next token is there, since boot.
    pub fn ready_at(&self) -> Duration {
        self.full_at.saturating_sub(self.interval.saturating_mul(self.burst - 1))
    }

    /// Takes a token.
    pub fn take(&mut self, now: Duration) {
        // A full bucket does not gain tokens beyond `burst`, however long it was full.
        self.full_at = self.full_at.max(now).saturating_add(self.interval);
    }

    /// Returns the latest token, because nothing reached the provider.
    pub fn give_back(&mut self) {
        self.full_at = self.full_at.saturating_sub(self.interval);
    }

    /// Takes a new interval and burst. Tokens stay spent, but at most `burst` of them, so that no wait is
    /// longer than the new interval.
    pub fn set_interval(&mut self, interval: Duration, burst: u32, now: Duration) {
        self.interval = interval.min(LONGEST_INTERVAL);
        self.burst = burst.max(1);
        let empty = now.saturating_add(self.interval.saturating_mul(self.burst));
        self.full_at = self.full_at.min(empty);
    }
}

/// Exponential back-off with jitter. All times are since boot.
///
/// A provider that fails has lost many clients in the same second. Each pause is made longer at random by up to
/// as much again, so that they do not all come back in the same second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    /// Failures in a row that the provider may have caused.
    attempts: u32,
    /// Failures in a row in which nothing left the router.
    local: u32,
    /// Connections since the last success that failed before a request was sent.
    unsent: u32,
    until: Duration,
    /// When the last attempt failed.
    failed_at: Duration,
}

impl Backoff {
    /// Failures in a row that the provider may have caused.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The end of the pause.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// A request failed: wait `base`, 2 `base`, 4 `base`… up to a quarter of an hour, but never less than
    /// `base`. `jitter` is any number: it adds up to as much again.
    pub fn failed(&mut self, now: Duration, base: Duration, jitter: u32) {
        self.attempts = self.attempts.saturating_add(1);
        self.local = 0;
        self.failed_at = now;
        let base = base.clamp(SHORTEST_BASE, LONGEST_BASE);
        // `retry_interval` may be longer than the longest back-off.
        let pause = doubled(base, self.attempts).min(LONGEST.max(base));
        self.until = now.saturating_add(pause + share(pause, jitter));
    }

    /// Nothing left the router (no network, no name server): wait 2 s, 4 s… up to `base`. The failure is not
    /// counted in `attempts`, because the provider received nothing, and at boot the name server answers a
    /// moment later.
    pub fn failed_locally(&mut self, now: Duration, base: Duration, jitter: u32) {
        self.local = self.local.saturating_add(1);
        self.failed_at = now;
        let pause = doubled(LOCAL_BASE, self.local).min(base.clamp(LOCAL_BASE, LONGEST_BASE));
        self.until = now.saturating_add(pause + share(pause, jitter));
    }

    /// Kernel routes or rules changed: a request that failed inside the router may leave now. The pause ends a
    /// second after the failure, so that many changes cause at most one attempt a second. Returns whether that
    /// shortens the pause.
    pub fn routes_changed(&mut self) -> bool {
        let soon = self.failed_at.saturating_add(LOCAL_GAP);
        let shorter = self.local > 0 && soon < self.until;
        if shorter {
            self.until = soon;
        }
        shorter
    }

    /// Whether nothing left the router at the last attempt.
    pub fn is_local(&self) -> bool {
        self.local > 0
    }

    /// The connection failed before a request was sent: wait 2 s, 4 s… while that is less than `base`, because
    /// the provider may be back in a moment. Then the pauses are those of [`Backoff::failed`].
    pub fn failed_unsent(&mut self, now: Duration, base: Duration, jitter: u32) {
        self.unsent = self.unsent.saturating_add(1);
        let pause = doubled(LOCAL_BASE, self.unsent);
        if pause < base {
            self.local = 0;
            self.until = now.saturating_add(pause + share(pause, jitter));
        } else {
            self.failed(now, base, jitter);
        }
    }

    /// Another record of the account failed: extends the pause to `until`.
    pub fn defer(&mut self, until: Duration) {
        self.until = self.until.max(until);
    }

    /// Counts attempts from zero again. The pause stays as it is.
    pub fn forgive(&mut self) {
        self.attempts = 0;
    }

    /// Forgets all failures and ends the pause.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// The wait for the end of a series of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settling {
    until: Duration,
    last_change: Option<Duration>,
    /// The first change since the last request.
    first_unsent: Option<Duration>,
}

impl Settling {
    /// The address changed. A change that [`QUIET`] precedes is sent at once. Any other is sent when
    /// [`QUIET`] has passed without a change, but at most [`CEILING`] after the first change that was not
    /// sent.
    pub fn changed(&mut self, now: Duration) {
        // A single new address, the common case, is not delayed at all.
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

    /// Nothing is sent before `at`, unless [`Settling::end`] says that it may be.
    pub fn wait_until(&mut self, at: Duration) {
        self.until = self.until.max(at);
    }

    /// The wait ends now.
    pub fn end(&mut self) {
        self.until = Duration::ZERO;
    }

    /// The change was sent, or need not be.
    pub fn done(&mut self) {
        self.first_unsent = None;
    }

    /// The end of the wait, since boot.
    pub fn until(&self) -> Duration {
        self.until
    }
}

/// The waiting time that a provider asked for. No event of the network shortens it. Its end is kept on both
/// clocks, because the wait goes on after a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// Its end, since boot; zero if there is none.
    until: Duration,
    /// Its end by the wall clock; `None` while that cannot be trusted.
    wall: Option<UnixSeconds>,
    /// An earlier run saved it. Then `wall` is right and `until` a guess until the clock can be trusted.
    restored: bool,
}

impl Hold {
    /// The waiting time that an earlier run saved. While the clock is not set it lasts for `UNDATED`, in
    /// which the clock is usually set.
    pub fn saved(until: Option<UnixSeconds>, now: Now) -> Self {
        if until.is_none() {
            return Self::default();
        }
        let mut hold = Self { wall: until, ..Self::undated(now) };
        hold.date(now);
        hold
    }

    /// A waiting time of an earlier run whose end is unknown.
    pub fn undated(now: Now) -> Self {
        Self { until: now.up.saturating_add(UNDATED), wall: None, restored: true }
    }

    /// Extends the wait to `until`. It never shortens it.
    pub fn extend(&mut self, until: Duration, now: Now) {
        // A mistaken `Retry-After` must not silence a record for ever.
        let until = until.min(now.up.saturating_add(LONGEST_HOLD));
        if until > self.until && until > now.up {
            // The provider has named a new end, so what an earlier run saved does not count any more.
            *self = Self { until, wall: None, restored: false };
            self.date(now);
        }
    }

    /// The end of the wait, since boot.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// Whether an earlier run saved it.
    pub fn is_restored(&self) -> bool {
        self.restored
    }

    /// Its end by the wall clock, for the next run; `None` if it is over.
    pub fn to_save(&self, now: Now) -> Option<UnixSeconds> {
        if self.until > now.up { self.wall } else { None }
    }

    /// Computes the end on one clock from that on the other, if the wall clock can be trusted.
    pub fn date(&mut self, now: Now) {
        let Some(wall) = now.trusted_wall() else {
            return;
        };
        if !self.restored {
            let rest = self.until.saturating_sub(now.up).as_secs();
            self.wall = if rest > 0 { Some(wall.saturating_add(rest)) } else { None };
            return;
        }
        let rest = self.wall.map(|until| Duration::from_secs(until.saturating_sub(wall)));
        // No hold is longer than that. The clock is wrong now, or was wrong when the hold was saved.
        if let Some(rest) = rest.filter(|rest| *rest <= LONGEST_HOLD) {
            self.until = now.up.saturating_add(rest);
        }
    }
}

fn doubled(base: Duration, attempts: u32) -> Duration {
    // 20 doublings exceed each limit here. More would overflow the shift.
    base.saturating_mul(1 << attempts.saturating_sub(1).min(20))
}

/// The waiting time that a provider asked for, longer by up to a quarter. It has told many clients the same time
/// in the same second. `jitter` is any number.
pub fn after_hold(hold: Duration, jitter: u32) -> Duration {
    hold.saturating_add(share(hold / 4, jitter))
}

/// A part of `most`, between nothing and all of it, that the upper bits of `jitter` choose. Integers only: many
/// routers have no floating-point unit.
fn share(most: Duration, jitter: u32) -> Duration {
    const STEPS: u32 = u16::MAX as u32;
    most - most / STEPS * (STEPS - (jitter >> 16))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

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
    fn back_off_doubles_to_a_quarter_of_an_hour() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9)
            .map(|_| {
                backoff.failed(Duration::ZERO, MINUTE, 0);
                backoff.until().as_secs()
            })
            .collect();
        assert_eq!(waits, [60, 120, 240, 480, 900, 900, 900, 900, 900]);
        let mut jittered = Backoff::default();
        jittered.failed(Duration::ZERO, MINUTE, u32::MAX);
        assert_eq!(jittered.until().as_secs(), 120);
    }

    proptest! {
        #[test]
        fn a_pause_is_between_the_base_and_twice_the_longest(
            base in 1_u64..10_000,
            jitters in vec(any::<u32>(), 1..12),
        ) {
            let base = Duration::from_secs(base);
            let mut backoff = Backoff::default();
            let mut pause = base;
            for jitter in jitters {
                backoff.failed(MINUTE, base, jitter);
                let wait = backoff.until() - MINUTE;
                prop_assert!(wait >= pause && wait <= 2 * pause, "{:?} {:?}", wait, pause);
                pause = (2 * pause).min(LONGEST.max(base));
            }
        }

        #[test]
        fn a_failure_without_a_request_is_tried_again_within_twice_the_base(
            jitters in vec(any::<u32>(), 1..12),
        ) {
            let (mut local, mut unsent) = (Backoff::default(), Backoff::default());
            for (number, jitter) in (0_u32..).zip(jitters) {
                local.failed_locally(MINUTE, MINUTE, jitter);
                let pause = MINUTE.min(LOCAL_BASE * 2_u32.pow(number));
                let wait = local.until() - MINUTE;
                prop_assert!(wait >= pause && wait <= 2 * pause, "{:?} {:?}", wait, pause);
                unsent.failed_unsent(MINUTE, MINUTE, jitter);
                prop_assert!(unsent.until() - MINUTE <= 2 * LONGEST);
            }
        }

        #[test]
        fn no_request_is_sent_before_the_providers_time(
            hold in 0_u64..200_000,
            jitter in any::<u32>(),
        ) {
            let hold = Duration::from_secs(hold);
            let wait = after_hold(hold, jitter);
            prop_assert!(wait >= hold && wait <= hold * 5 / 4, "{:?}", wait);
        }
    }

    #[test]
    fn routers_that_fail_together_come_back_at_different_times() {
        let times: Vec<Duration> = (0..60)
            .map(|number| {
                let mut backoff = Backoff::default();
                backoff.failed(Duration::ZERO, MINUTE, number * (u32::MAX / 60));
                backoff.until()
            })
            .collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(900)));
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
