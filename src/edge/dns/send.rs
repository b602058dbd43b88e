//! A [`Query`] of a provider, carried out: an update, and what has to be known before one.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::ask::DnsTransport;
use super::wire::{Call, is_timeout};
use crate::dns::resolv::PORT;
use crate::edge::clock::uptime;
use crate::edge::dns::resolve;
use crate::edge::system_error;
use crate::provider::{Answer, Failure, FailureKind, Query};

/// Time for a message over UDP, and for each time that it is sent again.
const UDP: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Time for a message to all addresses of the server.
const LIMIT: Duration = Duration::from_secs(20);
/// The flag of a response in the third octet of a message.
const RESPONSE: u8 = 0x80;

/// Sends `query` and waits for the response. `sent_at` becomes the time since boot at which it left.
///
/// # Errors
/// A sentence with the server's name.
pub fn send(
    query: &Query,
    way: &DnsTransport,
    sent_at: &mut Option<Duration>,
) -> Result<Answer, Failure> {
    let end = uptime().saturating_add(LIMIT);
    let unsent = |kind, text| Failure { kind, sent: false, text };
    let host = &query.server.host;
    let servers = resolve(host, query.server.port.unwrap_or(PORT), way.family, LIMIT)
        .map_err(|text| unsent(FailureKind::NotResolved, text))?;
    let mut failure = unsent(FailureKind::NotResolved, format!("{host} has no address"));
    for server in servers {
        match attempt(query, server, way, end, sent_at) {
            Ok(message) => return Ok(Answer { message, ..Answer::default() }),
            // It may have done what it was told.
            Err(later) if later.sent => return Err(later),
            Err(later) => failure = later,
        }
    }
    Err(failure)
}

fn attempt(
    query: &Query,
    server: SocketAddr,
    way: &DnsTransport,
    end: Duration,
    sent_at: &mut Option<Duration>,
) -> Result<Vec<u8>, Failure> {
    let call = Call::new(server, way.device.as_deref(), end);
    let result = if query.tcp { call.over_tcp(&query.wire) } else { over_udp(&call, &query.wire) };
    let left = call.sent_at.get();
    if result.is_ok() {
        *sent_at = left;
    }
    result.map_err(|error| {
        let kind = match system_error::local(&error) {
            Some(_) => FailureKind::NoNetwork,
            None => FailureKind::Other,
        };
        // A router on the way, or the host itself, has said that nobody took it.
        let returned =
            kind == FailureKind::NoNetwork || error.kind() == io::ErrorKind::ConnectionRefused;
        *sent_at = left.filter(|_| !returned);
        Failure { kind, sent: sent_at.is_some(), text: call.explain(&error) }
    })
}

/// The message is sent again where nothing comes back: an update says what must be true before it, so
/// that it is never done twice.
fn over_udp(call: &Call<'_>, wire: &[u8]) -> io::Result<Vec<u8>> {
    let number = wire.get(..2);
    let is_response = |packet: &[u8]| {
        packet.get(..2) == number && packet.get(2).is_some_and(|flags| flags & RESPONSE != 0)
    };
    let mut result = Err(io::ErrorKind::TimedOut.into());
    for time in UDP {
        result = call.over_udp(wire, time, &mut |packet| is_response(packet));
        if !result.as_ref().is_err_and(is_timeout) {
            break;
        }
    }
    result
}
