//! TLS on a TCP connection. rustls implements TLS; this file moves the bytes.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::deadline::Deadline;
use super::failure::TlsError;
use super::tcp::Tcp;
use super::trust::TlsConfig;
use crate::model::name::canonical;

/// A TLS connection after its handshake.
pub(crate) struct Tls {
    /// On the heap, because it is large.
    connection: Box<ClientConnection>,
    pub(crate) tcp: Tcp,
}

impl Tls {
    /// Does the handshake. The server must prove that it is `host`, which is a name or an address.
    pub(crate) fn connect(config: &TlsConfig, host: &str, tcp: Tcp) -> Result<Self, TlsError> {
        let name = ServerName::try_from(canonical(host)).map_err(|_| TlsError::Name)?;
        let connection = ClientConnection::new(Arc::clone(&config.client), name)?;
        let mut tls = Self { connection: Box::new(connection), tcp };
        tls.send()?;
        // The server needs time to answer. The time for loading is not part of the handshake's.
        let left = tls.tcp.left();
        config.load().map_err(TlsError::NoCertificates)?;
        tls.tcp.set_deadline(Deadline::after(left));
        while tls.connection.is_handshaking() {
            if tls.receive()? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            // The last message of the handshake is the client's (RFC 8446 section 2).
            tls.send()?;
        }
        Ok(tls)
    }

    /// Reads what the server sends next. Returns the number of bytes; 0 if the server has ended the TLS
    /// connection properly (close_notify).
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // At the end of TCP without close_notify, rustls' reader returns UnexpectedEof: an attacker may
                    // have cut the answer.
                    self.receive()?;
                    // The server may have asked for a key update, which must be answered.
                    self.send()?;
                }
                result => return result,
            }
        }
    }

    /// Whether the server has neither sent anything that was not read nor ended the connection.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let Ok(state) = self.connection.process_new_packets() else {
            return false;
        };
        state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed() && self.tcp.is_quiet()
    }

    /// Sends all of `bytes`.
    pub(crate) fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
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
