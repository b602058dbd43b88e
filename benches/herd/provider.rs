//! The model of the provider. TLS handshakes and updates are carried out one after the other, each kind at
//! its own rate. Handshakes wait in a backlog: if it is full, the packet that asks for a connection is dropped.
//! Updates wait in a queue: if it is full, the provider answers 503.

use std::time::Duration;

use super::MILLION;

/// TLS handshakes in a second, for a million routers.
const HANDSHAKES: u32 = 8_000;
/// The backlog holds the handshakes of this time.
const BACKLOG: Duration = Duration::from_secs(1);
/// Updates in a second, for a million routers. The whole million needs 500 seconds.
pub(crate) const UPDATES: u32 = 2_000;
/// The queue holds the updates of this time.
const QUEUE: Duration = Duration::from_secs(2);

pub(crate) struct Provider {
    handshakes: Line,
    updates: Line,
}

/// Work that is done at a rate, and waits until then.
struct Line {
    each: Duration,
    longest: Duration,
    free_at: Duration,
}

impl Line {
    /// When work that arrives at `now` is done; `None` if too much waits already.
    fn enter(&mut self, now: Duration) -> Option<Duration> {
        let begin = self.free_at.max(now);
        if begin - now > self.longest {
            return None;
        }
        self.free_at = begin + self.each;
        Some(self.free_at)
    }
}

impl Provider {
    pub(crate) fn new(routers: u32) -> Self {
        let line = |rate: u32, longest| {
            let each = Duration::from_secs_f64(f64::from(MILLION) / f64::from(rate * routers));
            Line { each, longest, free_at: Duration::ZERO }
        };
        Self { handshakes: line(HANDSHAKES, BACKLOG), updates: line(UPDATES, QUEUE) }
    }

    /// When the handshake of a connection is done; `None` if the packet is dropped.
    pub(crate) fn connect(&mut self, now: Duration) -> Option<Duration> {
        self.handshakes.enter(now)
    }

    /// When an update is done; `None` if the queue is full.
    pub(crate) fn update(&mut self, now: Duration) -> Option<Duration> {
        self.updates.enter(now)
    }
}
