//! Reads the clocks. Pure code gets the time as a value of [`Now`]. [`ClockStep`] reports when the wall
//! clock was set.

use std::future::pending;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::time_t;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{self, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::{ClockId, clock_gettime};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::edge::runtime::watched;
use crate::time::Now;

/// Time since boot, as [`Now::up`].
pub fn uptime() -> Duration {
    // Linux has had CLOCK_BOOTTIME since 2.6.39; CLOCK_MONOTONIC differs by the time suspended.
    clock_gettime(ClockId::CLOCK_BOOTTIME)
        .or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC))
        .map_or(Duration::ZERO, duration)
}

/// Reads both clocks.
pub fn now() -> Now {
    let wall = clock_gettime(ClockId::CLOCK_REALTIME).map_or(Duration::ZERO, duration);
    Now { up: uptime().into(), wall: wall.as_secs() }
}

/// The time since 1970 or since boot; zero for a wall clock that is set to before 1970.
fn duration(time: TimeSpec) -> Duration {
    let nanoseconds = u32::try_from(time.tv_nsec()).unwrap_or(0);
    u64::try_from(time.tv_sec()).map_or(Duration::ZERO, |seconds| {
        Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanoseconds.into()))
    })
}

/// Reports when the wall clock is set, for example by NTP some seconds after boot. It waits for a timer
/// in the far future, which the kernel cancels at every step of the clock
/// (`TFD_TIMER_CANCEL_ON_SET`, man 2 `timerfd_create`). Slewing the clock does not cancel it.
#[derive(Debug)]
pub struct ClockStep {
    /// `None` if the kernel has no timerfd. Then no step is reported.
    timer: Option<AsyncFd<Timer>>,
}

impl ClockStep {
    /// Starts the timer. Must be called within a tokio runtime with I/O.
    pub fn new() -> Self {
        let timer = Timer::new().ok();
        Self { timer: timer.and_then(|timer| watched(timer).ok()) }
    }

    /// Resolves when the wall clock has been stepped since the last call. Cancel-safe.
    pub async fn stepped(&mut self) {
        while let Some(timer) = &self.timer {
            let read = timer
                .async_io(Interest::READABLE, |timer| Ok(timer.read()?))
                .await
                .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)));
            match TimerEvent::of(read) {
                TimerEvent::Stepped => {
                    if timer.get_ref().arm().is_err() {
                        self.timer = None;
                    }
                    return;
                }
                TimerEvent::Nothing => {}
                TimerEvent::Broken => self.timer = None,
            }
        }
        pending().await
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
struct Timer(TimerFd);

impl Timer {
    fn new() -> Result<Self, Errno> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = Self(TimerFd::new(timerfd::ClockId::CLOCK_REALTIME, flags)?);
        timer.arm()?;
        Ok(timer)
    }

    fn arm(&self) -> Result<(), Errno> {
        let end_of_time = Expiration::OneShot(TimeSpec::new(time_t::MAX, 0));
        let flags =
            TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        match self.0.set(end_of_time, flags) {
            // The clock was stepped since the timer was last read. The kernel has armed the timer
            // in spite of this error (`timerfd_setup` in fs/timerfd.c).
            Err(Errno::ECANCELED) => Ok(()),
            result => result,
        }
    }

    fn read(&self) -> Result<usize, Errno> {
        nix::unistd::read(&self.0, &mut [0; 8])
    }
}

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::BUILD_TIME;

    #[test]
    fn a_wall_clock_from_before_the_build_is_not_trusted() {
        let up = Duration::ZERO.into();
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
        assert_eq!(duration(TimeSpec::new(5, 7)), Duration::new(5, 7));
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
            let timer = clock.timer.as_ref().unwrap().get_ref();
            assert!(timer.0.get().unwrap().is_some(), "armed");
            assert_eq!(timer.read(), Err(Errno::EAGAIN));
            let patience = Duration::from_millis(50);
            assert!(tokio::time::timeout(patience, clock.stepped()).await.is_err());
        });
    }

    #[test]
    fn without_a_timer_nothing_resolves() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut clock = ClockStep { timer: None };
            let patience = Duration::from_millis(20);
            assert!(tokio::time::timeout(patience, clock.stepped()).await.is_err());
        });
    }
}
