//! Time as a value. The core never reads a clock; the edges take a [`Now`] from [`now`] and pass
//! it in. [`ClockStep`] tells when the wall clock was set.

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

use crate::time::Now;

/// Time since boot, as [`Now::up`].
pub fn uptime() -> Duration {
    now().up
}

/// Reads both clocks.
pub fn now() -> Now {
    // Linux has had CLOCK_BOOTTIME since 2.6.39; CLOCK_MONOTONIC differs by the time suspended.
    let up = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC))
        .map_or(Duration::ZERO, duration);
    let wall = clock_gettime(ClockId::CLOCK_REALTIME).map_or(Duration::ZERO, duration);
    Now { up, wall: wall.as_secs() }
}

/// A wall clock can be set to before 1970, which is as wrong as 1970.
fn duration(time: TimeSpec) -> Duration {
    let nanoseconds = u32::try_from(time.tv_nsec()).unwrap_or(0);
    u64::try_from(time.tv_sec()).map_or(Duration::ZERO, |seconds| {
        Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanoseconds.into()))
    })
}

/// Tells when the wall clock is set, as by NTP a while after boot. A timer at the end of time that
/// the kernel cancels at every step (`TFD_TIMER_CANCEL_ON_SET`, man 2 `timerfd_create`); slewing
/// is no step.
#[derive(Debug)]
pub struct ClockStep {
    /// None where the kernel has no timerfd: steps then go unnoticed.
    timer: Option<AsyncFd<Timer>>,
}

impl ClockStep {
    /// Must be called within a tokio runtime with I/O.
    #[expect(
        deprecated,
        reason = "the successor is unsafe: it has the caller promise what holds here, that a \
                  TimerFd owns one descriptor and keeps it"
    )]
    pub fn new() -> Self {
        let timer = Timer::new().ok();
        Self {
            timer: timer.and_then(|timer| AsyncFd::with_interest(timer, Interest::READABLE).ok()),
        }
    }

    /// Resolves when the wall clock has been stepped since the last time. Cancel-safe.
    pub async fn stepped(&mut self) {
        while let Some(timer) = &self.timer {
            let read = timer
                .async_io(Interest::READABLE, |timer| Ok(timer.read()?))
                .await
                .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)));
            match meaning(read) {
                Meaning::Stepped => {
                    if timer.get_ref().arm().is_err() {
                        self.timer = None;
                    }
                    return;
                }
                Meaning::Nothing => {}
                Meaning::Broken => self.timer = None,
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

/// What a read of the timer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Stepped,
    Nothing,
    /// Also that the end of time has come, as it does in 2038 for 32 bits: armed again, the timer
    /// would fire at once and for ever.
    Broken,
}

fn meaning(read: Result<usize, Errno>) -> Meaning {
    match read {
        Err(Errno::ECANCELED) => Meaning::Stepped,
        Err(Errno::EAGAIN | Errno::EINTR) => Meaning::Nothing,
        Ok(_) | Err(_) => Meaning::Broken,
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
            // Stepped just now: armed all the same.
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
    fn a_clock_from_before_the_build_is_not_trusted() {
        let at = |wall| Now { up: Duration::ZERO, wall };
        assert_eq!(at(0).trusted_wall(), None);
        assert_eq!(at(BUILD_TIME).trusted_wall(), Some(BUILD_TIME));
    }

    #[test]
    fn both_clocks_are_read() {
        let first = now();
        let second = now();
        assert!(Duration::ZERO < first.up && first.up <= second.up);
        assert!(first.trusted_wall().is_some());
    }

    #[test]
    fn times_before_1970_are_1970() {
        assert_eq!(duration(TimeSpec::new(-5, 999)), Duration::ZERO);
        assert_eq!(duration(TimeSpec::new(5, 7)), Duration::new(5, 7));
    }

    #[test]
    fn only_a_cancelled_timer_is_a_step() {
        assert_eq!(meaning(Err(Errno::ECANCELED)), Meaning::Stepped);
        assert_eq!(meaning(Err(Errno::EAGAIN)), Meaning::Nothing);
        assert_eq!(meaning(Err(Errno::EINTR)), Meaning::Nothing);
        assert_eq!(meaning(Ok(8)), Meaning::Broken);
        assert_eq!(meaning(Err(Errno::EIO)), Meaning::Broken);
    }

    #[test]
    fn a_clock_that_is_not_set_does_not_step() {
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
