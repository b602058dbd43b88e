//! One request on its way: its deadline, how far it got, and why it stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Limits;
use super::request::Target;
use crate::clock::uptime;
use crate::provider::Failure;

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

/// What ureq's callbacks and the sender tell each other.
pub(super) struct Call {
    /// Who is asked, for messages.
    pub(super) host: String,
    /// End of the whole exchange, redirects included.
    pub(super) deadline: Deadline,
    pub(super) limits: Limits,
    sent_at: Mutex<Option<Duration>>,
    outside: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

impl Call {
    pub(super) fn new(target: &Target, deadline: Deadline, limits: Limits) -> Self {
        Self {
            host: target.host().to_owned(),
            deadline,
            limits,
            sent_at: Mutex::default(),
            outside: AtomicBool::new(false),
            failure: Mutex::new(None),
        }
    }

    /// The end of a stage that may take `time`.
    pub(super) fn stage(&self, time: Duration) -> Deadline {
        Deadline::after(time).min(self.deadline)
    }

    /// Bytes of the request are about to leave.
    pub(super) fn set_sent(&self) {
        let mut sent_at = self.sent_at.lock().unwrap_or_else(PoisonError::into_inner);
        sent_at.get_or_insert(uptime());
    }

    /// When the first bytes of the request left, since boot; `None` if none did.
    pub(super) fn sent_at(&self) -> Option<Duration> {
        *self.sent_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the host that is connected has a public address.
    pub(super) fn set_outside(&self, outside: bool) {
        self.outside.store(outside, Ordering::Relaxed);
    }

    /// What [`Call::set_outside`] was told.
    pub(super) fn outside(&self) -> bool {
        self.outside.load(Ordering::Relaxed)
    }

    /// Keeps our own reason; ureq only needs to know that there is no connection.
    pub(super) fn give_up(&self, failure: Failure) -> ureq::Error {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        ureq::Error::ConnectionFailed
    }

    /// The reason kept by [`Call::give_up`].
    pub(super) fn reason(&self) -> Option<Failure> {
        let mut kept = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take()
    }
}
