//! How messages travel to a name server: over UDP, TCP or TLS. Over TLS several share a connection (RFC 7858
//! section 3.4), and nothing is sent before the server has proved who it is.

use std::io;
use std::sync::Arc;

use super::wire::{DnsCall, is_timeout};
use crate::dns::Protocol;
use crate::edge::clock::uptime;
use crate::edge::stream::failure::{handshake, unsent};
use crate::edge::stream::{Deadline, Stream, Tcp, TlsConfig, TlsError, TrustCache};
use crate::edge::system_error::{self, is_closing};
use crate::model::Trust;
use crate::provider::{Failure, FailureKind};
use crate::time::Duration;
use crate::time::duration::seconds;

/// Time for connecting, again for the TLS handshake, and again for an answer. A small router needs a second for its part
/// of a handshake.
const LIMIT: Duration = Duration::from_secs(8);
/// The opcode in the third octet of a message (RFC 1035 section 4.1.1). That of a query is 0.
const OPCODE: u8 = 0x78;
/// What an owner can do if nobody speaks TLS there.
const HINT: &str = "; with 'dns_tls' a name server must listen for TLS there";

/// How messages travel to a name server.
pub(super) enum Channel<'a> {
    /// See [`Protocol::Udp`].
    Udp,
    /// See [`Protocol::Tcp`].
    Tcp,
    /// See [`Protocol::Tls`].
    Tls(TlsServer<'a>),
}

impl<'a> Channel<'a> {
    /// The channel to `host`, which over TLS is verified by `trust`.
    ///
    /// # Errors
    /// If there are no certificates to verify servers with.
    pub(super) fn new(
        protocol: Protocol,
        host: &'a str,
        trust: &Trust,
        trusts: &TrustCache,
    ) -> Result<Self, String> {
        Ok(match protocol {
            Protocol::Udp => Self::Udp,
            Protocol::Tcp => Self::Tcp,
            Protocol::Tls => {
                let config = trusts.get(trust)?;
                config.load()?;
                Self::Tls(TlsServer { host, config })
            }
        })
    }
}

/// A name server that must prove who it is.
pub(super) struct TlsServer<'a> {
    /// The name or address that its certificate must be for.
    host: &'a str,
    config: Arc<TlsConfig>,
}

impl TlsServer<'_> {
    /// Sends `message` and returns the answer, on the connection `kept` if it is still open. Afterwards `kept` is
    /// the connection for the next message. If the server closes a connection that was used before, a question is
    /// sent once more on a new one (RFC 7766 section 6.2.4). An update is not: the server may have carried it out.
    ///
    /// # Errors
    /// If there is no answer.
    pub(super) fn converse(
        &self,
        call: &DnsCall<'_>,
        message: &[u8],
        kept: &mut Option<Stream>,
    ) -> Result<Vec<u8>, Failure> {
        // A server that has closed the connection meanwhile would fail the message, although a new one works.
        if let Some(stream) = kept.take_if(Stream::is_quiet) {
            match exchange(call, message, stream) {
                Ok((answer, stream)) => {
                    *kept = Some(stream);
                    return Ok(answer);
                }
                Err(error) if is_closing(&error) && is_question(message) => {
                    // This server may close the new one as early. It is not kept, so that no update meets that.
                    let (answer, _) = self.converse_anew(call, message)?;
                    return Ok(answer);
                }
                Err(error) => return Err(call.failure(&error)),
            }
        }
        let (answer, stream) = self.converse_anew(call, message)?;
        *kept = Some(stream);
        Ok(answer)
    }

    /// Sends `message` on a new connection. Returns the answer and the connection.
    fn converse_anew(
        &self,
        call: &DnsCall<'_>,
        message: &[u8],
    ) -> Result<(Vec<u8>, Stream), Failure> {
        let stream = self.connect(call)?;
        exchange(call, message, stream).map_err(|error| call.failure(&error))
    }

    fn connect(&self, call: &DnsCall<'_>) -> Result<Stream, Failure> {
        let who = format!("{} port {}", self.host, call.server.port());
        let limit = limit(call);
        let socket = call.connected(limit).map_err(|error| unconnected(&who, &error, limit))?;
        let tcp = Tcp::new(Arc::new(socket), Deadline::after(limit));
        Stream::secure(&self.config, self.host, tcp).map_err(|error| {
            let failure = handshake(&error, &who, limit);
            let hint = if matches!(error, TlsError::Tcp(_)) { HINT } else { "" };
            Failure { text: failure.text + hint, ..failure }
        })
    }
}

/// Sends `message` on `stream`. Returns the answer and the connection.
fn exchange(
    call: &DnsCall<'_>,
    message: &[u8],
    mut stream: Stream,
) -> io::Result<(Vec<u8>, Stream)> {
    stream.set_deadline(Deadline::after(limit(call)));
    let answer = call.converse(&mut stream, message)?;
    Ok((answer, stream))
}

/// Whether `message` only asks (opcode QUERY), so that it may arrive twice.
fn is_question(message: &[u8]) -> bool {
    message.get(2).is_some_and(|flags| flags & OPCODE == 0)
}

/// Time for a stage of `call`.
fn limit(call: &DnsCall<'_>) -> Duration {
    LIMIT.min(call.end.saturating_sub(uptime()))
}

/// No TCP connection could be opened to `who` within `limit`.
fn unconnected(who: &str, error: &io::Error, limit: Duration) -> Failure {
    if let Some(cause) = system_error::local(error) {
        let text = format!("{who}: {cause}");
        return Failure { kind: FailureKind::NoNetwork, sent: false, text };
    }
    let mut failure = unsent(who, error);
    if is_timeout(error) {
        failure.text = format!("{who}: no connection within {}", seconds(limit));
    }
    failure.text += HINT;
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_certificates_are_told_before_a_server_is_asked() {
        let (trust, trusts) = (Trust::File("/nonexistent/ca.pem".into()), TrustCache::default());
        let channel = Channel::new(Protocol::Tls, "ns.example", &trust, &trusts);
        let expected = "no certificate in /nonexistent/ca.pem (option cacert)";
        assert_eq!(channel.err().as_deref(), Some(expected));
        assert!(Channel::new(Protocol::Udp, "ns.example", &trust, &trusts).is_ok());
    }
}
