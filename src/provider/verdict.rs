//! What an answer means, and for whom.

use super::{FailureKind, Outcome};

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
