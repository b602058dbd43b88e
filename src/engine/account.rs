//! An account at a provider: the sections that share it publish together, and its limits count for
//! all of them.

use std::net::IpAddr;
use std::time::Duration;

use super::event::Finished;
use super::flights::{Owner, Part, RecordId};
use super::network::Facts;
use super::pace::{Bucket, Hold};
use super::record::Record;
use super::section::Active;
use super::wait::Wait;
use crate::config::Section;
use crate::model::sorted::Set;
use crate::model::{Family, Hostname, Target};
use crate::provider::Mechanism;
use crate::provider::{self, Batch, Change, Job, Known, Outcome, Scope, Verdict};
use crate::state::State;
use crate::time::Now;

/// An account and who shares it.
#[derive(Clone, Debug)]
pub struct Account {
    /// See [`provider::account`].
    pub key: u64,
    /// Its sections, by place.
    pub sections: Vec<usize>,
    /// What was learned there.
    pub known: Known,
    batch: Batch,
    limit: Option<Bucket>,
    /// The waiting time that the provider asked for: it counts for sections, too, that come later.
    hold: Hold,
    /// Whether jobs could leave side by side, so that one has to go ahead of the others.
    scouts: bool,
    /// A job is on its way that shows whether the account is accepted; others wait for it until then.
    scout_until: Duration,
    /// Until when it is taken for granted that the account is accepted.
    trusted_until: Duration,
}

/// How long jobs wait for the one that was sent ahead: if it hangs, that may be its name's matter.
const SCOUT: Duration = Duration::from_secs(5);
/// How long an accepted update speaks for the account.
const TRUST: Duration = Duration::from_secs(600);

/// The changes that leave together.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The section whose account and transport are used, by place.
    pub section: usize,
    /// The section of each change.
    pub sections: Vec<String>,
    /// The changes.
    pub job: Job,
    /// What each of them is to make of which record.
    pub parts: Vec<Part>,
}

impl Account {
    /// The account of `spec`, with what was saved about it.
    pub fn new(key: u64, spec: &Section, saved: &State) -> Self {
        let batch = provider::batch(&spec.provider);
        let bucket = match batch {
            Batch::Account(_) => Bucket::of_rate,
            Batch::Record | Batch::Name => Bucket::of_single_requests,
        };
        let of_account = saved.known.iter().filter(|known| known.account == key);
        Self {
            key,
            sections: Vec::new(),
            known: of_account.map(|known| (known.key.clone(), known.value.clone())).collect(),
            batch,
            limit: provider::rate(&spec.provider).map(bucket),
            hold: Hold::default(),
            scouts: matches!(spec.provider.mechanism, Mechanism::Url { .. }),
            scout_until: Duration::ZERO,
            trusted_until: Duration::ZERO,
        }
    }

    /// The account without sections, for a new configuration.
    pub fn vacated(mut self) -> Self {
        self.sections.clear();
        self
    }

    /// When the next request may go: by the provider's documented limit, and not beside the first one
    /// of an account that may not be accepted. Thirty wrong passwords at once are an attack.
    pub fn open_at(&self) -> Duration {
        let limit = self.limit.as_ref().map_or(Duration::ZERO, Bucket::ready_at);
        limit.max(self.scout_until).max(self.hold.until())
    }

    /// Takes the changes that may leave now, as one job.
    pub fn take(
        &mut self,
        sections: &mut [Active],
        facts: &Facts,
        seed: u32,
        now: Now,
    ) -> Option<Taken> {
        if self.open_at() > now.up {
            return None;
        }
        let chosen = self.choose(sections, facts, now);
        let first = *chosen.first()?;
        let mut taken = Taken {
            section: first.0,
            sections: Vec::new(),
            job: Job::default(),
            parts: Vec::new(),
        };
        for (section, record, target) in chosen {
            let Some(active) = sections.get_mut(section) else { continue };
            let Some(waiting) = active.records.get_mut(record) else { continue };
            let (change, sent) = waiting.send(target, &active.spec.record, now);
            taken.sections.push(active.spec.name.clone());
            taken.job.changes.push(change);
            let owner = Owner::Record(RecordId { section, record });
            taken.parts.push(Part { owner, sent });
        }
        taken.job.kept = self.kept(sections, &taken.job.changes);
        taken.job.known = self.known.clone();
        taken.job.wall = now.trusted_wall();
        taken.job.seed = seed;
        if let Some(limit) = &mut self.limit {
            limit.take(now.up);
        }
        if self.scouts && self.trusted_until <= now.up {
            self.scout_until = now.up.saturating_add(SCOUT);
        }
        (!taken.job.changes.is_empty()).then_some(taken)
    }

    /// A job of the account has ended.
    pub fn finished(&mut self, finished: &Finished, now: Now) {
        let Finished { requests, learned, verdicts, .. } = finished;
        self.scout_until = Duration::ZERO;
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
            match value {
                Some(value) => drop(self.known.insert(key.clone(), value.clone())),
                None => drop(self.known.remove(key)),
            }
        }
    }

    /// The records that leave next, by the places of their section and in it. All of them leave the
    /// same way.
    fn choose(&self, sections: &[Active], facts: &Facts, now: Now) -> Vec<(usize, usize, Target)> {
        let of = |place: &usize| sections.get(*place).map(|active| (*place, active));
        let members = || self.sections.iter().filter_map(of);
        if matches!(self.batch, Batch::Account(_)) && members().any(|(_, active)| active.is_busy())
        {
            return Vec::new();
        }
        let in_flight = self.names_in_flight(sections);
        let mut chosen: Vec<(usize, usize, Target)> = Vec::new();
        let mut leader: Option<(&Active, &Record)> = None;
        let mut taken: Vec<(&Hostname, Family)> = Vec::new();
        for (section, active) in members() {
            if self.batch == Batch::Record && active.is_busy() {
                continue;
            }
            if leader.is_some_and(|(first, _)| first.spec.transport != active.spec.transport) {
                continue;
            }
            for (record, waiting) in active.records.iter().enumerate() {
                let Wait::Ready(target) = waiting.wait(now) else { continue };
                if chosen.len() >= self.most()
                    || in_flight.contains(&waiting.name)
                    || active.way(waiting.family, facts).is_err()
                {
                    continue;
                }
                if let Some((_, leader)) = leader
                    && self.batch == Batch::Name
                    && !is_sibling(waiting, leader)
                {
                    continue;
                }
                // Two sections may have the same name: one after the other, or both would make a record.
                if !taken.contains(&waiting.key()) {
                    taken.push(waiting.key());
                    chosen.push((section, record, target));
                    leader = leader.or(Some((active, waiting)));
                }
            }
        }
        chosen
    }

    /// How many changes leave together at most.
    fn most(&self) -> usize {
        match self.batch {
            Batch::Record => 1,
            Batch::Name => 2,
            Batch::Account(most) => most,
        }
    }

    fn names_in_flight<'s>(&self, sections: &'s [Active]) -> Set<&'s Hostname> {
        let members = self.sections.iter().filter_map(|place| sections.get(*place));
        let records = members.flat_map(|active| &active.records);
        records.filter(|record| record.is_busy()).map(|record| &record.name).collect()
    }

    /// What is published of the other family of the names in `changes`.
    fn kept(&self, sections: &[Active], changes: &[Change]) -> Vec<(Hostname, IpAddr)> {
        let members = self.sections.iter().filter_map(|place| sections.get(*place));
        let others = members.flat_map(|active| &active.records).filter(|record| {
            let named = |change: &&Change| change.name == record.name;
            let same = |change: &Change| change.family == record.family;
            changes.iter().any(|change| named(&change)) && !changes.iter().filter(named).any(same)
        });
        others.filter_map(|record| Some((record.name.clone(), record.published()?))).collect()
    }
}

fn is_sibling(record: &Record, other: &Record) -> bool {
    record.name == other.name && record.family != other.family
}
