//! What an answer means for a change, and whether that applies to the whole account.

use super::failure::{Failure, FailureKind};

use crate::time::Duration;

/// The result of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The provider stored the address (`good`), or removed the record.
    Updated,
    /// The provider had the address already (`nochg`), or had no record of ours to remove.
    Unchanged,
    /// The change was not made and is tried again.
    Retry {
        /// A sentence for the log and `why`.
        reason: String,
        /// The wait that the provider asks for. The engine does not retry sooner.
        after: Option<Duration>,
        /// What kind of failure it is.
        kind: FailureKind,
    },
    /// The change may or may not have been made, because the answer was lost or confirms nothing. It is
    /// sent again.
    Unconfirmed {
        /// A sentence for the log and `why`.
        reason: String,
    },
    /// The provider refused the change. It is tried again only the next day, with another address, or if
    /// the owner asks for it.
    Refused {
        /// Why the provider refused, for the log and `why`.
        reason: String,
        /// What the owner can do about it.
        advice: String,
    },
}

/// The result of one change, and what else it applies to. In a conversation it is in a box, because it is large and
/// goes through many functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The result of the change.
    pub outcome: Outcome,
    /// What the result applies to.
    pub scope: Scope,
}

/// What an outcome applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// This record with this address. Another address may be accepted.
    Address,
    /// This record with any address.
    Record,
    /// Every record of the account. Further requests would fail, too, or count as abuse.
    Account,
}

impl Verdict {
    /// An outcome that applies to one record.
    pub fn record(outcome: Outcome) -> Self {
        let scope = Scope::Record;
        Self { outcome, scope }
    }

    /// A refusal, and what the owner can do about it.
    pub(super) fn refused(scope: Scope, reason: String, advice: &str) -> Box<Self> {
        Box::new(Self { outcome: Outcome::Refused { reason, advice: advice.into() }, scope })
    }

    /// A failure of no special kind, after which the change is tried again, at the earliest `after` this time.
    pub(super) fn retry(scope: Scope, reason: String, after: Option<Duration>) -> Box<Self> {
        Box::new(Self {
            outcome: Outcome::Retry { reason, after, kind: FailureKind::Other },
            scope,
        })
    }

    /// The router's clock is wrong, so that the provider does not accept the time of the request.
    pub(super) fn clock_behind(reason: String) -> Box<Self> {
        let outcome = Outcome::Retry { reason, after: None, kind: FailureKind::ClockBehind };
        Box::new(Self { outcome, scope: Scope::Account })
    }

    /// The verdict of a change for which no request was sent, although the job did not fail.
    pub(super) fn nothing_done() -> Box<Self> {
        Self::retry(Scope::Record, "no request was sent for it".into(), None)
    }

    /// Whether the record is as it should be.
    pub fn is_success(&self) -> bool {
        matches!(self.outcome, Outcome::Updated | Outcome::Unchanged)
    }

    /// Whether nobody knows if the provider has carried out the request, or will.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.outcome, Outcome::Unconfirmed { .. })
    }

    /// Whether an answer was lost.
    pub(super) fn is_lost(&self) -> bool {
        let is_read =
            matches!(self.outcome, Outcome::Retry { kind: FailureKind::NothingWritten, .. });
        is_read || self.is_unanswered()
    }

    /// No request of the job was one that writes.
    pub(super) fn note_nothing_written(&mut self) {
        if let Outcome::Retry { kind, .. } = &mut self.outcome
            && *kind == FailureKind::Other
        {
            *kind = FailureKind::NothingWritten;
        }
    }

    /// Whether the record is refused with any address, and not the account.
    pub(super) fn is_refused(&self) -> bool {
        self.scope == Scope::Record && matches!(self.outcome, Outcome::Refused { .. })
    }

    /// Whether no further request of this job is worth sending: the verdict is about the account, or an answer
    /// was lost.
    pub(super) fn ends_job(&self) -> bool {
        self.scope == Scope::Account || self.is_lost()
    }

    /// Orders outcomes for an answer with several codes: the highest counts.
    pub(super) fn severity(&self) -> u8 {
        match self.outcome {
            Outcome::Unchanged => 0,
            Outcome::Updated => 1,
            Outcome::Unconfirmed { .. } | Outcome::Retry { .. } => 2,
            Outcome::Refused { .. } => 3,
        }
    }
}

/// The verdict of a failed step of a conversation.
impl From<Outcome> for Box<Verdict> {
    fn from(outcome: Outcome) -> Self {
        Self::new(outcome.into())
    }
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        Self::record(outcome)
    }
}

impl Failure {
    /// What a failed transport means.
    pub fn verdict(self) -> Box<Verdict> {
        // The provider may have carried it out. The engine asks DNS before it sends the change again.
        if self.sent {
            return Outcome::Unconfirmed { reason: self.text }.into();
        }
        // What has kept this request from leaving would keep every other request of the account from it, too.
        let outcome = Outcome::Retry { reason: self.text, after: None, kind: self.kind };
        Box::new(Verdict { outcome, scope: Scope::Account })
    }
}
