//! What REST interfaces have in common: requests, JSON, and what a status means.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Api, Need};
use crate::model::Credentials;
use crate::model::secret::Secret;
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{
    Answer, FailureKind, LONG_ANSWER, Method, Outcome, Request, Scope, Verdict, mask, page,
};

/// What to do where a zone is not there.
pub(super) const NO_ZONE: &str = "correct 'domain' or 'zone', or let the token see the zone";

/// What a provider that limits requests without a time is given.
const PAUSE: Duration = Duration::from_secs(300);
/// Pages that are read of a list.
const PAGES: usize = 40;

/// One provider's interface and how we show who we are.
#[derive(Clone, Debug)]
pub struct Rest {
    title: &'static str,
    base: String,
    auth: Option<Credentials>,
    headers: Vec<(&'static str, Secret)>,
    secrets: Vec<Secret>,
    needs: &'static [Need],
    judge: Judge,
    pause: Duration,
    private: bool,
}

/// What the status and body of an answer mean: the status that says it better, and advice that is
/// better than the usual, if that is not empty. Status 0 is an answer that cannot be understood.
pub type Judge = fn(u16, &Value) -> (u16, &'static str);

impl Rest {
    /// The interface of `api`, without credentials.
    pub fn new(api: &Api) -> Self {
        Self {
            title: api.title,
            base: api.base.to_owned(),
            auth: None,
            headers: vec![],
            secrets: vec![],
            needs: api.needs,
            judge: |status, _| (status, ""),
            pause: PAUSE,
            private: false,
        }
    }

    /// Of a provider whose statuses do not say all.
    pub fn judging(mut self, judge: Judge) -> Self {
        self.judge = judge;
        self
    }

    /// Of a provider that does not say how long its limits last, which is this long.
    pub fn pausing(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// For requests whose answers are secrets themselves.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
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
        rest.auth = Some(Credentials { user: user.to_owned(), password: password.clone() });
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
            family: None,
            secrets: self.secrets.clone(),
            answer_limit: LONG_ANSWER,
            answer_secret: self.private,
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

    /// The JSON of an `answer` that is a success; `null` if it has no body.
    ///
    /// # Errors
    /// What any other answer means, with the provider's own explanation in it.
    pub fn value(&self, answer: &Answer) -> Talked<Value> {
        let body = body(answer);
        let (status, advice) = (self.judge)(answer.status, &body);
        match status {
            200..=299 if !body.is_null() || answer.body.trim().is_empty() => Ok(body),
            0 | 200..=299 => Err(self.confused(answer)),
            _ => {
                // GoDaddy says it there.
                let seconds = body.get("retryAfterSec").and_then(Value::as_u64);
                let after = answer.retry_after.or(seconds.map(Duration::from_secs));
                let answer = Answer { retry_after: after, ..answer.clone() };
                Err(Halt::End(self.judged(&answer, status, said(&body), advice)))
            }
        }
    }

    /// The JSON of the answer to `request`.
    ///
    /// # Errors
    /// While there is none, and as [`Self::value`].
    pub fn ask(&self, talk: &mut Talk<'_>, request: Request) -> Talked<Value> {
        let answer = talk.send(request)?;
        self.value(answer)
    }

    /// The elements of the array `at` in the answer to `request`.
    ///
    /// # Errors
    /// While there is none, as [`Self::value`], and if there is no such array.
    pub fn elements(&self, talk: &mut Talk<'_>, request: Request, at: &str) -> Talked<Vec<Value>> {
        let answer = talk.send(request)?;
        self.elements_of(answer, at)
    }

    /// The elements of the array `at` in an `answer`.
    ///
    /// # Errors
    /// As [`Self::value`], and if there is no such array.
    pub fn elements_of(&self, answer: &Answer, at: &str) -> Talked<Vec<Value>> {
        let mut value = self.value(answer)?;
        match value.pointer_mut(at).map(Value::take) {
            Some(Value::Array(elements)) => Ok(elements),
            _ => Err(self.confused(answer)),
        }
    }

    /// What there is under `path`, if there is something.
    ///
    /// # Errors
    /// As [`Self::ask`], but for status 404.
    pub fn look(&self, talk: &mut Talk<'_>, path: &str) -> Talked<Value> {
        let answer = talk.send(self.get(path))?;
        if answer.status == 404 { Ok(Value::Null) } else { self.value(answer) }
    }

    /// All elements of the arrays `at` in the pages of a list; `path` ends where the number of the
    /// page belongs, and a page has `size` of them.
    ///
    /// # Errors
    /// As [`Self::elements`].
    pub fn pages(
        &self,
        talk: &mut Talk<'_>,
        path: &str,
        at: &str,
        size: usize,
    ) -> Talked<Vec<Value>> {
        paged(size, &mut |page, _| self.elements(talk, self.get(&format!("{path}{page}")), at))
    }

    /// Ends the conversation because of an `answer` that is no success; `said` is the provider's own
    /// explanation in it.
    pub fn refuse(&self, answer: &Answer, said: &str) -> Halt {
        Halt::End(self.verdict(answer, said))
    }

    /// What an `answer` that is no success means; `said` is the provider's own explanation in it.
    pub fn verdict(&self, answer: &Answer, said: &str) -> Verdict {
        self.judged(answer, answer.status, said, "")
    }

    /// The same for an answer that means `status`, with `advice` where the usual is not good enough.
    pub fn judged(&self, answer: &Answer, status: u16, said: &str, advice: &str) -> Verdict {
        let shown = answer.status;
        let said = mask::mask(said, &self.secrets);
        let open = if said.is_empty() { "" } else { " (" };
        let close = if said.is_empty() { "" } else { ")" };
        let reason = |what: &str| format!("{}{what}: {said}{open}HTTP {shown}{close}", self.title);
        let retry =
            |what, after| Outcome::Retry { reason: reason(what), after, kind: FailureKind::Other };
        let refused = |what, usual: String| Outcome::Refused {
            reason: reason(what),
            advice: if advice.is_empty() { usual } else { advice.into() },
        };
        let account = |outcome| Verdict { outcome, scope: Scope::Account };
        match status {
            // The interface refuses in its own words; pages come from what stands before it.
            _ if answer.status == 403 && page::is_page(&answer.body) => account(retry(
                " is behind a web page that forbids access, perhaps of a firewall",
                answer.retry_after,
            )),
            401 => account(refused(" does not accept the credentials", self.advice())),
            // It may be allowed in another zone.
            403 => Verdict::record(refused(" does not allow the request", self.advice())),
            429 => {
                let after = answer.retry_after.unwrap_or(self.pause);
                account(retry(" limits requests", Some(after)))
            }
            // Too slow, locked, too early.
            408 | 423 | 425 => account(retry(" has a problem", answer.retry_after)),
            404 => {
                Verdict::record(refused(" does not know the zone or the record", NO_ZONE.into()))
            }
            400..=499 => {
                Verdict::record(refused(" refuses the request", "correct the options".into()))
            }
            _ => account(retry(" has a problem", answer.retry_after)),
        }
    }

    /// What the credentials must be.
    fn advice(&self) -> String {
        let mut advice = String::new();
        for need in self.needs {
            let and = if advice.is_empty() { "'" } else { ", and '" };
            for part in [and, need.option, "' must hold ", need.holds] {
                advice.push_str(part);
            }
        }
        advice
    }

    /// Ends the conversation because an answer that looks like success does not say what it should.
    pub fn confused(&self, answer: &Answer) -> Halt {
        let is_page = page::is_page(&answer.body);
        let what = if answer.cut {
            "sends more than can be read at once"
        } else if is_page {
            "sends a web page, perhaps of a captive portal"
        } else {
            "sends what is not understood"
        };
        if self.private {
            return self.again(what, "");
        }
        if !is_page {
            return self.again(what, &answer.body);
        }
        // A secret that tags divide can only be found before the tags are gone.
        self.again(what, &page::text(&mask::hide(&answer.body, &self.secrets)))
    }

    /// Ends the conversation because the provider's clock and ours differ too much for a signature.
    pub fn clock(&self, said: &str) -> Halt {
        let said = mask::mask(said, &self.secrets);
        Halt::End(Verdict::clock_behind(format!("{} finds the clock wrong: {said}", self.title)))
    }

    /// Ends the conversation because what was accepted was not done; `said` is why.
    pub fn undone(&self, said: &str) -> Halt {
        self.again("took the request, but has not changed the record", said)
    }

    fn again(&self, what: &str, said: &str) -> Halt {
        let said = mask::mask(said, &self.secrets);
        let colon = if said.is_empty() { "" } else { ": " };
        let reason = format!("{} {what}{colon}{said}", self.title);
        let kind = FailureKind::Other;
        Halt::End(Verdict::record(Outcome::Retry { reason, after: None, kind }))
    }
}

/// See [`paged`].
type Pages<'p> = dyn FnMut(usize, &[Value]) -> Talked<Vec<Value>> + 'p;

/// All elements of the pages of a list; a page has `size` of them. `page` gets one by its number, and
/// is told what came before.
///
/// # Errors
/// As `page`.
pub fn paged(size: usize, page: &mut Pages<'_>) -> Talked<Vec<Value>> {
    let mut all = Vec::new();
    for number in 1..=PAGES {
        let mut here = page(number, &all)?;
        let last = here.len() < size;
        all.append(&mut here);
        if last {
            break;
        }
    }
    Ok(all)
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

/// An object of these members, whose values are taken. Smaller than what `json!` makes of it.
pub fn object(members: &mut [(&str, Value)]) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert((*name).to_owned(), value.take());
    }
    object.into()
}

/// A copy of the member `name`; `null` if there is none.
pub fn member(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

/// An id, which may be a string or a number; empty if it is neither.
pub fn id(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// An id as the interface had it: a number, if it looks like one.
pub fn id_value(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Value::from)
}

/// Where interfaces explain what is wrong, the most precise first.
const EXPLANATIONS: [&str; 14] = [
    "/errors/0/error_chain/0/message",
    "/errors/0/message",
    "/errors/0/reason",
    "/errors/0/description",
    "/fields/0/message",
    "/errors",
    "/longmessage",
    "/Response/Error/Message",
    "/Message",
    "/message",
    "/error",
    "/detail",
    "/0/message",
    "",
];

/// The provider's explanation in the body of an error; empty if there is none.
pub fn said(body: &Value) -> &str {
    EXPLANATIONS.iter().find_map(|at| sentence(body.pointer(at)?)).unwrap_or_default()
}

/// The first string in `value`, preferring what is called a message.
fn sentence(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => (!text.is_empty()).then_some(text),
        Value::Array(elements) => elements.iter().find_map(sentence),
        Value::Object(members) => {
            members.get("message").into_iter().chain(members.values()).find_map(sentence)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn explanations_are_found_where_interfaces_have_them() {
        for (body, expected) in [
            (
                json!({"id": "unauthorized", "message": "Unable to authenticate you"}),
                "Unable to authenticate you",
            ),
            (json!({"errors": [{"reason": "Invalid Token", "field": "x"}]}), "Invalid Token"),
            (
                json!({"error": {"code": "not_found", "message": "zone not found"}}),
                "zone not found",
            ),
            (json!({"error": "Invalid API token.", "status": 401}), "Invalid API token."),
            (json!([{"code": "UNAUTHORIZED", "message": "not authorized"}]), "not authorized"),
            (json!([{"code": "INTERNAL_SERVER_ERROR"}]), "INTERNAL_SERVER_ERROR"),
            (
                json!([{}, {"ttl": ["Ensure this value is greater than or equal to 3600."]}]),
                "Ensure this value is greater than or equal to 3600.",
            ),
            (json!({"message": "Validation failed", "errors": {"content": ["is bad"]}}), "is bad"),
            (
                json!({"code": "INVALID_BODY", "message": "see fields", "fields": [{"message": "ttl is below 600"}]}),
                "ttl is below 600",
            ),
            (
                json!({"errors": [{"description": "300 at least", "name": "rrset_ttl"}], "status": "error"}),
                "300 at least",
            ),
            (json!(null), ""),
            (json!(7), ""),
        ] {
            assert_eq!(said(&body), expected, "{body}");
        }
    }
}
