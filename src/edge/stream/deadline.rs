//! Deadlines, and waiting for sockets.

use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollTimeout, poll};

/// Longest wait of one call of poll(2).
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The time at which a stage must have ended, whatever arrives until then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// `time` from now.
    #[expect(
        clippy::disallowed_methods,
        reason = "system calls wait for the time that is left, so the real clock is needed"
    )]
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The time that is left; zero when the deadline has passed.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Self::after(Duration::ZERO).0)
    }
}

/// Waits until one of `sources` is ready, for `time` at most.
pub(crate) fn wait(sources: &mut [PollFd<'_>], time: Duration) {
    // Rounded up: with 0 ms for the last fraction of a millisecond, the caller would loop without waiting.
    let time = time.min(LONGEST_WAIT);
    let time = time.as_secs() * 1000 + u64::from(time.subsec_micros().div_ceil(1000));
    let time = i32::try_from(time).unwrap_or(0);
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
    // If poll ends early, the caller checks its sources and waits again.
    let _ = poll(sources, time);
}
