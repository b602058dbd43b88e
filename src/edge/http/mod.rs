//! The HTTP client. Only this module uses ureq.
//!
//! ureq-proto, the protocol part of ureq, encodes and parses HTTP. The connections below it are made
//! here, because a router needs what general clients lack: sockets that are bound to a device, requests
//! in absolute form through a proxy, a remembered address for the time when the resolver fails, deadlines
//! that hold against a server that sends byte by byte, and one TLS configuration for all threads.
//!
//! ```text
//! Client::send ─▶ send_once (at most 6) ─▶ connect::Dial: resolve ─▶ TCP ─▶ proxy ─▶ TLS
//!      ▲              │                         │    or kept::KeptConnection
//!      │  redirect    └──▶ exchange ◀───────────┘ stream::Stream: bytes with a deadline
//!      └──────────────────────┴─▶ answer, or failure::explain
//! ```

mod answer;
mod call;
mod candidates;
mod connect;
mod connections;
mod exchange;
mod failure;
mod head;
mod hosts;
mod kept;
mod proxy;
mod race;
mod reach;
pub mod redirect;
mod request;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::thread;

use self::call::HttpCall;
use self::connect::Dial;
use self::exchange::{Encoded, ExchangeError, HttpReply};
use self::redirect::Next;
use crate::edge::stream::{Deadline, TlsConfig, TrustCache};
use crate::model::secret::Secret;
use crate::model::{Credentials, Family, Transport, Url};
use crate::provider::{Answer, Failure, FailureKind, Request, mask};
use crate::time::Duration;

pub use self::connections::Connections;
pub use self::hosts::HostCache;
pub use self::kept::KeptConnection;
pub use self::race::SlowLookUp;
pub use self::reach::{Unreachable, connects};

/// How long resolving a name may take, and again opening a TCP connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one address is tried before the next one is tried, too (RFC 8305 section 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// Time from sending the request to the end of the answer's head, and also for a TLS handshake.
pub const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time for everything: resolving, connecting, TLS, redirects and body.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How many redirects of one request are followed. A longer chain is taken for a circle.
pub const MAX_REDIRECTS: u32 = 5;

/// Most bytes in the head of an answer. Heads of providers have less than 2 KiB.
const HEADER_LIMIT: usize = 16 * 1024;

/// The time limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// See [`CONNECT_TIMEOUT`].
    pub connect: Duration,
    /// See [`ATTEMPT_DELAY`].
    pub attempt: Duration,
    /// See [`FIRST_BYTE_TIMEOUT`].
    pub first_byte: Duration,
    /// See [`TOTAL_TIMEOUT`].
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: CONNECT_TIMEOUT,
            attempt: ATTEMPT_DELAY,
            first_byte: FIRST_BYTE_TIMEOUT,
            total: TOTAL_TIMEOUT,
        }
    }
}

/// The state that the clients of all threads share.
#[derive(Default)]
pub struct Shared {
    /// The addresses at which hosts were reached before.
    pub hosts: HostCache,
    /// The TLS configurations in use.
    pub trust: TrustCache,
    /// The open connections.
    pub connections: Connections,
    /// Called when the look-up of a host takes long, and when a slow look-up has ended.
    pub on_slow_look_up: Option<Box<dyn Fn(SlowLookUp) + Send + Sync>>,
}

impl Shared {
    /// Whether the source address of the connection was removed.
    pub fn is_cut(&self, kept: &KeptConnection) -> bool {
        !self.connections.has(kept.socket())
    }
}

/// Sends requests by one [`Transport`].
pub struct Client {
    transport: Arc<Transport>,
    limits: Limits,
    shared: Arc<Shared>,
    /// How servers are verified, or why TLS is not available. Made for the first request over TLS.
    tls: OnceLock<Result<Arc<TlsConfig>, String>>,
}

impl Client {
    /// A client for `transport`.
    pub fn new(transport: &Transport, shared: Arc<Shared>) -> Self {
        Self::with_limits(transport, shared, Limits::default())
    }

    /// A client for `transport` with other limits than the usual ones.
    pub fn with_limits(transport: &Transport, shared: Arc<Shared>, limits: Limits) -> Self {
        Self { transport: Arc::new(transport.clone()), limits, shared, tls: OnceLock::new() }
    }

    /// How requests travel.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// What the clients of all threads share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Sends `request`, follows redirects, and waits for the answer.
    ///
    /// # Errors
    /// If there is no answer. An HTTP error status is an answer. After a redirect that is not followed,
    /// the request counts as not sent, because a server that redirects has not carried it out.
    pub fn send(&self, request: &Request) -> Result<Answer, Failure> {
        self.converse(request, &mut None, &mut None)
    }

    /// Like [`Client::send`], as a part of a conversation that keeps its connection in `kept`. Sets `sent_at`
    /// to the time since boot at which the first bytes of the request were sent, which is after look-up,
    /// connecting and TLS handshake.
    ///
    /// # Errors
    /// As [`Client::send`]. If the source address of the kept connection was removed, nothing is sent: the
    /// conversation probably publishes that address, and the new address waits for its end.
    pub fn converse(
        &self,
        request: &Request,
        kept: &mut Option<KeptConnection>,
        sent_at: &mut Option<Duration>,
    ) -> Result<Answer, Failure> {
        if kept.as_ref().is_some_and(|kept| self.shared.is_cut(kept)) {
            let text =
                format!("{}: the address that the router sent from is gone", request.url.host());
            return Err(Failure { kind: FailureKind::NoNetwork, ..before_sending(text) });
        }
        let mut is_redirected = false;
        let result = self.follow(request, kept, sent_at, &mut is_redirected);
        result.map_err(|failure| {
            // The error names the host, which the redirecting server has chosen: it may repeat a secret.
            if is_redirected { self.without_secrets(failure, request) } else { failure }
        })
    }

    /// Sends `request`, and follows redirects. Sets `is_redirected` at the first one, followed or not.
    fn follow(
        &self,
        request: &Request,
        kept: &mut Option<KeptConnection>,
        sent_at: &mut Option<Duration>,
        is_redirected: &mut bool,
    ) -> Result<Answer, Failure> {
        let deadline = Deadline::after(self.limits.total);
        let mut target = request.url.clone();
        let mut redirected_by_public_host = false;
        for _ in 0..=MAX_REDIRECTS {
            let call = HttpCall::new(&target, deadline, self.limits);
            let reply =
                self.send_once(request, &target, redirected_by_public_host, &call, kept.take());
            // The first time counts: from then on the provider may have carried the request out.
            *sent_at = sent_at.or(call.sent_at());
            let mut reply = reply?;
            if let Some(refusal) = self.proxy_refusal(&target, reply.status) {
                return Err(before_sending(refusal));
            }
            // It stays set: a chain that has left the private network must not lead back into it.
            redirected_by_public_host |= self.is_public(&target, &call);
            let next = self.next(request, &target, &reply, redirected_by_public_host);
            *is_redirected |= !matches!(next, Next::Answer);
            match next {
                Next::Answer => {
                    let answer = answer::read(&mut reply, request.answer_limit, &call)?;
                    let redirected_to = redirect::other_host(request.url.host(), &target);
                    *kept = self.keep(reply, request, &target, &call);
                    return Ok(Answer { redirected_to, ..answer });
                }
                Next::Follow(next) => target = next,
                Next::Refuse(text) => return Err(before_sending(text)),
            }
        }
        Err(before_sending(format!("{}: more than {MAX_REDIRECTS} redirects", target.host())))
    }

    /// The connection of `reply` for the next request, unless the server ends it.
    fn keep(
        &self,
        reply: Box<HttpReply<'_>>,
        request: &Request,
        target: &Url,
        call: &HttpCall,
    ) -> Option<KeptConnection> {
        Some(KeptConnection {
            stream: reply.into_stream()?,
            transport: Arc::clone(&self.transport),
            origin: target.origin(),
            family: self.family(request),
            host_is_public: call.host_is_public(),
        })
    }

    /// What follows from `reply`: it is the answer, or a redirect. The text of a refusal begins with the
    /// host.
    fn next(
        &self,
        request: &Request,
        target: &Url,
        reply: &HttpReply<'_>,
        redirected_by_public_host: bool,
    ) -> Next {
        let location = reply.headers.get("location");
        let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let has_secrets = has_secrets(request);
        let status = reply.status;
        match redirect::next(request.method, has_secrets, target, status, location.as_deref()) {
            Next::Follow(next)
                if redirected_by_public_host && redirect::is_private(next.host()) =>
            {
                Next::Refuse(format!("{}: {}", next.host(), redirect::TO_PRIVATE_NETWORK))
            }
            Next::Refuse(reason) => Next::Refuse(format!("{}: {reason}", target.host())),
            Next::Answer => Next::Answer,
            Next::Follow(next) => Next::Follow(next),
        }
    }

    /// Whether `target`, which has answered, is a public host. Behind a proxy the address of a host is
    /// not known, so its name decides.
    fn is_public(&self, target: &Url, call: &HttpCall) -> bool {
        if self.transport.proxy.is_some() {
            !redirect::is_private(target.host())
        } else {
            call.host_is_public()
        }
    }

    fn without_secrets(&self, failure: Failure, request: &Request) -> Failure {
        let mut secrets = request.secrets.clone();
        secrets.extend(request.url.credentials.iter().flat_map(Credentials::secrets));
        secrets.extend(proxy_secrets(&self.transport));
        Failure { text: mask::hide(&failure.text, &secrets), ..failure }
    }

    /// Waits before the next request of a conversation. The wait ends early if the source address of its
    /// connection is removed, because the next request will fail.
    pub fn wait(&self, time: Duration, kept: Option<&KeptConnection>) {
        let end = Deadline::after(time);
        if let Some(kept) = kept {
            kept.stream.tcp().wait_for_end(time);
            if self.shared.is_cut(kept) {
                return;
            }
        }
        // Also if the server has ended the connection.
        thread::sleep(end.left().into());
    }

    /// Sends `request` to `target` on the kept or a new connection, without following redirects.
    #[inline(never)] // so that its variables do not widen the frame of its caller
    fn send_once<'a>(
        &self,
        request: &Request,
        target: &Url,
        must_be_public: bool,
        call: &'a HttpCall,
        kept: Option<KeptConnection>,
    ) -> Result<Box<HttpReply<'a>>, Failure> {
        let dial = self.dial(request, target, must_be_public, call)?;
        let Some(stream) = kept.and_then(|kept| kept.for_request(&self.transport, &dial)) else {
            return self.send_anew(request, &dial, call);
        };
        let socket = Arc::clone(&stream.tcp().socket);
        let reply = exchange::exchange(stream, call, self.encode(request, target)?);
        // A server may end an idle connection just when a request is on its way.
        let is_sent_again = matches!(reply, Err(ExchangeError::Closed))
            && request.idempotent
            && self.shared.connections.has(&socket);
        if !is_sent_again {
            return reply.map_err(|error| failure::explain(&error, call));
        }
        // If the second attempt fails, the first one may still have been carried out.
        self.send_anew(request, &dial, call).map_err(|failure| Failure { sent: true, ..failure })
    }

    /// How a connection for `request` to `target` is opened.
    fn dial<'a>(
        &'a self,
        request: &Request,
        target: &'a Url,
        must_be_public: bool,
        call: &'a HttpCall,
    ) -> Result<Dial<'a>, Failure> {
        let mut tls = None;
        if target.https {
            let made = self.tls.get_or_init(|| self.shared.trust.get(&self.transport.trust));
            tls = Some(&**made.as_ref().map_err(|text| before_sending(text.clone()))?);
        }
        let (transport, family) = (&*self.transport, self.family(request));
        Ok(Dial { call, target, transport, family, tls, must_be_public, shared: &self.shared })
    }

    /// Sends `request` on a new connection.
    fn send_anew<'a>(
        &self,
        request: &Request,
        dial: &Dial<'_>,
        call: &'a HttpCall,
    ) -> Result<Box<HttpReply<'a>>, Failure> {
        // A request that HTTP does not allow is refused before a connection is opened.
        let encoded = self.encode(request, dial.target)?;
        let reply = exchange::exchange(dial.connect()?, call, encoded);
        reply.map_err(|error| failure::explain(&error, call))
    }

    /// The bytes of `request` to `target`.
    fn encode(&self, request: &Request, target: &Url) -> Result<Box<Encoded>, Failure> {
        let mut origin = String::new();
        // A proxy gets the whole URL, unless it only carries a TLS connection.
        if self.transport.proxy.is_some() && !target.https {
            origin = target.origin();
        }
        let body = request::body(request).unwrap_or_default();
        request::message(request, target, &self.transport)
            .and_then(|message| Ok(exchange::encode(message, body, &origin)?))
            .map_err(|error| before_sending(format!("{}: {error}", target.host())))
    }

    /// The family that `request` must use; `None` for any.
    fn family(&self, request: &Request) -> Option<Family> {
        let of_source = self.transport.source.map(Family::of);
        if self.transport.proxy.is_some() {
            // The provider sees the address of the proxy, whatever the request wants.
            return self.transport.family.or(of_source);
        }
        self.transport.family.or(request.family).or(of_source)
    }

    /// The error if an answer with `status` comes from the proxy itself. For a TLS connection the proxy
    /// has answered before, to CONNECT.
    fn proxy_refusal(&self, target: &Url, status: u16) -> Option<String> {
        let proxy = self.transport.proxy.as_ref()?;
        if target.https || status != proxy::UNAUTHENTICATED {
            return None;
        }
        Some(format!("the proxy {}: {}", proxy.host, proxy::WANTS_PASSWORD))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// The credentials for the proxy, in all forms in which an answer may repeat them: without TLS, the proxy
/// can answer in place of the host.
pub fn proxy_secrets(transport: &Transport) -> Vec<Secret> {
    let credentials = transport.proxy.as_ref().and_then(|proxy| proxy.credentials.as_ref());
    let mut secrets = Vec::new();
    if let Some(credentials) = credentials {
        secrets.push(Secret::new(&credentials.user));
        secrets.extend(credentials.secrets());
    }
    secrets
}

/// Whether `request` may hold a secret. Headers and bodies count as secret, because providers want keys
/// and tokens in them.
fn has_secrets(request: &Request) -> bool {
    request.url.credentials.is_some()
        || request.secrets.iter().any(|secret| !secret.is_empty())
        || !request.headers.is_empty()
        || request.body.is_some()
}

/// A failure before anything was sent.
fn before_sending(text: String) -> Failure {
    Failure { kind: FailureKind::Other, sent: false, text }
}
