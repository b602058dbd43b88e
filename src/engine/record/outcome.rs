//! The requests of a record: the start of a request, its answer, and the consequences.

use super::doubt::Doubt;
use super::late::Late;
use super::presence::Presence;
use super::remote::{MOST_ATTEMPTS, add_attempt};
use super::{Record, Refusal, Timeline};
use crate::model::{RecordOptions, Target};
use crate::provider::{Change, FailureKind, Outcome, Scope, Verdict};
use crate::time::{Duration, Now};

/// Whether the result of a request counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCounts {
    /// It counts.
    Yes,
    /// A failure does not count: the request left over a network that is not there any more.
    NetworkGone,
    /// It does not count: the request went to a provider or account that is not configured any more.
    Superseded,
}

/// One record's part of a request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The target of the record.
    pub target: Target,
    /// Whether the owner had run `update`.
    pub was_requested: bool,
    /// Whether its result counts.
    pub counts: ResultCounts,
}

/// The circumstances in which a job ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// When its first request left, since boot.
    pub sent_at: Option<Duration>,
    /// Whether no route leads to the provider now, so that the network may be the cause of a failure.
    pub network_gone: bool,
    /// When it ended.
    pub now: Now,
    /// Any number, to spread retries.
    pub jitter: u32,
}

impl Record {
    /// The change for a job that makes `target` of the record.
    pub fn change(&self, target: Target, options: &RecordOptions) -> Change {
        Change {
            name: self.name.clone(),
            family: self.family,
            target,
            previous: self.published(),
            tried: self.remote.attempted.clone(),
            // A record that is there after our removal is somebody else's, as are those beside ours with `share`.
            anew: options.share || self.remote.held == Some(Target::Absent),
            record: options.clone(),
        }
    }

    /// Sends `target`, which is ready by [`Record::wait`]. Returns the request to keep until its answer comes.
    pub fn send(&mut self, target: Target, now: Now) -> Sent {
        let was_requested = self.wish.is_requested;
        let is_repeat = self.remote.held == Some(target) && !was_requested && !self.remote.in_doubt;
        // The token is taken now and not at the answer, because a request that hangs counts, too. `answered` gives
        // it back if nothing left.
        self.pace.bucket.take(now.up);
        if target == Target::Absent || is_repeat {
            // A timer caused this request, and not the last change of the address.
            self.wish.timeline = Timeline::since(now.up);
        }
        self.flight = Some(target);
        self.wish.is_requested = false;
        self.remote.doubt = None;
        self.wish.settling.done();
        Sent { target, was_requested, counts: ResultCounts::Yes }
    }

    /// Whether a request is on its way.
    pub fn is_busy(&self) -> bool {
        self.flight.is_some()
    }

    /// Whether the answer to `sent` shows if an earlier refusal still holds.
    pub fn is_trial(&self, sent: &Sent) -> bool {
        self.refusal.is_some() || sent.was_requested
    }

    /// Waits for the end of a request of an earlier configuration, because the provider may carry out the
    /// older of two requests last.
    pub fn wait_for_old_request(&mut self, target: Target) {
        self.flight = Some(target);
    }

    /// A request of an earlier configuration has ended. If it was not answered, the provider may still carry
    /// it out.
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
            // A request that left before the event was for an earlier address.
            self.wish.timeline.sent = sent_at.filter(|at| *at >= self.wish.timeline.event);
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
                // The owner's `update` is owed until the provider has answered.
                self.wish.is_requested |= sent.was_requested;
                if let Some(after) = *after {
                    self.hold(now.up.saturating_add(after), now);
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
                // A newer wish may have come while the request was on its way.
                self.limit_refusal(sent.target, verdict.scope);
            }
        }
    }

    /// Limits a refusal of one address, or of a removal, to that target. If the desired state has changed
    /// since, drops the refusal.
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
        let is_over_old_network = sent.counts != ResultCounts::Yes;
        let retry = self.timing.retry;
        // Some providers carry a request out, and then fail to answer it.
        let may_be_done = sent_at.is_some() && kind == FailureKind::Other;
        let holds_other = self.published().is_some() && self.remote.held != Some(sent.target);
        self.remote.in_doubt |= may_be_done && holds_other;
        // While a request is in doubt, the state file has the address of each further one, whether it leaves or
        // not. So it need not be written anew after each failure.
        let has_room = self.remote.attempted.len() < MOST_ATTEMPTS;
        if may_be_done || (self.remote.in_doubt && has_room) {
            add_attempt(&mut self.remote.attempted, sent.target);
        }
        self.pace.clock_behind = kind == FailureKind::ClockBehind;
        match kind {
            FailureKind::NoNetwork | FailureKind::NotResolved => {
                // Without a route the record waits for one anyway, and leaves at once when it comes.
                if !network_gone && !is_over_old_network {
                    self.pace.backoff.failed_locally(now.up, retry, jitter);
                }
            }
            FailureKind::NothingWritten | FailureKind::Other if sent_at.is_none() => {
                if !is_over_old_network {
                    self.pace.backoff.failed_unsent(now.up, retry, jitter);
                }
            }
            // The request reached a server, so the loss of the network is not the cause.
            FailureKind::ClockBehind | FailureKind::NothingWritten | FailureKind::Other => {
                self.pace.backoff.failed(now.up, retry, jitter);
            }
        }
    }

    /// The request has ended without an answer: the provider may have carried it out.
    fn not_confirmed(&mut self, sent: &Sent, ending: Ending) {
        let Ending { now, sent_at, jitter, .. } = ending;
        self.remote.in_doubt = true;
        let left = sent_at.unwrap_or(now.up);
        self.remote.late = Some(Late::add(self.remote.late, sent.target, left, now.up));
        self.remote.doubt = match sent.target {
            Target::Address(address) => {
                add_attempt(&mut self.remote.attempted, sent.target);
                Some(Doubt::new(address, now.up))
            }
            // That DNS has no address proves nothing: it may never have shown the record.
            Target::Absent => None,
        };
        if sent.counts == ResultCounts::Yes {
            self.pace.backoff.failed(now.up, self.timing.retry, jitter);
        }
        self.pace.clock_behind = false;
    }

    /// Applies the provider's answer to another record of the account. A refusal and a waiting time hold for
    /// all records. A failure of the account extends the back-off to `pause`. Returns whether the answer is a
    /// refusal that this record did not have before.
    pub fn account_answered(&mut self, outcome: &Outcome, pause: Duration, now: Now) -> bool {
        match outcome {
            // The request on its way gets its own answer.
            Outcome::Refused { .. } if self.flight.is_some() => {}
            // A record in the same job has taken the refusal in already.
            Outcome::Refused { .. }
                if self.refusal.as_ref().is_some_and(|known| known.is_new(now)) => {}
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

/// Whether the token bucket counts the request: bytes of it left the router and reached a server.
fn is_request(outcome: &Outcome, ending: Ending) -> bool {
    let kind = match outcome {
        Outcome::Retry { kind, .. } => *kind,
        Outcome::Updated
        | Outcome::Unchanged
        | Outcome::Unconfirmed { .. }
        | Outcome::Refused { .. } => FailureKind::Other,
    };
    // The wall clock is behind, so the certificate or the request's signature was not valid. The token is
    // returned, so that the retry after the clock is set is not paced.
    ending.sent_at.is_some() && matches!(kind, FailureKind::Other | FailureKind::NothingWritten)
}
