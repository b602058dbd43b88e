//! Requests to providers and their answers, and the carrier that sends them.

use std::fmt;

use super::Failure;
use crate::dns::Protocol;
use crate::model::secret::Secret;
use crate::model::{Family, HostPort, Url};
use crate::time::Duration;

/// The HTTP methods that providers use (RFC 9110 section 9, RFC 5789).
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
    /// The method with this name; GET for any other.
    pub fn of(name: &str) -> Self {
        let all = [Self::Post, Self::Put, Self::Patch, Self::Delete];
        // The names are constants in the files of interfaces, and a test reads all of them.
        all.into_iter().find(|method| method.name() == name).unwrap_or(Self::Get)
    }

    /// The method as it is written in the request line.
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

/// One HTTP request. Values that may hold a secret have the type [`Secret`].
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The URL. Credentials in it are sent with the first request, as `Basic` (RFC 7617).
    pub url: Url,
    /// Further headers.
    pub headers: Vec<(&'static str, Secret)>,
    /// The body. Its `Content-Type` is among the headers.
    pub body: Option<Secret>,
    /// The family to connect over, if the provider stores the source address of the request.
    pub family: Option<Family>,
    /// The method and the URL with every secret as `***`, for the log and `status`.
    pub shown: String,
    /// Values that are masked in an answer before it is shown or logged.
    pub secrets: Vec<Secret>,
    /// How many bytes of the answer's body are read at most.
    pub answer_limit: u64,
    /// Whether the answer is a secret itself, such as a token. Only its status is shown then.
    pub answer_secret: bool,
    /// Whether the effect and the meaning of the answer are the same if the request arrives twice (RFC 9110
    /// section 9.2.2). Such a request is sent once more if the server closes a connection that is in use
    /// already before it answers.
    pub idempotent: bool,
}

/// Enough bytes for the answer to an update, or for an error page.
pub const SHORT_ANSWER: u64 = 64 * 1024;
/// Enough bytes for a list of some hundred records.
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
            idempotent: true,
        }
    }

    /// Adds a header.
    pub fn add_header(&mut self, name: &'static str, value: String) {
        self.headers.push((name, Secret::new(value)));
    }

    /// The body; empty if there is none.
    pub fn body_text(&self) -> &str {
        self.body.as_ref().map_or("", Secret::expose)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.method).field(&self.shown).finish()
    }
}

/// The answer to a [`Request`] or a [`Query`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After` as a delay (RFC 9110 section 10.2.3), or with status 429 the time until the limit
    /// is reset, if the answer has such a header.
    pub retry_after: Option<Duration>,
    /// At most [`Request::answer_limit`] bytes of the body. Bytes that are not UTF-8 are replaced by
    /// U+FFFD.
    pub body: String,
    /// Whether the body is longer than that.
    pub cut: bool,
    /// The host that sent the answer, if redirects led to another host than the one in the URL.
    pub redirected_to: Option<String>,
    /// The response to a [`Query`] in wire form. The other fields are empty then.
    pub message: Vec<u8>,
}

/// One DNS message to a name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The name server.
    pub server: HostPort,
    /// How the query travels.
    pub protocol: Protocol,
    /// The message in wire form (RFC 1035 section 4).
    pub wire: Vec<u8>,
    /// A description of the query, for the log and `status`.
    pub shown: String,
}

/// Carries requests to a provider: over the network, to the terminal in a dry run. In tests it plays a transcript.
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

    /// Waits before the next request. The wait may end early if that request cannot leave any more.
    fn wait(&mut self, time: Duration);
}
