//! Time as a value: nothing here reads a clock.

use std::time::Duration;

/// Seconds since the Unix epoch, as the wall clock says, right or wrong.
pub type UnixSeconds = u64;

/// The wall clock of this build. A router without a battery-backed clock starts years before it;
/// a wall time earlier than this is known to be wrong. Set by `build.rs` from `SOURCE_DATE_EPOCH`
/// or the newest commit, so that builds stay reproducible.
pub const BUILD_TIME: UnixSeconds = parse_seconds(env!("BUILD_TIME"));

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Time since boot (`CLOCK_BOOTTIME`): never steps, and is what run files are counted in.
    pub up: Duration,
    /// Wall clock (`CLOCK_REALTIME`) in whole seconds. May be wrong, may step.
    pub wall: UnixSeconds,
}

impl Now {
    /// The wall time, unless it is earlier than the build and so certainly wrong.
    pub fn trusted_wall(self) -> Option<UnixSeconds> {
        (self.wall >= BUILD_TIME).then_some(self.wall)
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
