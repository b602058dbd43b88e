//! A provider's server: its interface, and what happens to requests.

use serde_json::{Value, json};

use super::call::Call;
use super::zone::{Entry, Refusal, Zone};
use crate::provider::testing::account;
use crate::provider::{Account, Answer, Carrier, Failure, FailureKind, Provider, Query, Request};
use crate::time::Duration;

/// The status and the body of an answer to a request that was carried out.
pub(super) type Reply = Result<(u16, String), Refusal>;

/// An answer in JSON.
pub(super) fn ok(body: Value) -> Reply {
    Ok((200, body.to_string()))
}

/// An answer in JSON with the status 201 (Created).
pub(super) fn created(body: Value) -> Reply {
    Ok((201, body.to_string()))
}

/// An answer without a body.
pub(super) fn no_content() -> Reply {
    Ok((204, String::new()))
}

/// A provider, as its documentation describes it.
#[derive(Clone, Copy)]
pub(super) struct Service {
    /// The `service_name`.
    pub(super) name: &'static str,
    /// Fills the options in, if the user name `me` and the password `hunter2` are not enough.
    pub(super) options: fn(&mut Account),
    /// Answers a request.
    pub(super) answer: fn(&mut Zone, &Call) -> Reply,
    /// The status and the body of a refusal.
    pub(super) refuse: fn(Refusal) -> (u16, Value),
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Service {
    /// A provider that refuses by the HTTP status.
    pub(super) const fn new(
        name: &'static str,
        answer: fn(&mut Zone, &Call) -> Reply,
        refuse: fn(Refusal) -> (u16, Value),
    ) -> Self {
        Self { name, options: |_| {}, answer, refuse }
    }

    pub(super) const fn with(self, options: fn(&mut Account)) -> Self {
        Self { options, ..self }
    }

    /// The account of the tests.
    pub(super) fn account(&self) -> Provider {
        account(self.name).with(self.options)
    }
}

/// The status that most interfaces refuse with.
pub(super) fn status_of(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::Bad | Refusal::Alias => 422,
        Refusal::Exists => 409,
        Refusal::NotFound => 404,
        Refusal::Credentials => 401,
        Refusal::Limited => 429,
        Refusal::Server(status) => status,
    }
}

/// A refusal as most interfaces have it.
pub(super) fn http(refusal: Refusal) -> (u16, Value) {
    (status_of(refusal), json!({"message": format!("{refusal:?}")}))
}

/// The same with the status 400 (Bad Request).
pub(super) fn http_400(refusal: Refusal) -> (u16, Value) {
    match http(refusal) {
        (409 | 422, body) => (400, body),
        other => other,
    }
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The server answers with this status and changes nothing.
    Status(u16),
    /// The request does not arrive.
    LostBefore,
    /// The request is carried out, and then the server answers with this status.
    StatusAfter(u16),
    /// The request is carried out, and its answer is lost.
    LostAfter,
    /// The request is carried out, and the second half of its answer is missing.
    Cut,
    /// The server limits requests, and says for how many seconds, unless that is 0.
    Limited(u64),
}

/// A limit of requests.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    /// How many requests may come at once.
    pub(super) burst: usize,
    /// In which time.
    pub(super) after: Duration,
}

/// The server of a provider.
pub(super) struct Server {
    pub(super) service: Service,
    pub(super) zone: Zone,
    /// The records of others.
    pub(super) others: Vec<Entry>,
    /// What happens to the first requests. Nothing happens to further ones.
    pub(super) faults: Vec<Fault>,
    pub(super) limit: Option<Limit>,
    /// Whether the server does not know the credentials any more.
    pub(super) is_locked: bool,
    /// How many requests came.
    pub(super) requests: usize,
    /// The time, and when requests came that the limit did not refuse.
    clock: Duration,
    times: Vec<Duration>,
    /// How many changed a record, or would have.
    pub(super) writes: usize,
    /// Whether the answer to a request was lost that changed a record, or would have.
    pub(super) has_lost_write: bool,
}

impl Server {
    pub(super) fn new(service: Service) -> Self {
        let zone = Zone::new();
        Self {
            service,
            others: zone.of_others(),
            zone,
            faults: Vec::new(),
            limit: None,
            is_locked: false,
            requests: 0,
            clock: Duration::ZERO,
            times: Vec::new(),
            writes: 0,
            has_lost_write: false,
        }
    }

    /// Adds records of others, and `zones` other zones, so that lists have several pages.
    pub(super) fn enlarge(&mut self, zones: usize) {
        self.zone.enlarge(zones);
        self.others = self.zone.of_others();
    }

    /// Some time goes by.
    pub(super) fn pass(&mut self, time: Duration) {
        self.clock += time;
    }

    /// Whether the limit refuses a request now.
    fn is_limited(&mut self) -> bool {
        let Some(Limit { burst, after }) = self.limit else { return false };
        let now = self.clock;
        self.times.retain(|time| now < *time + after);
        if self.times.len() >= burst {
            return true;
        }
        self.times.push(now);
        false
    }

    fn refusal(&self, refusal: Refusal, after: Option<Duration>) -> Answer {
        let (status, body) = (self.service.refuse)(refusal);
        let body = match body {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Answer { status, body, retry_after: after, ..Answer::default() }
    }

    /// The answer to a request that arrives.
    fn answer(&mut self, request: &Request) -> Answer {
        if self.is_locked {
            return self.refusal(Refusal::Credentials, None);
        }
        let before = self.zone.entries.clone();
        let reply = (self.service.answer)(&mut self.zone, &Call::of(request));
        self.writes += usize::from(self.zone.entries != before);
        match reply {
            Ok((status, body)) => Answer { status, body, ..Answer::default() },
            Err(refusal) => self.refusal(refusal, None),
        }
    }
}

impl Carrier for Server {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        let fault = self.faults.get(self.requests).copied().unwrap_or(Fault::None);
        self.requests += 1;
        let lost = |sent| Failure { kind: FailureKind::Other, sent, text: "lost".into() };
        if self.is_limited() {
            return Ok(self.refusal(Refusal::Limited, self.limit.map(|limit| limit.after)));
        }
        match fault {
            Fault::Status(status) => return Ok(Answer { status, ..Answer::default() }),
            Fault::LostBefore => return Err(lost(false)),
            Fault::Limited(0) => return Ok(self.refusal(Refusal::Limited, None)),
            Fault::Limited(seconds) => {
                return Ok(self.refusal(Refusal::Limited, Some(Duration::from_secs(seconds))));
            }
            Fault::None | Fault::StatusAfter(_) | Fault::LostAfter | Fault::Cut => {}
        }
        let before = self.zone.clone();
        let mut answer = self.answer(request);
        match fault {
            Fault::LostAfter => {
                let is_same =
                    |now: &Zone| now.entries == before.entries && now.published == before.published;
                self.has_lost_write |= !is_same(&self.zone);
                return Err(lost(true));
            }
            Fault::StatusAfter(status) => return Ok(Answer { status, ..Answer::default() }),
            _ => {}
        }
        let limit = usize::try_from(request.answer_limit).unwrap();
        let is_list = answer.body.starts_with(['{', '[', '<']);
        let limit = if fault == Fault::Cut && is_list { answer.body.len() / 2 } else { limit };
        if answer.body.len() > limit {
            answer.body.truncate(answer.body.floor_char_boundary(limit));
            answer.cut = true;
        }
        Ok(answer)
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        panic!("{query:?}");
    }

    fn wait(&mut self, time: Duration) {
        self.pass(time);
    }
}
