//! Deadlines, and waiting for sockets.

use nix::poll::{PollFd, PollTimeout, poll};

use crate::edge::clock::uptime;
use crate::time::Duration;

/// Longest wait of one call of poll(2).
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The time since boot at which a stage must have ended, whatever arrives until then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(pub(crate) Duration);

impl Deadline {
    /// `time` from now.
    pub(crate) fn after(time: Duration) -> Self {
        Self(uptime().saturating_add(time))
    }

    /// The time that is left; zero when the deadline has passed.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_sub(uptime())
    }
}

/// Waits until one of `sources` is ready, for `time` at most.
pub(crate) fn wait(sources: &mut [PollFd<'_>], time: Duration) {
    // Rounded up: with 0 ms for the last fraction of a millisecond, the caller would loop without waiting.
    let time = time.min(LONGEST_WAIT).as_nanos().div_ceil(1_000_000);
    let time = i32::try_from(time).unwrap_or(0);
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
    // If poll ends early, the caller checks its sources and waits again.
    let _ = poll(sources, time);
}
