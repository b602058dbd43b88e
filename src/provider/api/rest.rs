//! Requests to REST interfaces, JSON in their answers, and the verdicts of failures.

use std::time::Duration;

use super::Api;
use super::call::Values;
use super::interface::Interface;
use super::meaning::{Codes, Meaning, Success};
use crate::model::json::Json;
use crate::model::secret::Secret;
use crate::model::{Credentials, Url};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Account, Answer, LONG_ANSWER, Method, Request, Scope, Verdict, mask, page};

/// Advice if the provider does not have the zone.
pub(super) const NO_ZONE: &str = "correct 'domain' or 'zone', or let the token see the zone";

/// Advice if the name has a CNAME record (RFC 1034 section 3.6.2).
pub(super) const CNAME: &str = "delete the CNAME record of this name, or choose another name";

/// The pause after 429 if neither the answer nor the provider's documentation gives one.
pub(super) const PAUSE: Duration = Duration::from_secs(300);
/// Most pages of a list that are read.
pub(super) const PAGES: usize = 40;

/// One provider's interface with our credentials.
#[derive(Clone)]
pub struct Rest {
    api: &'static Api,
    /// How the provider lists zones, and shows and writes records.
    pub interface: &'static Interface,
    /// The beginning of every URL.
    pub base: Url,
    headers: Vec<(&'static str, Secret)>,
    secrets: Vec<Secret>,
    /// What answers mean.
    pub codes: &'static Codes,
    /// Whether answers are kept out of messages, because they are secrets themselves, such as a token.
    pub secret_answers: bool,
    session: Secret,
}

/// Signs a request, or completes it in another way.
pub type Sign = fn(&Conversation<'_>, &mut Request) -> ApiResult<()>;

impl Rest {
    /// The interface of `api` for `account`, with the headers of every request.
    pub fn new(api: &'static Api, interface: &'static Interface, account: &Account) -> Self {
        let mut rest = Self {
            api,
            interface,
            // A section without the URL that it needs has an error and does not run.
            base: api.base.url(account).unwrap_or_else(|| Url::https("")),
            headers: vec![],
            secrets: vec![account.password.clone(), account.param_enc.clone()],
            codes: &interface.codes,
            secret_answers: false,
            session: Secret::default(),
        };
        for (name, value) in interface.headers {
            let value = Values::of(account, &rest).fill(value, str::to_owned);
            rest.header(name, &Secret::new(value));
        }
        rest
    }

    /// The provider's name, for messages.
    pub fn title(&self) -> &'static str {
        self.api.title
    }

    /// Whether `body` is surely that of an answer of this provider, because it has the provider's
    /// [mark](super::interface::Interface::mark). [`Self::value`] has looked for [`Codes::success`] already: without
    /// it, the answer is no success.
    pub fn has_mark(&self, body: &Json) -> bool {
        self.codes.success != Success::ByStatus
            || (!self.interface.mark.is_empty() && body.pointer(self.interface.mark).is_some())
    }

    /// Sets the id of a session, for [`Self::session`].
    pub fn set_session(&mut self, session: Secret) {
        self.hide(&session);
        self.session = session;
    }

    /// The id of the session that a login began; empty if there is none.
    pub fn session(&self) -> &str {
        self.session.expose()
    }

    /// Adds `path` to the beginning of every URL.
    pub fn below(&mut self, path: &str) {
        self.base = self.base.below(path);
    }

    /// Adds the header `Authorization: <scheme> <token>`.
    pub fn token(&mut self, scheme: &str, token: &Secret) {
        self.hide(token);
        self.plain_header("Authorization", &[scheme, " ", token.expose()].concat());
    }

    /// Adds a header that holds a secret.
    pub fn header(&mut self, name: &'static str, value: &Secret) {
        self.hide(value);
        self.plain_header(name, value.expose());
    }

    /// Adds a header that holds no secret.
    pub fn plain_header(&mut self, name: &'static str, value: &str) {
        self.headers.push((name, Secret::new(value)));
    }

    /// Adds the options `username` and `password` as HTTP Basic credentials (RFC 7617), to prepare a
    /// conversation.
    ///
    /// # Errors
    /// None.
    pub fn basic(talk: &mut Conversation<'_>, rest: &mut Self) -> ApiResult<()> {
        let account = talk.account;
        let password = account.password.clone();
        let credentials = Credentials { user: account.username.clone(), password };
        for secret in &credentials.secrets() {
            rest.hide(secret);
        }
        rest.base.credentials = Some(credentials);
        Ok(())
    }

    /// Masks `secret` in everything that is shown, because it is part of requests.
    pub fn hide(&mut self, secret: &Secret) {
        self.secrets.push(secret.clone());
    }

    /// A request without a body; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = self.base.below(path);
        let shown = format!("{} {}", method.name(), mask::hide(&url.expose(), &self.secrets));
        let mut request = Request::get(url, shown, self.secrets.clone());
        request.method = method;
        request.headers.clone_from(&self.headers);
        request.answer_limit = LONG_ANSWER;
        request.answer_secret = self.secret_answers;
        // The second DELETE would find nothing.
        request.idempotent = matches!(method, Method::Get | Method::Put);
        request
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::Get, path)
    }

    /// A request with a JSON body.
    pub fn json(&self, method: Method, path: &str, body: &Json) -> Request {
        self.with_body(method, path, "application/json", body.to_string())
    }

    /// A request with a body of the media type `media`.
    pub fn with_body(&self, method: Method, path: &str, media: &str, body: String) -> Request {
        let mut request = self.request(method, path);
        request.headers.push(("Content-Type", Secret::new(media)));
        request.body = Some(Secret::new(body));
        request
    }

    /// The JSON of a successful `answer`; `null` if it has no body.
    ///
    /// # Errors
    /// The verdict for any other answer, with the provider's explanation.
    pub fn value(&self, answer: &Answer) -> ApiResult<Json> {
        let body = parsed(answer);
        let (meaning, advice) = self.codes.meaning(answer.status, &body);
        if meaning != Meaning::Success {
            return Err(self.verdict_with(answer, meaning, explanation(&body), advice));
        }
        // Some answers to a request without a result are empty, and others are `null`.
        if body.is_null() && !["", "null"].contains(&answer.body.trim()) {
            return Err(self.not_understood(answer));
        }
        Ok(body)
    }

    /// The answer to `request`, whatever its status.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(
        &self,
        talk: &mut Conversation<'_>,
        mut request: Request,
    ) -> ApiResult<Box<Answer>> {
        if let Some(sign) = self.interface.sign {
            sign(talk, &mut request)?;
        }
        talk.send(&request)
    }

    /// Sends `request`, and returns the JSON of the answer.
    ///
    /// # Errors
    /// If there is no answer, and as [`Self::value`].
    pub fn ask(&self, talk: &mut Conversation<'_>, request: Request) -> ApiResult<Json> {
        self.value(&*self.send(talk, request)?)
    }

    /// Sends `request`, and returns the array at `pointer` (RFC 6901) of the answer.
    ///
    /// # Errors
    /// If there is no answer, as [`Self::value`], and if there is no such array.
    pub fn elements(
        &self,
        talk: &mut Conversation<'_>,
        request: Request,
        pointer: &str,
    ) -> ApiResult<Vec<Json>> {
        let answer = self.send(talk, request)?;
        self.elements_of(&answer, pointer)
    }

    /// The array at `pointer` (RFC 6901) of an `answer`.
    ///
    /// # Errors
    /// As [`Self::value`], and if there is no such array.
    pub fn elements_of(&self, answer: &Answer, pointer: &str) -> ApiResult<Vec<Json>> {
        let mut value = self.value(answer)?;
        match value.pointer_mut(pointer).map(Json::take) {
            Some(Json::List(elements)) => Ok(elements.into_vec()),
            _ => Err(self.not_understood(answer)),
        }
    }

    /// The JSON at `path`; `null` if the answer is 404.
    ///
    /// # Errors
    /// As [`Self::ask`], but for status 404.
    pub fn get_or_null(&self, talk: &mut Conversation<'_>, path: &str) -> ApiResult<Json> {
        let answer = self.send(talk, self.get(path))?;
        if answer.status == 404 { Ok(Json::Null) } else { self.value(&answer) }
    }

    /// The verdict for an `answer` that is no success. `explanation` is the provider's own.
    pub fn verdict(&self, answer: &Answer, explanation: &str) -> Box<Verdict> {
        self.verdict_with(answer, Meaning::of_status(answer.status), explanation, "")
    }

    /// The same for an answer with this `meaning`, with `advice` unless it is empty.
    pub fn verdict_with(
        &self,
        answer: &Answer,
        meaning: Meaning,
        explanation: &str,
        advice: &str,
    ) -> Box<Verdict> {
        // The interface refuses in JSON. A web page usually comes from a firewall or CDN before it.
        if answer.status == 403 && page::is_page(&answer.body) {
            let what = "is behind a web page that forbids access, perhaps of a firewall";
            return self.retry_account(answer, what, explanation, None);
        }
        let (what, usual_advice) = match meaning {
            Meaning::Credentials => ("does not accept the credentials", ""),
            Meaning::Forbidden => ("does not allow the request", ""),
            Meaning::NotFound => ("does not know the zone or the record", NO_ZONE),
            Meaning::Refused if explanation.contains("CNAME") => ("refuses the request", CNAME),
            Meaning::Refused => ("refuses the request", "correct the options"),
            Meaning::Limited => {
                let pause = Some(self.interface.pause);
                return self.retry_account(answer, "limits requests", explanation, pause);
            }
            Meaning::ClockWrong => return self.clock_wrong(explanation),
            Meaning::Unknown => return self.not_understood(answer),
            // A success that lacks something counts as a problem.
            Meaning::Problem | Meaning::Success => {
                return self.retry_account(answer, "has a problem", explanation, None);
            }
        };
        let about_credentials = self.credentials_advice();
        let advices = [advice, usual_advice, &about_credentials];
        let advice = advices.into_iter().find(|advice| !advice.is_empty()).unwrap_or_default();
        let is_account = meaning == Meaning::Credentials;
        let scope = if is_account { Scope::Account } else { Scope::Record };
        Verdict::refused(scope, self.reason(answer, what, explanation), advice)
    }

    /// A failure of the account. The wait is what the answer asks for, else `pause`.
    fn retry_account(
        &self,
        answer: &Answer,
        what: &str,
        explanation: &str,
        pause: Option<Duration>,
    ) -> Box<Verdict> {
        // GoDaddy has no `Retry-After` but this member
        // (https://developer.godaddy.com/doc/endpoint/domains, `ErrorLimit`).
        let seconds = parsed(answer).get("retryAfterSec").and_then(Json::as_u64);
        let after = answer.retry_after.or(seconds.map(Duration::from_secs)).or(pause);
        Verdict::retry(Scope::Account, self.reason(answer, what, explanation), after)
    }

    fn reason(&self, answer: &Answer, what: &str, explanation: &str) -> String {
        let (title, status) = (self.title(), answer.status);
        let explanation = mask::mask(explanation, &self.secrets);
        if explanation.is_empty() {
            return format!("{title} {what}: HTTP {status}");
        }
        format!("{title} {what}: {explanation} (HTTP {status})")
    }

    /// Advice that names the options for the credentials.
    fn credentials_advice(&self) -> String {
        let mut advice = String::new();
        for need in self.api.needs {
            let and = if advice.is_empty() { "'" } else { ", and '" };
            for part in [and, need.option, "' must hold ", need.holds] {
                advice.push_str(part);
            }
        }
        advice
    }

    /// The verdict for a successful answer that lacks what it should contain.
    pub fn not_understood(&self, answer: &Answer) -> Box<Verdict> {
        let is_page = page::is_page(&answer.body);
        let what = if answer.cut {
            "sends more than can be read at once"
        } else if is_page {
            "sends a web page, perhaps of a captive portal"
        } else {
            "sends what is not understood"
        };
        if self.secret_answers {
            return self.retry_record(what, "");
        }
        if !is_page {
            return self.retry_record(what, &answer.body);
        }
        // Secrets are masked before the tags are removed, because tags may divide a secret.
        self.retry_record(what, &page::text(&mask::hide(&answer.body, &self.secrets)))
    }

    /// The verdict if the provider's clock and ours differ too much for a signature.
    pub fn clock_wrong(&self, explanation: &str) -> Box<Verdict> {
        let explanation = mask::mask(explanation, &self.secrets);
        let reason = format!("{} finds the clock wrong: {explanation}", self.title());
        Verdict::clock_behind(reason)
    }

    /// The verdict if the provider accepted a request, but did not carry it out.
    pub fn not_done(&self, explanation: &str) -> Box<Verdict> {
        self.retry_record("took the request, but has not changed the record", explanation)
    }

    fn retry_record(&self, what: &str, explanation: &str) -> Box<Verdict> {
        let explanation = mask::mask(explanation, &self.secrets);
        let colon = if explanation.is_empty() { "" } else { ": " };
        let reason = format!("{} {what}{colon}{explanation}", self.title());
        Verdict::retry(Scope::Record, reason, None)
    }
}

/// Where lists have the number of pages, or the number or the address of the next page. A page may be
/// shorter than requested without being the last.
const NEXT_PAGE: [&str; 11] = [
    "/nextLink",
    "/meta/pagination/next_page",
    "/links/pages/next",
    "/pages",
    "/result_info/total_pages",
    "/pagination/total_pages",
    "/totalPages",
    "/lastPage",
    "/meta/pagination/lastPage",
    "/body/pagecount",
    "/data/pageCount",
];

/// Whether the `number`th page of a list says that there is another.
pub(super) fn has_next_page(body: &Json, number: usize) -> bool {
    NEXT_PAGE.iter().any(|pointer| match body.pointer(pointer) {
        Some(next @ Json::Number(_)) => next.as_u64().is_some_and(|next| next > number as u64),
        Some(Json::Text(next)) => !next.is_empty(),
        _ => false,
    })
}

/// The verdict if a list has more pages than are read. A part of a list must not be taken for the whole:
/// a record that it lacks would be added again.
pub fn too_long() -> Box<Verdict> {
    let reason = "the provider's list is longer than a router can read".into();
    Verdict::retry(Scope::Record, reason, None)
}

/// The verdict if no request can be made with the options of the account.
pub fn refuse_account(reason: String, advice: &str) -> Box<Verdict> {
    Verdict::refused(Scope::Account, reason, advice)
}

/// The body as JSON; `null` if it is not JSON.
pub fn parsed(answer: &Answer) -> Json {
    Json::parse(&answer.body).unwrap_or_default()
}

/// The string at `pointer` (RFC 6901); empty if there is none.
pub fn text<'v>(value: &'v Json, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

/// The array at `pointer`; empty if there is none.
pub fn list<'v>(value: &'v Json, pointer: &str) -> &'v [Json] {
    value.pointer(pointer).map_or(&[], Json::elements)
}

/// A copy of the member `name`; `null` if there is none.
pub fn member(value: &Json, name: &str) -> Json {
    value.get(name).cloned().unwrap_or_default()
}

/// An id, which may be a string or a number; empty if it is neither.
pub fn id(value: &Json, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Json::Text(text) | Json::Number(text)) => text.to_string(),
        _ => String::new(),
    }
}

/// An id for a request: a number if it is written like one. Of digits that begin with 0 it is a string, because
/// a number would lose the 0.
pub fn id_value(id: &str) -> Json {
    match id.parse::<u64>() {
        Ok(number) if number.to_string() == id => number.into(),
        _ => id.into(),
    }
}

/// Where interfaces explain an error, the most precise explanation first.
const EXPLANATIONS: [&str; 26] = [
    "/errors/0/error_chain/0/message",
    "/errors/0/message",
    "/errors/0/reason",
    "/errors/0/description",
    "/fields/0/message",
    "/errors",
    "/longmessage",
    "/statusDescription",
    "/Response/Error/Message",
    "/ResponseMetadata/Error/Message",
    "/answer/errors/0/error_text",
    "/answer/domains/0/error_text",
    "/error_text",
    "/error_msg",
    "/errorMessage",
    "/messages/0/text",
    "/status/text",
    "/response/status/text",
    "/Message",
    "/message",
    "/error",
    "/detail",
    "/msg",
    "/reason",
    "/0/message",
    "",
];

/// The provider's explanation in the body of an error; empty if there is none.
pub fn explanation(body: &Json) -> &str {
    EXPLANATIONS.iter().find_map(|pointer| first_string(body.pointer(pointer)?)).unwrap_or_default()
}

/// The first string in `value` that is not empty; in an object, the member `message` comes first.
fn first_string(value: &Json) -> Option<&str> {
    match value {
        Json::Text(text) if text.is_empty() => None,
        Json::Text(text) => Some(text),
        Json::List(elements) => elements.iter().find_map(first_string),
        Json::Object(members) => {
            members.get("message").into_iter().chain(members.values()).find_map(first_string)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_is_sent_as_it_was_received() {
        for (id, sent) in [("17", "17"), ("017", "\"017\""), ("+7", "\"+7\""), ("a", "\"a\"")] {
            assert_eq!(id_value(id).to_string(), sent);
        }
    }

    #[test]
    fn the_explanation_of_an_error_is_found_in_the_bodies_of_all_interfaces() {
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
            assert_eq!(explanation(&(&body).into()), expected, "{body}");
        }
    }
}
