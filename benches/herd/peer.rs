//! Other clients: those that poll from cron, and those that repeat a failed update at a fixed interval.

use std::time::Duration;

use super::random::Random;

/// The slowest start of a program by cron: a shell script looks at the address first.
const SCRIPT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy)]
pub(crate) enum Peer {
    /// Looks at the address every so often, this long after full multiples of that time.
    Cron { every: Duration, phase: Duration },
    /// Sends at the change of the address, and after each failure so much later.
    Event { retry: Duration },
}

impl Peer {
    pub(crate) fn cron(minutes: u64) -> Self {
        Self::Cron { every: Duration::from_secs(60 * minutes), phase: Duration::ZERO }
    }

    /// Cron at a second that the owner, or the installation, has chosen at random.
    pub(crate) fn cron_spread(minutes: u64, random: &mut Random) -> Self {
        let every = Duration::from_secs(60 * minutes);
        Self::Cron { every, phase: random.up_to(every) }
    }

    pub(crate) fn event(seconds: u64) -> Self {
        Self::Event { retry: Duration::from_secs(seconds) }
    }

    /// When it sends after the address has changed at `now`.
    pub(crate) fn after_change(self, now: Duration, random: &mut Random) -> Duration {
        match self {
            Self::Cron { .. } => self.next_tick(now, random),
            Self::Event { .. } => now,
        }
    }

    /// When it sends again after a failure at `now`.
    pub(crate) fn after_failure(self, now: Duration, random: &mut Random) -> Duration {
        match self {
            Self::Cron { .. } => self.next_tick(now, random),
            Self::Event { retry } => now + retry,
        }
    }

    fn next_tick(self, now: Duration, random: &mut Random) -> Duration {
        let Self::Cron { every, phase } = self else { return now };
        let mut at = phase;
        while at <= now {
            at += every;
        }
        at + random.up_to(SCRIPT)
    }
}
