//! Providers: how a change of records becomes requests, and what the answers mean.
//!
//! A provider is a pure exchange. It never opens a socket and never waits: it is given a [`Job`],
//! says what to [`Step::Send`], is given each reply, and ends with [`Step::Done`]: one [`Verdict`]
//! per change. Retrying, pacing and back-off are not its business; they live in the engine.

pub mod api;
pub mod dyndns2;
pub mod ere;
pub mod families;
mod judge;
pub mod listing;
pub mod mask;
mod page;
pub mod sign;
pub mod table;
pub mod talk;
pub mod template;
pub mod url;
pub mod verdict;
mod zoneedit;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::clock::UnixSeconds;
use crate::config::{Family, Hostname, Mechanism, Provider, RecordOptions, Section, Transport};
use crate::secret::Secret;
use crate::sorted::Map;
pub use verdict::{Scope, Verdict};

/// One record that should hold `address` from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name, as `option domain` has it.
    pub name: Hostname,
    /// The new rdata; its family decides the record type.
    pub address: IpAddr,
    /// The rdata that was published last, as far as is known: which of several records is ours.
    pub previous: Option<IpAddr>,
    /// What else the record is.
    pub record: RecordOptions,
}

impl Change {
    /// `A` or `AAAA`, by the address.
    pub fn family(&self) -> Family {
        Family::of(self.address)
    }
}

/// A set of changes for one account, published together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// What to change; never empty, and every (name, family) at most once.
    pub changes: Vec<Change>,
    /// What is published of the same names and does not change: a provider that is told both
    /// families in one request must be told this again, or it forgets it.
    pub kept: Vec<(Hostname, IpAddr)>,
    /// What was learned in earlier jobs of the account.
    pub known: Known,
    /// The time, for signatures; `None` as long as the clock cannot be trusted.
    pub wall: Option<UnixSeconds>,
    /// Any number, another one for every job.
    pub seed: u32,
}

/// What a provider calls things: ids of zones and records, by a name of the provider's choosing.
/// Kept across restarts, and never relied on: a value that does not work any more is forgotten.
pub type Known = Map<String, String>;

/// What an exchange found out: a new value, or `None` for one that does not work any more.
pub type Learned = Vec<(String, Option<String>)>;

/// What an exchange wants next.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Send this, then call [`Exchange::step`] with the reply.
    Send(Request),
    /// The same over DNS.
    Ask(Query),
    /// Finished: one verdict per change, in the job's order.
    Done(Vec<Verdict>),
}

/// One DNS message to a name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The server: an address or a name, and a port if it is not 53.
    pub server: String,
    /// Whether only TCP will do.
    pub tcp: bool,
    /// The message in wire form (RFC 1035 section 4).
    pub wire: Vec<u8>,
    /// What it is, for people.
    pub shown: String,
}

/// One provider conversation about one job.
pub trait Exchange: Send {
    /// The first step. Called once.
    fn start(&mut self) -> Step;
    /// The reply to the request of the step before, or why there is none.
    fn step(&mut self, reply: Result<Answer, Failure>) -> Step;
    /// What was found out. Asked once, after the end.
    fn learned(&mut self) -> Learned {
        Learned::new()
    }
}

/// How many changes one job may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// One: each is a job of its own, so that a name that hangs or fails says nothing about others.
    Record,
    /// Both families of one name.
    Name,
    /// So many of one account, which has one job under way at a time.
    Account(usize),
}

/// At most `requests` in any span of `seconds`, over the whole account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In what time.
    pub seconds: u32,
}

/// How many changes of one job `provider` can take.
pub fn batch(provider: &Provider) -> Batch {
    match &provider.mechanism {
        Mechanism::Url { both: Some(_), .. } => Batch::Name,
        // A script knows one record, and two of a section may not run at once.
        Mechanism::Url { both: None, .. } | Mechanism::Script(_) => Batch::Record,
        Mechanism::Api(api) => api.batch,
    }
}

/// The documented limit of an account's requests, if there is one to keep.
pub fn rate(provider: &Provider) -> Option<Rate> {
    match &provider.mechanism {
        Mechanism::Url { .. } => provider.row.and_then(table::Row::rate),
        Mechanism::Script(_) => None,
        Mechanism::Api(api) => api.rate,
    }
}

/// The exchange that publishes `job` in the account `provider`.
pub fn exchange(provider: &Provider, job: Job) -> Box<dyn Exchange> {
    match &provider.mechanism {
        // A script is run and not asked: as an exchange there is no URL to open.
        Mechanism::Url { .. } | Mechanism::Script(_) => {
            Box::new(url::UrlUpdate::new(provider, &job))
        }
        Mechanism::Api(api) => Box::new(talk::Replay::new(api, provider.clone(), job)),
    }
}

/// The hosts that requests of `section` connect to: its proxy, or the host of each family's URL, in
/// lower case, addresses without brackets. Empty if none can be told; then requests are refused.
///
/// Where a script connects to nobody knows: to a host without a name, anywhere; or to the
/// `dns_server` that it updates.
pub fn hosts(section: &Section) -> Vec<String> {
    let script = section.provider.script().is_some();
    let mut hosts = match proxy_host(&section.transport) {
        Some(proxy) => vec![proxy],
        None if script => section.lookup.server.iter().cloned().chain([String::new()]).collect(),
        None => section.families.iter().filter_map(|&family| host(section, family)).collect(),
    };
    hosts.sort();
    hosts.dedup();
    hosts
}

/// The proxy that all requests go to, if there is one.
pub fn proxy_host(transport: &Transport) -> Option<String> {
    let place = transport.proxy.as_ref()?.expose();
    let place = place.split_once("://").map_or(place, |(_, place)| place);
    template::host(&format!("http://{place}"))
}

/// A host with a placeholder in it is known only after rendering; the address never is part of it.
fn host(section: &Section, family: Family) -> Option<String> {
    if let Mechanism::Api(api) = section.provider.mechanism {
        return api.host(&section.provider);
    }
    let url = &section.template(family)?.url;
    let rendered = || {
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let subject = template::Subject::new(section.names.first()?, any);
        let rendered = template::render(url, &section.provider, subject);
        template::host(rendered.ok()?.url.expose())
    };
    template::host(url).or_else(rendered)
}

/// A number that changes when anything changes that decides where and as what a record is
/// published. It is stored, so it must stay what it is.
pub fn fingerprint(section: &Section, name: &Hostname, family: Family) -> u64 {
    let provider = &section.provider;
    let template = section.template(family).filter(|_| provider.row.is_none());
    let options = &section.record;
    let ttl = options.ttl.map(|ttl| ttl.to_string());
    let proxied = options.proxied.map(|proxied| if proxied { "1" } else { "0" });
    let zone = [options.zone.as_deref(), options.zone_id.as_deref(), options.id.as_deref()];
    let mut parts = vec![
        own_name(provider).or(template.map(|template| template.url.as_str())),
        template.and_then(|template| template.answer.as_deref()),
        Some(provider.username.as_str()),
        Some(provider.password.expose()),
        Some(provider.param_enc.expose()),
        Some(provider.param_opt.expose()),
        Some(name.as_str()),
        Some(family.record_type()),
    ];
    parts.extend((!provider.server.is_empty()).then_some(Some(provider.server.as_str())));
    if *options != RecordOptions::default() {
        parts.extend(zone);
        parts.extend([ttl.as_deref(), proxied]);
    }
    // Any option may mean something to a script.
    if let Some(script) = provider.script() {
        for (name, value) in &script.options {
            parts.extend([Some(name.as_str()), Some(value.expose())]);
        }
    }
    fnv(&parts)
}

/// A number that sections share whose requests go to the same account. It is stored with what was
/// learned there.
pub fn account(provider: &Provider) -> u64 {
    let own = own_name(provider);
    let url = |family| {
        let template = provider.template(family).filter(|_| own.is_none());
        template.map(|template| template.url.as_str())
    };
    fnv(&[
        own,
        url(Family::V4),
        url(Family::V6),
        Some(provider.username.as_str()),
        Some(provider.password.expose()),
        Some(provider.param_enc.expose()),
        Some(provider.param_opt.expose()),
        Some(provider.server.as_str()),
    ])
}

/// What a provider is known by that stays when its URLs change: the program's own name of it, or its
/// script.
fn own_name(provider: &Provider) -> Option<&str> {
    match &provider.mechanism {
        Mechanism::Api(api) => Some(api.name),
        Mechanism::Url { .. } => provider.row.map(table::Row::name),
        Mechanism::Script(script) => script.file.to_str(),
    }
}

/// FNV-1a with 64 bits (<https://datatracker.ietf.org/doc/draft-eastlake-fnv/>), each part ended by
/// a byte that UTF-8 does not have.
fn fnv(parts: &[Option<&str>]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.unwrap_or_default().bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// As the request line has it (RFC 9110 section 9).
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP request. Everything in it that may hold a secret is a [`Secret`].
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute URL without user information.
    pub url: Secret,
    /// Basic credentials, sent up front.
    pub auth: Option<(String, Secret)>,
    /// Further headers.
    pub headers: Vec<(&'static str, Secret)>,
    /// Body, with its `Content-Type` among the headers.
    pub body: Option<Secret>,
    /// The family to connect over, where the provider takes the address that it sees.
    pub family: Option<Family>,
    /// The request line as people may see it: URL with every secret as `***`.
    pub shown: String,
    /// Values that must be masked if they turn up in an answer that is shown or logged.
    pub secrets: Vec<Secret>,
    /// Most bytes of the answer's body that are of interest.
    pub answer_limit: u64,
}

/// Room for the answer to an update, or an error page.
pub const SHORT_ANSWER: u64 = 64 * 1024;
/// Room for a list of some hundred records.
pub const LONG_ANSWER: u64 = 512 * 1024;

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.method).field(&self.shown).finish()
    }
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` as a delay (RFC 9110 section 10.2.3), or with status 429 the time until a limit
    /// counts anew, if there was one.
    pub retry_after: Option<Duration>,
    /// Body, at most [`Request::answer_limit`] bytes, decoded leniently.
    pub body: String,
    /// The response to a [`Query`], in wire form; then the rest is empty.
    pub message: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind, for the planner.
    pub kind: FailureKind,
    /// Whether the request may have reached the provider, so that nobody knows what it did.
    pub sent: bool,
    /// A sentence for the log, without secrets.
    pub text: String,
}

/// Kinds of transport failure that the planner treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No route, no address to send from, device gone: the network is not there.
    NoNetwork,
    /// The certificate is not valid yet by our clock: the clock is behind.
    ClockBehind,
    /// The host name could not be resolved: the name server is not there, or not yet.
    NotResolved,
    /// Anything else: refused, timed out, TLS, protocol.
    Other,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The provider accepted it (`good`).
    Updated,
    /// The provider had it already (`nochg`).
    Unchanged,
    /// Not done; worth another try.
    Retry {
        /// A sentence for the log and `why`.
        reason: String,
        /// The provider's own waiting time: a floor that nothing but it lowers.
        after: Option<Duration>,
        /// How the planner should see it.
        kind: FailureKind,
    },
    /// It may or may not have been done: the answer was lost. Sent again.
    Unconfirmed {
        /// A sentence for the log and `why`.
        reason: String,
    },
    /// Refused for good: stops this record until the configuration changes or the user forces it.
    Refused {
        /// What the provider said.
        reason: String,
        /// What a router owner can do about it.
        advice: String,
    },
}

impl Failure {
    /// What a failed transport means, and for whom: one that did not reach the provider is the same
    /// for every request of the account.
    pub fn verdict(&self) -> Verdict {
        let scope = if self.sent { Scope::Record } else { Scope::Account };
        Verdict { outcome: self.clone().outcome(), scope }
    }

    /// What a failed transport means for the change that was being sent.
    pub fn outcome(self) -> Outcome {
        if self.sent {
            Outcome::Unconfirmed { reason: self.text }
        } else {
            Outcome::Retry { reason: self.text, after: None, kind: self.kind }
        }
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
