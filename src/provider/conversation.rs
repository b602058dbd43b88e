//! Conversations of several requests with a provider that has an interface of its own.

use super::{
    Answer, Carrier, FailureKind, Job, LearnedChanges, Outcome, Published, Query, Request, Scope,
    Verdict,
};
use crate::model::sorted::{Map, Set};
use crate::provider::Account;
use crate::time::UnixSeconds;

/// Most bytes of all answers of a conversation.
const MAX_RECEIVED: usize = 4 * 1024 * 1024;

/// The result of a step of a conversation. The verdict of an error applies to all changes that the
/// step was about.
pub type ApiResult<T> = Result<T, Verdict>;

/// Publishes a job at a provider that has an interface of its own. The verdict of an error applies to
/// all changes that are not settled.
pub type Publish = fn(&mut Conversation<'_>) -> ApiResult<()>;

/// One conversation about one job.
pub struct Conversation<'a> {
    /// The account at the provider.
    pub account: &'a Account,
    /// What to publish.
    pub job: &'a Job,
    carrier: &'a mut dyn Carrier,
    /// How many requests and queries were made.
    requests: u16,
    /// The HTTP status of the latest answer; 0 if there was none.
    status: u16,
    /// How many changes in a row failed with a server error or a lost answer.
    troubles: u8,
    /// Bytes of all answers.
    received: usize,
    learned: LearnedChanges,
    /// Whether a value that an earlier job learned was used.
    trusted: bool,
    /// The verdicts of changes so far, by their indexes in the job.
    settled: Map<usize, Verdict>,
}

impl<'a> Conversation<'a> {
    /// The answer to `request`, whatever its status.
    ///
    /// # Errors
    /// If there is no answer, or if it came from another host.
    pub fn send(&mut self, request: Request) -> ApiResult<Answer> {
        self.requests = self.requests.wrapping_add(1);
        self.status = 0;
        let answer = self.carrier.send(&request).map_err(|failure| failure.verdict())?;
        self.status = answer.status;
        self.received += answer.body.len();
        if self.received > MAX_RECEIVED {
            let reason = "the provider's answers are too long for a router".into();
            return Err(retry(reason, Scope::Account));
        }
        match &answer.redirected_to {
            Some(host) => Err(redirected(host)),
            None => Ok(answer),
        }
    }

    /// The response to `query`, in wire form.
    ///
    /// # Errors
    /// If there is no response.
    pub fn ask(&mut self, query: Query) -> ApiResult<Vec<u8>> {
        self.requests = self.requests.wrapping_add(1);
        let answer = self.carrier.ask(&query).map_err(|failure| failure.verdict())?;
        Ok(answer.message)
    }

    /// A number for the next query, another one for each.
    pub fn number(&self) -> u16 {
        let [_, high, low, _] = self.job.seed.to_be_bytes();
        u16::from_be_bytes([high, low]).wrapping_add(self.requests.wrapping_mul(40_503))
    }

    /// How many requests and queries were made.
    pub fn requests(&self) -> u16 {
        self.requests
    }

    /// The HTTP status of the latest answer; 0 if the latest request has none.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether a request for another change is worth while after a failure. A server error or a lost
    /// answer may concern only one name; after two in a row the provider has a problem.
    pub fn goes_on_after(&mut self, verdict: &Verdict) -> bool {
        if !self.is_trouble(verdict) {
            return !verdict.concerns_all();
        }
        self.troubles += 1;
        self.troubles < 2
    }

    /// Whether `verdict` is about a server error without a time to wait, or about a lost answer.
    fn is_trouble(&self, verdict: &Verdict) -> bool {
        let is_server_error = self.status != 0
            && verdict.scope == Scope::Account
            && matches!(
                verdict.outcome,
                Outcome::Retry { after: None, kind: FailureKind::Other, .. }
            );
        is_server_error || verdict.is_unanswered()
    }

    /// Whether the failure of several changes together may be due to one of them.
    pub fn may_concern_one(&self, verdict: &Verdict) -> bool {
        let statuses = matches!(self.status, 200 | 400 | 409 | 422 | 500..);
        let is_refused = matches!(verdict.outcome, Outcome::Refused { .. });
        statuses && (is_refused && !verdict.concerns_all() || self.is_trouble(verdict))
    }

    /// The change at this place of the job has this verdict, whatever ends the conversation.
    pub fn settle(&mut self, change: usize, verdict: Verdict) {
        if !verdict.concerns_all() {
            self.troubles = 0;
        }
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

    /// The learned value of `key`, of this conversation or of an earlier job.
    pub fn learned(&mut self, key: &str) -> Option<String> {
        if let Some((_, value)) = self.learned.iter().rev().find(|(name, _)| name == key) {
            return value.clone();
        }
        let value = self.job.learned.get(key)?;
        self.trusted = true;
        Some(value.clone())
    }

    /// The rest of each learned key that begins with `prefix`, sorted.
    pub fn learned_keys(&self, prefix: &str) -> Vec<String> {
        let mut keys: Set<&str> = self.job.learned.keys().map(String::as_str).collect();
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
    pub fn wall(&self) -> ApiResult<UnixSeconds> {
        let reason = "requests are signed with the time, and the clock is not set yet".into();
        self.job.wall.ok_or_else(|| Verdict::clock_behind(reason))
    }

    /// Whether to begin anew, because something was refused after relying on what was known from
    /// before. That may be wrong, so all of it is forgotten, and what was refused is open again.
    fn misled(&mut self, ended: &ApiResult<()>) -> bool {
        let again = ended.as_ref().err().is_none_or(is_refused);
        let wrong = self.settled.values().chain(ended.as_ref().err()).any(is_refused);
        let misled = wrong && std::mem::take(&mut self.trusted);
        if misled {
            // What this conversation has found out is from now, and stays.
            let all = self.job.learned.keys().map(|key| (key.clone(), None));
            self.learned.splice(0..0, all);
            self.settled.retain(|_, verdict| verdict.is_success());
        }
        misled && again
    }
}

/// The verdict if `host`, which is not the provider's, has answered. Only requests that change nothing
/// are sent on to another host.
fn redirected(host: &str) -> Verdict {
    let reason = format!("a redirect led to {host}, and its answer says nothing about the records");
    retry(reason, Scope::Record)
}

fn retry(reason: String, scope: Scope) -> Verdict {
    Verdict { outcome: Outcome::Retry { reason, after: None, kind: FailureKind::Other }, scope }
}

/// Whether this very record is refused.
fn is_refused(verdict: &Verdict) -> bool {
    verdict.scope == Scope::Record && matches!(verdict.outcome, Outcome::Refused { .. })
}

/// Publishes `job` with the function of an interface.
pub(super) fn converse(
    publish: Publish,
    account: &Account,
    job: &Job,
    carrier: &mut dyn Carrier,
) -> Published {
    let mut talk = Conversation {
        account,
        job,
        carrier,
        requests: 0,
        status: 0,
        troubles: 0,
        received: 0,
        learned: LearnedChanges::new(),
        trusted: false,
        settled: Map::new(),
    };
    let mut ended = publish(&mut talk);
    if talk.misled(&ended) {
        ended = publish(&mut talk);
    }
    let rest = ended.err().unwrap_or_else(Verdict::nothing_done);
    // The provider works for other changes.
    if talk.settled.values().any(Verdict::is_success) {
        for verdict in talk.settled.values_mut() {
            verdict.scope = verdict.scope.min(Scope::Record);
        }
    }
    Published { verdicts: talk.verdicts(&rest), learned: talk.learned }
}
