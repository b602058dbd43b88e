//! Conversations of several requests, written as one function that reads from top to bottom.
//!
//! The function is pure and is run again from its start for every reply: [`Talk::send`] gives the
//! replies that are there already, and stops it with [`Halt::Send`] at the first that is not. So it
//! needs no state of its own, and still never waits. A job for which that would mean many replies is
//! cut small by [`super::Batch`].

use super::api::Api;
use super::{
    Answer, Change, Exchange, Failure, Job, Learned, Outcome, Query, Request, Scope, Step, Verdict,
};
use crate::config::Provider;

/// Why the function stops.
#[derive(Debug)]
pub enum Halt {
    /// This must be answered first.
    Send(Box<Request>),
    /// The same over DNS.
    Ask(Query),
    /// There is nothing more to do: what has no verdict yet has this one.
    End(Verdict),
}

/// What a step of a conversation gives.
pub type Talked<T> = Result<T, Halt>;

/// A conversation as far as it has come.
#[derive(Debug)]
pub struct Talk<'a> {
    /// Who talks to whom.
    pub account: &'a Provider,
    /// About what.
    pub job: &'a Job,
    replies: &'a [Result<Answer, Failure>],
    heard: usize,
    learned: Learned,
    /// Whether something known from before was used.
    trusted: bool,
}

impl<'a> Talk<'a> {
    /// The answer to `request`, whatever its status.
    ///
    /// # Errors
    /// While there is none, or if there will be none.
    pub fn send(&mut self, request: Request) -> Talked<&'a Answer> {
        let reply = self.replies.get(self.heard).ok_or_else(|| Halt::Send(Box::new(request)))?;
        self.heard += 1;
        reply.as_ref().map_err(|failure| Halt::End(failure.verdict()))
    }

    /// The response to `query`, in wire form.
    ///
    /// # Errors
    /// As [`Talk::send`].
    pub fn ask(&mut self, query: Query) -> Talked<&'a [u8]> {
        let reply = self.replies.get(self.heard).ok_or(Halt::Ask(query))?;
        self.heard += 1;
        let answer = reply.as_ref().map_err(|failure| Halt::End(failure.verdict()))?;
        Ok(&answer.message)
    }

    /// A number for the next query, another one for each.
    pub fn number(&self) -> u16 {
        let [_, high, low, _] = self.job.seed.to_be_bytes();
        let count = u16::try_from(self.heard).unwrap_or_default();
        u16::from_be_bytes([high, low]).wrapping_add(count.wrapping_mul(40_503))
    }

    /// What is known of `key`: from before, or from this conversation.
    pub fn known(&mut self, key: &str) -> Option<String> {
        let now = self.learned.iter().rev().find(|(name, _)| name == key);
        if let Some((_, value)) = now {
            return value.clone();
        }
        let before = self.job.known.get(key).cloned();
        self.trusted |= before.is_some();
        before
    }

    /// The keys of all that is known and begins with `prefix`, without that.
    pub fn known_under(&self, prefix: &str) -> Vec<String> {
        let now = self.learned.iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key);
        let forgotten =
            |key: &&String| !self.learned.iter().any(|it| it.0 == **key && it.1.is_none());
        let before = self.job.known.keys().filter(forgotten);
        now.chain(before).filter_map(|key| key.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    /// Remembers `value` for later.
    pub fn learn(&mut self, key: String, value: &str) {
        self.learned.push((key, Some(value.to_owned())));
    }

    /// Whether something was refused after relying on what was known from before: then that may be
    /// wrong, and all of it is forgotten.
    fn misled(&mut self, ended: &Talked<Vec<Verdict>>) -> bool {
        let refused = |verdict: &Verdict| {
            verdict.scope == Scope::Record && matches!(verdict.outcome, Outcome::Refused { .. })
        };
        let wrong = match ended {
            Ok(verdicts) => verdicts.iter().any(refused),
            Err(Halt::End(verdict)) => refused(verdict),
            Err(Halt::Send(_) | Halt::Ask(_)) => false,
        };
        let misled = wrong && std::mem::take(&mut self.trusted);
        if misled {
            let all = self.job.known.keys().map(|key| (key.clone(), None));
            self.learned = all.collect();
        }
        misled
    }

    /// Treats every change by itself: one that fails leaves the others alone, unless it shows that
    /// the account or the way there is the matter.
    ///
    /// # Errors
    /// While an answer is missing.
    pub fn each(
        &mut self,
        mut treat: impl FnMut(&mut Self, &Change) -> Talked<Outcome>,
    ) -> Talked<Vec<Verdict>> {
        let mut verdicts: Vec<Verdict> = Vec::new();
        let job = self.job;
        for change in &job.changes {
            match treat(self, change) {
                Ok(outcome) => verdicts.push(outcome.into()),
                Err(Halt::End(verdict)) if verdict.concerns_all() => {
                    // Only the request that was under way can have reached anybody.
                    let rest = verdict.clone().unsent();
                    verdicts.push(verdict);
                    verdicts.resize(job.changes.len(), rest);
                    break;
                }
                Err(Halt::End(verdict)) => verdicts.push(verdict),
                Err(halt) => return Err(halt),
            }
        }
        Ok(verdicts)
    }
}

/// A conversation as an [`Exchange`].
pub(super) struct Replay {
    api: &'static Api,
    account: Provider,
    job: Job,
    replies: Vec<Result<Answer, Failure>>,
    learned: Learned,
}

impl Replay {
    pub(super) fn new(api: &'static Api, account: Provider, job: Job) -> Self {
        Self { api, account, job, replies: Vec::new(), learned: Learned::new() }
    }

    fn run(&mut self) -> Step {
        let mut talk = Talk {
            account: &self.account,
            job: &self.job,
            replies: &self.replies,
            heard: 0,
            learned: Learned::new(),
            trusted: false,
        };
        let mut ended = (self.api.publish)(&mut talk);
        if talk.misled(&ended) {
            ended = (self.api.publish)(&mut talk);
        }
        self.learned = talk.learned;
        match ended {
            Ok(verdicts) => Step::Done(verdicts),
            Err(Halt::Send(request)) => Step::Send(*request),
            Err(Halt::Ask(query)) => Step::Ask(query),
            Err(Halt::End(verdict)) => Step::Done(vec![verdict; self.job.changes.len()]),
        }
    }
}

impl Exchange for Replay {
    fn start(&mut self) -> Step {
        self.run()
    }

    fn step(&mut self, reply: Result<Answer, Failure>) -> Step {
        self.replies.push(reply);
        self.run()
    }

    fn learned(&mut self) -> Learned {
        std::mem::take(&mut self.learned)
    }
}
