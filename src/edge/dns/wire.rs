//! Messages on the wire, as octets: over UDP and TCP, under a deadline, through a device.

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::edge::clock::uptime;
use crate::edge::system_error;

/// Time for an exchange over TCP.
const TCP: Duration = Duration::from_secs(4);
/// Most octets of a message over UDP: nobody is asked for more.
pub(super) const UDP_SIZE: usize = 1500;

/// One message to one server.
pub(super) struct Call<'a> {
    pub(super) server: SocketAddr,
    pub(super) device: Option<&'a str>,
    /// When to give up, since boot.
    pub(super) end: Duration,
    /// When the message left first, since boot: it may have reached the server.
    pub(super) sent_at: Cell<Option<Duration>>,
}

impl<'a> Call<'a> {
    pub(super) fn new(server: SocketAddr, device: Option<&'a str>, end: Duration) -> Self {
        Self { server, device, end, sent_at: Cell::new(None) }
    }

    /// The first packet that `fits` within `time`; anything else may have been sent by anybody.
    pub(super) fn over_udp(
        &self,
        message: &[u8],
        time: Duration,
        fits: &mut dyn FnMut(&[u8]) -> bool,
    ) -> io::Result<Vec<u8>> {
        let end = uptime().saturating_add(time).min(self.end);
        let mut socket = self.socket(Type::DGRAM, Protocol::UDP)?;
        // A socket that is connected hears this server only.
        socket.connect(&self.server.into())?;
        socket.write_all(message)?;
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

    /// The answer to `message`.
    pub(super) fn over_tcp(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        let end = uptime().saturating_add(TCP).min(self.end);
        let mut socket = self.socket(Type::STREAM, Protocol::TCP)?;
        socket.connect_timeout(&self.server.into(), left(end)?)?;
        let packet = framed(message)?;
        socket.set_write_timeout(Some(left(end)?))?;
        self.set_sent();
        socket.write_all(&packet)?;
        let mut length = [0; 2];
        read_exact(&mut socket, &mut length, end)?;
        let mut reply = vec![0; u16::from_be_bytes(length).into()];
        read_exact(&mut socket, &mut reply, end)?;
        Ok(reply)
    }

    fn set_sent(&self) {
        self.sent_at.set(self.sent_at.get().or_else(|| Some(uptime())));
    }

    fn socket(&self, kind: Type, protocol: Protocol) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(self.server), kind, Some(protocol))?;
        // A name server on this host cannot be reached through a device.
        if let Some(device) = self.device.filter(|_| !self.server.ip().is_loopback()) {
            socket.bind_device(Some(device.as_bytes()))?;
        }
        Ok(socket)
    }

    /// An error as a sentence.
    pub(super) fn explain(&self, error: &io::Error) -> String {
        let who = self.server.ip();
        if is_timeout(error) {
            return format!("{who} does not answer");
        }
        match system_error::local(error) {
            Some(why) => format!("{who}: {why}"),
            None => format!("{who}: {}", system_error::system(error)),
        }
    }
}

/// `message` as it is sent over TCP: after its length (RFC 1035 section 4.2.2).
pub(super) fn framed(message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes()[..], message].concat())
}

/// Whether nothing came in time.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// What is left until `end`.
fn left(end: Duration) -> io::Result<Duration> {
    let left = end.saturating_sub(uptime());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn read(socket: &mut Socket, bytes: &mut [u8], end: Duration) -> io::Result<usize> {
    socket.set_read_timeout(Some(left(end)?))?;
    socket.read(bytes)
}

/// Fills `bytes`, however slowly they come, until `end`.
fn read_exact(socket: &mut Socket, bytes: &mut [u8], end: Duration) -> io::Result<()> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(socket, rest, end)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(())
}

/// A number that nobody can guess: the standard library keys its hashes with the system's randomness.
pub(super) fn random() -> u16 {
    let [a, b, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    u16::from_be_bytes([a, b])
}
