//! An account at a provider: the sections that share it publish together, and its limits count for
//! all of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::event::Finished;
use super::flights::RecordId;
use super::pace::{Bucket, Hold};
use crate::config::Section;
use crate::provider::{self, Batch, LearnedValues, Mechanism, Outcome, Scope, Verdict};
use crate::state::{Changes, Learned};
use crate::time::Now;

/// An account and who shares it.
#[derive(Clone, Debug)]
pub struct Account {
    /// See [`provider::account`].
    pub key: u64,
    /// Its sections, by place.
    pub sections: Vec<usize>,
    /// What was learned there.
    pub known: LearnedValues,
    /// Records that are ready, the first one first; some may not be any more.
    pub ready: BinaryHeap<Reverse<RecordId>>,
    /// How many of its records have a request on its way.
    pub in_flight: usize,
    /// How many of its records were refused.
    pub refused: usize,
    /// When it is looked at again, since boot.
    pub due: Option<Duration>,
    /// How many changes one job may have.
    pub batch: Batch,
    limit: Option<Bucket>,
    /// The waiting time that the provider asked for: it counts for sections, too, that come later.
    hold: Hold,
    /// Whether jobs could leave side by side, so that one has to go ahead of the others.
    probes_first: bool,
    /// A job is on its way that shows whether the account is accepted; others wait for it until then.
    probe_until: Duration,
    /// Until when it is taken for granted that the account is accepted.
    trusted_until: Duration,
}

/// How long jobs wait for the one that was sent ahead: if it hangs, that may be its name's matter.
const PROBE: Duration = Duration::from_secs(5);
/// How long an accepted update speaks for the account.
const TRUST: Duration = Duration::from_secs(600);

impl Account {
    /// The account of `spec`, with what was saved about it.
    pub fn new(key: u64, spec: &Section, saved: &[Learned]) -> Self {
        let batch = provider::batch(&spec.provider);
        let bucket = match batch {
            Batch::Account(_) => Bucket::of_rate,
            Batch::Record | Batch::Name => Bucket::of_single_requests,
        };
        let of_account = saved.iter().filter(|known| known.account == key);
        Self {
            key,
            sections: Vec::new(),
            known: of_account.map(|known| (known.key.clone(), known.value.clone())).collect(),
            ready: BinaryHeap::new(),
            in_flight: 0,
            refused: 0,
            due: None,
            batch,
            limit: provider::rate(&spec.provider).map(bucket),
            hold: Hold::default(),
            probes_first: matches!(spec.provider.mechanism, Mechanism::Url(_)),
            probe_until: Duration::ZERO,
            trusted_until: Duration::ZERO,
        }
    }

    /// The account without sections, for a new configuration.
    pub fn vacated(mut self) -> Self {
        self.sections.clear();
        self.ready.clear();
        (self.in_flight, self.refused, self.due) = (0, 0, None);
        self
    }

    /// When the next request may go: by the provider's documented limit, and not beside the first one
    /// of an account that may not be accepted. Thirty wrong passwords at once are an attack.
    pub fn next_slot_at(&self) -> Duration {
        let limit = self.limit.as_ref().map_or(Duration::ZERO, Bucket::ready_at);
        limit.max(self.probe_until).max(self.hold.until())
    }

    /// Whether the next request may go at `now`.
    pub fn is_open(&self, now: Now) -> bool {
        self.next_slot_at() <= now.up
    }

    /// A job leaves.
    pub fn sent(&mut self, now: Now) {
        if let Some(limit) = &mut self.limit {
            limit.take(now.up);
        }
        if self.probes_first && self.trusted_until <= now.up {
            self.probe_until = now.up.saturating_add(PROBE);
        }
    }

    /// How many changes leave together at most.
    pub fn most(&self) -> usize {
        match self.batch {
            Batch::Record => 1,
            Batch::Name => 2,
            Batch::Account(most) => most,
        }
    }

    /// A job of the account has ended. Adds what was learned to `changes`.
    pub fn finished(&mut self, finished: &Finished, changes: &mut Changes, now: Now) {
        let Finished { requests, learned, verdicts, .. } = finished;
        self.probe_until = Duration::ZERO;
        let success = |it: &Verdict| matches!(it.outcome, Outcome::Updated | Outcome::Unchanged);
        if verdicts.iter().any(success) {
            self.trusted_until = now.up.saturating_add(TRUST);
        } else if verdicts.iter().any(|verdict| verdict.scope == Scope::Account) {
            self.trusted_until = Duration::ZERO;
        }
        let of_account = verdicts.iter().filter(|verdict| verdict.scope == Scope::Account);
        for verdict in of_account {
            if let Outcome::Retry { after: Some(after), .. } = verdict.outcome {
                self.hold.extend(now.up.saturating_add(after), now);
            }
        }
        if let Some(limit) = &mut self.limit {
            // One was counted when the job was taken.
            match *requests {
                0 => limit.give_back(),
                requests => (1..requests).for_each(|_| limit.take(now.up)),
            }
        }
        for (key, value) in learned {
            let before = match value {
                Some(value) => self.known.insert(key.clone(), value.clone()),
                None => self.known.remove(key),
            };
            if before != *value {
                changes.learn(self.key, key, value.as_deref());
            }
        }
    }
}
