//! The HTTP edge: the only module that names ureq and rustls.
//!
//! ureq-proto, the protocol half of ureq, writes and reads HTTP; everything below it is ours, because a
//! router needs what no stock client does: sockets bound to a device, plain requests through a proxy in
//! absolute form, an address remembered for when the resolver fails, deadlines that a dripping server
//! cannot stretch, and one TLS configuration shared by all threads.
//!
//! ```text
//! Client::send ─▶ hop (at most 6) ─▶ connect::Dial: resolve ─▶ TCP ─▶ proxy ─▶ TLS
//!      ▲              │                   │
//!      │  redirect    └──▶ exchange ◀─────┘ wire::Stream: bytes under the call's deadline
//!      └──────────────────────┴─▶ answer, or failure::explain
//! ```

mod answer;
mod cacert;
mod call;
mod candidates;
mod connect;
mod connections;
mod exchange;
mod failure;
mod head;
mod hosts;
mod proxy;
mod race;
mod reach;
pub mod redirect;
mod request;
mod suites;
mod tcp;
mod tls;
mod tls_failure;
mod trust;
mod verify;
mod wire;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::http::{StatusCode, header};

use self::call::{Call, Deadline};
use self::connect::Dial;
use self::exchange::Reply;
use self::redirect::Next;
use crate::model::secret::Secret;
use crate::model::{Credentials, Family, Transport, Trust, Url};
use crate::provider::{Answer, Failure, FailureKind, Request, mask};

pub(crate) use self::cacert::warning as cacert_warning;
pub use self::connections::Connections;
pub use self::hosts::HostCache;
pub use self::race::SlowLookUp;
pub use self::reach::{Unreachable, connects};
pub use self::trust::TrustCache;

/// Time to resolve a name, and again to establish a TCP connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one address is tried alone before the next is tried beside it (RFC 8305 section 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// Time from the request sent to the end of the answer's header; also the time for a TLS handshake.
pub const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time for the whole call: resolving, connecting, TLS, redirects, body.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// Redirects that are followed.
pub const MAX_REDIRECTS: u32 = 5;

/// Longest header of an answer. Real ones are below 2 KiB.
const HEADER_LIMIT: usize = 16 * 1024;

/// Hard limits of one call.
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

/// What the clients of all threads share.
#[derive(Default)]
pub struct Shared {
    /// Last good addresses.
    pub hosts: HostCache,
    /// TLS configurations in use.
    pub trust: TrustCache,
    /// Connections in use.
    pub connections: Connections,
    /// WayAnswer when the look-up of a host takes long, and when such a one has ended.
    pub on_slow_look_up: Option<Box<dyn Fn(SlowLookUp) + Send + Sync>>,
}

/// Sends requests the way one [`Transport`] says.
pub struct Client {
    transport: Transport,
    limits: Limits,
    shared: Arc<Shared>,
    /// Loaded by the first `https:` request, so that plain HTTP works without a bundle.
    tls: OnceLock<Arc<rustls::ClientConfig>>,
}

impl Client {
    /// A client for `transport`. Opens nothing yet.
    pub fn new(transport: &Transport, shared: Arc<Shared>) -> Self {
        Self::with_limits(transport, shared, Limits::default())
    }

    /// [`Client::new`] with other limits.
    pub fn with_limits(transport: &Transport, shared: Arc<Shared>, limits: Limits) -> Self {
        Self { transport: transport.clone(), limits, shared, tls: OnceLock::new() }
    }

    /// Sends `request` and waits for the answer, following redirects.
    ///
    /// # Errors
    /// A sentence with the host's name, whatever went wrong. An HTTP error status is an answer. A
    /// redirect that is not followed counts as not sent: who redirects has not done what was asked.
    pub fn send(&self, request: &Request) -> Result<Answer, Failure> {
        self.send_timed(request, &mut None)
    }

    /// [`Client::send`]; `sent_at` becomes the time since boot at which the first bytes of the request
    /// left, after name, connection and TLS.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn send_timed(
        &self,
        request: &Request,
        sent_at: &mut Option<Duration>,
    ) -> Result<Answer, Failure> {
        let deadline = Deadline::after(self.limits.total);
        let mut target = request.url.clone();
        let auth = request.url.credentials();
        let asked = target.host().to_owned();
        let mut been_outside = false;
        for redirects in 0..=MAX_REDIRECTS {
            let call = Call::new(&target, deadline, self.limits);
            let result = self.hop(request, auth, &target, been_outside, &call);
            *sent_at = sent_at.or(call.sent_at());
            let reply = match result {
                Ok(reply) => reply,
                // A host that a redirect names is a text from outside.
                Err(failure) if redirects > 0 => {
                    return Err(self.without_secrets(failure, request, auth));
                }
                Err(failure) => return Err(failure),
            };
            if let Some(why) = self.proxy_refusal(&target, reply.status) {
                return Err(before_sending(why));
            }
            been_outside |= self.is_outside(&target, &call);
            match self.next(request, auth, &target, &reply) {
                Next::Stay => {
                    let answer = answer::read(reply, request.answer_limit, &call)?;
                    let redirected_to = redirect::elsewhere(&asked, &target);
                    return Ok(Answer { redirected_to, ..answer });
                }
                Next::Follow(next) if been_outside && redirect::is_inside(next.host()) => {
                    let failure = before_sending(format!("{}: {}", next.host(), redirect::INWARD));
                    return Err(self.without_secrets(failure, request, auth));
                }
                Next::Follow(next) => target = next,
                Next::Refuse(why) => {
                    let failure = before_sending(format!("{}: {why}", target.host()));
                    return Err(self.without_secrets(failure, request, auth));
                }
            }
        }
        let failure = format!("{}: more than {MAX_REDIRECTS} redirects", target.host());
        Err(self.without_secrets(before_sending(failure), request, auth))
    }

    /// Where `reply` leads.
    fn next(
        &self,
        request: &Request,
        auth: Option<&Credentials>,
        target: &Url,
        reply: &Reply<'_>,
    ) -> Next {
        let location = reply.headers.get(header::LOCATION);
        let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let in_url = request.secrets.iter().any(|secret| !secret.is_empty());
        let beside = !request.headers.is_empty() || request.body.is_some();
        let secrets = auth.is_some() || in_url || beside;
        redirect::next(request.method, secrets, target, reply.status, location.as_deref())
    }

    /// Whether `target`, which has answered, is a public host. A proxy does not say where a name is.
    fn is_outside(&self, target: &Url, call: &Call) -> bool {
        if self.transport.proxy.is_some() {
            !redirect::is_inside(target.host())
        } else {
            call.outside()
        }
    }

    fn without_secrets(
        &self,
        failure: Failure,
        request: &Request,
        auth: Option<&Credentials>,
    ) -> Failure {
        let mut secrets = request.secrets.clone();
        secrets.extend(auth.map(|auth| auth.password.clone()));
        secrets.extend(proxy_secrets(&self.transport));
        Failure { text: mask::hide(&failure.text, &secrets), ..failure }
    }

    fn hop<'a>(
        &self,
        request: &Request,
        auth: Option<&Credentials>,
        target: &Url,
        outside_only: bool,
        call: &'a Call,
    ) -> Result<Reply<'a>, Failure> {
        let proxy = self.transport.proxy.as_ref();
        let message = request::message(
            request,
            auth,
            target,
            &self.transport.user_agent,
            proxy.and_then(|proxy| proxy.credentials.as_ref()),
        )
        .map_err(|why| before_sending(format!("{}: {why}", target.host())))?;
        let dial = Dial {
            call,
            target,
            proxy,
            user_agent: &self.transport.user_agent,
            device: self.transport.device.as_deref(),
            source: self.transport.source,
            // Through a proxy, the provider sees the proxy's address in any case.
            family: self
                .transport
                .family
                .or(request.family.filter(|_| proxy.is_none()))
                .or(self.transport.source.map(Family::of)),
            tls: target.is_https().then(|| self.tls()).transpose()?,
            // Only a verified certificate shows that an old address still is the host.
            proven: target.is_https() && self.transport.trust != Trust::Nothing,
            outside_only,
            shared: &self.shared,
        };
        let stream = dial.connect()?;
        let absolute = (proxy.is_some() && !target.is_https()).then(|| target.origin());
        let body = request::body(request);
        exchange::exchange(stream, call, message, body, absolute.as_deref())
            .map_err(|broken| failure::explain(&broken, call))
    }

    /// Whether an answer is the proxy's own. In a tunnel it has had its say before.
    fn proxy_refusal(&self, target: &Url, status: u16) -> Option<String> {
        let proxy = self.transport.proxy.as_ref().filter(|_| !target.is_https())?;
        (status == StatusCode::PROXY_AUTHENTICATION_REQUIRED.as_u16())
            .then(|| format!("the proxy {}: {}", proxy.host, proxy::WANTS_PASSWORD))
    }

    fn tls(&self) -> Result<Arc<rustls::ClientConfig>, Failure> {
        if let Some(tls) = self.tls.get() {
            return Ok(Arc::clone(tls));
        }
        let loaded = self.shared.trust.get(&self.transport.trust);
        let loaded = loaded.map_err(before_sending)?;
        Ok(Arc::clone(self.tls.get_or_init(|| loaded)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// What must not be shown of the proxy, which answers in the place of every host that is asked without
/// TLS and may repeat what it was sent.
pub fn proxy_secrets(transport: &Transport) -> Vec<Secret> {
    let credentials = transport.proxy.as_ref().and_then(|proxy| proxy.credentials.as_ref());
    let mut secrets = Vec::new();
    if let Some(credentials) = credentials {
        secrets.push(Secret::new(&credentials.user));
        secrets.extend(credentials.secrets());
    }
    secrets
}

/// A failure of our own making: nothing has left yet.
fn before_sending(text: String) -> Failure {
    Failure { kind: FailureKind::Other, sent: false, text }
}
