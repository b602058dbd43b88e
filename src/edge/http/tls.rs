//! TLS on a TCP connection. rustls implements TLS; this file moves the bytes.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::tcp::Tcp;
use super::tls_failure;

/// A TLS connection after its handshake.
pub(super) struct Tls {
    connection: ClientConnection,
    pub(super) tcp: Tcp,
}

/// An error of a TLS connection.
pub(super) enum TlsError {
    /// The TCP connection failed.
    Tcp(io::Error),
    /// The server broke a rule of TLS, or did not prove who it is.
    Tls(rustls::Error),
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        Self::Tcp(error)
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Tcp(error) => error,
            TlsError::Tls(error) => {
                Self::new(io::ErrorKind::InvalidData, tls_failure::text(&error))
            }
        }
    }
}

impl Tls {
    /// Does the handshake. The server must prove that it is `name`.
    pub(super) fn connect(
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
        tcp: Tcp,
    ) -> Result<Self, TlsError> {
        let connection = ClientConnection::new(Arc::clone(config), name)?;
        let mut tls = Self { connection, tcp };
        while tls.connection.is_handshaking() {
            tls.send()?;
            if tls.receive()? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        // The last message of the handshake is the client's (RFC 8446 section 2).
        tls.send()?;
        Ok(tls)
    }

    /// Reads what the server sends next. Returns the number of bytes; 0 if the server has ended the TLS
    /// connection properly (close_notify).
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.receive()?;
                    // The server may have asked for a key update, which must be answered.
                    self.send()?;
                }
                result => return result,
            }
        }
    }

    /// Whether the server has neither sent anything that was not read nor ended the connection.
    pub(super) fn is_quiet(&mut self) -> bool {
        let Ok(state) = self.connection.process_new_packets() else {
            return false;
        };
        state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed() && self.tcp.is_quiet()
    }

    /// Sends all of `bytes`.
    pub(super) fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.connection.writer().write(bytes)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            self.send()?;
        }
        Ok(())
    }

    /// Passes the next bytes of the TCP connection to rustls. Returns their number; 0 at the end of the
    /// connection.
    fn receive(&mut self) -> Result<usize, TlsError> {
        let amount = self.connection.read_tls(&mut self.tcp)?;
        if let Err(error) = self.connection.process_new_packets() {
            // Sends the alert, which tells the server the cause.
            let _ = self.send();
            return Err(error.into());
        }
        Ok(amount)
    }

    fn send(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.tcp)?;
        }
        Ok(())
    }
}
