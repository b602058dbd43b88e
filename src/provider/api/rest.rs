//! What REST interfaces have in common: requests, JSON, and what a status means.

use std::time::Duration;

use serde_json::Value;

use super::Api;
use crate::provider::talk::Halt;
use crate::provider::{
    Answer, FailureKind, LONG_ANSWER, Method, Outcome, Request, Scope, Verdict, mask,
};
use crate::secret::Secret;

/// What a provider that limits requests without a time is given.
const PAUSE: Duration = Duration::from_secs(300);

/// One provider's interface and how we show who we are.
#[derive(Clone, Debug)]
pub struct Rest {
    title: &'static str,
    base: String,
    auth: Option<(String, Secret)>,
    headers: Vec<(&'static str, Secret)>,
    secrets: Vec<Secret>,
}

impl Rest {
    /// The interface of `api`, without credentials.
    pub fn new(api: &Api) -> Self {
        let base = api.base.to_owned();
        Self { title: api.title, base, auth: None, headers: vec![], secrets: vec![] }
    }

    /// At another place than usual.
    pub fn at(mut self, base: &str) -> Self {
        base.trim_end_matches('/').clone_into(&mut self.base);
        self
    }

    /// With `Authorization: <scheme> <token>`.
    pub fn token(self, scheme: &str, token: &Secret) -> Self {
        let value = Secret::new(format!("{scheme} {}", token.expose()));
        let mut rest = self.hiding(token);
        rest.headers.push(("Authorization", value));
        rest
    }

    /// With a header that holds a secret.
    pub fn header(self, name: &'static str, value: &Secret) -> Self {
        let mut rest = self.hiding(value);
        rest.headers.push((name, value.clone()));
        rest
    }

    /// With a header that holds no secret.
    pub fn plain_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, Secret::new(value)));
        self
    }

    /// With HTTP Basic credentials (RFC 7617).
    pub fn basic(self, user: &str, password: &Secret) -> Self {
        let mut rest = self.hiding(password);
        rest.auth = Some((user.to_owned(), password.clone()));
        rest
    }

    /// `secret` is part of requests and must not be shown.
    pub fn hiding(mut self, secret: &Secret) -> Self {
        self.secrets.push(secret.clone());
        self
    }

    /// A request without a body; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", self.base);
        Request {
            method,
            shown: format!("{} {}", method.name(), mask::hide(&url, &self.secrets)),
            url: Secret::new(url),
            auth: self.auth.clone(),
            headers: self.headers.clone(),
            body: None,
            secrets: self.secrets.clone(),
            answer_limit: LONG_ANSWER,
        }
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::Get, path)
    }

    /// A request with a JSON body.
    pub fn json(&self, method: Method, path: &str, body: &Value) -> Request {
        self.body(method, path, "application/json", body.to_string())
    }

    /// A request with a body of this type.
    pub fn body(&self, method: Method, path: &str, kind: &str, body: String) -> Request {
        let mut request = self.request(method, path);
        request.headers.push(("Content-Type", Secret::new(kind)));
        request.body = Some(Secret::new(body));
        request
    }

    /// Ends the conversation because of an `answer` that is no success; `said` is the provider's own
    /// explanation in it.
    pub fn refuse(&self, answer: &Answer, said: &str) -> Halt {
        Halt::End(self.verdict(answer, said))
    }

    /// What an `answer` that is no success means; `said` is the provider's own explanation in it.
    pub fn verdict(&self, answer: &Answer, said: &str) -> Verdict {
        let title = self.title;
        let status = answer.status;
        let said = mask::mask(said, &self.secrets);
        let said = if said.is_empty() {
            format!("HTTP {status}")
        } else {
            format!("{said} (HTTP {status})")
        };
        let retry =
            |reason: String, after| Outcome::Retry { reason, after, kind: FailureKind::Other };
        let (outcome, scope) = match status {
            401 => {
                let reason = format!("{title} does not accept the credentials: {said}");
                (refused(reason, "correct 'username' and 'password'"), Scope::Account)
            }
            403 => {
                let reason = format!("{title} does not allow it: {said}");
                (
                    refused(reason, "give the token write access to the zone's records"),
                    Scope::Account,
                )
            }
            429 => {
                let after = answer.retry_after.unwrap_or(PAUSE);
                (retry(format!("{title} limits requests: {said}"), Some(after)), Scope::Account)
            }
            400..=499 => {
                let reason = format!("{title} refuses the request: {said}");
                (refused(reason, "correct the section's options"), Scope::Record)
            }
            _ => {
                let reason = format!("{title} has a problem: {said}");
                (retry(reason, answer.retry_after), Scope::Account)
            }
        };
        Verdict { outcome, scope }
    }

    /// Ends the conversation because an answer that looks like success does not say what it should.
    pub fn confused(&self, answer: &Answer) -> Halt {
        let shown = mask::mask(&answer.body, &self.secrets);
        let reason = format!("the answer of {} is not understood: {shown}", self.title);
        let kind = FailureKind::Other;
        Halt::End(Verdict::record(Outcome::Retry { reason, after: None, kind }))
    }
}

/// A refusal.
pub fn refused(reason: String, advice: &str) -> Outcome {
    Outcome::Refused { reason, advice: advice.into() }
}

/// The body as JSON; `null` if it is none.
pub fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// The string at `pointer` (RFC 6901); empty if there is none.
pub fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of the array at `pointer`; none if there is none.
pub fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
