//! Errors of requests as [`Failure`]: a sentence for the router's owner, and a kind for the engine.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "std has many kinds of errors, and a router owner can act on few of them"
)]

use std::fmt;
use std::io;

use nix::errno::Errno;

use super::call::HttpCall;
use super::exchange::ExchangeError;
use super::tls::TlsError;
use super::tls_failure;
use crate::edge::system_error::{is_closing, local, system};
use crate::provider::{Failure, FailureKind};
use crate::time::duration::seconds;

/// The connection ended during the request or the answer.
const CLOSED: &str = "the connection was closed before the answer";

/// Why there is no complete answer.
pub(super) fn explain(error: &ExchangeError, call: &HttpCall) -> Failure {
    let text = match error {
        ExchangeError::NoAnswer(limit) => format!("no answer within {}", seconds(*limit)),
        ExchangeError::Closed => CLOSED.into(),
        ExchangeError::Lost(error) => return lost(error, call),
        ExchangeError::LongHead => "the answer's header is too long".into(),
        ExchangeError::NotHttp => "the answer is not HTTP".into(),
        ExchangeError::NoEnd => {
            format!("the answer did not end within {}", seconds(call.limits.total))
        }
        ExchangeError::CutOff(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the answer was cut off".into()
        }
        ExchangeError::CutOff(error) => return lost(error, call),
    };
    after_connecting(call, FailureKind::Other, &text)
}

/// The connection broke during the request or the answer.
fn lost(error: &io::Error, call: &HttpCall) -> Failure {
    let text = if is_closing(error) { CLOSED.into() } else { system(error) };
    after_connecting(call, kind(error), &text)
}

/// No connection could be opened to `who`, the host or the proxy.
pub(super) fn unconnected(who: impl fmt::Display, error: &io::Error) -> Failure {
    match local(error) {
        Some(cause) => {
            Failure { kind: FailureKind::NoNetwork, sent: false, text: format!("{who}: {cause}") }
        }
        None => unsent(who, error),
    }
}

/// The connection to `who`, the host or the proxy, failed before the request was sent.
pub(super) fn unsent(who: impl fmt::Display, error: &io::Error) -> Failure {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        _ if is_closing(error) => "the connection was closed".into(),
        _ => system(error),
    };
    Failure { kind: kind(error), sent: false, text: format!("{who}: {text}") }
}

/// The TLS handshake failed.
pub(super) fn handshake(error: &TlsError, call: &HttpCall) -> Failure {
    let (kind, text) = match error {
        TlsError::Tls(error) => (tls_failure::kind(error), tls_failure::text(error)),
        TlsError::Tcp(error) => match error.kind() {
            io::ErrorKind::TimedOut => {
                let time = seconds(call.limits.first_byte);
                (FailureKind::Other, format!("no TLS handshake within {time}"))
            }
            io::ErrorKind::UnexpectedEof => {
                let text = "the connection was closed during the TLS handshake";
                (FailureKind::Other, text.to_owned())
            }
            _ => return unsent(&call.host, error),
        },
    };
    Failure { kind, sent: false, text: format!("{}: {text}", call.host) }
}

/// The kind of a failure: whether this system lost its network.
fn kind(error: &io::Error) -> FailureKind {
    const NO_NETWORK: [Errno; 6] = [
        Errno::ENETUNREACH,
        Errno::EHOSTUNREACH,
        Errno::EADDRNOTAVAIL,
        Errno::ENODEV,
        Errno::ENETDOWN,
        // The kernel has no IPv6.
        Errno::EAFNOSUPPORT,
    ];
    match error.raw_os_error().map(Errno::from_raw) {
        Some(code) if NO_NETWORK.contains(&code) => FailureKind::NoNetwork,
        _ => FailureKind::Other,
    }
}

/// A failure after the connection was opened.
pub(super) fn after_connecting(call: &HttpCall, kind: FailureKind, text: &str) -> Failure {
    Failure { kind, sent: call.sent_at().is_some(), text: format!("{}: {text}", call.host) }
}
