//! Sends a [`Query`] of a provider: a DNS update, or a query that is needed before one.

use std::io;
use std::net::SocketAddr;

use super::ask::DnsTransport;
use super::channel::Channel;
use super::wire::{DnsCall, is_timeout};
use crate::edge::clock::uptime;
use crate::edge::dns::resolve;
use crate::edge::stream::{Stream, TrustCache};
use crate::provider::{Answer, Failure, FailureKind, Query};
use crate::time::Duration;

/// How long to wait for a response over UDP before the message is sent again, and in the end given up.
const UDP: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Time for all attempts, to all addresses of the server.
const LIMIT: Duration = Duration::from_secs(20);
/// The flag QR, which marks a response, in the third octet of a message (RFC 1035 section 4.1.1).
const RESPONSE: u8 = 0x80;

/// Sends `query` and waits for the response. Sets `sent_at` to the time since boot at which it was sent. `kept` is
/// the TLS connection to the server for the next query.
///
/// # Errors
/// If there is no response.
pub(crate) fn send(
    query: &Query,
    transport: &DnsTransport,
    trusts: &TrustCache,
    kept: &mut Option<Stream>,
    sent_at: &mut Option<Duration>,
) -> Result<Answer, Failure> {
    let end = uptime().saturating_add(LIMIT);
    let host = &query.server.host;
    let port = query.server.port.unwrap_or(query.protocol.port());
    let servers = resolve(host, transport.family, LIMIT).map_err(not_resolved)?;
    let channel = Channel::new(query.protocol, host, &transport.trust, trusts);
    let channel =
        channel.map_err(|text| Failure { kind: FailureKind::Other, ..not_resolved(text) })?;
    let mut failure = not_resolved(format!("{host} has no address"));
    for server in servers {
        let call = DnsCall::new(SocketAddr::new(server, port), transport.device.as_deref(), end);
        let result = attempt(query, &call, &channel, kept);
        let is_sent = result.as_ref().map_or_else(|failure| failure.sent, |_| true);
        *sent_at = if is_sent { call.sent_at.get() } else { None };
        match result {
            Ok(message) => return Ok(Answer { message, ..Answer::default() }),
            // The server may have carried out the update, so no other address is tried.
            Err(error) if error.sent => return Err(error),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn not_resolved(text: String) -> Failure {
    Failure { kind: FailureKind::NotResolved, sent: false, text }
}

fn attempt(
    query: &Query,
    call: &DnsCall<'_>,
    channel: &Channel<'_>,
    kept: &mut Option<Stream>,
) -> Result<Vec<u8>, Failure> {
    let result = match channel {
        Channel::Udp => over_udp(call, &query.wire),
        Channel::Tcp => call.over_tcp(&query.wire),
        Channel::Tls(server) => return server.converse(call, &query.wire, kept),
    };
    result.map_err(|error| call.failure(&error))
}

/// Sends the message again if no response comes.
fn over_udp(call: &DnsCall<'_>, wire: &[u8]) -> io::Result<Vec<u8>> {
    let mut result = Err(io::ErrorKind::TimedOut.into());
    // An update contains its prerequisites (RFC 2136 section 2.4), so a server that receives it twice carries it
    // out once.
    for time in UDP {
        result = call.over_udp(wire, time, &mut |packet| is_response(packet, wire));
        if !result.as_ref().is_err_and(is_timeout) {
            break;
        }
    }
    result
}

/// Whether `packet` is a response with the id of `message`.
// With a key, the provider's code checks the signature of what passes here.
fn is_response(packet: &[u8], message: &[u8]) -> bool {
    packet.get(..2) == message.get(..2) && packet.get(2).is_some_and(|flags| flags & RESPONSE != 0)
}
