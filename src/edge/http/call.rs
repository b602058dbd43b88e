//! The state of one HTTP request: its deadline, when it was sent, and whether the host is public.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::Limits;
use crate::edge::clock::uptime;
use crate::model::Url;

/// The time at which a stage must have ended, whatever arrives until then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// `time` from now.
    #[expect(
        clippy::disallowed_methods,
        reason = "system calls wait for the time that is left, so the real clock is needed"
    )]
    pub(super) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The time that is left; zero when the deadline has passed.
    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(Self::after(Duration::ZERO).0)
    }
}

/// One HTTP request, without those of redirects.
pub(super) struct HttpCall {
    /// The host of the URL, for messages.
    pub(super) host: String,
    /// The deadline of the request together with its redirects.
    pub(super) deadline: Deadline,
    pub(super) limits: Limits,
    sent_at: Cell<Option<Duration>>,
    host_is_public: Cell<bool>,
}

impl HttpCall {
    pub(super) fn new(target: &Url, deadline: Deadline, limits: Limits) -> Self {
        Self {
            host: target.host().to_owned(),
            deadline,
            limits,
            sent_at: Cell::default(),
            host_is_public: Cell::new(false),
        }
    }

    /// The deadline of a stage that may take `time`.
    pub(super) fn stage(&self, time: Duration) -> Deadline {
        Deadline::after(time).min(self.deadline)
    }

    /// Records that bytes of the request are about to be sent.
    pub(super) fn set_sent(&self) {
        if self.sent_at().is_none() {
            self.sent_at.set(Some(uptime()));
        }
    }

    /// When the first bytes of the request were sent, since boot; `None` if none were.
    pub(super) fn sent_at(&self) -> Option<Duration> {
        self.sent_at.get()
    }

    /// Records whether the address of the connection is public.
    pub(super) fn set_host_is_public(&self, is_public: bool) {
        self.host_is_public.set(is_public);
    }

    /// Whether the address of the connection is public.
    pub(super) fn host_is_public(&self) -> bool {
        self.host_is_public.get()
    }
}
