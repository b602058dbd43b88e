//! Jobs and transcripts for the tests of providers.

use std::time::Duration;

use super::{
    Answer, Change, Job, Known, Learned, Outcome, Request, Scope, Step, Verdict, exchange,
};
use crate::config::fixture;
use crate::model::secret::Secret;
use crate::model::{Credentials, Family, Hostname, RecordOptions, Target};
use crate::provider::{Mechanism, Provider};

/// The change that `name` holds `address`.
pub(crate) fn change(name: &str, address: &str) -> Change {
    let address = address.parse().unwrap();
    Change {
        name: Hostname::parse(name).unwrap(),
        family: Family::of(address),
        target: Target::Address(address),
        previous: None,
        tried: None,
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
    if let Some(Credentials { user, password }) = request.url.credentials() {
        text += &format!("\nBasic {user}:{}", password.expose());
    }
    if let Some(body) = &request.body {
        text += &format!("\n{}", body.expose());
    }
    text
}

/// Plays `script`: for each request its text, and the status and body of the answer. A request must
/// have all lines of the text, and may have further headers. A body may begin with a line
/// `Retry-After: seconds`.
pub(crate) fn play(
    account: &Provider,
    job: Job,
    script: &[(&str, u16, &str)],
) -> (Vec<Verdict>, Learned) {
    let mut talk = exchange(account, job);
    let mut step = talk.start();
    for (number, (expected, status, body)) in script.iter().enumerate() {
        let Step::Send(request) = step else {
            panic!("request {number} did not come: {step:?}");
        };
        let sent = request_text(&request);
        for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(
                sent.lines().any(|sent| sent == line),
                "request {number} lacks\n{line}\nin\n{sent}"
            );
        }
        assert!(!request.shown.contains(account.account.password.expose()), "{}", request.shown);
        let after = body.strip_prefix("Retry-After: ").and_then(|rest| rest.split_once('\n'));
        let retry_after = after.map(|(after, _)| Duration::from_secs(after.parse().unwrap()));
        let body = after.map_or(*body, |(_, body)| body).to_owned();
        step = talk.step(Ok(Answer { status: *status, retry_after, body, ..Answer::default() }));
    }
    match step {
        Step::Done(verdicts) => (verdicts, talk.learned()),
        Step::Send(request) => panic!("one request too many: {}", request_text(&request)),
        Step::Ask(query) => panic!("one query too many: {}", query.shown),
    }
}

/// A job of these changes.
pub(crate) fn job(changes: Vec<Change>) -> Job {
    Job { changes, wall: Some(crate::time::BUILD_TIME), ..Job::default() }
}

/// Plays `script` for `changes`, and returns the verdicts as text. `known` are values learned before.
pub(crate) fn outcomes(
    account: &Provider,
    changes: &[Change],
    known: &[(&str, &str)],
    script: &[(&str, u16, &str)],
) -> Vec<String> {
    let known = known.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let (verdicts, _) = play(account, Job { known, ..job(changes.to_vec()) }, script);
    verdicts.iter().map(outcome_text).collect()
}

/// The learned values of an exchange, for the next job.
pub(crate) fn apply(learned: Learned) -> Known {
    let mut known = Known::new();
    for (key, value) in learned {
        match value {
            Some(value) => drop(known.insert(key, value)),
            None => drop(known.remove(&key)),
        }
    }
    known
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
