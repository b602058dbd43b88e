//! What went wrong, as a sentence for a router owner and a kind for the planner.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the errors of std are a long list that grows; few of them mean something to a router \
              owner"
)]

use std::fmt;
use std::io;

use nix::errno::Errno;

use super::call::Call;
use super::exchange::Broken as BrokenExchange;
use super::tls::Broken;
use super::tls_failure;
use crate::edge::system_error::{local, system};
use crate::provider::{Failure, FailureKind};
use crate::time::duration::seconds;

/// Why there is no whole answer.
pub(super) fn explain(broken: &BrokenExchange, call: &Call) -> Failure {
    let text = match broken {
        BrokenExchange::Unsendable => "the request cannot be sent".into(),
        BrokenExchange::NoAnswer(limit) => format!("no answer within {}", seconds(*limit)),
        BrokenExchange::Lost(error) => return lost(error, call),
        BrokenExchange::LongHead => "the answer's header is too long".into(),
        BrokenExchange::NotHttp => "the answer is not HTTP".into(),
        BrokenExchange::NoEnd => {
            format!("the answer did not end within {}", seconds(call.limits.total))
        }
        BrokenExchange::CutOff(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the answer was cut off".into()
        }
        BrokenExchange::CutOff(error) => return lost(error, call),
    };
    after_connecting(call, FailureKind::Other, &text)
}

/// A connection that broke while the request or the answer was on it.
fn lost(error: &io::Error, call: &Call) -> Failure {
    let text = match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => "the connection was closed before the answer".into(),
        _ => system(error),
    };
    after_connecting(call, kind(error), &text)
}

/// A connection that could not be opened. `who` is the host or the proxy.
pub(super) fn unconnected(who: impl fmt::Display, error: &io::Error) -> Failure {
    match local(error) {
        Some(why) => {
            Failure { kind: FailureKind::NoNetwork, sent: false, text: format!("{who}: {why}") }
        }
        None => unsent(who, error),
    }
}

/// A failure of a stage before the request was sent. `who` is the host or the proxy.
pub(super) fn unsent(who: impl fmt::Display, error: &io::Error) -> Failure {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => "the connection was closed".into(),
        _ => system(error),
    };
    Failure { kind: kind(error), sent: false, text: format!("{who}: {text}") }
}

/// Why there is no TLS.
pub(super) fn handshake(broken: &Broken, call: &Call) -> Failure {
    let (kind, text) = match broken {
        Broken::Tls(error) => (tls_failure::kind(error), tls_failure::text(error)),
        Broken::Tcp(error) => match error.kind() {
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

/// Whether the network went away under an open connection.
fn kind(error: &io::Error) -> FailureKind {
    const NO_NETWORK: [Errno; 6] = [
        Errno::ENETUNREACH,
        Errno::EHOSTUNREACH,
        Errno::EADDRNOTAVAIL,
        Errno::ENODEV,
        Errno::ENETDOWN,
        // A kernel without IPv6.
        Errno::EAFNOSUPPORT,
    ];
    match error.raw_os_error().map(Errno::from_raw) {
        Some(code) if NO_NETWORK.contains(&code) => FailureKind::NoNetwork,
        _ => FailureKind::Other,
    }
}

/// A failure of a connection that was there.
pub(super) fn after_connecting(call: &Call, kind: FailureKind, text: &str) -> Failure {
    Failure { kind, sent: call.sent_at().is_some(), text: format!("{}: {text}", call.host) }
}
