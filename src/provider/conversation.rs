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

/// A function that publishes a job over a provider's own interface. The verdict of an error applies to
/// all changes that are not settled.
pub type Publish = fn(&mut Conversation<'_>) -> ApiResult<()>;

/// The conversation with a provider about one job.
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
    server_failures: u8,
    /// How many bytes the bodies of all answers have.
    received: usize,
    /// What this conversation has learned, in order.
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

    /// The id of the next query, another one for each query of the job.
    pub fn query_id(&self) -> u16 {
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
    /// answer may concern only one name. After two in a row, the provider itself has probably failed.
    pub fn goes_on_after(&mut self, verdict: &Verdict) -> bool {
        if !self.is_server_failure(verdict) {
            return !verdict.concerns_all();
        }
        self.server_failures += 1;
        self.server_failures < 2
    }

    /// Whether `verdict` is about a server error without a time to wait, or about a lost answer.
    fn is_server_failure(&self, verdict: &Verdict) -> bool {
        let is_server_error = self.status != 0
            && verdict.scope == Scope::Account
            && matches!(
                verdict.outcome,
                Outcome::Retry { after: None, kind: FailureKind::Other, .. }
            );
        is_server_error || verdict.is_unanswered()
    }

    /// Whether the failure of a request with several changes may be due to one of them.
    pub fn may_concern_one(&self, verdict: &Verdict) -> bool {
        if !matches!(self.status, 200 | 400 | 409 | 422 | 500..) {
            return false;
        }
        match verdict.outcome {
            Outcome::Refused { .. } => !verdict.concerns_all(),
            _ => self.is_server_failure(verdict),
        }
    }

    /// Sets the verdict of the change at this index of the job. It stays, however the conversation ends.
    pub fn settle(&mut self, change: usize, verdict: Verdict) {
        if !verdict.concerns_all() {
            self.server_failures = 0;
        }
        self.settled.insert(change, verdict);
    }

    /// Whether the change at this index of the job has a verdict. If the function runs again because a
    /// learned value was wrong, the changes that were made before are not repeated.
    pub fn is_settled(&self, change: usize) -> bool {
        self.settled.contains_key(&change)
    }

    /// The verdicts of all changes, with `rest` for those that are not settled.
    pub fn verdicts(&self, rest: &Verdict) -> Vec<Verdict> {
        let changes = 0..self.job.changes.len();
        changes.map(|change| self.settled.get(&change).unwrap_or(rest).clone()).collect()
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

    /// Keeps `value` for later jobs.
    pub fn learn(&mut self, key: String, value: &str) {
        self.learned.push((key, Some(value.to_owned())));
    }

    /// Removes the value of `key`.
    pub fn forget(&mut self, key: String) {
        self.learned.push((key, None));
    }

    /// The time, for a signature.
    ///
    /// # Errors
    /// If the clock is not set. Then nothing is sent, and the job waits until the clock is set.
    pub fn wall(&self) -> ApiResult<UnixSeconds> {
        let reason = "requests are signed with the time, and the clock is not set yet".into();
        self.job.wall.ok_or_else(|| Verdict::clock_behind(reason))
    }

    /// Whether the function must run again because a change was refused after a learned value was used.
    /// The value may be wrong, so all values of earlier jobs are forgotten, and the refused changes are
    /// not settled any more.
    fn must_run_again(&mut self, ended: &ApiResult<()>) -> bool {
        let failure = ended.as_ref().err();
        let is_any_refused = self.settled.values().chain(failure).any(is_refused);
        if !is_any_refused || !self.trusted {
            return false;
        }
        self.trusted = false;
        // In front of what this conversation has learned itself, which stays.
        let forgotten = self.job.learned.keys().map(|key| (key.clone(), None));
        self.learned.splice(0..0, forgotten);
        self.settled.retain(|_, verdict| verdict.is_success());
        // After another failure than a refusal, only a later job begins without the learned values.
        failure.is_none_or(is_refused)
    }
}

/// The verdict if another host than the provider's has answered. Redirects to other hosts are followed
/// only for requests that change nothing.
fn redirected(host: &str) -> Verdict {
    let reason = format!("a redirect led to {host}, which does not answer for the provider");
    retry(reason, Scope::Record)
}

fn retry(reason: String, scope: Scope) -> Verdict {
    Verdict { outcome: Outcome::Retry { reason, after: None, kind: FailureKind::Other }, scope }
}

/// Whether the record is refused with any address, and not the account.
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
        server_failures: 0,
        received: 0,
        learned: LearnedChanges::new(),
        trusted: false,
        settled: Map::new(),
    };
    let mut ended = publish(&mut talk);
    if talk.must_run_again(&ended) {
        ended = publish(&mut talk);
    }
    let rest = ended.err().unwrap_or_else(Verdict::nothing_done);
    // Where one change succeeded, a failure of another one is not due to the account.
    if talk.settled.values().any(Verdict::is_success) {
        for verdict in talk.settled.values_mut() {
            verdict.scope = verdict.scope.min(Scope::Record);
        }
    }
    Published { verdicts: talk.verdicts(&rest), learned: talk.learned }
}
