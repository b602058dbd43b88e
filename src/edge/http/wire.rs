//! A byte stream over TCP or TLS.

use std::io::{self, Read as _, Write as _};

use super::call::Deadline;
use super::tcp::Tcp;
use super::tls::Tls;

/// A connection with or without TLS.
pub(super) enum Stream {
    Plain(Tcp),
    Tls(Box<Tls>),
}

impl Stream {
    /// Sets the deadline of further reads and writes.
    pub(super) fn set_deadline(&mut self, until: Deadline) {
        match self {
            Self::Plain(tcp) => tcp.set_deadline(until),
            Self::Tls(tls) => tls.tcp.set_deadline(until),
        }
    }

    /// The TCP connection below.
    pub(super) fn tcp(&self) -> &Tcp {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &tls.tcp,
        }
    }

    /// Whether the server has neither sent anything that was not read nor ended the connection.
    pub(super) fn is_quiet(&mut self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_quiet(),
            Self::Tls(tls) => tls.is_quiet(),
        }
    }

    /// Sends all of `bytes`.
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.write_all(bytes),
            Self::Tls(tls) => tls.write_all(bytes),
        }
    }

    /// Reads what the peer sends next. Returns the number of bytes; 0 at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}
