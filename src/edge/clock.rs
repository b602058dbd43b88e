//! Reads the clocks. Pure code gets the time as a value of [`Now`]. [`ClockStep`] reports when the wall
//! clock was set.

use std::io;
use std::task::Context;

use nix::errno::Errno;
use nix::libc::time_t;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{self, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::{ClockId, clock_gettime};

use crate::edge::runtime::Watched;
use crate::time::{Duration, Now};

/// Time since boot, as [`Now::up`].
// The wall clock would not do: a router without a battery starts in the past, and NTP sets that clock later.
pub fn uptime() -> Duration {
    // Linux has had CLOCK_BOOTTIME since 2.6.39; CLOCK_MONOTONIC differs by the time suspended.
    clock_gettime(ClockId::CLOCK_BOOTTIME)
        .or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC))
        .map_or(Duration::ZERO, duration)
}

/// Reads both clocks.
pub fn now() -> Now {
    let wall = clock_gettime(ClockId::CLOCK_REALTIME).map_or(Duration::ZERO, duration);
    Now { up: uptime(), wall: wall.as_secs() }
}

/// The time since 1970 or since boot; zero for a wall clock that is set to before 1970.
fn duration(time: TimeSpec) -> Duration {
    let nanoseconds = u64::try_from(time.tv_nsec()).unwrap_or(0);
    u64::try_from(time.tv_sec()).map_or(Duration::ZERO, |seconds| {
        Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds)
    })
}

/// Reports when the wall clock is set, for example by NTP some seconds after boot. It waits for a timer
/// in the far future, which the kernel cancels at every step of the clock
/// (`TFD_TIMER_CANCEL_ON_SET`, man 2 `timerfd_create`). Slewing the clock does not cancel it.
#[derive(Debug)]
pub struct ClockStep {
    /// `None` if the kernel has no timerfd. Then no step is reported.
    timer: Option<Timer>,
}

impl ClockStep {
    /// Starts the timer. Must be called within a tokio runtime with I/O.
    pub fn new() -> Self {
        Self { timer: Timer::new().ok() }
    }

    /// Whether the wall clock may have been stepped.
    pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
        self.timer.as_ref().is_some_and(|timer| timer.0.is_readable(context))
    }

    /// Whether the wall clock has been stepped since the last call.
    pub fn was_stepped(&mut self) -> bool {
        let Some(timer) = &self.timer else { return false };
        let event = TimerEvent::of(timer.read());
        let is_stepped = event == TimerEvent::Stepped;
        if event == TimerEvent::Nothing {
            timer.0.wait_to_read();
        }
        if event == TimerEvent::Broken || is_stepped && timer.arm().is_err() {
            self.timer = None;
        }
        is_stepped
    }
}

impl Default for ClockStep {
    fn default() -> Self {
        Self::new()
    }
}

/// What the result of a read of the timer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimerEvent {
    /// The wall clock was stepped.
    Stepped,
    /// Nothing has happened.
    Nothing,
    /// The timer cannot be used any more. This includes that it has expired, as it does in 2038 with
    /// a 32-bit `time_t`: armed again, it would expire at once, without end.
    Broken,
}

impl TimerEvent {
    fn of(read: Result<usize, Errno>) -> Self {
        match read {
            Err(Errno::ECANCELED) => Self::Stepped,
            Err(Errno::EAGAIN | Errno::EINTR) => Self::Nothing,
            Ok(_) | Err(_) => Self::Broken,
        }
    }
}

#[derive(Debug)]
struct Timer(Watched<TimerFd>);

impl Timer {
    fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(timerfd::ClockId::CLOCK_REALTIME, flags)?;
        let timer = Self(Watched::new(timer)?);
        timer.arm()?;
        Ok(timer)
    }

    fn arm(&self) -> Result<(), Errno> {
        let end_of_time = Expiration::OneShot(TimeSpec::new(time_t::MAX, 0));
        let flags =
            TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        match self.0.get().set(end_of_time, flags) {
            // The clock was stepped since the timer was last read. The kernel has armed the timer
            // in spite of this error (`timerfd_setup` in fs/timerfd.c).
            Err(Errno::ECANCELED) => Ok(()),
            result => result,
        }
    }

    fn read(&self) -> Result<usize, Errno> {
        nix::unistd::read(self.0.get(), &mut [0; 8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::runtime::wait;
    use crate::time::BUILD_TIME;

    /// Whether `clock` is ready within `patience`.
    async fn becomes_ready(clock: &ClockStep, patience: Duration) -> bool {
        let mut is_ready = false;
        wait(Some(patience), &mut |context| {
            is_ready = clock.is_ready(context);
            is_ready
        })
        .await;
        is_ready
    }

    #[test]
    fn a_wall_clock_from_before_the_build_is_not_trusted() {
        let up = Duration::ZERO;
        assert_eq!(Now { up, wall: 0 }.trusted_wall(), None);
        assert_eq!(Now { up, wall: BUILD_TIME }.trusted_wall(), Some(BUILD_TIME));
    }

    #[test]
    fn now_reads_both_clocks() {
        let first = now();
        let second = now();
        assert!(!first.up.is_zero() && first.up <= second.up);
        assert!(first.trusted_wall().is_some());
    }

    #[test]
    fn a_time_before_1970_counts_as_1970() {
        assert_eq!(duration(TimeSpec::new(-5, 999)), Duration::ZERO);
        assert_eq!(duration(TimeSpec::new(5, 7)), Duration::from_nanos(5_000_000_007));
    }

    #[test]
    fn only_a_cancelled_timer_is_a_step() {
        assert_eq!(TimerEvent::of(Err(Errno::ECANCELED)), TimerEvent::Stepped);
        assert_eq!(TimerEvent::of(Err(Errno::EAGAIN)), TimerEvent::Nothing);
        assert_eq!(TimerEvent::of(Err(Errno::EINTR)), TimerEvent::Nothing);
        assert_eq!(TimerEvent::of(Ok(8)), TimerEvent::Broken);
        assert_eq!(TimerEvent::of(Err(Errno::EIO)), TimerEvent::Broken);
    }

    #[test]
    fn without_a_step_of_the_clock_nothing_resolves() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut clock = ClockStep::new();
            let timer = clock.timer.as_ref().unwrap();
            assert!(timer.0.get().get().unwrap().is_some(), "armed");
            assert_eq!(timer.read(), Err(Errno::EAGAIN));
            assert!(!clock.was_stepped());
            assert!(!becomes_ready(&clock, Duration::from_millis(50)).await);
        });
    }

    #[test]
    fn without_a_timer_nothing_resolves() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut clock = ClockStep { timer: None };
            assert!(!clock.was_stepped());
            assert!(!becomes_ready(&clock, Duration::from_millis(20)).await);
        });
    }
}
