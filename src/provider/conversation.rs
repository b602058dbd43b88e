//! Conversations of several requests, written as one function that reads from top to bottom.
//!
//! The function is pure and is run again from its start for every reply: [`Conversation::send`] gives the
//! replies that are there already, and stops it with [`Halt::Send`] at the first that is not. So it
//! needs no state of its own, and still never waits. A job for which that would mean many replies is
//! cut small by [`super::Batch`].

use super::{
    Answer, Exchange, Failure, FailureKind, Job, Learned, Outcome, Query, Request, Scope, Step,
    Verdict,
};
use crate::model::sorted::Map;
use crate::provider::Account;
use crate::time::UnixSeconds;

/// Why the function stops.
#[derive(Debug)]
pub enum Halt {
    /// This must be answered first.
    Send(Box<Request>),
    /// The same over DNS.
    Ask(Query),
    /// There is nothing more to do: what is not settled yet has this verdict.
    End(Verdict),
}

/// What a step of a conversation gives.
pub type ApiResult<T> = Result<T, Halt>;

/// What publishes a job at a provider that has an interface of its own: one verdict per change.
pub type Publish = fn(&mut Conversation<'_>) -> ApiResult<Vec<Verdict>>;

/// A conversation as far as it has come.
#[derive(Debug)]
pub struct Conversation<'a> {
    /// Who talks to whom.
    pub account: &'a Account,
    /// About what.
    pub job: &'a Job,
    replies: &'a [Result<Answer, Failure>],
    heard: usize,
    learned: Learned,
    /// Whether something known from before was used.
    trusted: bool,
    /// What became of changes so far, by their places in the job.
    settled: Map<usize, Verdict>,
}

impl<'a> Conversation<'a> {
    /// The answer to `request`, whatever its status.
    ///
    /// # Errors
    /// While there is none, or if there will be none.
    pub fn send(&mut self, request: Request) -> ApiResult<&'a Answer> {
        self.send_with(|| Ok(request))
    }

    /// As [`Conversation::send`]; the request is only made when it is needed, because signing it takes time.
    ///
    /// # Errors
    /// As [`Conversation::send`], or if the request cannot be made.
    pub fn send_with(
        &mut self,
        request: impl FnOnce() -> ApiResult<Request>,
    ) -> ApiResult<&'a Answer> {
        let Some(reply) = self.replies.get(self.heard) else {
            return Err(Halt::Send(Box::new(request()?)));
        };
        self.heard += 1;
        let answer = reply.as_ref().map_err(|failure| Halt::End(failure.verdict()))?;
        match &answer.redirected_to {
            Some(host) => Err(redirected(host)),
            None => Ok(answer),
        }
    }

    /// The response to `query`, in wire form.
    ///
    /// # Errors
    /// As [`Conversation::send`].
    pub fn ask(&mut self, query: Query) -> ApiResult<&'a [u8]> {
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
        self.settled.insert(change, verdict);
    }

    /// Whether the change at this place of the job has a verdict. A conversation that begins anew,
    /// because what was known is wrong, need not repeat what succeeded.
    pub fn is_settled(&self, change: usize) -> bool {
        self.settled.contains_key(&change)
    }

    /// The verdicts of all changes; `rest` for those that are not settled.
    pub fn verdicts(&self, rest: &Verdict) -> Vec<Verdict> {
        let of = |change| self.settled.get(&change).unwrap_or(rest).clone();
        (0..self.job.changes.len()).map(of).collect()
    }

    /// The verdicts of all changes at the end.
    pub fn all_settled(&self) -> Vec<Verdict> {
        self.verdicts(&Outcome::Unconfirmed { reason: "nothing was done".into() }.into())
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
        let mut keys: Map<&str, bool> =
            self.job.known.keys().map(|key| (key.as_str(), true)).collect();
        for (key, value) in &self.learned {
            keys.insert(key, value.is_some());
        }
        let known = keys.iter().filter_map(|(key, known)| known.then_some(*key));
        known.filter_map(|key| key.strip_prefix(prefix)).map(str::to_owned).collect()
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
    pub fn wall(&self) -> ApiResult<UnixSeconds> {
        let reason = "requests are signed with the time, and the clock is not set yet".into();
        self.job.wall.ok_or_else(|| Halt::End(Verdict::clock_behind(reason)))
    }

    /// Whether to begin anew, because something was refused after relying on what was known from
    /// before. That may be wrong, so all of it is forgotten, and what was refused is open again.
    fn misled(&mut self, ended: &ApiResult<Vec<Verdict>>) -> bool {
        let (wrong, again) = match ended {
            Ok(verdicts) => (verdicts.iter().any(is_refused), true),
            Err(Halt::End(verdict)) => {
                let wrong = self.settled.values().chain([verdict]).any(is_refused);
                (wrong, is_refused(verdict))
            }
            Err(Halt::Send(_) | Halt::Ask(_)) => (false, false),
        };
        let misled = wrong && std::mem::take(&mut self.trusted);
        if misled {
            // What this conversation has found out is from now, and stays.
            let all = self.job.known.keys().map(|key| (key.clone(), None));
            self.learned.splice(0..0, all);
            self.settled.retain(|_, verdict| verdict.is_success());
        }
        misled && again
    }
}

/// The end of a conversation in which `host`, which is not the provider's, has answered. Only
/// requests that change nothing are sent on to another host.
fn redirected(host: &str) -> Halt {
    let reason = format!("a redirect led to {host}, and its answer says nothing about the records");
    let kind = FailureKind::Other;
    Halt::End(Verdict::record(Outcome::Retry { reason, after: None, kind }))
}

/// Whether this very record is refused.
fn is_refused(verdict: &Verdict) -> bool {
    verdict.scope == Scope::Record && matches!(verdict.outcome, Outcome::Refused { .. })
}

/// A conversation as an [`Exchange`].
pub(super) struct Replay {
    publish: Publish,
    account: Account,
    job: Job,
    replies: Vec<Result<Answer, Failure>>,
    /// Bytes of them.
    length: usize,
    learned: Learned,
}

impl Replay {
    pub(super) fn new(publish: Publish, account: Account, job: Job) -> Self {
        Self { publish, account, job, replies: Vec::new(), length: 0, learned: Learned::new() }
    }

    fn run(&mut self) -> Step {
        let mut talk = Conversation {
            account: &self.account,
            job: &self.job,
            replies: &self.replies,
            heard: 0,
            learned: Learned::new(),
            trusted: false,
            settled: Map::new(),
        };
        let mut ended = (self.publish)(&mut talk);
        if talk.misled(&ended) {
            ended = (self.publish)(&mut talk);
        }
        let step = match ended {
            Ok(verdicts) => Step::Done(verdicts),
            Err(Halt::Send(request)) => Step::Send(*request),
            Err(Halt::Ask(query)) => Step::Ask(query),
            Err(Halt::End(verdict)) => Step::Done(talk.verdicts(&verdict)),
        };
        self.learned = talk.learned;
        step
    }
}

/// Most bytes of all answers of a conversation, which are in memory together.
const MOST: usize = 4 * 1024 * 1024;

fn too_long() -> Failure {
    let text = "the provider's answers are too long for a router".into();
    Failure { kind: FailureKind::Other, sent: false, text }
}

impl Exchange for Replay {
    fn start(&mut self) -> Step {
        self.run()
    }

    fn step(&mut self, reply: Result<Answer, Failure>) -> Step {
        self.length += reply.as_ref().map_or(0, |answer| answer.body.len());
        self.replies.push(if self.length > MOST { Err(too_long()) } else { reply });
        self.run()
    }

    fn learned(&mut self) -> Learned {
        std::mem::take(&mut self.learned)
    }
}
