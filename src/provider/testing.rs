//! Jobs and transcripts for the tests of providers.

use super::{
    Answer, Carrier, Change, Failure, FailureKind, Job, LearnedChanges, LearnedValues, Outcome,
    Query, Request, Scope, Verdict, publish,
};
use crate::config::fixture;
use crate::model::secret::Secret;
use crate::model::{Credentials, Family, Hostname, RecordOptions, Target};
use crate::provider::{Mechanism, Provider};
use crate::time::Duration;

/// The change that `name` holds `address`.
pub(crate) fn change(name: &str, address: &str) -> Change {
    let address = address.parse().unwrap();
    Change {
        name: Hostname::parse(name).unwrap(),
        family: Family::of(address),
        target: Target::Address(address),
        previous: None,
        tried: Vec::new(),
        anew: false,
        record: RecordOptions::default(),
    }
}

/// The removal of the record of `name` that was published as `previous`.
pub(crate) fn removal(name: &str, previous: &str) -> Change {
    let held = change(name, previous);
    Change { previous: held.address(), target: Target::Absent, ..held }
}

/// An account `me` with password `hunter2` at the provider `service_name`.
pub(crate) fn account(service_name: &str) -> Provider {
    Provider {
        mechanism: Mechanism::Api(super::api::find(service_name).unwrap()),
        ..fixture::provider()
    }
    .with(|account| {
        account.label = service_name.into();
        account.username = "me".into();
        account.password = Secret::new("hunter2");
    })
}

/// A request as text: its line, headers and body.
pub(crate) fn request_text(request: &Request) -> String {
    let mut text = format!("{} {}", request.method.name(), request.url.expose());
    for (name, value) in &request.headers {
        text += &format!("\n{name}: {}", value.expose());
    }
    if let Some(Credentials { user, password }) = &request.url.credentials {
        text += &format!("\nBasic {user}:{}", password.expose());
    }
    if let Some(body) = &request.body {
        text += &format!("\n{}", body.expose());
    }
    text
}

/// A carrier that answers each request with a function, and counts the time that is waited.
pub(crate) struct Answering<F>(pub(crate) F, pub(crate) Duration);

impl<F: FnMut(&Request) -> Result<Answer, Failure>> Answering<F> {
    pub(crate) fn new(answer: F) -> Self {
        Self(answer, Duration::ZERO)
    }
}

impl<F: FnMut(&Request) -> Result<Answer, Failure>> Carrier for Answering<F> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        (self.0)(request)
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        panic!("unexpected query: {}", query.shown);
    }

    fn wait(&mut self, time: Duration) {
        self.1 += time;
    }
}

/// A request that got no answer.
pub(crate) fn lost(sent: bool) -> Failure {
    Failure { kind: FailureKind::Other, sent, text: "timed out".into() }
}

/// Publishes `job`; `answer` answers each request.
pub(crate) fn verdicts_of(
    account: &Provider,
    job: &Job,
    answer: impl FnMut(&Request) -> Result<Answer, Failure>,
) -> Vec<Verdict> {
    publish(account, job, &mut Answering::new(answer)).verdicts
}

/// The first request of `job`; `None` if none is sent.
pub(crate) fn first_request(account: &Provider, job: &Job) -> Option<Request> {
    let mut first = None;
    verdicts_of(account, job, |request| {
        first.get_or_insert_with(|| request.clone());
        Err(lost(false))
    });
    first
}

/// A carrier with one answer for each request that is expected.
struct Script<'s> {
    account: &'s Provider,
    lines: std::slice::Iter<'s, (&'s str, u16, &'s str)>,
}

impl Carrier for Script<'_> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        let sent = request_text(request);
        let Some((expected, status, body)) = self.lines.next() else {
            panic!("one request too many: {sent}");
        };
        for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(sent.lines().any(|sent| sent == line), "a request lacks\n{line}\nin\n{sent}");
        }
        let password = self.account.account.password.expose();
        assert!(!request.shown.contains(password), "{}", request.shown);
        let after = body.strip_prefix("Retry-After: ").and_then(|rest| rest.split_once('\n'));
        let retry_after = after.map(|(after, _)| Duration::from_secs(after.parse().unwrap()));
        let body = after.map_or(*body, |(_, body)| body).to_owned();
        Ok(Answer { status: *status, retry_after, body, ..Answer::default() })
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        panic!("one query too many: {}", query.shown);
    }

    fn wait(&mut self, _: Duration) {}
}

/// Plays `script`: for each request its text, and the status and body of the answer. A request must
/// have all lines of the text, and may have further headers. A body may begin with a line
/// `Retry-After: seconds`.
pub(crate) fn play(
    account: &Provider,
    job: Job,
    script: &[(&str, u16, &str)],
) -> (Vec<Verdict>, LearnedChanges) {
    let mut carrier = Script { account, lines: script.iter() };
    let published = publish(account, &job, &mut carrier);
    if let Some((expected, ..)) = carrier.lines.next() {
        panic!("a request did not come: {expected}\n{published:?}");
    }
    (published.verdicts, published.learned)
}

/// A job of these changes.
pub(crate) fn job(changes: Vec<Change>) -> Job {
    Job { changes, wall: Some(crate::time::BUILD_TIME), ..Job::default() }
}

/// Plays `script` for `changes`, and returns the verdicts as text. `learned` are values of earlier jobs.
pub(crate) fn outcomes(
    account: &Provider,
    changes: &[Change],
    learned: &[(&str, &str)],
    script: &[(&str, u16, &str)],
) -> Vec<String> {
    let learned = learned.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let (verdicts, _) = play(account, Job { learned, ..job(changes.to_vec()) }, script);
    verdicts.iter().map(outcome_text).collect()
}

/// The learned values of a job, for the next one.
pub(crate) fn apply(learned: LearnedChanges) -> LearnedValues {
    let mut values = LearnedValues::new();
    for (key, value) in learned {
        match value {
            Some(value) => drop(values.insert(key, value)),
            None => drop(values.remove(&key)),
        }
    }
    values
}

/// A verdict as text; it begins with `all:` if it concerns the account.
pub(crate) fn outcome_text(verdict: &Verdict) -> String {
    let all = if verdict.scope == Scope::Account { "all: " } else { "" };
    let text = match &verdict.outcome {
        Outcome::Updated => "updated".into(),
        Outcome::Unchanged => "unchanged".into(),
        Outcome::Retry { reason, after: None, .. } => format!("again: {reason}"),
        Outcome::Retry { reason, after: Some(after), .. } => {
            format!("again in {} s: {reason}", after.as_secs())
        }
        Outcome::Unconfirmed { reason } => format!("unconfirmed: {reason}"),
        Outcome::Refused { reason, advice } => format!("no: {reason}; {advice}"),
    };
    format!("{all}{text}")
}
