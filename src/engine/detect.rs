//! When a `web` or `script` source is asked, and whether its last answer counts.

use std::net::IpAddr;
use std::time::Duration;

use super::event::QuestionId;
use super::no_address::{Desired, NoAddress};
use super::pace::{Backoff, Bucket};
use super::select::{self, Policy};
use crate::config::Timing;
use crate::provider::Failure;
use crate::time::Now;
use crate::time::duration::seconds;

/// A token bucket limits questions after events: one token is gained in this time. A line that goes up and
/// down must not ask a stranger's web page each time.
const DETECT_INTERVAL: Duration = Duration::from_secs(30);
/// The tokens of a full bucket.
const DETECT_BURST: u32 = 3;

/// The state of a `web` or `script` source.
#[derive(Clone, Debug)]
pub struct Detector {
    result: Option<Result<IpAddr, String>>,
    due: Duration,
    bucket: Bucket,
    backoff: Backoff,
    asking: Option<QuestionId>,
    /// The last answer does not count, because it came over an earlier network.
    doubted: bool,
    /// The answer to the question on its way does not count: it was asked over an earlier network, or of the
    /// source before a reload.
    void: bool,
}

impl Detector {
    /// A source that is due at once.
    pub fn new(now: Now) -> Self {
        Self {
            result: None,
            due: now.up,
            bucket: Bucket::new(DETECT_INTERVAL, DETECT_BURST),
            backoff: Backoff::default(),
            asking: None,
            doubted: false,
            void: false,
        }
    }

    /// The address that its last answer gives, or why there is none.
    pub fn desired(&self, policy: Policy) -> Desired {
        if self.doubted {
            return Desired::Unknown;
        }
        match &self.result {
            None => Desired::Nothing(NoAddress::NotAsked),
            Some(Ok(address)) => select::from_outside(*address, policy),
            Some(Err(why)) => Desired::Nothing(NoAddress::NotDetected(why.clone())),
        }
    }

    /// The last answer and the time of the next question, in words. `obstacle` is the reason why the source
    /// cannot be asked, if there is one.
    pub fn explain(&self, obstacle: Option<String>, now: Now) -> String {
        let found = match &self.result {
            None => "not answered yet".to_owned(),
            Some(Ok(address)) if self.doubted => format!("{address} before the network changed"),
            Some(Ok(address)) => format!("{address} was the last answer"),
            Some(Err(why)) => format!("the last question failed: {why}"),
        };
        match (self.deadline(), obstacle) {
            (None, _) => format!("{found}; asked right now"),
            (Some(_), Some(why)) => format!("{found}; cannot be asked: {why}"),
            (Some(at), None) => {
                format!("{found}; asked again in {}", seconds(at.saturating_sub(now.up)))
            }
        }
    }

    /// Whether a question is on its way.
    pub fn asking(&self) -> bool {
        self.asking.is_some()
    }

    /// Whether the source should be asked now.
    pub fn ready(&self, now: Now) -> bool {
        self.deadline().is_some_and(|at| at <= now.up)
    }

    /// When the source should be asked, since boot; `None` while a question is on its way.
    pub fn deadline(&self) -> Option<Duration> {
        if self.asking() {
            return None;
        }
        Some(self.due.max(self.bucket.ready_at()).max(self.backoff.until()))
    }

    /// Notes that `question` is on its way.
    pub fn asked(&mut self, question: QuestionId) {
        self.asking = Some(question);
    }

    /// Makes the source due now, because its answer may have changed.
    pub fn ask_again(&mut self, now: Now) {
        self.due = self.due.min(now.up);
        self.backoff.reset();
    }

    /// The router has another network now: answers over the old one no longer count.
    pub fn network_changed(&mut self, now: Now) {
        self.doubted = true;
        self.void = self.asking();
        self.ask_again(now);
    }

    /// Kernel routes or rules changed: see [`Backoff::routes_changed`].
    pub fn routes_changed(&mut self) {
        if self.backoff.routes_changed() {
            self.due = self.backoff.until();
        }
    }

    /// Takes new intervals after a reload.
    pub fn retime(&mut self, timing: &Timing, now: Now) {
        self.due = self.due.min(now.up.saturating_add(timing.check));
    }

    /// Replaces `old`, the detector of another source: the answer to its question on its way will not count.
    pub fn supersede(&mut self, old: &Self) {
        // The worker still asks the old source. The new one is asked when that has ended.
        self.asking = old.asking;
        self.void = old.asking();
    }

    /// Takes in the answer to `question`: the address, or the reason why there is none. An answer to any other
    /// question is ignored. `jitter` is any number.
    pub fn answered(
        &mut self,
        question: QuestionId,
        result: Result<IpAddr, Failure>,
        timing: &Timing,
        now: Now,
        jitter: u32,
    ) {
        if self.asking != Some(question) {
            return;
        }
        self.asking = None;
        // The question left, even if its answer does not count.
        self.bucket.take(now.up);
        if std::mem::take(&mut self.void) {
            return;
        }
        self.doubted = false;
        self.due = now.up.saturating_add(timing.check);
        match &result {
            Ok(_) => self.backoff.reset(),
            Err(failure) if failure.is_local() => {
                // Nothing left the router, so nothing counts against the rate of questions.
                self.bucket.give_back();
                self.backoff.failed_locally(now.up, timing.retry, jitter);
                self.due = self.backoff.until();
            }
            Err(_) => {
                self.backoff.failed(now.up, timing.retry, jitter);
                self.due = self.backoff.until();
            }
        }
        self.result = Some(result.map_err(|failure| failure.text));
    }
}
