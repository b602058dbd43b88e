//! Conversations of several requests with a provider that has an interface of its own.

use std::net::IpAddr;

use super::{
    Answer, Carrier, Failure, FailureKind, Job, LearnedChanges, Method, Outcome, Published, Query,
    Rate, Request, Scope, Verdict,
};
use crate::provider::Account;
use crate::time::{Duration, UnixSeconds};

/// Most bytes of all answers of a conversation.
const MAX_RECEIVED: usize = 4 * 1024 * 1024;

/// The longest wait before a request. For a longer one the job ends, and its rest is tried later.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the keys begin of values that only their own change may forget: they say what it has begun to do.
pub const FOR_GOOD: &str = "begun: ";

/// The result of a step of a conversation. The verdict of an error applies to all changes that the
/// step was about. It is in a box, because each `?` copies the error.
pub type ApiResult<T> = Result<T, Box<Verdict>>;

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
    /// Whether a value was used that an earlier job has learned, and that may be outdated.
    used_old_value: bool,
    /// The verdict of each change of the job, as far as there is one.
    settled: Vec<Option<Box<Verdict>>>,
    /// Which requests are sent at the moment.
    phase: Phase,
    /// Whether a request that writes has left, and no change was settled since.
    has_open_write: bool,
    /// Whether a request that writes has left.
    has_written: bool,
    limits: Vec<Limit>,
    /// How many milliseconds the conversation has waited before requests. Limits are kept on this clock: the time
    /// that the requests take comes on top.
    waited: u32,
}

/// What a job does after the failure of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Send a request for another change.
    GoOn,
    /// Send nothing more.
    EndJob,
}

/// Which requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Requests that change no record: a log-in, lists of zones and records.
    Read,
    /// Requests that change records, and questions whether that is done.
    Write,
}

/// A limit of requests, and when those of this conversation were sent.
struct Limit {
    rate: Rate,
    is_for_writes: bool,
    /// Milliseconds on the clock of the conversation.
    sent: Vec<u32>,
}

impl Limit {
    /// Whether the limit is one of a request that writes, or that does not.
    fn holds_for(&self, is_write: bool) -> bool {
        is_write || !self.is_for_writes
    }

    /// How many milliseconds to wait at `now` before another request.
    fn delay(&self, now: u32) -> u32 {
        let most = self.rate.requests.max(1) as usize;
        // The span may hold `most` requests, so the next one waits until this one has left it.
        match self.sent.iter().rev().nth(most - 1) {
            Some(sent) => (sent + self.rate.seconds * 1000).saturating_sub(now),
            None => 0,
        }
    }
}

impl<'a> Conversation<'a> {
    /// A conversation that begins: nothing was sent and nothing is settled.
    fn new(account: &'a Account, job: &'a Job, carrier: &'a mut dyn Carrier) -> Self {
        Self {
            account,
            job,
            carrier,
            requests: 0,
            status: 0,
            server_failures: 0,
            received: 0,
            learned: LearnedChanges::new(),
            used_old_value: false,
            settled: job.changes.iter().map(|_| None).collect(),
            phase: Phase::Read,
            has_open_write: false,
            has_written: false,
            limits: Vec::new(),
            waited: 0,
        }
    }

    /// The answer to `request`, whatever its status.
    ///
    /// # Errors
    /// If there is no answer, or if it came from another host.
    pub fn send(&mut self, request: &Request) -> ApiResult<Box<Answer>> {
        let mut answer = self.carry(request)?;
        // If the job ended here, the next one would read everything again, and reach the same limit again. So no write
        // would ever be sent.
        if let (429 | 503, Some(time)) = (answer.status, answer.retry_after)
            && time <= PATIENCE
        {
            self.wait(time);
            answer = self.carry(request)?;
        }
        match &answer.redirected_to {
            Some(host) => Err(redirected(host)),
            None => Ok(answer),
        }
    }

    fn carry(&mut self, request: &Request) -> ApiResult<Box<Answer>> {
        // Some interfaces read by POST, and some write by GET. Only deSEC limits writes in another way than reads, and
        // it has neither.
        self.keep_limits(request.method != Method::Get)?;
        self.status = 0;
        let answer = self.carrier.send(request);
        let answer = self.note_sent(answer)?;
        self.status = answer.status;
        self.received += answer.body.len();
        // As JSON values, answers take several times as much memory as their text, and a router may have 64 MB.
        if self.received > MAX_RECEIVED {
            let reason = "the provider's answers are too long for a router".into();
            return Err(Verdict::retry(Scope::Account, reason, None));
        }
        Ok(answer)
    }

    /// Keeps `rate` for the requests that write.
    pub fn limit_writes(&mut self, rate: Rate) {
        self.limits.push(Limit { rate, is_for_writes: true, sent: Vec::new() });
    }

    /// Waits until the provider's limits allow a request.
    ///
    /// # Errors
    /// If that takes long: then the job ends, and what is done stays.
    fn keep_limits(&mut self, is_write: bool) -> ApiResult<()> {
        let mut delay = 0;
        for limit in &self.limits {
            if limit.holds_for(is_write) {
                delay = delay.max(limit.delay(self.waited));
            }
        }
        if delay > 0 {
            let delay = Duration::from_millis(delay.into());
            if delay > PATIENCE {
                let reason = format!("{} allows no more requests now", self.account.label);
                return Err(Verdict::retry(Scope::Account, reason, Some(delay)));
            }
            self.wait(delay);
        }
        // The request counts only now, because the job may end above without it.
        for limit in &mut self.limits {
            if limit.holds_for(is_write) {
                limit.sent.push(self.waited);
            }
        }
        Ok(())
    }

    fn wait(&mut self, time: Duration) {
        self.carrier.wait(time);
        // It is at most `PATIENCE`.
        self.waited += time.as_millis() as u32;
    }

    /// The response to `query`, in wire form.
    ///
    /// # Errors
    /// If there is no response.
    pub fn ask(&mut self, query: &Query) -> ApiResult<Vec<u8>> {
        let answer = self.carrier.ask(query);
        Ok(self.note_sent(answer)?.message)
    }

    /// Says which requests follow.
    pub fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Counts a request, and notes whether it has left.
    ///
    /// # Errors
    /// If it has no answer. If no write is open, the record is certainly as it was.
    fn note_sent(&mut self, answer: Result<Answer, Failure>) -> ApiResult<Box<Answer>> {
        self.requests = self.requests.wrapping_add(1);
        // A request that has not left the router has changed nothing, so it leaves nothing in doubt.
        let has_left = answer.as_ref().err().is_none_or(|failure| failure.sent);
        if has_left && self.phase == Phase::Write {
            self.has_open_write = true;
            self.has_written = true;
        }
        match answer {
            Ok(answer) => Ok(Box::new(answer)),
            Err(failure) if failure.sent => Err(self.unanswered(failure.text)),
            Err(failure) => Err(failure.verdict()),
        }
    }

    /// The verdict after an answer that was lost, or that may not be the provider's.
    pub fn unanswered(&self, reason: String) -> Box<Verdict> {
        if self.has_open_write {
            return Outcome::Unconfirmed { reason }.into();
        }
        Outcome::Retry { reason, after: None, kind: FailureKind::NothingWritten }.into()
    }

    /// The id of the next query, another one for each query of the job.
    pub fn query_id(&self) -> u16 {
        // A host that cannot see the queries must not guess their ids (RFC 5452 section 4.3). The factor is odd, so
        // 65,536 queries in a row have different ids.
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

    /// Counts a failure, and decides whether to send a request for another change.
    pub fn note_failure(&mut self, verdict: &Verdict) -> AfterFailure {
        // A server error or a lost answer may concern only one name. After two in a row, the provider itself has
        // probably failed.
        let ends_job = if self.is_server_failure(verdict) {
            self.server_failures += 1;
            self.server_failures >= 2
        } else {
            verdict.ends_job()
        };
        if ends_job { AfterFailure::EndJob } else { AfterFailure::GoOn }
    }

    /// Whether `verdict` is about a server error without a time to wait, or about a lost answer.
    fn is_server_failure(&self, verdict: &Verdict) -> bool {
        // Status 0 stands for a request without an answer. A failure with a time to wait is a limit, which holds for
        // all changes.
        let is_server_error = self.status != 0
            && verdict.scope == Scope::Account
            && matches!(
                verdict.outcome,
                Outcome::Retry { after: None, kind: FailureKind::Other, .. }
            );
        is_server_error || verdict.is_lost()
    }

    /// Whether the failure of a request with several changes may be due to one of them.
    pub fn may_concern_one(&self, verdict: &Verdict) -> bool {
        // Some interfaces refuse with status 200. 401, 403, 404 and 429 are about the credentials, the zone or a limit,
        // so smaller requests would meet the same.
        if !matches!(self.status, 200 | 400 | 409 | 422 | 500..) {
            return false;
        }
        match verdict.outcome {
            Outcome::Refused { .. } => !verdict.ends_job(),
            Outcome::Updated
            | Outcome::Unchanged
            | Outcome::Retry { .. }
            | Outcome::Unconfirmed { .. } => self.is_server_failure(verdict),
        }
    }

    /// Sets the verdict of the change at this index of the job. It stays, however the conversation ends.
    pub fn settle(&mut self, change: usize, verdict: Box<Verdict>) {
        // The server deals with requests again, so the failures before are no sign of an outage.
        if !verdict.ends_job() {
            self.server_failures = 0;
        }
        self.has_open_write = false;
        if let Some(settled) = self.settled.get_mut(change) {
            *settled = Some(verdict);
        }
    }

    /// Whether the change at this index of the job has a verdict.
    pub fn is_settled(&self, change: usize) -> bool {
        // If the function runs again because a learned value was wrong, it leaves out what was done before.
        self.settled.get(change).is_some_and(Option::is_some)
    }

    /// Whether the change at this index of the job has succeeded.
    pub fn has_succeeded(&self, change: usize) -> bool {
        matches!(self.settled.get(change), Some(Some(verdict)) if verdict.is_success())
    }

    /// The learned value of `key`, of this conversation or of an earlier job.
    pub fn learned(&mut self, key: &str) -> Option<String> {
        if let Some(value) = self.learned_now(key) {
            return value.clone();
        }
        let value = self.job.learned.get(key)?;
        self.used_old_value = true;
        Some(value.clone())
    }

    /// What this conversation has learned for `key`.
    fn learned_now(&self, key: &str) -> Option<&Option<String>> {
        let (_, value) = self.learned.iter().rev().find(|(name, _)| name == key)?;
        Some(value)
    }

    /// The address that is learned for `key`, which begins with [`FOR_GOOD`].
    pub fn learned_for_good(&self, key: &str) -> Option<IpAddr> {
        match self.learned_now(key) {
            Some(value) => value.as_ref()?.parse().ok(),
            None => self.job.learned.get(key)?.parse().ok(),
        }
    }

    /// What follows `prefix` in each learned key that begins with it, sorted.
    pub fn learned_keys(&self, prefix: &str) -> Vec<String> {
        let mut learned = self.job.learned.clone();
        for (key, value) in &self.learned {
            match value {
                Some(value) => learned.insert(key.clone(), value.clone()),
                None => learned.remove(key),
            };
        }
        let mut behind = Vec::new();
        for key in learned.keys() {
            behind.extend(key.strip_prefix(prefix).map(str::to_owned));
        }
        behind
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

    /// Whether a change was refused after something was used that may be outdated.
    fn is_refused_after_old_value(&self, ended: &ApiResult<()>) -> bool {
        let is_refused = ended.as_ref().is_err_and(|verdict| verdict.is_refused())
            || has(&self.settled, Verdict::is_refused);
        is_refused && self.used_old_value
    }

    /// Whether the function of the interface must run again, because a learned value may have been wrong.
    fn begins_again(&mut self, ended: &ApiResult<()>) -> bool {
        if !self.is_refused_after_old_value(ended) {
            return false;
        }
        // An earlier job may have learned the id of a zone or record that its owner has deleted or moved since.
        self.forget_earlier_jobs();
        match ended {
            Ok(()) => true,
            // After another failure, a later job begins without the learned values.
            Err(verdict) => verdict.is_refused(),
        }
    }

    /// Forgets all values that earlier jobs have learned. The changes that failed are not settled any more.
    fn forget_earlier_jobs(&mut self) {
        // In front of what this conversation has learned itself, which stays.
        let mut learned = LearnedChanges::new();
        for key in self.job.learned.keys() {
            if !key.starts_with(FOR_GOOD) {
                learned.push((key.clone(), None));
            }
        }
        learned.append(&mut self.learned);
        self.learned = learned;
        for settled in &mut self.settled {
            if settled.as_ref().is_some_and(|verdict| !verdict.is_success()) {
                *settled = None;
            }
        }
    }

    /// The result of the job. `other` is the verdict of all changes that are not settled.
    fn finish(mut self, mut other: Box<Verdict>) -> Published {
        let has_succeeded = has(&self.settled, Verdict::is_success);
        for verdict in self.settled.iter_mut().filter_map(Option::as_mut) {
            // After reads alone, no record can be in doubt: the engine need not look it up before it tries again.
            if !self.has_written {
                verdict.note_nothing_written();
            }
            // Where one change succeeded, a failure of another one is not due to the account.
            if has_succeeded {
                verdict.scope = verdict.scope.min(Scope::Record);
            }
        }
        if !self.has_written {
            other.note_nothing_written();
        }
        Published { verdicts: verdicts(self.settled, &other), learned: self.learned }
    }
}

/// The verdict if another host than the provider's has answered. Redirects to other hosts are followed
/// only for requests that change nothing.
fn redirected(host: &str) -> Box<Verdict> {
    let reason = format!("a redirect led to {host}, which does not answer for the provider");
    Verdict::retry(Scope::Record, reason, None)
}

/// Publishes `job` with the function of an interface, and keeps its limit of requests.
pub(super) fn converse(
    publish: &dyn Fn(&mut Conversation<'_>) -> ApiResult<()>,
    rate: Option<Rate>,
    account: &Account,
    job: &Job,
    carrier: &mut dyn Carrier,
) -> Published {
    let mut talk = Conversation::new(account, job, carrier);
    if let Some(rate) = rate {
        talk.limits.push(Limit { rate, is_for_writes: false, sent: Vec::new() });
    }
    let mut ended = publish(&mut talk);
    if talk.begins_again(&ended) {
        ended = publish(&mut talk);
    }
    let other = ended.err().unwrap_or_else(Verdict::nothing_done);
    talk.finish(other)
}

/// Whether one of the changes has such a verdict.
fn has(settled: &[Option<Box<Verdict>>], is_such: fn(&Verdict) -> bool) -> bool {
    settled.iter().any(|verdict| verdict.as_ref().is_some_and(|verdict| is_such(verdict)))
}

/// The verdicts of all changes, with `other` for those that are not settled.
pub(super) fn verdicts(settled: Vec<Option<Box<Verdict>>>, other: &Verdict) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for verdict in settled {
        verdicts.push(verdict.map_or_else(|| other.clone(), |verdict| *verdict));
    }
    verdicts
}
