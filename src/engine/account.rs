//! An account at a provider. Sections with the same account publish together and share its limits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::event::Finished;
use super::flights::RecordId;
use super::pace::{Bucket, Hold};
use crate::config::Section;
use crate::provider::{
    self, Batch, LearnedChanges, LearnedValues, Mechanism, Outcome, Scope, Verdict,
};
use crate::state::{Changes, Learned};
use crate::time::{Duration, Now};

/// An account at a provider, and the sections that share it.
#[derive(Clone, Debug)]
pub struct Account {
    /// See [`provider::account`].
    pub key: u64,
    /// The indexes of its sections.
    pub sections: Vec<usize>,
    /// Values learned from the provider, such as identifiers of zones.
    pub known: LearnedValues,
    /// Records that are ready, in configuration order. Some may have become unready since they were queued.
    pub ready: BinaryHeap<Reverse<RecordId>>,
    /// The number of its records with a request on its way.
    pub in_flight: usize,
    /// The number of its records that the provider refuses.
    pub refused: usize,
    /// When the engine looks at the account again, since boot.
    pub due: Option<Duration>,
    /// Which changes one job may hold.
    pub batch: Batch,
    limit: Option<Bucket>,
    /// The waiting time that the provider asked for. It also holds for sections that a reload adds.
    hold: Hold,
    /// Whether jobs can be in flight side by side, so that the first one must show that the provider accepts
    /// the account.
    probes_first: bool,
    /// Until when other jobs wait for the answer to that first job, since boot.
    probe_until: Duration,
    /// Until when the account counts as accepted, since boot.
    trusted_until: Duration,
}

/// How long jobs wait for the answer to the first one. If that takes longer, it may concern only the first
/// name.
const PROBE: Duration = Duration::from_secs(5);
/// How long the account counts as accepted after an accepted update.
const TRUST: Duration = Duration::from_secs(600);

impl Account {
    /// The account of `spec`, with the values that earlier runs learned and `saved`.
    pub fn new(key: u64, spec: &Section, saved: &[Learned]) -> Self {
        let batch = provider::batch(&spec.provider);
        let bucket = match batch {
            // A job for several records may need more requests than one, and part of the rate is left for
            // these.
            Batch::Account(_) => Bucket::of_rate,
            Batch::Record | Batch::Name => Bucket::of_single_requests,
        };
        // They are sorted by account.
        let first = saved.partition_point(|known| known.account < key);
        let saved = saved.get(first..).unwrap_or_default();
        let mut known = LearnedValues::default();
        for learned in saved.iter().take_while(|learned| learned.account == key) {
            known.insert(learned.key.clone(), learned.value.clone());
        }
        Self {
            key,
            sections: Vec::new(),
            known,
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

    /// The account without its sections, for a new configuration. Limits and learned values stay.
    pub fn vacated(mut self) -> Self {
        self.sections.clear();
        self.ready.clear();
        // The records are counted again: their slots are new after a reload.
        (self.in_flight, self.refused, self.due) = (0, 0, None);
        self
    }

    /// When the next request may leave, since boot: after the provider's documented limit and waiting time, and
    /// after the answer to the first request.
    pub fn next_slot_at(&self) -> Duration {
        let limit = self.limit.as_ref().map_or(Duration::ZERO, Bucket::ready_at);
        limit.max(self.probe_until).max(self.hold.until())
    }

    /// Whether the next request may leave at `now`.
    pub fn is_open(&self, now: Now) -> bool {
        self.next_slot_at() <= now.up
    }

    /// Counts a job that leaves now.
    pub fn sent(&mut self, now: Now) {
        if let Some(limit) = &mut self.limit {
            limit.take(now.up);
        }
        // A wrong password is to be one failed log-in. To the provider, thirty at once are an attack.
        if self.probes_first && self.trusted_until <= now.up {
            self.probe_until = now.up.saturating_add(PROBE);
        }
    }

    /// The largest number of changes in one job.
    pub fn most(&self) -> usize {
        match self.batch {
            Batch::Record => 1,
            Batch::Name => 2,
            Batch::Account(most) => most,
        }
    }

    /// Takes in the end of a job. Adds the values that it learned to `changes`.
    pub fn finished(&mut self, finished: &Finished, changes: &mut Changes, now: Now) {
        let Finished { requests, learned, verdicts, .. } = finished;
        // The account has answered, whatever it said, so no job waits for it any more.
        self.probe_until = Duration::ZERO;
        if verdicts.iter().any(Verdict::is_success) {
            self.trusted_until = now.up.saturating_add(TRUST);
        } else if verdicts.iter().any(|verdict| verdict.scope == Scope::Account) {
            // The account failed, so the next job is a first one again.
            self.trusted_until = Duration::ZERO;
        }
        let of_account = verdicts.iter().filter(|verdict| verdict.scope == Scope::Account);
        for verdict in of_account {
            if let Outcome::Retry { after: Some(after), .. } = verdict.outcome {
                self.hold.extend(now.up.saturating_add(after), now);
            }
        }
        self.count_requests(*requests, now);
        self.learn(learned, changes);
    }

    /// A job has sent this many requests. `sent` took a token for the first one already.
    fn count_requests(&mut self, requests: u32, now: Now) {
        let Some(limit) = &mut self.limit else { return };
        match requests {
            0 => limit.give_back(),
            requests => (1..requests).for_each(|_| limit.take(now.up)),
        }
    }

    /// Takes in the values that a job learned. Each save wears the flash, so only values that differ are
    /// saved.
    fn learn(&mut self, learned: &LearnedChanges, changes: &mut Changes) {
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
