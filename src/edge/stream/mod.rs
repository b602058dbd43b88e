//! A byte stream over TCP or TLS, with a deadline: HTTP and DNS use it. Only this module uses rustls.

mod authorities;
mod cacert;
pub(crate) mod deadline;
pub(crate) mod failure;
mod suites;
pub(crate) mod tcp;
pub(crate) mod tls;
mod trust;
mod verify;

use std::io::{self, Read as _, Write as _};

pub(crate) use self::cacert::warning as cacert_warning;
pub(crate) use self::deadline::Deadline;
pub(crate) use self::failure::TlsError;
pub(crate) use self::tcp::Tcp;
use self::tls::Tls;
pub(crate) use self::trust::TlsConfig;
pub use self::trust::TrustCache;

/// A connection with or without TLS.
pub(crate) enum Stream {
    Plain(Tcp),
    Tls(Tls),
}

impl Stream {
    /// Does the TLS handshake on `tcp`. The server must prove that it is `host`, a name or an address.
    ///
    /// # Errors
    /// If TCP or TLS failed, before anything else was sent.
    pub(crate) fn secure(tls: &TlsConfig, host: &str, tcp: Tcp) -> Result<Self, TlsError> {
        Tls::connect(tls, host, tcp).map(Self::Tls)
    }

    /// Sets the deadline of further reads and writes.
    pub(crate) fn set_deadline(&mut self, until: Deadline) {
        match self {
            Self::Plain(tcp) => tcp.set_deadline(until),
            Self::Tls(tls) => tls.tcp.set_deadline(until),
        }
    }

    /// The TCP connection below.
    pub(crate) fn tcp(&self) -> &Tcp {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &tls.tcp,
        }
    }

    /// Whether the server has neither sent anything that was not read nor ended the connection.
    pub(crate) fn is_quiet(&mut self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_quiet(),
            Self::Tls(tls) => tls.is_quiet(),
        }
    }

    /// Sends all of `bytes`.
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.write_all(bytes),
            Self::Tls(tls) => tls.write_all(bytes),
        }
    }

    /// Reads what the peer sends next. Returns the number of bytes; 0 at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}
