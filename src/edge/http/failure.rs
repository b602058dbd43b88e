//! Errors of requests as [`Failure`]: a sentence for the router's owner, and a kind for the engine.

use std::fmt;
use std::io;

use super::call::HttpCall;
use super::exchange::ExchangeError;
use crate::edge::stream::failure::{kind, unsent};
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

/// A failure after the connection was opened.
pub(super) fn after_connecting(call: &HttpCall, kind: FailureKind, text: &str) -> Failure {
    Failure { kind, sent: call.sent_at().is_some(), text: format!("{}: {text}", call.host) }
}
