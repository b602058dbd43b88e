//! One exchange from its first step to its verdicts. Pure but for the carrier that it is given.

use std::time::Duration;

use crate::engine::event::{Finished, JobId};
use crate::provider::mask::{hide, mask};
use crate::provider::{
    Answer, Exchange, Failure, FailureKind, Learned, Outcome, Query, Request, Step, Verdict,
};

use crate::model::secret::Secret;

/// Most requests of a job without those for single changes.
const STEPS: usize = 64;
/// How many more are allowed for each change.
const STEPS_PER_CHANGE: usize = 4;

/// Carries what an exchange sends, and waits for the reply.
pub(super) trait Carrier {
    /// Sends a request over HTTP.
    fn send(&mut self, request: &Request) -> Result<Answer, Failure>;
    /// Sends a query over DNS.
    fn ask(&mut self, query: &Query) -> Result<Answer, Failure>;
    /// When the first bytes of the last request or query left, since boot; `None` if none left.
    fn sent_at(&self) -> Option<Duration>;
    /// Secrets of the proxy, which the exchange does not know and an answer may repeat.
    fn secrets(&self) -> Vec<Secret>;
}

/// Drives `exchange`, which answers for `changes` changes, to its end.
pub(super) fn drive(
    job: JobId,
    changes: usize,
    exchange: &mut dyn Exchange,
    carrier: &mut dyn Carrier,
) -> Finished {
    let secrets = carrier.secrets();
    let mut finished = unsent(job, vec![]);
    let mut step = exchange.start();
    for _ in 0..STEPS + STEPS_PER_CHANGE * changes {
        let (reply, shown) = match step {
            Step::Send(request) => {
                let reply = carrier.send(&request);
                let shown = describe(&reply, request.answer_secret);
                finished.answer = mask(&shown, &[&request.secrets, &*secrets].concat());
                (reply, request.shown)
            }
            Step::Ask(query) => {
                let reply = carrier.ask(&query);
                finished.answer = mask(&describe(&reply, false), &[]);
                (reply, query.shown)
            }
            Step::Done(verdicts) => {
                finished.verdicts = one_per_change(verdicts, changes);
                hide_secrets(&mut finished.verdicts, &secrets);
                finished.learned = exchange.learned();
                return finished;
            }
        };
        if let Some(at) = carrier.sent_at() {
            finished.requests += 1;
            finished.sent_at.get_or_insert(at);
        }
        finished.request = shown;
        step = exchange.step(reply);
    }
    let outcome = Outcome::Retry {
        reason: format!("no result after {} requests", finished.requests),
        after: None,
        kind: FailureKind::Other,
    };
    finished.verdicts = vec![outcome.into(); changes];
    finished
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
        learned: Learned::new(),
        request: String::new(),
        answer: String::new(),
    }
}

/// `verdicts` cut or extended to one per change, which is what the engine expects.
fn one_per_change(mut verdicts: Vec<Verdict>, changes: usize) -> Vec<Verdict> {
    let unknown = Outcome::Unconfirmed { reason: "the result is not known".into() };
    verdicts.resize(changes, unknown.into());
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Url;
    use crate::provider::exchange;
    use crate::provider::testing::{account, change, job};

    /// Sends `requests` requests, then ends with `done`.
    struct Talk {
        requests: usize,
        done: Vec<Outcome>,
    }

    impl Talk {
        fn next(&mut self) -> Step {
            if self.requests == 0 {
                return Step::Done(self.done.iter().cloned().map(Verdict::record).collect());
            }
            self.requests -= 1;
            let url = Url::http("h.example/?s3cret");
            let shown = format!("GET http://h.example/?*** ({} left)", self.requests);
            Step::Send(Request::get(url, shown, vec![Secret::new("s3cret")]))
        }
    }

    impl Exchange for Talk {
        fn start(&mut self) -> Step {
            self.next()
        }

        fn step(&mut self, _: Result<Answer, Failure>) -> Step {
            self.next()
        }
    }

    fn outcomes(finished: &Finished) -> Vec<Outcome> {
        finished.verdicts.iter().map(|verdict| verdict.outcome.clone()).collect()
    }

    fn talk(
        requests: usize,
        done: Vec<Outcome>,
        send: impl FnMut(&Request) -> Result<Answer, Failure>,
    ) -> Finished {
        drive(3, 2, &mut Talk { requests, done }, &mut Http(send, None))
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

        fn sent_at(&self) -> Option<Duration> {
            self.1
        }

        fn secrets(&self) -> Vec<Secret> {
            ["bob", "pr0xy-pa55", "Ym9iOnByMHh5LXBhNTU="].map(Secret::new).to_vec()
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
        let both = vec![Outcome::Updated, Outcome::Unchanged];
        let finished = talk(2, both.clone(), good);
        assert_eq!(finished.job, 3);
        assert_eq!(outcomes(&finished), both);
        assert_eq!(finished.sent_at, Some(Duration::from_secs(7)));
        assert_eq!(finished.request, "GET http://h.example/?*** (0 left)");
        assert_eq!(finished.answer, "HTTP 200: good ***");
    }

    #[test]
    fn secrets_of_the_proxy_are_masked_in_answers_and_reasons() {
        let retry = Outcome::Retry {
            reason: "the answer is not understood: \"pr0xy-pa55 Ym9iOnByMHh5LXBh…\"".into(),
            after: None,
            kind: FailureKind::Other,
        };
        let echo = |_: &Request| {
            Ok(Answer {
                status: 502,
                body: "bob:pr0xy-pa55, Basic Ym9iOnByMHh5LXBhNTU=".into(),
                ..Answer::default()
            })
        };
        let finished = talk(1, vec![retry; 2], echo);
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
            let mut exchange = exchange(&account, job(vec![home]));
            let finished = drive(3, 1, exchange.as_mut(), &mut Http(answers, None));
            let all = format!("{finished:?}");
            assert!(finished.answer.starts_with("HTTP 200") && !all.contains("t0ken"), "{all}");
        }
    }

    #[test]
    fn a_request_that_never_left_has_no_time() {
        let finished = talk(1, vec![], |_| failed(false));
        assert_eq!((finished.sent_at, finished.requests), (None, 0));
        assert!(talk(1, vec![], |_| failed(true)).sent_at.is_some());
        let finished = talk(0, vec![], good);
        assert_eq!((finished.sent_at, finished.request.as_str()), (None, ""));
    }

    #[test]
    fn an_exchange_without_end_is_stopped() {
        let mut count = 0;
        let finished = talk(usize::MAX, vec![], |request| {
            count += 1;
            good(request)
        });
        assert_eq!(count, 64 + 4 * 2);
        assert!(matches!(outcomes(&finished)[..], [Outcome::Retry { .. }, Outcome::Retry { .. }]));
    }

    #[test]
    fn there_is_one_verdict_per_change() {
        let finished = talk(0, vec![Outcome::Updated], good);
        assert!(matches!(outcomes(&finished)[..], [Outcome::Updated, Outcome::Unconfirmed { .. }]));
        assert_eq!(talk(0, vec![Outcome::Updated; 3], good).verdicts.len(), 2);
    }
}
