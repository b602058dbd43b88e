//! Sends one message to one server over UDP or TCP, with a deadline, and receives the answer. DNS is sent so,
//! and so are the questions to a gateway or a STUN server.

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};

use crate::edge::clock::uptime;
use crate::edge::stream::tcp::connect;
use crate::edge::stream::{Deadline, Stream, Tcp};
use crate::edge::system_error;
use crate::provider::{Failure, FailureKind};
use crate::time::Duration;

/// Time for connecting, sending and receiving over TCP.
const TCP: Duration = Duration::from_secs(4);
/// Most octets of an answer over UDP. Queries ask for no longer ones.
pub(super) const UDP_SIZE: usize = 1500;

/// One message to one server.
pub(crate) struct DnsCall<'a> {
    pub(crate) server: SocketAddr,
    pub(super) device: Option<&'a str>,
    /// When to give up, since boot.
    pub(super) end: Duration,
    /// When the message was first sent, since boot. From then on the server may have received it.
    pub(super) sent_at: Cell<Option<Duration>>,
}

impl<'a> DnsCall<'a> {
    pub(crate) fn new(server: SocketAddr, device: Option<&'a str>, end: Duration) -> Self {
        Self { server, device, end, sent_at: Cell::new(None) }
    }

    /// Sends `message` over UDP, and returns the first packet for which `fits` is true within `time`. Other
    /// packets are ignored, because their sender address may be forged.
    pub(crate) fn over_udp(
        &self,
        message: &[u8],
        time: Duration,
        fits: &mut dyn FnMut(&[u8]) -> bool,
    ) -> io::Result<Vec<u8>> {
        let end = uptime().saturating_add(time).min(self.end);
        let mut socket = self.socket(Type::DGRAM, Protocol::UDP)?;
        // A connected socket receives packets of this server only.
        socket.connect(&self.server.into())?;
        socket.write_all(message)?;
        // It is noted after writing: a datagram that the kernel refuses has not left.
        self.set_sent();
        let mut packet = [0; UDP_SIZE];
        loop {
            let length = read(&mut socket, &mut packet, end)?;
            let reply = packet.get(..length).unwrap_or_default();
            if fits(reply) {
                return Ok(reply.to_vec());
            }
        }
    }

    /// Sends `message` over TCP, and returns the answer.
    pub(super) fn over_tcp(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        let limit = TCP.min(left(self.end)?);
        let tcp = Tcp::new(Arc::new(self.connected(limit)?), Deadline::after(limit));
        self.converse(&mut Stream::Plain(tcp), message)
    }

    /// A TCP connection to the server, opened within `limit`.
    pub(super) fn connected(&self, limit: Duration) -> io::Result<Socket> {
        let socket = self.socket(Type::STREAM, Protocol::TCP)?;
        connect(&socket, self.server, limit)?;
        Ok(socket)
    }

    /// Sends `message` on `stream`, and returns the answer.
    pub(super) fn converse(&self, stream: &mut Stream, message: &[u8]) -> io::Result<Vec<u8>> {
        let packet = framed(message)?;
        // It is noted before writing: after an error, a part of the message may have left.
        self.set_sent();
        stream.write_all(&packet)?;
        let mut length = [0; 2];
        read_exact(stream, &mut length)?;
        let mut reply = vec![0; u16::from_be_bytes(length).into()];
        read_exact(stream, &mut reply)?;
        Ok(reply)
    }

    fn set_sent(&self) {
        if self.sent_at.get().is_none() {
            self.sent_at.set(Some(uptime()));
        }
    }

    fn socket(&self, kind: Type, protocol: Protocol) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(self.server), kind, Some(protocol))?;
        // A name server on this host is reached through the loopback device only.
        if let Some(device) = self.device
            && !self.server.ip().is_loopback()
        {
            socket.bind_device(Some(device.as_bytes()))?;
        }
        Ok(socket)
    }

    /// The error as a failure: whether the server may have received the message.
    pub(super) fn failure(&self, error: &io::Error) -> Failure {
        let kind = match system_error::local(error) {
            Some(_) => FailureKind::NoNetwork,
            None => FailureKind::Other,
        };
        // With these errors a router, or the host itself, reports that the message was not delivered.
        let undelivered =
            kind == FailureKind::NoNetwork || error.kind() == io::ErrorKind::ConnectionRefused;
        let sent = !undelivered && self.sent_at.get().is_some();
        Failure { kind, sent, text: self.explain(error) }
    }

    /// The error as a clause with the address of the server.
    pub(crate) fn explain(&self, error: &io::Error) -> String {
        let who = self.server.ip();
        if is_timeout(error) {
            return format!("{who} does not answer");
        }
        if system_error::is_closing(error) {
            return format!("{who}: the server closed the connection");
        }
        match system_error::local(error) {
            Some(cause) => format!("{who}: {cause}"),
            None => format!("{who}: {}", system_error::system(error)),
        }
    }
}

/// `message` in the form for TCP, with its length before it (RFC 1035 section 4.2.2).
pub(super) fn framed(message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes()[..], message].concat())
}

/// Whether no answer arrived in time.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    // A read whose SO_RCVTIMEO has passed returns EAGAIN (man 7 socket), which std calls WouldBlock.
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// The time until `end`.
pub(crate) fn left(end: Duration) -> io::Result<Duration> {
    let left = end.saturating_sub(uptime());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn read(socket: &mut Socket, bytes: &mut [u8], end: Duration) -> io::Result<usize> {
    socket.set_read_timeout(Some(left(end)?.into()))?;
    socket.read(bytes)
}

/// Reads until `bytes` is full, but not beyond the deadline of `stream`.
fn read_exact(stream: &mut Stream, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.read(bytes)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => bytes = bytes.get_mut(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// A number that an attacker cannot guess: the keys of `RandomState` come from the system's random number
/// generator.
pub(crate) fn random() -> u16 {
    // ring's generator would block while a system starts that has collected little randomness.
    let [a, b, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    u16::from_be_bytes([a, b])
}
