//! Requests to a provider and its answers, and the [`Carrier`] that carries them.

use std::fmt;
use std::time::Duration;

use super::Failure;
use crate::model::secret::Secret;
use crate::model::{Family, HostPort, Url};

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
    /// Where it goes. Credentials in it are sent up front, as `Basic` (RFC 7617).
    pub url: Url,
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
    /// Whether the answer is a secret itself, such as a token, and nobody may see more than its status.
    pub answer_secret: bool,
}

/// Room for the answer to an update, or an error page.
pub const SHORT_ANSWER: u64 = 64 * 1024;
/// Room for a list of some hundred records.
pub const LONG_ANSWER: u64 = 512 * 1024;

impl Request {
    /// A GET request without further headers, for a short answer.
    pub fn get(url: Url, shown: String, secrets: Vec<Secret>) -> Self {
        Self {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: None,
            family: None,
            shown,
            secrets,
            answer_limit: SHORT_ANSWER,
            answer_secret: false,
        }
    }
}

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
    /// Whether that is not all of it.
    pub cut: bool,
    /// The host that sent it, where redirects led to another one than was asked.
    pub redirected_to: Option<String>,
    /// The response to a [`Query`], in wire form; then the rest is empty.
    pub message: Vec<u8>,
}

/// One DNS message to a name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The server.
    pub server: HostPort,
    /// Whether only TCP will do.
    pub tcp: bool,
    /// The message in wire form (RFC 1035 section 4).
    pub wire: Vec<u8>,
    /// What it is, for people.
    pub shown: String,
}

/// Carries requests to a provider: over the network, to the terminal in a dry run, to a script in tests.
pub trait Carrier {
    /// Sends a request over HTTP.
    ///
    /// # Errors
    /// If there is no answer.
    fn send(&mut self, request: &Request) -> Result<Answer, Failure>;

    /// Sends a query over DNS.
    ///
    /// # Errors
    /// If there is no response.
    fn ask(&mut self, query: &Query) -> Result<Answer, Failure>;

    /// Waits before the next request.
    fn wait(&mut self, time: Duration);
}
