//! When a `web` or `script` source is asked, and what its answers are worth.

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

/// Least time between two questions that events give reason for.
const DETECT_INTERVAL: Duration = Duration::from_secs(30);
/// Questions that may follow one another before that counts.
const DETECT_BURST: u32 = 3;

/// The state of a `web` or `script` source.
#[derive(Clone, Debug)]
pub struct Detector {
    result: Option<Result<IpAddr, String>>,
    due: Duration,
    bucket: Bucket,
    backoff: Backoff,
    asking: Option<QuestionId>,
    /// The network is another one since the last answer: it counts no more.
    doubted: bool,
    /// The question on its way was asked over another network, or of another source: its answer
    /// counts no more.
    void: bool,
}

impl Detector {
    /// A source that is to be asked at once.
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

    /// What its last answer is worth.
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

    /// What was found, and when it is asked again, unless something is `in_the_way`; for people.
    pub fn explain(&self, in_the_way: Option<String>, now: Now) -> String {
        let found = match &self.result {
            None => "not answered yet".to_owned(),
            Some(Ok(address)) if self.doubted => format!("{address} before the network changed"),
            Some(Ok(address)) => format!("{address} was the last answer"),
            Some(Err(why)) => format!("the last question failed: {why}"),
        };
        if let Some(why) = in_the_way.filter(|_| !self.asking()) {
            return format!("{found}; cannot be asked: {why}");
        }
        let next = self.deadline().map(|at| seconds(at.saturating_sub(now.up)));
        let next = next.map_or("asked right now".into(), |after| format!("asked again in {after}"));
        format!("{found}; {next}")
    }

    /// Whether the question is on its way.
    pub fn asking(&self) -> bool {
        self.asking.is_some()
    }

    /// Whether it should be asked now.
    pub fn ready(&self, now: Now) -> bool {
        self.deadline().is_some_and(|at| at <= now.up)
    }

    /// When it should be asked, since boot; `None` while the question is on its way.
    pub fn deadline(&self) -> Option<Duration> {
        let next = self.due.max(self.bucket.ready_at()).max(self.backoff.until());
        self.asking.is_none().then_some(next)
    }

    /// The question is on its way.
    pub fn asked(&mut self, question: QuestionId) {
        self.asking = Some(question);
    }

    /// Something happened after which it may answer otherwise.
    pub fn ask_again(&mut self, now: Now) {
        self.due = self.due.min(now.up);
        self.backoff.reset();
    }

    /// The network is another one: what was said over the old one counts no more.
    pub fn network_changed(&mut self, now: Now) {
        self.doubted = true;
        self.void = self.asking();
        self.ask_again(now);
    }

    /// Routes or rules changed: see [`Backoff::routes_changed`].
    pub fn routes_changed(&mut self) {
        if self.backoff.routes_changed() {
            self.due = self.backoff.until();
        }
    }

    /// The intervals are others now.
    pub fn retime(&mut self, timing: &Timing, now: Now) {
        self.due = self.due.min(now.up.saturating_add(timing.check));
    }

    /// Takes the place of `old`, another source: the answer to its question counts no more.
    pub fn supersede(&mut self, old: &Self) {
        self.asking = old.asking;
        self.void = old.asking();
    }

    /// It answered `question`, with the address or the reason why there is none; what was not asked
    /// counts for nothing. `jitter` is any number.
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
        self.bucket.take(now.up);
        if std::mem::take(&mut self.void) {
            return;
        }
        self.doubted = false;
        self.due = now.up.saturating_add(timing.check);
        match &result {
            Ok(_) => self.backoff.reset(),
            Err(failure) if failure.is_local() => {
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
