//! What an answer means, and for whom.

use std::time::Duration;

use super::failure::{Failure, FailureKind};

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The provider accepted it (`good`), or has removed the record.
    Updated,
    /// The provider had it already (`nochg`), or nothing of ours that could be removed.
    Unchanged,
    /// Not done; worth another try.
    Retry {
        /// A sentence for the log and `why`.
        reason: String,
        /// The provider's own waiting time: a floor that nothing but it lowers.
        after: Option<Duration>,
        /// How the planner should see it.
        kind: FailureKind,
    },
    /// It may or may not have been done: the answer was lost. Sent again.
    Unconfirmed {
        /// A sentence for the log and `why`.
        reason: String,
    },
    /// Refused: the record rests until the next day, another address, or the user's update.
    Refused {
        /// What the provider said.
        reason: String,
        /// What a router owner can do about it.
        advice: String,
    },
}

/// What an answer means, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What became of the change.
    pub outcome: Outcome,
    /// Whom that concerns.
    pub scope: Scope,
}

/// Whom an outcome concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This record with this address: with another one it may be otherwise.
    Address,
    /// This record only.
    Record,
    /// Every request of the account: sending more is pointless or an abuse.
    Account,
}

impl Verdict {
    /// An outcome that concerns one record.
    pub fn record(outcome: Outcome) -> Self {
        let scope = Scope::Record;
        Self { outcome, scope }
    }

    /// Our clock is wrong, for all that the provider lets us know.
    pub(super) fn clock_behind(reason: String) -> Self {
        let outcome = Outcome::Retry { reason, after: None, kind: FailureKind::ClockBehind };
        Self { outcome, scope: Scope::Account }
    }

    /// Whether the record is as it should be.
    pub fn is_success(&self) -> bool {
        self.severity() < 2
    }

    /// Whether nobody knows if the provider has carried out the request, or will.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.outcome, Outcome::Unconfirmed { .. })
    }

    /// Whether it makes no sense to go on with other changes of the job: the account or the way to
    /// the provider is the matter.
    pub(super) fn concerns_all(&self) -> bool {
        self.scope == Scope::Account || self.is_unanswered()
    }

    /// The worst of several lines counts; a change beside "no change" is a change.
    pub(super) fn severity(&self) -> u8 {
        match self.outcome {
            Outcome::Unchanged => 0,
            Outcome::Updated => 1,
            Outcome::Unconfirmed { .. } | Outcome::Retry { .. } => 2,
            Outcome::Refused { .. } => 3,
        }
    }
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        Self::record(outcome)
    }
}

impl Failure {
    /// What a failed transport means, and for whom: one that did not reach the provider is the same
    /// for every request of the account.
    pub fn verdict(&self) -> Verdict {
        let scope = if self.sent { Scope::Record } else { Scope::Account };
        Verdict { outcome: self.clone().outcome(), scope }
    }

    /// What a failed transport means for the change that was being sent.
    pub fn outcome(self) -> Outcome {
        if self.sent {
            Outcome::Unconfirmed { reason: self.text }
        } else {
            Outcome::Retry { reason: self.text, after: None, kind: self.kind }
        }
    }
}
