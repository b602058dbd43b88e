//! An interface with zones and records as data: its requests, where its answers have what, and what its
//! refusals mean. [`records`](super::records) publishes a job with it. [`RestClient`] sends its requests, and has
//! the sentence for each refusal.

use super::Api;
use super::meaning::{Codes, Meaning, Success};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::rest::{CNAME, NO_ZONE, PAUSE, explanation, parsed};
use super::zone::{Zone, ZoneList};
use crate::model::json::Json;
use crate::model::secret::Secret;
use crate::model::{Credentials, Url};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{
    Account, Answer, LONG_ANSWER, Method, Rate, Request, Scope, Verdict, mask, page,
};
use crate::time::Duration;

/// TTL of a new record if `ttl` is not set. The defaults of many providers are hours.
pub const NEW_TTL: u32 = 300;

/// Up to this many names are usually read one by one; for more, the whole zone is read.
pub const MOST_BY_NAME: usize = 4;

/// An interface with zones and records. Requests are written as [calls](super::call); members of answers
/// are named by JSON pointers (RFC 6901).
pub struct Interface {
    /// Headers of every request: name and value, which may have placeholders.
    pub headers: &'static [(&'static str, &'static str)],
    /// Prepares the requests of a conversation, if more than `headers` is needed.
    pub prepare: Option<Prepare>,
    /// Signs a request, or completes it in another way.
    pub sign: Option<Sign>,
    /// The pause after 429 (Too Many Requests) if the answer does not give one.
    pub pause: Duration,
    /// What answers mean.
    pub codes: Codes,
    /// A member that every successful answer of this provider has. If it is there and the list is not, the list
    /// is empty. Without it the answer may be another server's, and is not understood. Not needed if
    /// [`Codes::success`] names such a member.
    pub mark: &'static str,
    /// The documented limit of requests that write, if it is another one than that of all requests.
    pub write_rate: Option<Rate>,
    /// How the zones of the account are found.
    pub zones: ZoneSource,
    /// How requests refer to a zone.
    pub zone_ref: ZoneRef,
    /// How the interface represents records.
    pub model: RecordModel,
    /// How records are read.
    pub read: Reading,
    /// Looks at the records that were read, and settles the goals that must not be written.
    pub inspect: Option<Inspect>,
    /// How a record is shown and named.
    pub form: RecordForm,
    /// How records are written.
    pub write: Writing,
    /// TTL of a new record if `ttl` is not set: [`NEW_TTL`], or the provider's minimum.
    pub new_ttl: u32,
}

/// The most common properties.
pub const INTERFACE: Interface = Interface {
    headers: &[],
    prepare: None,
    sign: None,
    pause: PAUSE,
    codes: Codes::HTTP,
    mark: "",
    write_rate: None,
    zones: ZoneSource::Probe(List::whole("", "")),
    zone_ref: ZoneRef::Name,
    model: RecordModel::ById,
    read: Reading::Zone(List::whole("", "")),
    inspect: None,
    form: RECORD,
    write: Writing::Each(CALLS),
    new_ttl: NEW_TTL,
};

/// See [`Interface::prepare`].
pub type Prepare = fn(&mut Conversation<'_>, &mut RestClient) -> ApiResult<()>;
/// See [`Interface::inspect`].
pub type Inspect = fn(&mut Conversation<'_>, &[&Goal<'_>], &[Record]);
/// Lists the zones of the account.
pub type ListZones = fn(&mut Conversation<'_>, &RestClient) -> ApiResult<ZoneList>;
/// The zone of the account with this name. It is refused if there is none.
pub type ProbeZone = fn(&mut Conversation<'_>, &RestClient, &str) -> ApiResult<Zone>;
/// Reads the records of goals in one zone. May return further records.
pub type ReadFn =
    fn(&mut Conversation<'_>, &RestClient, &Zone, &[&Goal<'_>]) -> ApiResult<Vec<Record>>;
/// Carries out all writes to one zone, or none. Returns the written records, if they have ids and the
/// answer shows them.
pub type WriteFn =
    fn(&mut Conversation<'_>, &RestClient, &Zone, &[Write<'_>]) -> ApiResult<Vec<Record>>;
/// Checks the answer to a write.
pub type CheckFn = fn(&mut Conversation<'_>, &RestClient, &Answer) -> ApiResult<()>;

/// How the zones of an account are found.
#[derive(Clone, Copy)]
pub enum ZoneSource {
    /// By a list. In each element, `name` and `id` are the places of the zone's name and id.
    List {
        /// The list.
        list: List,
        /// Where an element has the zone's name.
        name: &'static str,
        /// Where an element has the zone's id; the same place as `name` if it has none.
        id: &'static str,
    },
    /// By reading the records of each zone that could hold the name, for interfaces without a list of zones.
    /// This is the list of a zone's records.
    Probe(List),
    /// By a function for each zone that could hold the name.
    ProbeCode(ProbeZone),
    /// By a function.
    Code(ListZones),
}

/// A list, in one page or several.
#[derive(Clone, Copy)]
pub struct List {
    /// The request of a page.
    pub call: &'static str,
    /// Where the answer has the array of elements. A single record may stand there without an array.
    pub at: &'static str,
    /// How further pages are requested.
    pub pages: Pages,
}

impl List {
    /// A list in one page.
    pub const fn whole(call: &'static str, at: &'static str) -> Self {
        Self { call, at, pages: Pages::One }
    }

    /// A list in pages of `size` elements, which the call numbers from 1 by `<page>`.
    pub const fn numbered(call: &'static str, at: &'static str, size: usize) -> Self {
        Self { call, at, pages: Pages::Numbered(size) }
    }
}

/// How further pages of a list are requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// There is only one.
    One,
    /// By the number of the page, which `<page>` stands for. A full page has this many elements.
    Numbered(usize),
    /// By the number of elements on the earlier pages, which `<page>` stands for. A full page has this many
    /// elements.
    Offset(usize),
    /// There is only one. The elements are the members of an object, or an empty array.
    Members,
    /// By a text in the earlier page.
    Cursor {
        /// The query parameter for the text, as `&cursor=`.
        parameter: &'static str,
        /// Where the earlier page has the text.
        next: &'static str,
    },
    /// By a text in the last element of the earlier page.
    After {
        /// The query parameter for the text, as `&marker=`.
        parameter: &'static str,
        /// Where the last element has the text.
        last: &'static str,
        /// How many elements a full page has.
        size: usize,
    },
}

impl Pages {
    /// How many elements a full page has; `None` if only the answer says whether there is another page.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::One | Self::Members | Self::Cursor { .. } => None,
            Self::Numbered(size) | Self::Offset(size) | Self::After { size, .. } => Some(size),
        }
    }
}

/// How records are read.
#[derive(Clone, Copy)]
pub enum Reading {
    /// All records of a zone at once.
    Zone(List),
    /// The records of one name and type, or at least of one name. Each is read and written before the next.
    Name(List),
    /// The record set of one name and type. If there is none, the answer is 404 (Not Found). Each is read and
    /// written before the next.
    Set {
        /// The request.
        call: &'static str,
        /// Where the answer has the set.
        at: &'static str,
    },
    /// One of both, depending on how many names there are.
    NameOrZone {
        /// The records of one name and type, or of one name.
        name: List,
        /// All records of a zone, or all of one type.
        zone: List,
        /// Up to this many names are read one by one; for more, the whole zone is read.
        most_names: usize,
    },
    /// By a function, for all goals of a zone.
    Code(ReadFn),
    /// By a function, for each goal alone.
    CodeForName(ReadFn),
}

/// How an interface represents records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordModel {
    /// A record is one address with an id. The id is learned, and then written to without reading.
    ById,
    /// A record is one address with an id, and must be read before it is written.
    ByIdReadFirst,
    /// A record set is all addresses of a name and type, and is written as a whole. It is read
    /// before, so that addresses which others have added stay.
    RrSet,
}

/// How requests refer to a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneRef {
    /// By its name.
    Name,
    /// By its id. Its name is needed too, because names of records are relative to it.
    IdAndName,
    /// By its id. Names of records are complete.
    Id,
}

/// How records are written.
#[derive(Clone, Copy)]
pub enum Writing {
    /// Each by a request of its own.
    Each(Calls),
    /// All changes of a zone together.
    Together {
        /// The request of additions and changes. `<creates>`, `<updates>` and, for both, `<changes>` stand for
        /// their JSON.
        update: &'static str,
        /// The requests of removals.
        remove: Removal,
        /// The JSON of one addition, change or removal. That of a set may be an array of its records.
        one: Calls,
        /// The calls for an addition or a change without others, if they are not the same.
        alone: Option<Calls>,
    },
    /// Each value of a set by a request of its own, for records that cannot be changed: the new address is
    /// added, and then the addresses that go are removed. There are no updates.
    Values(Calls),
    /// By a function, which gets one write at a time.
    Code(WriteFn),
    /// By a function, which gets all writes to a zone.
    CodeTogether(WriteFn),
}

/// How records are removed together.
#[derive(Clone, Copy)]
pub enum Removal {
    /// All by this request. `<removals>` and `<changes>` stand for their JSON.
    OneRequest(&'static str),
    /// Each value of a removed set by this request.
    PerValue(&'static str),
}

/// The requests that write one record or set.
#[derive(Clone, Copy)]
pub struct Calls {
    /// Adds it.
    pub create: &'static str,
    /// Changes it.
    pub update: &'static str,
    /// Removes it.
    pub remove: &'static str,
    /// What the answer to a successful write shows.
    pub shows: Shows,
}

/// No calls.
pub const CALLS: Calls = Calls { create: "", update: "", remove: "", shows: Shows::Nothing };

/// What the answer to a successful write shows. If it shows something else, the write is tried again later.
#[derive(Clone, Copy)]
pub enum Shows {
    /// Nothing but its status.
    Nothing,
    /// Something here.
    Something(&'static str),
    /// This text here.
    Text(&'static str, &'static str),
    /// The written records, in one of these places. Their ids are learned.
    Records(&'static [&'static str]),
    /// The values of the written record set.
    Values,
    /// What a function checks.
    Code(CheckFn),
}

impl Interface {
    /// Whether all zones of the account are found at once, and not only those of the names in a job.
    pub const fn lists_zones(&self) -> bool {
        matches!(self.zones, ZoneSource::List { .. } | ZoneSource::Code(_))
    }

    /// Whether one request makes all changes of a zone.
    pub const fn writes_together(&self) -> bool {
        matches!(self.write, Writing::Together { .. } | Writing::CodeTogether(_))
    }

    /// Whether the goals of a zone are read together. Otherwise each is read and written before the next.
    pub fn reads_together(&self) -> bool {
        match self.read {
            // One request reads all names.
            Reading::Zone(_) | Reading::NameOrZone { .. } | Reading::Code(_) => true,
            // Each name is done before the next one is read. So a limit or a failure in between throws away no read,
            // and the next job goes on with the names that are left.
            Reading::Name(_) | Reading::Set { .. } | Reading::CodeForName(_) => {
                self.writes_together()
            }
        }
    }
}

/// One provider's interface with our credentials.
#[derive(Clone)]
pub struct RestClient {
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

impl RestClient {
    /// The interface of `api` for `account`, without headers. Its messages hide the password and `param_enc`.
    pub fn new(api: &'static Api, interface: &'static Interface, account: &Account) -> Self {
        Self {
            api,
            interface,
            // A section without the URL that it needs has an error and does not run.
            base: api.base.url(account).unwrap_or_else(|| Url::https("")),
            headers: vec![],
            // `username` and `param_opt` are no secrets at most providers. Where one is, its header or `prepare` hides
            // it.
            secrets: vec![account.password.clone(), account.param_enc.clone()],
            codes: &interface.codes,
            secret_answers: false,
            session: Secret::default(),
        }
    }

    /// The provider's name, for messages.
    pub fn title(&self) -> &'static str {
        self.api.title
    }

    /// Whether `body` is surely that of an answer of this provider, because it has the provider's
    /// [mark](Interface::mark). [`Self::value`] has looked for [`Codes::success`] already: without
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
        request.add_header("Content-Type", media.to_owned());
        request.body = Some(Secret::new(body));
        request
    }

    /// The JSON of a successful `answer`; `null` if it has no body.
    ///
    /// # Errors
    /// The verdict for any other answer, with the provider's explanation.
    pub fn value(&self, answer: &Answer) -> ApiResult<Json> {
        let body = parsed(answer);
        // Refusals of several providers have status 200, so the body is read before the status counts.
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
            // The options are right then, and the record that is in the way can only be removed at the provider.
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
        // The advice of a single code is the most precise one.
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

    /// The verdict for a successful answer that lacks what it should have.
    pub fn not_understood(&self, answer: &Answer) -> Box<Verdict> {
        let is_page = page::is_page(&answer.body);
        let what = if answer.cut {
            "sends more than can be read at once"
        } else if is_page {
            "sends a web page, perhaps of a captive portal"
        } else {
            "sends what is not understood"
        };
        // What is not understood may have the token in it, in a place where it is not expected.
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
