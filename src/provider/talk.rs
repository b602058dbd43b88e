//! Conversations of several requests, written as one function that reads from top to bottom.
//!
//! The function is pure and is run again from its start for every reply: [`Talk::send`] gives the
//! replies that are there already, and stops it with [`Halt::Send`] at the first that is not. So it
//! needs no state of its own, and still never waits. A job for which that would mean many replies is
//! cut small by [`super::Batch`].

use std::collections::BTreeSet;

use super::api::Api;
use super::{
    Answer, Change, Exchange, Failure, Job, Learned, Outcome, Request, Scope, Step, Verdict,
};
use crate::clock::UnixSeconds;
use crate::config::Provider;

/// Why the function stops.
#[derive(Debug)]
pub enum Halt {
    /// This must be answered first.
    Send(Box<Request>),
    /// There is nothing more to do: what is not settled yet has this verdict.
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
    /// What became of changes so far, by their places in the job.
    settled: Vec<Option<Verdict>>,
}

impl<'a> Talk<'a> {
    /// The answer to `request`, whatever its status.
    ///
    /// # Errors
    /// While there is none, or if there will be none.
    pub fn send(&mut self, request: Request) -> Talked<&'a Answer> {
        self.ask(|| Ok(request))
    }

    /// As [`Talk::send`]; the request is only made when it is needed, because signing it takes time.
    ///
    /// # Errors
    /// As [`Talk::send`], or if the request cannot be made.
    pub fn ask(&mut self, request: impl FnOnce() -> Talked<Request>) -> Talked<&'a Answer> {
        let Some(reply) = self.replies.get(self.heard) else {
            return Err(Halt::Send(Box::new(request()?)));
        };
        self.heard += 1;
        reply.as_ref().map_err(|failure| Halt::End(failure.verdict()))
    }

    /// The status of the latest reply; 0 if that is none.
    pub fn status(&self) -> u16 {
        let latest = self.heard.checked_sub(1).and_then(|last| self.replies.get(last));
        latest.and_then(|reply| reply.as_ref().ok()).map_or(0, |answer| answer.status)
    }

    /// The answers so far, the latest first.
    pub fn heard(&self) -> impl Iterator<Item = &'a Answer> + use<'a> {
        let heard = self.replies.get(..self.heard).unwrap_or_default();
        heard.iter().rev().filter_map(|reply| reply.as_ref().ok())
    }

    /// The change at this place of the job has this verdict, whatever ends the conversation.
    pub fn settle(&mut self, change: usize, verdict: Verdict) {
        if let Some(settled) = self.settled.get_mut(change) {
            *settled = Some(verdict);
        }
    }

    /// Whether the change at this place of the job has a verdict. A conversation that begins anew,
    /// because what was known is wrong, need not repeat what succeeded.
    pub fn is_settled(&self, change: usize) -> bool {
        self.settled.get(change).is_some_and(Option::is_some)
    }

    /// The verdicts of all changes; `rest` for those that are not settled.
    pub fn verdicts(&self, rest: &Verdict) -> Vec<Verdict> {
        self.settled.iter().map(|settled| settled.as_ref().unwrap_or(rest).clone()).collect()
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
        let mut keys: BTreeSet<&str> = self.job.known.keys().map(String::as_str).collect();
        for (key, value) in &self.learned {
            match value {
                Some(_) => keys.insert(key),
                None => keys.remove(key.as_str()),
            };
        }
        keys.iter().filter_map(|key| key.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    /// Remembers `value` for later.
    pub fn learn(&mut self, key: String, value: &str) {
        self.learned.push((key, Some(value.to_owned())));
    }

    /// `key` must be found out again.
    pub fn forget(&mut self, key: String) {
        self.learned.push((key, None));
    }

    /// The time, for a signature.
    ///
    /// # Errors
    /// If the clock cannot be trusted: then nothing is sent, and its step is waited for.
    pub fn wall(&self) -> Talked<UnixSeconds> {
        let reason = "requests are signed with the time, and the clock is not set yet".into();
        self.job.wall.ok_or_else(|| Halt::End(Verdict::clock_behind(reason)))
    }

    /// Whether to begin anew, because something was refused after relying on what was known from
    /// before. That may be wrong, so all of it is forgotten, and what was refused is open again.
    fn misled(&mut self, ended: &Talked<Vec<Verdict>>) -> bool {
        let (wrong, again) = match ended {
            Ok(verdicts) => (verdicts.iter().any(is_refused), true),
            Err(Halt::End(verdict)) => {
                let wrong = self.settled.iter().flatten().chain([verdict]).any(is_refused);
                (wrong, is_refused(verdict))
            }
            Err(Halt::Send(_)) => (false, false),
        };
        let misled = wrong && std::mem::take(&mut self.trusted);
        if misled {
            // What this conversation has found out is from now, and stays.
            let all = self.job.known.keys().map(|key| (key.clone(), None));
            self.learned.splice(0..0, all);
            let open = |verdict: &&mut Option<Verdict>| {
                verdict.as_ref().is_some_and(|verdict| !verdict.is_success())
            };
            self.settled.iter_mut().filter(open).for_each(|verdict| *verdict = None);
        }
        misled && again
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

/// Whether this very record is refused.
fn is_refused(verdict: &Verdict) -> bool {
    verdict.scope == Scope::Record && matches!(verdict.outcome, Outcome::Refused { .. })
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
            settled: vec![None; self.job.changes.len()],
        };
        let mut ended = (self.api.publish)(&mut talk);
        if talk.misled(&ended) {
            ended = (self.api.publish)(&mut talk);
        }
        let step = match ended {
            Ok(verdicts) => Step::Done(verdicts),
            Err(Halt::Send(request)) => Step::Send(*request),
            Err(Halt::End(verdict)) => Step::Done(talk.verdicts(&verdict)),
        };
        self.learned = talk.learned;
        step
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
