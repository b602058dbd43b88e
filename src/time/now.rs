//! Time as a value: nothing here reads a clock.

use super::Duration;

/// Seconds since the Unix epoch by the wall clock, which may be wrong.
pub type UnixSeconds = u64;

/// When this program was built. An earlier wall time is certainly wrong: a router without a
/// battery-backed clock starts years before. Set by `build.rs` from `SOURCE_DATE_EPOCH` or the newest
/// commit, so that builds stay reproducible.
pub const BUILD_TIME: UnixSeconds = parse_seconds(env!("BUILD_TIME"));

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Time since boot (`CLOCK_BOOTTIME`), which never steps. Run files count in it.
    pub up: Duration,
    /// Wall clock (`CLOCK_REALTIME`) in whole seconds. It may be wrong and may step.
    pub wall: UnixSeconds,
}

impl Now {
    /// The wall time, or `None` if it is earlier than [`BUILD_TIME`].
    pub fn trusted_wall(self) -> Option<UnixSeconds> {
        if self.wall >= BUILD_TIME { Some(self.wall) } else { None }
    }
}

const fn parse_seconds(text: &str) -> UnixSeconds {
    let bytes = text.as_bytes();
    let mut value = 0;
    let mut i = 0;
    while i < bytes.len() {
        value = value * 10 + (bytes[i] - b'0') as u64;
        i += 1;
    }
    value
}
