//! A request of a record on its way: it leaves, it is answered, and what the answer changes.

use std::net::IpAddr;
use std::time::Duration;

use super::{Doubt, Late, Record, Refusal, Sent, Timeline};
use crate::engine::event::JobId;
use crate::model::{RecordOptions, Target};
use crate::provider::{Change, FailureKind, Outcome};
use crate::time::Now;

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    job: JobId,
    /// Which change of the job: names may come and go while it is on its way.
    index: usize,
    /// `None` if the record is to be removed.
    address: Option<IpAddr>,
    was_unconfirmed: bool,
    was_forced: bool,
    /// It went to a provider or account that is not configured any more.
    superseded: bool,
    /// It left over a network that is not there any more, so that a failure says nothing.
    over_old_network: bool,
}

/// The circumstances in which a job ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// When its first request left, since boot.
    pub sent_at: Option<Duration>,
    /// The way to the provider is missing, so that a failure says nothing about the provider.
    pub network_gone: bool,
    /// Now.
    pub now: Now,
    /// Any number, to spread retries.
    pub jitter: u32,
}

impl Record {
    /// A job leaves with what this record is to hold as its change `index`: the desired address, or
    /// nothing. Returns the change.
    pub fn dispatch(
        &mut self,
        (job, index): (JobId, usize),
        options: &RecordOptions,
        now: Now,
    ) -> Option<Change> {
        let removes = self.removal_at().is_some_and(|at| at <= now.up);
        let address = self.desired.filter(|_| !removes);
        if address.is_none() && !removes {
            return None;
        }
        self.bucket.take(now.up);
        if removes || !self.forced && !self.unconfirmed && self.published == address {
            // The event is the timer, not the change of long ago.
            self.timeline = Timeline::since(now.up);
        }
        self.flight = Some(Flight {
            job,
            index,
            address,
            was_unconfirmed: self.unconfirmed,
            was_forced: self.forced,
            superseded: false,
            over_old_network: false,
        });
        self.forced = false;
        self.doubt = None;
        self.settling.done();
        Some(Change {
            name: self.name.clone(),
            family: self.family,
            target: address.map_or(Target::Absent, Target::Address),
            previous: self.published,
            tried: self.tried,
            anew: self.removed,
            record: options.clone(),
        })
    }

    /// Whether a request is on its way.
    pub fn is_busy(&self) -> bool {
        self.flight.is_some()
    }

    /// Whether `job` is the one that this record waits for.
    pub fn flies(&self, job: JobId) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.job == job)
    }

    /// Whether `job` is about a provider or account that is not configured any more: it is waited for,
    /// and what comes of it counts for nothing.
    pub fn is_superseded(&self, job: JobId) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.job == job && flight.superseded)
    }

    /// Which change of `job` this record waits for.
    pub fn change_of(&self, job: JobId) -> Option<usize> {
        let flight = self.flight.as_ref().filter(|flight| flight.job == job);
        flight.map(|flight| flight.index)
    }

    /// The address that is being sent; `None` if none is, or if the record is being removed.
    pub fn sending(&self) -> Option<IpAddr> {
        self.flight.as_ref()?.address
    }

    /// Whether the request on its way shows whether the provider still refuses.
    pub fn is_trial(&self) -> bool {
        let forced = self.flight.as_ref().is_some_and(|flight| flight.was_forced);
        self.refusal.is_some() || forced
    }

    /// The job has ended, however.
    pub fn land(&mut self) {
        self.flight = None;
    }

    /// The job has ended like this for this record.
    pub fn finished(&mut self, outcome: &Outcome, ending: Ending) {
        let now = ending.now;
        let Some(flight) = self.flight.take() else {
            return;
        };
        if self.timeline.sent.is_none() {
            // A request from before the change that is timed now was about another address.
            self.timeline.sent = ending.sent_at.filter(|&at| at >= self.timeline.event);
        }
        if !is_request(outcome, ending) {
            self.bucket.give_back();
        }
        match outcome {
            Outcome::Updated | Outcome::Unchanged => {
                self.accepted(flight.address, ending.sent_at.unwrap_or(now.up), now);
            }
            Outcome::Retry { reason, after, kind } => {
                // Providers have been seen to do what they then could not answer.
                let asked = ending.sent_at.is_some() && *kind == FailureKind::Other;
                let other = self.published.is_some() && self.published != flight.address;
                self.unconfirmed = flight.was_unconfirmed || asked && other;
                if asked || self.unconfirmed {
                    self.tried = flight.address.or(self.tried);
                }
                self.forced |= flight.was_forced;
                self.trouble = Some(reason.clone());
                if let Some(after) = after {
                    self.hold(now.up.saturating_add(*after), now);
                }
                self.failed(*kind, flight.over_old_network, ending);
            }
            Outcome::Unconfirmed { reason } => {
                self.unconfirmed = true;
                self.tried = flight.address.or(self.tried);
                let left = ending.sent_at.unwrap_or(now.up);
                let what = Sent::of(flight.address);
                self.late = Some(Late::add(self.late, what, left, now.up));
                self.doubt = flight.address.map(|address| Doubt::new(address, now.up));
                self.trouble = Some(reason.clone());
                if !flight.over_old_network {
                    self.backoff.failed(now.up, self.retry, ending.jitter);
                }
                self.clock_behind = false;
            }
            Outcome::Refused { reason, advice } => {
                self.unconfirmed = flight.was_unconfirmed;
                self.trouble = None;
                let address = flight.address.or(self.desired);
                self.refusal = Some(Refusal::new(reason, advice, address, now));
            }
        }
    }

    /// What the provider said about the account, in answer to another record: a refusal and its
    /// waiting time hold for all, and after a failure that is not the name's nothing is tried before
    /// `pause`. Whether that is a refusal which was not known of.
    pub fn heard(&mut self, outcome: &Outcome, pause: Duration, now: Now) -> bool {
        match outcome {
            // What is on its way gets an answer of its own.
            Outcome::Refused { .. } if self.flight.is_some() => {}
            // Nor is it news to a record that was in that request.
            Outcome::Refused { .. } if self.refusal.as_ref().is_some_and(|it| it.is_new(now)) => {}
            Outcome::Refused { reason, advice } => {
                let refusal = Refusal::new(reason, advice, self.desired, now);
                return self.refusal.replace(refusal).is_none();
            }
            Outcome::Retry { after: Some(after), .. } => {
                self.hold(now.up.saturating_add(*after), now);
            }
            Outcome::Retry { after: None, kind, .. } => {
                self.clock_behind |= *kind == FailureKind::ClockBehind;
                self.backoff.defer(pause);
            }
            // What it refused it accepts again.
            Outcome::Updated | Outcome::Unchanged => {
                if let Some(refusal) = &mut self.refusal {
                    refusal.reopen();
                }
            }
            Outcome::Unconfirmed { .. } => {}
        }
        false
    }

    /// A request that was never answered held `address` for this record, without being about it: sent
    /// for another record, or under an earlier configuration. The provider may still carry it out.
    pub fn may_become(&mut self, address: Option<IpAddr>, now: Now) {
        self.late = Some(Late::add(self.late, Sent::of(address), now.up, now.up));
        let accepted = self.published.is_some() || self.removed;
        if accepted && self.flight.is_none() && self.published != address {
            self.tried = address;
            self.confirms = true;
        }
    }

    /// An address went away that the request on its way may have left from: if it fails, that says
    /// nothing about the provider.
    pub fn source_lost(&mut self) {
        if let Some(flight) = &mut self.flight {
            flight.over_old_network = true;
        }
    }

    /// Waits for the job of `old`, a record of this name whose provider or account was another:
    /// there is one call in flight per name at most, also across a reload.
    pub fn supersede(&mut self, old: &Self) {
        self.flight = old.flight.clone().map(|flight| Flight { superseded: true, ..flight });
    }

    /// The provider has `address` now, or no record any more; the request for that left at `left`.
    pub(super) fn accepted(&mut self, address: Option<IpAddr>, left: Duration, now: Now) {
        self.published = address;
        self.removed = address.is_none();
        self.published_wall = now.trusted_wall().filter(|_| address.is_some());
        self.published_up = Some(now.up);
        if address.is_none() && !self.presence.is_present() {
            self.desired = None;
        }
        self.unconfirmed = false;
        self.doubt = None;
        self.late = self.late.and_then(|late| late.after(Sent::of(address), left));
        self.confirms = self.late.is_some();
        self.tried = self.late_address();
        self.trouble = None;
        self.refusal = None;
        self.clock_behind = false;
        self.backoff.reset();
        if self.desired == address {
            self.timeline.accepted = Some(now.up);
            self.settling.done();
        }
    }

    fn failed(&mut self, kind: FailureKind, over_old_network: bool, ending: Ending) {
        let Ending { network_gone, now, jitter, .. } = ending;
        self.clock_behind = kind == FailureKind::ClockBehind;
        let nothing_left = ending.sent_at.is_none();
        match kind {
            FailureKind::NoNetwork | FailureKind::NotResolved => {
                if !network_gone && !over_old_network {
                    self.backoff.failed_locally(now.up, self.retry, jitter);
                }
            }
            // What was answered was not lost with the network.
            FailureKind::Other if over_old_network && nothing_left => {}
            FailureKind::Other if nothing_left => {
                self.backoff.failed_unsent(now.up, self.retry, jitter);
            }
            FailureKind::ClockBehind | FailureKind::Other => {
                self.backoff.failed(now.up, self.retry, jitter);
            }
        }
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
    // With a clock that is behind the provider was not asked: its step shall not find the bucket empty.
    ending.sent_at.is_some() && kind == FailureKind::Other
}
