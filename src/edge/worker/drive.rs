//! Publishes one job over a carrier, and records the requests for the engine.

use crate::engine::event::{Finished, JobId};
use crate::model::secret::Secret;
use crate::provider::mask::{hide, mask};
use crate::provider::{
    self, Answer, Carrier, Failure, FailureKind, Job, LearnedChanges, Outcome, Provider, Query,
    Request, Verdict,
};
use crate::time::Duration;

/// Most requests of a job without those for single changes. What a provider answers decides what is sent
/// next, and no answer may make a job go on for ever.
const REQUESTS: usize = 64;
/// How many more are allowed for each change.
const REQUESTS_PER_CHANGE: usize = 4;

/// A carrier that notes the time of its requests.
pub(super) trait TimedCarrier: Carrier {
    /// When the first bytes of the last request or query left, since boot; `None` if none left.
    fn sent_at(&self) -> Option<Duration>;
}

/// Publishes `job` over `carrier`. The `secrets` are those of the proxy, which the provider's code does
/// not know and an answer may repeat.
pub(super) fn publish(
    id: JobId,
    provider: &Provider,
    job: &Job,
    carrier: &mut dyn TimedCarrier,
    secrets: &[Secret],
) -> Finished {
    let left = REQUESTS + REQUESTS_PER_CHANGE * job.changes.len();
    let mut recorder = Recorder { carrier, secrets, left, finished: unsent(id, vec![]) };
    let published = provider::publish(provider, job, &mut recorder);
    let mut finished = recorder.finished;
    finished.verdicts = published.verdicts;
    finished.learned = published.learned;
    hide_secrets(&mut finished.verdicts, secrets);
    finished
}

/// Records requests and answers, and fails those beyond the limit.
struct Recorder<'a> {
    carrier: &'a mut dyn TimedCarrier,
    secrets: &'a [Secret],
    /// How many further requests are allowed.
    left: usize,
    finished: Finished,
}

impl Recorder<'_> {
    /// # Errors
    /// If the limit is reached.
    fn take_one(&mut self) -> Result<(), Failure> {
        if self.left == 0 {
            let text = format!("no result after {} requests", self.finished.requests);
            return Err(Failure { kind: FailureKind::Other, sent: false, text });
        }
        self.left -= 1;
        Ok(())
    }

    fn record(&mut self, request: &str, answer: String) {
        if let Some(at) = self.carrier.sent_at() {
            self.finished.requests += 1;
            self.finished.sent_at.get_or_insert(at);
        }
        self.finished.request = request.to_owned();
        self.finished.answer = answer;
    }
}

impl Carrier for Recorder<'_> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.take_one()?;
        let reply = self.carrier.send(request);
        let shown = describe(&reply, request.answer_secret);
        let secrets = [&request.secrets, self.secrets].concat();
        self.record(&request.shown, mask(&shown, &secrets));
        reply
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        self.take_one()?;
        let reply = self.carrier.ask(query);
        self.record(&query.shown, mask(&describe(&reply, false), &[]));
        reply
    }

    fn wait(&mut self, time: Duration) {
        self.carrier.wait(time);
    }
}

/// Hides `secrets` in the reasons of `verdicts`.
fn hide_secrets(verdicts: &mut [Verdict], secrets: &[Secret]) {
    if secrets.is_empty() {
        return;
    }
    for verdict in verdicts {
        match &mut verdict.outcome {
            Outcome::Retry { reason, .. }
            | Outcome::Unconfirmed { reason }
            | Outcome::Refused { reason, .. } => *reason = hide(reason, secrets),
            Outcome::Updated | Outcome::Unchanged => {}
        }
    }
}

/// A reply for people, who may see it after it is masked. Of a `secret` answer only the status remains.
fn describe(reply: &Result<Answer, Failure>, secret: bool) -> String {
    match reply {
        Ok(Answer { status, .. }) if secret => format!("HTTP {status}"),
        Ok(Answer { status, body, message, .. }) => match message.get(3) {
            Some(flags) => format!("DNS response code {}", flags & 0xf),
            None => format!("HTTP {status}: {body}"),
        },
        Err(failure) => failure.text.clone(),
    }
}

/// The result of a job that sent no request.
pub(super) fn unsent(job: JobId, verdicts: Vec<Verdict>) -> Finished {
    Finished {
        job,
        verdicts,
        sent_at: None,
        requests: 0,
        learned: LearnedChanges::new(),
        request: String::new(),
        answer: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixture;
    use crate::model::Url;
    use crate::provider::api::{self, Api, Publishing};
    use crate::provider::conversation::{ApiResult, Conversation, Publish};
    use crate::provider::testing::{account, change, job};
    use crate::provider::{Mechanism, Scope};

    fn request() -> Request {
        let shown = "GET http://h.example/?***".into();
        Request::get(Url::http("h.example/?s3cret"), shown, vec![Secret::new("s3cret")])
    }

    /// An interface that sends two requests, the first for its first change.
    fn two_requests(talk: &mut Conversation<'_>) -> ApiResult<()> {
        talk.send(&request())?;
        talk.settle(0, Outcome::Updated.into());
        talk.send(&request())?;
        Ok(())
    }

    fn endless(talk: &mut Conversation<'_>) -> ApiResult<()> {
        talk.settle(0, Outcome::Updated.into());
        loop {
            talk.send(&request())?;
        }
    }

    fn not_understood(talk: &mut Conversation<'_>) -> ApiResult<()> {
        talk.send(&request())?;
        let reason = "the answer is not understood: \"pr0xy-pa55 Ym9iOnByMHh5LXBh…\"".into();
        Err(Outcome::Retry { reason, after: None, kind: FailureKind::Other }.into())
    }

    fn outcomes(finished: &Finished) -> Vec<Outcome> {
        finished.verdicts.iter().map(|verdict| verdict.outcome.clone()).collect()
    }

    /// Publishes two changes at an interface.
    fn talk(publish: Publish, send: impl FnMut(&Request) -> Result<Answer, Failure>) -> Finished {
        let publish = Publishing::CodeTogether(publish);
        let api = Api { publish, ..*api::find("gandi").unwrap() };
        let mechanism = Mechanism::Api(Box::leak(Box::new(api)));
        let provider = Provider { mechanism, ..fixture::provider() };
        let both = job(["a", "b"].map(|host| change(host, "192.0.2.1")).to_vec());
        super::publish(3, &provider, &both, &mut Http(send, None), &secrets())
    }

    fn secrets() -> Vec<Secret> {
        ["bob", "pr0xy-pa55", "Ym9iOnByMHh5LXBhNTU="].map(Secret::new).to_vec()
    }

    struct Http<F>(F, Option<Duration>);

    impl<F: FnMut(&Request) -> Result<Answer, Failure>> Carrier for Http<F> {
        fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
            let reply = self.0(request);
            let left = reply.as_ref().map_or_else(|failure| failure.sent, |_| true);
            self.1 = left.then_some(Duration::from_secs(7));
            reply
        }

        fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
            panic!("{query:?}");
        }

        fn wait(&mut self, _: Duration) {}
    }

    impl<F: FnMut(&Request) -> Result<Answer, Failure>> TimedCarrier for Http<F> {
        fn sent_at(&self) -> Option<Duration> {
            self.1
        }
    }

    fn good(_: &Request) -> Result<Answer, Failure> {
        Ok(Answer { status: 200, body: "good\r\n s3cret".into(), ..Answer::default() })
    }

    fn failed(sent: bool) -> Result<Answer, Failure> {
        Err(Failure {
            kind: FailureKind::Other,
            sent,
            text: "h.example: connection refused".into(),
        })
    }

    #[test]
    fn the_last_request_and_answer_are_kept_without_secrets() {
        let finished = talk(two_requests, good);
        assert_eq!(finished.job, 3);
        assert!(matches!(outcomes(&finished)[..], [Outcome::Updated, Outcome::Retry { .. }]));
        assert_eq!((finished.sent_at, finished.requests), (Some(Duration::from_secs(7)), 2));
        assert_eq!(finished.request, "GET http://h.example/?***");
        assert_eq!(finished.answer, "HTTP 200: good ***");
    }

    #[test]
    fn secrets_of_the_proxy_are_masked_in_answers_and_reasons() {
        let echo = |_: &Request| {
            Ok(Answer {
                status: 502,
                body: "bob:pr0xy-pa55, Basic Ym9iOnByMHh5LXBhNTU=".into(),
                ..Answer::default()
            })
        };
        let finished = talk(not_understood, echo);
        assert_eq!(finished.answer, "HTTP 502: ***:***, Basic ***");
        let Outcome::Retry { reason, .. } = &finished.verdicts[1].outcome else { panic!() };
        assert_eq!(reason, "the answer is not understood: \"*** ***…\"");
    }

    #[test]
    fn a_secret_answer_shows_only_its_status() {
        let key = include_str!("../../../tests/data/rfc7515.pem");
        let google = account("google").with(|account| {
            account.password = Secret::new(key);
            account.param_enc = Secret::new("project=p");
        });
        let token = r#"{"access_token":"t0ken"}"#;
        let session =
            r#"{"status":"success","statuscode":2000,"responsedata":{"apisessionid":"t0ken"}}"#;
        for (account, body) in [
            (google, token),
            (account("netcup"), session),
            // Cut.
            (account("netcup"), r#"{"status":"success","responsedata":{"apisessionid":"t0ken"#),
        ] {
            let mut home = change("home.example.com", "192.0.2.9");
            home.record.zone = Some("example.org".into());
            let answers =
                |_: &Request| Ok(Answer { status: 200, body: body.into(), ..Answer::default() });
            let finished =
                super::publish(3, &account, &job(vec![home]), &mut Http(answers, None), &[]);
            let all = format!("{finished:?}");
            assert!(finished.answer.starts_with("HTTP 200") && !all.contains("t0ken"), "{all}");
        }
    }

    #[test]
    fn a_request_that_never_left_has_no_time() {
        let finished = talk(two_requests, |_| failed(false));
        assert_eq!((finished.sent_at, finished.requests), (None, 0));
        assert!(talk(two_requests, |_| failed(true)).sent_at.is_some());
        let finished = talk(|_| Ok(()), good);
        assert_eq!((finished.sent_at, finished.request.as_str()), (None, ""));
    }

    #[test]
    fn a_conversation_without_end_is_stopped_and_keeps_what_was_done() {
        let mut count = 0;
        let finished = talk(endless, |request| {
            count += 1;
            good(request)
        });
        assert_eq!(count, 64 + 4 * 2);
        let [updated, stopped] = &finished.verdicts[..] else { panic!() };
        assert_eq!((&updated.outcome, stopped.scope), (&Outcome::Updated, Scope::Account));
        let Outcome::Retry { reason, .. } = &stopped.outcome else { panic!("{stopped:?}") };
        assert_eq!(reason, "no result after 72 requests");
    }
}
