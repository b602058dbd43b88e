//! A request of a record: it leaves, it is answered, and what the answer changes.

use std::time::Duration;

use super::doubt::Doubt;
use super::late::Late;
use super::presence::Presence;
use super::{Record, Refusal, Timeline};
use crate::model::{RecordOptions, Target};
use crate::provider::{Change, FailureKind, Outcome, Scope, Verdict};
use crate::time::Now;

/// Whether the result of a request counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// It counts.
    Yes,
    /// A failure does not count: the request left over a network that is not there any more.
    NetworkGone,
    /// It does not: the request went to a provider or account that is not configured any more.
    Superseded,
}

/// One record's part of a request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What the record is to be.
    pub target: Target,
    /// Whether the owner had asked for it.
    pub was_requested: bool,
    /// Whether its result counts.
    pub counts: Counts,
}

/// The circumstances in which a job ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// When its first request left, since boot.
    pub sent_at: Option<Duration>,
    /// Whether no route leads to the provider now, so that a failure says nothing about the provider.
    pub network_gone: bool,
    /// When it ended.
    pub now: Now,
    /// Any number, to spread retries.
    pub jitter: u32,
}

impl Record {
    /// `target`, which [`Record::wait`] has found ready, leaves now. Returns the change, and what the
    /// answer is to be compared with.
    pub fn send(&mut self, target: Target, options: &RecordOptions, now: Now) -> (Change, Sent) {
        let was_requested = self.wish.is_requested;
        let is_repeat = self.remote.held == Some(target) && !was_requested && !self.remote.in_doubt;
        self.pace.bucket.take(now.up);
        if target == Target::Absent || is_repeat {
            // The event is the timer, not the change of long ago.
            self.wish.timeline = Timeline::since(now.up);
        }
        self.flight = Some(target);
        self.wish.is_requested = false;
        self.remote.doubt = None;
        self.wish.settling.done();
        let change = Change {
            name: self.name.clone(),
            family: self.family,
            target,
            previous: self.published(),
            tried: self.remote.last_attempted,
            anew: self.remote.held == Some(Target::Absent),
            record: options.clone(),
        };
        (change, Sent { target, was_requested, counts: Counts::Yes })
    }

    /// Whether a request is on its way.
    pub fn is_busy(&self) -> bool {
        self.flight.is_some()
    }

    /// Whether `sent` shows whether the provider still refuses.
    pub fn is_trial(&self, sent: &Sent) -> bool {
        self.refusal.is_some() || sent.was_requested
    }

    /// A request under an earlier configuration is on its way: this record waits until it has ended,
    /// because the older of two requests may be carried out last.
    pub fn wait_for_old_request(&mut self, target: Target) {
        self.flight = Some(target);
    }

    /// A request under an earlier configuration has ended. If it was not answered, the provider may
    /// still carry it out.
    pub fn old_request_ended(&mut self, target: Target, is_answered: bool, now: Now) {
        self.flight = None;
        if !is_answered {
            self.may_become(target, now);
        }
    }

    /// The request `sent` has ended with `verdict`.
    pub fn answered(&mut self, sent: &Sent, verdict: &Verdict, ending: Ending) {
        let Ending { now, sent_at, .. } = ending;
        self.flight = None;
        if self.wish.timeline.sent.is_none() {
            // A request from before the change that is timed now was about another address.
            self.wish.timeline.sent = sent_at.filter(|&at| at >= self.wish.timeline.event);
        }
        if !is_request(&verdict.outcome, ending) {
            self.pace.bucket.give_back();
        }
        match &verdict.outcome {
            Outcome::Updated | Outcome::Unchanged => {
                self.accepted(sent.target, sent_at.unwrap_or(now.up), now);
            }
            Outcome::Retry { reason, after, kind } => {
                self.trouble = Some(reason.clone());
                self.wish.is_requested |= sent.was_requested;
                if let Some(after) = after {
                    self.hold(now.up.saturating_add(*after), now);
                }
                self.failed(*kind, sent, ending);
            }
            Outcome::Unconfirmed { reason } => {
                self.trouble = Some(reason.clone());
                self.not_confirmed(sent, ending);
            }
            Outcome::Refused { reason, advice } => {
                self.trouble = None;
                let address = sent.target.address().or(self.wish.address);
                self.refusal = Some(Refusal::new(reason, advice, address, now));
                self.limit_refusal(sent.target, verdict.scope);
            }
        }
    }

    /// A refusal of one address, or of a removal, does not concern the rest of the record. If the
    /// desired state has changed since, it is dropped.
    fn limit_refusal(&mut self, target: Target, scope: Scope) {
        let is_limited = match scope {
            Scope::Address => true,
            Scope::Record => target == Target::Absent,
            Scope::Account => false,
        };
        if !is_limited {
            return;
        }
        let is_moot = match target {
            Target::Address(address) => self.wish.address != Some(address),
            Target::Absent => self.wish.presence == Presence::Present,
        };
        if is_moot {
            self.refusal = None;
        } else if let Some(refusal) = &mut self.refusal {
            refusal.only = Some(target);
        }
    }

    fn failed(&mut self, kind: FailureKind, sent: &Sent, ending: Ending) {
        let Ending { network_gone, now, jitter, sent_at } = ending;
        let is_over_old_network = sent.counts != Counts::Yes;
        let retry = self.timing.retry;
        // Providers have been seen to do what they then could not answer.
        let may_be_done = sent_at.is_some() && kind == FailureKind::Other;
        let holds_other = self.published().is_some() && self.remote.held != Some(sent.target);
        self.remote.in_doubt |= may_be_done && holds_other;
        if may_be_done || self.remote.in_doubt {
            let attempted = sent.target.address();
            self.remote.last_attempted = attempted.or(self.remote.last_attempted);
        }
        self.pace.clock_behind = kind == FailureKind::ClockBehind;
        match kind {
            FailureKind::NoNetwork | FailureKind::NotResolved => {
                if !network_gone && !is_over_old_network {
                    self.pace.backoff.failed_locally(now.up, retry, jitter);
                }
            }
            FailureKind::Other if sent_at.is_none() => {
                if !is_over_old_network {
                    self.pace.backoff.failed_unsent(now.up, retry, jitter);
                }
            }
            // What was answered was not lost with the network.
            FailureKind::ClockBehind | FailureKind::Other => {
                self.pace.backoff.failed(now.up, retry, jitter);
            }
        }
    }

    /// The provider may or may not have carried `sent` out.
    fn not_confirmed(&mut self, sent: &Sent, ending: Ending) {
        let Ending { now, sent_at, jitter, .. } = ending;
        self.remote.in_doubt = true;
        let left = sent_at.unwrap_or(now.up);
        self.remote.late = Some(Late::add(self.remote.late, sent.target, left, now.up));
        self.remote.doubt = match sent.target {
            Target::Address(address) => {
                self.remote.last_attempted = Some(address);
                Some(Doubt::new(address, now.up))
            }
            Target::Absent => None,
        };
        if sent.counts == Counts::Yes {
            self.pace.backoff.failed(now.up, self.timing.retry, jitter);
        }
        self.pace.clock_behind = false;
    }

    /// What the provider answered about the account, in answer to another record: a refusal and its
    /// waiting time hold for all, and after a failure that is not the name's nothing is tried before
    /// `pause`. Returns whether that is a refusal which was not known of.
    pub fn account_answered(&mut self, outcome: &Outcome, pause: Duration, now: Now) -> bool {
        match outcome {
            // What is on its way gets an answer of its own.
            Outcome::Refused { .. } if self.flight.is_some() => {}
            // Nor is it news to a record that was in that request.
            Outcome::Refused { .. } if self.refusal.as_ref().is_some_and(|it| it.is_new(now)) => {}
            Outcome::Refused { reason, advice } => {
                let refusal = Refusal::new(reason, advice, self.wish.address, now);
                return self.refusal.replace(refusal).is_none();
            }
            Outcome::Retry { after: Some(after), .. } => {
                self.hold(now.up.saturating_add(*after), now);
            }
            Outcome::Retry { after: None, kind, .. } => {
                self.pace.clock_behind |= *kind == FailureKind::ClockBehind;
                self.pace.backoff.defer(pause);
            }
            Outcome::Updated | Outcome::Unchanged => {
                if let Some(refusal) = &mut self.refusal {
                    refusal.reopen();
                }
            }
            Outcome::Unconfirmed { .. } => {}
        }
        false
    }
}

/// Whether a job counts as a request for the pace: bytes of it left, and somebody took them.
fn is_request(outcome: &Outcome, ending: Ending) -> bool {
    let kind = match outcome {
        Outcome::Retry { kind, .. } => *kind,
        Outcome::Updated
        | Outcome::Unchanged
        | Outcome::Unconfirmed { .. }
        | Outcome::Refused { .. } => FailureKind::Other,
    };
    // With a clock that is behind the provider was not asked. Return the token, so that the retry after
    // the clock is set is not paced.
    ending.sent_at.is_some() && kind == FailureKind::Other
}
