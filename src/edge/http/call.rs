//! One request on its way: its deadline, how far it got, and where it leads.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::Limits;
use crate::edge::clock::uptime;
use crate::model::Url;

/// A point in time that cannot be stretched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this edge waits in system calls, so it needs the real clock"
    )]
    pub(super) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// What is left, zero when it has passed.
    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(Self::after(Duration::ZERO).0)
    }
}

/// A request on its way.
pub(super) struct Call {
    /// Who is asked, for messages.
    pub(super) host: String,
    /// End of the whole exchange, redirects included.
    pub(super) deadline: Deadline,
    pub(super) limits: Limits,
    sent_at: Cell<Option<Duration>>,
    outside: Cell<bool>,
}

impl Call {
    pub(super) fn new(target: &Url, deadline: Deadline, limits: Limits) -> Self {
        Self {
            host: target.host().to_owned(),
            deadline,
            limits,
            sent_at: Cell::default(),
            outside: Cell::new(false),
        }
    }

    /// The end of a stage that may take `time`.
    pub(super) fn stage(&self, time: Duration) -> Deadline {
        Deadline::after(time).min(self.deadline)
    }

    /// Bytes of the request are about to leave.
    pub(super) fn set_sent(&self) {
        self.sent_at.set(self.sent_at().or_else(|| Some(uptime())));
    }

    /// When the first bytes of the request left, since boot; `None` if none did.
    pub(super) fn sent_at(&self) -> Option<Duration> {
        self.sent_at.get()
    }

    /// Whether the host that is connected has a public address.
    pub(super) fn set_outside(&self, outside: bool) {
        self.outside.set(outside);
    }

    /// What [`Call::set_outside`] was told.
    pub(super) fn outside(&self) -> bool {
        self.outside.get()
    }
}
