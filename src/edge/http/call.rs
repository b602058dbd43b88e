//! The state of one HTTP request: its deadline, when it was sent, and whether the host is public.

use std::cell::Cell;

use super::Limits;
use crate::edge::clock::uptime;
use crate::edge::stream::Deadline;
use crate::model::Url;
use crate::time::Duration;

/// One HTTP request, without those of redirects.
pub(super) struct HttpCall {
    /// The host of the URL, for messages.
    pub(super) host: String,
    /// The deadline of the request together with its redirects.
    pub(super) deadline: Deadline,
    pub(super) limits: Limits,
    // Both are cells, because the dial and the exchange hold the call at the same time.
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
