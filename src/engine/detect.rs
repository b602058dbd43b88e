//! When a source is asked that neither the kernel nor netifd knows, and whether its last answer counts.

use super::event::{QuestionId, SourceAnswer};
use super::no_address::{Desired, NoAddress};
use super::pace::{Backoff, Bucket};
use super::select::{self, Policy};
use crate::config::Timing;
use crate::model::Family;
use crate::proto::gateway::announcement::{Announcement, Epoch};
use crate::provider::Failure;
use crate::time::duration::seconds;
use crate::time::{Duration, Now};

/// A token bucket limits questions after events: one token is gained in this time. A line that goes up and
/// down must not ask a stranger's web page each time.
const DETECT_INTERVAL: Duration = Duration::from_secs(30);
/// The tokens of a full bucket.
const DETECT_BURST: u32 = 3;

/// The first pause of [`Schedule::Slow`].
const FIRST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Its longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);
/// How many failures in a row are tried again after the back-off. After more, the pauses of [`Schedule::Slow`]
/// count.
const QUICK_RETRIES: u32 = 3;

/// When a source is asked although nothing has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every `check_interval`.
    Regular,
    /// After this pause, which doubles each time: the gateway announces changes, but an announcement may be
    /// lost.
    Slow(Duration),
}

impl Schedule {
    /// The slow schedule from its beginning.
    pub const fn slow() -> Self {
        Self::Slow(FIRST_PAUSE)
    }

    /// The pause until the next question. The one after it is longer.
    fn next(&mut self, timing: &Timing) -> Duration {
        match *self {
            Self::Regular => timing.check,
            Self::Slow(pause) => {
                *self = Self::Slow((2 * pause).min(LONGEST_PAUSE));
                pause
            }
        }
    }

    /// Something has happened: more may follow soon.
    fn restart(&mut self) {
        if *self != Self::Regular {
            *self = Self::slow();
        }
    }
}

/// The state of a source that is asked.
#[derive(Clone, Debug)]
pub struct Detector {
    /// The family of the address.
    pub family: Family,
    result: Option<Result<SourceAnswer, String>>,
    schedule: Schedule,
    due: Duration,
    bucket: Bucket,
    backoff: Backoff,
    asking: Option<QuestionId>,
    /// The last answer does not count, because it came over an earlier network.
    doubted: bool,
    /// The answer to the question on its way does not count: it was asked over an earlier network, or of the
    /// source before a reload.
    void: bool,
    /// Something was announced after the question on its way was asked, so its answer may be old already.
    again: bool,
    /// The epoch of the gateway's last announcement.
    epoch: Option<Epoch>,
}

impl Detector {
    /// A source that is due at once.
    pub fn new(family: Family, schedule: Schedule, now: Now) -> Self {
        Self {
            family,
            result: None,
            schedule,
            due: now.up,
            bucket: Bucket::new(DETECT_INTERVAL, DETECT_BURST),
            backoff: Backoff::default(),
            asking: None,
            doubted: false,
            void: false,
            again: false,
            epoch: None,
        }
    }

    /// The address that its last answer gives, or why there is none.
    pub fn desired(&self, policy: Policy) -> Desired {
        if self.doubted {
            return Desired::Unknown;
        }
        match &self.result {
            None => Desired::Nothing(NoAddress::not_asked()),
            Some(Ok((address, by))) => select::from_outside(*address, by, policy),
            Some(Err(why)) => Desired::Nothing(NoAddress::not_detected(why)),
        }
    }

    /// The last answer and the time of the next question, in words. `obstacle` is the reason why the source
    /// cannot be asked, if there is one.
    pub fn explain(&self, obstacle: Option<String>, now: Now) -> String {
        let found = match &self.result {
            None => "not answered yet".to_owned(),
            Some(Ok((address, _))) if self.doubted => {
                format!("{address} before the network changed")
            }
            Some(Ok((address, by))) if by.is_empty() => format!("{address} was the last answer"),
            Some(Ok((address, by))) => format!("{address} was the last answer ({by})"),
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
        self.schedule.restart();
        self.due = self.due.min(now.up);
        self.backoff.reset();
    }

    /// The gateway has announced a change. It repeats an announcement up to nine times (RFC 6886 section
    /// 3.2.1): a repetition of what was answered already is not worth a question.
    pub fn announced(&mut self, announcement: Announcement, now: Now) {
        let epoch = Epoch { server: announcement.epoch, received: now.up };
        let continues = self.epoch.replace(epoch).is_some_and(|before| epoch.continues(before));
        let is_known = match &self.result {
            Some(Ok((known, _))) => announcement.address.is_none_or(|new| *known == new),
            Some(Err(_)) | None => false,
        };
        if continues && is_known && !self.doubted && !self.asking() {
            return;
        }
        // The question on its way may have been answered before the change.
        self.again = self.asking();
        self.ask_again(now);
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
        // `check_interval` does not count for a gateway.
        if self.schedule == Schedule::Regular {
            self.due = self.due.min(now.up.saturating_add(timing.check));
        }
    }

    /// Replaces `old`, the detector of another source: the answer to its question on its way will not count.
    pub fn supersede(&mut self, old: &Self) {
        // The worker still asks the old source. The new one is asked when that has ended.
        self.asking = old.asking;
        self.void = old.asking();
    }

    /// Whether a gateway that told its address fails for the first time. It has no address for a moment while
    /// that changes, and does not answer while it starts: that is no news for the owner yet.
    fn is_first_failure(&self, result: &Result<SourceAnswer, Failure>) -> bool {
        self.schedule != Schedule::Regular
            && result.as_ref().is_err_and(|failure| !failure.is_local())
            && matches!(self.result, Some(Ok(_)))
            // The failure itself is counted already.
            && self.backoff.attempts() <= 1
    }

    /// Takes in the answer to `question`: the address, or the reason why there is none. An answer to any other
    /// question is ignored. `jitter` is any number.
    pub fn answered(
        &mut self,
        question: QuestionId,
        result: Result<SourceAnswer, Failure>,
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
        self.plan_next(&result, timing, now, jitter);
        if std::mem::take(&mut self.again) {
            self.ask_again(now);
        }
        if self.is_first_failure(&result) {
            self.doubted = true;
            return;
        }
        self.result = Some(result.map_err(|failure| failure.text));
    }

    /// Plans the next question after this answer.
    fn plan_next(
        &mut self,
        result: &Result<SourceAnswer, Failure>,
        timing: &Timing,
        now: Now,
        jitter: u32,
    ) {
        match result {
            Ok(_) => {
                self.due = now.up.saturating_add(self.schedule.next(timing));
                self.backoff.reset();
            }
            Err(failure) if failure.is_local() => {
                // Nothing left the router, so nothing counts against the rate of questions.
                self.bucket.give_back();
                self.backoff.failed_locally(now.up, timing.retry, jitter);
                self.due = self.backoff.until();
            }
            Err(_) => {
                self.backoff.failed(now.up, timing.retry, jitter);
                self.due = self.backoff.until();
                if self.schedule != Schedule::Regular && self.backoff.attempts() > QUICK_RETRIES {
                    self.due = now.up.saturating_add(self.schedule.next(timing));
                }
            }
        }
    }
}
